/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One dropped thing on its way: a file to encrypt, a folder to encrypt as one archive, an encrypted file to decrypt.
 *
 *   waiting → running → done → undone
 *                     → failed, cancelled → waiting (again)
 *                     → skipped
 *
 * The work happens in a thread; every property changes in the main context only. "Done" means what
 * spare_encrypt_file_sync() and spare_decrypt_file_sync() promise, nothing less. */

#include "config.h"

#include "spare-job.h"

#include <glib/gi18n-lib.h>

#include "spare-decrypt-file.h"
#include "spare-display.h"
#include "spare-encrypt-file.h"
#include "spare-error.h"
#include "spare-inspection.h"
#include "spare-job-gate-private.h"
#include "spare-job-options-private.h"
#include "spare-target.h"

struct _SpareJob
{
  GObject parent_instance;

  SpareOwner *owner;
  char *path;
  char *display_name;
  SpareJobKind wanted;
  SpareJobOptions *options;
  gboolean found;

  /* Main context only. */
  SpareJobKind kind;
  SpareJobState state;
  SpareStage stage;
  guint64 done, total;
  gint64 stage_began; /* monotonic microseconds */
  int seconds_left;
  GCancellable *cancellable;
  SpareFileResult *result;
  SpareTrashed *trashed;
  GError *error;
};

enum
{
  PROP_0,
  PROP_STATE,
  PROP_KIND,
  PROP_DONE,
  PROP_TOTAL,
  PROP_SECONDS_LEFT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (SpareJob, spare_job, G_TYPE_OBJECT)

/* What the thread brings back. */
typedef struct
{
  SpareJobKind kind;
  gboolean skipped;
  SpareFileResult *result;
  SpareTrashed *trashed;
} Outcome;

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_clear_pointer (&outcome->result, spare_file_result_free);
  g_clear_pointer (&outcome->trashed, spare_trashed_free);
  g_free (outcome);
}

static void
meter_free (gpointer meter)
{
  spare_progress_meter_stop (meter);
  spare_progress_meter_unref (meter);
}

static void
spare_job_finalize (GObject *object)
{
  SpareJob *self = SPARE_JOB (object);

  g_clear_object (&self->owner);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->options, spare_job_options_unref);
  g_clear_pointer (&self->result, spare_file_result_free);
  g_clear_pointer (&self->trashed, spare_trashed_free);
  g_clear_error (&self->error);
  g_free (self->path);
  g_free (self->display_name);
  G_OBJECT_CLASS (spare_job_parent_class)->finalize (object);
}

static void
spare_job_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpareJob *self = SPARE_JOB (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_int (value, (int) self->state);
      break;
    case PROP_KIND:
      g_value_set_int (value, (int) self->kind);
      break;
    case PROP_DONE:
      g_value_set_uint64 (value, self->done);
      break;
    case PROP_TOTAL:
      g_value_set_uint64 (value, self->total);
      break;
    case PROP_SECONDS_LEFT:
      g_value_set_int (value, self->seconds_left);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
spare_job_class_init (SpareJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = spare_job_finalize;
  object_class->get_property = spare_job_get_property;
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, 0, SPARE_JOB_UNDONE,
                                        SPARE_JOB_WAITING, flags);
  props[PROP_KIND] = g_param_spec_int ("kind", NULL, NULL, 0, SPARE_JOB_DECRYPT, SPARE_JOB_AUTO,
                                       flags);
  props[PROP_DONE] = g_param_spec_uint64 ("done", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_TOTAL] = g_param_spec_uint64 ("total", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_SECONDS_LEFT] = g_param_spec_int ("seconds-left", NULL, NULL, -1, G_MAXINT, -1,
                                               flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
spare_job_init (SpareJob *self)
{
  self->seconds_left = -1;
}

/**
 * spare_job_new:
 * @owner: the owner's side
 * @path: a file or folder, in the file system's octets; made absolute here
 * @kind: what to do with it
 * @options: (transfer none): what was asked for
 *
 * Returns: (transfer full): a job that waits
 */
SpareJob *
spare_job_new (SpareOwner *owner, const char *path, SpareJobKind kind, SpareJobOptions *options)
{
  SpareJob *self = g_object_new (SPARE_TYPE_JOB, NULL);

  self->owner = g_object_ref (owner);
  self->path = g_canonicalize_filename (path, NULL);
  self->display_name = spare_display_basename (self->path);
  self->wanted = self->kind = kind;
  self->options = spare_job_options_ref (options);
  return self;
}

static void
set_state (SpareJob *self, SpareJobState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
progress_cb (const SpareProgress *progress, gpointer user_data)
{
  SpareJob *self = user_data;
  gint64 now = g_get_monotonic_time ();
  gint64 elapsed;

  if (self->state != SPARE_JOB_RUNNING)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  if (self->stage != progress->stage || self->stage_began == 0)
    {
      self->stage = progress->stage;
      self->stage_began = now;
    }
  self->done = (guint64) MAX (progress->done, 0);
  self->total = (guint64) MAX (progress->total, 0);
  elapsed = now - self->stage_began;
  /* Too early to tell, or too much of the total still unknown. */
  self->seconds_left = -1;
  if (elapsed > G_USEC_PER_SEC && self->done > 0 && self->total >= self->done)
    self->seconds_left = (int) ((double) (self->total - self->done) / (double) self->done
                                    * ((double) elapsed / G_USEC_PER_SEC)
                                + 0.5);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DONE]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SECONDS_LEFT]);
  g_object_thaw_notify (G_OBJECT (self));
}

