/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-medium.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_EJECT_BOX (spare_eject_box_get_type ())
G_DECLARE_FINAL_TYPE (SpareEjectBox, spare_eject_box, SPARE, EJECT_BOX, GtkBox)

/* @medium: what to offer to eject; NULL, or one that can't be ejected: the box is hidden. */
void spare_eject_box_set_medium (SpareEjectBox *self, SpareMedium *medium);

G_END_DECLS
