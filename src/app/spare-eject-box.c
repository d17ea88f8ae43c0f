/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Offers to eject a medium after something was written to it.
 *
 * Promise: "can be pulled out" is said only when the system said that it is unmounted. */
#include "config.h"

#include "spare-eject-box.h"

#include <glib/gi18n-lib.h>

struct _SpareEjectBox
{
  GtkBox parent_instance;

  SpareMedium *medium;
  GtkWidget *button;
  GtkWidget *label;
};

G_DEFINE_FINAL_TYPE (SpareEjectBox, spare_eject_box, GTK_TYPE_BOX)

static void
tell (SpareEjectBox *self, const char *text)
{
  gtk_label_set_text (GTK_LABEL (self->label), text ? text : "");
  gtk_widget_set_visible (self->label, text != NULL);
}

static void
ejected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareEjectBox) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ejected = spare_medium_eject_finish (SPARE_MEDIUM (source), result, &error);

  gtk_widget_set_sensitive (self->button, TRUE);
  if (ejected)
    {
      g_autofree char *text = g_strdup_printf (_ ("%s can be pulled out now."),
                                               spare_medium_get_name (SPARE_MEDIUM (source)));

      gtk_widget_set_visible (self->button, FALSE);
      tell (self, text);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED_HANDLED))
    tell (self, error->message);
}

static void
eject_cb (SpareEjectBox *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  g_autoptr (GMountOperation)
      operation = gtk_mount_operation_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL);

  gtk_widget_set_sensitive (self->button, FALSE);
  tell (self, _ ("Ejecting…"));
  spare_medium_eject_async (self->medium, operation, NULL, ejected_cb, g_object_ref (self));
}

void
spare_eject_box_set_medium (SpareEjectBox *self, SpareMedium *medium)
{
  gboolean offered = medium != NULL && spare_medium_get_can_eject (medium);

  g_set_object (&self->medium, medium);
  gtk_widget_set_visible (GTK_WIDGET (self), offered);
  gtk_widget_set_visible (self->button, offered);
  tell (self, NULL);
  if (offered)
    {
      /* Translators: a button; %s is the name of a USB stick. */
      g_autofree char *text = g_strdup_printf (_ ("Eject %s"), spare_medium_get_name (medium));

      gtk_button_set_label (GTK_BUTTON (self->button), text);
    }
}

static void
spare_eject_box_dispose (GObject *object)
{
  g_clear_object (&SPARE_EJECT_BOX (object)->medium);
  G_OBJECT_CLASS (spare_eject_box_parent_class)->dispose (object);
}

static void
spare_eject_box_class_init (SpareEjectBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_eject_box_dispose;
}

static void
spare_eject_box_init (SpareEjectBox *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 6);
  self->button = gtk_button_new ();
  gtk_widget_set_halign (self->button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (self->button, "pill");
  g_signal_connect_swapped (self->button, "clicked", G_CALLBACK (eject_cb), self);
  gtk_box_append (GTK_BOX (self), self->button);
  self->label = g_object_new (GTK_TYPE_LABEL, "wrap", TRUE, "justify", GTK_JUSTIFY_CENTER,
                              "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "visible", FALSE,
                              NULL);
  gtk_box_append (GTK_BOX (self), self->label);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
