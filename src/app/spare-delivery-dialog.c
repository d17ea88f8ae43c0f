/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window in which something is handed over: where to, the writing, what came of it, and ejecting the medium.
 *
 * Promise: "done" is shown only when the operation said so; a failure leads back to the choice, with what went wrong, so
 * that another place can be tried. Escape stops the writing first, and closes the window after that. */
#include "config.h"

#include "spare-delivery-dialog.h"

#include "spare-eject-box.h"
#include "spare-place-chooser.h"
#include "spare-reason-list.h"

#include <glib/gi18n-lib.h>

struct _SpareDeliveryDialog
{
  AdwWindow parent_instance;

  SpareDeliveryStartFunc start;
  gpointer user_data;
  GDestroyNotify destroy;
  GCancellable *cancellable; /* while it is written */
  SpareProgressMeter *meter;
  char *place_name;
  gboolean closed;

  GtkStack *stack;
  GtkWidget *cancel_button;
  GtkWidget *start_button;
  GtkLabel *heading_label;
  GtkLabel *body_label;
  GtkLabel *error_label;
  GtkBox *options;
  SparePlaceChooser *chooser;
  GtkLabel *busy_label;
  GtkProgressBar *progress;
  GtkWidget *done_box;
  GtkLabel *done_heading;
  GtkLabel *done_text;
  SpareEjectBox *eject_box;
  GtkWidget *close_button;
  GtkLabel *left_label;
  SpareReasonList *left_list;
};

G_DEFINE_FINAL_TYPE (SpareDeliveryDialog, spare_delivery_dialog, ADW_TYPE_WINDOW)

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static void
sync_start (SpareDeliveryDialog *self)
{
  gtk_widget_set_sensitive (self->start_button,
                            spare_place_chooser_get_place (self->chooser) != NULL);
}

static void
progress_cb (const SpareProgress *progress, gpointer user_data)
{
  SpareDeliveryDialog *self = user_data;

  if (progress->total > 0)
    gtk_progress_bar_set_fraction (self->progress,
                                   CLAMP ((double) progress->done / (double) progress->total, 0,
                                          1));
  else
    gtk_progress_bar_pulse (self->progress);
}

static void
show_page (SpareDeliveryDialog *self, const char *page)
{
  gboolean choosing = g_str_equal (page, "choose");

  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_set_visible (self->start_button, choosing);
  gtk_widget_set_visible (self->cancel_button, !g_str_equal (page, "done"));
}

static void
start_cb (SpareDeliveryDialog *self)
{
  g_autofree char *text = NULL;

  if (self->cancellable != NULL || spare_place_chooser_get_place (self->chooser) == NULL)
    return;
  g_free (self->place_name);
  self->place_name = spare_place_chooser_dup_name (self->chooser);
  text = g_strdup_printf (_ ("Writing to %s, reading it back and comparing…"),
                          self->place_name);
  show_text (self->busy_label, text);
  show_text (self->error_label, NULL);
  gtk_progress_bar_set_fraction (self->progress, 0);
  show_page (self, "busy");
  gtk_widget_grab_focus (self->cancel_button);

  self->cancellable = g_cancellable_new ();
  self->meter = spare_progress_meter_new (NULL, progress_cb, self, NULL);
  self->start (self, spare_place_chooser_get_place (self->chooser), self->meter,
               self->cancellable, self->user_data);
}

/* FALSE: the window is gone. */
static gboolean
settle (SpareDeliveryDialog *self)
{
  if (self->meter)
    spare_progress_meter_stop (self->meter);
  g_clear_pointer (&self->meter, spare_progress_meter_unref);
  g_clear_object (&self->cancellable);
  return !self->closed;
}

