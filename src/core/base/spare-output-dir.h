/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-output.h"

G_BEGIN_DECLS

/**
 * SpareOutputDir:
 *
 * A folder on its way to a name, as [struct@SpareOutput] is for a file: filled as a hidden
 * `.NAME.<hex>.part` beside its target, then published whole, or removed.
 */
typedef struct _SpareOutputDir SpareOutputDir;

SpareOutputDir *spare_output_dir_open (const char *target,
                                       SpareConflict conflict,
                                       goffset size_hint,
                                       GError **error);
gboolean spare_output_dir_publish (SpareOutputDir *self,
                                   SparePublishFlags flags,
                                   char **final_path,
                                   GError **error);
void spare_output_dir_discard (SpareOutputDir *self);
void spare_output_dir_free (SpareOutputDir *self);

int spare_output_dir_get_fd (SpareOutputDir *self);
const char *spare_output_dir_get_path (SpareOutputDir *self);

gboolean spare_output_dir_remove_tree (int dirfd, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOutputDir, spare_output_dir_free)

G_END_DECLS
