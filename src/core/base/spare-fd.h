/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <errno.h>
#include <glib.h>
#include <unistd.h>

G_BEGIN_DECLS

/* A descriptor that closes itself at the end of its scope: what GLib has as g_autofd from 2.76 on.
 * errno is kept, so that an error path may still report it. */
static inline void
spare_fd_clear (int *fd)
{
  if (*fd >= 0)
    {
      int errsv = errno;

      close (*fd);
      *fd = -1;
      errno = errsv;
    }
}

static inline int
spare_fd_steal (int *fd)
{
  int stolen = *fd;

  *fd = -1;
  return stolen;
}

#define spare_autofd __attribute__ ((cleanup (spare_fd_clear)))

G_END_DECLS
