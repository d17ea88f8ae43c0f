/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether a session key belongs to a file: by what the head tells (the repeated octets of SEIPD v1), and where the data
 * comes in authenticated chunks by the first of these, so a few MiB are read at most. The test is made on the file
 * itself, not on what somebody says that it begins with.
 *
 * What is not told: that the rest of the file is undamaged. Only a decryption tells that. */

#include "config.h"

#include "spare-file-fit.h"

#include <glib/gi18n-lib.h>

#include "spare-armor-reader.h"
#include "spare-error.h"
#include "spare-packet-framer.h"
#include "spare-quick-check.h"
#include "spare-source.h"

#define PART (64 * 1024)

typedef struct
{
  SparePacketFramer framer;
  gsize skip;       /* octets of the message before its data packet */
  gsize skip_body;  /* octets of the data head */
  GByteArray *body; /* behind the data head, partial lengths taken out */
  gsize need;
} Gathering;

/* Takes octets of the message; FALSE once there are enough, or no more to come. */
static gboolean
gather (Gathering *self, const guint8 *data, gsize length)
{
  gsize skip = MIN (self->skip, length);

  self->skip -= skip;
  data += skip;
  length -= skip;
  while (self->body->len < self->need)
    {
      gsize consumed;
      SpareFrame frame = spare_packet_framer_next (&self->framer, data, length, &consumed);

      if (frame == SPARE_FRAME_NEED_MORE)
        return TRUE;
      if (frame == SPARE_FRAME_END || frame == SPARE_FRAME_DAMAGED)
        return FALSE;
      if (frame == SPARE_FRAME_BODY)
        {
          gsize before = MIN (self->skip_body, consumed);
          gsize take = MIN (consumed - before, self->need - self->body->len);

          self->skip_body -= before;
          g_byte_array_append (self->body, data + before, (guint) take);
        }
      data += consumed;
      length -= consumed;
    }
  return FALSE;
}

static gboolean
read_body (Gathering *self, const char *path, gboolean armored, GError **error)
{
  g_autoptr (SpareSource) source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  g_autoptr (SpareArmorReader) reader = armored ? spare_armor_reader_new () : NULL;
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  g_autofree guint8 *part = g_malloc (PART);
  gssize got;

  if (source == NULL)
    return FALSE;
  while ((got = spare_source_read (source, part, PART, error)) > 0)
    {
      gboolean more;

      g_byte_array_set_size (octets, 0);
      if (reader != NULL && !spare_armor_reader_feed (reader, part, (gsize) got, octets, error))
        return FALSE;
      more = reader != NULL ? gather (self, octets->data, octets->len)
                            : gather (self, part, (gsize) got);
      if (!more)
        return TRUE;
    }
  return got == 0;
}

/**
 * spare_file_fit_sync:
 * @path: an encrypted file
 * @head: its head
 * @key: a session key
 * @error: return location for an error
 *
 * Holds a session key against a file.
 *
 * Returns: %FALSE with [enum@SpareErrorCode].DAMAGED when the key does not belong to the file, or with a
 *   [enum@Gio.IOErrorEnum]; %TRUE also where the format does not allow to tell
 */
gboolean
spare_file_fit_sync (const char *path,
                     const SpareHead *head,
                     const SpareSessionKey *key,
                     GError **error)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GBytes *data_head = spare_head_get_data_head (head);
  Gathering gathering = { .skip = spare_head_get_data_offset (head),
                          .skip_body = data_head != NULL ? g_bytes_get_size (data_head) : 0,
                          .body = body,
                          .need = spare_first_chunk_get_need (head) };
  SpareQuick answer;

  if (gathering.need == 0)
    answer = spare_quick_check (head, key->cipher, key->secret);
  else
    {
      spare_packet_framer_init (&gathering.framer);
      if (!read_body (&gathering, path, spare_head_is_armored (head), error))
        return FALSE;
      answer = spare_first_chunk_check (head, key->cipher, key->secret, body->data, body->len);
    }
  if (answer != SPARE_QUICK_NO)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The key does not fit the encrypted data: it is another file’s, or "
                          "the "
                          "file is damaged. It is unchanged."));
  return FALSE;
}
