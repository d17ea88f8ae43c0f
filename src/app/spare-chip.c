/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short fact with an icon, in a rounded frame; with a button that takes it away, if it can be taken away.
 *
 * Promise: its text is data: never markup, and cut in the middle before it breaks the window. */
#include "config.h"

#include "spare-chip.h"

#include <glib/gi18n-lib.h>

struct _SpareChip
{
  GtkBox parent_instance;

  GtkWidget *icon;
  GtkWidget *label;
  GtkWidget *button; /* NULL: it stays */
};

enum
{
  REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareChip, spare_chip, GTK_TYPE_BOX)

static void
clicked_cb (SpareChip *self)
{
  g_signal_emit (self, signals[REMOVED], 0);
}

static void
spare_chip_class_init (SpareChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_css_name (widget_class, "chip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  signals[REMOVED] = g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_chip_init (SpareChip *self)
{
  self->icon = gtk_image_new ();
  self->label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (self->label), 32);
  gtk_box_append (GTK_BOX (self), self->icon);
  gtk_box_append (GTK_BOX (self), self->label);
}

void
spare_chip_set (SpareChip *self, const char *icon_name, const char *text)
{
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), icon_name);
  gtk_widget_set_visible (GTK_WIDGET (self->icon), icon_name != NULL);
  gtk_label_set_text (GTK_LABEL (self->label), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  -1);
}

/* However narrow it gets: a text that is shorter is never cut. */
void
spare_chip_show_at_least (SpareChip *self, int n_chars)
{
  int length = (int) g_utf8_strlen (spare_chip_get_text (self), -1);

  gtk_label_set_width_chars (GTK_LABEL (self->label), MIN (length, n_chars));
}

const char *
spare_chip_get_text (SpareChip *self)
{
  return gtk_label_get_text (GTK_LABEL (self->label));
}

GtkWidget *
spare_chip_new (const char *icon_name, const char *text, gboolean removable)
{
  SpareChip *self = g_object_new (SPARE_TYPE_CHIP, "spacing", 6, NULL);

  spare_chip_set (self, icon_name, text);
  if (removable)
    {
      g_autofree char *tip = g_strdup_printf (_ ("Remove %s"), text);

      self->button = gtk_button_new_from_icon_name ("window-close-symbolic");
      gtk_widget_add_css_class (self->button, "flat");
      gtk_widget_add_css_class (self->button, "circular");
      gtk_widget_set_valign (self->button, GTK_ALIGN_CENTER);
      gtk_widget_set_tooltip_text (self->button, tip);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->button),
                                      GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
      g_signal_connect_swapped (self->button, "clicked", G_CALLBACK (clicked_cb), self);
      gtk_box_append (GTK_BOX (self), self->button);
      gtk_widget_add_css_class (GTK_WIDGET (self), "removable");
    }
  return GTK_WIDGET (self);
}
