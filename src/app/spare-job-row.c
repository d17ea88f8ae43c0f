/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One job as a row: what it is, how far it is, what became of it, and what can be done about it. Rows are recycled: a
 * row shows one job after another.
 *
 * Promise: what the row says is what the job says at this moment; a button is there exactly when it does something. */
#include "config.h"

#include "spare-job-row.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-file-manager.h"

#include <glib/gi18n-lib.h>

enum
{
  BUTTON_LOST,
  BUTTON_SHOW,
  BUTTON_UNDO,
  BUTTON_RETRY,
  BUTTON_CANCEL,
  N_BUTTONS
};

struct _SpareJobRow
{
  GtkBox parent_instance;

  SpareJobQueue *queue;
  SpareJob *job;
  GMenuModel *menu_model;
  GtkWidget *menu; /* made when first asked for */

  GtkImage *icon;
  GtkLabel *name_label;
  GtkLabel *status_label;
  GtkBox *texts;
  GtkBox *buttons;

  /* Made when first needed: most rows of a long list only wait. */
  GtkProgressBar *progress;
  GtkWidget *made[N_BUTTONS];
};

G_DEFINE_FINAL_TYPE (SpareJobRow, spare_job_row, GTK_TYPE_BOX)

static const char *
output_path (SpareJobRow *self)
{
  const SpareFileResult *result = self->job ? spare_job_get_result (self->job) : NULL;

  return result ? result->output : NULL;
}

/* The encrypted file of this job: what came out of an encryption, what went into a decryption. */
static const char *
encrypted_path (SpareJobRow *self)
{
  SpareJobState state = spare_job_get_state (self->job);

  if (spare_job_get_kind (self->job) == SPARE_JOB_DECRYPT)
    return spare_job_get_path (self->job);
  return state == SPARE_JOB_DONE ? output_path (self) : NULL;
}

static void
show_progress (SpareJobRow *self, gboolean visible)
{
  if (visible && self->progress == NULL)
    {
      self->progress = GTK_PROGRESS_BAR (gtk_progress_bar_new ());
      gtk_widget_set_margin_top (GTK_WIDGET (self->progress), 2);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->progress),
                                      GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Progress"), -1);
      gtk_box_append (self->texts, GTK_WIDGET (self->progress));
    }
  if (self->progress)
    gtk_widget_set_visible (GTK_WIDGET (self->progress), visible);
}

static GtkWidget *
make_button (int which)
{
  static const struct
  {
    const char *action, *label, *icon;
  } buttons[N_BUTTONS] = {
    [BUTTON_LOST] = { "win.lost-key", N_ ("I Lost My Key…"), NULL },
    [BUTTON_SHOW] = { "row.show", N_ ("Show in Files"), "folder-symbolic" },
    [BUTTON_UNDO] = { "row.undo", N_ ("Undo"), NULL },
    [BUTTON_RETRY] = { "row.retry", N_ ("Try Again"), NULL },
    [BUTTON_CANCEL] = { "row.cancel", N_ ("Cancel"), "window-close-symbolic" },
  };
  GtkWidget *button = gtk_button_new ();

  if (buttons[which].icon)
    {
      gtk_button_set_icon_name (GTK_BUTTON (button), buttons[which].icon);
      gtk_widget_set_tooltip_text (button, _ (buttons[which].label));
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      _ (buttons[which].label), -1);
    }
  else
    gtk_button_set_label (GTK_BUTTON (button), _ (buttons[which].label));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), buttons[which].action);
  gtk_widget_add_css_class (button, "flat");
  return button;
}

/* Keeps the buttons in their order, whichever was needed first. */
static void
show_button (SpareJobRow *self, int which, gboolean visible)
{
  if (visible && self->made[which] == NULL)
    {
      GtkWidget *before = NULL;

      for (int i = 0; i < which; i++)
        before = self->made[i] ? self->made[i] : before;
      self->made[which] = make_button (which);
      gtk_box_insert_child_after (self->buttons, self->made[which], before);
    }
  if (self->made[which])
    gtk_widget_set_visible (self->made[which], visible);
}

