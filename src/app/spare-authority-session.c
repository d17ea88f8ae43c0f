/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Authority mode while its window is there: the one SpareAuthority, its work in threads, its passphrase, its lock.
 *
 * Promise: the main thread never waits for the database or the engine. The passphrase is asked in a window of this
 * program and never kept here: GnuPG's agent has it for a stretch of work. After ten minutes without a key, a click or
 * work it is forgotten, time asleep included; before that the log is signed, as long as it can be without asking. Work
 * that still runs when the window is closed is waited for, and authority mode is closed after it. */
#include "config.h"

#include "spare-authority-session.h"

#include "spare-authority-passphrase.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <time.h>

#define LOCK_AFTER_SECONDS (10 * 60)
#define TICK_SECONDS       15

struct _SpareAuthoritySession
{
  GObject parent_instance;

  SpareAuthority *authority;
  GtkWindow *window; /* weak: where the passphrase is asked */
  gulong changed_id; /* of the registry */
  guint lock_after;  /* seconds without a sign of life */
  gint64 touched;    /* microseconds, see now() */
  guint lock_source;
  guint n_running;
  gboolean closed;
  gint quiet; /* atomic: while it is not zero nobody is asked */
};

typedef struct
{
  SpareAuthorityWorkFunc work;
  gpointer data;
  GDestroyNotify free_data;
  GDestroyNotify free_result;
  SpareAuthorityDoneFunc done;
  GObject *object;
  GApplication *application; /* stays until the work is done, whichever windows are closed */
} Run;

enum
{
  OPENED,
  CHANGED,
  LOCKED,
  N_SIGNALS
};

enum
{
  PROP_0,
  PROP_LOCK_AFTER,
  N_PROPS
};

static guint signals[N_SIGNALS];
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (SpareAuthoritySession, spare_authority_session, G_TYPE_OBJECT)

/* --- The passphrase --- */

/* A wrong one is found out before GnuPG fails with it: an operation may have done its first half by then. If that can't be
 * told, GnuPG will. */
static gboolean
is_wrong (SpareAuthority *authority, SpareSecret *passphrase, GCancellable *cancellable)
{
  g_autoptr (SpareKey) key = spare_authority_dup_key (authority);
  g_autoptr (GError) error = NULL;

  return key != NULL
         && !spare_home_check_passphrase_sync (spare_authority_get_home (authority), key,
                                               passphrase, cancellable, &error)
         && g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
}

/* In the thread of an operation. Asks until it is the right one, or dismissed. */
static SpareSecret *
passphrase_cb (const char *fingerprint,
               gboolean was_wrong,
               GCancellable *cancellable,
               gpointer user_data,
               GError **error)
{
  SpareAuthoritySession *self = user_data;

  while (g_atomic_int_get (&self->quiet) == 0)
    {
      g_autoptr (SpareSecret)
          typed = spare_authority_passphrase_ask_sync (&self->window, was_wrong, cancellable,
                                                       error);

      if (typed == NULL || !is_wrong (self->authority, typed, cancellable))
        return g_steal_pointer (&typed);
      was_wrong = TRUE;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                       _ ("The passphrase was not asked for. Nothing was changed."));
  return NULL;
}

/* --- Work --- */

static void
run_free (gpointer data)
{
  Run *run = data;

  if (run->free_data)
    run->free_data (run->data);
  g_clear_object (&run->object);
  g_clear_object (&run->application);
  g_free (run);
}

static void
run_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SpareAuthoritySession *self = source;
  Run *run = task_data;
  g_autoptr (GError) error = NULL;
  gpointer result = run->work (self->authority, run->data, cancellable, &error);

  if (error)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, result, run->free_result);
}

static void
close_authority (SpareAuthoritySession *self)
{
  g_autoptr (GError) error = NULL;

  if (self->n_running == 0 && spare_authority_is_open (self->authority)
      && !spare_authority_close_sync (self->authority, NULL, &error))
    g_debug ("closed without a checkpoint: %s", error->message);
}

static void
run_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareAuthoritySession *self = SPARE_AUTHORITY_SESSION (source);
  Run *run = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  self->n_running--;
  spare_authority_session_touch (self);
  if (run->done)
    run->done (run->object, value, error, run->data);
  if (value && run->free_result)
    run->free_result (value);
  if (self->closed)
    close_authority (self);
  if (run->application)
    g_application_release (run->application);
}

void
spare_authority_session_run (SpareAuthoritySession *self,
                             SpareAuthorityWorkFunc work,
                             gpointer data,
                             GDestroyNotify free_data,
                             GDestroyNotify free_result,
                             GCancellable *cancellable,
                             SpareAuthorityDoneFunc done,
                             gpointer object)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, run_cb, NULL);
  Run *run = g_new0 (Run, 1);

  run->work = work;
  run->data = data;
  run->free_data = free_data;
  run->free_result = free_result;
  run->done = done;
  run->object = object ? g_object_ref (object) : NULL;
  if (g_application_get_default ())
    {
      run->application = g_object_ref (g_application_get_default ());
      g_application_hold (run->application);
    }
  self->n_running++;
  g_task_set_task_data (task, run, run_free);
  /* What was done is told, even if it was to be stopped. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->closed)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                             "authority mode is closed");
  else
    g_task_run_in_thread (task, run_thread);
}

gboolean
spare_authority_session_is_busy (SpareAuthoritySession *self)
{
  return self->n_running > 0;
}

/* --- Lock --- */

static void
forget (SpareAuthority *authority, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (!spare_authority_is_open (authority))
    return;
  if (!spare_audit_checkpoint_sync (spare_authority_get_audit (authority), cancellable, &error))
    g_debug ("no checkpoint before the lock: %s", error->message);
  spare_authority_lock (authority);
}

