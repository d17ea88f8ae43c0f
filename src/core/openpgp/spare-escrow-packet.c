/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escrow packet: what the authority keeps of a file.
 *
 *     PKESK, as it came | packet of the data packet's tag, new format: data head
 *
 * Promise: what parse lets pass is, octet for octet, what build makes from its parts, and its PKESK is in the form that
 * programs write. Nothing can be hidden in one. To stock gpg it is a message cut short, from which
 * `gpg --show-session-key --decrypt` gives the session key.
 *
 * Not promised: that the PKESK opens, or that its numbers are below the modulus of the key that it names; what needs
 * the key is asked with it (spare_wrap_key_check_pkesk()). Build takes a PKESK as it is, one without a recipient's name
 * too: it also serves to open such.
 */
#include "config.h"

#include "spare-damage-private.h"
#include "spare-escrow-packet.h"
#include "spare-pkesk.h"

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

/* A PKESK in the shortest framing, old or new (gpg writes the old), that says whom it is for, and with nothing in it but
 * what its algorithm needs. */
static gboolean
check_pkesk (SpareEsk *esk, GError **error)
{
  gsize length;
  const guint8 *packet = g_bytes_get_data (spare_esk_get_packet (esk), &length);
  SparePacketHeader header = { 0 };
  guint8 shortest[SPARE_PACKET_HEADER_MAX];
  g_autoptr (SparePkesk) pkesk = NULL;
  gsize n;

  if (spare_packet_read_header (packet, length, &header) != SPARE_PACKET_OK)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "escrow packet: no header");
  n = header.old_format
          ? (header.length < 256 ? 2 : 3)
          : spare_packet_write_header (header.tag, (guint32) header.length, shortest);
  if (header.header_length != n)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                             "escrow packet: PKESK with a header of %zu octets",
                             header.header_length);
  if (spare_esk_is_hidden (esk))
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED,
                             "escrow packet: PKESK without a key id");
  if (spare_esk_get_version (esk) != 3)
    return TRUE;
  pkesk = spare_pkesk_new (esk, error);
  return pkesk != NULL;
}

/**
 * spare_escrow_packet_parse:
 * @packet: octets that are said to be an escrow packet
 * @esk: (out) (optional) (transfer full): the PKESK
 * @head: (out) (optional) (transfer full): the head, its file id and data head among the rest
 * @error: return location for the error
 *
 * Takes an escrow packet apart. Everything that is not exactly one is refused: another order, packets
 * between, an octet behind, an armor, a length in longer form than needed, a recipient that is not named, numbers in
 * another form than the one that they have.
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
  if (!check_pkesk (spare_head_get_esk (read, 0), error))
    return FALSE;

  if (esk != NULL)
    *esk = spare_esk_ref (spare_head_get_esk (read, 0));
  if (head != NULL)
    *head = g_steal_pointer (&read);
  return TRUE;
}
