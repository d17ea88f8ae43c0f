/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's window: starts the owner's side, leads through the set-up when something is missing, then shows the pages.
 * All that a person can do here is an action of the window, so that keyboard, menu, buttons and tests use the same door.
 *
 * Promise: what keeps files from being encrypted or opened is said across the window for as long as it lasts. */
#include "config.h"

#include "spare-window.h"

#include "spare-banner.h"
#include "spare-column-layout.h"
#include "spare-error.h"
#include "spare-escrow-page.h"
#include "spare-file-chooser.h"
#include "spare-files-page.h"
#include "spare-inspect-dialog.h"
#include "spare-intake.h"
#include "spare-narrow.h"
#include "spare-panel-window.h"
#include "spare-set-up.h"
#include "spare-shortcuts.h"
#include "spare-toast.h"
#include "spare-window-private.h"
#include "spare-wrap-layout.h"

#include <glib/gi18n-lib.h>

G_DEFINE_FINAL_TYPE (SpareWindow, spare_window, ADW_TYPE_APPLICATION_WINDOW)

/* Toasts read markup; what they are given here is text. */
void
spare_window_tell (SpareWindow *self, const char *text)
{
  adw_toast_overlay_add_toast (self->toasts, spare_toast_new (GTK_WIDGET (self), text, NULL));
}

void
spare_window_show_page (SpareWindow *self, const char *name)
{
  adw_view_stack_set_visible_child_name (self->pages, name);
}

static gboolean
is_ready (SpareWindow *self)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->root_stack), "main") == 0;
}

static void
flush_waiting (SpareWindow *self)
{
  Waiting *waiting;

  while ((waiting = g_queue_pop_head (&self->waiting)))
    {
      spare_window_take_files (self, waiting->files, waiting->kind);
      g_ptr_array_unref (waiting->files);
      g_free (waiting);
    }
}

void
spare_window_take_files (SpareWindow *self, GPtrArray *files, SpareJobKind kind)
{
  g_autoptr (SpareJobOptions) options = NULL;
  g_autoptr (GPtrArray) others = NULL;

  if (!is_ready (self))
    {
      Waiting *waiting = g_new0 (Waiting, 1);

      waiting->files = g_ptr_array_ref (files);
      waiting->kind = kind;
      g_queue_push_tail (&self->waiting, waiting);
      if (g_strcmp0 (gtk_stack_get_visible_child_name (self->root_stack), "set-up") == 0)
        spare_window_tell (self, _ ("The files are taken when the set-up is done."));
      return;
    }
  if (kind != SPARE_JOB_ENCRYPT)
    files = others = spare_window_take_answers (self, files);
  if (files->len == 0)
    return;
  options = spare_files_page_make_options (self->files_page);
  spare_intake_add (self->intake, files, kind, options);
  spare_window_show_page (self, "files");
}

static void
refused_cb (SpareWindow *self, guint n, const char *first)
{
  g_autofree char *text = NULL;

  if (n == 1)
    text = g_strdup_printf (_ ("“%s” is not on this computer. Copy it to a folder here, then "
                               "drop that copy."),
                            first);
  else
    text = g_strdup_printf (ngettext ("%u file is not on this computer and was left out.",
                                      "%u files are not on this computer and were left out.",
                                      n),
                            n);
  spare_window_tell (self, text);
}

/* Start */

static void
sync_state (SpareWindow *self)
{
  const char *page = gtk_stack_get_visible_child_name (self->root_stack);

  switch (spare_owner_get_state (self->owner))
    {
    case SPARE_OWNER_CLOSED:
      break;
    case SPARE_OWNER_NEEDS_KEY:
    case SPARE_OWNER_NEEDS_AUTHORITY:
      if (g_strcmp0 (page, "set-up") != 0)
        {
          gtk_stack_set_visible_child_name (self->root_stack, "set-up");
          spare_set_up_start (self->set_up, self->owner);
        }
      break;
    case SPARE_OWNER_READY:
    default:
      /* The assistant says itself when it is done: its last page is still to be read. */
      if (g_strcmp0 (page, "set-up") != 0)
        {
          gtk_stack_set_visible_child_name (self->root_stack, "main");
          flush_waiting (self);
          spare_window_watch_media (self);
        }
      break;
    }
  spare_window_check_state (self);
}

static void
set_up_finished_cb (SpareWindow *self)
{
  gtk_stack_set_visible_child_name (self->root_stack, "main");
  spare_files_page_focus_start (self->files_page);
  flush_waiting (self);
  spare_window_watch_media (self);
  spare_window_check_state (self);
}

static void
show_trouble (SpareWindow *self, const GError *error)
{
  g_autofree char *escaped = g_markup_escape_text (error->message, -1);

  /* A key of the person's own GnuPG needs no keyring: a way on for a desktop that has none. */
  gtk_widget_set_visible (self->other_key_button,
                          g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING)
                              || g_error_matches (error, SPARE_ERROR,
                                                  SPARE_ERROR_KEYRING_GONE));
  adw_status_page_set_description (self->trouble, escaped);
  gtk_stack_set_visible_child_name (self->root_stack, "trouble");
  gtk_widget_grab_focus (self->retry_button);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (spare_owner_open_finish (SPARE_OWNER (source), result, &error))
    sync_state (self);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_trouble (self, error);
}

