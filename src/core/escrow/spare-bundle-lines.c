/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a bundle, looked at line by line as it comes out of the engine.
 *
 * Promise: what passes spare_bundle_lines_finish() is a header, once and first, then records, each one strict line of
 * JSON, then the line that says how many, and nothing behind it. Memory is one line. The first line that is wrong ends
 * it: a bundle that is only zeros is given up after 64 KiB. */
#include "config.h"

#include "spare-bundle-lines-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
spare_bundle_set_damaged_private (GError **error, const char *detail)
{
  g_debug ("bundle: %s", detail);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("This bundle is damaged, was changed on its way, or was not made by "
                          "Spare Key. Nothing was changed here. Ask its sender for a new "
                          "one."));
}

static gboolean
refuse (GError **error, const char *detail)
{
  spare_bundle_set_damaged_private (error, detail);
  return FALSE;
}

void
spare_bundle_lines_clear (SpareBundleLines *self)
{
  g_clear_pointer (&self->pending, g_byte_array_unref);
  g_clear_pointer (&self->header, spare_bundle_header_free);
  memset (self, 0, sizeof *self);
}

static gboolean
take_header (SpareBundleLines *self, JsonObject *line, GError **error)
{
  g_autoptr (GError) failure = NULL;

  self->header = spare_bundle_header_parse (line, &failure);
  self->records_at = self->n_octets;
  if (self->header != NULL)
    return TRUE;
  if (!g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
    return refuse (error, "header");
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
take_line (SpareBundleLines *self, const char *line, gsize length, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  guint64 begin = self->n_octets, count;

  if (self->ended)
    return refuse (error, "text behind the last line");
  object = spare_json_line_parse (line, length, NULL);
  if (object == NULL)
    return refuse (error, "no line of JSON");
  self->n_octets += length + 1;
  if (self->header == NULL)
    return take_header (self, object, error);
  if (spare_json_has (object, SPARE_BUNDLE_LINE_HEADER))
    return refuse (error, "a second header");
  if (!spare_json_has (object, SPARE_BUNDLE_LINE_END))
    {
      self->n_records++;
      return TRUE;
    }
  if (!spare_json_get_uint64 (object, SPARE_BUNDLE_LINE_END, G_MAXINT64, &count, NULL)
      || count != self->n_records)
    return refuse (error, "another number of records");
  self->end_at = begin;
  self->ended = TRUE;
  return TRUE;
}

/* Takes text on, in pieces of any size. Fails with %SPARE_ERROR_DAMAGED, or with %SPARE_ERROR_UNSUPPORTED for a header of
 * a higher version. */
gboolean
spare_bundle_lines_feed (SpareBundleLines *self,
                         const guint8 *octets,
                         gsize size,
                         GError **error)
{
  if (self->pending == NULL)
    self->pending = g_byte_array_new ();
  while (size > 0)
    {
      const guint8 *feed = memchr (octets, '\n', size);
      gsize length = feed != NULL ? (gsize) (feed - octets) : size;

      if (self->pending->len + length > SPARE_JSON_LINE_MAX)
        return refuse (error, "a line that is too long");
      if (feed == NULL || self->pending->len > 0)
        g_byte_array_append (self->pending, octets, (guint) length);
      if (feed == NULL)
        return TRUE;
      if (self->pending->len > 0
              ? !take_line (self, (const char *) self->pending->data, self->pending->len, error)
              : !take_line (self, (const char *) octets, length, error))
        return FALSE;
      g_byte_array_set_size (self->pending, 0);
      octets += length + 1;
      size -= length + 1;
    }
  return TRUE;
}

/* The text has ended: only now is it known to be whole. */
gboolean
spare_bundle_lines_finish (SpareBundleLines *self, GError **error)
{
  if (self->ended && (self->pending == NULL || self->pending->len == 0))
    return TRUE;
  return refuse (error, "no last line");
}
