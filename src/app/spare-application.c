/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The application: one process, one window, one owner, one list of jobs. File managers and the desktop reach it by D-Bus
 * (Open, and the actions of spare-file-actions.c with addresses of files).
 *
 * Promise: while jobs run, the session is not suspended or ended without a word, and Quit asks first. A job that is
 * stopped leaves its original as it was. */
#include "config.h"

#include "spare-application.h"

#include "spare-app-resources.h"
#include "spare-authority-window-private.h"
#include "spare-file-actions.h"
#include "spare-help.h"
#include "spare-icons.h"
#include "spare-job-queue.h"
#include "spare-preferences.h"
#include "spare-window.h"

#include <glib/gi18n-lib.h>

#define NOTIFICATION_ID "jobs"
#define ANSWERS_ID      "answers"

struct _SpareApplication
{
  AdwApplication parent_instance;

  GError *start_error; /* the engine or the process could not be made ready */
  SpareOwner *owner;
  SpareJobQueue *queue;
  SpareWindow *window;                    /* weak */
  SpareAuthorityWindow *authority_window; /* weak */
  gboolean start_authority;               /* by --authority: no window of the owner's */
  guint inhibit_cookie;
};

G_DEFINE_FINAL_TYPE (SpareApplication, spare_application, ADW_TYPE_APPLICATION)

static void
window_active_cb (SpareApplication *self)
{
  if (self->window && gtk_window_is_active (GTK_WINDOW (self->window)))
    {
      g_application_withdraw_notification (G_APPLICATION (self), NOTIFICATION_ID);
      g_application_withdraw_notification (G_APPLICATION (self), ANSWERS_ID);
    }
}

/* Nobody who looks at the window needs to be told what it shows. */
static gboolean
should_notify (SpareApplication *self)
{
  gboolean wanted;

  g_object_get (spare_owner_get_settings (self->owner), "notify", &wanted, NULL);
  return wanted && (self->window == NULL || !gtk_window_is_active (GTK_WINDOW (self->window)));
}

static void
answers_found_cb (SpareApplication *self, const char *text)
{
  g_autoptr (GNotification) notification = NULL;

  if (!should_notify (self))
    return;
  notification = g_notification_new (_ ("There Is an Answer for You"));
  g_notification_set_body (notification, text);
  g_notification_set_default_action (notification, "app.show");
  g_application_send_notification (G_APPLICATION (self), ANSWERS_ID, notification);
}

static SpareWindow *
ensure_window (SpareApplication *self)
{
  if (self->window == NULL)
    {
      SpareWindow *window = spare_window_new (GTK_APPLICATION (self), self->owner, self->queue,
                                              self->start_error);

      g_set_weak_pointer (&self->window, window);
      g_signal_connect_object (window, "notify::is-active", G_CALLBACK (window_active_cb), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (window, "answers-found", G_CALLBACK (answers_found_cb), self,
                               G_CONNECT_SWAPPED);
    }
  return self->window;
}

static gboolean
is_authority_busy (SpareApplication *self)
{
  return self->authority_window
         && spare_authority_bar_is_busy (
             spare_authority_window_get_bar (self->authority_window));
}

/* Work on files, the owner's or the authority's, is not to be cut off by a lid that closes or a log-out. */
static void
update_inhibit (SpareApplication *self)
{
  gboolean busy = spare_job_queue_is_busy (self->queue) || is_authority_busy (self);
  GtkWindow *window = self->window ? GTK_WINDOW (self->window)
                                   : GTK_WINDOW (self->authority_window);

  if (busy && self->inhibit_cookie == 0)
    self->inhibit_cookie = gtk_application_inhibit (GTK_APPLICATION (self), window,
                                                    GTK_APPLICATION_INHIBIT_SUSPEND
                                                        | GTK_APPLICATION_INHIBIT_LOGOUT,
                                                    _ ("Files are being encrypted or opened"));
  else if (!busy && self->inhibit_cookie != 0)
    {
      gtk_application_uninhibit (GTK_APPLICATION (self), self->inhibit_cookie);
      self->inhibit_cookie = 0;
    }
}

/* A window that is closed may be held on to by what still runs in it. */
static void
window_removed_cb (SpareApplication *self, GtkWindow *window)
{
  if (window == (GtkWindow *) self->window)
    g_clear_weak_pointer (&self->window);
  if (window == (GtkWindow *) self->authority_window)
    g_clear_weak_pointer (&self->authority_window);
  if (self->queue)
    update_inhibit (self);
}

static void
show_authority (SpareApplication *self)
{
  if (self->authority_window == NULL)
    {
      SpareAuthorityWindow *window = spare_authority_window_new (GTK_APPLICATION (self),
                                                                 self->start_error);

      g_set_weak_pointer (&self->authority_window, window);
      g_signal_connect_object (spare_authority_window_get_bar (window), "notify::visible",
                               G_CALLBACK (update_inhibit), self, G_CONNECT_SWAPPED);
    }
  gtk_window_present (GTK_WINDOW (self->authority_window));
}

static void
spare_application_activate (GApplication *application)
{
  SpareApplication *self = SPARE_APPLICATION (application);

  if (self->start_authority)
    {
      self->start_authority = FALSE;
      show_authority (self);
      return;
    }
  gtk_window_present (GTK_WINDOW (ensure_window (SPARE_APPLICATION (application))));
}

/* The one window, brought to the front. */
SpareWindow *
spare_application_present (SpareApplication *self)
{
  SpareWindow *window = ensure_window (self);

  gtk_window_present (GTK_WINDOW (window));
  return window;
}

static void
spare_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_object_unref);

  for (int i = 0; i < n_files; i++)
    g_ptr_array_add (list, g_object_ref (files[i]));
  spare_window_take_files (spare_application_present (SPARE_APPLICATION (application)), list,
                           SPARE_JOB_AUTO);
}

