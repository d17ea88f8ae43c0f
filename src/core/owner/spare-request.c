/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "I lost my key": the plea for recovery, made with the new one.
 *
 * Promise: a request carries, for each file, the data head, the key ids and the authority's PKESK, and nothing else of it
 * (protocol.md 5.1). It is kept, with the places of its files, before it leaves; if it can't be handed over, it is as if it
 * had never been made. What was left out is named. An answer closes it once.
 */
#include "config.h"

#include "spare-request.h"

#include "spare-bundle-for-me-private.h"
#include "spare-bundle-writer.h"
#include "spare-delivery.h"
#include "spare-deposit-private.h"
#include "spare-error.h"
#include "spare-escrow-pkesk-private.h"
#include "spare-outbox-requests-private.h"
#include "spare-request-claim-private.h"
#include "spare-request-record.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Octets; what an officer can be expected to read. */
#define REASON_MAX 4096

/* A request that is being made. */
typedef struct
{
  SpareOwner *owner;
  SpareKey *authority;
  SpareKey *key;
  SpareRequest *request;
  SpareBundleHeader *header;
  GPtrArray *records; /* of SpareRequestRecord */
  GPtrArray *files;   /* of SpareRequestFile, alike */
  guint next;
  GBytes *octets;
  GCancellable *cancellable;
} Making;

static void
making_clear (Making *self)
{
  g_clear_object (&self->key);
  g_clear_pointer (&self->request, spare_request_free);
  g_clear_pointer (&self->header, spare_bundle_header_free);
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->octets, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Making, making_clear)

static gboolean
check_wishes (const SpareRequestWishes *wishes, GError **error)
{
  g_autofree char *reason = g_strdup (wishes->reason != NULL ? wishes->reason : "");

  if (!g_utf8_validate (reason, -1, NULL) || *g_strstrip (reason) == '\0'
      || strlen (reason) > REASON_MAX)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("Say in a few words why the files are to be recovered: people "
                              "will decide about it. Nothing was written."));
      return FALSE;
    }
  return TRUE;
}

static gboolean
find_keys (Making *self, GError **error)
{
  SpareKeyState state;

  self->authority = spare_depositor_find_authority (self->owner, error);
  if (self->authority == NULL)
    return FALSE;
  self->key = spare_owner_dup_key (self->owner);
  if (self->key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("The files are recovered for a new key of yours. Make or import "
                              "one first. Nothing was written."));
      return FALSE;
    }
  state = spare_key_get_encryption_state (self->key, g_get_real_time () / G_USEC_PER_SEC);
  if (state == SPARE_KEY_USABLE)
    state = spare_key_get_signing_state (self->key, g_get_real_time () / G_USEC_PER_SEC);
  if (state != SPARE_KEY_USABLE)
    {
      g_autofree char *why = spare_key_state_describe (state, self->key);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   _ ("Nothing can be recovered for your present key: %s Nothing was written."),
                   why);
      return FALSE;
    }
  return TRUE;
}

/* The records of @found. What can't be told of in a record is left out. */
static void
make_records (Making *self, GPtrArray *found, GPtrArray *left_out)
{
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_request_record_free);
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_request_file_free);
  for (guint i = 0; i < found->len; i++)
    {
      const SpareFoundFile *one = g_ptr_array_index (found, i);
      g_autofree char *name = g_path_get_basename (one->path);
      const SpareSubkey *subkey;
      SpareEsk *esk = spare_escrow_pkesk_find_private (self->authority, one->head, &subkey);
      GError *reason = NULL;
      SpareRequestRecord *record = spare_request_record_new (name, one->size, one->head, esk,
                                                             &reason);
      SpareRequestFile *file;

      if (record == NULL)
        {
          g_ptr_array_add (left_out, spare_left_out_new (one->path, reason));
          continue;
        }
      file = g_new0 (SpareRequestFile, 1);
      file->file_id = g_strdup (record->file_id);
      file->tag = record->tag;
      file->data_head = g_bytes_ref (record->data_head);
      file->path = g_strdup (one->path);
      file->size = one->size;
      file->esk = esk != NULL ? spare_esk_ref (esk) : NULL;
      g_ptr_array_add (self->records, record);
      g_ptr_array_add (self->files, file);
    }
}

