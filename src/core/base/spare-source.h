/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SpareSource:
 *
 * A file opened for reading, known to be a regular file, that can tell whether it changed meanwhile.
 */
typedef struct _SpareSource SpareSource;

/**
 * SpareSourceFlags:
 * @SPARE_SOURCE_NONE: the last part of the path must not be a symbolic link
 * @SPARE_SOURCE_FOLLOW: the person picked it, so a symbolic link is resolved, once
 */
typedef enum
{
  SPARE_SOURCE_NONE = 0,
  SPARE_SOURCE_FOLLOW = 1 << 0,
} SpareSourceFlags;

SpareSource *spare_source_open (const char *path, SpareSourceFlags flags, GError **error);
SpareSource *spare_source_open_at (int dirfd,
                                   const char *name,
                                   const char *path,
                                   GError **error);
void spare_source_free (SpareSource *self);

int spare_source_get_fd (SpareSource *self);
const char *spare_source_get_path (SpareSource *self);
const char *spare_source_get_real_path (SpareSource *self);
goffset spare_source_get_size (SpareSource *self);
gint64 spare_source_get_modified (SpareSource *self);
guint spare_source_get_links (SpareSource *self);
gssize spare_source_read (SpareSource *self, gpointer buffer, gsize size, GError **error);
gboolean spare_source_rewind (SpareSource *self, GError **error);
gboolean spare_source_check_unchanged (SpareSource *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareSource, spare_source_free)

G_END_DECLS
