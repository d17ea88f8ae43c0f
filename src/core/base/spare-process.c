/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every program of Spare Key does first to keep secrets inside its own process.
 *
 * Promise: after it no crash writes memory to disk, no other process of the same person can attach and read
 * it, every file is made private, and a descriptor opened later can't be mistaken for stdout.
 */
#include "config.h"

#include "spare-process.h"

#include "spare-errno-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors 0 to 2 that were closed are opened on /dev/null: else the next file opened becomes one of them,
 * and a message printed to stderr lands in somebody's document. */
static gboolean
open_standard_descriptors (void)
{
  for (int fd = 0; fd <= 2; fd++)
    {
      if (fcntl (fd, F_GETFD) != -1 || errno != EBADF)
        continue;
      /* The lowest free number is fd itself, as those below are open. */
      if (open ("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
        return FALSE;
    }

  return TRUE;
}

/**
 * spare_process_harden:
 * @error: return location
 *
 * Call it first in `main()`, before any thread: no core dumps, not traceable by the person's other programs,
 * files private by default (umask 077), standard descriptors open, SIGPIPE an error instead of the end.
 *
 * Returns: %FALSE with a %G_IO_ERROR when the system refuses; the program should not go on then
 */
gboolean
spare_process_harden (GError **error)
{
  const struct rlimit none = { 0, 0 };

  umask (077);
  if (!open_standard_descriptors () || setrlimit (RLIMIT_CORE, &none) != 0
      || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || signal (SIGPIPE, SIG_IGN) == SIG_ERR)
    {
      spare_errno_set_error (error, errno,
                             _ ("The system does not let Spare Key protect its memory. "
                                "Nothing was changed."));
      return FALSE;
    }

  return TRUE;
}
