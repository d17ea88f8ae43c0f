/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The language that a program speaks, and where its translations lie.
 *
 * Promise: an installed program reads installed translations alone; one in a build folder reads those made there.
 */
#include "config.h"

#include "spare-locale.h"

#include <gio/gio.h>
#include <libintl.h>
#include <locale.h>

/* Programs lie two folders deep in the build folder: src/app/sparekey, and po/ beside src/. */
static char *
find_translations (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program ? g_path_get_dirname (program) : NULL;
  g_autofree char *joined = NULL;

  if (folder == NULL || g_str_equal (folder, BINDIR))
    return g_strdup (LOCALEDIR);
  joined = g_build_filename (folder, "..", "..", "po", NULL);
  return g_canonicalize_filename (joined, NULL);
}

/**
 * spare_locale_init:
 *
 * Call it first in `main()`, before any thread and any message: takes the locale of the environment and binds the
 * translations of Spare Key, which become those of all its libraries. Without any, the messages are English.
 */
void
spare_locale_init (void)
{
  g_autofree char *folder = find_translations ();

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
