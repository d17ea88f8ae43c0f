/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean spare_archive_unpack_sync (int archive_fd,
                                    int folder_fd,
                                    guint *n_left_out,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
