/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The button that opens the help's page for the window that it is in: the same that F1 opens there. */
#include "config.h"

#include "spare-help-button.h"

#include "spare-help.h"

#include <glib/gi18n-lib.h>

struct _SpareHelpButton
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (SpareHelpButton, spare_help_button, ADW_TYPE_BIN)

static void
clicked_cb (SpareHelpButton *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (GTK_IS_WINDOW (root))
    spare_help_show (GTK_WINDOW (root));
}

static void
spare_help_button_class_init (SpareHelpButtonClass *klass)
{
}

static void
spare_help_button_init (SpareHelpButton *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("dialog-question-symbolic");

  gtk_widget_set_tooltip_text (button, _ ("Help"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Help"), -1);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (clicked_cb), self);
  adw_bin_set_child (ADW_BIN (self), button);
}
