/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Session keys are put into a file's head, or taken out of it, and its encrypted data stays as it is:
 *
 *   opened → head read, the data's first octets compared whole with those expected → hidden temporary: new head, then
 *   the rest, copied inside the kernel → synced → head read back and compared, ends of the rest compared →
 *   the caller's own check → original still the one that was opened → exchanged → folder synced
 *
 * At every instant the name holds the old file or the whole new one. Nothing is ever decrypted here. A file whose new
 * head is the old one is not touched at all, so doing it twice does no harm.
 *
 * An armored file comes out armored, as one message with the new head; its further text is not kept, for a file with
 * text around the message is refused. */

#include "config.h"

#include "spare-splice.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "spare-armor-reader.h"
#include "spare-armor-writer.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-head-parser.h"
#include "spare-output-replace.h"

#define PART (256 * 1024)
/* Octets at both ends of what was copied that are read again. */
#define PROBE (64 * 1024)

typedef struct
{
  const SpareSplice *splice;
  SpareSource *source;
  SpareHead *head;  /* as it is */
  GBytes *octets;   /* of the new head, up to the data packet */
  SpareHead *after; /* as it is in the new file */
  SpareOutput *output;
  SpareProgressMeter *meter;
  GCancellable *cancellable;
} Splicing;

static void
splicing_clear (Splicing *self)
{
  g_clear_pointer (&self->source, spare_source_free);
  g_clear_pointer (&self->head, spare_head_unref);
  g_clear_pointer (&self->octets, g_bytes_unref);
  g_clear_pointer (&self->after, spare_head_unref);
  /* Not published: gone. */
  g_clear_pointer (&self->output, spare_output_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Splicing, splicing_clear)

/* Reads the head of an open file from its beginning. */
static SpareHead *
read_head (int fd, GError **error)
{
  g_autoptr (SpareHeadParser) parser = spare_head_parser_new ();
  g_autofree guint8 *part = g_malloc (PART);
  SpareHeadParserResult state = SPARE_HEAD_PARSER_MORE;
  off_t offset = 0;

  while (state == SPARE_HEAD_PARSER_MORE)
    {
      ssize_t got = pread (fd, part, offset == 0 ? 4096 : PART, offset);
      gsize consumed;

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (errno),
                       _ ("The file could not be read (%s). It is unchanged."),
                       g_strerror (errno));
          return NULL;
        }
      if (got == 0)
        return spare_head_parser_finish (parser, error);
      state = spare_head_parser_feed (parser, part, (gsize) got, &consumed, error);
      offset += got;
    }
  return state == SPARE_HEAD_PARSER_ERROR
             ? NULL
             : spare_head_ref (spare_head_parser_get_head (parser));
}

static gboolean
has_esk (const SpareHead *head, const SpareEsk *esk)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (g_bytes_equal (spare_esk_get_packet (spare_head_get_esk (head, i)),
                       spare_esk_get_packet (esk)))
      return TRUE;
  return FALSE;
}

static gboolean
check_expected (Splicing *self, const char *path, GError **error)
{
  const SpareSplice *splice = self->splice;
  g_autofree char *shown = NULL;

  if (spare_head_is_encrypted (self->head)
      && (splice->tag == 0 || splice->tag == spare_head_get_container_tag (self->head))
      && (splice->data_head == NULL
          || (spare_head_get_data_head (self->head) != NULL
              && g_bytes_equal (splice->data_head, spare_head_get_data_head (self->head)))))
    return TRUE;
  shown = spare_display_basename (path);
  if (!spare_head_is_encrypted (self->head))
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                 _ ("“%s” is not an encrypted file. It is unchanged."), shown);
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                 _ ("“%s” is not the file that this key belongs to: its encrypted data begins "
                    "differently. It is unchanged."),
                 shown);
  return FALSE;
}

/* The new head; NULL without an error when it would be the old one. */
static gboolean
make_head (Splicing *self, gboolean *changed, GError **error)
{
  const SpareSplice *splice = self->splice;
  g_autoptr (GPtrArray) prepend = g_ptr_array_new ();
  g_autoptr (GBytes) old = NULL;

  for (guint i = 0; i < splice->n_prepend; i++)
    if (!has_esk (self->head, splice->prepend[i]))
      g_ptr_array_add (prepend, splice->prepend[i]);
  self->octets = spare_head_splice (self->head, (SpareEsk *const *) prepend->pdata,
                                    prepend->len, splice->remove, splice->remove_data, error);
  if (self->octets == NULL)
    return FALSE;
  old = g_bytes_new_from_bytes (spare_head_get_octets (self->head), 0,
                                spare_head_get_data_offset (self->head));
  *changed = !g_bytes_equal (old, self->octets);
  return TRUE;
}

static gboolean
write_binary (Splicing *self, GError **error)
{
  gsize length;
  gconstpointer octets = g_bytes_get_data (self->octets, &length);
  goffset offset = (goffset) spare_head_get_data_offset (self->head);

  return spare_output_write (self->output, octets, length, error)
         && spare_output_append_range (self->output, spare_source_get_fd (self->source), offset,
                                       spare_source_get_size (self->source) - offset,
                                       self->meter, self->cancellable, error);
}

static gboolean
set_read_error (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The text around the encrypted data is damaged. The file is "
                          "unchanged."));
  return FALSE;
}

