/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Waits until @path may be worked on. @inside: it is large and counts, so spare_job_gate_leave() has to follow. FALSE, and
 * not inside, when cancelled. Any thread. */
gboolean spare_job_gate_enter_sync (const char *path,
                                    gboolean *inside,
                                    GCancellable *cancellable,
                                    GError **error);
void spare_job_gate_leave (gboolean inside);

G_END_DECLS
