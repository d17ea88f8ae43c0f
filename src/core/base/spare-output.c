/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file on its way to a name.
 *
 * Promise: at every instant, a crash, a kill and a power cut included, the name holds what it held before or
 * the complete new file, never a part. Nothing is replaced that the person did not agree to replace. What an
 * error says was not made was not made.
 *
 * The octets go into a file without a name in the target's folder; only when they are on disk does it get its
 * name. Where there are no files without names (FAT, FUSE, network), it is a hidden `.NAME.<hex>.part`, noted
 * in the state folder first, so that the next start removes what a crash left (spare-inflight.c).
 *
 * What each file system allows for taking a name without replacing (measured):
 *
 *   ext4, xfs, btrfs, tmpfs, overlay  no-name file + linkat()
 *   vfat                              renameat2 (NOREPLACE)
 *   bindfs and other FUSE             link() + unlink(): NOREPLACE is EINVAL
 *   exfat-fuse                        an empty placeholder + rename(): there are no hard links either
 */
#include "config.h"

#include "spare-output-private.h"

#include "spare-display.h"
#include "spare-errno-private.h"
#include "spare-error.h"
#include "spare-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <stdio.h>
#include <sys/vfs.h>

#define TMPFS_MAGIC 0x01021994
/* Below this, reserving the space costs more than it tells. */
#define RESERVE_MIN (1024 * 1024)

/* No files without names here. */
static gboolean
lacks_unnamed (int errsv)
{
  return errsv == EOPNOTSUPP || errsv == EISDIR || errsv == EINVAL || errsv == ENOENT;
}

static gboolean
lacks_flag (int errsv)
{
  return errsv == EINVAL || errsv == ENOSYS || errsv == EOPNOTSUPP;
}

static gboolean
open_temporary (SpareOutput *self, GError **error)
{
  self->fd = openat (self->place.dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (self->fd >= 0)
    return TRUE;
  if (!lacks_unnamed (errno))
    {
      spare_output_place_set_error (&self->place, errno, error);
      return FALSE;
    }

  self->inflight = spare_inflight_begin (self->place.absolute, self->place.name,
                                         SPARE_INFLIGHT_FILE, error);
  if (self->inflight == NULL)
    return FALSE;
  self->fd = openat (self->place.dirfd, spare_inflight_get_temporary (self->inflight),
                     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->fd >= 0)
    return TRUE;

  spare_output_place_set_error (&self->place, errno, error);
  g_clear_pointer (&self->inflight, spare_inflight_end);
  return FALSE;
}

/* Takes the space now, where that is possible, instead of failing at its last octet. */
static gboolean
reserve (SpareOutput *self, goffset size_hint, GError **error)
{
  struct statfs kind;

  if (size_hint < RESERVE_MIN || fstatfs (self->fd, &kind) != 0 || kind.f_type == TMPFS_MAGIC)
    return TRUE;
  if (fallocate (self->fd, FALLOC_FL_KEEP_SIZE, 0, size_hint) == 0)
    return TRUE;
  if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
    return TRUE;

  spare_output_place_set_error (&self->place, errno, error);
  return FALSE;
}

/**
 * spare_output_open:
 * @target: (type filename): folder and name of the output, any octets; the folder must exist
 * @conflict: what to do when the name is taken
 * @size_hint: octets to come, or 0 when not known
 * @error: return location
 *
 * Begins an output: opens the folder, checks what can be known beforehand and makes the temporary, readable
 * by the person alone.
 *
 * Returns: (transfer full): the output; or %NULL with %G_IO_ERROR_EXISTS, %G_IO_ERROR_NO_SPACE,
 *   %SPARE_ERROR_TOO_LARGE, %G_IO_ERROR_FILENAME_TOO_LONG, %G_IO_ERROR_INVALID_FILENAME,
 *   %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_PERMISSION_DENIED, %G_IO_ERROR_READ_ONLY or another %G_IO_ERROR.
 *   Nothing is changed then
 */
SpareOutput *
spare_output_open (const char *target,
                   SpareConflict conflict,
                   goffset size_hint,
                   GError **error)
{
  g_autoptr (SpareOutput) self = NULL;

  g_return_val_if_fail (target != NULL, NULL);

  self = g_new0 (SpareOutput, 1);
  self->fd = -1;
  self->conflict = conflict;
  self->target = g_strdup (target);
  if (!spare_output_place_open (&self->place, target, error)
      || !spare_output_place_check_name (&self->place, conflict, FALSE, error)
      || !spare_output_place_check_space (&self->place, size_hint, error)
      || !open_temporary (self, error) || !reserve (self, size_hint, error))
    return NULL;

  return g_steal_pointer (&self);
}

static gboolean
fail (SpareOutput *self, int errsv, GError **error)
{
  self->failed = TRUE;
  spare_output_place_set_error (&self->place, errsv, error);
  return FALSE;
}

/**
 * spare_output_write:
 * @self: an output
 * @data: (array length=size): octets to add at its end
 * @size: number of octets
 * @error: return location
 *
 * After an error the output can only be discarded.
 *
 * Returns: %FALSE with %G_IO_ERROR_NO_SPACE, %SPARE_ERROR_TOO_LARGE or another %G_IO_ERROR
 */
gboolean
spare_output_write (SpareOutput *self, gconstpointer data, gsize size, GError **error)
{
  const guint8 *octets = data;
  int patience = 100;

  g_return_val_if_fail (self != NULL && !self->published, FALSE);

  if (self->failed)
    return fail (self, EIO, error);

  self->synced = FALSE;
  while (size > 0)
    {
      ssize_t n = pwrite (self->fd, octets, MIN (size, G_MAXSSIZE), self->size);

      if (n > 0)
        {
          octets += n;
          size -= (gsize) n;
          self->size += n;
          continue;
        }
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN && patience-- > 0)
        {
          struct pollfd ready = { self->fd, POLLOUT, 0 };

          poll (&ready, 1, 100);
          continue;
        }
      /* Nothing written and no reason given: as a full device does it. */
      return fail (self, n == 0 ? ENOSPC : errno, error);
    }

  return TRUE;
}

