/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_KEY_PANEL (spare_key_panel_get_type ())
G_DECLARE_FINAL_TYPE (SpareKeyPanel, spare_key_panel, SPARE, KEY_PANEL, GtkBox)

/* Signals: "finished" (a key is in use), "moved" (another page is shown). */
void spare_key_panel_start (SpareKeyPanel *self, SpareOwner *owner);
gboolean spare_key_panel_can_go_back (SpareKeyPanel *self);
void spare_key_panel_go_back (SpareKeyPanel *self);

G_END_DECLS
