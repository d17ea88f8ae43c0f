/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The list of jobs, as the window shows it and the command line runs it: first come, first served, four at a time (small
 * files wait for the disk and for processes more than they compute; of large ones two go at a time, see spare-job-gate.c).
 *
 * Promises: adding ten thousand files is one change of the list and touches none of them; a file that is waiting or
 * running already is not taken twice; a job that is removed is cancelled first. When the last of a batch has ended, the
 * spare keys that were made go into a signed deposit, beside the jobs: nobody waits for it but the end of the program, and
 * it never makes a job fail. Main thread only. */

#include "config.h"

#include "spare-job-queue.h"

#include <string.h>

#include "spare-deposit.h"
#include "spare-folder-walk.h"

/* Two cores, and of each file half the time is waiting: for the disk, the keyring, a process that starts. */
#define AT_ONCE 6

struct _SpareJobQueue
{
  GObject parent_instance;

  SpareOwner *owner;
  GPtrArray *jobs;        /* SpareJob */
  GQueue waiting;         /* SpareJob, referenced */
  GHashTable *unfinished; /* path → SpareJob, neither owned: the job is in @jobs */
  guint n_running;        /* jobs and folders that are being looked through */
  gboolean was_busy;

  /* What was encrypted is signed for the authority, and handed over if a place is set, when a batch has ended. */
  gboolean owes_deposit;
  gboolean depositing;
  GCancellable *deposit_cancellable;
  GError *deposit_error;
};

static void spare_job_queue_list_init (GListModelInterface *interface);
static void start_more (SpareJobQueue *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (SpareJobQueue,
                               spare_job_queue,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      spare_job_queue_list_init))