/**
 * spare_output_reset:
 * @self: an output
 * @error: return location
 *
 * Throws away what was written, to begin again: for a second pass of the engine.
 *
 * Returns: %FALSE with a %G_IO_ERROR
 */
gboolean
spare_output_reset (SpareOutput *self, GError **error)
{
  g_return_val_if_fail (self != NULL && !self->published, FALSE);

  if (self->failed)
    return fail (self, EIO, error);
  if (ftruncate (self->fd, 0) != 0 || lseek (self->fd, 0, SEEK_SET) != 0)
    return fail (self, errno, error);
  self->size = 0;
  self->synced = FALSE;

  return TRUE;
}

/**
 * spare_output_sync:
 * @self: an output
 * @error: return location
 *
 * Waits until all octets are on disk. An error is final: the system may have dropped octets already, so the
 * output can only be discarded.
 *
 * Returns: %FALSE with a %G_IO_ERROR
 */
gboolean
spare_output_sync (SpareOutput *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->failed)
    return fail (self, EIO, error);
  if (self->synced)
    return TRUE;
  /* Gives back what was reserved too much. */
  if (ftruncate (self->fd, self->size) != 0 || fsync (self->fd) != 0)
    return fail (self, errno, error);
  self->synced = TRUE;

  return TRUE;
}

/* Gives the file without a name one. Returns 0 or an errno. */
static int
link_unnamed (SpareOutput *self, const char *name)
{
  char path[64];

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", self->fd);
  if (linkat (AT_FDCWD, path, self->place.dirfd, name, AT_SYMLINK_FOLLOW) == 0)
    return 0;
  /* Without /proc; needs a privilege on older kernels. */
  if (errno == ENOENT && linkat (self->fd, "", self->place.dirfd, name, AT_EMPTY_PATH) == 0)
    return 0;

  return errno;
}