static gboolean
refuse_bundle (SpareJob *self, GError **error)
{
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
               _ ("“%s” is a message between an owner and a backup authority, which this "
                  "version "
                  "can’t open yet. It was not touched."),
               self->display_name);
  return FALSE;
}

/* What a file is decides what is done with it, not how it is called; but a name that promises an encrypted file is
 * not met with a second encryption. */
static gboolean
resolve_kind (SpareJob *self, SpareJobKind *kind, GError **error)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GError) reason = NULL;

  *kind = self->wanted;
  if (self->wanted != SPARE_JOB_AUTO)
    return TRUE;
  *kind = SPARE_JOB_ENCRYPT;
  if (g_file_test (self->path, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (!spare_head_read_sync (self->path, &head, &reason)
      && !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_DAMAGED)
      && !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (g_str_has_suffix (self->path, ".sparekey"))
    return refuse_bundle (self, error);
  if (head != NULL && spare_head_is_encrypted (head))
    {
      *kind = SPARE_JOB_DECRYPT;
      return TRUE;
    }
  if (!spare_target_names_encrypted (self->path))
    return TRUE;
  if (reason == NULL)
    g_set_error (&reason, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                 _ ("“%s” is named like an encrypted file but is none. It was not touched; "
                    "rename it "
                    "to encrypt it."),
                 self->display_name);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
is_encrypted_already (SpareJob *self)
{
  g_autoptr (SpareHead) head = NULL;

  return spare_head_read_sync (self->path, &head, NULL) && spare_head_is_encrypted (head);
}

static SpareFileResult *
encrypt (SpareJob *self,
         Outcome *outcome,
         SpareProgressMeter *meter,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (SpareEncryptionPlan) plan = NULL;
  const SpareEncryptFile what = {
    .input = self->path,
    .output = self->options->output,
    .output_directory = self->options->output_directory,
    .conflict = self->options->conflict,
    .trash_original = self->options->trash_original,
  };

  plan = spare_job_options_ref_plan_sync (self->options, self->owner, cancellable, error);
  if (plan == NULL)
    return NULL;
  return spare_encrypt_file_sync (self->owner, plan, &what, meter, cancellable,
                                  &outcome->trashed, error);
}

static SpareFileResult *
decrypt (SpareJob *self, SpareProgressMeter *meter, GCancellable *cancellable, GError **error)
{
  const SpareDecryptFile what = {
    .input = self->path,
    .output = self->options->output,
    .output_directory = self->options->output_directory,
    .conflict = self->options->conflict,
    .no_unpack = self->options->no_unpack,
  };

  return spare_decrypt_file_sync (self->owner, &what, meter, cancellable, error);
}

static void
run_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SpareJob *self = source;
  Outcome *outcome = g_new0 (Outcome, 1);
  GError *error = NULL;
  gboolean inside;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error)
      || !resolve_kind (self, &outcome->kind, &error))
    {
      outcome_free (outcome);
      g_task_return_error (task, error);
      return;
    }
  outcome->skipped = self->found && is_encrypted_already (self);
  if (!outcome->skipped)
    {
      if (spare_job_gate_enter_sync (self->path, &inside, cancellable, &error))
        outcome->result = outcome->kind == SPARE_JOB_DECRYPT
                              ? decrypt (self, task_data, cancellable, &error)
                              : encrypt (self, outcome, task_data, cancellable, &error);
      spare_job_gate_leave (inside);
      if (outcome->result == NULL)
        {
          outcome_free (outcome);
          g_task_return_error (task, error);
          return;
        }
    }
  g_task_return_pointer (task, outcome, outcome_free);
}

/**
 * spare_job_run_async:
 * @self: a job that waits
 * @callback: called when it ended, in whatever way
 * @user_data: for @callback
 *
 * Runs the job.
 */
void
spare_job_run_async (SpareJob *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  SpareProgressMeter *meter;

  g_return_if_fail (self->state == SPARE_JOB_WAITING);

  g_set_object (&self->cancellable, NULL);
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self, self->cancellable, callback, user_data);
  g_task_set_source_tag (task, spare_job_run_async);
  /* The outcome stands even if the cancellation came a moment too late for it. */
  g_task_set_check_cancellable (task, FALSE);
  meter = spare_progress_meter_new (g_main_context_get_thread_default (), progress_cb,
                                    g_object_ref (self), g_object_unref);
  g_task_set_task_data (task, meter, meter_free);
  self->stage = SPARE_STAGE_PREPARING;
  self->stage_began = 0;
  self->done = self->total = 0;
  self->seconds_left = -1;
  set_state (self, SPARE_JOB_RUNNING);
  g_task_run_in_thread (task, run_thread);
}

