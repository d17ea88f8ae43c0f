/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A head made from a data head alone, as it stands in requests, grants and the registry.
 *
 * Promise: it goes through the same reader as the head of a file; only what could be the data head of an escrow
 * packet passes, and every octet of it counts.
 */
#include "config.h"

#include "spare-data-head.h"

#include "spare-damage-private.h"

/* Octets of the data head, by tag and version; 0 for what is not known. */
static gsize
get_length (guint tag, guint version)
{
  if (tag == SPARE_PACKET_TAG_SEIPD && version == 1)
    return SPARE_DATA_HEAD_SEIPD1;
  if (tag == SPARE_PACKET_TAG_SEIPD && version == 2)
    return SPARE_DATA_HEAD_SEIPD2;
  return 0;
}

/**
 * spare_head_new_from_data_head:
 * @tag: the tag of the data packet: 18 or 20
 * @data_head: the data head: 19 octets, 36 for SEIPD v2
 * @error: return location for the error
 *
 * Makes a head without any PKESK, from which all that the data head tells can be read: file id, format, cipher.
 *
 * Returns: (transfer full): the head; %NULL with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED for a format that
 *   escrow does not know
 */
SpareHead *
spare_head_new_from_data_head (guint tag, GBytes *data_head, GError **error)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  g_autoptr (GBytes) message = NULL;
  g_autoptr (SpareHead) head = NULL;
  guint8 header[SPARE_PACKET_HEADER_MAX];
  gsize length;
  const guint8 *data = g_bytes_get_data (data_head, &length);
  const char *format;

  if ((tag != SPARE_PACKET_TAG_SEIPD && tag != SPARE_PACKET_TAG_OCB) || length == 0
      || length > SPARE_DATA_HEAD_SEIPD2
      || (get_length (tag, data[0]) != 0 && length != get_length (tag, data[0])))
    {
      spare_damage_set (error, SPARE_DAMAGE_BROKEN, "data head: tag %u, %" G_GSIZE_FORMAT, tag,
                        length);
      return NULL;
    }
  g_byte_array_append (octets, header,
                       (guint) spare_packet_write_header (tag, (guint32) length, header));
  g_byte_array_append (octets, data, (guint) length);
  message = g_byte_array_free_to_bytes (g_steal_pointer (&octets));
  head = spare_head_new_from_bytes (message, error);
  if (head == NULL)
    return NULL;

  format = spare_head_get_format (head);
  if (!g_str_equal (format, "seipd1") && !g_str_equal (format, "ocb")
      && !g_str_equal (format, "seipd2"))
    {
      spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED, "data head: format '%s'", format);
      return NULL;
    }
  if (spare_head_get_n_esks (head) != 0 || spare_head_get_data_head (head) == NULL
      || !g_bytes_equal (spare_head_get_data_head (head), data_head))
    {
      spare_damage_set (error, SPARE_DAMAGE_BROKEN, "data head: %" G_GSIZE_FORMAT " octets",
                        length);
      return NULL;
    }
  return g_steal_pointer (&head);
}
