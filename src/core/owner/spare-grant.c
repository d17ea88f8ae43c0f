/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A grant: verified when it is opened, as protocol.md section 6 wants it.
 *
 * Promise: a grant that was opened is signed by the pinned authority, is for one of this person's own keys, answers an
 * open request that was made here, octet by octet the one that the authority read, and names only files of that
 * request, each with the whole data head that was sent. The checkpoint of the authority's audit log that it carries is kept
 * then, whether it is applied or not. Applying it is in spare-grant-apply.c. */

#include "config.h"

#include "spare-grant-private.h"

#include <glib/gi18n-lib.h>

#include "spare-bundle-reader.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-outbox-witness-private.h"
#include "spare-own-keys-private.h"

/* Subkeys of the old key that a grant may name. */
#define OLD_SUBKEYS_MAX 100

/**
 * spare_grant_free:
 * @self: (transfer full): a grant
 */
void
spare_grant_free (SpareGrant *self)
{
  g_clear_object (&self->owner);
  g_free (self->id);
  g_free (self->case_id);
  g_clear_pointer (&self->request, spare_request_free);
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_hash_table_unref);
  g_clear_pointer (&self->asked, g_ptr_array_unref);
  g_clear_pointer (&self->old_key_ids, g_array_unref);
  g_free (self);
}

/**
 * spare_grant_get_id:
 * @self: a grant
 *
 * Returns: (transfer none): the bundle's id
 */
const char *
spare_grant_get_id (SpareGrant *self)
{
  return self->id;
}

/**
 * spare_grant_get_case:
 * @self: a grant
 *
 * Returns: (transfer none): the authority's case
 */
const char *
spare_grant_get_case (SpareGrant *self)
{
  return self->case_id;
}

/**
 * spare_grant_get_request:
 * @self: a grant
 *
 * Returns: (transfer none): the request that it answers
 */
const SpareRequest *
spare_grant_get_request (SpareGrant *self)
{
  return self->request;
}

/**
 * spare_grant_get_n_files:
 * @self: a grant
 *
 * Returns: how many files it gives back
 */
guint
spare_grant_get_n_files (SpareGrant *self)
{
  return self->records->len;
}

/**
 * spare_grant_set_whole:
 * @self: a grant that is not being applied
 * @whole: whether each file is decrypted from end to end, to nowhere, before it is changed
 *
 * Without it, the new session key is held against the beginning of the file only. With it a file that is damaged further
 * on is found now, while there may be other copies, and is left as it is; it takes as long as decrypting all of them.
 */
void
spare_grant_set_whole (SpareGrant *self, gboolean whole)
{
  self->whole = whole;
}

static gboolean
refuse (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("This grant does not fit the request that it names. It was not used, "
                          "and no file was changed. Ask your backup authority for a new one."));
  return FALSE;
}

/* The request must be one of this person's, open, and the very one that the authority had. */
static gboolean
check_request (SpareGrant *self, const SpareBundleHeader *header, GError **error)
{
  JsonObject *fields = header->fields;
  const char *to = header->to, *from = header->from;
  g_autoptr (GError) reason = NULL;
  const char *request, *sha256, *manifest, *old, *key, *case_id;

  if (!spare_json_get_uuid (fields, "request", &request, error)
      || !spare_json_get_string (fields, "case", 128, &case_id, error)
      || !spare_json_get_hex (fields, "request-sha256", SPARE_JSON_SHA256_DIGITS, &sha256,
                              error)
      || !spare_json_get_hex (fields, "manifest", SPARE_JSON_SHA256_DIGITS, &manifest, error)
      || !spare_json_get_fingerprint (fields, "old", &old, error)
      || !spare_json_get_fingerprint (fields, "key", &key, error))
    return FALSE;
  self->case_id = g_strdup (case_id);
  self->request = spare_request_find_sync (self->owner, request, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (self->request == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("This grant answers a request that was not made here, so it was "
                              "not used. No file was changed. Open it on the computer where "
                              "you asked for help."));
      return FALSE;
    }
  if (g_strcmp0 (self->request->sha256, sha256) != 0 || g_strcmp0 (self->request->key, key) != 0
      || g_strcmp0 (key, to) != 0 || g_strcmp0 (self->request->old, old) != 0
      || g_strcmp0 (self->request->authority, from) != 0)
    return refuse (error);
  if (self->request->state == SPARE_REQUEST_OPEN)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       self->request->state == SPARE_REQUEST_GRANTED
                           ? _ ("This request was answered, and its files were given back "
                                "already. Nothing was changed. Make a new request for further "
                                "files.")
                           : _ ("This request was refused by the backup authority, so a grant "
                                "for it is not used. No file was changed."));
  return FALSE;
}

