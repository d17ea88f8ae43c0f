/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What spare_medium_get_free() says until it is known. */
#define SPARE_MEDIUM_FREE_UNKNOWN G_MAXUINT64

#define SPARE_TYPE_MEDIUM         (spare_medium_get_type ())
G_DECLARE_FINAL_TYPE (SpareMedium, spare_medium, SPARE, MEDIUM, GObject)

/* A removable medium that is mounted. For the main thread; nothing here waits for the device. Properties, read-only:
 * "mount" (GMount), "name" (text to be shown as it is), "path" (file name), "icon" (GIcon), and, notified when they are
 * known or change: "free" (octets, uint64), "read-only", "can-eject". */
SpareMedium *spare_medium_new (GMount *mount);
gboolean spare_medium_mount_is_removable (GMount *mount);

GMount *spare_medium_get_mount (SpareMedium *self);
const char *spare_medium_get_name (SpareMedium *self);
const char *spare_medium_get_path (SpareMedium *self);
GIcon *spare_medium_get_icon (SpareMedium *self);
guint64 spare_medium_get_free (SpareMedium *self);
gboolean spare_medium_get_read_only (SpareMedium *self);
gboolean spare_medium_get_can_eject (SpareMedium *self);
void spare_medium_refresh (SpareMedium *self);

/* Ejects it where the drive can, else unmounts it. @operation: (nullable): asks the person, for instance about
 * programs that still use it. */
void spare_medium_eject_async (SpareMedium *self,
                               GMountOperation *operation,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean spare_medium_eject_finish (SpareMedium *self, GAsyncResult *result, GError **error);

G_END_DECLS