static void
show_result_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareApplication *self = user_data;

  gtk_window_present (GTK_WINDOW (ensure_window (self)));
  spare_window_show_page (self->window, "files");
}

static void
show_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (ensure_window (user_data)));
}

/* Authority mode signs its log when its window is closed, and asks first while it works: then there is no end yet. */
static void
quit (SpareApplication *self)
{
  g_autoptr (SpareAuthoritySession) session = NULL;

  if (self->authority_window)
    {
      g_set_object (&session, spare_authority_window_get_session (self->authority_window));
      if (is_authority_busy (self))
        gtk_window_present (GTK_WINDOW (self->authority_window));
      gtk_window_close (GTK_WINDOW (self->authority_window));
      if (self->authority_window)
        return;
    }
  if (self->window)
    spare_window_keep_size (self->window);
  if (session == NULL || !spare_authority_session_is_busy (session))
    {
      g_application_quit (G_APPLICATION (self));
      return;
    }
  /* The end comes with that of the work. */
  g_application_set_inactivity_timeout (G_APPLICATION (self), 0);
  if (self->window)
    gtk_window_destroy (GTK_WINDOW (self->window));
}

static void
quit_answered_cb (AdwMessageDialog *dialog, const char *response, SpareApplication *self)
{
  if (g_str_equal (response, "stop"))
    {
      spare_job_queue_cancel_all (self->queue);
      quit (self);
    }
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareApplication *self = user_data;
  GtkWidget *dialog;

  if (!spare_job_queue_is_busy (self->queue) || self->window == NULL)
    {
      quit (self);
      return;
    }

  dialog = adw_message_dialog_new (GTK_WINDOW (self->window), _ ("Stop Working on Files?"),
                                   _ ("Some files are not finished. If they are stopped now, "
                                      "their originals stay as they are."));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "keep", _ ("_Keep Working"),
                                    "stop", _ ("_Stop and Quit"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "stop",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "keep");
  g_signal_connect_object (dialog, "response", G_CALLBACK (quit_answered_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
preferences_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareApplication *self = user_data;
  SparePreferences *preferences;

  if (self->window == NULL || spare_owner_get_state (self->owner) == SPARE_OWNER_CLOSED)
    return;
  preferences = spare_preferences_new (GTK_WINDOW (self->window), self->owner);
  gtk_window_present (GTK_WINDOW (preferences));
}

static void
authority_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  show_authority (user_data);
}

static void
help_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (user_data));

  if (window)
    spare_help_show (window);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareApplication *self = user_data;

  adw_show_about_window (
      gtk_application_get_active_window (GTK_APPLICATION (self)), "application-name",
      _ ("Spare Key"), "application-icon", APPLICATION_ID, "version", PACKAGE_VERSION,
      "developer-name", _ ("The Spare Key developers"), "license-type", GTK_LICENSE_GPL_3_0,
      "comments",
      _ ("Encrypts files so that a backup authority can help when your key is lost."), NULL);
}

static const GActionEntry app_actions[] = {
  { "show", show_action },
  { "show-result", show_result_action },
  { "preferences", preferences_action },
  { "authority", authority_action },
  { "about", about_action },
  { "help", help_action },
  { "quit", quit_action },
};

static void
batch_finished_cb (SpareApplication *self)
{
  g_autoptr (GNotification) notification = NULL;
  g_autoptr (GString) body = g_string_new (NULL);
  SpareJobCounts counts;

  if (!should_notify (self))
    return;

  spare_job_queue_get_counts (self->queue, &counts);
  if (counts.done == 0 && counts.failed == 0)
    return;
  if (counts.done > 0)
    g_string_append_printf (body,
                            ngettext ("%u file is done.", "%u files are done.", counts.done),
                            counts.done);
  if (counts.failed > 0)
    {
      if (body->len > 0)
        g_string_append_c (body, ' ');
      g_string_append_printf (body,
                              ngettext ("%u file was left as it was.",
                                        "%u files were left as they were.", counts.failed),
                              counts.failed);
    }
  notification = g_notification_new (counts.failed > 0 ? _ ("Spare Key Needs a Look")
                                                       : _ ("Files Are Ready"));
  g_notification_set_body (notification, body->str);
  g_notification_set_default_action (notification, "app.show-result");
  g_application_send_notification (G_APPLICATION (self), NOTIFICATION_ID, notification);
}

