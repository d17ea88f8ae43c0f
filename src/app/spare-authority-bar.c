/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work of the authority that takes its time, at the foot of the window: what, how far, Cancel.
 *
 * Promise: it says nothing that the work did not report; while nothing is known it only says that it works. */
#include "config.h"

#include "spare-authority-bar.h"

#include <glib/gi18n-lib.h>

struct _SpareAuthorityBar
{
  GtkBox parent_instance;

  GtkWidget *label;
  GtkWidget *progress;
  GtkWidget *cancel_button;
  GCancellable *cancellable;
  SpareProgressMeter *meter;
  guint pulse_source;
};

G_DEFINE_FINAL_TYPE (SpareAuthorityBar, spare_authority_bar, GTK_TYPE_BOX)

static gboolean
pulse_cb (gpointer user_data)
{
  gtk_progress_bar_pulse (GTK_PROGRESS_BAR (SPARE_AUTHORITY_BAR (user_data)->progress));
  return G_SOURCE_CONTINUE;
}

static void
progress_cb (const SpareProgress *progress, gpointer user_data)
{
  SpareAuthorityBar *self = user_data;

  if (progress->total <= 0)
    return;
  g_clear_handle_id (&self->pulse_source, g_source_remove);
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->progress),
                                 CLAMP ((double) progress->done / progress->total, 0, 1));
}

void
spare_authority_bar_cancel (SpareAuthorityBar *self)
{
  g_cancellable_cancel (self->cancellable);
  gtk_widget_set_sensitive (self->cancel_button, FALSE);
}

void
spare_authority_bar_end (SpareAuthorityBar *self)
{
  g_clear_handle_id (&self->pulse_source, g_source_remove);
  if (self->meter)
    spare_progress_meter_stop (self->meter);
  g_clear_pointer (&self->meter, spare_progress_meter_unref);
  g_clear_object (&self->cancellable);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

gboolean
spare_authority_bar_is_busy (SpareAuthorityBar *self)
{
  return self->cancellable != NULL;
}

SpareProgressMeter *
spare_authority_bar_begin (SpareAuthorityBar *self, const char *text, GCancellable *cancellable)
{
  spare_authority_bar_end (self);
  self->cancellable = g_object_ref (cancellable);
  gtk_label_set_text (GTK_LABEL (self->label), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->progress),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->progress), 0);
  gtk_widget_set_sensitive (self->cancel_button, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  self->pulse_source = g_timeout_add (150, pulse_cb, self);
  self->meter = spare_progress_meter_new (NULL, progress_cb, self, NULL);
  return spare_progress_meter_ref (self->meter);
}

static void
spare_authority_bar_dispose (GObject *object)
{
  SpareAuthorityBar *self = SPARE_AUTHORITY_BAR (object);

  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  spare_authority_bar_end (self);
  G_OBJECT_CLASS (spare_authority_bar_parent_class)->dispose (object);
}

static void
spare_authority_bar_class_init (SpareAuthorityBarClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_authority_bar_dispose;
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "accessbar");
}

static void
spare_authority_bar_init (SpareAuthorityBar *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  gtk_box_set_spacing (GTK_BOX (self), 12);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  gtk_widget_set_hexpand (box, TRUE);
  self->label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->label), 0);
  gtk_label_set_wrap (GTK_LABEL (self->label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (self->label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (self->label, "caption");
  self->progress = gtk_progress_bar_new ();
  gtk_box_append (GTK_BOX (box), self->label);
  gtk_box_append (GTK_BOX (box), self->progress);
  gtk_box_append (GTK_BOX (self), box);
  self->cancel_button = gtk_button_new_with_mnemonic (_ ("_Cancel"));
  gtk_widget_set_valign (self->cancel_button, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (self->cancel_button, "clicked",
                            G_CALLBACK (spare_authority_bar_cancel), self);
  gtk_box_append (GTK_BOX (self), self->cancel_button);
}
