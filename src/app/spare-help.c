/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to the help: F1, the menus and the Help buttons. The pages are shown by the desktop's viewer, which is a program of
 * its own. Which page it is depends on what is on the screen: the innermost thing shown that has one of its own, else what the
 * window belongs to.
 *
 * Promise: whoever asks for help sees something: the page, or why there is none. */
#include "config.h"

#include "spare-help.h"

#include "spare-help-button.h"

#include <glib/gi18n-lib.h>

#define PAGE_DATA "spare-help-page"

/* By the names of types: a page for a thing needs no code in the thing. An id tells several of one type apart. */
static const struct
{
  const char *type, *id, *page;
} pages[] = {
  { "SpareSetUp", NULL, "first-steps#set-up" },
  { "SpareFilesPage", NULL, "first-steps#encrypt" },
  { "SpareAddPopover", NULL, "who-can-open#add" },
  { "SpareEscrowPage", NULL, "escrow#hand-over" },
  { "SpareCheckPage", NULL, "who-can-open#check" },
  { "SpareDeliveryDialog", NULL, "escrow#hand-over" },
  { "SpareRequestWindow", NULL, "lost-key#ask" },
  { "SpareGrantWindow", NULL, "lost-key#answer" },
  { "SparePreferences", NULL, "preferences" },
  { "SpareKeysPage", NULL, "keys" },
  { "SpareAuthorityWindow", NULL, "authority" },
  { "SpareAuthoritySetUp", NULL, "authority#set-up" },
  { "SpareAuthorityPage", "packets_page", "authority#packets" },
  { "SpareAuthorityPage", "cases_page", "authority#recovery" },
  { "SpareAuthorityPage", "owners_page", "authority#enrol" },
  { "SpareAuthorityPage", "audit_page", "authority#audit" },
  { "SpareCaseWindow", NULL, "authority#recovery" },
};

static const char *
own_page (GtkWidget *widget)
{
  const char *id = gtk_buildable_get_buildable_id (GTK_BUILDABLE (widget));

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (g_str_equal (G_OBJECT_TYPE_NAME (widget), pages[i].type)
        && (pages[i].id == NULL || g_strcmp0 (id, pages[i].id) == 0))
      return pages[i].page;
  return g_object_get_data (G_OBJECT (widget), PAGE_DATA);
}

/* What is mapped is shown: of a stack, the page in front alone. */
static const char *
find_page (GtkWidget *widget)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      const char *page = gtk_widget_get_mapped (child) ? find_page (child) : NULL;

      if (page)
        return page;
    }
  return own_page (widget);
}

/* Gives @widget a page of its own, for what has no type of its own. @page: static, without ".page", with "#section" perhaps. */
void
spare_help_set_page (GtkWidget *widget, const char *page)
{
  g_object_set_data (G_OBJECT (widget), PAGE_DATA, (gpointer) page);
}

/* Returns: the page for what @window shows. */
const char *
spare_help_get_page (GtkWindow *window)
{
  for (; window; window = gtk_window_get_transient_for (window))
    {
      const char *page = find_page (GTK_WIDGET (window));

      if (page)
        return page;
    }
  return "index";
}

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

/* Opens the page for what @window shows in the desktop's help viewer; says so if there is none. */
void
spare_help_show (GtkWindow *window)
{
  g_autofree char *uri = g_strconcat ("help:sparekey/", spare_help_get_page (window), NULL);
  g_autoptr (GdkAppLaunchContext) context = gdk_display_get_app_launch_context (
      gtk_widget_get_display (GTK_WIDGET (window)));

  g_app_info_launch_default_for_uri_async (uri, G_APP_LAUNCH_CONTEXT (context), NULL,
                                           launched_cb, g_object_ref (window));
}

static gboolean
pressed_cb (GtkWidget *window, GVariant *arguments, gpointer user_data)
{
  spare_help_show (GTK_WINDOW (window));
  return TRUE;
}

static void
windows_changed_cb (GListModel *windows, guint position, guint removed, guint added)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);
      GtkEventController *controller = gtk_shortcut_controller_new ();

      gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
      gtk_shortcut_controller_add_shortcut (
          GTK_SHORTCUT_CONTROLLER (controller),
          gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_F1, 0),
                            gtk_callback_action_new (pressed_cb, NULL, NULL)));
      gtk_widget_add_controller (window, controller);
    }
}

/* From now on F1 opens the help in each window. An accelerator of the application would reach only those windows that are the
 * application's own, and no dialog. */
void
spare_help_watch_windows (void)
{
  GListModel *windows = gtk_window_get_toplevels ();

  g_type_ensure (SPARE_TYPE_HELP_BUTTON);
  g_signal_connect (windows, "items-changed", G_CALLBACK (windows_changed_cb), NULL);
  windows_changed_cb (windows, 0, 0, g_list_model_get_n_items (windows));
}