enum
{
  BATCH_FINISHED,
  CHANGED,
  DEPOSITED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GType
get_item_type (GListModel *list)
{
  return SPARE_TYPE_JOB;
}

static guint
get_n_items (GListModel *list)
{
  return SPARE_JOB_QUEUE (list)->jobs->len;
}

static gpointer
get_item (GListModel *list, guint position)
{
  SpareJobQueue *self = SPARE_JOB_QUEUE (list);

  return position < self->jobs->len ? g_object_ref (g_ptr_array_index (self->jobs, position))
                                    : NULL;
}

static void
spare_job_queue_list_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
spare_job_queue_finalize (GObject *object)
{
  SpareJobQueue *self = SPARE_JOB_QUEUE (object);

  g_queue_clear_full (&self->waiting, g_object_unref);
  g_hash_table_unref (self->unfinished);
  g_ptr_array_unref (self->jobs);
  g_clear_object (&self->owner);
  g_clear_object (&self->deposit_cancellable);
  g_clear_error (&self->deposit_error);
  G_OBJECT_CLASS (spare_job_queue_parent_class)->finalize (object);
}

static void
spare_job_queue_class_init (SpareJobQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_job_queue_finalize;
  signals[BATCH_FINISHED] = g_signal_new ("batch-finished", SPARE_TYPE_JOB_QUEUE,
                                          G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                          0);
  signals[CHANGED] = g_signal_new ("changed", SPARE_TYPE_JOB_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  /* With how many packets were handed over. */
  signals[DEPOSITED] = g_signal_new ("deposited", SPARE_TYPE_JOB_QUEUE, G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
spare_job_queue_init (SpareJobQueue *self)
{
  self->deposit_cancellable = g_cancellable_new ();
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
  self->unfinished = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->waiting);
}

/**
 * spare_job_queue_new:
 * @owner: the owner's side
 *
 * Returns: (transfer full): an empty queue
 */
SpareJobQueue *
spare_job_queue_new (SpareOwner *owner)
{
  SpareJobQueue *self = g_object_new (SPARE_TYPE_JOB_QUEUE, NULL);

  self->owner = g_object_ref (owner);
  return self;
}

static void start_deposit (SpareJobQueue *self);

static void
deposited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareJobQueue) self = user_data;
  guint n = 0;

  g_clear_error (&self->deposit_error);
  if (!spare_deposit_after_batch_finish (SPARE_OWNER (source), result, &n,
                                         &self->deposit_error))
    g_debug ("deposit: %s", self->deposit_error->message);
  self->depositing = FALSE;
  g_signal_emit (self, signals[DEPOSITED], 0, n);
  start_deposit (self);
}

/* New work: what was called off before is called off no more. */
static void
renew_cancellable (SpareJobQueue *self)
{
  if (!g_cancellable_is_cancelled (self->deposit_cancellable))
    return;
  g_object_unref (self->deposit_cancellable);
  self->deposit_cancellable = g_cancellable_new ();
}

static void
start_deposit (SpareJobQueue *self)
{
  if (!self->owes_deposit || self->depositing || spare_job_queue_is_busy (self))
    return;
  self->owes_deposit = FALSE;
  self->depositing = TRUE;
  spare_deposit_after_batch_async (self->owner, self->deposit_cancellable, deposited_cb,
                                   g_object_ref (self));
}

static void
announce (SpareJobQueue *self)
{
  gboolean busy = spare_job_queue_is_busy (self);

  g_signal_emit (self, signals[CHANGED], 0);
  if (self->was_busy && !busy)
    {
      self->was_busy = FALSE;
      g_signal_emit (self, signals[BATCH_FINISHED], 0);
    }
  else
    self->was_busy = busy;
  start_deposit (self);
}

/* A packet was made for the file. */
static gboolean
owes_deposit (SpareJob *job)
{
  const SpareFileResult *result = spare_job_get_result (job);

  return spare_job_get_state (job) == SPARE_JOB_DONE && result != NULL && !result->decrypted
         && result->serial != NULL && !result->pending;
}

static void
forget (SpareJobQueue *self, SpareJob *job)
{
  if (g_hash_table_lookup (self->unfinished, spare_job_get_path (job)) == job)
    g_hash_table_remove (self->unfinished, spare_job_get_path (job));
}

/* Puts new jobs in place of @n_removed rows at @position, and lets them wait. */
static void
splice (SpareJobQueue *self, guint position, guint n_removed, GPtrArray *jobs)
{
  if (n_removed > 0)
    g_ptr_array_remove_range (self->jobs, position, n_removed);
  if (position == self->jobs->len)
    for (guint i = 0; i < jobs->len; i++)
      g_ptr_array_add (self->jobs, g_object_ref (g_ptr_array_index (jobs, i)));
  else
    {
      g_autoptr (GPtrArray) tail = g_ptr_array_new ();
      guint n_tail = self->jobs->len - position;

      for (guint i = position; i < self->jobs->len; i++)
        g_ptr_array_add (tail, g_object_ref (g_ptr_array_index (self->jobs, i)));
      g_ptr_array_remove_range (self->jobs, position, n_tail);
      for (guint i = 0; i < jobs->len; i++)
        g_ptr_array_add (self->jobs, g_object_ref (g_ptr_array_index (jobs, i)));
      for (guint i = 0; i < n_tail; i++)
        g_ptr_array_add (self->jobs, g_ptr_array_index (tail, i));
    }
  for (guint i = 0; i < jobs->len; i++)
    {
      SpareJob *job = g_ptr_array_index (jobs, i);

      g_hash_table_insert (self->unfinished, (gpointer) spare_job_get_path (job), job);
      g_queue_push_tail (&self->waiting, g_object_ref (job));
    }
  if (n_removed > 0 || jobs->len > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), position, n_removed, jobs->len);
}

static void
job_ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareJobQueue) self = user_data;
  SpareJob *job = SPARE_JOB (source);

  /* The job keeps its error. */
  (void) spare_job_run_finish (job, result, NULL);
  self->owes_deposit = self->owes_deposit || owes_deposit (job);
  forget (self, job);
  self->n_running--;
  start_more (self);
  announce (self);
}

/* The files of a folder that go one by one: looked through in a thread. */

static void
find_files_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *folder = task_data;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SpareFolderWalk) walk = NULL;
  const SpareFolderEntry *entry;
  GError *error = NULL;

  walk = spare_folder_walk_new (folder, &error);
  while (walk != NULL && error == NULL)
    {
      if (!spare_folder_walk_next (walk, &entry, &error) || entry == NULL)
        break;
      /* Links lead to files that are elsewhere, and other things are no files: both would be a surprise here. */
      if (entry->kind == SPARE_FOLDER_ENTRY_FILE)
        g_ptr_array_add (paths, g_build_filename (folder, entry->path, NULL));
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&paths), (GDestroyNotify) g_ptr_array_unref);
}

