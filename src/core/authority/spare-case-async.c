/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What officers do with cases, for the window: each in a thread of its own, one after the other for one authority.
 */
#include "config.h"

#include "spare-case-work.h"

/* What is asked for; each operation uses what it needs. */
typedef struct
{
  char *id;
  char *text;
  char *more;
  char *folder;
  SpareRefusalKind kind;
  SpareHome *home;
  GPtrArray *homes;
  SpareProgressMeter *progress;
} CaseWork;

static void
case_work_free (gpointer data)
{
  CaseWork *work = data;

  g_free (work->id);
  g_free (work->text);
  g_free (work->more);
  g_free (work->folder);
  g_clear_object (&work->home);
  g_clear_pointer (&work->homes, g_ptr_array_unref);
  g_clear_pointer (&work->progress, spare_progress_meter_unref);
  g_free (work);
}

static void
start (SpareAuthority *authority,
       CaseWork *work,
       GTaskThreadFunc func,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (authority, cancellable, callback, user_data);

  g_task_set_task_data (task, work, case_work_free);
  g_task_run_in_thread (task, func);
}

static void
finish (GTask *task, gpointer result, GDestroyNotify destroy, GError *error)
{
  if (result != NULL)
    g_task_return_pointer (task, result, destroy);
  else
    g_task_return_error (task, error);
}

static CaseWork *
work_new (const char *id)
{
  CaseWork *work = g_new0 (CaseWork, 1);

  work->id = g_strdup (id);
  return work;
}

/* --- List --- */

static void
list_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *cases = spare_case_list_sync (source, cancellable, &error);

  finish (task, cases, (GDestroyNotify) g_ptr_array_unref, error);
}

/**
 * spare_case_list_async:
 *
 * See spare_case_list_sync().
 */
void
spare_case_list_async (SpareAuthority *authority,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  start (authority, work_new (NULL), list_thread, cancellable, callback, user_data);
}

/**
 * spare_case_list_finish:
 *
 * Returns: (transfer full) (element-type SpareCase) (nullable): see spare_case_list_sync()
 */
GPtrArray *
spare_case_list_finish (SpareAuthority *authority, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, authority), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- One case --- */

/**
 * spare_case_finish:
 *
 * Ends spare_case_get_async(), spare_case_identify_async() and spare_case_approve_async().
 *
 * Returns: (transfer full) (nullable): the case as it is now
 */
SpareCase *
spare_case_finish (SpareAuthority *authority, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, authority), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
get_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  CaseWork *work = data;
  GError *error = NULL;
  SpareCase *shown = spare_case_get_sync (source, work->id, cancellable, &error);

  finish (task, shown, (GDestroyNotify) spare_case_unref, error);
}

/**
 * spare_case_get_async:
 *
 * See spare_case_get_sync().
 */
void
spare_case_get_async (SpareAuthority *authority,
                      const char *id,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  start (authority, work_new (id), get_thread, cancellable, callback, user_data);
}

static void
identify_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  CaseWork *work = data;
  GError *error = NULL;
  SpareCase *shown = spare_case_identify_sync (source, work->id, work->text, work->more,
                                               cancellable, &error);

  finish (task, shown, (GDestroyNotify) spare_case_unref, error);
}

/**
 * spare_case_identify_async:
 *
 * See spare_case_identify_sync().
 */
void
spare_case_identify_async (SpareAuthority *authority,
                           const char *id,
                           const char *check,
                           const char *evidence,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  CaseWork *work = work_new (id);

  work->text = g_strdup (check);
  work->more = g_strdup (evidence);
  start (authority, work, identify_thread, cancellable, callback, user_data);
}

static void
approve_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  CaseWork *work = data;
  GError *error = NULL;
  SpareCase *shown = spare_case_approve_sync (source, work->id, work->home, work->text,
                                              cancellable, &error);

  finish (task, shown, (GDestroyNotify) spare_case_unref, error);
}

/**
 * spare_case_approve_async:
 *
 * See spare_case_approve_sync().
 */
void
spare_case_approve_async (SpareAuthority *authority,
                          const char *id,
                          SpareHome *officer_home,
                          const char *officer,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  CaseWork *work = work_new (id);

  work->home = g_object_ref (officer_home);
  work->text = g_strdup (officer);
  start (authority, work, approve_thread, cancellable, callback, user_data);
}

/* --- The end of a case --- */

static void
refuse_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  CaseWork *work = data;
  GError *error = NULL;
  SpareWrittenBundle *written = spare_case_refuse_sync (source, work->id, work->kind,
                                                        work->text, work->folder, cancellable,
                                                        &error);

  finish (task, written, (GDestroyNotify) spare_written_bundle_free, error);
}

/**
 * spare_case_refuse_async:
 *
 * See spare_case_refuse_sync().
 */
void
spare_case_refuse_async (SpareAuthority *authority,
                         const char *id,
                         SpareRefusalKind kind,
                         const char *reason,
                         const char *folder,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  CaseWork *work = work_new (id);

  work->kind = kind;
  work->text = g_strdup (reason);
  work->folder = g_strdup (folder);
  start (authority, work, refuse_thread, cancellable, callback, user_data);
}

/**
 * spare_case_refuse_finish:
 *
 * Returns: (transfer full) (nullable): see spare_case_refuse_sync()
 */
SpareWrittenBundle *
spare_case_refuse_finish (SpareAuthority *authority, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, authority), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
ask_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  CaseWork *work = data;
  GError *error = NULL;
  GPtrArray *written = spare_case_ask_sync (source, work->id, work->folder, work->homes,
                                            cancellable, &error);

  finish (task, written, (GDestroyNotify) g_ptr_array_unref, error);
}

/**
 * spare_case_ask_async:
 *
 * See spare_case_ask_sync().
 */
void
spare_case_ask_async (SpareAuthority *authority,
                      const char *id,
                      const char *folder,
                      GPtrArray *homes,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  CaseWork *work = work_new (id);

  work->folder = g_strdup (folder);
  work->homes = homes != NULL ? g_ptr_array_ref (homes) : NULL;
  start (authority, work, ask_thread, cancellable, callback, user_data);
}

/**
 * spare_case_ask_finish:
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle) (nullable): see spare_case_ask_sync()
 */
GPtrArray *
spare_case_ask_finish (SpareAuthority *authority, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, authority), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
recover_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  CaseWork *work = data;
  GError *error = NULL;
  SpareGrantResult *result = spare_case_recover_sync (source, work->id, work->folder,
                                                      work->progress, cancellable, &error);

  finish (task, result, (GDestroyNotify) spare_grant_result_free, error);
}

/**
 * spare_case_recover_async:
 *
 * See spare_case_recover_sync().
 */
void
spare_case_recover_async (SpareAuthority *authority,
                          const char *id,
                          const char *folder,
                          SpareProgressMeter *progress,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  CaseWork *work = work_new (id);

  work->folder = g_strdup (folder);
  work->progress = progress != NULL ? spare_progress_meter_ref (progress) : NULL;
  start (authority, work, recover_thread, cancellable, callback, user_data);
}

/**
 * spare_case_recover_finish:
 *
 * Returns: (transfer full) (nullable): see spare_case_recover_sync()
 */
SpareGrantResult *
spare_case_recover_finish (SpareAuthority *authority, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, authority), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
