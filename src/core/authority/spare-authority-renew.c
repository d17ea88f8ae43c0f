/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new pair of subkeys for the same authority: escrow, for files, and transport, for bundles.
 *
 *     intent in the log → new escrow subkey → new transport subkey → the old pair expires, in one step → in the log
 *
 * Promise: files are encrypted to the oldest usable encryption subkey and bundles to the newest, so the old pair is given
 * an end now, and that is all that makes the new escrow subkey the escrow subkey. What was made for the old pair still
 * opens: nothing is deleted, and the old escrow subkey stays one whose packets a recovery may open. Stopped at any point it
 * can be called again, and goes on with the subkeys that are there. The primary key, which owners have compared, stays.
 *
 * Owners go on with the old escrow subkey until they have the new certificate and confirm the new subkey.
 */
#include "config.h"

#include "spare-authority-renew.h"

#include "spare-authority-private.h"
#include "spare-error.h"
#include "spare-packet-target-private.h"

#include <glib/gi18n-lib.h>

/**
 * spare_renewal_free:
 * @self: (transfer full): a result
 */
void
spare_renewal_free (SpareRenewal *self)
{
  g_free (self->escrow);
  g_free (self->transport);
  g_strfreev (self->retired);
  g_free (self);
}

static gint64
get_real_now (void)
{
  /* Of the engine, which makes and judges subkeys by it. */
  return g_get_real_time () / G_USEC_PER_SEC;
}

static int
compare_ages (gconstpointer a, gconstpointer b)
{
  const SpareSubkey *first = *(SpareSubkey *const *) a;
  const SpareSubkey *second = *(SpareSubkey *const *) b;

  return first->created < second->created ? -1 : first->created > second->created;
}

/* Encryption subkeys that are neither expired nor revoked, the oldest first; borrowed from @key. */
static GPtrArray *
list_usable (SpareKey *key)
{
  GPtrArray *usable = g_ptr_array_new ();
  gint64 now = get_real_now ();

  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (key, i);

      if (subkey->can_encrypt && !subkey->is_adsk && !subkey->revoked && !subkey->expired
          && !subkey->disabled && !subkey->invalid
          && (subkey->expires == 0 || subkey->expires > now))
        g_ptr_array_add (usable, (gpointer) subkey);
    }
  g_ptr_array_sort (usable, compare_ages);
  return usable;
}

static gboolean
log_step (SpareAuthority *self, const char *event, const SpareRenewal *renewal, GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();
  JsonArray *retired = json_array_new ();

  for (guint i = 0; renewal->retired[i] != NULL; i++)
    json_array_add_string_element (retired, renewal->retired[i]);
  if (renewal->escrow != NULL)
    json_object_set_string_member (detail, "escrow", renewal->escrow);
  if (renewal->transport != NULL)
    json_object_set_string_member (detail, "transport", renewal->transport);
  json_object_set_array_member (detail, "retired", retired);
  return spare_packet_target_log (self, event, detail, error);
}

/* Told by time alone, what was the escrow subkey for a few minutes can't be told from a transport subkey. */
static gboolean
check_age (SpareKey *key, GPtrArray *usable, GError **error)
{
  if (usable->len == 0
      || spare_key_stays_escrow (key, g_ptr_array_index (usable, 0), get_real_now ()))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       _ ("The authority’s escrow key was changed less than an hour ago. Wait "
                          "until an hour has passed, so that it can be told later which key "
                          "files were encrypted to. Nothing was changed."));
  return FALSE;
}

/* Two subkeys more, or what a run that was stopped left to be made. */
static gboolean
add_pair (SpareAuthority *self, guint n_usable, GCancellable *cancellable, GError **error)
{
  for (guint n = MAX (n_usable, 2); n < 4; n++)
    {
      g_autofree char *added =
          spare_home_add_encryption_subkey_sync (spare_authority_get_home (self),
                                                 spare_authority_get_fingerprint (self), NULL,
                                                 cancellable, error);

      if (added == NULL)
        return FALSE;
    }
  return TRUE;
}

static SpareKey *
list_key (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  return spare_home_get_key_sync (spare_authority_get_home (self),
                                  spare_authority_get_fingerprint (self), TRUE, cancellable,
                                  error);
}

