/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-secret.h"

G_BEGIN_DECLS

/* A short-lived helper program (gpgconf, the guard outside of GPGME), run to its end under a time limit. */
typedef struct
{
  const char *const *argv; /* absolute path first; no shell, no search */
  const char *input;       /* for descriptor 0; NULL: /dev/null; at most 4 KiB */
  SpareSecret *secret;     /* a line for descriptor 3; NULL: none; at most 4 KiB */
  gboolean clean;          /* the guard's allow-list of the environment in place of all of it */
  guint seconds;           /* then it is killed */
  gsize output_max;        /* octets; more is an error */
} SpareChild;

/* Returns what it printed, if it exited with 0. Fails with SPARE_ERROR_ENGINE, cancellation, or
 * SPARE_ERROR_TOO_LARGE. *exit_status (-1: none) is set in each case. */
GBytes *spare_child_run_sync (const SpareChild *child,
                              int *exit_status,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