/* Which packets the old key's were: as the authority says, who has its certificate. */
static gboolean
read_old_subkeys (SpareGrant *self, JsonObject *fields, GError **error)
{
  JsonArray *array;

  self->old_key_ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  if (!spare_json_has (fields, "old-subkeys"))
    return TRUE;
  if (!spare_json_get_array (fields, "old-subkeys", OLD_SUBKEYS_MAX, &array, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      const char *text = json_node_get_value_type (node) == G_TYPE_STRING
                             ? json_node_get_string (node)
                             : NULL;
      guint64 key_id;

      if (text == NULL || !spare_fingerprint_is_valid (text) || strlen (text) != 40)
        return refuse (error);
      key_id = g_ascii_strtoull (text + 24, NULL, 16);
      g_array_append_val (self->old_key_ids, key_id);
    }
  return TRUE;
}

static gboolean
read_records (SpareGrant *self, SpareBundle *bundle, GError **error)
{
  self->asked = spare_request_list_files_sync (self->owner, self->request->id, error);
  if (self->asked == NULL)
    return FALSE;
  self->files = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < self->asked->len; i++)
    {
      SpareRequestFile *file = g_ptr_array_index (self->asked, i);

      if (!g_hash_table_contains (self->files, file->file_id))
        g_hash_table_insert (self->files, file->file_id, file);
    }
  for (;;)
    {
      g_autoptr (JsonObject) object = NULL;
      g_autoptr (SpareGrantRecord) record = NULL;
      SpareRequestFile *file;

      if (!spare_bundle_next_sync (bundle, &object, error))
        return FALSE;
      if (object == NULL)
        return TRUE;
      record = spare_grant_record_from_json (object, error);
      if (record == NULL)
        return FALSE;
      file = g_hash_table_lookup (self->files, record->file_id);
      if (file == NULL || file->tag != record->tag
          || !g_bytes_equal (file->data_head, record->data_head))
        return refuse (error);
      g_ptr_array_add (self->records, g_steal_pointer (&record));
    }
}

/* The own keys a grant may be addressed to: that of any request. The one in use comes first. */
static SpareBundle *
open_bundle (SpareGrant *self,
             const char *path,
             SpareProgressMeter *meter,
             GCancellable *cancellable,
             GError **error)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  g_autoptr (SpareOwnKeys)
      keys = spare_own_keys_new_sync (self->owner, FALSE, cancellable, error);
  g_autoptr (GPtrArray) requests = NULL;
  g_autoptr (SpareKey) used = spare_owner_dup_key (self->owner);
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) candidates = NULL;
  g_autoptr (GError) reason = NULL;

  if (keys == NULL)
    return NULL;
  if (spare_pin_get_fingerprint (pin) == NULL || spare_pin_get_key (pin) == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("No backup authority is trusted here, so nobody can answer. Set "
                              "it up first; no file was changed."));
      return NULL;
    }
  requests = spare_request_list_sync (self->owner, error);
  if (requests == NULL)
    return NULL;
  certificate = spare_home_export_sync (spare_owner_get_home (self->owner),
                                        spare_pin_get_fingerprint (pin), 0, cancellable, error);
  if (certificate == NULL)
    return NULL;
  if (used != NULL)
    g_strv_builder_add (builder, spare_key_get_fingerprint (used));
  for (guint i = 0; i < requests->len; i++)
    g_strv_builder_add (builder, ((SpareRequest *) g_ptr_array_index (requests, i))->key);
  candidates = g_strv_builder_end (builder);

  for (guint i = 0; candidates[i] != NULL; i++)
    {
      SpareKey *me = spare_own_keys_find (keys, candidates[i]);
      SpareBundleExpectation expectation = { .sender = spare_pin_get_fingerprint (pin),
                                             .sender_certificate = certificate,
                                             .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_GRANT) };
      SpareBundle *bundle;

      if (me == NULL)
        continue;
      expectation.me = me;
      expectation.home = spare_own_keys_get_home (keys, me);
      g_clear_error (&reason);
      bundle = spare_bundle_open_sync (path, &expectation, meter, cancellable, &reason);
      if (bundle != NULL)
        return bundle;
      if (!g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_NO_KEY))
        break;
    }
  if (reason == NULL)
    g_set_error_literal (&reason, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                         _ ("This is not for any of your keys. No file was changed."));
  g_propagate_error (error, g_steal_pointer (&reason));
  return NULL;
}

/**
 * spare_grant_open_sync:
 * @owner: the owner's side, opened
 * @path: a grant
 * @meter: (nullable): a progress meter
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Reads a grant and believes it only if all of it holds.
 *
 * Returns: (transfer full): the grant; %NULL with [enum@SpareErrorCode].DAMAGED when it is forged, damaged or does not
 *   fit its request, POLICY when it answers no open request of this person's, NO_KEY when it is for somebody else,
 *   NOT_SET_UP when no authority is trusted, or a [enum@Gio.IOErrorEnum]
 */
SpareGrant *
spare_grant_open_sync (SpareOwner *owner,
                       const char *path,
                       SpareProgressMeter *meter,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (SpareGrant) self = g_new0 (SpareGrant, 1);
  g_autoptr (SpareBundle) bundle = NULL;
  const SpareBundleHeader *header;

  self->owner = g_object_ref (owner);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_grant_record_free);
  bundle = open_bundle (self, path, meter, cancellable, error);
  if (bundle == NULL)
    return NULL;
  header = spare_bundle_get_header (bundle);
  self->id = g_strdup (header->id);
  if (!check_request (self, header, error) || !read_old_subkeys (self, header->fields, error)
      || !read_records (self, bundle, error)
      || !spare_outbox_keep_checkpoint_private (spare_owner_get_outbox (owner), header, error))
    return NULL;
  return g_steal_pointer (&self);
}
