/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting a bundle on a medium, or wherever else it is fetched from.
 *
 * Promise: TRUE is said only when the octets were written, synced, read back from there and compared. Nothing is ever
 * replaced: the same octets under the name already are a success, others an error. After an error there is either
 * nothing under the name or what was there before.
 */
#include "config.h"

#include "spare-delivery.h"

#include "spare-delivery-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

gboolean
spare_delivery_load_rewind (SpareDeliveryLoad *self, GError **error)
{
  self->at = 0;
  return self->source == NULL || spare_source_rewind (self->source, error);
}

/* Returns octets, 0 at the end, -1 on error. */
gssize
spare_delivery_load_read (SpareDeliveryLoad *self, gpointer buffer, gsize size, GError **error)
{
  gsize length, n;
  const guint8 *data;

  if (self->source != NULL)
    return spare_source_read (self->source, buffer, size, error);
  data = g_bytes_get_data (self->octets, &length);
  n = MIN (size, length - self->at);
  if (n > 0)
    memcpy (buffer, data + self->at, n);
  self->at += n;
  return (gssize) n;
}

/* spare_delivery_load_open:
 * @octets: (nullable): what is to be delivered, or
 * @path: (nullable): the file that holds it
 *
 * Reads it once, for its size and hash. */
gboolean
spare_delivery_load_open (SpareDeliveryLoad *self,
                          GBytes *octets,
                          const char *path,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *piece = g_malloc (SPARE_DELIVERY_PIECE);
  gssize n;

  memset (self, 0, sizeof *self);
  if (octets != NULL)
    self->octets = g_bytes_ref (octets);
  else
    self->source = spare_source_open (path, SPARE_SOURCE_NONE, error);
  if (self->octets == NULL && self->source == NULL)
    return FALSE;
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      n = spare_delivery_load_read (self, piece, SPARE_DELIVERY_PIECE, error);
      if (n < 0)
        return FALSE;
      if (n == 0)
        {
          self->sha256 = g_strdup (g_checksum_get_string (checksum));
          return self->source == NULL || spare_source_check_unchanged (self->source, error);
        }
      g_checksum_update (checksum, piece, n);
      self->size += (guint64) n;
    }
  return FALSE;
}

void
spare_delivery_load_clear (SpareDeliveryLoad *self)
{
  g_clear_pointer (&self->octets, g_bytes_unref);
  g_clear_pointer (&self->source, spare_source_free);
  g_clear_pointer (&self->sha256, g_free);
}

/* A path, or the URI of any location that GIO knows. */
static GFile *
open_folder (const char *folder)
{
  if (!g_path_is_absolute (folder) && strstr (folder, ":/") != NULL
      && g_uri_peek_scheme (folder) != NULL)
    return g_file_new_for_uri (folder);
  return g_file_new_for_path (folder);
}

/**
 * spare_delivery_is_local:
 * @folder: path or URI of a folder
 *
 * Returns: whether it is reached through the file system, so that octets can be synced to its disk and read back from it
 */
gboolean
spare_delivery_is_local (const char *folder)
{
  g_autoptr (GFile) file = open_folder (folder);

  return g_file_is_native (file) && g_file_peek_path (file) != NULL;
}

static gboolean
put (const char *folder,
     const char *name,
     GBytes *octets,
     const char *source,
     char **final,
     GCancellable *cancellable,
     GError **error)
{
  g_autoptr (GFile) file = open_folder (folder);
  g_auto (SpareDeliveryLoad) load = { NULL };

  if (*name == '\0' || strchr (name, '/') != NULL || g_str_equal (name, ".")
      || g_str_equal (name, ".."))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
                           _ ("The output has no name. Nothing was changed."));
      return FALSE;
    }
  if (!spare_delivery_load_open (&load, octets, source, cancellable, error))
    return FALSE;
  if (g_file_is_native (file) && g_file_peek_path (file) != NULL)
    return spare_delivery_put_local (g_file_peek_path (file), name, &load, final, cancellable,
                                     error);
  return spare_delivery_put_remote (file, name, &load, final, cancellable, error);
}

/**
 * spare_delivery_put_sync:
 * @folder: path or URI of a folder: a medium, a share, any location that GIO knows
 * @name: (type filename): the name there
 * @octets: what is to be there
 * @final: (out) (optional) (transfer full): its path, or its URI where it has no path
 * @cancellable: (nullable): to give up
 * @error: return location for an error
 *
 * Writes a file, makes it durable, and believes it only when it was read back. In the file system it appears under its
 * name whole or not at all, and reading back goes to the disk as far as the system lets it. Elsewhere it is written
 * under another name first, where the location can rename.
 *
 * Returns: %FALSE with %G_IO_ERROR_EXISTS (other octets under that name; they are untouched), %G_IO_ERROR_NO_SPACE,
 *   %G_IO_ERROR_READ_ONLY, %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_CANCELLED or another %G_IO_ERROR;
 *   %SPARE_ERROR_OUTPUT_UNSURE when it is there, but the device reports an error
 */
gboolean
spare_delivery_put_sync (const char *folder,
                         const char *name,
                         GBytes *octets,
                         char **final,
                         GCancellable *cancellable,
                         GError **error)
{
  g_return_val_if_fail (folder != NULL && name != NULL && octets != NULL, FALSE);

  return put (folder, name, octets, NULL, final, cancellable, error);
}

/**
 * spare_delivery_put_file_sync:
 * @folder: path or URI of a folder
 * @name: (type filename): the name there
 * @source: (type filename): path of the file whose octets are to be there; not a link
 * @final: (out) (optional) (transfer full): its path, or its URI where it has no path
 * @cancellable: (nullable): to give up
 * @error: return location for an error
 *
 * As spare_delivery_put_sync(), without holding all of it in memory.
 *
 * Returns: %FALSE as there, and with %SPARE_ERROR_CHANGED when @source changes meanwhile
 */
gboolean
spare_delivery_put_file_sync (const char *folder,
                              const char *name,
                              const char *source,
                              char **final,
                              GCancellable *cancellable,
                              GError **error)
{
  g_return_val_if_fail (folder != NULL && name != NULL && source != NULL, FALSE);

  return put (folder, name, NULL, source, final, cancellable, error);
}