/* Decodes the old armor and writes a new one: @skip octets of the old message are left out. */
static gboolean
write_armored (Splicing *self, GError **error)
{
  g_autoptr (SpareArmorReader) reader = spare_armor_reader_new ();
  g_autoptr (GByteArray) text = g_byte_array_new ();
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  g_autoptr (SpareArmorWriter) writer = spare_armor_writer_new (text);
  g_autofree guint8 *part = g_malloc (PART);
  gsize skip = spare_head_get_data_offset (self->head);
  gsize length;
  const guint8 *head = g_bytes_get_data (self->octets, &length);
  gssize got;

  spare_armor_writer_feed (writer, head, length, text);
  if (!spare_source_rewind (self->source, error))
    return FALSE;
  while ((got = spare_source_read (self->source, part, PART, error)) > 0)
    {
      gsize left;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      g_byte_array_set_size (octets, 0);
      if (!spare_armor_reader_feed (reader, part, (gsize) got, octets, error))
        return FALSE;
      left = MIN (skip, octets->len);
      skip -= left;
      spare_armor_writer_feed (writer, octets->data + left, octets->len - left, text);
      if (!spare_output_write (self->output, text->data, text->len, error))
        return FALSE;
      g_byte_array_set_size (text, 0);
    }
  if (got < 0 || !spare_armor_reader_finish (reader, error))
    return FALSE;
  if (skip > 0 || spare_armor_reader_get_checksum_wrong (reader))
    return set_read_error (error);
  spare_armor_writer_finish (writer, text);
  return spare_output_write (self->output, text->data, text->len, error);
}

static gboolean
fail_check (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("What was written could not be read back as it should be, so it was "
                          "thrown away. The file is unchanged; the disk may be failing."));
  return FALSE;
}

static gboolean
equal_range (int a, goffset a_offset, int b, goffset b_offset, gsize length)
{
  g_autofree guint8 *first = g_malloc (length + 1);
  g_autofree guint8 *second = g_malloc (length + 1);

  return pread (a, first, length, a_offset) == (ssize_t) length
         && pread (b, second, length, b_offset) == (ssize_t) length
         && memcmp (first, second, length) == 0;
}

/* Both ends of what was copied. */
static gboolean
check_rest (Splicing *self)
{
  int old = spare_source_get_fd (self->source);
  int new = spare_output_get_fd (self->output);
  goffset old_offset = (goffset) spare_head_get_data_offset (self->head);
  goffset new_offset = (goffset) g_bytes_get_size (self->octets);
  goffset old_size = spare_source_get_size (self->source);
  goffset new_size = spare_output_get_size (self->output);
  gsize probe = (gsize) MIN (old_size - old_offset, PROBE);

  return new_size - new_offset == old_size - old_offset
         && equal_range (old, old_offset, new, new_offset, probe)
         && equal_range (old, old_size - (goffset) probe, new, new_size - (goffset) probe,
                         probe);
}

static gboolean
check_written (Splicing *self, GError **error)
{
  const SpareSplice *splice = self->splice;
  g_autoptr (GBytes) octets = NULL;
  int fd = spare_output_get_fd (self->output);

  self->after = read_head (fd, NULL);
  if (self->after == NULL)
    return fail_check (error);
  octets = g_bytes_new_from_bytes (spare_head_get_octets (self->after), 0,
                                   spare_head_get_data_offset (self->after));
  if (!g_bytes_equal (octets, self->octets)
      || g_strcmp0 (spare_head_get_file_id (self->after), spare_head_get_file_id (self->head))
             != 0
      || (!spare_head_is_armored (self->head) && !check_rest (self)))
    return fail_check (error);
  return splice->check == NULL
         || splice->check (self->after, fd, self->cancellable, splice->check_data, error);
}

/**
 * spare_splice_file_sync:
 * @path: an encrypted file, binary or armored
 * @splice: what is expected of it, what goes in, what goes out
 * @changed: (out) (optional): %FALSE when there was nothing to do
 * @meter: (nullable): told the octets copied
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Changes who can open a file without touching its encrypted data. In whatever way it ends, the name holds the old file
 * or the whole new one. Source: RFC 9580 section 10.3.2 (the order of packets in an encrypted message).
 *
 * Returns: %FALSE with [enum@SpareErrorCode].NOT_ENCRYPTED, DAMAGED when the data is not the one expected, FAILED when
 *   nobody could open it any more or it has hard links, CHANGED, or a [enum@Gio.IOErrorEnum]; the file is unchanged
 *   then. The one exception is OUTPUT_UNSURE: the new file is there, but may not survive a power cut
 */
gboolean
spare_splice_file_sync (const char *path,
                        const SpareSplice *splice,
                        gboolean *changed,
                        SpareProgressMeter *meter,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (Splicing) self = { .splice = splice, .meter = meter, .cancellable = cancellable };
  gboolean differs = FALSE;
  goffset size;

  self.source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  if (self.source == NULL)
    return FALSE;
  self.head = read_head (spare_source_get_fd (self.source), error);
  if (self.head == NULL || !check_expected (&self, path, error)
      || !make_head (&self, &differs, error))
    return FALSE;
  if (!differs)
    {
      if (changed != NULL)
        *changed = FALSE;
      return TRUE;
    }

  size = spare_source_get_size (self.source);
  size += (goffset) g_bytes_get_size (self.octets)
          * (spare_head_is_armored (self.head) ? 2 : 1);
  self.output = spare_output_open_replacement (self.source, size, error);
  if (self.output == NULL
      || !(spare_head_is_armored (self.head) ? write_armored (&self, error)
                                             : write_binary (&self, error))
      || !spare_output_keep_attributes (self.output, spare_source_get_fd (self.source), error)
      || !spare_output_sync (self.output, error) || !check_written (&self, error)
      || g_cancellable_set_error_if_cancelled (cancellable, error)
      || !spare_source_check_unchanged (self.source, error)
      || !spare_output_publish (self.output, SPARE_PUBLISH_NONE, NULL, error))
    return FALSE;
  if (changed != NULL)
    *changed = TRUE;
  return TRUE;
}