void
spare_delivery_dialog_finish (SpareDeliveryDialog *self,
                              const char *heading,
                              const char *text,
                              GPtrArray *left_out,
                              gboolean eject)
{
  guint n = left_out ? left_out->len : 0;
  g_autofree char *left = NULL;

  if (!settle (self))
    return;
  show_text (self->done_heading, heading);
  show_text (self->done_text, text);
  spare_eject_box_set_medium (self->eject_box,
                              eject ? spare_place_chooser_get_medium (self->chooser) : NULL);
  if (n > 0)
    left = g_strdup_printf (ngettext ("%u was left out:", "%u were left out:", n), n);
  show_text (self->left_label, left);
  spare_reason_list_set_left_out (self->left_list, left_out);
  gtk_widget_set_visible (GTK_WIDGET (self->left_list), n > 0);
  gtk_widget_set_vexpand (self->done_box, n == 0);
  show_page (self, "done");
  gtk_widget_grab_focus (self->close_button);
}

void
spare_delivery_dialog_fail (SpareDeliveryDialog *self, const GError *error)
{
  if (!settle (self))
    return;
  show_text (self->error_label, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                                    ? _ ("Stopped. Nothing was written that counts.")
                                    : error->message);
  show_page (self, "choose");
  sync_start (self);
  spare_place_chooser_focus_start (self->chooser);
}

void
spare_delivery_dialog_set_question (SpareDeliveryDialog *self,
                                    const char *heading,
                                    const char *body)
{
  show_text (self->heading_label, heading);
  show_text (self->body_label, body);
}

void
spare_delivery_dialog_add_option (SpareDeliveryDialog *self, GtkWidget *widget)
{
  gtk_box_append (self->options, widget);
}

const char *
spare_delivery_dialog_get_place_name (SpareDeliveryDialog *self)
{
  return self->place_name;
}

static gboolean
spare_delivery_dialog_close_request (GtkWindow *window)
{
  SpareDeliveryDialog *self = SPARE_DELIVERY_DIALOG (window);

  if (self->cancellable)
    {
      g_cancellable_cancel (self->cancellable);
      show_text (self->busy_label, _ ("Stopping…"));
      return TRUE;
    }
  return GTK_WINDOW_CLASS (spare_delivery_dialog_parent_class)->close_request (window);
}

static void
spare_delivery_dialog_dispose (GObject *object)
{
  SpareDeliveryDialog *self = SPARE_DELIVERY_DIALOG (object);

  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  settle (self);
  if (self->destroy)
    g_steal_pointer (&self->destroy) (self->user_data);
  g_clear_pointer (&self->place_name, g_free);
  G_OBJECT_CLASS (spare_delivery_dialog_parent_class)->dispose (object);
}

static void
spare_delivery_dialog_class_init (SpareDeliveryDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_delivery_dialog_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = spare_delivery_dialog_close_request;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_DIALOG);
  g_type_ensure (SPARE_TYPE_PLACE_CHOOSER);
  g_type_ensure (SPARE_TYPE_EJECT_BOX);
  g_type_ensure (SPARE_TYPE_REASON_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-delivery-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, start_button);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, heading_label);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, body_label);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, error_label);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, options);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, chooser);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, busy_label);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, progress);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, done_box);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, done_heading);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, done_text);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, eject_box);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, close_button);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, left_label);
  gtk_widget_class_bind_template_child (widget_class, SpareDeliveryDialog, left_list);
  gtk_widget_class_bind_template_callback (widget_class, sync_start);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
spare_delivery_dialog_init (SpareDeliveryDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sync_start (self);
}

SpareDeliveryDialog *
spare_delivery_dialog_new (GtkWindow *parent,
                           const char *title,
                           const char *accept,
                           SpareDeliveryStartFunc start,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  SpareDeliveryDialog *self = g_object_new (SPARE_TYPE_DELIVERY_DIALOG, "transient-for", parent,
                                            "title", title, NULL);

  self->start = start;
  self->user_data = user_data;
  self->destroy = destroy;
  gtk_button_set_label (GTK_BUTTON (self->start_button), accept);
  spare_place_chooser_focus_start (self->chooser);
  return self;
}