/**
 * spare_job_run_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error
 *
 * Takes the outcome over into the job's properties; to be called for every run.
 *
 * Returns: %FALSE if it failed or was cancelled; the error is kept in the job too
 */
gboolean
spare_job_run_finish (SpareJob *self, GAsyncResult *result, GError **error)
{
  Outcome *outcome = g_task_propagate_pointer (G_TASK (result), &self->error);

  if (outcome == NULL)
    {
      gboolean cancelled = g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

      if (error != NULL)
        *error = g_error_copy (self->error);
      set_state (self, cancelled ? SPARE_JOB_CANCELLED : SPARE_JOB_FAILED);
      return FALSE;
    }
  self->result = g_steal_pointer (&outcome->result);
  self->trashed = g_steal_pointer (&outcome->trashed);
  self->kind = outcome->kind;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_KIND]);
  set_state (self, outcome->skipped ? SPARE_JOB_SKIPPED : SPARE_JOB_DONE);
  outcome_free (outcome);
  return TRUE;
}

/**
 * spare_job_cancel:
 * @self: a job
 *
 * Ends a running job: soon it is cancelled, with nothing changed, unless it was done already. A waiting job is cancelled at
 * once.
 */
void
spare_job_cancel (SpareJob *self)
{
  if (self->state == SPARE_JOB_RUNNING)
    g_cancellable_cancel (self->cancellable);
  else if (self->state == SPARE_JOB_WAITING)
    set_state (self, SPARE_JOB_CANCELLED);
}

/**
 * spare_job_reset:
 * @self: a job that failed or was cancelled
 *
 * Lets the job wait again.
 */
void
spare_job_reset (SpareJob *self)
{
  g_return_if_fail (self->state == SPARE_JOB_FAILED || self->state == SPARE_JOB_CANCELLED);

  g_clear_error (&self->error);
  self->kind = self->wanted;
  /* The cause may be gone: look at keys and policy again. */
  g_mutex_lock (&self->options->lock);
  g_clear_pointer (&self->options->plan, spare_encryption_plan_unref);
  g_mutex_unlock (&self->options->lock);
  set_state (self, SPARE_JOB_WAITING);
}

static void
undo_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SpareJob *self = source;
  GError *error = NULL;
  g_autoptr (GError) ignored = NULL;
  g_autoptr (SpareTrashed) output = NULL;

  /* First the original: if that fails, all is as it was. */
  if (self->trashed != NULL && !spare_trashed_restore (self->trashed, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  output = spare_trash_file (self->result->output, cancellable, &error);
  if (output == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  /* The packet of a file that can come back out of the trash is needed if it is the authority's only one. */
  if (self->result->serial != NULL && self->result->mode == SPARE_ESCROW_EMBEDDED
      && !self->result->pending
      && !spare_outbox_withdraw_sync (spare_owner_get_outbox (self->owner),
                                      self->result->serial, &ignored))
    g_debug ("the row stays: %s", ignored->message);
  g_task_return_boolean (task, TRUE);
}

/**
 * spare_job_undo_async:
 * @self: a job for which spare_job_can_undo() holds
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * Takes the result back: the original out of the trash, the output into it.
 */
void
spare_job_undo_async (SpareJob *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_return_if_fail (spare_job_can_undo (self));

  g_task_set_source_tag (task, spare_job_undo_async);
  g_task_run_in_thread (task, undo_thread);
}

gboolean
spare_job_undo_finish (SpareJob *self, GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  set_state (self, SPARE_JOB_UNDONE);
  return TRUE;
}

const char *
spare_job_get_path (SpareJob *self)
{
  return self->path;
}

const char *
spare_job_get_display_name (SpareJob *self)
{
  return self->display_name;
}

gboolean
spare_job_is_folder (SpareJob *self)
{
  return g_file_test (self->path, G_FILE_TEST_IS_DIR);
}

SpareJobOptions *
spare_job_get_options (SpareJob *self)
{
  return self->options;
}

void
spare_job_set_found (SpareJob *self, gboolean found)
{
  self->found = found;
}

SpareJobKind
spare_job_get_kind (SpareJob *self)
{
  return self->kind;
}

SpareJobState
spare_job_get_state (SpareJob *self)
{
  return self->state;
}

SpareStage
spare_job_get_stage (SpareJob *self)
{
  return self->stage;
}

guint64
spare_job_get_done (SpareJob *self)
{
  return self->done;
}

guint64
spare_job_get_total (SpareJob *self)
{
  return self->total;
}

int
spare_job_get_seconds_left (SpareJob *self)
{
  return self->seconds_left;
}

const SpareFileResult *
spare_job_get_result (SpareJob *self)
{
  return self->result;
}

const GError *
spare_job_get_error (SpareJob *self)
{
  return self->error;
}

gboolean
spare_job_can_undo (SpareJob *self)
{
  return self->state == SPARE_JOB_DONE && self->result != NULL && self->result->output != NULL
         && (self->trashed == NULL || spare_trashed_can_restore (self->trashed))
         /* What was replaced is gone, so there is nothing to go back to. */
         && self->options->conflict != SPARE_CONFLICT_REPLACE;
}
