/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GBytes *spare_small_file_read (const char *path, gsize limit, GError **error);
gboolean spare_small_file_write (const char *path,
                                 gconstpointer data,
                                 gsize size,
                                 GError **error);
gboolean spare_small_file_remove (const char *path, GError **error);

GKeyFile *spare_small_file_read_ini (const char *path, GError **error);
gboolean spare_small_file_write_ini (const char *path, GKeyFile *file, GError **error);

G_END_DECLS