static gpointer
lock_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  forget (authority, cancellable);
  return NULL;
}

static void
locked_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthoritySession *self = SPARE_AUTHORITY_SESSION (object);

  g_atomic_int_add (&self->quiet, -1);
  if (!self->closed)
    g_signal_emit (self, signals[LOCKED], 0);
}

void
spare_authority_session_lock (SpareAuthoritySession *self)
{
  if (!spare_authority_session_is_open (self))
    return;
  g_atomic_int_inc (&self->quiet);
  spare_authority_session_run (self, lock_work, NULL, NULL, NULL, NULL, locked_cb, self);
}

/* Counts on while the computer sleeps, which GLib's monotonic time does not. */
static gint64
now (void)
{
  struct timespec time;

  if (clock_gettime (CLOCK_BOOTTIME, &time) != 0)
    return g_get_monotonic_time ();
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static gboolean
lock_tick_cb (gpointer user_data)
{
  SpareAuthoritySession *self = user_data;

  if (self->n_running > 0 || now () - self->touched < self->lock_after * G_USEC_PER_SEC)
    return G_SOURCE_CONTINUE;
  self->lock_source = 0;
  spare_authority_session_lock (self);
  return G_SOURCE_REMOVE;
}

/* Somebody is there. */
void
spare_authority_session_touch (SpareAuthoritySession *self)
{
  self->touched = now ();
  if (self->lock_source == 0 && !self->closed && spare_authority_session_is_open (self))
    self->lock_source = g_timeout_add_seconds (MIN (self->lock_after, TICK_SECONDS),
                                               lock_tick_cb, self);
}

static gboolean
touched_cb (GtkEventController *controller, GdkEvent *event, SpareAuthoritySession *self)
{
  GdkEventType type = gdk_event_get_event_type (event);

  if (type == GDK_KEY_PRESS || type == GDK_BUTTON_PRESS || type == GDK_TOUCH_BEGIN)
    spare_authority_session_touch (self);
  return GDK_EVENT_PROPAGATE;
}

/* Keys and clicks in @window count as somebody being there. */
void
spare_authority_session_watch (SpareAuthoritySession *self, GtkWidget *window)
{
  GtkEventController *controller = gtk_event_controller_legacy_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  g_signal_connect_object (controller, "event", G_CALLBACK (touched_cb), self, 0);
  gtk_widget_add_controller (window, controller);
}

/* --- Open and closed --- */

static void
registry_changed_cb (SpareAuthoritySession *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

/* After spare_authority_open_sync(), in the main thread. */
void
spare_authority_session_opened (SpareAuthoritySession *self)
{
  g_return_if_fail (spare_authority_is_open (self->authority));

  if (self->changed_id == 0)
    self->changed_id = g_signal_connect_object (spare_authority_get_registry (self->authority),
                                                "changed", G_CALLBACK (registry_changed_cb),
                                                self, G_CONNECT_SWAPPED);
  spare_authority_session_touch (self);
  g_signal_emit (self, signals[OPENED], 0);
}

/* Nobody is asked any more; waits for the last signature, a moment. With work under way it is done at the end of that. */
void
spare_authority_session_close (SpareAuthoritySession *self)
{
  g_clear_handle_id (&self->lock_source, g_source_remove);
  g_atomic_int_inc (&self->quiet);
  /* A question that is on its way here from a thread finds no window, and is answered at once. */
  g_clear_weak_pointer (&self->window);
  self->closed = TRUE;
  close_authority (self);
}

void
spare_authority_session_use_pinentry (SpareAuthoritySession *self, gboolean use)
{
  spare_authority_set_passphrase_func (self->authority, use ? NULL : passphrase_cb,
                                       use ? NULL : self, NULL);
}

gboolean
spare_authority_session_is_open (SpareAuthoritySession *self)
{
  return spare_authority_is_open (self->authority);
}

SpareAuthority *
spare_authority_session_get_authority (SpareAuthoritySession *self)
{
  return self->authority;
}

void
spare_authority_session_set_window (SpareAuthoritySession *self, GtkWindow *window)
{
  g_set_weak_pointer (&self->window, window);
}

static void
spare_authority_session_dispose (GObject *object)
{
  SpareAuthoritySession *self = SPARE_AUTHORITY_SESSION (object);

  g_clear_handle_id (&self->lock_source, g_source_remove);
  g_clear_weak_pointer (&self->window);
  g_clear_object (&self->authority);
  G_OBJECT_CLASS (spare_authority_session_parent_class)->dispose (object);
}

static void
spare_authority_session_set_property (GObject *object,
                                      guint id,
                                      const GValue *value,
                                      GParamSpec *pspec)
{
  SpareAuthoritySession *self = SPARE_AUTHORITY_SESSION (object);

  if (id == PROP_LOCK_AFTER)
    self->lock_after = g_value_get_uint (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
spare_authority_session_class_init (SpareAuthoritySessionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_authority_session_dispose;
  G_OBJECT_CLASS (klass)->set_property = spare_authority_session_set_property;
  /* Seconds. */
  props[PROP_LOCK_AFTER] = g_param_spec_uint ("lock-after", NULL, NULL, 1, G_MAXINT,
                                              LOCK_AFTER_SECONDS,
                                              G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY
                                                  | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
  signals[OPENED] = g_signal_new ("opened", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[LOCKED] = g_signal_new ("locked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_authority_session_init (SpareAuthoritySession *self)
{
  self->authority = spare_authority_new ();
  spare_authority_set_passphrase_func (self->authority, passphrase_cb, self, NULL);
}

SpareAuthoritySession *
spare_authority_session_new (void)
{
  return g_object_new (SPARE_TYPE_AUTHORITY_SESSION, NULL);
}
