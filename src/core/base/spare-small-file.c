/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files that must be right: the pin, the choice of key, certificates.
 *
 * Promise: a write is durable when it returns TRUE, and at any instant, a power cut included, the name holds
 * the old octets or the new ones. A read takes regular files only, up to a limit, and never blocks on a pipe.
 */
#include "config.h"

#include "spare-small-file.h"

#include "spare-output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INI_MAX (64 * 1024) /* octets */

static gboolean
fail_errno (GError **error, int saved, const char *path)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
               _ ("“%s” can’t be used: %s. It was left as it is."), shown, g_strerror (saved));
  return FALSE;
}

static GBytes *
read_all (int fd, const char *path, gsize limit, GError **error)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  guint8 chunk[4096];

  while (octets->len <= limit)
    {
      gssize n = read (fd, chunk, sizeof chunk);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          fail_errno (error, errno, path);
          return NULL;
        }
      if (n == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
      g_byte_array_append (octets, chunk, (guint) n);
    }

  fail_errno (error, EFBIG, path);
  return NULL;
}

/**
 * spare_small_file_read:
 * @limit: the most octets that it may have
 *
 * Returns: (transfer full): the octets; %NULL with `G_IO_ERROR_NOT_FOUND` if there is no file, another
 *   GIO error if it can't be read, is not a regular file or is too long
 */
GBytes *
spare_small_file_read (const char *path, gsize limit, GError **error)
{
  GBytes *octets;
  struct stat st;
  int fd;

  g_return_val_if_fail (path != NULL && limit < G_MAXUINT - 4096, NULL);

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    {
      fail_errno (error, errno, path);
      return NULL;
    }
  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    {
      close (fd);
      fail_errno (error, EISDIR, path);
      return NULL;
    }

  octets = read_all (fd, path, limit, error);
  close (fd);
  return octets;
}

/**
 * spare_small_file_write:
 *
 * Puts @data under the name, durably, in place of what was there; mode 0600.
 */
gboolean
spare_small_file_write (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autoptr (SpareOutput)
      output = spare_output_open (path, SPARE_CONFLICT_REPLACE, (goffset) size, error);

  return output != NULL && spare_output_write (output, data, size, error)
         && spare_output_sync (output, error)
         && spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, error);
}

/**
 * spare_small_file_remove:
 *
 * Takes the name away, durably. No file there is success.
 */
gboolean
spare_small_file_remove (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (unlink (path) != 0)
    return errno == ENOENT || fail_errno (error, errno, path);

  return spare_output_sync_directory (directory, error);
}

/**
 * spare_small_file_read_ini:
 *
 * Returns: (transfer full): the file's keys; %NULL with `G_IO_ERROR_NOT_FOUND` if there is no file,
 *   `G_IO_ERROR_INVALID_DATA` if it can't be understood, else what reading said
 */
GKeyFile *
spare_small_file_read_ini (const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GBytes) octets = spare_small_file_read (path, INI_MAX, error);
  g_autoptr (GError) local = NULL;

  if (octets == NULL)
    return NULL;
  if (!g_key_file_load_from_bytes (file, octets, G_KEY_FILE_NONE, &local))
    {
      g_autofree char *shown = g_filename_display_name (path);

      g_debug ("%s: %s", shown, local->message);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("“%s” is damaged. It was left as it is."), shown);
      return NULL;
    }
  return g_steal_pointer (&file);
}

gboolean
spare_small_file_write_ini (const char *path, GKeyFile *file, GError **error)
{
  gsize length = 0;
  g_autofree char *text = g_key_file_to_data (file, &length, NULL);

  return spare_small_file_write (path, text, length, error);
}