static void
spare_application_startup (GApplication *application)
{
  SpareApplication *self = SPARE_APPLICATION (application);
  GtkApplication *gtk_application = GTK_APPLICATION (application);
  static const struct
  {
    const char *action;
    const char *keys[2];
  } accels[] = {
    { "app.quit", { "<Control>q" } },
    { "app.preferences", { "<Control>comma" } },
    { "app.help", { "F1" } },
    { "win.show-help-overlay", { "<Control>question" } },
    { "win.find", { "<Control>f" } },
    { "win.choose-files", { "<Control>o" } },
    { "win.choose-folder", { "<Control><Shift>o" } },
    { "win.inspect", { "<Control>i" } },
    { "window.close", { "<Control>w" } },
  };

  g_resources_register (spare_app_get_resource ());
  g_resources_register (spare_icons_get_resource ());
  G_APPLICATION_CLASS (spare_application_parent_class)->startup (application);

  self->owner = spare_owner_new ();
  self->queue = spare_job_queue_new (self->owner);
  gtk_window_set_default_icon_name (APPLICATION_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), app_actions, G_N_ELEMENTS (app_actions),
                                   self);
  spare_file_actions_add (self, self->owner);
  spare_help_watch_windows ();
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (gtk_application, accels[i].action,
                                           (const char *const[]){ accels[i].keys[0],
                                                                  accels[i].keys[1], NULL });

  g_signal_connect_object (self->queue, "changed", G_CALLBACK (update_inhibit), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "window-removed", G_CALLBACK (window_removed_cb), NULL);
  g_signal_connect_object (self->queue, "batch-finished", G_CALLBACK (batch_finished_cb), self,
                           G_CONNECT_SWAPPED);
}

/* A second start asks the first one for the authority's window. */
static int
spare_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  SpareApplication *self = SPARE_APPLICATION (application);
  g_autoptr (GError) error = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("sparekey %s\n", PACKAGE_VERSION);
      return 0;
    }
  if (!g_variant_dict_contains (options, "authority"))
    return -1;
  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  if (g_application_get_is_remote (application))
    {
      g_action_group_activate_action (G_ACTION_GROUP (application), "authority", NULL);
      return 0;
    }
  self->start_authority = TRUE;
  return -1;
}

/* What is imported is told by the authority's own window: files beside its option would open the owner's. */
static gboolean
has_files_for_authority (char **arguments)
{
  gboolean file = FALSE;

  for (guint i = 1; arguments[0] && arguments[i]; i++)
    file = file || arguments[i][0] != '-';
  return file && g_strv_contains ((const char *const *) arguments, "--authority");
}

/* Files that come with the name of an action: what file managers without a module of ours start. */
static gboolean
spare_application_local_command_line (GApplication *application, char ***arguments, int *status)
{
  if (has_files_for_authority (*arguments))
    {
      g_printerr ("%s\n",
                  _ ("“--authority” takes no files. Import them in the window that it opens."));
      *status = 2;
      return TRUE;
    }
  return spare_file_actions_run (application, *arguments, status)
         || G_APPLICATION_CLASS (spare_application_parent_class)
                ->local_command_line (application, arguments, status);
}

static void
spare_application_shutdown (GApplication *application)
{
  SpareApplication *self = SPARE_APPLICATION (application);

  if (self->queue)
    spare_job_queue_cancel_all (self->queue);
  if (self->owner)
    spare_owner_close (self->owner);
  G_APPLICATION_CLASS (spare_application_parent_class)->shutdown (application);
}

static void
spare_application_dispose (GObject *object)
{
  SpareApplication *self = SPARE_APPLICATION (object);

  g_clear_weak_pointer (&self->window);
  g_clear_weak_pointer (&self->authority_window);
  g_clear_object (&self->queue);
  g_clear_object (&self->owner);
  g_clear_error (&self->start_error);
  G_OBJECT_CLASS (spare_application_parent_class)->dispose (object);
}

static void
spare_application_class_init (SpareApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_application_dispose;
  application_class->startup = spare_application_startup;
  application_class->activate = spare_application_activate;
  application_class->open = spare_application_open;
  application_class->local_command_line = spare_application_local_command_line;
  application_class->handle_local_options = spare_application_handle_local_options;
  application_class->shutdown = spare_application_shutdown;
}

static void
spare_application_init (SpareApplication *self)
{
  static const GOptionEntry options[] = {
    { "authority", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Open the backup authority’s window"),
      NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
  spare_file_actions_add_options (G_APPLICATION (self));
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[FILE…]"));
}

/* @start_error: why the engine or the process could not be made ready, shown instead of the drop zone; NULL: all is well. */
SpareApplication *
spare_application_new (const GError *start_error)
{
  SpareApplication *self = g_object_new (SPARE_TYPE_APPLICATION, "application-id",
                                         APPLICATION_ID, "flags", G_APPLICATION_HANDLES_OPEN,
                                         "resource-base-path", "/org/sparekey/SpareKey",
                                         "inactivity-timeout", 10000, NULL);

  if (start_error)
    self->start_error = g_error_copy (start_error);
  return self;
}
