/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's receipts, as the owner takes them.
 *
 * Promise: nothing is used before the whole bundle is verified as the pinned authority's, to a key of the owner's. What
 * then moves in the outbox: spare-outbox-receipts.c. The checkpoint of the authority's audit log that comes along is kept:
 * the owner is a witness.
 */
#include "config.h"

#include "spare-receipt.h"

#include "spare-bundle-for-me-private.h"
#include "spare-outbox-receipts-private.h"
#include "spare-receipt-record.h"

/* All records, each checked, before the first is used. */
static GPtrArray *
read_records (SpareBundle *bundle, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_receipt_record_free);

  for (;;)
    {
      g_autoptr (JsonObject) line = NULL;
      SpareReceiptRecord *record;

      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !spare_bundle_next_sync (bundle, &line, error))
        return NULL;
      if (line == NULL)
        return g_steal_pointer (&records);
      record = spare_receipt_record_from_json (line, error);
      if (record == NULL)
        return NULL;
      g_ptr_array_add (records, record);
    }
}

/**
 * spare_receipt_apply_sync:
 * @owner: the owner's side, opened
 * @path: a receipt
 * @result: (out caller-allocates): what it changed; untouched on failure
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Takes a receipt: packets that it names become acknowledged.
 *
 * Returns: %FALSE with [error@SpareError] `DAMAGED` (forged, damaged, not of the pinned authority), `NO_KEY` (not for me),
 *   `NOT_SET_UP` (no authority is trusted), `UNSUPPORTED` (a newer version), `DATABASE`, or what reading it said; nothing
 *   was changed
 */
gboolean
spare_receipt_apply_sync (SpareOwner *owner,
                          const char *path,
                          SpareReceiptResult *result,
                          SpareProgressMeter *meter,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (GPtrArray) records = NULL;
  const SpareBundleHeader *header;
  JsonObject *object = NULL;
  SpareBelievedReceipt receipt = { 0 };

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && path != NULL && result != NULL, FALSE);

  bundle = spare_bundle_for_me_open_sync (owner, path, SPARE_BUNDLE_MASK (SPARE_BUNDLE_RECEIPT),
                                          meter, cancellable, error);
  if (bundle == NULL)
    return FALSE;
  header = spare_bundle_get_header (bundle);
  if (!spare_json_get_optional_object (header->fields, "checkpoint", &object, error))
    return FALSE;
  records = read_records (bundle, cancellable, error);
  if (records == NULL)
    return FALSE;

  receipt.id = header->id;
  receipt.sha256 = spare_bundle_get_sha256 (bundle);
  receipt.owner = header->to;
  receipt.authority = header->from;
  receipt.created = header->created;
  receipt.checkpoint = object;
  receipt.records = records;
  return spare_outbox_acknowledge_private (spare_owner_get_outbox (owner), &receipt, result,
                                           error);
}

typedef struct
{
  char *path;
  SpareProgressMeter *meter;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->path);
  g_clear_pointer (&call->meter, spare_progress_meter_unref);
  g_free (call);
}

static void
apply_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Call *call = data;
  SpareReceiptResult result = { 0 };
  GError *error = NULL;

  if (spare_receipt_apply_sync (source, call->path, &result, call->meter, cancellable, &error))
    g_task_return_pointer (task, g_memdup2 (&result, sizeof result), g_free);
  else
    g_task_return_error (task, error);
}

/**
 * spare_receipt_apply_async:
 * @owner: the owner's side, opened
 * @path: a receipt
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_receipt_apply_sync(), in a thread.
 */
void
spare_receipt_apply_async (SpareOwner *owner,
                           const char *path,
                           SpareProgressMeter *meter,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->path = g_strdup (path);
  call->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, spare_receipt_apply_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, call_free);
  g_task_run_in_thread (task, apply_thread);
}

gboolean
spare_receipt_apply_finish (SpareOwner *owner,
                            GAsyncResult *result,
                            SpareReceiptResult *outcome,
                            GError **error)
{
  g_autofree SpareReceiptResult *found = NULL;

  g_return_val_if_fail (g_task_is_valid (result, owner), FALSE);

  found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return FALSE;
  *outcome = *found;
  return TRUE;
}
