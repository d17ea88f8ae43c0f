/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files encrypted anew, with a new session key, after the old key was stolen: two ordinary jobs for each.
 *
 * Promise: the encrypted file is replaced only by the finished new one; what was decrypted on the way goes to the trash
 * after that. Whatever fails shows in the list of jobs, and leaves the encrypted file as it was. */
#include "config.h"

#include "spare-renewal.h"

typedef struct
{
  SpareJobQueue *queue;
  char *path; /* of the encrypted file */
} Step;

static void
step_free (gpointer data, GClosure *closure)
{
  Step *step = data;

  g_object_unref (step->queue);
  g_free (step->path);
  g_free (step);
}

static void
state_cb (SpareJob *job, GParamSpec *pspec, Step *step)
{
  const SpareFileResult *result = spare_job_get_result (job);
  g_autoptr (SpareJobOptions) options = NULL;
  g_autofree char *output = NULL;
  const char *paths[2] = { NULL, NULL };

  if (spare_job_get_state (job) != SPARE_JOB_DONE || result == NULL || result->output == NULL)
    return;
  options = spare_job_options_new ();
  options->output = g_strdup (step->path);
  options->conflict = SPARE_CONFLICT_REPLACE;
  options->trash_original = TRUE;
  output = g_strdup (result->output);
  paths[0] = output;
  spare_job_queue_add (step->queue, paths, SPARE_JOB_ENCRYPT, options);
  g_signal_handlers_disconnect_by_func (job, state_cb, step);
}

/* The newest job for this file: the one that was just added. */
static SpareJob *
find_job (SpareJobQueue *queue, const char *path)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (queue)); i > 0; i--)
    {
      g_autoptr (SpareJob) job = g_list_model_get_item (G_LIST_MODEL (queue), i - 1);

      if (g_strcmp0 (spare_job_get_path (job), path) == 0)
        return g_steal_pointer (&job);
    }
  return NULL;
}

void
spare_renewal_start (SpareJobQueue *queue, GPtrArray *paths)
{
  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (SpareJobOptions) options = spare_job_options_new ();
      const char *one[] = { g_ptr_array_index (paths, i), NULL };
      g_autoptr (SpareJob) job = NULL;
      Step *step;

      options->conflict = SPARE_CONFLICT_RENAME;
      options->no_unpack = TRUE;
      spare_job_queue_add (queue, one, SPARE_JOB_DECRYPT, options);
      job = find_job (queue, one[0]);
      if (job == NULL)
        continue;
      step = g_new0 (Step, 1);
      step->queue = g_object_ref (queue);
      step->path = g_strdup (one[0]);
      g_signal_connect_data (job, "notify::state", G_CALLBACK (state_cb), step, step_free, 0);
    }
}
