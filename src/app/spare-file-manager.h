/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void spare_file_manager_show (GtkWidget *widget, const char *path);

G_END_DECLS
