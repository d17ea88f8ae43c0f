/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Visits files and all files in folders by their heads: a few KiB of each are read, whatever its size.
 *
 * Promise: what was named is opened even through a link, links inside folders are not followed, pipes, devices and
 * sockets are never opened, and a file or folder that can't be read is told and does not end the visit. */

#include "config.h"

#include "spare-file-visit.h"

#include <sys/stat.h>

#include "spare-folder-walk.h"
#include "spare-inspection.h"

static gboolean
visit_file (const char *path, SpareFileVisitFunc func, gpointer user_data, GError **error)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GError) reason = NULL;

  spare_head_read_sync (path, &head, &reason);
  return func (path, head, reason, user_data, error);
}

static gboolean
visit_folder (const char *folder,
              SpareFileVisitFunc func,
              gpointer user_data,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (SpareFolderWalk) walk = spare_folder_walk_new (folder, &reason);
  const SpareFolderEntry *entry;

  if (walk == NULL)
    return func (folder, NULL, reason, user_data, error);
  for (;;)
    {
      g_autofree char *path = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      /* A folder that can't be entered is told; the walk goes on behind it. */
      if (!spare_folder_walk_next (walk, &entry, &reason))
        {
          if (!func (folder, NULL, reason, user_data, error))
            return FALSE;
          g_clear_error (&reason);
          continue;
        }
      if (entry == NULL)
        return TRUE;
      if (entry->kind != SPARE_FOLDER_ENTRY_FILE)
        continue;
      path = g_build_filename (folder, entry->path, NULL);
      if (!visit_file (path, func, user_data, error))
        return FALSE;
    }
}

/**
 * spare_file_visit_sync:
 * @paths: (array zero-terminated=1): files and folders
 * @func: (scope call): called for each file
 * @user_data: for @func
 * @cancellable: (nullable): looked at before each file
 * @error: return location for an error
 *
 * Visits the files one after the other.
 *
 * Returns: %FALSE with what @func set, or %G_IO_ERROR_CANCELLED
 */
gboolean
spare_file_visit_sync (const char *const *paths,
                       SpareFileVisitFunc func,
                       gpointer user_data,
                       GCancellable *cancellable,
                       GError **error)
{
  for (; *paths != NULL; paths++)
    {
      struct stat status;
      gboolean folder = stat (*paths, &status) == 0 && S_ISDIR (status.st_mode);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (!(folder ? visit_folder (*paths, func, user_data, cancellable, error)
                   : visit_file (*paths, func, user_data, error)))
        return FALSE;
    }
  return TRUE;
}
