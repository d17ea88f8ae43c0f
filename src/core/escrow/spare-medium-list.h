/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-medium.h"

G_BEGIN_DECLS

#define SPARE_TYPE_MEDIUM_LIST (spare_medium_list_get_type ())
G_DECLARE_FINAL_TYPE (SpareMediumList, spare_medium_list, SPARE, MEDIUM_LIST, GObject)

/* The removable media that are mounted now, as a GListModel of SpareMedium that follows their coming and going.
 * For the main thread. */
SpareMediumList *spare_medium_list_new (void);
SpareMediumList *spare_medium_list_new_for_monitor (GVolumeMonitor *monitor);
SpareMedium *spare_medium_list_find (SpareMediumList *self, const char *path);

G_END_DECLS
