/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The buttons at the foot of a window.
 *
 * Promise: they stand side by side where there is room for their words, and one below the other in a narrow window where there
 * is not: with large letters, or in a language of long words. None is cut short. */
#include "config.h"

#include "spare-footer.h"

#define ROOM 348 /* pixels, in a window for a phone */

/**
 * spare_footer_fit:
 * @footer: the box of the buttons
 * @narrow: whether the window is narrow
 */
void
spare_footer_fit (GtkBox *footer, gboolean narrow)
{
  GtkOrientable *box = GTK_ORIENTABLE (footer);
  int minimum;

  gtk_orientable_set_orientation (box, GTK_ORIENTATION_HORIZONTAL);
  gtk_widget_measure (GTK_WIDGET (footer), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL,
                      NULL);
  if (narrow && minimum > ROOM)
    gtk_orientable_set_orientation (box, GTK_ORIENTATION_VERTICAL);
}
