/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window that copies the files named on the command line, as a file manager does after Ctrl+C. Says "copied". */
#include "config.h"

#include <gtk/gtk.h>

static void
activate_cb (GApplication *application, gpointer user_data)
{
  char **paths = user_data;
  GtkWidget *window = gtk_application_window_new (GTK_APPLICATION (application));
  GSList *files = NULL;
  GdkFileList *list;

  gtk_window_set_title (GTK_WINDOW (window), "Clip Source");
  gtk_window_present (GTK_WINDOW (window));
  for (int i = 0; paths[i] != NULL; i++)
    files = g_slist_append (files, g_file_new_for_path (paths[i]));
  if (files)
    {
      list = gdk_file_list_new_from_list (files);
      gdk_clipboard_set (gtk_widget_get_clipboard (window), GDK_TYPE_FILE_LIST, list);
      g_boxed_free (GDK_TYPE_FILE_LIST, list);
    }
  g_slist_free_full (files, g_object_unref);
  g_print ("copied\n");
  fflush (stdout);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GtkApplication)
      application = gtk_application_new ("org.sparekey.ClipSource", G_APPLICATION_NON_UNIQUE);

  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), argv + 1);
  return g_application_run (G_APPLICATION (application), 1, argv);
}
