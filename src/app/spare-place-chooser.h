/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-medium.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_PLACE_CHOOSER (spare_place_chooser_get_type ())
G_DECLARE_FINAL_TYPE (SparePlaceChooser, spare_place_chooser, SPARE, PLACE_CHOOSER, GtkBox)

/* Signal "changed": something else is chosen, or nothing any more. */
/* A path in the file system's octets, or a URI; NULL: nothing is chosen. */
const char *spare_place_chooser_get_place (SparePlaceChooser *self);
/* For showing: the medium's or the folder's name; NULL: nothing is chosen. */
char *spare_place_chooser_dup_name (SparePlaceChooser *self);
/* The chosen medium; NULL: a folder is chosen, or nothing. */
SpareMedium *spare_place_chooser_get_medium (SparePlaceChooser *self);
void spare_place_chooser_focus_start (SparePlaceChooser *self);

G_END_DECLS
