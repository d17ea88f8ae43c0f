/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are kept.
 *
 * Promise: what is made here can be read by its owner alone, and a policy set by the administrator is found
 * whatever the person's environment says.
 */
#include "config.h"

#include "spare-paths.h"

#include "spare-errno-private.h"
#include "spare-error.h"
#include "spare-fd.h"
#include "spare-paths-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not SYSCONFDIR: the administrator's word holds for a build in a home directory too. */
#define ADMINISTRATOR_POLICY "/etc/xdg/sparekey/policy.ini"

/**
 * spare_paths_dup_data_dir:
 *
 * Returns: (transfer full) (type filename): `$XDG_DATA_HOME/sparekey`, which may not exist
 */
char *
spare_paths_dup_data_dir (void)
{
  return g_build_filename (g_get_user_data_dir (), "sparekey", NULL);
}

/**
 * spare_paths_dup_state_dir:
 *
 * Returns: (transfer full) (type filename): `$XDG_STATE_HOME/sparekey`, which may not exist
 */
char *
spare_paths_dup_state_dir (void)
{
  return g_build_filename (g_get_user_state_dir (), "sparekey", NULL);
}

/**
 * spare_paths_ensure_dir:
 * @path: (type filename): a folder of Spare Key's own
 * @error: return location
 *
 * Makes the folder and those above it with mode 0700 if they are missing. One that exists must belong to the
 * person; what others may do in it is taken away.
 *
 * Returns: %FALSE with a %G_IO_ERROR, or %SPARE_ERROR_FAILED when it belongs to somebody else
 */
gboolean
spare_paths_ensure_dir (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  spare_autofd int fd = -1;
  struct stat st;

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      spare_errno_set_error (error, errno,
                             _ ("The folder “%s”, where Spare Key keeps its data, can’t be "
                                "made."),
                             shown);
      return FALSE;
    }
  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &st) != 0)
    {
      spare_errno_set_error (error, errno,
                             _ ("The folder “%s”, where Spare Key keeps its data, can’t be "
                                "opened."),
                             shown);
      return FALSE;
    }
  if (st.st_uid != geteuid ())
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   _ ("The folder “%s” belongs to another person, so Spare Key does not keep "
                      "its data there. Nothing was changed."),
                   shown);
      return FALSE;
    }
  if ((st.st_mode & 077) != 0 && fchmod (fd, 0700) != 0)
    {
      spare_errno_set_error (error, errno, _ ("The folder “%s” can’t be made private."), shown);
      return FALSE;
    }

  return TRUE;
}

/**
 * spare_paths_ensure_data_dir:
 * @error: return location
 *
 * Returns: (transfer full) (type filename): the folder of spare_paths_dup_data_dir(), existing and private;
 *   or %NULL as for spare_paths_ensure_dir()
 */
char *
spare_paths_ensure_data_dir (GError **error)
{
  g_autofree char *path = spare_paths_dup_data_dir ();

  return spare_paths_ensure_dir (path, error) ? g_steal_pointer (&path) : NULL;
}

/**
 * spare_paths_ensure_state_dir:
 * @error: return location
 *
 * Returns: (transfer full) (type filename): the folder of spare_paths_dup_state_dir(), existing and private;
 *   or %NULL as for spare_paths_ensure_dir()
 */
char *
spare_paths_ensure_state_dir (GError **error)
{
  g_autofree char *path = spare_paths_dup_state_dir ();

  return spare_paths_ensure_dir (path, error) ? g_steal_pointer (&path) : NULL;
}

/* Something is there, or it can't be known that nothing is. A policy that can't be read must stop its reader,
 * not be passed over, so only a plain "no such file" is a no. */
static gboolean
may_exist (const char *path)
{
  struct stat st;

  return lstat (path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

char *
spare_paths_find_policy_in (const char *administrator, const char *const *config_dirs)
{
  if (may_exist (administrator))
    return g_strdup (administrator);

  for (gsize i = 0; config_dirs[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (config_dirs[i], "sparekey", "policy.ini", NULL);

      if (may_exist (path))
        return g_steal_pointer (&path);
    }

  return NULL;
}

/**
 * spare_paths_find_policy:
 *
 * The policy in force: `/etc/xdg/sparekey/policy.ini` always when it is there, whatever `XDG_CONFIG_DIRS`
 * says; else the first `sparekey/policy.ini` of the system's configuration folders. One that is there but
 * can't be read is returned too: its reader fails, and nothing is encrypted past it.
 *
 * Returns: (transfer full) (nullable) (type filename): the path, or %NULL when there is no policy
 */
char *
spare_paths_find_policy (void)
{
  return spare_paths_find_policy_in (ADMINISTRATOR_POLICY, g_get_system_config_dirs ());
}
