/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to the help: F1 and the menu. The pages are shown by the desktop's viewer, which is a program of its own.
 *
 * Promise: whoever asks for help sees something: the page, or why there is none. */
#include "config.h"

#include "spare-help.h"

#include <glib/gi18n-lib.h>

static void
launched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWindow) window = user_data;
  g_autoptr (GError) error = NULL;
  GtkWidget *dialog;

  if (!g_app_info_launch_default_for_uri_finish (result, &error))
    {
      g_debug ("no help: %s", error->message);
      dialog = adw_message_dialog_new (window, _ ("No Help Viewer"),
                                       _ ("The help can’t be shown, because there is no help "
                                          "viewer on this computer. “man sparekey” in a "
                                          "terminal has a short description."));
      adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("C_lose"));
      adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
      gtk_window_present (GTK_WINDOW (dialog));
    }
}

void
spare_help_show (GtkWindow *window, const char *page)
{
  g_autofree char *uri = g_strconcat ("help:sparekey/", page, NULL);
  g_autoptr (GdkAppLaunchContext) context = gdk_display_get_app_launch_context (
      gtk_widget_get_display (GTK_WIDGET (window)));

  g_app_info_launch_default_for_uri_async (uri, G_APP_LAUNCH_CONTEXT (context), NULL,
                                           launched_cb, g_object_ref (window));
}