/* Takes the name with an empty file of our own, which the temporary then replaces. */
static int
move_over_placeholder (SpareOutput *self, const char *temporary, const char *name)
{
  spare_autofd int fd = -1;
  struct stat ours, there;
  int dirfd = self->place.dirfd;

  fd = openat (dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno;
  if (fstat (fd, &ours) == 0
      && spare_inflight_note_placeholder (self->inflight, name, ours.st_ino)
      && fstatat (dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
    {
      if (ours.st_ino != there.st_ino || there.st_size != 0)
        return EEXIST;
      if (renameat (dirfd, temporary, dirfd, name) == 0)
        return 0;
    }

  {
    int errsv = errno;

    unlinkat (dirfd, name, 0);
    return errsv;
  }
}

/* Gives the temporary its name unless that is taken. Returns 0 or an errno, EEXIST when it is taken. */
static int
take_name (SpareOutput *self, const char *name)
{
  const char *temporary;
  int dirfd = self->place.dirfd;

  if (self->inflight == NULL)
    return link_unnamed (self, name);

  temporary = spare_inflight_get_temporary (self->inflight);
  if (renameat2 (dirfd, temporary, dirfd, name, RENAME_NOREPLACE) == 0)
    return 0;
  if (!lacks_flag (errno))
    return errno;
  if (linkat (dirfd, temporary, dirfd, name, 0) == 0)
    {
      /* Should this fail, the note stays behind and the next start removes the second name. */
      unlinkat (dirfd, temporary, 0);
      return 0;
    }
  if (errno != EPERM && errno != EMLINK && !lacks_flag (errno))
    return errno;

  return move_over_placeholder (self, temporary, name);
}

static gboolean
is_regular (SpareOutput *self, const char *name)
{
  struct stat st;

  return fstatat (self->place.dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
         && S_ISREG (st.st_mode);
}

/* What was exchanged out is the file that the caller looked at, if it named one. */
static gboolean
is_expected (SpareOutput *self, const char *name)
{
  struct stat st;

  if (self->expected_inode == 0)
    return is_regular (self, name);
  return fstatat (self->place.dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
         && st.st_ino == self->expected_inode && st.st_dev == self->expected_device;
}

/* Puts the new file in the place of the old one, which the person agreed to lose. Where the system can, the two
 * change places, so that the old one is still there until the new one is known to be right. */
static gboolean
replace (SpareOutput *self, GError **error)
{
  const char *name = self->place.name;
  const char *temporary;
  int dirfd = self->place.dirfd;
  int errsv;

  if (self->inflight == NULL)
    {
      self->inflight = spare_inflight_begin (self->place.absolute, name, SPARE_INFLIGHT_FILE,
                                             error);
      if (self->inflight == NULL)
        return FALSE;
      errsv = link_unnamed (self, spare_inflight_get_temporary (self->inflight));
      if (errsv != 0)
        {
          spare_output_place_set_error (&self->place, errsv, error);
          return FALSE;
        }
    }

  temporary = spare_inflight_get_temporary (self->inflight);
  if (!is_expected (self, name))
    return spare_output_place_check_name (&self->place, SPARE_CONFLICT_REPLACE, FALSE, error)
           && (g_set_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED,
                            _ ("The file to replace changed meanwhile. Nothing was changed; "
                               "try again.")),
               FALSE);
  if (renameat2 (dirfd, temporary, dirfd, name, RENAME_EXCHANGE) == 0)
    {
      if (is_expected (self, temporary) && spare_output_place_check_same (&self->place, error))
        {
          /* Should this fail, the old file goes at the next start. */
          unlinkat (dirfd, temporary, 0);
          return TRUE;
        }
      /* Something else took the name between the look and the exchange, or the folder is not the one any more. */
      renameat2 (dirfd, temporary, dirfd, name, RENAME_EXCHANGE);
      if (error != NULL && *error == NULL)
        spare_output_place_set_taken (&self->place, name, error);
      return FALSE;
    }
  if (lacks_flag (errno) && renameat (dirfd, temporary, dirfd, name) == 0)
    return TRUE;

  spare_output_place_set_error (&self->place, errno, error);
  return FALSE;
}

/* Returns the name taken, or NULL. */
static char *
publish_under_a_name (SpareOutput *self, GError **error)
{
  for (guint number = 1; number <= SPARE_OUTPUT_NUMBER_MAX; number++)
    {
      g_autofree char *name = number == 1
                                  ? g_strdup (self->place.name)
                                  : spare_output_place_number_name (self->place.name, number);
      int errsv = take_name (self, name);

      if (errsv == 0)
        return g_steal_pointer (&name);
      if (errsv != EEXIST)
        {
          spare_output_place_set_error (&self->place, errsv, error);
          return NULL;
        }
      if (self->conflict == SPARE_CONFLICT_REPLACE)
        return replace (self, error) ? g_steal_pointer (&name) : NULL;
      if (self->conflict == SPARE_CONFLICT_FAIL)
        break;
    }

  spare_output_place_set_taken (&self->place, self->place.name, error);
  return NULL;
}

static gboolean
is_ours (SpareOutput *self, const char *name)
{
  struct stat ours, there;

  return fstat (self->fd, &ours) == 0
         && fstatat (self->place.dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0
         && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/**
 * spare_output_publish:
 * @self: an output
 * @flags: whether the folder is made durable at once
 * @final_path: (out) (optional) (transfer full) (type filename): where the file is now
 * @error: return location
 *
 * Makes the octets durable and gives the file its name, or with %SPARE_CONFLICT_RENAME the next free one.
 * Check the octets first: read them back through spare_output_get_fd().
 *
 * Returns: %FALSE with an error as for spare_output_open(); then nothing was changed. The one exception is
 *   %SPARE_ERROR_OUTPUT_UNSURE: the complete file is at @final_path, which is set, but may not survive a power
 *   cut, so the original must be kept
 */
gboolean
spare_output_publish (SpareOutput *self,
                      SparePublishFlags flags,
                      char **final_path,
                      GError **error)
{
  g_autofree char *name = NULL;

  g_return_val_if_fail (self != NULL && !self->published, FALSE);

  if (!spare_output_sync (self, error) || !spare_output_place_check_same (&self->place, error))
    return FALSE;
  name = publish_under_a_name (self, error);
  if (name == NULL)
    return FALSE;

  if (self->conflict != SPARE_CONFLICT_REPLACE && is_ours (self, name)
      && !spare_output_place_check_same (&self->place, error))
    {
      unlinkat (self->place.dirfd, name, 0);
      return FALSE;
    }

  self->published = TRUE;
  /* Its temporary name is gone, unless the system refused to remove it: then the note has to stay. */
  if (self->inflight != NULL
      && faccessat (self->place.dirfd, spare_inflight_get_temporary (self->inflight), F_OK,
                    AT_SYMLINK_NOFOLLOW)
             == 0)
    g_clear_pointer (&self->inflight, spare_inflight_leave);
  g_clear_pointer (&self->inflight, spare_inflight_end);
  if (final_path != NULL)
    *final_path = spare_output_place_dup_path (&self->place, name);

  return (flags & SPARE_PUBLISH_DEFER_DIRECTORY) != 0
         || spare_output_place_sync (&self->place, error);
}

/**
 * spare_output_discard:
 * @self: an output
 *
 * Throws away what was not published; does nothing to what was.
 */
void
spare_output_discard (SpareOutput *self)
{
  g_return_if_fail (self != NULL);

  self->failed = TRUE;
  if (self->inflight != NULL)
    {
      const char *temporary = spare_inflight_get_temporary (self->inflight);

      if (unlinkat (self->place.dirfd, temporary, 0) == 0 || errno == ENOENT)
        g_clear_pointer (&self->inflight, spare_inflight_end);
      else
        g_clear_pointer (&self->inflight, spare_inflight_leave);
    }
  spare_fd_clear (&self->fd);
}

/**
 * spare_output_free:
 * @self: (transfer full) (nullable): an output
 *
 * Discards it if it was not published.
 */
void
spare_output_free (SpareOutput *self)
{
  if (self == NULL)
    return;

  spare_output_discard (self);
  spare_output_place_clear (&self->place);
  g_free (self->target);
  g_free (self);
}

/**
 * spare_output_get_fd:
 * @self: an output
 *
 * For reading back what was written; the position is the reader's own to set, writing does not use it.
 *
 * Returns: the descriptor, which stays the output's
 */
int
spare_output_get_fd (SpareOutput *self)
{
  return self->fd;
}

/**
 * spare_output_get_size:
 * @self: an output
 *
 * Returns: octets written
 */
goffset
spare_output_get_size (SpareOutput *self)
{
  return self->size;
}

/**
 * spare_output_get_target:
 * @self: an output
 *
 * Returns: (transfer none) (type filename): the target as it was given
 */
const char *
spare_output_get_target (SpareOutput *self)
{
  return self->target;
}

/**
 * spare_output_sync_directory:
 * @directory: (type filename): a folder that outputs were published in with %SPARE_PUBLISH_DEFER_DIRECTORY
 * @error: return location
 *
 * Makes all names in it durable, once for many files.
 *
 * Returns: %FALSE with %SPARE_ERROR_OUTPUT_UNSURE, or a %G_IO_ERROR when the folder can't be opened
 */
gboolean
spare_output_sync_directory (const char *directory, GError **error)
{
  g_autofree char *target = g_build_filename (directory, "x", NULL);
  SpareOutputPlace place;
  gboolean done;

  if (!spare_output_place_open (&place, target, error))
    return FALSE;
  done = spare_output_place_sync (&place, error);
  spare_output_place_clear (&place);

  return done;
}

/**
 * spare_output_clean_up:
 * @n_removed: (out) (optional): how many temporaries were removed
 * @error: return location
 *
 * Removes the hidden `.part` files and folders that crashes left, of processes that live no more. Call it at
 * start; what lies on a medium that is away is removed at a later start.
 *
 * Returns: %FALSE with a %G_IO_ERROR when the notes about them can't be read
 */
gboolean
spare_output_clean_up (guint *n_removed, GError **error)
{
  return spare_inflight_clean_up (n_removed, error);
}