static gboolean
check_number (guint n, GError **error)
{
  if (n <= SPARE_REQUEST_FILES_MAX)
    return TRUE;

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
               ngettext ("These are more files than the %u that fit into one request. Ask for "
                         "them in several, folder by folder. Nothing was written.",
                         "These are more files than the %u that fit into one request. Ask for "
                         "them in several, folder by folder. Nothing was written.",
                         SPARE_REQUEST_FILES_MAX),
               SPARE_REQUEST_FILES_MAX);
  return FALSE;
}

static void
make_header (Making *self, const SpareRequestWishes *wishes, const char *old)
{
  g_autofree char *reason = g_strstrip (g_strdup (wishes->reason));
  SpareRequest *request = g_new0 (SpareRequest, 1);

  self->request = request;
  request->old = g_strdup (old);
  request->key = g_strdup (spare_key_get_fingerprint (self->key));
  request->authority = g_strdup (spare_key_get_fingerprint (self->authority));
  request->reason = g_steal_pointer (&reason);
  request->stolen = wishes->stolen;
  request->since = wishes->since;

  self->header = spare_bundle_header_new (SPARE_BUNDLE_REQUEST, request->key,
                                          request->authority);
  request->id = g_strdup (self->header->id);
  request->created = self->header->created;
  json_object_set_string_member (self->header->fields, "old", request->old);
  json_object_set_string_member (self->header->fields, "reason", request->reason);
  json_object_set_string_member (self->header->fields, "lost",
                                 request->stolen ? "stolen" : "lost");
  if (request->since > 0)
    spare_json_set_time (self->header->fields, "since", request->since);
}

static JsonObject *
next_cb (gpointer user_data, GError **error)
{
  Making *self = user_data;

  if (self->next >= self->records->len)
    return NULL;
  return spare_request_record_to_json (g_ptr_array_index (self->records, self->next++));
}

static gboolean
sign (Making *self, GError **error)
{
  g_autoptr (SpareHome) signing_home = spare_owner_dup_key_home (self->owner);
  const SpareBundleParties parties = {
    .home = spare_owner_get_home (self->owner),
    .signing_home = signing_home,
    .signer = self->request->key,
    .receiver = self->authority,
  };

  self->octets = spare_bundle_write_bytes_sync (&parties, self->header, next_cb, self,
                                                &self->request->n_files, self->cancellable,
                                                error);
  if (self->octets == NULL)
    return FALSE;
  self->request->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, self->octets);
  return TRUE;
}

/* Kept, then handed over, then noted. */
static SpareWrittenBundle *
deliver (Making *self, const char *to, GError **error)
{
  SpareOutbox *outbox = spare_owner_get_outbox (self->owner);
  g_autofree char *name = spare_bundle_header_dup_file_name (self->header);
  g_autofree char *place = spare_delivery_is_local (to) ? g_filename_display_name (to)
                                                        : g_strdup (to);
  g_autofree char *final = NULL;
  g_autoptr (GError) second = NULL;

  if (!spare_outbox_add_request_private (outbox, self->request, self->octets, self->files,
                                         error))
    return NULL;
  if (!spare_delivery_put_sync (to, name, self->octets, &final, self->cancellable, error))
    {
      if (!spare_outbox_forget_request_private (outbox, self->request->id, &second))
        g_debug ("a request stays that never left: %s", second->message);
      return NULL;
    }
  /* It has left, whatever becomes of the note. */
  if (!spare_outbox_place_request_private (outbox, self->request->id, place, &second))
    g_debug ("the place of a request was not noted: %s", second->message);
  return spare_written_bundle_new (final != NULL ? final : name, self->header,
                                   self->records->len);
}

/**
 * spare_request_make_sync:
 * @owner: the owner's side, opened, with the new key in use
 * @wishes: what is asked for
 * @to: a folder's path in the file system's octets, or the URI of any GIO location
 * @left_out: (out) (transfer full) (element-type SpareLeftOut): what is not asked for, and why; set in any case
 * @meter: (nullable): gets the number of files looked at
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Looks through files and folders for what the key in use can't open, and asks the authority to open it again for this
 * key.
 *
 * Returns: (transfer full) (nullable): the request that was written; %NULL without an error if there was nothing to ask
 *   for. With an error: [error@SpareError] `NOT_SET_UP` (no key, no authority), `AUTHORITY_UNUSABLE`, `FAILED` (no reason,
 *   which key was lost can't be told), `TOO_LARGE`, `KEYRING_…`, `DATABASE`, or what the destination said; nothing was
 *   changed
 */
