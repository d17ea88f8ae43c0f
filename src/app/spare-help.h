/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

void spare_help_set_page (GtkWidget *widget, const char *page);
const char *spare_help_get_page (GtkWindow *window);
void spare_help_show (GtkWindow *window);
void spare_help_watch_windows (void);

G_END_DECLS
