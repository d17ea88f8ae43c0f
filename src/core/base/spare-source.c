/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file opened for reading.
 *
 * Promise: what is opened is a regular file, opening never waits (a pipe without a writer) and never follows
 * a link that the person did not pick; and before the result is believed, it can be asked whether the file is
 * still the one that was opened, with the same octets as far as the system tells. A name may be any octets.
 */
#include "config.h"

#include "spare-source.h"

#include "spare-display.h"
#include "spare-errno-private.h"
#include "spare-error.h"
#include "spare-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <sys/stat.h>

struct _SpareSource
{
  int fd;
  int dirfd; /* AT_FDCWD, or where name is looked up */
  char *name;
  char *path;
  char *real_path;
  struct stat st;
};

static gboolean
refuse_kind (mode_t mode, const char *shown, GError **error)
{
  const char *sentence;
  int code = SPARE_ERROR_NOT_A_FILE;
  GQuark domain = SPARE_ERROR;

  switch (mode & S_IFMT)
    {
    case S_IFREG:
      return TRUE;
    case S_IFDIR:
      sentence = _ ("“%s” is a folder, not a file. Nothing was read.");
      domain = G_IO_ERROR;
      code = G_IO_ERROR_IS_DIRECTORY;
      break;
    case S_IFLNK:
      sentence = _ ("“%s” is a link to another file, and links are not followed here. "
                    "Pick the file itself.");
      break;
    case S_IFIFO:
      sentence = _ ("“%s” is a pipe, not a file. Nothing was read.");
      break;
    case S_IFSOCK:
      sentence = _ ("“%s” is a socket, not a file. Nothing was read.");
      break;
    case S_IFCHR:
    case S_IFBLK:
      sentence = _ ("“%s” is a device, not a file. Nothing was read.");
      break;
    default:
      sentence = _ ("“%s” is not a file. Nothing was read.");
      break;
    }

  g_set_error (error, domain, code, sentence, shown);
  return FALSE;
}

static void
set_open_error (int errsv, const char *shown, GError **error)
{
  switch (errsv)
    {
    case ENOENT:
    case ENOTDIR:
      spare_errno_set_error (error, ENOENT, _ ("There is no file “%s”."), shown);
      break;
    case EACCES:
    case EPERM:
      spare_errno_set_error (error, errsv, _ ("You are not allowed to read “%s”."), shown);
      break;
    case ELOOP:
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_NOT_A_FILE,
                   _ ("“%s” is a link that leads nowhere, or to itself. Nothing was read."),
                   shown);
      break;
    case ENXIO: /* a socket, or a device without a driver, that took the place of the file */
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_NOT_A_FILE,
                   _ ("“%s” is not a file. Nothing was read."), shown);
      break;
    default:
      spare_errno_set_error (error, errsv, _ ("“%s” can’t be opened. Nothing was changed."),
                             shown);
    }
}

/* The kind is looked at before opening, as opening some devices does something; and again afterwards, as the
 * name may have changed hands. */