static void
start (SpareWindow *self)
{
  gtk_stack_set_visible_child_name (self->root_stack, "starting");
  spare_owner_open_async (self->owner, self->cancellable, opened_cb, g_object_ref (self));
}

/* Actions */

static void
start_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  start (user_data);
}

static void
tell_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_window_tell (user_data, g_variant_get_string (parameter, NULL));
}

static void
files_chosen_cb (GPtrArray *files, gpointer user_data)
{
  spare_window_take_files (user_data, files, SPARE_JOB_AUTO);
}

static void
choose_files_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_file_chooser_open (user_data, _ ("Choose Files"), _ ("_Encrypt or Open"), FALSE,
                           files_chosen_cb, user_data);
}

static void
choose_folder_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_file_chooser_open (user_data, _ ("Choose a Folder"), _ ("_Encrypt"), TRUE,
                           files_chosen_cb, user_data);
}

static void
take_file_list (SpareWindow *self, const GValue *value)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *l = g_value_get_boxed (value); l; l = l->next)
    g_ptr_array_add (files, g_object_ref (l->data));
  spare_window_take_files (self, files, SPARE_JOB_AUTO);
}

static void
pasted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result,
                                                         &error);

  if (value && g_value_get_boxed (value))
    take_file_list (self, value);
  else
    {
      g_debug ("nothing to paste: %s", error ? error->message : "empty list");
      spare_window_tell (self, _ ("There are no copied files to paste."));
    }
}

static void
paste_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gdk_clipboard_read_value_async (gtk_widget_get_clipboard (user_data), GDK_TYPE_FILE_LIST,
                                  G_PRIORITY_DEFAULT, NULL, pasted_cb,
                                  g_object_ref (user_data));
}

static void
undone_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!spare_job_undo_finish (SPARE_JOB (source), result, &error))
    spare_window_tell (self, error->message);
}

/* The newest that can be taken back. */
static void
undo_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareWindow *self = user_data;

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->queue)); i > 0; i--)
    {
      g_autoptr (SpareJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), i - 1);

      if (spare_job_can_undo (job))
        {
          spare_job_undo_async (job, undone_cb, g_object_ref (self));
          return;
        }
    }
  spare_window_tell (self, _ ("There is nothing to undo."));
}

static void
clear_finished_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_job_queue_clear_finished (SPARE_WINDOW (user_data)->queue);
}

static void
inspect_path (SpareWindow *self, const char *path)
{
  gtk_window_present (
      GTK_WINDOW (spare_inspect_dialog_new (GTK_WINDOW (self), self->owner, path)));
}

static void
inspect_chosen_cb (GPtrArray *files, gpointer user_data)
{
  const char *path = g_file_peek_path (g_ptr_array_index (files, 0));

  if (path)
    inspect_path (user_data, path);
}

static void
inspect_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_file_chooser_open (user_data, _ ("Choose an Encrypted File"), _ ("_Look Inside"), FALSE,
                           inspect_chosen_cb, user_data);
}

static void
inspect_path_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  inspect_path (user_data, g_variant_get_bytestring (parameter));
}

static void
unlock_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_window_unlock_keyring (user_data);
}

static void
import_certificate_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_window_import_certificate (user_data);
}

static void
other_key_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareWindow *self = user_data;

  gtk_window_present (
      GTK_WINDOW (spare_panel_window_new_for_key (GTK_WINDOW (self), self->owner)));
}

static const GActionEntry window_actions[] = {
  { "other-key", other_key_action },
  { "start", start_action },
  { "tell", tell_action, "s" },
  { "choose-files", choose_files_action },
  { "choose-folder", choose_folder_action },
  { "paste", paste_action },
  { "undo", undo_action },
  { "clear-finished", clear_finished_action },
  { "inspect", inspect_action },
  { "inspect-path", inspect_path_action, "ay" },
  { "unlock-keyring", unlock_action },
  { "import-certificate", import_certificate_action },
};

/* Drop and close */

static gboolean
drop_cb (SpareWindow *self, const GValue *value)
{
  if (!G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST) || !is_ready (self))
    return FALSE;
  take_file_list (self, value);
  return TRUE;
}

static void
outbox_counted_cb (SpareWindow *self)
{
  guint n = spare_escrow_page_get_n_waiting (self->escrow_page);

  adw_view_stack_page_set_badge_number (self->escrow_stack_page, n);
  adw_view_stack_page_set_needs_attention (self->escrow_stack_page, n > 0);
}

/* The size is that of the window while it is not maximized. */
void
spare_window_keep_size (SpareWindow *self)
{
  int width, height;

  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_object_set (spare_owner_get_settings (self->owner), "window-width", width, "window-height",
                height, "window-maximized", gtk_window_is_maximized (GTK_WINDOW (self)), NULL);
}

