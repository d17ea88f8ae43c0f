/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle that was verified: what is in it, record by record.
 *
 * Promise: all that comes out of here was verified before spare_bundle_open_sync() returned, and comes from the private
 * copy: the medium is not asked again. Memory is one line. */
#include "config.h"

#include "spare-bundle-reader-private.h"

#include <string.h>

#define PART 65536

/**
 * spare_bundle_free:
 * @self: (transfer full): a bundle
 */
void
spare_bundle_free (SpareBundle *self)
{
  g_clear_pointer (&self->octets, spare_bundle_spool_free);
  g_clear_pointer (&self->plain, spare_bundle_spool_free);
  spare_bundle_lines_clear (&self->lines);
  g_clear_object (&self->sender);
  g_clear_pointer (&self->sender_certificate, g_bytes_unref);
  g_free (self->sha256);
  g_free (self->part);
  g_free (self);
}

/**
 * spare_bundle_get_header:
 * @self: a bundle
 *
 * Returns: (transfer none): its header
 */
const SpareBundleHeader *
spare_bundle_get_header (SpareBundle *self)
{
  return self->lines.header;
}

/**
 * spare_bundle_get_sha256:
 * @self: a bundle
 *
 * Returns: (transfer none): SHA-256 over its octets as they came, 64 lower-case hexadecimal digits
 */
const char *
spare_bundle_get_sha256 (SpareBundle *self)
{
  return self->sha256;
}

/**
 * spare_bundle_get_size:
 * @self: a bundle
 *
 * Returns: its octets as they came, counted
 */
guint64
spare_bundle_get_size (SpareBundle *self)
{
  return spare_bundle_spool_get_size (self->octets);
}

/**
 * spare_bundle_get_n_records:
 * @self: a bundle
 *
 * Returns: how many records it has
 */
guint64
spare_bundle_get_n_records (SpareBundle *self)
{
  return self->lines.n_records;
}

/**
 * spare_bundle_get_sender:
 * @self: a bundle
 *
 * Returns: (transfer none): the key that signed it, as it was listed while its signature was checked
 */
SpareKey *
spare_bundle_get_sender (SpareBundle *self)
{
  return self->sender;
}

/**
 * spare_bundle_get_sender_certificate:
 * @self: a bundle
 *
 * Returns: (transfer none): the sender's certificate, binary, without what others signed
 */
GBytes *
spare_bundle_get_sender_certificate (SpareBundle *self)
{
  return self->sender_certificate;
}

/* Makes sure that the part holds the line at the position; returns it and its length. */
static const char *
find_line (SpareBundle *self, gsize *length, GError **error)
{
  for (guint tries = 0; tries < 2; tries++)
    {
      gsize offset = (gsize) (self->position - self->part_at);
      const guint8 *feed = NULL;
      gssize n;

      if (self->position >= self->part_at && offset < self->part_size)
        feed = memchr (self->part + offset, '\n', self->part_size - offset);
      if (feed != NULL)
        {
          *length = (gsize) (feed - self->part) - offset;
          return (const char *) self->part + offset;
        }
      if (self->part == NULL)
        self->part = g_malloc (SPARE_JSON_LINE_MAX + PART);
      n = spare_bundle_spool_read (self->plain, self->position, self->part,
                                   SPARE_JSON_LINE_MAX + PART, error);
      if (n < 0)
        return NULL;
      self->part_at = self->position;
      self->part_size = (gsize) n;
    }
  spare_bundle_set_damaged_private (error, "the temporary file was cut");
  return NULL;
}

/**
 * spare_bundle_next_sync:
 * @self: a bundle
 * @record: (out) (transfer full) (nullable): the next record; %NULL: there are no more
 * @error: return location
 *
 * Reads the records one by one, from the first or from where spare_bundle_rewind() went.
 *
 * Returns: %FALSE with a %G_IO_ERROR if the temporary file can't be read
 */
gboolean
spare_bundle_next_sync (SpareBundle *self, JsonObject **record, GError **error)
{
  const char *line;
  gsize length;
  JsonObject *object;

  if (self->position >= self->lines.end_at)
    {
      *record = NULL;
      return TRUE;
    }
  line = find_line (self, &length, error);
  if (line == NULL)
    return FALSE;
  object = spare_json_line_parse (line, length, error);
  if (object == NULL)
    return FALSE;
  self->position += length + 1;
  *record = object;
  return TRUE;
}

/**
 * spare_bundle_rewind:
 * @self: a bundle
 * @error: return location
 *
 * Goes back to before the first record.
 *
 * Returns: %TRUE
 */
gboolean
spare_bundle_rewind (SpareBundle *self, GError **error)
{
  self->position = self->lines.records_at;
  return TRUE;
}

/**
 * spare_bundle_copy_octets_sync:
 * @self: a bundle
 * @write: takes them
 * @write_data: for @write
 * @error: return location
 *
 * Copies the bundle's octets as they came, and as they were verified and hashed: from the private copy, so the medium
 * that it came from is not asked again.
 *
 * Returns: %FALSE with what @write set, or with a %G_IO_ERROR
 */
gboolean
spare_bundle_copy_octets_sync (SpareBundle *self,
                               SpareWriteFunc write,
                               gpointer write_data,
                               GError **error)
{
  g_autofree guint8 *part = g_malloc (PART);
  guint64 offset = 0;
  gssize n;

  while ((n = spare_bundle_spool_read (self->octets, offset, part, PART, error)) > 0)
    {
      if (!write (write_data, part, (gsize) n, error))
        return FALSE;
      offset += (guint64) n;
    }
  return n == 0;
}
