/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A window to drop files on, with one button and one entry: what the helpers of uit.py are tried on. Says each path that
 * was dropped on standard output, with "dropped " before it, and "clicked" for the button.
 */
#include "config.h"

#include <gtk/gtk.h>

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, gpointer user_data)
{
  for (GSList *l = g_value_get_boxed (value); l != NULL; l = l->next)
    g_print ("dropped %s\n", g_file_peek_path (l->data));
  fflush (stdout);
  return TRUE;
}

static void
clicked_cb (GtkButton *button, gpointer user_data)
{
  g_print ("clicked\n");
  fflush (stdout);
  gtk_button_set_label (button, "Pressed");
}

static void
activate_cb (GApplication *application, gpointer user_data)
{
  GtkWidget *window = gtk_application_window_new (GTK_APPLICATION (application));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *button = gtk_button_new_with_label ("Press");
  GtkWidget *entry = gtk_entry_new ();
  GtkWidget *nameless = gtk_button_new ();
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), NULL);
  g_signal_connect (button, "clicked", G_CALLBACK (clicked_cb), NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "Words", -1);
  gtk_box_append (GTK_BOX (box), button);
  gtk_box_append (GTK_BOX (box), entry);
  gtk_box_append (GTK_BOX (box), nameless);
  gtk_widget_add_controller (box, GTK_EVENT_CONTROLLER (target));
  gtk_window_set_title (GTK_WINDOW (window), "Drop Target");
  gtk_window_set_default_size (GTK_WINDOW (window), 400, 400);
  gtk_window_set_child (GTK_WINDOW (window), box);
  gtk_window_present (GTK_WINDOW (window));
}

int
main (int argc, char *argv[])
{
  g_autoptr (GtkApplication) application = NULL;

  application = gtk_application_new ("org.sparekey.DropTarget", G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), NULL);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