static void
update_progress (SpareJobRow *self)
{
  g_autofree char *status = spare_job_describe (self->job);
  guint64 total = spare_job_get_total (self->job);
  guint64 done = spare_job_get_done (self->job);

  gtk_label_set_text (self->status_label, status);
  if (self->progress && spare_job_get_state (self->job) == SPARE_JOB_RUNNING)
    gtk_progress_bar_set_fraction (self->progress,
                                   total > 0 ? CLAMP ((double) done / (double) total, 0, 1)
                                             : 0);
}

static void
set_css_class (GtkWidget *widget, const char *css_class, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, css_class);
  else
    gtk_widget_remove_css_class (widget, css_class);
}

/* The list's own item is what a screen reader lands on, and it has no name of its own (before GTK 4.12). */
static void
update_names (SpareJobRow *self)
{
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *label = g_strdup_printf ("%s, %s", gtk_label_get_text (self->name_label),
                                            gtk_label_get_text (self->status_label));

  if (item)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                    -1);
}

static void
update_state (SpareJobRow *self)
{
  SpareJobState state = spare_job_get_state (self->job);
  gboolean waiting = state == SPARE_JOB_WAITING || state == SPARE_JOB_RUNNING;
  gboolean failed = state == SPARE_JOB_FAILED;
  gboolean show = state == SPARE_JOB_DONE && output_path (self) != NULL;
  gboolean undo = spare_job_can_undo (self->job);
  gboolean retry = failed || state == SPARE_JOB_CANCELLED;
  gboolean lost = failed
                  && g_error_matches (spare_job_get_error (self->job), SPARE_ERROR,
                                      SPARE_ERROR_NO_KEY);
  GtkWidget *widget = GTK_WIDGET (self);

  show_progress (self, state == SPARE_JOB_RUNNING);
  /* Text that may wrap is laid out many times over; a row that only waits has nothing to wrap. */
  gtk_label_set_wrap (self->status_label, state != SPARE_JOB_WAITING);
  gtk_label_set_ellipsize (self->status_label, state == SPARE_JOB_WAITING
                                                   ? PANGO_ELLIPSIZE_END
                                                   : PANGO_ELLIPSIZE_NONE);
  update_progress (self);
  set_css_class (GTK_WIDGET (self->status_label), "error", failed);
  set_css_class (GTK_WIDGET (self->status_label), "dim-label", !failed);
  show_button (self, BUTTON_LOST, lost);
  show_button (self, BUTTON_SHOW, show);
  show_button (self, BUTTON_UNDO, undo);
  show_button (self, BUTTON_RETRY, retry);
  show_button (self, BUTTON_CANCEL, waiting);
  gtk_widget_action_set_enabled (widget, "row.show", show);
  gtk_widget_action_set_enabled (widget, "row.undo", undo);
  gtk_widget_action_set_enabled (widget, "row.retry", retry);
  gtk_widget_action_set_enabled (widget, "row.cancel", waiting);
  gtk_widget_action_set_enabled (widget, "row.remove", !waiting);
  gtk_widget_action_set_enabled (widget, "row.inspect", encrypted_path (self) != NULL);
  update_names (self);
}

static void
notify_cb (SpareJobRow *self, GParamSpec *pspec)
{
  if (g_str_equal (pspec->name, "done") || g_str_equal (pspec->name, "total")
      || g_str_equal (pspec->name, "seconds-left"))
    update_progress (self);
  else
    update_state (self);
}

static void
update_icon (SpareJobRow *self)
{
  g_autofree char *type = NULL;
  g_autoptr (GIcon) icon = NULL;

  if (spare_job_is_folder (self->job))
    {
      gtk_image_set_from_icon_name (self->icon, "folder");
      return;
    }
  /* By name alone: the file is not read for a picture. */
  type = g_content_type_guess (spare_job_get_path (self->job), NULL, 0, NULL);
  icon = g_content_type_get_icon (type);
  gtk_image_set_from_gicon (self->icon, icon);
}

/* The whole name: the label cuts it to the width that there is. */
static void
update_name (SpareJobRow *self)
{
  g_autofree char *base = g_path_get_basename (spare_job_get_path (self->job));
  g_autofree char *name = spare_display_text (base, -1, 0);

  gtk_label_set_text (self->name_label, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name_label), name);
}

