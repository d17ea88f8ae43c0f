/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window that lists the keyboard shortcuts.
 *
 * Promise: it is there only while it is shown. GtkApplication would make one beside each window at its start, and keep it
 * hidden; GTK 4.8 then crashes when a screen reader asks for a window by a number that has just become too high (a dialog
 * was closed meanwhile): it answers with the last of all windows, and one that was never shown has no name on the bus of
 * assistive technologies. So no window of this program is made before it is to be shown, or kept hidden. */
#include "config.h"

#include "spare-shortcuts.h"

static void
show_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkApplicationWindow *window = user_data;
  GtkShortcutsWindow *shown = gtk_application_window_get_help_overlay (window);
  g_autoptr (GtkBuilder) builder = NULL;

  if (shown == NULL || !gtk_widget_get_visible (GTK_WIDGET (shown)))
    {
      builder = gtk_builder_new_from_resource ("/org/sparekey/SpareKey/ui/help-overlay.ui");
      shown = GTK_SHORTCUTS_WINDOW (gtk_builder_get_object (builder, "help_overlay"));
      gtk_application_window_set_help_overlay (window, shown);
      gtk_window_set_hide_on_close (GTK_WINDOW (shown), FALSE);
    }
  gtk_window_present (GTK_WINDOW (shown));
}

/* GTK's own action has this name too: where there is one already, it makes none. */
static const GActionEntry actions[] = {
  { "show-help-overlay", show_action },
};

void
spare_shortcuts_add (GtkApplicationWindow *window)
{
  g_action_map_add_action_entries (G_ACTION_MAP (window), actions, G_N_ELEMENTS (actions),
                                   window);
}
