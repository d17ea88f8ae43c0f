/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

AdwToast *spare_toast_new (GtkWidget *window, const char *text, const char *button);

G_END_DECLS
