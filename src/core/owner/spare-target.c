/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of results: always from the name of the input, never from a name inside a message. */

#include "config.h"

#include "spare-target.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#include "spare-display.h"

static const char *const endings[] = { ".gpg", ".pgp", ".asc" };

/* The length of @name without the ending of an encrypted file; its whole length if it has none. */
static gsize
length_without_ending (const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      gsize ending = strlen (endings[i]);

      if (length > ending && g_ascii_strcasecmp (name + length - ending, endings[i]) == 0)
        return length - ending;
    }
  return length;
}

static char *
dup_name (const char *input)
{
  g_autofree char *absolute = g_canonicalize_filename (input, NULL);

  return g_path_get_basename (absolute);
}

static char *
place (const char *input, const char *name, const char *output_directory)
{
  g_autofree char *absolute = g_canonicalize_filename (input, NULL);
  g_autofree char *folder = g_path_get_dirname (absolute);

  return g_build_filename (output_directory != NULL ? output_directory : folder, name, NULL);
}

/**
 * spare_target_names_encrypted:
 * @input: a path
 *
 * Returns: whether its name ends as that of an encrypted file
 */
gboolean
spare_target_names_encrypted (const char *input)
{
  g_autofree char *name = dup_name (input);

  return length_without_ending (name) < strlen (name);
}

/**
 * spare_target_names_archive:
 * @input: the path of an encrypted file
 *
 * Returns: whether its name says that a folder is in it: NAME.tar.gpg
 */
gboolean
spare_target_names_archive (const char *input)
{
  g_autofree char *name = dup_name (input);
  gsize length = length_without_ending (name);

  return length < strlen (name) && length > strlen (".tar")
         && g_ascii_strncasecmp (name + length - strlen (".tar"), ".tar", strlen (".tar")) == 0;
}

/**
 * spare_target_for_encryption:
 * @input: the path of a file or folder
 * @is_folder: whether it is a folder, which becomes one archive
 * @output: (nullable): the exact result that was asked for
 * @output_directory: (nullable): the folder that results go to; %NULL: that of @input
 *
 * Returns: (transfer full): where the encrypted file goes: NAME.gpg, or NAME.tar.gpg for a folder
 */
char *
spare_target_for_encryption (const char *input,
                             gboolean is_folder,
                             const char *output,
                             const char *output_directory)
{
  g_autofree char *name = NULL;
  g_autofree char *result = NULL;

  if (output != NULL)
    return g_strdup (output);
  name = dup_name (input);
  result = g_strconcat (name, is_folder ? ".tar.gpg" : ".gpg", NULL);
  return place (input, result, output_directory);
}

/**
 * spare_target_for_decryption:
 * @input: the path of an encrypted file
 * @unpack: whether the result is the folder in an archive
 * @output: (nullable): the exact result that was asked for
 * @output_directory: (nullable): the folder that results go to; %NULL: that of @input
 *
 * Returns: (transfer full): where the result goes: the name without its ending, for a folder also without ".tar".
 *   A name without such an ending gets ".decrypted" after it
 */
char *
spare_target_for_decryption (const char *input,
                             gboolean unpack,
                             const char *output,
                             const char *output_directory)
{
  g_autofree char *name = NULL;
  gsize length;

  if (output != NULL)
    return g_strdup (output);
  name = dup_name (input);
  length = length_without_ending (name);
  if (length == strlen (name))
    {
      g_autofree char *result = g_strconcat (name, ".decrypted", NULL);

      return place (input, result, output_directory);
    }
  name[length] = '\0';
  if (unpack && length > strlen (".tar"))
    name[length - strlen (".tar")] = '\0';
  return place (input, name, output_directory);
}

/**
 * spare_target_check_other:
 * @target: where the result goes
 * @conflict: what was agreed to if it is there
 * @input: a descriptor of the file that the result is made of
 * @error: return location for an error
 *
 * Checks that a result which may replace a file does not replace the one that it is made of: until it is read back the
 * input is the only copy, and whoever gave one name twice hardly meant to lose it.
 *
 * Returns: %FALSE with %G_IO_ERROR_EXISTS if both are the same file
 */
gboolean
spare_target_check_other (const char *target, SpareConflict conflict, int input, GError **error)
{
  struct stat there, here;
  g_autofree char *shown = NULL;

  if (conflict != SPARE_CONFLICT_REPLACE || lstat (target, &there) < 0
      || fstat (input, &here) < 0 || there.st_dev != here.st_dev || there.st_ino != here.st_ino)
    return TRUE;
  shown = spare_display_basename (target);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _ ("“%s” is the very file that the result is made of, and is not replaced by "
                  "it. "
                  "It is untouched; give the result another name."),
               shown);
  return FALSE;
}
