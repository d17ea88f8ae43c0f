/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The engine is gpg under the guard. These are process-wide facts: where the guard lies, whether it answers, which
 * version it runs. Initialised once before any thread; later calls are free. */

gboolean spare_engine_init (GError **error);
gboolean spare_engine_init_with_guard (const char *guard_path, GError **error);
const char *spare_engine_get_guard_path (void);
const char *spare_engine_get_noverify_path (void);

gboolean spare_engine_check_health (const char *guard_path, GError **error);
const char *spare_engine_get_version (void);
gboolean spare_engine_is_at_least (guint major, guint minor, guint micro);

G_END_DECLS
