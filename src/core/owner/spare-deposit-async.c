/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The asynchronous twins of the deposit's operations, for the window and the queue.
 *
 * Promise: the thread has its own copies of everything, and what was done is told even if the cancellation came a moment
 * later.
 */
#include "config.h"

#include "spare-deposit.h"

typedef struct
{
  char *to;
  char **files;
  SpareDepositFlags flags;
  SpareProgressMeter *meter;
} Call;

/* What a thread brings back. */
typedef struct
{
  GPtrArray *written;
  GPtrArray *left_out;
} Outcome;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->to);
  g_strfreev (call->files);
  g_clear_pointer (&call->meter, spare_progress_meter_unref);
  g_free (call);
}

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_clear_pointer (&outcome->written, g_ptr_array_unref);
  g_clear_pointer (&outcome->left_out, g_ptr_array_unref);
  g_free (outcome);
}

static void
after_batch_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  guint n_exported = 0;

  if (spare_deposit_after_batch_sync (source, &n_exported, cancellable, &error))
    g_task_return_int (task, n_exported);
  else
    g_task_return_error (task, error);
}

/**
 * spare_deposit_after_batch_async:
 * @owner: the owner's side, opened
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_deposit_after_batch_sync(), in a thread.
 */
void
spare_deposit_after_batch_async (SpareOwner *owner,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);

  g_task_set_source_tag (task, spare_deposit_after_batch_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, after_batch_thread);
}

gboolean
spare_deposit_after_batch_finish (SpareOwner *owner,
                                  GAsyncResult *result,
                                  guint *n_exported,
                                  GError **error)
{
  gssize n;

  g_return_val_if_fail (g_task_is_valid (result, owner), FALSE);

  n = g_task_propagate_int (G_TASK (result), error);
  if (n < 0)
    return FALSE;
  if (n_exported != NULL)
    *n_exported = (guint) n;
  return TRUE;
}

static void
export_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Call *call = data;
  Outcome *outcome = g_new0 (Outcome, 1);
  GError *error = NULL;

  outcome->written = spare_deposit_export_sync (source, call->to,
                                                (const char *const *) call->files, call->flags,
                                                &outcome->left_out, call->meter, cancellable,
                                                &error);
  if (outcome->written != NULL)
    g_task_return_pointer (task, outcome, outcome_free);
  else
    {
      outcome_free (outcome);
      g_task_return_error (task, error);
    }
}

/**
 * spare_deposit_export_async:
 * @owner: the owner's side, opened
 * @to: a folder's path, or the URI of any GIO location
 * @files: (nullable) (array zero-terminated=1): encrypted files; %NULL: all
 * @flags: which, when no files are named
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_deposit_export_sync(), in a thread.
 */
void
spare_deposit_export_async (SpareOwner *owner,
                            const char *to,
                            const char *const *files,
                            SpareDepositFlags flags,
                            SpareProgressMeter *meter,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->to = g_strdup (to);
  call->files = g_strdupv ((char **) files);
  call->flags = flags;
  call->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, spare_deposit_export_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, call_free);
  g_task_run_in_thread (task, export_thread);
}

/**
 * spare_deposit_export_finish:
 * @owner: the owner's side
 * @result: what the callback got
 * @left_out: (out) (transfer full) (element-type SpareLeftOut): what was left out; %NULL on failure
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle): as spare_deposit_export_sync()
 */
GPtrArray *
spare_deposit_export_finish (SpareOwner *owner,
                             GAsyncResult *result,
                             GPtrArray **left_out,
                             GError **error)
{
  Outcome *outcome;
  GPtrArray *written;

  g_return_val_if_fail (g_task_is_valid (result, owner), NULL);

  *left_out = NULL;
  outcome = g_task_propagate_pointer (G_TASK (result), error);
  if (outcome == NULL)
    return NULL;
  written = g_steal_pointer (&outcome->written);
  *left_out = g_steal_pointer (&outcome->left_out);
  outcome_free (outcome);
  return written;
}

static void
overdue_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  SpareOverdue *overdue = spare_deposit_find_overdue_sync (source, &error);

  if (overdue != NULL)
    g_task_return_pointer (task, overdue, (GDestroyNotify) spare_overdue_free);
  else
    g_task_return_error (task, error);
}

/**
 * spare_deposit_find_overdue_async:
 * @owner: the owner's side, opened
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_deposit_find_overdue_sync(), in a thread.
 */
void
spare_deposit_find_overdue_async (SpareOwner *owner,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);

  g_task_set_source_tag (task, spare_deposit_find_overdue_async);
  g_task_run_in_thread (task, overdue_thread);
}

SpareOverdue *
spare_deposit_find_overdue_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, owner), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
