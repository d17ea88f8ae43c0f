/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A folder as a tar stream that is pulled, never stored. */
typedef struct _SpareArchiveWriter SpareArchiveWriter;

SpareArchiveWriter *spare_archive_writer_new (const char *folder, GError **error);
void spare_archive_writer_free (SpareArchiveWriter *self);
gssize spare_archive_writer_read (SpareArchiveWriter *self,
                                  guint8 *buffer,
                                  gsize size,
                                  GError **error);
guint64 spare_archive_writer_get_read (SpareArchiveWriter *self);
guint spare_archive_writer_get_n_left_out (SpareArchiveWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareArchiveWriter, spare_archive_writer_free)

G_END_DECLS