void
spare_job_row_set_job (SpareJobRow *self, SpareJob *job)
{
  if (self->job)
    g_signal_handlers_disconnect_by_data (self->job, self);
  g_set_object (&self->job, job);
  if (job == NULL)
    return;
  g_signal_connect_swapped (job, "notify", G_CALLBACK (notify_cb), self);
  update_name (self);
  update_icon (self);
  update_state (self);
}

static void
show_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  if (output_path (self))
    spare_file_manager_show (widget, output_path (self));
}

static void
inspect_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);
  const char *path = self->job ? encrypted_path (self) : NULL;

  if (path)
    gtk_widget_activate_action (widget, "win.inspect-path", "^ay", path);
}

static void
undone_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareJobRow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!spare_job_undo_finish (SPARE_JOB (source), result, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.tell", "s", error->message);
}

static void
undo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  if (self->job)
    spare_job_undo_async (self->job, undone_cb, g_object_ref (self));
}

static void
retry_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  if (self->job)
    spare_job_queue_retry (self->queue, self->job);
}

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  if (self->job)
    spare_job_cancel (self->job);
}

static void
remove_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  if (self->job)
    spare_job_queue_remove (self->queue, self->job);
}

static void
pop_up (SpareJobRow *self, double x, double y)
{
  if (self->menu == NULL)
    {
      self->menu = gtk_popover_menu_new_from_model (self->menu_model);
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
      gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
      gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu),
                               &(GdkRectangle){ (int) x, (int) y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, SpareJobRow *self)
{
  pop_up (self, x, y);
}

static void
menu_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  pop_up (SPARE_JOB_ROW (widget), 48, gtk_widget_get_height (widget) / 2.0);
}

static void
spare_job_row_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  GTK_WIDGET_CLASS (spare_job_row_parent_class)
      ->size_allocate (widget, width, height, baseline);
  if (self->menu)
    gtk_popover_present (GTK_POPOVER (self->menu));
}

static void
spare_job_row_root (GtkWidget *widget)
{
  SpareJobRow *self = SPARE_JOB_ROW (widget);

  GTK_WIDGET_CLASS (spare_job_row_parent_class)->root (widget);
  if (self->job)
    update_names (self);
}

static void
spare_job_row_dispose (GObject *object)
{
  SpareJobRow *self = SPARE_JOB_ROW (object);

  spare_job_row_set_job (self, NULL);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (spare_job_row_parent_class)->dispose (object);
}

static void
spare_job_row_class_init (SpareJobRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_job_row_dispose;
  widget_class->size_allocate = spare_job_row_size_allocate;
  widget_class->root = spare_job_row_root;

  gtk_widget_class_install_action (widget_class, "row.show", NULL, show_action);
  gtk_widget_class_install_action (widget_class, "row.inspect", NULL, inspect_action);
  gtk_widget_class_install_action (widget_class, "row.undo", NULL, undo_action);
  gtk_widget_class_install_action (widget_class, "row.retry", NULL, retry_action);
  gtk_widget_class_install_action (widget_class, "row.cancel", NULL, cancel_action);
  gtk_widget_class_install_action (widget_class, "row.remove", NULL, remove_action);
  gtk_widget_class_install_action (widget_class, "row.menu", NULL, menu_action);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sparekey/SpareKey/ui/spare-job-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareJobRow, menu_model);
  gtk_widget_class_bind_template_child (widget_class, SpareJobRow, icon);
  gtk_widget_class_bind_template_child (widget_class, SpareJobRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, SpareJobRow, status_label);
  gtk_widget_class_bind_template_child (widget_class, SpareJobRow, texts);
  gtk_widget_class_bind_template_child (widget_class, SpareJobRow, buttons);
}

static void
spare_job_row_init (SpareJobRow *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

GtkWidget *
spare_job_row_new (SpareJobQueue *queue)
{
  SpareJobRow *self = g_object_new (SPARE_TYPE_JOB_ROW, NULL);

  self->queue = g_object_ref (queue);
  return GTK_WIDGET (self);
}
