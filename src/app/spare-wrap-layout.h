/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_WRAP_LAYOUT (spare_wrap_layout_get_type ())
G_DECLARE_FINAL_TYPE (SpareWrapLayout, spare_wrap_layout, SPARE, WRAP_LAYOUT, GtkLayoutManager)

GtkLayoutManager *spare_wrap_layout_new (void);
void spare_wrap_layout_wrap_buttons (GtkWidget *widget);

G_END_DECLS
