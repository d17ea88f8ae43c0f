/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean spare_mpi_read (const guint8 *data,
                         gsize length,
                         gsize *offset,
                         const guint8 **mpi,
                         gsize *mpi_length);

G_END_DECLS
