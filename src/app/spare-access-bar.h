/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_ACCESS_BAR (spare_access_bar_get_type ())
G_DECLARE_FINAL_TYPE (SpareAccessBar, spare_access_bar, SPARE, ACCESS_BAR, GtkBox)

void spare_access_bar_set_owner (SpareAccessBar *self, SpareOwner *owner);
void spare_access_bar_refresh (SpareAccessBar *self);
void spare_access_bar_add (SpareAccessBar *self, SpareKey *key);
/* The fingerprints of those who were added; NULL: nobody. */
char **spare_access_bar_dup_recipients (SpareAccessBar *self);

G_END_DECLS
