/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's answers to deposits.
 *
 * Promise: a receipt names a packet only after it is in the registry, durably, and says of each only "proven" or "held":
 * every reason for which a packet did not open is the same word. A packet counts as answered only after its receipt was
 * written, read back and compared. Each receipt carries the newest checkpoint of the audit log, so owners are witnesses.
 */
#include "config.h"

#include "spare-receipts.h"

#include "spare-reply-private.h"
#include "spare-bundle-writer.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-receipt-record.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#define PAGE 500

/* One owner's receipt. */
typedef struct
{
  SpareAuthority *authority;
  const char *owner;
  GPtrArray *page; /* of SpareRegistryAnswer */
  guint at;
  gint64 after;
  GArray *answered; /* of gint64: ids */
  SpareProgressMeter *progress;
  GCancellable *cancellable;
} Receipt;

static gboolean
next_page (Receipt *self, GError **error)
{
  g_clear_pointer (&self->page, g_ptr_array_unref);
  self->at = 0;
  self->page = spare_registry_list_answers (spare_authority_get_registry (self->authority),
                                            self->owner, self->after, PAGE, error);
  if (self->page == NULL)
    return FALSE;
  spare_progress_meter_report (self->progress, SPARE_STAGE_ENCRYPTING, self->answered->len, 0);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

static JsonObject *
next_record_cb (gpointer user_data, GError **error)
{
  Receipt *self = user_data;
  const SpareRegistryAnswer *answer;
  g_autoptr (SpareReceiptRecord) record = NULL;

  if ((self->page == NULL || self->at == self->page->len) && !next_page (self, error))
    return NULL;
  if (self->page->len == 0)
    return NULL;
  answer = g_ptr_array_index (self->page, self->at++);
  self->after = answer->id;
  record = spare_receipt_record_new (answer->serial, answer->sha256, answer->deposit,
                                     answer->proven, error);
  if (record == NULL)
    return NULL;
  g_array_append_val (self->answered, answer->id);
  return spare_receipt_record_to_json (record);
}

/* The owner's certificate as it came with his last deposit, in a home of its own. */
static SpareKey *
find_receiver (SpareAuthority *authority,
               SpareHome *scratch,
               const char *owner,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SpareRegistryOwner)
      known = spare_registry_get_owner (spare_authority_get_registry (authority), owner, error);

  if (known == NULL)
    return NULL;
  if (known->certificate == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("The owner’s certificate is not known, so nothing can be "
                              "encrypted "
                              "to them."));
      return NULL;
    }
  return spare_home_import_certificate_sync (scratch, known->certificate, owner, cancellable,
                                             error);
}

static gboolean
mark_locked (Receipt *self, const SpareBundleHeader *header, const char *sha256, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);
  g_autoptr (JsonObject) detail = json_object_new ();

  for (guint i = 0; i < self->answered->len; i++)
    if (!spare_registry_mark_answered (registry, g_array_index (self->answered, gint64, i),
                                       header->id, error))
      return FALSE;
  json_object_set_string_member (detail, "id", header->id);
  json_object_set_string_member (detail, "sha256", sha256);
  json_object_set_string_member (detail, "owner", self->owner);
  json_object_set_int_member (detail, "records", self->answered->len);
  return spare_audit_append (spare_authority_get_audit (self->authority), "receipt.write",
                             spare_authority_get_fingerprint (self->authority), detail, NULL,
                             error);
}

static gboolean
mark (Receipt *self, const SpareBundleHeader *header, const char *sha256, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);

  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!mark_locked (self, header, sha256, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error);
}

static SpareBundleHeader *
make_header (Receipt *self, GError **error)
{
  SpareAudit *audit = spare_authority_get_audit (self->authority);
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_RECEIPT,
                                        spare_authority_get_fingerprint (self->authority),
                                        self->owner);
  g_autoptr (GError) failure = NULL;
  JsonObject *checkpoint;

  if (!spare_audit_checkpoint_sync (audit, self->cancellable, error))
    return NULL;
  checkpoint = spare_audit_dup_checkpoint_json (audit, &failure);
  if (checkpoint != NULL)
    json_object_set_object_member (header->fields, "checkpoint", checkpoint);
  if (failure == NULL)
    return g_steal_pointer (&header);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