static void
files_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareJobQueue *self = SPARE_JOB_QUEUE (source);
  g_autoptr (SpareJob) folder = user_data;
  g_autoptr (GPtrArray) paths = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);
  guint position;

  self->n_running--;
  if (paths == NULL)
    {
      /* The job itself says what is wrong with the folder. */
      if (spare_job_get_state (folder) == SPARE_JOB_WAITING)
        {
          self->n_running++;
          spare_job_run_async (folder, job_ended_cb, g_object_ref (self));
        }
      announce (self);
      return;
    }
  forget (self, folder);
  if (spare_job_get_state (folder) == SPARE_JOB_WAITING
      && g_ptr_array_find (self->jobs, folder, &position))
    {
      for (guint i = 0; i < paths->len; i++)
        {
          SpareJob *job = spare_job_new (self->owner, g_ptr_array_index (paths, i),
                                         SPARE_JOB_ENCRYPT, spare_job_get_options (folder));

          spare_job_set_found (job, TRUE);
          g_ptr_array_add (jobs, job);
        }
      splice (self, position, 1, jobs);
    }
  start_more (self);
  announce (self);
}

static void
find_files (SpareJobQueue *self, SpareJob *job)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, files_found_cb, g_object_ref (job));

  g_task_set_source_tag (task, find_files);
  g_task_set_task_data (task, g_strdup (spare_job_get_path (job)), g_free);
  g_task_run_in_thread (task, find_files_thread);
}

static void
start_more (SpareJobQueue *self)
{
  while (self->n_running < AT_ONCE)
    {
      g_autoptr (SpareJob) job = g_queue_pop_head (&self->waiting);

      if (job == NULL)
        return;
      if (spare_job_get_state (job) != SPARE_JOB_WAITING)
        {
          forget (self, job);
          continue;
        }
      self->n_running++;
      if (spare_job_get_options (job)->each && spare_job_get_kind (job) != SPARE_JOB_DECRYPT
          && spare_job_is_folder (job))
        find_files (self, job);
      else
        spare_job_run_async (job, job_ended_cb, g_object_ref (self));
    }
}

/**
 * spare_job_queue_add:
 * @self: the queue
 * @paths: files and folders, in the file system's octets
 * @kind: what to do with them
 * @options: (transfer none): what was asked for; shared by these jobs
 *
 * Adds jobs at the end and starts what can be started.
 */
void
spare_job_queue_add (SpareJobQueue *self,
                     const char *const *paths,
                     SpareJobKind kind,
                     SpareJobOptions *options)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  renew_cancellable (self);
  for (; *paths != NULL; paths++)
    {
      g_autoptr (SpareJob) job = spare_job_new (self->owner, *paths, kind, options);
      const char *path = spare_job_get_path (job);

      if (g_hash_table_contains (self->unfinished, path) || g_hash_table_contains (seen, path))
        continue;
      g_hash_table_add (seen, (gpointer) path);
      g_ptr_array_add (jobs, g_steal_pointer (&job));
    }
  splice (self, self->jobs->len, 0, jobs);
  start_more (self);
  announce (self);
}

/**
 * spare_job_queue_retry:
 * @self: the queue
 * @job: one of its jobs that failed or was cancelled
 *
 * Lets a job wait again, behind those that wait now.
 */
void
spare_job_queue_retry (SpareJobQueue *self, SpareJob *job)
{
  if (g_hash_table_contains (self->unfinished, spare_job_get_path (job)))
    return;
  renew_cancellable (self);
  spare_job_reset (job);
  g_hash_table_insert (self->unfinished, (gpointer) spare_job_get_path (job), job);
  g_queue_push_tail (&self->waiting, g_object_ref (job));
  start_more (self);
  announce (self);
}

/**
 * spare_job_queue_remove:
 * @self: the queue
 * @job: one of its jobs
 *
 * Takes a job out of the list, cancelling it first.
 */
