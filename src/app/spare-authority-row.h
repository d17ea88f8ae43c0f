/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-authority-item.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_ROW (spare_authority_row_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityRow, spare_authority_row, SPARE, AUTHORITY_ROW, GtkBox)

GtkWidget *spare_authority_row_new (void);
void spare_authority_row_set_item (SpareAuthorityRow *self, SpareAuthorityItem *item);

G_END_DECLS
