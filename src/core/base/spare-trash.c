/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moving an original to the trash, and bringing it back.
 *
 * Promise: a file is moved, never deleted; where there is no trash it stays where it is. Bringing it back
 * never replaces anything. Whether that is possible is known at once: the trash of GIO does not say where a
 * file went, so it is looked for by its inode, which moving keeps, in the places of the trash specification
 * (freedesktop.org, version 1.0):
 *
 *   $XDG_DATA_HOME/Trash            when the file is on the same file system as that
 *   TOP/.Trash/UID, TOP/.Trash-UID  TOP being the root of the file's file system
 *
 * with the file as files/NAME and its origin as info/NAME.trashinfo.
 */
#include "config.h"

#include "spare-trash.h"

#include "spare-display.h"
#include "spare-errno-private.h"
#include "spare-error.h"
#include "spare-fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct _SpareTrashed
{
  char *original;
  char *trash; /* the trash folder; NULL when the file was not found in any */
  char *name;  /* in its files/ */
  dev_t dev;
  ino_t ino;
};

static gboolean
is_it (int dirfd, const char *name, dev_t dev, ino_t ino)
{
  struct stat st;

  return fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == dev
         && st.st_ino == ino;
}

/* The name under which the file lies in this trash, or NULL. */
static char *
find_in (const char *trash, dev_t dev, ino_t ino)
{
  g_autofree char *files = g_build_filename (trash, "files", NULL);
  DIR *dir = opendir (files);
  struct dirent *entry;
  char *name = NULL;

  if (dir == NULL)
    return NULL;
  while (name == NULL && (entry = readdir (dir)) != NULL)
    if (entry->d_ino == ino && is_it (dirfd (dir), entry->d_name, dev, ino))
      name = g_strdup (entry->d_name);
  closedir (dir);

  return name;
}

/* The root of the file system that holds the folder. */
static char *
find_top (const char *folder)
{
  char *real = realpath (folder, NULL);
  g_autofree char *top = g_strdup (real);
  struct stat here, above;

  free (real);
  if (top == NULL || stat (top, &here) != 0)
    return NULL;
  while (!g_str_equal (top, "/"))
    {
      g_autofree char *parent = g_path_get_dirname (top);

      if (stat (parent, &above) != 0 || above.st_dev != here.st_dev)
        break;
      g_free (top);
      top = g_steal_pointer (&parent);
    }

  return g_steal_pointer (&top);
}

static void
find_trashed (SpareTrashed *self, const char *top)
{
  g_autofree char *shared = g_strdup_printf ("%s/.Trash/%u", top, (guint) getuid ());
  g_autofree char *own = g_strdup_printf ("%s/.Trash-%u", top, (guint) getuid ());
  g_autofree char *home = g_build_filename (g_get_user_data_dir (), "Trash", NULL);
  const char *const places[] = { home, shared, own };

  for (gsize i = 0; i < G_N_ELEMENTS (places) && self->name == NULL; i++)
    {
      self->name = find_in (places[i], self->dev, self->ino);
      if (self->name != NULL)
        self->trash = g_strdup (places[i]);
    }
}

/**
 * spare_trash_file:
 * @path: (type filename): a file
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Moves the file to the trash. Call it only once all that came from the file is durable.
 *
 * Returns: (transfer full): how to bring it back; or %NULL with %G_IO_ERROR_NOT_SUPPORTED (no trash there),
 *   %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_PERMISSION_DENIED or another %G_IO_ERROR; the file is in its place then
 */
SpareTrashed *
spare_trash_file (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareTrashed) self = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *top = NULL;
  struct stat st;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_new0 (SpareTrashed, 1);
  file = g_file_new_for_path (path);
  self->original = g_file_get_path (file);
  if (lstat (self->original, &st) != 0)
    {
      g_autofree char *shown = spare_display_basename (path);

      spare_errno_set_error (error, errno, _ ("“%s” can’t be moved to the trash."), shown);
      return NULL;
    }
  self->dev = st.st_dev;
  self->ino = st.st_ino;
  folder = g_path_get_dirname (self->original);
  top = find_top (folder);

  if (!g_file_trash (file, cancellable, &local_error))
    {
      g_autofree char *shown = spare_display_basename (path);

      g_set_error (error, local_error->domain, local_error->code,
                   _ ("“%s” can’t be moved to the trash, so it is still in its place. (%s)"),
                   shown, local_error->message);
      return NULL;
    }
  if (top != NULL)
    find_trashed (self, top);

  return g_steal_pointer (&self);
}

/**
 * spare_trashed_get_original_path:
 * @self: a trashed file
 *
 * Returns: (transfer none) (type filename): where it was
 */
const char *
spare_trashed_get_original_path (SpareTrashed *self)
{
  return self->original;
}

/**
 * spare_trashed_can_restore:
 * @self: a trashed file
 *
 * Returns: whether its place in the trash is known; if not, it can be restored in the file manager
 */
gboolean
spare_trashed_can_restore (SpareTrashed *self)
{
  return self->name != NULL;
}

static int
move_back (int from, const char *name, const char *to)
{
  struct stat st;

  if (renameat2 (from, name, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
    return errno;
  if (linkat (from, name, AT_FDCWD, to, 0) == 0)
    {
      unlinkat (from, name, 0);
      return 0;
    }
  if (errno == EEXIST || lstat (to, &st) == 0)
    return EEXIST;

  return renameat (from, name, AT_FDCWD, to) == 0 ? 0 : errno;
}

static void
sync_folder_of (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  spare_autofd int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0)
    fsync (fd);
}

/**
 * spare_trashed_restore:
 * @self: a trashed file
 * @error: return location
 *
 * Moves it back to where it was. Replaces nothing.
 *
 * Returns: %FALSE with %G_IO_ERROR_EXISTS (something has its place now), %G_IO_ERROR_NOT_FOUND (it is not in
 *   the trash any more, or its folder is gone) or another %G_IO_ERROR; it stays in the trash then
 */
gboolean
spare_trashed_restore (SpareTrashed *self, GError **error)
{
  g_autofree char *shown = NULL;
  g_autofree char *files = NULL;
  g_autofree char *info = NULL;
  spare_autofd int dirfd = -1;
  int errsv;

  g_return_val_if_fail (self != NULL, FALSE);

  shown = spare_display_basename (self->original);
  if (self->name != NULL)
    {
      files = g_build_filename (self->trash, "files", NULL);
      dirfd = open (files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
  if (dirfd < 0 || !is_it (dirfd, self->name, self->dev, self->ino))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("“%s” was not found in the trash. Look for it there in your file "
                      "manager."),
                   shown);
      return FALSE;
    }

  errsv = move_back (dirfd, self->name, self->original);
  if (errsv == EEXIST)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                   _ ("There is already something named “%s” in its place, which is untouched. "
                      "The file "
                      "is still in the trash."),
                   shown);
      return FALSE;
    }
  if (errsv != 0)
    {
      spare_errno_set_error (error, errsv,
                             _ ("“%s” can’t be moved back. It is still in the trash."), shown);
      return FALSE;
    }

  sync_folder_of (self->original);
  info = g_strdup_printf ("%s/info/%s.trashinfo", self->trash, self->name);
  unlink (info);
  g_clear_pointer (&self->name, g_free);

  return TRUE;
}

/**
 * spare_trashed_free:
 * @self: (transfer full) (nullable): a trashed file; it stays in the trash
 */
void
spare_trashed_free (SpareTrashed *self)
{
  if (self == NULL)
    return;

  g_free (self->original);
  g_free (self->trash);
  g_free (self->name);
  g_free (self);
}
