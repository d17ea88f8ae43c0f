/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A folder read entry by entry, folders before what is in them, in the order of their names.
 *
 * Promises: symbolic links are told, never followed, so a loop of links is just a link; every folder is opened
 * relative to the one above it and without following links, so a folder that is swapped for a link meanwhile is
 * an error and not a way out; an entry that can't be looked at is an error, never silently left out. */

#include "config.h"

#include "spare-folder-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "spare-display.h"
#include "spare-error.h"

typedef struct
{
  int fd;
  GPtrArray *names;
  guint next;
  gsize path_length; /* of the path up to this folder, with its slash */
} Level;

struct _SpareFolderWalk
{
  char *folder;
  struct stat top;
  GArray *levels;
  GString *path;
  struct stat stat;
  SpareFolderEntry entry;
};

static void
level_clear (gpointer data)
{
  Level *level = data;

  g_clear_pointer (&level->names, g_ptr_array_unref);
  close (level->fd);
}

static void
set_error_from_errno (SpareFolderWalk *self, int code, GError **error)
{
  g_autofree char *whole = self->path->len > 0
                               ? g_build_filename (self->folder, self->path->str, NULL)
                               : g_strdup (self->folder);
  g_autofree char *shown = spare_display_text (whole, -1, 120);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("“%s” can’t be read: %s. Nothing was changed."), shown, g_strerror (code));
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Takes @fd over, also on failure. */
static gboolean
push_level (SpareFolderWalk *self, int fd, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  Level level;
  DIR *stream;
  struct dirent *item;
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);

  if (copy < 0 || (stream = fdopendir (copy)) == NULL)
    {
      set_error_from_errno (self, errno, error);
      if (copy >= 0)
        close (copy);
      close (fd);
      return FALSE;
    }
  for (errno = 0; (item = readdir (stream)) != NULL; errno = 0)
    if (strcmp (item->d_name, ".") != 0 && strcmp (item->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (item->d_name));
  if (errno != 0)
    {
      set_error_from_errno (self, errno, error);
      closedir (stream);
      close (fd);
      return FALSE;
    }
  closedir (stream);
  g_ptr_array_sort (names, compare_names);

  level.fd = fd;
  level.names = g_steal_pointer (&names);
  level.next = 0;
  level.path_length = self->path->len;
  g_array_append_val (self->levels, level);
  return TRUE;
}

/**
 * spare_folder_walk_new:
 * @folder: the folder's path; a symbolic link here is followed, because the person picked it
 * @error: return location for an error
 *
 * Begins to walk a folder.
 *
 * Returns: (transfer full): the walk, or %NULL with a [enum@Gio.IOErrorEnum]
 */
SpareFolderWalk *
spare_folder_walk_new (const char *folder, GError **error)
{
  g_autoptr (SpareFolderWalk) self = g_new0 (SpareFolderWalk, 1);
  int fd;

  self->folder = g_strdup (folder);
  self->levels = g_array_new (FALSE, FALSE, sizeof (Level));
  g_array_set_clear_func (self->levels, level_clear);
  self->path = g_string_new (NULL);

  fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &self->top) < 0)
    {
      set_error_from_errno (self, errno, error);
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  if (!push_level (self, fd, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
spare_folder_walk_free (SpareFolderWalk *self)
{
  g_array_unref (self->levels);
  g_string_free (self->path, TRUE);
  g_free (self->folder);
  g_free (self);
}

static gboolean
enter_folder (SpareFolderWalk *self, Level *level, const char *name, GError **error)
{
  int fd;

  if (self->levels->len >= SPARE_FOLDER_DEPTH_MAX)
    {
      g_autofree char *shown = spare_display_text (self->folder, -1, 120);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                   _ ("“%s” has folders nested more than %d deep. Nothing was changed."), shown,
                   SPARE_FOLDER_DEPTH_MAX);
      return FALSE;
    }
  fd = openat (level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      set_error_from_errno (self, errno, error);
      return FALSE;
    }
  return push_level (self, fd, error);
}

/**
 * spare_folder_walk_next:
 * @self: the walk
 * @entry: (out) (transfer none): the entry, valid until the next call; %NULL at the end
 * @error: return location for an error
 *
 * Goes on to the next entry.
 *
 * Returns: %FALSE with a [enum@Gio.IOErrorEnum] if something can't be read
 */
gboolean
spare_folder_walk_next (SpareFolderWalk *self, const SpareFolderEntry **entry, GError **error)
{
  /* A folder is entered when it is asked past, so that its entry could be used first. */
  if (self->entry.kind == SPARE_FOLDER_ENTRY_FOLDER && self->entry.name != NULL)
    {
      Level *level = &g_array_index (self->levels, Level, self->levels->len - 1);
      const char *name = self->entry.name;

      self->entry.name = NULL;
      if (!enter_folder (self, level, name, error))
        return FALSE;
    }

  while (self->levels->len > 0)
    {
      Level *level = &g_array_index (self->levels, Level, self->levels->len - 1);
      const char *name;

      if (level->next >= level->names->len)
        {
          g_array_set_size (self->levels, self->levels->len - 1);
          continue;
        }
      name = g_ptr_array_index (level->names, level->next++);
      g_string_truncate (self->path, level->path_length);
      if (self->path->len > 0)
        g_string_append_c (self->path, '/');
      g_string_append (self->path, name);

      if (fstatat (level->fd, name, &self->stat, AT_SYMLINK_NOFOLLOW) < 0)
        {
          set_error_from_errno (self, errno, error);
          return FALSE;
        }
      self->entry.kind = S_ISDIR (self->stat.st_mode)   ? SPARE_FOLDER_ENTRY_FOLDER
                         : S_ISREG (self->stat.st_mode) ? SPARE_FOLDER_ENTRY_FILE
                         : S_ISLNK (self->stat.st_mode) ? SPARE_FOLDER_ENTRY_LINK
                                                        : SPARE_FOLDER_ENTRY_SPECIAL;
      self->entry.path = self->path->str;
      self->entry.name = name;
      self->entry.folder_fd = level->fd;
      self->entry.stat = &self->stat;
      *entry = &self->entry;
      return TRUE;
    }
  *entry = NULL;
  return TRUE;
}

/**
 * spare_folder_walk_get_stat:
 * @self: the walk
 *
 * Returns: (transfer none): what the file system said of the folder itself when it was opened
 */
const struct stat *
spare_folder_walk_get_stat (SpareFolderWalk *self)
{
  return &self->top;
}

/**
 * spare_folder_measure_sync:
 * @folder: the folder's path
 * @n_files: (out): how many regular files are in it, at any depth
 * @octets: (out): their sizes added up
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Counts what a folder holds, for progress and the check of free space; reads no file.
 *
 * Returns: %FALSE with a [enum@Gio.IOErrorEnum] if something can't be looked at
 */
gboolean
spare_folder_measure_sync (const char *folder,
                           guint *n_files,
                           guint64 *octets,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (SpareFolderWalk) walk = spare_folder_walk_new (folder, error);
  const SpareFolderEntry *entry;
  guint files = 0;
  guint64 sum = 0;

  if (walk == NULL)
    return FALSE;
  for (;;)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !spare_folder_walk_next (walk, &entry, error))
        return FALSE;
      if (entry == NULL)
        break;
      if (entry->kind == SPARE_FOLDER_ENTRY_FILE)
        {
          files++;
          sum += (guint64) entry->stat->st_size;
        }
    }
  *n_files = files;
  *octets = sum;
  return TRUE;
}
