/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A window to drag files from: offers the files named on the command line the way file managers do, as one list of files,
 * when its label is dragged. Says on standard output what becomes of it: "ready", "prepare", "begin", "end", "cancel".
 */
#include "config.h"

#include <gtk/gtk.h>

static void
say (const char *word)
{
  g_print ("%s\n", word);
  fflush (stdout);
}

static GdkContentProvider *
prepare_cb (GtkDragSource *source, double x, double y, gpointer user_data)
{
  char **paths = user_data;
  GSList *files = NULL;
  GdkFileList *list;
  GdkContentProvider *provider;

  for (int i = 0; paths[i] != NULL; i++)
    files = g_slist_append (files, g_file_new_for_commandline_arg (paths[i]));
  list = gdk_file_list_new_from_list (files);
  g_slist_free_full (files, g_object_unref);
  say ("prepare");
  provider = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, list);
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
  return provider;
}

static void
drag_begin_cb (GtkDragSource *source, GdkDrag *drag, gpointer user_data)
{
  say ("begin");
}

static void
drag_end_cb (GtkDragSource *source, GdkDrag *drag, gboolean delete_data, gpointer user_data)
{
  say ("end");
}

static gboolean
drag_cancel_cb (GtkDragSource *source,
                GdkDrag *drag,
                GdkDragCancelReason reason,
                gpointer user_data)
{
  say ("cancel");
  return FALSE;
}

static void
activate_cb (GApplication *application, gpointer user_data)
{
  GtkWidget *window = gtk_application_window_new (GTK_APPLICATION (application));
  GtkWidget *label = gtk_label_new ("Drag from here");
  GtkDragSource *source = gtk_drag_source_new ();

  gtk_drag_source_set_actions (source, GDK_ACTION_COPY);
  g_signal_connect (source, "prepare", G_CALLBACK (prepare_cb), user_data);
  g_signal_connect (source, "drag-begin", G_CALLBACK (drag_begin_cb), NULL);
  g_signal_connect (source, "drag-end", G_CALLBACK (drag_end_cb), NULL);
  g_signal_connect (source, "drag-cancel", G_CALLBACK (drag_cancel_cb), NULL);
  gtk_widget_add_controller (label, GTK_EVENT_CONTROLLER (source));
  gtk_window_set_title (GTK_WINDOW (window), "Drag Source");
  gtk_window_set_default_size (GTK_WINDOW (window), 200, 200);
  gtk_window_set_child (GTK_WINDOW (window), label);
  gtk_window_present (GTK_WINDOW (window));
  say ("ready");
}

int
main (int argc, char *argv[])
{
  g_autoptr (GtkApplication) application = NULL;

  application = gtk_application_new ("org.sparekey.DragSource", G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), argv + 1);
  return g_application_run (G_APPLICATION (application), 1, argv);
}
