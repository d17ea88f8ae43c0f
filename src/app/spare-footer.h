/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void spare_footer_fit (GtkBox *footer, gboolean narrow);

G_END_DECLS