static gboolean
spare_window_close_request (GtkWindow *window)
{
  SpareWindow *self = SPARE_WINDOW (window);

  if (spare_job_queue_is_busy (self->queue))
    {
      gtk_widget_activate_action (GTK_WIDGET (self), "app.quit", NULL);
      return TRUE;
    }
  spare_window_keep_size (self);
  return GTK_WINDOW_CLASS (spare_window_parent_class)->close_request (window);
}

static void
spare_window_dispose (GObject *object)
{
  SpareWindow *self = SPARE_WINDOW (object);
  Waiting *waiting;

  g_cancellable_cancel (self->cancellable);
  while ((waiting = g_queue_pop_head (&self->waiting)))
    {
      g_ptr_array_unref (waiting->files);
      g_free (waiting);
    }
  g_queue_clear_full (&self->answers, g_free);
  g_clear_pointer (&self->monitors, g_ptr_array_unref);
  g_clear_object (&self->media);
  g_clear_object (&self->found_on);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_clear_object (&self->intake);
  g_clear_object (&self->queue);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_window_parent_class)->dispose (object);
}

static void
spare_window_finalize (GObject *object)
{
  g_clear_object (&SPARE_WINDOW (object)->cancellable);
  G_OBJECT_CLASS (spare_window_parent_class)->finalize (object);
}

static void
spare_window_class_init (SpareWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = spare_window_close_request;
  /* With the sentence that the window shows. */
  g_signal_new ("answers-found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  g_type_ensure (SPARE_TYPE_BANNER);
  g_type_ensure (SPARE_TYPE_FILES_PAGE);
  g_type_ensure (SPARE_TYPE_ESCROW_PAGE);
  g_type_ensure (SPARE_TYPE_CHECK_PAGE);
  g_type_ensure (SPARE_TYPE_SET_UP);
  g_type_ensure (SPARE_TYPE_COLUMN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sparekey/SpareKey/ui/spare-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, root_stack);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, trouble);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, retry_button);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, other_key_button);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, set_up);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, main_box);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, answers_banner);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, files_page);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, escrow_page);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, escrow_stack_page);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, check_page);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, switcher_title);
  gtk_widget_class_bind_template_child (widget_class, SpareWindow, switcher_bar);
  gtk_widget_class_bind_template_callback (widget_class, set_up_finished_cb);
}

/* Paste and Undo belong to a text entry first, where one has the focus: so they are no accelerators of the application, which
 * come before all widgets, but shortcuts of the window, which come after them. */
static void
add_shortcuts (SpareWindow *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();
  static const struct
  {
    guint key;
    const char *action;
  } shortcuts[] = { { GDK_KEY_v, "win.paste" }, { GDK_KEY_z, "win.undo" } };

  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_shortcut_controller_add_shortcut (
        GTK_SHORTCUT_CONTROLLER (controller),
        gtk_shortcut_new (gtk_keyval_trigger_new (shortcuts[i].key, GDK_CONTROL_MASK),
                          gtk_named_action_new (shortcuts[i].action)));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

static void
spare_window_init (SpareWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  spare_wrap_layout_wrap_buttons (GTK_WIDGET (self->trouble));
  spare_narrow_follow (self->switcher_bar, self->switcher_title);
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->waiting);
  g_queue_init (&self->answers);
  add_shortcuts (self);
  g_action_map_add_action_entries (G_ACTION_MAP (self), window_actions,
                                   G_N_ELEMENTS (window_actions), self);
  spare_window_add_recovery_actions (self);
  spare_shortcuts_add (GTK_APPLICATION_WINDOW (self));
  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->main_box), GTK_EVENT_CONTROLLER (target));
  g_signal_connect (self, "notify::is-active", G_CALLBACK (spare_window_came_to_front), NULL);
}

SpareWindow *
spare_window_new (GtkApplication *application,
                  SpareOwner *owner,
                  SpareJobQueue *queue,
                  const GError *start_error)
{
  SpareWindow *self = g_object_new (SPARE_TYPE_WINDOW, "application", application, NULL);
  int width, height;
  gboolean maximized;

  self->owner = g_object_ref (owner);
  self->queue = g_object_ref (queue);
  self->intake = spare_intake_new (queue);
  g_signal_connect_object (self->intake, "refused", G_CALLBACK (refused_cb), self,
                           G_CONNECT_SWAPPED);
  spare_files_page_set_up (self->files_page, owner, queue);
  spare_escrow_page_set_up (self->escrow_page, owner);
  spare_check_page_set_up (self->check_page, owner);
  g_signal_connect_object (self->escrow_page, "counted", G_CALLBACK (outbox_counted_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (owner, "changed", G_CALLBACK (sync_state), self, G_CONNECT_SWAPPED);

  spare_window_watch_set_up (self);

  g_object_get (spare_owner_get_settings (owner), "window-width", &width, "window-height",
                &height, "window-maximized", &maximized, NULL);
  gtk_window_set_default_size (GTK_WINDOW (self), width > 0 ? width : 680,
                               height > 0 ? height : 560);
  if (maximized)
    gtk_window_maximize (GTK_WINDOW (self));

  if (start_error)
    {
      gtk_widget_set_visible (self->retry_button, FALSE);
      show_trouble (self, start_error);
    }
  else
    start (self);
  return self;
}
