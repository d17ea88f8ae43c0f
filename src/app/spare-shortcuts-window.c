/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of the window's keyboard shortcuts.
 *
 * It is made when it is asked for and is gone when it is closed. The toolkit's own way, a file that each window loads at
 * its start, keeps a hidden window for ever; and a screen reader that asks for a window that was closed at that moment is
 * then answered with the hidden one, which has no address on the bus: GTK (4.8 to 4.18 at least) crashes over it.
 */

#include "config.h"

#include "spare-shortcuts-window.h"

void
spare_shortcuts_window_present (GtkApplicationWindow *parent)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource (
      "/org/sparekey/SpareKey/ui/spare-shortcuts-window.ui");
  GtkShortcutsWindow *window = GTK_SHORTCUTS_WINDOW (
      gtk_builder_get_object (builder, "shortcuts_window"));

  /* Which also destroys one that is open, and lets the rows know the keys of the parent's actions. */
  gtk_application_window_set_help_overlay (parent, window);
  gtk_window_set_hide_on_close (GTK_WINDOW (window), FALSE);
  gtk_window_present (GTK_WINDOW (window));
}
