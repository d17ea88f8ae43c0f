/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Above this many octets time counts for more than space: the engine's compression is 5 to 20 times slower than its cipher. */
#define SPARE_COMPRESSION_SIZE_MAX (128 * 1024 * 1024)

gboolean spare_compression_gains (int fd, guint64 size);
gboolean spare_compression_gains_for_folder (const char *folder, guint64 size);

G_END_DECLS
