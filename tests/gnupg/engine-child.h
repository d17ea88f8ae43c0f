/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The processes that work in a GnuPG home, found by their command line: `--homedir PATH`. */
GArray *engine_child_find (const char *home, const char *program); /* of pid_t */
guint engine_child_kill (const char *home, const char *program);
gboolean engine_child_wait_gone (const char *home, const char *program, guint seconds);
/* Until one is there and waits for something. */
gboolean engine_child_wait_asleep (const char *home, const char *program, guint seconds);

G_END_DECLS
