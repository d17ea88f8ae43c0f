/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of an OpenPGP message: everything before the encrypted data, and the data's first octets.
 *
 *     [PKESK | SKESK | marker | padding | unknown non-critical]*   data packet: header, data head, …
 *     |<------------------- data offset ---------------------->|
 *     |<------------------------------- length ----------------------------------->|
 *
 * Promise: immutable once made, and every octet of it is kept as it was read, in order: a new head made by
 * splicing differs from the old one by the packets named and by nothing else. The data head is gathered
 * from the body, so it is the same however the body is cut into partial lengths.
 */
#include "config.h"

#include "spare-damage-private.h"
#include "spare-error.h"
#include "spare-head-parser.h"
#include "spare-head-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Octets of the SHA-256 that make the file id. */
#define FILE_ID_LENGTH 16

G_DEFINE_BOXED_TYPE (SpareHead, spare_head, spare_head_ref, spare_head_unref)

static void
clear_part (gpointer data)
{
  SpareHeadPart *part = data;

  g_clear_pointer (&part->esk, spare_esk_unref);
}

SpareHead *
spare_head_alloc (void)
{
  SpareHead *head = g_new0 (SpareHead, 1);

  g_atomic_ref_count_init (&head->references);
  head->parts = g_array_new (FALSE, FALSE, sizeof (SpareHeadPart));
  g_array_set_clear_func (head->parts, clear_part);
  head->esks = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_esk_unref);
  head->format = "";
  return head;
}

/**
 * spare_head_new_from_bytes:
 * @bytes: the beginning of a file: its head at least, or all of the file
 * @error: return location for the error
 *
 * Reads a head that is at hand as a whole. For what comes in pieces see #SpareHeadParser.
 *
 * Returns: (transfer full): the head; %NULL with SPARE_ERROR_DAMAGED if @bytes end in the middle of a head or
 *   can't be one, although they began like an OpenPGP message
 */
SpareHead *
spare_head_new_from_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (SpareHeadParser) parser = spare_head_parser_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  gsize consumed;

  if (spare_head_parser_feed (parser, data, length, &consumed, error)
      == SPARE_HEAD_PARSER_ERROR)
    return NULL;
  return spare_head_parser_finish (parser, error);
}

/**
 * spare_head_ref:
 * @head: a head
 *
 * Returns: (transfer full): @head, with one reference more
 */
SpareHead *
spare_head_ref (SpareHead *head)
{
  g_atomic_ref_count_inc (&head->references);
  return head;
}

/**
 * spare_head_unref:
 * @head: (transfer full): a head
 *
 * Gives back a reference.
 */
void
spare_head_unref (SpareHead *head)
{
  if (!g_atomic_ref_count_dec (&head->references))
    return;
  g_clear_pointer (&head->octets, g_bytes_unref);
  g_clear_pointer (&head->data_head, g_bytes_unref);
  g_array_unref (head->parts);
  g_ptr_array_unref (head->esks);
  g_free (head->file_id);
  g_free (head);
}

/**
 * spare_head_get_kind:
 * @head: a head
 *
 * Returns: what the file is
 */
SpareHeadKind
spare_head_get_kind (const SpareHead *head)
{
  return head->kind;
}

/**
 * spare_head_is_encrypted:
 * @head: a head
 *
 * Returns: whether it is the head of an encrypted message, be it for keys or for passwords alone
 */
gboolean
spare_head_is_encrypted (const SpareHead *head)
{
  return head->kind == SPARE_HEAD_KIND_ENCRYPTED || head->kind == SPARE_HEAD_KIND_PASSWORD;
}

/**
 * spare_head_is_armored:
 * @head: a head
 *
 * Returns: whether it was read through an ASCII armor; offsets and octets are those of the binary inside
 */
gboolean
spare_head_is_armored (const SpareHead *head)
{
  return head->armored;
}

/**
 * spare_head_get_oddities:
 * @head: a head
 *
 * Returns: #SpareHeadOddity flags
 */
