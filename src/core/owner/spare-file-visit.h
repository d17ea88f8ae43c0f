/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-head.h"

G_BEGIN_DECLS

/* One file on the way. @head is NULL with @reason when it could not be read. Returns FALSE with @error to end the visit. */
typedef gboolean (*SpareFileVisitFunc) (const char *path,
                                        const SpareHead *head,
                                        const GError *reason,
                                        gpointer user_data,
                                        GError **error);

gboolean spare_file_visit_sync (const char *const *paths,
                                SpareFileVisitFunc func,
                                gpointer user_data,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
