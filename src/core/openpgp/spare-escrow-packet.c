/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escrow packet: what the authority keeps of a file.
 *
 *     PKESK, as it came | packet of the data packet's tag, new format: data head
 *
 * Promise: build and parse agree on one form; what parse lets pass is, octet for octet, what build makes from
 * its parts. Nothing can be hidden in one, and two that hold the same are the same. To stock gpg it is a message
 * cut short, from which `gpg --show-session-key --decrypt` gives the session key.
 */
#include "config.h"

#include "spare-damage-private.h"
#include "spare-escrow-packet.h"

#include <string.h>

static gboolean
check_parts (const SpareEsk *esk, const SpareHead *head, GError **error)
{
  const char *format = spare_head_get_format (head);
  guint version = g_str_equal (format, "seipd2") ? 6 : 3;

  if (!spare_head_is_encrypted (head))
    return spare_damage_set (error, SPARE_DAMAGE_PLAIN,
                             "escrow packet: not an encrypted message");
  if (!g_str_equal (format, "seipd1") && !g_str_equal (format, "ocb")
      && !g_str_equal (format, "seipd2"))
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED, "escrow packet: format '%s'",
                             format);
  if (!spare_esk_is_public_key (esk) || spare_esk_get_version (esk) != version)
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED,
                             "escrow packet: ESK of tag %u version %u", spare_esk_get_tag (esk),
                             spare_esk_get_version (esk));
  return TRUE;
}

/**
 * spare_escrow_packet_build:
 * @esk: the authority's PKESK
 * @head: the head of the file that it belongs to
 * @error: return location for the error
 *
 * Makes the escrow packet (protocol.md section 2). Whether @esk is the authority's is the caller's to know.
 *
 * Returns: (transfer full): its octets; %NULL with SPARE_ERROR_NOT_ENCRYPTED, or with SPARE_ERROR_UNSUPPORTED
 *   for a data format without a fixed head, or a PKESK of a version that does not go with it
 */
GBytes *
spare_escrow_packet_build (const SpareEsk *esk, const SpareHead *head, GError **error)
{
  g_autoptr (GByteArray) octets = NULL;
  guint8 header[SPARE_PACKET_HEADER_MAX];
  gsize n_packet, n_data_head;
  const guint8 *packet, *data_head;

  if (!check_parts (esk, head, error))
    return NULL;
  packet = g_bytes_get_data (spare_esk_get_packet (esk), &n_packet);
  data_head = g_bytes_get_data (spare_head_get_data_head (head), &n_data_head);
  octets = g_byte_array_new ();
  g_byte_array_append (octets, packet, (guint) n_packet);
  g_byte_array_append (octets, header,
                       (guint) spare_packet_write_header (spare_head_get_container_tag (head),
                                                          (guint32) n_data_head, header));
  g_byte_array_append (octets, data_head, (guint) n_data_head);
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

/**
 * spare_escrow_packet_parse:
 * @packet: octets that are said to be an escrow packet
 * @esk: (out) (optional) (transfer full): the PKESK
 * @head: (out) (optional) (transfer full): the head, its file id and data head among the rest
 * @error: return location for the error
 *
 * Takes an escrow packet apart. Everything that is not exactly one is refused: another order, packets
 * between, an octet behind, an armor, a length in longer form than needed before the data head.
 *
 * Returns: whether it is one; %FALSE with SPARE_ERROR_DAMAGED, SPARE_ERROR_NOT_ENCRYPTED or
 *   SPARE_ERROR_UNSUPPORTED
 */
gboolean
spare_escrow_packet_parse (GBytes *packet, SpareEsk **esk, SpareHead **head, GError **error)
{
  g_autoptr (SpareHead) read = NULL;
  g_autoptr (GBytes) rebuilt = NULL;

  if (g_bytes_get_size (packet) > SPARE_ESCROW_PACKET_MAX)
    return spare_damage_set (error, SPARE_DAMAGE_EXCESSIVE, "escrow packet: too long");
  read = spare_head_new_from_bytes (packet, error);
  if (read == NULL)
    return FALSE;
  if (!spare_head_is_encrypted (read))
    return spare_damage_set (error, SPARE_DAMAGE_PLAIN,
                             "escrow packet: not OpenPGP, or not encrypted");
  if (spare_head_get_n_esks (read) != 1)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "escrow packet: %u ESKs",
                             spare_head_get_n_esks (read));
  rebuilt = spare_escrow_packet_build (spare_head_get_esk (read, 0), read, error);
  if (rebuilt == NULL)
    return FALSE;
  if (!g_bytes_equal (rebuilt, packet))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "escrow packet: not in the one form");

  if (esk != NULL)
    *esk = spare_esk_ref (spare_head_get_esk (read, 0));
  if (head != NULL)
    *head = g_steal_pointer (&read);
  return TRUE;
}
