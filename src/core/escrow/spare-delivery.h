/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean spare_delivery_put_sync (const char *folder,
                                  const char *name,
                                  GBytes *octets,
                                  char **final,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean spare_delivery_put_file_sync (const char *folder,
                                       const char *name,
                                       const char *source,
                                       char **final,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean spare_delivery_is_local (const char *folder);

G_END_DECLS
