/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_SET_UP (spare_set_up_get_type ())
G_DECLARE_FINAL_TYPE (SpareSetUp, spare_set_up, SPARE, SET_UP, GtkBox)

/* Signal "finished": the person has read the last page. */
void spare_set_up_start (SpareSetUp *self, SpareOwner *owner);

G_END_DECLS
