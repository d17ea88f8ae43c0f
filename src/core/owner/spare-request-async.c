/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The asynchronous twins of making and listing requests, for the window.
 *
 * Promise: the thread has its own copies of everything.
 */
#include "config.h"

#include "spare-request.h"

typedef struct
{
  char *reason;
  char *old_fingerprint;
  gboolean stolen;
  gint64 since;
  char **paths;
  char *to;
  SpareProgressMeter *meter;
} Call;

/* What a thread brings back; @written is NULL when there was nothing to ask for. */
typedef struct
{
  SpareWrittenBundle *written;
  GPtrArray *left_out;
} Outcome;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->reason);
  g_free (call->old_fingerprint);
  g_strfreev (call->paths);
  g_free (call->to);
  g_clear_pointer (&call->meter, spare_progress_meter_unref);
  g_free (call);
}

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_clear_pointer (&outcome->written, spare_written_bundle_free);
  g_clear_pointer (&outcome->left_out, g_ptr_array_unref);
  g_free (outcome);
}

static void
make_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Call *call = data;
  const SpareRequestWishes wishes = {
    .reason = call->reason,
    .old_fingerprint = call->old_fingerprint,
    .stolen = call->stolen,
    .since = call->since,
    .paths = (const char *const *) call->paths,
  };
  Outcome *outcome = g_new0 (Outcome, 1);
  GError *error = NULL;

  outcome->written = spare_request_make_sync (source, &wishes, call->to, &outcome->left_out,
                                              call->meter, cancellable, &error);
  if (error == NULL)
    g_task_return_pointer (task, outcome, outcome_free);
  else
    {
      outcome_free (outcome);
      g_task_return_error (task, error);
    }
}

/**
 * spare_request_make_async:
 * @owner: the owner's side, opened, with the new key in use
 * @wishes: what is asked for
 * @to: a folder's path, or the URI of any GIO location
 * @meter: (nullable): gets the number of files looked at
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_request_make_sync(), in a thread.
 */
void
spare_request_make_async (SpareOwner *owner,
                          const SpareRequestWishes *wishes,
                          const char *to,
                          SpareProgressMeter *meter,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->reason = g_strdup (wishes->reason);
  call->old_fingerprint = g_strdup (wishes->old_fingerprint);
  call->stolen = wishes->stolen;
  call->since = wishes->since;
  call->paths = g_strdupv ((char **) wishes->paths);
  call->to = g_strdup (to);
  call->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, spare_request_make_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, call_free);
  g_task_run_in_thread (task, make_thread);
}

/**
 * spare_request_make_finish:
 * @owner: the owner's side
 * @result: what the callback got
 * @left_out: (out) (transfer full) (element-type SpareLeftOut): what is not asked for; %NULL on failure
 * @error: where to put an error
 *
 * Returns: (transfer full) (nullable): as spare_request_make_sync()
 */
SpareWrittenBundle *
spare_request_make_finish (SpareOwner *owner,
                           GAsyncResult *result,
                           GPtrArray **left_out,
                           GError **error)
{
  Outcome *outcome;
  SpareWrittenBundle *written;

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
list_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *requests = spare_request_list_sync (source, &error);

  if (requests != NULL)
    g_task_return_pointer (task, requests, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * spare_request_list_async:
 * @owner: the owner's side, opened
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_request_list_sync(), in a thread.
 */
void
spare_request_list_async (SpareOwner *owner,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);

  g_task_set_source_tag (task, spare_request_list_async);
  g_task_run_in_thread (task, list_thread);
}

GPtrArray *
spare_request_list_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, owner), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
