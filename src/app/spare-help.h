/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Opens a page of the help in the desktop's help viewer; says so if there is none. */
void spare_help_show (GtkWindow *window, const char *page);

G_END_DECLS
