/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings dropped files into the list of jobs, a few at a time.
 *
 * Promise: however many are dropped, the main loop is held for a few milliseconds at once, and each file either becomes
 * a job or is named as refused. Files without a path on this computer (in the trash, on a phone) are refused: reading them
 * would mean copying them in the clear first. */
#include "config.h"

#include "spare-intake.h"

#include "spare-display.h"

#include <gtk/gtk.h>

/* The list keeps some two hundred rows as widgets, and making one costs as much as a hundred files without a row. So the first
 * ones come a few at a time, about as fast as the screen is drawn, and after it is drawn: rows that nobody laid out pile up
 * on a busy computer, and are then laid out in one go. */
#define ROWS_KEPT   250
#define STEP_FILES  3
#define STEP_MSEC   15
#define STEP_BUDGET (4 * G_TIME_SPAN_MILLISECOND)
#define STEP_LATER  (GDK_PRIORITY_REDRAW + 10)

typedef struct
{
  GPtrArray *files;
  guint position;
  SpareJobKind kind;
  SpareJobOptions *options;
  guint n_refused;
  char *first_refused;
} Batch;

struct _SpareIntake
{
  GObject parent_instance;

  SpareJobQueue *queue;
  GQueue batches; /* of Batch */
  guint source;
};

enum
{
  REFUSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareIntake, spare_intake, G_TYPE_OBJECT)

static void
batch_free (Batch *batch)
{
  g_ptr_array_unref (batch->files);
  spare_job_options_unref (batch->options);
  g_free (batch->first_refused);
  g_free (batch);
}

static void
batch_refuse (Batch *batch, GFile *file)
{
  batch->n_refused++;
  if (batch->first_refused == NULL)
    {
      g_autofree char *base = g_file_get_basename (file);

      batch->first_refused = spare_display_text (base ? base : "", -1, 60);
    }
}

static void
batch_step (SpareIntake *self, Batch *batch)
{
  const char *paths[STEP_FILES + 1];
  guint n = 0;

  while (n < STEP_FILES && batch->position < batch->files->len)
    {
      GFile *file = g_ptr_array_index (batch->files, batch->position++);
      const char *path = g_file_peek_path (file);

      if (path)
        paths[n++] = path;
      else
        batch_refuse (batch, file);
    }
  paths[n] = NULL;
  if (n > 0)
    spare_job_queue_add (self->queue, paths, batch->kind, batch->options);
}

static gboolean
step_cb (gpointer user_data)
{
  SpareIntake *self = user_data;
  gint64 deadline = g_get_monotonic_time () + STEP_BUDGET;
  Batch *batch;

  while ((batch = g_queue_peek_head (&self->batches)))
    {
      batch_step (self, batch);
      if (batch->position >= batch->files->len)
        {
          g_queue_pop_head (&self->batches);
          if (batch->n_refused > 0)
            g_signal_emit (self, signals[REFUSED], 0, batch->n_refused, batch->first_refused);
          batch_free (batch);
        }
      if (g_list_model_get_n_items (G_LIST_MODEL (self->queue)) < ROWS_KEPT
          || g_get_monotonic_time () >= deadline)
        break;
    }
  if (!g_queue_is_empty (&self->batches))
    return G_SOURCE_CONTINUE;
  self->source = 0;
  return G_SOURCE_REMOVE;
}

void
spare_intake_add (SpareIntake *self,
                  GPtrArray *files,
                  SpareJobKind kind,
                  SpareJobOptions *options)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->files = g_ptr_array_ref (files);
  batch->kind = kind;
  batch->options = spare_job_options_ref (options);
  g_queue_push_tail (&self->batches, batch);
  if (self->source == 0)
    self->source = g_timeout_add_full (STEP_LATER, STEP_MSEC, step_cb, self, NULL);
}

static void
spare_intake_dispose (GObject *object)
{
  SpareIntake *self = SPARE_INTAKE (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_queue_clear_full (&self->batches, (GDestroyNotify) batch_free);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (spare_intake_parent_class)->dispose (object);
}

static void
spare_intake_class_init (SpareIntakeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_intake_dispose;
  signals[REFUSED] = g_signal_new ("refused", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT,
                                   G_TYPE_STRING);
}

static void
spare_intake_init (SpareIntake *self)
{
  g_queue_init (&self->batches);
}

SpareIntake *
spare_intake_new (SpareJobQueue *queue)
{
  SpareIntake *self = g_object_new (SPARE_TYPE_INTAKE, NULL);

  self->queue = g_object_ref (queue);
  return self;
}