/* All but the newest two, which are the new pair. */
static void
name_parts (SpareRenewal *renewal, GPtrArray *usable)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i + 2 < usable->len; i++)
    g_strv_builder_add (builder, ((SpareSubkey *) g_ptr_array_index (usable, i))->fingerprint);
  g_strfreev (renewal->retired);
  renewal->retired = g_strv_builder_end (builder);
  renewal->escrow = g_strdup (
      ((SpareSubkey *) g_ptr_array_index (usable, usable->len - 2))->fingerprint);
  renewal->transport = g_strdup (
      ((SpareSubkey *) g_ptr_array_index (usable, usable->len - 1))->fingerprint);
}

/* By the key as it is now, and nothing else. */
static gboolean
check_result (const SpareRenewal *renewal, SpareKey *key, const char *before, GError **error)
{
  g_autoptr (GPtrArray) escrow = spare_key_list_escrow_subkeys (key);
  const SpareSubkey *old = spare_key_find_subkey (key, before);
  const SpareSubkey *oldest = spare_key_pick_oldest_encryption_subkey (key, get_real_now ());
  const SpareSubkey *newest = spare_key_pick_newest_encryption_subkey (key, get_real_now ());

  if (oldest != NULL && newest != NULL && g_str_equal (oldest->fingerprint, renewal->escrow)
      && g_str_equal (newest->fingerprint, renewal->transport)
      && (old == NULL || g_ptr_array_find (escrow, old, NULL)))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("GnuPG did not change the authority’s key as it was asked to. Don’t "
                          "hand out its certificate. What was deposited is unharmed."));
  return FALSE;
}

static gboolean
renew (SpareAuthority *self, SpareRenewal *renewal, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareKey) before = list_key (self, cancellable, error);
  g_autoptr (GPtrArray) usable = before != NULL ? list_usable (before) : NULL;
  g_autofree char *old = NULL;
  g_autoptr (SpareKey) grown = NULL;
  g_autoptr (GPtrArray) pairs = NULL;
  g_autoptr (SpareKey) after = NULL;

  if (before == NULL || !check_age (before, usable, error)
      || !log_step (self, "authority.subkeys.intent", renewal, error))
    return FALSE;
  if (usable->len > 0)
    old = g_strdup (((SpareSubkey *) g_ptr_array_index (usable, 0))->fingerprint);
  if (!add_pair (self, usable->len, cancellable, error))
    return FALSE;
  grown = list_key (self, cancellable, error);
  if (grown == NULL)
    return FALSE;
  pairs = list_usable (grown);
  g_return_val_if_fail (pairs->len >= 2, FALSE);
  name_parts (renewal, pairs);
  if (renewal->retired[0] != NULL
      && !spare_home_retire_subkeys_sync (spare_authority_get_home (self),
                                          spare_authority_get_fingerprint (self),
                                          (const char *const *) renewal->retired, cancellable,
                                          error))
    return FALSE;
  after = list_key (self, cancellable, error);
  if (after == NULL || !check_result (renewal, after, old != NULL ? old : "", error))
    return FALSE;
  spare_authority_take_key (self, after);
  return log_step (self, "authority.subkeys", renewal, error)
         && spare_authority_sign_log_sync (self, cancellable, error);
}

/**
 * spare_authority_renew_sync:
 * @self: an open authority
 * @cancellable: (nullable): ends it between the steps; called again it goes on
 * @error: return location for an error
 *
 * Makes a new pair of escrow and transport subkeys, and retires the old one: it expires now, and still opens what was made
 * for it. Packets are re-wrapped by spare_authority_rotate_sync() afterwards; owners need the new certificate.
 *
 * Returns: (transfer full) (nullable): the new pair; %NULL with %SPARE_ERROR_POLICY if the escrow subkey is too young to be
 *   retired, %SPARE_ERROR_BAD_PASSPHRASE, %SPARE_ERROR_ENGINE, or what the database said
 */
SpareRenewal *
spare_authority_renew_sync (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareRenewal) renewal = g_new0 (SpareRenewal, 1);

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), NULL);

  renewal->retired = g_new0 (char *, 1);
  if (!spare_audit_check_clock (spare_authority_get_audit (self), error)
      || !renew (self, renewal, cancellable, error))
    return NULL;
  return g_steal_pointer (&renewal);
}
