/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_DETAILS_WINDOW (spare_details_window_get_type ())
G_DECLARE_FINAL_TYPE (SpareDetailsWindow,
                      spare_details_window,
                      SPARE,
                      DETAILS_WINDOW,
                      AdwWindow)

/* @title: text, not markup. It shows a spinner until _show_details() or _show_error(). */
SpareDetailsWindow *spare_details_window_new (GtkWindow *parent, const char *title);
AdwPreferencesGroup *spare_details_window_add_group (SpareDetailsWindow *self,
                                                     const char *title);
void spare_details_window_show_details (SpareDetailsWindow *self);
void spare_details_window_show_error (SpareDetailsWindow *self, const char *message);

G_END_DECLS
