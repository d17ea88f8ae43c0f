/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way from an errno to a GError that keeps what callers react to.
 *
 * Promise: the code is the one of G_IO_ERROR that belongs to the errno, so "no space" is still "no space" at
 * the top; the message is the caller's full sentence followed by the system's own reason.
 */
#include "config.h"

#include "spare-errno-private.h"
#include "spare-error.h"

#include <errno.h>

/**
 * spare_errno_set_error:
 * @error: (out) (optional): return location
 * @errsv: the errno
 * @format: a translated full sentence, as for printf(): what happened and what is unharmed
 *
 * Sets a %G_IO_ERROR for @errsv. A quota that is used up counts as no space, a file past the limit of its
 * file system is %SPARE_ERROR_TOO_LARGE.
 */
void
spare_errno_set_error (GError **error, int errsv, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  sentence = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("%s (%s)", sentence, g_strerror (errsv));

  if (errsv == EFBIG)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE, message);
  else if (errsv == EDQUOT)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, message);
  else if (errsv == EROFS)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY, message);
  else
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errsv), message);
}
