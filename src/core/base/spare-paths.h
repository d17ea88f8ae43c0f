/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *spare_paths_dup_data_dir (void);
char *spare_paths_dup_state_dir (void);
char *spare_paths_ensure_data_dir (GError **error);
char *spare_paths_ensure_state_dir (GError **error);
gboolean spare_paths_ensure_dir (const char *path, GError **error);

char *spare_paths_find_policy (void);

G_END_DECLS