static SpareSource *
open_checked (int dirfd,
              const char *name,
              const char *path,
              const char *real_path,
              GError **error)
{
  g_autofree char *shown = spare_display_basename (path);
  spare_autofd int fd = -1;
  SpareSource *self;
  struct stat st;
  int flags;

  if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    {
      set_open_error (errno, shown, error);
      return NULL;
    }
  if (!refuse_kind (st.st_mode, shown, error))
    return NULL;

  fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 || fstat (fd, &st) != 0)
    {
      set_open_error (errno, shown, error);
      return NULL;
    }
  if (!refuse_kind (st.st_mode, shown, error))
    return NULL;
  flags = fcntl (fd, F_GETFL);
  if (flags < 0 || fcntl (fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
    {
      set_open_error (errno, shown, error);
      return NULL;
    }

  self = g_new0 (SpareSource, 1);
  self->fd = spare_fd_steal (&fd);
  self->dirfd = AT_FDCWD;
  self->name = g_strdup (name);
  self->path = g_strdup (path);
  self->real_path = g_strdup (real_path);
  self->st = st;

  return self;
}

/**
 * spare_source_open:
 * @path: (type filename): the file, any octets
 * @flags: whether a symbolic link is followed
 * @error: return location
 *
 * Opens a regular file for reading. With %SPARE_SOURCE_FOLLOW a symbolic link is resolved once and the file
 * behind it opened; show spare_source_get_real_path() then.
 *
 * Returns: (transfer full): the source; or %NULL with %SPARE_ERROR_NOT_A_FILE (pipe, socket, device, link),
 *   %G_IO_ERROR_IS_DIRECTORY, %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_PERMISSION_DENIED or another %G_IO_ERROR
 */
SpareSource *
spare_source_open (const char *path, SpareSourceFlags flags, GError **error)
{
  g_autofree char *absolute = NULL;
  struct stat st;

  g_return_val_if_fail (path != NULL, NULL);

  if (*path == '\0')
    {
      set_open_error (ENOENT, "", error);
      return NULL;
    }

  /* Not canonicalized: "link/.." means what the system takes it for. */
  if (g_path_is_absolute (path))
    {
      absolute = g_strdup (path);
    }
  else
    {
      g_autofree char *here = g_get_current_dir ();

      absolute = g_build_filename (here, path, NULL);
    }

  if ((flags & SPARE_SOURCE_FOLLOW) != 0 && lstat (absolute, &st) == 0 && S_ISLNK (st.st_mode))
    {
      char *real = realpath (absolute, NULL);
      SpareSource *self;

      if (real == NULL)
        {
          g_autofree char *shown = spare_display_basename (path);

          set_open_error (errno == ENOENT ? ELOOP : errno, shown, error);
          return NULL;
        }
      self = open_checked (AT_FDCWD, real, path, real, error);
      free (real);
      return self;
    }

  return open_checked (AT_FDCWD, absolute, path, absolute, error);
}

/**
 * spare_source_open_at:
 * @dirfd: a folder; a duplicate of it is kept
 * @name: (type filename): a name in it, never followed if it is a link
 * @path: (type filename): the path to show
 * @error: return location
 *
 * As spare_source_open(), for walking a tree.
 *
 * Returns: (transfer full): the source, or %NULL as there
 */
SpareSource *
spare_source_open_at (int dirfd, const char *name, const char *path, GError **error)
{
  SpareSource *self;
  int kept;

  g_return_val_if_fail (name != NULL && path != NULL, NULL);

  kept = fcntl (dirfd, F_DUPFD_CLOEXEC, 3);
  if (kept < 0)
    {
      g_autofree char *shown = spare_display_basename (path);

      set_open_error (errno, shown, error);
      return NULL;
    }

  self = open_checked (kept, name, path, path, error);
  if (self != NULL)
    self->dirfd = kept;
  else
    close (kept);

  return self;
}

/**
 * spare_source_free:
 * @self: (transfer full) (nullable): a source
 */
void
spare_source_free (SpareSource *self)
{
  if (self == NULL)
    return;

  spare_fd_clear (&self->fd);
  if (self->dirfd != AT_FDCWD)
    spare_fd_clear (&self->dirfd);
  g_free (self->name);
  g_free (self->path);
  g_free (self->real_path);
  g_free (self);
}

/**
 * spare_source_get_fd:
 * @self: a source
 *
 * Returns: the descriptor, which stays the source's
 */
int
spare_source_get_fd (SpareSource *self)
{
  return self->fd;
}

/**
 * spare_source_get_path:
 * @self: a source
 *
 * Returns: (transfer none) (type filename): the path as it was given
 */
const char *
spare_source_get_path (SpareSource *self)
{
  return self->path;
}

/**
 * spare_source_get_real_path:
 * @self: a source
 *
 * Returns: (transfer none) (type filename): the path of the file itself, other than the path given when that
 *   was a link or relative
 */
const char *
spare_source_get_real_path (SpareSource *self)
{
  return self->real_path;
}

/**
 * spare_source_get_size:
 * @self: a source
 *
 * Returns: octets in the file when it was opened
 */
goffset
spare_source_get_size (SpareSource *self)
{
  return self->st.st_size;
}

/**
 * spare_source_get_modified:
 * @self: a source
 *
 * Returns: when the file was modified last, in µs since 1970 UTC
 */
gint64
spare_source_get_modified (SpareSource *self)
{
  return (gint64) self->st.st_mtim.tv_sec * G_USEC_PER_SEC + self->st.st_mtim.tv_nsec / 1000;
}

/**
 * spare_source_get_links:
 * @self: a source
 *
 * Returns: how many names the file has; with more than one, the content stays readable under the others
 *   after this name went to the trash
 */
guint
spare_source_get_links (SpareSource *self)
{
  return (guint) self->st.st_nlink;
}

/**
 * spare_source_read:
 * @self: a source
 * @buffer: (out caller-allocates) (array length=size): where to
 * @size: the most octets to read
 * @error: return location
 *
 * Returns: octets read, 0 at the end, -1 with a %G_IO_ERROR
 */
gssize
spare_source_read (SpareSource *self, gpointer buffer, gsize size, GError **error)
{
  ssize_t n;

  do
    n = read (self->fd, buffer, MIN (size, G_MAXSSIZE));
  while (n < 0 && errno == EINTR);

  if (n < 0)
    {
      g_autofree char *shown = spare_display_basename (self->path);

      spare_errno_set_error (error, errno,
                             _ ("“%s” can’t be read to its end. It is unchanged, and nothing "
                                "was made."),
                             shown);
    }

  return n;
}

/**
 * spare_source_rewind:
 * @self: a source
 * @error: return location
 *
 * Reads from the beginning again.
 *
 * Returns: %FALSE with a %G_IO_ERROR
 */
gboolean
spare_source_rewind (SpareSource *self, GError **error)
{
  if (lseek (self->fd, 0, SEEK_SET) == 0)
    return TRUE;

  {
    g_autofree char *shown = spare_display_basename (self->path);

    spare_errno_set_error (error, errno, _ ("“%s” can’t be read again. It is unchanged."),
                           shown);
  }
  return FALSE;
}

static gboolean
same_file (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/**
 * spare_source_check_unchanged:
 * @self: a source
 * @error: return location
 *
 * Ask it after reading and before the result counts: the file under the name must be the one that was opened,
 * with the size, the modification and the change time that it had. A system clock of coarse ticks can hide a
 * change within a few milliseconds of opening that keeps the size.
 *
 * Returns: %FALSE with %SPARE_ERROR_CHANGED
 */
gboolean
spare_source_check_unchanged (SpareSource *self, GError **error)
{
  g_autofree char *shown = NULL;
  struct stat now, named;

  g_return_val_if_fail (self != NULL, FALSE);

  if (fstat (self->fd, &now) == 0 && same_file (&now, &self->st)
      && now.st_size == self->st.st_size && now.st_mtim.tv_sec == self->st.st_mtim.tv_sec
      && now.st_mtim.tv_nsec == self->st.st_mtim.tv_nsec
      && now.st_ctim.tv_sec == self->st.st_ctim.tv_sec
      && now.st_ctim.tv_nsec == self->st.st_ctim.tv_nsec
      && fstatat (self->dirfd, self->name, &named, AT_SYMLINK_NOFOLLOW) == 0
      && same_file (&named, &self->st))
    return TRUE;

  shown = spare_display_basename (self->path);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED,
               _ ("“%s” changed while it was read, so the result was thrown away. The file "
                  "itself is "
                  "untouched; try again when nothing writes to it."),
               shown);
  return FALSE;
}
