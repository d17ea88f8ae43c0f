/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delivery into a folder of the file system, a stick above all.
 *
 * Promise: as in spare-delivery.c, by these steps: written under no name, synced, dropped from the cache, read back and
 * compared; given its name without replacing, the folder synced; opened again by that name, on the same device as
 * before, read back and compared once more. What differs is taken away again.
 */
#include "config.h"

#include "spare-delivery-private.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-fd.h"
#include "spare-output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

static gboolean
set_unread (int errsv, const char *folder, GError **error)
{
  g_autofree char *shown = spare_display_text (folder, -1, 80);

  g_set_error (
      error, G_IO_ERROR, (int) g_io_error_from_errno (errsv),
      /* Translators: the name of a medium, then the system’s own words for the error */
      _ ("What was written to “%s” can’t be read back (%s): the medium fails or was "
         "pulled out. It does not count as written; put the medium in again, or use "
         "another one."),
      shown, g_strerror (errsv));
  return FALSE;
}

static gboolean
set_different (const char *folder, GError **error)
{
  g_autofree char *shown = spare_display_text (folder, -1, 80);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               _ ("What was written to “%s” reads back differently: the medium fails. It was "
                  "removed from there; use another medium."),
               shown);
  return FALSE;
}

static gboolean
set_taken (const char *folder, const char *name, GError **error)
{
  g_autofree char *shown = spare_display_text (name, -1, 80);
  g_autofree char *shown_folder = spare_display_text (folder, -1, 80);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _ ("There is already something else named “%s” in the folder “%s”. It is "
                  "untouched. Move it away, or choose another folder."),
               shown, shown_folder);
  return FALSE;
}

/* Reads the file from its disk and compares it with the load. FALSE with an error, or with @same unset. */
static gboolean
read_back (int fd,
           const char *folder,
           SpareDeliveryLoad *load,
           gboolean *same,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *piece = g_malloc (SPARE_DELIVERY_PIECE);
  goffset at = 0;

  posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      ssize_t n = pread (fd, piece, SPARE_DELIVERY_PIECE, at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return set_unread (errno, folder, error);
      if (n == 0 || (guint64) at > load->size)
        {
          *same = (guint64) at == load->size
                  && g_str_equal (g_checksum_get_string (checksum), load->sha256);
          return TRUE;
        }
      g_checksum_update (checksum, piece, n);
      at += n;
    }
  return FALSE;
}

/* What lies under the name already: the same octets, made durable now, are a success. */
static gboolean
check_existing (const char *folder,
                const char *name,
                const char *target,
                SpareDeliveryLoad *load,
                GCancellable *cancellable,
                GError **error)
{
  spare_autofd int fd = open (target,
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  gboolean same = FALSE;
  struct stat st;

  if (fd < 0 || fstat (fd, &st) != 0 || !S_ISREG (st.st_mode)
      || (guint64) st.st_size != load->size)
    return set_taken (folder, name, error);
  if (fsync (fd) != 0 && errno != EROFS && errno != EINVAL && errno != EOPNOTSUPP)
    return set_unread (errno, folder, error);
  if (!read_back (fd, folder, load, &same, cancellable, error))
    return FALSE;
  return same ? spare_output_sync_directory (folder, error) : set_taken (folder, name, error);
}

static gboolean
write_load (SpareOutput *output,
            SpareDeliveryLoad *load,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree guint8 *piece = g_malloc (SPARE_DELIVERY_PIECE);
  gssize n;

  if (!spare_delivery_load_rewind (load, error))
    return FALSE;
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      n = spare_delivery_load_read (load, piece, SPARE_DELIVERY_PIECE, error);
      if (n < 0)
        return FALSE;
      if (n == 0)
        return load->source == NULL || spare_source_check_unchanged (load->source, error);
      if (!spare_output_write (output, piece, (gsize) n, error))
        return FALSE;
    }
  return FALSE;
}

/* Once more by its name, on the device that it was written to. Takes away what is not what was written. */
static gboolean
check_published (const char *folder,
                 const char *path,
                 SpareDeliveryLoad *load,
                 dev_t device,
                 GError **error)
{
  spare_autofd int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  gboolean same = FALSE;
  struct stat st;

  if (fd < 0 || fstat (fd, &st) != 0)
    return set_unread (errno, folder, error);
  if (st.st_dev != device)
    return set_unread (ENODEV, folder, error);
  /* Not to be cancelled any more: it is there. */
  if (!read_back (fd, folder, load, &same, NULL, error))
    return FALSE;
  if (!same)
    {
      unlink (path);
      return set_different (folder, error);
    }
  return TRUE;
}

static gboolean
write_new (const char *folder,
           const char *target,
           SpareDeliveryLoad *load,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (SpareOutput)
      output = spare_output_open (target, SPARE_CONFLICT_FAIL, (goffset) load->size, error);
  g_autofree char *path = NULL;
  gboolean same = FALSE;
  struct stat st;

  if (output == NULL || !write_load (output, load, cancellable, error)
      || !spare_output_sync (output, error)
      || !read_back (spare_output_get_fd (output), folder, load, &same, cancellable, error))
    return FALSE;
  if (!same)
    return set_different (folder, error);
  if (fstat (spare_output_get_fd (output), &st) != 0)
    return set_unread (errno, folder, error);
  return spare_output_publish (output, SPARE_PUBLISH_NONE, &path, error)
         && check_published (folder, path, load, st.st_dev, error);
}

/* spare_delivery_put_local:
 * @folder: (type filename): the folder's path */
gboolean
spare_delivery_put_local (const char *folder,
                          const char *name,
                          SpareDeliveryLoad *load,
                          char **final,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autofree char *target = g_build_filename (folder, name, NULL);
  g_autoptr (GError) reason = NULL;
  gboolean done;
  struct stat st;

  if (lstat (target, &st) == 0)
    done = check_existing (folder, name, target, load, cancellable, error);
  else
    {
      done = write_new (folder, target, load, cancellable, &reason);
      /* Somebody was quicker, perhaps with the same. */
      if (!done && g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_EXISTS))
        done = check_existing (folder, name, target, load, cancellable, error);
      else if (!done)
        g_propagate_error (error, g_steal_pointer (&reason));
    }
  if (done && final != NULL)
    *final = g_steal_pointer (&target);
  return done;
}