void
spare_job_queue_remove (SpareJobQueue *self, SpareJob *job)
{
  g_autoptr (SpareJob) kept = g_object_ref (job);
  guint position;

  spare_job_cancel (job);
  if (!g_ptr_array_find (self->jobs, job, &position))
    return;
  forget (self, job);
  g_ptr_array_remove_index (self->jobs, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  announce (self);
}

static gboolean
is_unfinished (SpareJob *job)
{
  SpareJobState state = spare_job_get_state (job);

  return state == SPARE_JOB_WAITING || state == SPARE_JOB_RUNNING;
}

/**
 * spare_job_queue_clear_finished:
 * @self: the queue
 *
 * Takes the jobs out of the list that neither wait nor run. What failed stays while there is anything else to take out: one
 * failure among thousands would go unseen with the rest. When nothing but failures is finished, they are taken out.
 */
void
spare_job_queue_clear_finished (SpareJobQueue *self)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);
  guint before = self->jobs->len;
  gboolean only_failed = TRUE;

  for (guint i = 0; i < before && only_failed; i++)
    {
      SpareJob *job = g_ptr_array_index (self->jobs, i);

      only_failed = is_unfinished (job) || spare_job_get_state (job) == SPARE_JOB_FAILED;
    }
  for (guint i = 0; i < before; i++)
    {
      SpareJob *job = g_ptr_array_index (self->jobs, i);

      if (is_unfinished (job)
          || (!only_failed && spare_job_get_state (job) == SPARE_JOB_FAILED))
        g_ptr_array_add (kept, g_object_ref (job));
    }
  if (kept->len == before)
    return;
  g_ptr_array_unref (self->jobs);
  self->jobs = g_steal_pointer (&kept);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->jobs->len);
  announce (self);
}

/**
 * spare_job_queue_cancel_all:
 * @self: the queue
 *
 * Cancels all that waits or runs.
 */
void
spare_job_queue_cancel_all (SpareJobQueue *self)
{
  /* It is signed all the same; only handing it over is not begun. */
  g_cancellable_cancel (self->deposit_cancellable);
  for (guint i = 0; i < self->jobs->len; i++)
    spare_job_cancel (g_ptr_array_index (self->jobs, i));
  start_more (self);
  announce (self);
}

/**
 * spare_job_queue_get_counts:
 * @self: the queue
 * @counts: (out caller-allocates): how many jobs are in which state, and octets
 *
 * Counts the jobs.
 */
void
spare_job_queue_get_counts (SpareJobQueue *self, SpareJobCounts *counts)
{
  memset (counts, 0, sizeof *counts);
  for (guint i = 0; i < self->jobs->len; i++)
    {
      SpareJob *job = g_ptr_array_index (self->jobs, i);

      switch (spare_job_get_state (job))
        {
        case SPARE_JOB_WAITING:
          counts->waiting++;
          break;
        case SPARE_JOB_RUNNING:
          counts->running++;
          break;
        case SPARE_JOB_DONE:
        case SPARE_JOB_UNDONE:
          counts->done++;
          break;
        case SPARE_JOB_FAILED:
          counts->failed++;
          break;
        case SPARE_JOB_SKIPPED:
          counts->skipped++;
          break;
        case SPARE_JOB_CANCELLED:
        default:
          counts->cancelled++;
          break;
        }
      counts->done_octets += spare_job_get_done (job);
      counts->total_octets += spare_job_get_total (job);
    }
}

/**
 * spare_job_queue_is_busy:
 * @self: the queue
 *
 * Returns: whether something waits or runs
 */
gboolean
spare_job_queue_is_busy (SpareJobQueue *self)
{
  return self->n_running > 0 || !g_queue_is_empty (&self->waiting);
}

/**
 * spare_job_queue_drain:
 * @self: the queue
 *
 * Runs the main context until nothing waits or runs, and what was made is deposited: for the command line, which has no
 * main loop of its own.
 */
void
spare_job_queue_drain (SpareJobQueue *self)
{
  while (spare_job_queue_is_busy (self) || self->depositing)
    g_main_context_iteration (NULL, TRUE);
}

/**
 * spare_job_queue_get_deposit_error:
 * @self: the queue
 *
 * Returns: (transfer none) (nullable): why the last batch's spare keys could not be signed or handed over; they wait in the
 *   outbox. %NULL if all went well
 */
const GError *
spare_job_queue_get_deposit_error (SpareJobQueue *self)
{
  return self->deposit_error;
}
