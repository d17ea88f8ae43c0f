/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_PANEL_WINDOW (spare_panel_window_get_type ())
G_DECLARE_FINAL_TYPE (SparePanelWindow, spare_panel_window, SPARE, PANEL_WINDOW, AdwWindow)

/* Signal "finished". */
GtkWidget *spare_panel_window_new_for_key (GtkWindow *parent, SpareOwner *owner);
GtkWidget *spare_panel_window_new_for_authority (GtkWindow *parent, SpareOwner *owner);

G_END_DECLS
