/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_CHIP (spare_chip_get_type ())
G_DECLARE_FINAL_TYPE (SpareChip, spare_chip, SPARE, CHIP, GtkBox)

/* Signal "removed": its button was used. */
GtkWidget *spare_chip_new (const char *icon_name, const char *text, gboolean removable);
void spare_chip_set (SpareChip *self, const char *icon_name, const char *text);
void spare_chip_show_at_least (SpareChip *self, int n_chars);
const char *spare_chip_get_text (SpareChip *self);

G_END_DECLS
