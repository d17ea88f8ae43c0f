/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder on its way to a name: what unpacking an archive fills.
 *
 * Promise: the name holds nothing, or the complete folder; a folder or file that exists is never replaced or
 * mixed with; and throwing the unfinished one away follows no link out of it, whatever a hostile archive put
 * in it, and however deep.
 */
#include "config.h"

#include "spare-output-dir.h"

#include "spare-display.h"
#include "spare-errno-private.h"
#include "spare-error.h"
#include "spare-fd.h"
#include "spare-output-place-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct _SpareOutputDir
{
  SpareOutputPlace place;
  SpareConflict conflict;
  int fd;
  char *path;
  SpareInflight *inflight;
  gboolean published;
};

/**
 * spare_output_dir_open:
 * @target: (type filename): folder that holds it, and its name; the former must exist
 * @conflict: what to do when the name is taken; a folder that exists is never replaced, so
 *   %SPARE_CONFLICT_REPLACE is as %SPARE_CONFLICT_FAIL
 * @size_hint: octets to come in all, or 0 when not known
 * @error: return location
 *
 * Makes a hidden folder beside @target, for the person alone.
 *
 * Returns: (transfer full): the folder; or %NULL as for spare_output_open()
 */
SpareOutputDir *
spare_output_dir_open (const char *target,
                       SpareConflict conflict,
                       goffset size_hint,
                       GError **error)
{
  g_autoptr (SpareOutputDir) self = NULL;
  const char *temporary;

  g_return_val_if_fail (target != NULL, NULL);

  self = g_new0 (SpareOutputDir, 1);
  self->fd = -1;
  self->conflict = conflict;
  if (!spare_output_place_open (&self->place, target, error)
      || !spare_output_place_check_name (&self->place, conflict, TRUE, error)
      || !spare_output_place_check_space (&self->place, size_hint, error))
    return NULL;

  self->inflight = spare_inflight_begin (self->place.absolute, self->place.name,
                                         SPARE_INFLIGHT_DIR, error);
  if (self->inflight == NULL)
    return NULL;
  temporary = spare_inflight_get_temporary (self->inflight);
  if (mkdirat (self->place.dirfd, temporary, 0700) != 0)
    {
      spare_output_place_set_error (&self->place, errno, error);
      g_clear_pointer (&self->inflight, spare_inflight_end);
      return NULL;
    }
  self->fd = openat (self->place.dirfd, temporary,
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->fd < 0)
    {
      spare_output_place_set_error (&self->place, errno, error);
      return NULL;
    }
  self->path = spare_output_place_dup_path (&self->place, temporary);

  return g_steal_pointer (&self);
}

