/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *spare_paths_find_policy_in (const char *administrator, const char *const *config_dirs);

G_END_DECLS
