/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into the program: everything runs from right to left, as it does in Arabic or Hebrew. The toolkit takes the direction
 * from its own translations, which a test's locale has not; this sets it when the program has just started the toolkit. */
#include "config.h"

#include <dlfcn.h>
#include <gtk/gtk.h>

void
gtk_window_set_default_icon_name (const char *name)
{
  void (*real) (const char *) = NULL;

  *(void **) &real = dlsym (RTLD_NEXT, "gtk_window_set_default_icon_name");
  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  real (name);
}
