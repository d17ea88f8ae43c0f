/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request says of itself, and whether its new key is one that can be answered.
 *
 * Promise: the new key is another one than the old key and than the authority's, it is usable now, and a session key can
 * be wrapped for its newest encryption subkey. All of that was read from the certificate that came with the request, in
 * a home of its own, after the request's signature was found good.
 */
#include "config.h"

#include "spare-request-facts-private.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A user id is shown and signed in a manifest, so it is cut there. */
#define USER_ID_MAX 400

void
spare_request_facts_free (SpareRequestFacts *self)
{
  g_free (self->old);
  g_free (self->reason);
  g_free (self->lost);
  g_free (self->requester);
  g_free (self->people);
  g_free (self->subkey);
  g_clear_pointer (&self->wrap_key, spare_wrap_key_unref);
  g_free (self);
}

/**
 * spare_user_id_to_text:
 * @user_id: (nullable): as it stands in a certificate
 *
 * Returns: (transfer full): it as one line of valid UTF-8 of bounded length
 */
char *
spare_user_id_to_text (const char *user_id)
{
  g_autofree char *valid = g_utf8_make_valid (user_id != NULL ? user_id : "", -1);
  g_autofree char *cut = g_utf8_strlen (valid, -1) > USER_ID_MAX
                             ? g_utf8_substring (valid, 0, USER_ID_MAX)
                             : g_strdup (valid);

  for (char *c = cut; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return g_steal_pointer (&cut);
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY, message);
  return FALSE;
}

static gboolean
read_fields (SpareRequestFacts *self, JsonObject *fields, GError **error)
{
  const char *old = NULL;
  const char *reason;
  const char *lost;

  if (spare_json_has (fields, "old") && !spare_json_get_string (fields, "old", 40, &old, error))
    return FALSE;
  if (old != NULL && *old != '\0' && !spare_json_get_fingerprint (fields, "old", &old, error))
    return FALSE;
  if (!spare_json_get_string (fields, "reason", SPARE_REQUEST_REASON_MAX, &reason, error)
      || !spare_json_get_string (fields, "lost", 16, &lost, error)
      || (spare_json_has (fields, "since")
          && !spare_json_get_time (fields, "since", &self->since, error)))
    return FALSE;
  if (!g_str_equal (lost, "lost") && !g_str_equal (lost, "stolen"))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("The request does not say whether the key was lost or stolen. "
                              "Nothing was changed."));
      return FALSE;
    }
  self->old = g_strdup (old != NULL ? old : "");
  self->reason = g_strdup (reason);
  self->lost = g_strdup (lost);
  return TRUE;
}

static void
read_people (SpareRequestFacts *self, SpareKey *key)
{
  const char *const *user_ids = spare_key_get_user_ids (key);
  GString *people = g_string_new (NULL);

  self->requester = spare_user_id_to_text (spare_key_get_user_id (key));
  for (guint i = 0; user_ids != NULL && user_ids[i] != NULL; i++)
    {
      g_autofree char *text = spare_user_id_to_text (user_ids[i]);

      g_string_append_printf (people, "%s%s", i > 0 ? "\n" : "", text);
    }
  self->people = g_string_free (people, FALSE);
}

static gboolean
read_key (SpareRequestFacts *self, SpareBundle *request, gint64 now, GError **error)
{
  SpareKey *key = spare_bundle_get_sender (request);
  SpareKeyState state = spare_key_get_encryption_state (key, now);
  const SpareSubkey *subkey = spare_key_pick_newest_encryption_subkey (key, now);

  if (state != SPARE_KEY_USABLE || subkey == NULL)
    {
      g_autofree char *why = spare_key_state_describe (state != SPARE_KEY_USABLE
                                                           ? state
                                                           : SPARE_KEY_CANNOT_ENCRYPT,
                                                       key);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                   _ ("The new key of this request can’t be used: %s Nothing was changed."),
                   why);
      return FALSE;
    }
  self->subkey = g_strdup (subkey->fingerprint);
  self->wrap_key = spare_wrap_key_new (spare_bundle_get_sender_certificate (request),
                                       subkey->fingerprint, error);
  if (self->wrap_key == NULL)
    return FALSE;
  read_people (self, key);
  return TRUE;
}

/**
 * spare_request_facts_new:
 * @request: a request that was verified
 * @authority: the authority's primary fingerprint
 * @now: Unix seconds
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): its facts; %NULL with %SPARE_ERROR_POLICY, %SPARE_ERROR_DAMAGED or
 *   %SPARE_ERROR_UNSUPPORTED if it can't be answered
 */
SpareRequestFacts *
spare_request_facts_new (SpareBundle *request,
                         const char *authority,
                         gint64 now,
                         GError **error)
{
  const SpareBundleHeader *header = spare_bundle_get_header (request);
  g_autoptr (SpareRequestFacts) self = g_new0 (SpareRequestFacts, 1);

  if (!read_fields (self, header->fields, error))
    return NULL;
  if (g_str_equal (self->old, header->from))
    {
      refuse (error,
              _ ("The request names the same key as old and as new. Nothing was changed."));
      return NULL;
    }
  if (g_str_equal (authority, header->from) || g_str_equal (authority, self->old))
    {
      refuse (error, _ ("The request names the authority’s own key. Nothing was changed."));
      return NULL;
    }
  return read_key (self, request, now, error) ? g_steal_pointer (&self) : NULL;
}
