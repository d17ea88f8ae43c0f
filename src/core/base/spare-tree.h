/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Removes the folder and all below it, by descriptors: a name that is swapped for a link meanwhile is not followed. */
void spare_tree_remove (const char *path);

G_END_DECLS
