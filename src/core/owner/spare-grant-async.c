/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Grants without holding up the window: the same work in a thread of its own. */

#include "config.h"

#include "spare-grant.h"

typedef struct
{
  char *path;
  SpareGrant *grant; /* the caller's, for as long as the work takes */
  char **search;
  SpareProgressMeter *meter;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_free (work->path);
  g_strfreev (work->search);
  g_clear_pointer (&work->meter, spare_progress_meter_unref);
  g_free (work);
}

static void
open_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Work *work = task_data;
  GError *error = NULL;
  SpareGrant *grant = spare_grant_open_sync (source, work->path, work->meter, cancellable,
                                             &error);

  if (grant == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, grant, (GDestroyNotify) spare_grant_free);
}

static void
apply_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Work *work = task_data;
  GError *error = NULL;
  GPtrArray *results = spare_grant_apply_sync (work->grant, (const char *const *) work->search,
                                               work->meter, cancellable, &error);

  if (results == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, results, (GDestroyNotify) g_ptr_array_unref);
}

/**
 * spare_grant_open_async:
 * @owner: the owner's side, opened
 * @path: a grant
 * @meter: (nullable): as with spare_grant_open_sync()
 * @cancellable: (nullable): a cancellable
 * @callback: called when it was read
 * @user_data: for @callback
 */
void
spare_grant_open_async (SpareOwner *owner,
                        const char *path,
                        SpareProgressMeter *meter,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->path = g_strdup (path);
  work->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, spare_grant_open_async);
  g_task_set_task_data (task, work, work_free);
  g_task_run_in_thread (task, open_thread);
}

SpareGrant *
spare_grant_open_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * spare_grant_apply_async:
 * @owner: the owner's side, opened
 * @self: a grant, kept by the caller until @callback was called
 * @search: (nullable) (array zero-terminated=1): as with spare_grant_apply_sync()
 * @meter: (nullable): likewise
 * @cancellable: (nullable): a cancellable
 * @callback: called when all is done
 * @user_data: for @callback
 */
void
spare_grant_apply_async (SpareOwner *owner,
                         SpareGrant *self,
                         const char *const *search,
                         SpareProgressMeter *meter,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->grant = self;
  work->search = g_strdupv ((char **) search);
  work->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, spare_grant_apply_async);
  g_task_set_task_data (task, work, work_free);
  g_task_run_in_thread (task, apply_thread);
}

GPtrArray *
spare_grant_apply_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
