/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress from a working thread to whoever shows it.
 *
 * Promise: reporting costs the worker next to nothing however often it is done, the listener hears at most 20
 * times a second and only in its own main context, the newest report always arrives, and after
 * spare_progress_meter_stop() nothing does.
 */
#include "config.h"

#include "spare-progress.h"

/* 20 updates a second: smooth to the eye, nothing to the window. */
#define INTERVAL_MS 50

struct _SpareProgressMeter
{
  gatomicrefcount ref_count;
  GMainContext *context;

  GMutex lock;
  SpareProgressFunc func; /* cleared by stop */
  gpointer user_data;
  GDestroyNotify destroy;
  SpareProgress newest;
  GSource *source;     /* scheduled delivery, or NULL */
  gint64 delivered_at; /* monotonic, µs */
};

/**
 * spare_progress_meter_new:
 * @context: (nullable): where @func is called, or %NULL for the thread-default context of the caller
 * @func: the listener
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data with the last reference
 *
 * Returns: (transfer full): a meter
 */
SpareProgressMeter *
spare_progress_meter_new (GMainContext *context,
                          SpareProgressFunc func,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  SpareProgressMeter *self;

  g_return_val_if_fail (func != NULL, NULL);

  self = g_new0 (SpareProgressMeter, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->context = context != NULL ? g_main_context_ref (context)
                                  : g_main_context_ref_thread_default ();
  g_mutex_init (&self->lock);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  self->delivered_at = G_MININT64 / 2;

  return self;
}

/**
 * spare_progress_meter_ref:
 * @self: a meter
 *
 * Returns: (transfer full): @self
 */
SpareProgressMeter *
spare_progress_meter_ref (SpareProgressMeter *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * spare_progress_meter_unref:
 * @self: (transfer full) (nullable): a meter
 *
 * A report on its way holds a reference, so it still arrives unless the meter was stopped.
 */
void
spare_progress_meter_unref (SpareProgressMeter *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_mutex_clear (&self->lock);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
deliver_cb (gpointer user_data)
{
  SpareProgressMeter *self = user_data;
  SpareProgressFunc func;
  SpareProgress newest;

  g_mutex_lock (&self->lock);
  func = self->func;
  newest = self->newest;
  self->delivered_at = g_get_monotonic_time ();
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->lock);

  if (func != NULL)
    func (&newest, self->user_data);

  return G_SOURCE_REMOVE;
}

/**
 * spare_progress_meter_report:
 * @self: (nullable): a meter; nothing is done for %NULL
 * @stage: what is being done
 * @done: octets done in this stage
 * @total: octets to do in this stage, or 0
 *
 * May be called from any thread. Never calls the listener itself.
 */
void
spare_progress_meter_report (SpareProgressMeter *self,
                             SpareStage stage,
                             goffset done,
                             goffset total)
{
  g_autoptr (GMutexLocker) locker = NULL;
  gint64 wait_us;

  if (self == NULL)
    return;

  locker = g_mutex_locker_new (&self->lock);
  self->newest = (SpareProgress){ stage, done, total };
  if (self->func == NULL || self->source != NULL)
    return;

  wait_us = self->delivered_at + INTERVAL_MS * 1000 - g_get_monotonic_time ();
  self->source = wait_us > 0 ? g_timeout_source_new ((guint) (wait_us / 1000 + 1))
                             : g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->source, "spare-progress");
  g_source_set_callback (self->source, deliver_cb, spare_progress_meter_ref (self),
                         (GDestroyNotify) spare_progress_meter_unref);
  g_source_attach (self->source, self->context);
}

/**
 * spare_progress_meter_stop:
 * @self: (nullable): a meter
 *
 * No report is delivered any more. Call it in the listener's own context before the listener goes away; in
 * another thread a delivery may be under way at the same time.
 */
void
spare_progress_meter_stop (SpareProgressMeter *self)
{
  GSource *source;

  if (self == NULL)
    return;

  g_mutex_lock (&self->lock);
  self->func = NULL;
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->lock);

  if (source != NULL)
    {
      g_source_destroy (source);
      g_source_unref (source);
    }
}
