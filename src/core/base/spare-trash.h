/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SpareTrashed:
 *
 * A file that was moved to the trash, and all that is needed to bring it back.
 */
typedef struct _SpareTrashed SpareTrashed;

SpareTrashed *spare_trash_file (const char *path, GCancellable *cancellable, GError **error);
gboolean spare_trashed_restore (SpareTrashed *self, GError **error);
const char *spare_trashed_get_original_path (SpareTrashed *self);
gboolean spare_trashed_can_restore (SpareTrashed *self);
void spare_trashed_free (SpareTrashed *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareTrashed, spare_trashed_free)

G_END_DECLS
