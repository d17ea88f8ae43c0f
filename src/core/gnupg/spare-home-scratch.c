/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A home for a moment: to look at a certificate in, or to carry a key through.
 *
 * Promise: nobody else can look into it, and it is gone with its object. */
#include "config.h"

#include "spare-home.h"

#include "spare-gpgme-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

/* Of its path: its sockets need no redirection then. */
#define PATH_LENGTH_MAX 80

const char *
spare_home_get_temporary_private (guint i)
{
  const char *const folders[] = { g_get_user_runtime_dir (), g_get_tmp_dir (), "/tmp" };

  return i < G_N_ELEMENTS (folders) ? folders[i] : NULL;
}

char *
spare_home_make_folder_private (const char *prefix, GError **error)
{
  for (guint i = 0; spare_home_get_temporary_private (i) != NULL; i++)
    {
      g_autofree char *name = g_strconcat (prefix, "XXXXXX", NULL);
      g_autofree char *path = g_build_filename (spare_home_get_temporary_private (i), name,
                                                NULL);

      if (strlen (path) <= PATH_LENGTH_MAX && g_mkdtemp_full (path, 0700) != NULL)
        return g_steal_pointer (&path);
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                       _ ("No temporary folder could be made. Free some space and try again."));
  return NULL;
}

/**
 * spare_home_new_scratch:
 * @error: return location
 *
 * Makes a home that is removed with its object, in memory (`XDG_RUNTIME_DIR`) where there is one.
 *
 * Returns: (transfer full) (nullable): an empty home
 */
SpareHome *
spare_home_new_scratch (GError **error)
{
  g_autofree char *path = spare_home_make_folder_private ("sparekey-", error);

  return path != NULL ? spare_home_new (SPARE_HOME_SCRATCH, path) : NULL;
}
