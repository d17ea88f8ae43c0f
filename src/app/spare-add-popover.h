/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_ADD_POPOVER (spare_add_popover_get_type ())
G_DECLARE_FINAL_TYPE (SpareAddPopover, spare_add_popover, SPARE, ADD_POPOVER, GtkPopover)

/* Signal "chosen" (SpareKey). */
void spare_add_popover_set_owner (SpareAddPopover *self, SpareOwner *owner);

G_END_DECLS
