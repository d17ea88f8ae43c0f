/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delivery to a location that only GIO reaches: a share, a server, a telephone.
 *
 * Promise: as in spare-delivery.c, as far as the location lets it: written under a name of its own, read back and
 * compared, then moved to its name without replacing. What can't be moved is written under its name at once and taken
 * away again if anything fails. Whether the other side has it on its disk is not ours to know.
 */
#include "config.h"

#include "spare-delivery-private.h"

#include "spare-display.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* GIO's reason in a sentence of ours; cancelling stays what it is. */
static gboolean
fail (GFile *folder, GError *reason, GError **error)
{
  g_autofree char *uri = g_file_get_parse_name (folder);
  g_autofree char *shown = spare_display_text (uri, -1, 80);
  /* Translators: the name of a place, then the system’s own words for the error */
  const char *sentence = _ ("The output could not be put into “%s”: %s. The original is "
                            "unharmed; try again later, or choose another folder.");

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || reason->domain == SPARE_ERROR)
    {
      g_propagate_error (error, reason);
      return FALSE;
    }
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_MOUNTED))
    sentence = _ ("“%s” is not connected: %s. Open it in Files once, then try again.");
  /* A service that died speaks of D-Bus. */
  g_dbus_error_strip_remote_error (reason);
  g_set_error (error, G_IO_ERROR,
               reason->domain == G_IO_ERROR ? reason->code : (int) G_IO_ERROR_FAILED, sentence,
               shown, reason->message);
  g_error_free (reason);
  return FALSE;
}

static gboolean
set_different (GFile *folder, GError **error)
{
  g_autofree char *uri = g_file_get_parse_name (folder);
  g_autofree char *shown = spare_display_text (uri, -1, 80);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               _ ("What was put into “%s” reads back differently. It was removed from there; "
                  "choose another folder."),
               shown);
  return FALSE;
}

/* Not past one octet more than the load has. */
static gboolean
read_back (GFile *file,
           SpareDeliveryLoad *load,
           gboolean *same,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, error);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *piece = g_malloc (SPARE_DELIVERY_PIECE);
  guint64 size = 0;
  gssize n = 0;

  if (stream == NULL)
    return FALSE;
  while (size <= load->size)
    {
      n = g_input_stream_read (G_INPUT_STREAM (stream), piece, SPARE_DELIVERY_PIECE,
                               cancellable, error);
      if (n <= 0)
        break;
      g_checksum_update (checksum, piece, n);
      size += (guint64) n;
    }
  if (n < 0)
    return FALSE;
  *same = size == load->size && g_str_equal (g_checksum_get_string (checksum), load->sha256);
  return TRUE;
}

static gboolean
copy (GOutputStream *stream, SpareDeliveryLoad *load, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *piece = g_malloc (SPARE_DELIVERY_PIECE);
  gssize n;

  if (!spare_delivery_load_rewind (load, error))
    return FALSE;
  while ((n = spare_delivery_load_read (load, piece, SPARE_DELIVERY_PIECE, error)) > 0)
    if (!g_output_stream_write_all (stream, piece, (gsize) n, NULL, cancellable, error))
      return FALSE;
  return n == 0 && (load->source == NULL || spare_source_check_unchanged (load->source, error));
}

/* Writes a file that is not there yet and reads it back. After an error it is gone again. */
static gboolean
write_new (GFile *folder,
           GFile *file,
           SpareDeliveryLoad *load,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (GFileOutputStream) stream = NULL;
  g_autoptr (GCancellable) given_up = g_cancellable_new ();
  GError *reason = NULL;
  gboolean done, same = FALSE;

  stream = g_file_create (file, G_FILE_CREATE_PRIVATE, cancellable, &reason);
  if (stream == NULL)
    return fail (folder, reason, error);
  done = copy (G_OUTPUT_STREAM (stream), load, cancellable, &reason);
  /* Closing is what commits at some locations; with a cancelled cancellable it commits nothing. */
  if (!done)
    g_cancellable_cancel (given_up);
  if (!g_output_stream_close (G_OUTPUT_STREAM (stream), done ? cancellable : given_up,
                              done ? &reason : NULL))
    done = FALSE;
  done = done && read_back (file, load, &same, cancellable, &reason);
  if (done && same)
    return TRUE;

  g_file_delete (file, NULL, NULL);
  return done ? set_different (folder, error) : fail (folder, reason, error);
}

/* The same octets under the name already are a success. */
static gboolean
check_existing (GFile *folder,
                GFile *file,
                const char *name,
                SpareDeliveryLoad *load,
                GCancellable *cancellable,
                GError **error)
{
  g_autofree char *shown = spare_display_text (name, -1, 80);
  g_autofree char *uri = g_file_get_parse_name (folder);
  g_autofree char *shown_folder = spare_display_text (uri, -1, 80);
  g_autoptr (GError) reason = NULL;
  gboolean same = FALSE;

  if (read_back (file, load, &same, cancellable, &reason) && same)
    return TRUE;
  if (reason != NULL && !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY))
    return fail (folder, g_steal_pointer (&reason), error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _ ("There is already something else named “%s” in the folder “%s”. It is "
                  "untouched. Move it away, or choose another folder."),
               shown, shown_folder);
  return FALSE;
}

static gboolean
cannot_move (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_RECURSE);
}

static gboolean
put_new (GFile *folder,
         GFile *file,
         const char *name,
         SpareDeliveryLoad *load,
         GCancellable *cancellable,
         GError **error)
{
  g_autofree char *word = g_strdup_printf (".%.200s.%08x.part", name, g_random_int ());
  g_autoptr (GFile) temporary = g_file_get_child (folder, word);
  g_autoptr (GError) reason = NULL;
  gboolean same = FALSE;

  if (!write_new (folder, temporary, load, cancellable, error))
    return FALSE;
  if (g_file_move (temporary, file, G_FILE_COPY_NO_FALLBACK_FOR_MOVE, cancellable, NULL, NULL,
                   &reason))
    {
      if (!read_back (file, load, &same, NULL, &reason))
        return fail (folder, g_steal_pointer (&reason), error);
      if (!same)
        g_file_delete (file, NULL, NULL);
      return same || set_different (folder, error);
    }
  g_file_delete (temporary, NULL, NULL);
  if (cannot_move (reason))
    return write_new (folder, file, load, cancellable, error);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_EXISTS))
    return check_existing (folder, file, name, load, cancellable, error);
  return fail (folder, g_steal_pointer (&reason), error);
}

/* spare_delivery_put_remote:
 * @folder: the folder, which must be there */
gboolean
spare_delivery_put_remote (GFile *folder,
                           const char *name,
                           SpareDeliveryLoad *load,
                           char **final,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GFile) file = g_file_get_child (folder, name);
  gboolean done;

  if (g_file_query_exists (file, cancellable))
    done = check_existing (folder, file, name, load, cancellable, error);
  else
    done = put_new (folder, file, name, load, cancellable, error);
  if (done && final != NULL)
    *final = g_file_get_uri (file);
  return done;
}
