/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a bundle lies while it is looked at.
 *
 * A stick can change what it gives out between two readings, and what comes out of a bundle is not to be seen before it
 * is verified. So both lie in files that only this process can reach.
 *
 * Promise: the file has no name (or loses it before the first octet is written) and mode 0600; nothing is left of it
 * when the process ends, however that happens. */
#include "config.h"

#include "spare-bundle-spool-private.h"

#include "spare-paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct _SpareBundleSpool
{
  int fd;
  guint64 size;
};

static gboolean
set_error (GError **error, int number)
{
  g_debug ("spool: %s", g_strerror (number));
  if (number == ENOSPC || number == EDQUOT || number == EFBIG)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                         _ ("There is not enough space to look at this bundle. Nothing was "
                            "changed. Make room, then open it again."));
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number),
                 _ ("The folder for temporary files can’t be used (%s). Nothing was changed."),
                 g_strerror (number));
  return FALSE;
}

static int
open_unnamed (const char *folder)
{
  int fd = open (folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  g_autofree char *name = NULL;

  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
    return fd;
  name = g_build_filename (folder, ".spool-XXXXXX", NULL);
  fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (name);
  return fd;
}

/* @folder: %NULL for the state folder; made if it isn't there. */
SpareBundleSpool *
spare_bundle_spool_new (const char *folder, GError **error)
{
  g_autofree char *usual = NULL;
  SpareBundleSpool *self;
  int fd;

  if (folder == NULL)
    {
      usual = spare_paths_ensure_state_dir (error);
      if (usual == NULL)
        return NULL;
      folder = usual;
    }
  else if (!spare_paths_ensure_dir (folder, error))
    {
      return NULL;
    }
  fd = open_unnamed (folder);
  if (fd < 0)
    {
      set_error (error, errno);
      return NULL;
    }
  self = g_new0 (SpareBundleSpool, 1);
  self->fd = fd;
  return self;
}

void
spare_bundle_spool_free (SpareBundleSpool *self)
{
  close (self->fd);
  g_free (self);
}

gboolean
spare_bundle_spool_append (SpareBundleSpool *self,
                           const guint8 *octets,
                           gsize size,
                           GError **error)
{
  while (size > 0)
    {
      ssize_t n = pwrite (self->fd, octets, size, (off_t) self->size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return set_error (error, n == 0 ? ENOSPC : errno);
      octets += n;
      size -= (gsize) n;
      self->size += (guint64) n;
    }
  return TRUE;
}

/* Returns the octets read, 0 at the end, -1 with @error. */
gssize
spare_bundle_spool_read (SpareBundleSpool *self,
                         guint64 offset,
                         guint8 *buffer,
                         gsize size,
                         GError **error)
{
  ssize_t n;

  do
    n = pread (self->fd, buffer, size, (off_t) offset);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_error (error, errno);
  return n;
}

gboolean
spare_bundle_spool_clear (SpareBundleSpool *self, GError **error)
{
  if (ftruncate (self->fd, 0) != 0)
    return set_error (error, errno);
  self->size = 0;
  return TRUE;
}

guint64
spare_bundle_spool_get_size (SpareBundleSpool *self)
{
  return self->size;
}
