/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Show in Files": the desktop's file manager with the file selected, or else its folder.
 *
 * Promise: if neither works, the person is told; nothing is opened but the folder. */
#include "config.h"

#include "spare-file-manager.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  GtkWidget *widget;
  GFile *file;
} Show;

static void
show_free (Show *show)
{
  g_object_unref (show->widget);
  g_object_unref (show->file);
  g_free (show);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Show, show_free)

static void
launched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) widget = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_app_info_launch_default_for_uri_finish (result, &error))
    {
      g_debug ("cannot show a folder: %s", error->message);
      gtk_widget_activate_action (widget, "win.tell", "s",
                                  _ ("No file manager answered. The file is where it was "
                                     "made."));
    }
}

static void
shown_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Show) show = user_data;
  g_autoptr (GVariant)
      answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_autoptr (GFile) parent = NULL;
  g_autofree char *address = NULL;

  if (answer)
    return;
  parent = g_file_get_parent (show->file);
  address = g_file_get_uri (parent ? parent : show->file);
  g_app_info_launch_default_for_uri_async (address, NULL, NULL, launched_cb,
                                           g_object_ref (show->widget));
}

void
spare_file_manager_show (GtkWidget *widget, const char *path)
{
  GDBusConnection *bus = g_application_get_dbus_connection (g_application_get_default ());
  Show *show = g_new0 (Show, 1);
  g_autofree char *address = NULL;

  show->widget = g_object_ref (widget);
  show->file = g_file_new_for_path (path);
  address = g_file_get_uri (show->file);
  if (bus == NULL)
    {
      g_app_info_launch_default_for_uri_async (address, NULL, NULL, launched_cb,
                                               g_object_ref (widget));
      show_free (show);
      return;
    }
  g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
                          "org.freedesktop.FileManager1", "ShowItems",
                          g_variant_new ("(^ass)", (const char *const[]){ address, NULL }, ""),
                          NULL, G_DBUS_CALL_FLAGS_NONE, 10000, NULL, shown_cb, show);
}