/* Returns 0 or an errno, EEXIST when the name is taken. */
static int
take_name (SpareOutputDir *self, const char *name)
{
  const char *temporary = spare_inflight_get_temporary (self->inflight);
  int dirfd = self->place.dirfd;
  int errsv;

  if (renameat2 (dirfd, temporary, dirfd, name, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
    return errno;
  /* An empty folder is the one thing that a folder may be renamed over, and making it fails when the name is
   * taken. */
  if (mkdirat (dirfd, name, 0700) != 0)
    return errno;
  if (renameat (dirfd, temporary, dirfd, name) == 0)
    return 0;
  errsv = errno;
  unlinkat (dirfd, name, AT_REMOVEDIR);

  return errsv == ENOTEMPTY ? EEXIST : errsv;
}

/**
 * spare_output_dir_publish:
 * @self: a folder
 * @flags: whether the folder above it is made durable at once
 * @final_path: (out) (optional) (transfer full) (type filename): where it is now
 * @error: return location
 *
 * Makes all that was written into it durable, in one go, and gives it its name. The files in it need no sync
 * of their own, but all writing must have succeeded.
 *
 * Returns: as for spare_output_publish()
 */
gboolean
spare_output_dir_publish (SpareOutputDir *self,
                          SparePublishFlags flags,
                          char **final_path,
                          GError **error)
{
  g_return_val_if_fail (self != NULL && !self->published, FALSE);

  /* Unlike one fsync() for each of ten thousand files, this waits for the device once. */
  if (syncfs (self->fd) != 0)
    {
      spare_output_place_set_error (&self->place, errno, error);
      return FALSE;
    }
  if (!spare_output_place_check_same (&self->place, error))
    return FALSE;

  for (guint number = 1; number <= SPARE_OUTPUT_NUMBER_MAX; number++)
    {
      g_autofree char *name = number == 1
                                  ? g_strdup (self->place.name)
                                  : g_strdup_printf ("%s (%u)", self->place.name, number);
      int errsv = take_name (self, name);

      if (errsv == 0)
        {
          self->published = TRUE;
          g_clear_pointer (&self->inflight, spare_inflight_end);
          if (final_path != NULL)
            *final_path = spare_output_place_dup_path (&self->place, name);
          return (flags & SPARE_PUBLISH_DEFER_DIRECTORY) != 0
                 || spare_output_place_sync (&self->place, error);
        }
      if (errsv != EEXIST && errsv != ENOTEMPTY)
        {
          spare_output_place_set_error (&self->place, errsv, error);
          return FALSE;
        }
      if (self->conflict != SPARE_CONFLICT_RENAME)
        break;
    }

  spare_output_place_set_taken (&self->place, self->place.name, error);
  return FALSE;
}

/**
 * spare_output_dir_discard:
 * @self: a folder
 *
 * Removes it with all that is in it, unless it was published.
 */
void
spare_output_dir_discard (SpareOutputDir *self)
{
  g_return_if_fail (self != NULL);

  if (self->inflight != NULL)
    {
      if (spare_output_dir_remove_tree (self->place.dirfd,
                                        spare_inflight_get_temporary (self->inflight), NULL))
        g_clear_pointer (&self->inflight, spare_inflight_end);
      else
        g_clear_pointer (&self->inflight, spare_inflight_leave);
    }
  spare_fd_clear (&self->fd);
}

/**
 * spare_output_dir_free:
 * @self: (transfer full) (nullable): a folder
 *
 * Discards it if it was not published.
 */
void
spare_output_dir_free (SpareOutputDir *self)
{
  if (self == NULL)
    return;

  spare_output_dir_discard (self);
  spare_output_place_clear (&self->place);
  g_free (self->path);
  g_free (self);
}

/**
 * spare_output_dir_get_fd:
 * @self: a folder
 *
 * Returns: a descriptor of the hidden folder, for openat() and the like; it stays the folder's
 */
int
spare_output_dir_get_fd (SpareOutputDir *self)
{
  return self->fd;
}

/**
 * spare_output_dir_get_path:
 * @self: a folder
 *
 * Returns: (transfer none) (type filename): the path of the hidden folder
 */
const char *
spare_output_dir_get_path (SpareOutputDir *self)
{
  return self->path;
}

/* Opens a folder in it, also one whose own rights forbid that. */
static int
open_child (int dirfd, const char *name)
{
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat (dirfd, name, flags);

  if (fd < 0 && errno == EACCES && fchmodat (dirfd, name, 0700, 0) == 0)
    fd = openat (dirfd, name, flags);
  /* Unlinking in it needs the right to write. */
  if (fd >= 0)
    fchmod (fd, 0700);

  return fd;
}

/* Empties one folder. Folders in it that are not empty move up into top, under names of their own, so that
 * depth costs neither descriptors nor stack. Returns 0 or an errno. */
static int
empty_into (int top, int fd, guint *n_moved)
{
  spare_autofd int list = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct dirent *entry;
  DIR *dir;
  int errsv = 0;

  dir = list < 0 ? NULL : fdopendir (list);
  if (dir == NULL)
    return errno;
  spare_fd_steal (&list);

  while (errsv == 0 && (entry = readdir (dir)) != NULL)
    {
      char moved[32];

      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      if (unlinkat (fd, entry->d_name, 0) == 0 || errno == ENOENT)
        continue;
      if (errno != EISDIR && errno != EPERM)
        {
          errsv = errno;
          break;
        }
      if (unlinkat (fd, entry->d_name, AT_REMOVEDIR) == 0)
        continue;
      if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES)
        {
          errsv = errno;
          break;
        }
      if (fd == top)
        continue; /* its turn comes */
      /* Moving a folder changes its "..", which needs the right to write in it; without it the move says so. */
      if (fchmodat (fd, entry->d_name, 0700, 0) != 0)
        g_debug ("mode of %s: %s", entry->d_name, g_strerror (errno));
      do
        {
          g_snprintf (moved, sizeof moved, ".%u", (*n_moved)++);
          errsv = renameat2 (fd, entry->d_name, top, moved, RENAME_NOREPLACE) == 0 ? 0 : errno;
          /* Without that flag a folder only ever replaces an empty one, which is no loss here. */
          if (errsv == EINVAL || errsv == ENOSYS || errsv == EOPNOTSUPP)
            errsv = renameat (fd, entry->d_name, top, moved) == 0 ? 0 : errno;
        }
      while (errsv == EEXIST || errsv == ENOTEMPTY || errsv == ENOTDIR);
    }
  closedir (dir);

  return errsv;
}

/* One folder of top that is not empty yet, or NULL. */
static char *
find_child (int top)
{
  spare_autofd int list = openat (top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct dirent *entry;
  char *name = NULL;
  DIR *dir;

  dir = list < 0 ? NULL : fdopendir (list);
  if (dir == NULL)
    return NULL;
  spare_fd_steal (&list);
  while (name == NULL && (entry = readdir (dir)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      name = g_strdup (entry->d_name);
  closedir (dir);

  return name;
}

/**
 * spare_output_dir_remove_tree:
 * @dirfd: the folder that holds it
 * @name: (type filename): a folder in it, not a link to one
 * @error: return location
 *
 * Removes a folder with all that is in it. Never follows a link, needs neither stack nor descriptors for
 * depth, and is not stopped by folders without rights. Only for folders that nobody else writes to.
 *
 * Returns: %FALSE with a %G_IO_ERROR; part of it may be left
 */
gboolean
spare_output_dir_remove_tree (int dirfd, const char *name, GError **error)
{
  spare_autofd int top = open_child (dirfd, name);
  guint n_moved = 0;
  int errsv = top < 0 ? errno : empty_into (top, top, &n_moved);

  while (errsv == 0)
    {
      g_autofree char *child = find_child (top);
      spare_autofd int fd = -1;

      if (child == NULL)
        break;
      fd = open_child (top, child);
      errsv = fd < 0 ? errno : empty_into (top, fd, &n_moved);
      /* A listing may have missed what was moved meanwhile: then it is this folder's turn once more. */
      if (errsv == 0 && unlinkat (top, child, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY
          && errno != EEXIST)
        errsv = errno;
    }
  if (errsv == 0 && unlinkat (dirfd, name, AT_REMOVEDIR) != 0)
    errsv = errno;
  if (errsv == 0 || errsv == ENOENT)
    return TRUE;

  {
    g_autofree char *shown = spare_display_text (name, -1, 80);

    spare_errno_set_error (error, errsv,
                           _ ("The unfinished folder “%s” can’t be removed; it is hidden, and "
                              "safe to "
                              "delete by hand."),
                           shown);
  }
  return FALSE;
}