guint
spare_head_get_oddities (const SpareHead *head)
{
  return head->oddities;
}

/**
 * spare_head_get_format:
 * @head: a head
 *
 * Returns: how the data is encrypted: "seipd1", "seipd2", "ocb", "eax" (both LibrePGP's, tag 20), "sed" (without
 *   integrity protection); "" when it is not, or in no way known here
 */
const char *
spare_head_get_format (const SpareHead *head)
{
  return head->format;
}

/**
 * spare_head_get_container_tag:
 * @head: a head
 *
 * Returns: the tag of the data packet, 18, 20 or 9; 0 when not encrypted
 */
guint
spare_head_get_container_tag (const SpareHead *head)
{
  return head->container_tag;
}

/**
 * spare_head_get_container_version:
 * @head: a head
 *
 * Returns: the version octet of the data packet; 0 for tag 9, which has none
 */
guint
spare_head_get_container_version (const SpareHead *head)
{
  return head->container_version;
}

/**
 * spare_head_get_cipher:
 * @head: a head
 *
 * Returns: the cipher's id where it stands in the clear (ocb, eax, seipd2), else 0
 */
guint
spare_head_get_cipher (const SpareHead *head)
{
  return head->cipher;
}

/**
 * spare_head_get_aead:
 * @head: a head
 *
 * Returns: the AEAD mode's id where there is one (ocb, eax, seipd2), else 0
 */
guint
spare_head_get_aead (const SpareHead *head)
{
  return head->aead;
}

/**
 * spare_head_get_chunk_octet:
 * @head: a head
 *
 * Returns: the chunk size octet c of ocb, eax and seipd2: chunks are of 2^(c + 6) octets
 */
guint
spare_head_get_chunk_octet (const SpareHead *head)
{
  return head->chunk_octet;
}

/**
 * spare_head_get_data_head:
 * @head: a head
 *
 * Returns: (transfer none) (nullable): the data head; %NULL when there is none that is known
 */
GBytes *
spare_head_get_data_head (const SpareHead *head)
{
  return head->data_head;
}

/**
 * spare_head_get_file_id:
 * @head: a head
 *
 * Returns: (nullable): the file id, 32 lower-case hex digits; %NULL when there is no data head
 */
const char *
spare_head_get_file_id (const SpareHead *head)
{
  return head->file_id;
}

/**
 * spare_head_get_data_offset:
 * @head: a head
 *
 * Returns: octets before the header of the data packet; 0 when not encrypted
 */
gsize
spare_head_get_data_offset (const SpareHead *head)
{
  return head->data_offset;
}

/**
 * spare_head_get_length:
 * @head: a head
 *
 * Returns: octets up to the end of the data head, lengths between them included; 0 when not encrypted
 */
gsize
spare_head_get_length (const SpareHead *head)
{
  return head->octets != NULL ? g_bytes_get_size (head->octets) : 0;
}

/**
 * spare_head_get_octets:
 * @head: a head
 *
 * Returns: (transfer none) (nullable): the head as it was read, spare_head_get_length() octets
 */
GBytes *
spare_head_get_octets (const SpareHead *head)
{
  return head->octets;
}

/**
 * spare_head_get_n_esks:
 * @head: a head
 *
 * Returns: how many PKESKs and SKESKs it has
 */
guint
spare_head_get_n_esks (const SpareHead *head)
{
  return head->esks->len;
}

/**
 * spare_head_get_esk:
 * @head: a head
 * @index: which, in the order of the file
 *
 * Returns: (transfer none): the ESK
 */
SpareEsk *
spare_head_get_esk (const SpareHead *head, guint index)
{
  g_return_val_if_fail (index < head->esks->len, NULL);
  return g_ptr_array_index (head->esks, index);
}

/**
 * spare_head_has_password:
 * @head: a head
 *
 * Returns: whether a password opens it too, or alone
 */
