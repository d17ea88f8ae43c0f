/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_COLUMN_LAYOUT (spare_column_layout_get_type ())
G_DECLARE_FINAL_TYPE (SpareColumnLayout,
                      spare_column_layout,
                      SPARE,
                      COLUMN_LAYOUT,
                      GtkLayoutManager)

G_END_DECLS