SpareWrittenBundle *
spare_request_make_sync (SpareOwner *owner,
                         const SpareRequestWishes *wishes,
                         const char *to,
                         GPtrArray **left_out,
                         SpareProgressMeter *meter,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (Making) self = { .owner = owner, .cancellable = cancellable };
  g_autoptr (GPtrArray) found = NULL;
  g_autofree char *old = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && wishes != NULL, NULL);
  g_return_val_if_fail (to != NULL && left_out != NULL, NULL);

  *left_out = spare_left_out_array_new ();
  if (!check_wishes (wishes, error) || !find_keys (&self, error))
    return NULL;
  found = spare_request_scan_sync (wishes->paths, *left_out, meter, cancellable, error);
  if (found == NULL
      || !spare_request_claim_sync (owner, found, wishes->old_fingerprint, &old, *left_out,
                                    cancellable, error)
      || !check_number (found->len, error))
    return NULL;
  make_records (&self, found, *left_out);
  if (self.records->len == 0)
    return NULL;

  if (meter != NULL)
    spare_progress_meter_report (meter, SPARE_STAGE_FINISHING, 0, 0);
  make_header (&self, wishes, old);
  return sign (&self, error) ? deliver (&self, to, error) : NULL;
}

/**
 * spare_request_list_sync:
 * @owner: the owner's side, opened
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareRequest): the requests that were made here, newest first; %NULL with
 *   [error@SpareError] `DATABASE`
 */
GPtrArray *
spare_request_list_sync (SpareOwner *owner, GError **error)
{
  g_return_val_if_fail (SPARE_IS_OWNER (owner), NULL);

  return spare_outbox_list_requests_private (spare_owner_get_outbox (owner), NULL, error);
}

/**
 * spare_request_find_sync:
 * @owner: the owner's side, opened
 * @id: of a request
 * @error: where to put an error
 *
 * Returns: (transfer full) (nullable): the request; %NULL without @error if none of that id was made here
 */
SpareRequest *
spare_request_find_sync (SpareOwner *owner, const char *id, GError **error)
{
  g_autoptr (GPtrArray) found = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && id != NULL, NULL);

  found = spare_outbox_list_requests_private (spare_owner_get_outbox (owner), id, error);
  if (found == NULL || found->len == 0)
    return NULL;
  return g_ptr_array_steal_index (found, 0);
}

/**
 * spare_request_list_files_sync:
 * @owner: the owner's side, opened
 * @id: of a request
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareRequestFile): its files, in the order in which they were found
 */
GPtrArray *
spare_request_list_files_sync (SpareOwner *owner, const char *id, GError **error)
{
  g_return_val_if_fail (SPARE_IS_OWNER (owner) && id != NULL, NULL);

  return spare_outbox_list_request_files_private (spare_owner_get_outbox (owner), id, error);
}

/**
 * spare_request_close_sync:
 * @owner: the owner's side, opened
 * @id: of an open request
 * @state: granted or refused
 * @answer: id of the grant or the refusal
 * @text: (nullable): why it was refused
 * @error: where to put an error
 *
 * Notes the answer. A request is answered once.
 *
 * Returns: %FALSE with [error@SpareError] `FAILED` if it is not open, or `DATABASE`
 */
gboolean
spare_request_close_sync (SpareOwner *owner,
                          const char *id,
                          SpareRequestState state,
                          const char *answer,
                          const char *text,
                          GError **error)
{
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && id != NULL && answer != NULL, FALSE);
  g_return_val_if_fail (state == SPARE_REQUEST_GRANTED || state == SPARE_REQUEST_REFUSED,
                        FALSE);

  if (spare_outbox_close_request_private (spare_owner_get_outbox (owner), id, state, answer,
                                          text, &reason))
    return TRUE;
  if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                         _ ("This request was answered already. Nothing was changed."));
  return FALSE;
}