gboolean
spare_head_has_password (const SpareHead *head)
{
  for (guint i = 0; i < head->esks->len; i++)
    if (!spare_esk_is_public_key (g_ptr_array_index (head->esks, i)))
      return TRUE;
  return FALSE;
}

/**
 * spare_head_has_hidden:
 * @head: a head
 *
 * Returns: whether one of its recipients is not named, or named in a way that is not known
 */
gboolean
spare_head_has_hidden (const SpareHead *head)
{
  for (guint i = 0; i < head->esks->len; i++)
    {
      SpareEsk *esk = g_ptr_array_index (head->esks, i);

      if (spare_esk_is_hidden (esk) || !spare_esk_is_known (esk))
        return TRUE;
    }
  return FALSE;
}

static void
append_bytes (GByteArray *array, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (array, data, (guint) length);
}

/**
 * spare_head_splice:
 * @head: the head of an encrypted message
 * @prepend: (array length=n_prepend) (nullable): ESKs to put first, in this order
 * @n_prepend: how many
 * @remove: (nullable) (scope call): which of the ESKs to leave out; %NULL for none
 * @user_data: for @remove
 * @error: return location for the error
 *
 * Makes the octets that take the place of the first spare_head_get_data_offset() ones. All else, markers and
 * unknown packets too, stays as it is and where it is. A head that nobody could open is never made.
 *
 * Returns: (transfer full): the new octets; %NULL with SPARE_ERROR_NOT_ENCRYPTED if @head is no encrypted
 *   message's, SPARE_ERROR_FAILED if no ESK would be left, SPARE_ERROR_DAMAGED if there would be too many
 */
GBytes *
spare_head_splice (const SpareHead *head,
                   SpareEsk *const *prepend,
                   guint n_prepend,
                   SpareEskPredicate remove,
                   gpointer user_data,
                   GError **error)
{
  g_autoptr (GByteArray) octets = NULL;
  const guint8 *old;
  guint n_left = n_prepend;

  if (!spare_head_is_encrypted (head))
    {
      spare_damage_set (error, SPARE_DAMAGE_PLAIN, "splice: not an encrypted message");
      return NULL;
    }
  octets = g_byte_array_new ();
  old = g_bytes_get_data (head->octets, NULL);
  for (guint i = 0; i < n_prepend; i++)
    append_bytes (octets, spare_esk_get_packet (prepend[i]));
  for (guint i = 0; i < head->parts->len; i++)
    {
      const SpareHeadPart *part = &g_array_index (head->parts, SpareHeadPart, i);

      if (part->esk != NULL && remove != NULL && remove (part->esk, user_data))
        continue;
      n_left += part->esk != NULL;
      g_byte_array_append (octets, old + part->offset, (guint) part->length);
    }

  if (n_left == 0 && head->esks->len > 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("Nobody would be able to open the encrypted data any more, so "
                              "nothing was "
                              "changed. Keep at least one recipient."));
      return NULL;
    }
  if (n_left > SPARE_HEAD_ESKS_MAX || octets->len > SPARE_HEAD_LENGTH_MAX)
    {
      spare_damage_set (error, SPARE_DAMAGE_EXCESSIVE, "splice: %u ESKs", n_left);
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

/**
 * spare_file_id_compute:
 * @tag: the tag of the data packet
 * @data_head: (array length=length): the data head
 * @length: octets of it
 *
 * The file id: the first 16 octets of SHA-256(tag octet ‖ data head). The tag octet is the tag's number. A
 * locator, never evidence.
 *
 * Returns: (transfer full): 32 lower-case hex digits
 */
char *
spare_file_id_compute (guint tag, const guint8 *data_head, gsize length)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 tag_octet = (guint8) tag;

  g_checksum_update (checksum, &tag_octet, 1);
  g_checksum_update (checksum, data_head, (gssize) length);
  return g_strndup (g_checksum_get_string (checksum), 2 * FILE_ID_LENGTH);
}
