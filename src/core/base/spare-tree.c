/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removes a folder of ours, such as a scratch home.
 *
 * Promise: nothing outside of the folder is touched, whatever somebody puts into it while it is removed; what can't be
 * removed is left, and said in the debug log. */
#include "config.h"

#include "spare-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A GnuPG home is two levels deep. */
#define DEPTH_MAX 8

/* Takes @fd. */
static void
empty_folder (int fd, guint depth)
{
  DIR *dir = fdopendir (fd);
  struct dirent *entry;

  if (dir == NULL)
    {
      close (fd);
      return;
    }
  while ((entry = readdir (dir)) != NULL)
    {
      int child;

      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      if (unlinkat (dirfd (dir), entry->d_name, 0) == 0)
        continue;
      if ((errno != EISDIR && errno != EPERM) || depth == DEPTH_MAX)
        continue;
      child = openat (dirfd (dir), entry->d_name,
                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (child >= 0)
        empty_folder (child, depth + 1);
      unlinkat (dirfd (dir), entry->d_name, AT_REMOVEDIR);
    }
  closedir (dir);
}

void
spare_tree_remove (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    return;
  empty_folder (fd, 0);
  if (rmdir (path) != 0)
    g_debug ("%s: %s", path, g_strerror (errno));
}
