/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SpareOutput:
 *
 * A file on its way to a name. Until it is published nothing is seen under that name; a crash, a kill or a
 * power cut leaves the name as it was, or holding the whole file.
 */
typedef struct _SpareOutput SpareOutput;

/**
 * SpareConflict:
 * @SPARE_CONFLICT_FAIL: a name that is taken is %G_IO_ERROR_EXISTS
 * @SPARE_CONFLICT_RENAME: take the next free name: `report (2).tar.gpg`
 * @SPARE_CONFLICT_REPLACE: the person agreed to replace this very file
 *
 * What to do when the target's name is taken.
 */
typedef enum
{
  SPARE_CONFLICT_FAIL,
  SPARE_CONFLICT_RENAME,
  SPARE_CONFLICT_REPLACE,
} SpareConflict;

/**
 * SparePublishFlags:
 * @SPARE_PUBLISH_NONE: the folder is made durable too
 * @SPARE_PUBLISH_DEFER_DIRECTORY: the caller calls spare_output_sync_directory() once for many files, before it says "done" for any
 */
typedef enum
{
  SPARE_PUBLISH_NONE = 0,
  SPARE_PUBLISH_DEFER_DIRECTORY = 1 << 0,
} SparePublishFlags;

SpareOutput *spare_output_open (const char *target,
                                SpareConflict conflict,
                                goffset size_hint,
                                GError **error);
gboolean spare_output_write (SpareOutput *self, gconstpointer data, gsize size, GError **error);
gboolean spare_output_reset (SpareOutput *self, GError **error);
gboolean spare_output_sync (SpareOutput *self, GError **error);
gboolean spare_output_publish (SpareOutput *self,
                               SparePublishFlags flags,
                               char **final_path,
                               GError **error);
void spare_output_discard (SpareOutput *self);
void spare_output_free (SpareOutput *self);

int spare_output_get_fd (SpareOutput *self);
goffset spare_output_get_size (SpareOutput *self);
const char *spare_output_get_target (SpareOutput *self);

gboolean spare_output_sync_directory (const char *directory, GError **error);
gboolean spare_output_clean_up (guint *n_removed, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOutput, spare_output_free)

G_END_DECLS