/* Kept first, then delivered: a medium that fails leaves the packets unanswered and costs a kept copy. */
static SpareWrittenBundle *
write_receipt (Receipt *self, const char *folder, GError **error)
{
  SpareAuthority *authority = self->authority;
  g_autoptr (SpareHome) scratch = spare_home_new_scratch (error);
  g_autoptr (SpareKey) receiver = NULL;
  g_autoptr (SpareBundleHeader) header = NULL;
  g_autofree char *path = NULL;
  g_autofree char *sha256 = NULL;
  g_autofree char *name = NULL;
  g_autofree char *final = NULL;
  guint n_records = 0;
  SpareBundleParties parties;

  if (scratch == NULL)
    return NULL;
  receiver = find_receiver (authority, scratch, self->owner, self->cancellable, error);
  header = receiver != NULL ? make_header (self, error) : NULL;
  if (header == NULL)
    return NULL;
  parties = (SpareBundleParties){ scratch, spare_authority_get_home (authority),
                                  spare_authority_get_fingerprint (authority), receiver };
  path = spare_bundle_write_file_sync (&parties, header, next_record_cb, self,
                                       spare_authority_get_spool (authority), &n_records,
                                       &sha256, self->cancellable, error);
  if (path == NULL || !spare_reply_keep_file_sync (authority, path, sha256, error))
    return NULL;
  name = spare_bundle_header_dup_file_name (header);
  final = spare_reply_deliver_sync (authority, sha256, name, folder, self->cancellable, error);
  if (final == NULL || !mark (self, header, sha256, error))
    return NULL;
  return spare_written_bundle_new (final, header, n_records);
}

static SpareWrittenBundle *
answer_owner (SpareAuthority *authority,
              const char *owner,
              const char *folder,
              SpareProgressMeter *progress,
              GCancellable *cancellable,
              GError **error)
{
  Receipt receipt = {
    .authority = authority,
    .owner = owner,
    .answered = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .progress = progress,
    .cancellable = cancellable,
  };
  SpareWrittenBundle *written = write_receipt (&receipt, folder, error);

  g_clear_pointer (&receipt.page, g_ptr_array_unref);
  g_array_unref (receipt.answered);
  return written;
}

/* One owner whose certificate has expired, say, doesn't keep the others waiting. */
static gboolean
is_about_owner (const GError *error)
{
  return g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DAMAGED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_POLICY)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

/**
 * spare_authority_write_receipts_sync:
 * @self: an open authority
 * @folder: where to put them, a path or a URI
 * @progress: (nullable): told of the packets that are named
 * @cancellable: (nullable): ends it; receipts that are written by then count
 * @error: return location for an error
 *
 * Writes one receipt for each owner whose deposits brought packets that no receipt has named yet. An owner to whom nothing
 * can be encrypted is passed over; if that leaves nothing, his error is the result.
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle) (nullable): what was written, maybe nothing
 */
GPtrArray *
spare_authority_write_receipts_sync (SpareAuthority *self,
                                     const char *folder,
                                     SpareProgressMeter *progress,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_autoptr (GPtrArray)
      written = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_written_bundle_free);
  g_autoptr (GPtrArray) owners = NULL;
  g_autoptr (GError) last = NULL;

  if (!spare_audit_check_clock (spare_authority_get_audit (self), error))
    return NULL;
  owners = spare_registry_list_owners_to_answer (spare_authority_get_registry (self), error);
  if (owners == NULL)
    return NULL;
  for (guint i = 0; i < owners->len; i++)
    {
      g_autoptr (GError) failure = NULL;
      SpareWrittenBundle *receipt = answer_owner (self, g_ptr_array_index (owners, i), folder,
                                                  progress, cancellable, &failure);

      if (receipt != NULL)
        {
          g_ptr_array_add (written, receipt);
          continue;
        }
      if (!is_about_owner (failure))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return NULL;
        }
      g_debug ("receipt: %s", failure->message);
      g_clear_error (&last);
      last = g_steal_pointer (&failure);
    }
  if (written->len > 0
      && !spare_audit_checkpoint_sync (spare_authority_get_audit (self), cancellable, error))
    return NULL;
  if (written->len > 0 || last == NULL)
    return g_steal_pointer (&written);
  g_propagate_error (error, g_steal_pointer (&last));
  return NULL;
}

/* --- Async --- */

typedef struct
{
  char *folder;
  SpareProgressMeter *progress;
} ReceiptsWork;

static void
receipts_work_free (gpointer data)
{
  ReceiptsWork *work = data;

  g_free (work->folder);
  g_clear_pointer (&work->progress, spare_progress_meter_unref);
  g_free (work);
}

static void
receipts_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  ReceiptsWork *work = data;
  GError *error = NULL;
  GPtrArray *written = spare_authority_write_receipts_sync (source, work->folder,
                                                            work->progress, cancellable,
                                                            &error);

  if (written != NULL)
    g_task_return_pointer (task, written, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * spare_authority_write_receipts_async:
 *
 * See spare_authority_write_receipts_sync().
 */
void
spare_authority_write_receipts_async (SpareAuthority *self,
                                      const char *folder,
                                      SpareProgressMeter *progress,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ReceiptsWork *work = g_new0 (ReceiptsWork, 1);

  work->folder = g_strdup (folder);
  work->progress = progress != NULL ? spare_progress_meter_ref (progress) : NULL;
  g_task_set_source_tag (task, spare_authority_write_receipts_async);
  g_task_set_task_data (task, work, receipts_work_free);
  g_task_run_in_thread (task, receipts_thread);
}

/**
 * spare_authority_write_receipts_finish:
 *
 * Returns: (transfer full) (nullable): see spare_authority_write_receipts_sync()
 */
GPtrArray *
spare_authority_write_receipts_finish (SpareAuthority *self,
                                       GAsyncResult *result,
                                       GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
