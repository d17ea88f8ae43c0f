/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A revocation certificate on its own: the signature by which somebody takes back his key, as gpg makes one to be put away.
 *
 * Promise: here is only told which key it says that it is for, so that the key can be found, and it is put into that key's
 * certificate. Whether it is good, gpg tells when it reads the certificate.
 */
#include "config.h"

#include "spare-revocation.h"

#include "spare-armor-reader.h"
#include "spare-packet.h"
#include "spare-signature-issuer.h"

static GBytes *
take_off_armor (GBytes *octets)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (octets, &length);
  g_autoptr (SpareArmorReader) reader = NULL;
  g_autoptr (GByteArray) binary = NULL;

  if (spare_armor_detect (data, length) != SPARE_ARMOR_YES)
    return g_bytes_ref (octets);
  reader = spare_armor_reader_new ();
  binary = g_byte_array_new ();
  if (!spare_armor_reader_feed (reader, data, length, binary, NULL)
      || !spare_armor_reader_finish (reader, NULL))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&binary));
}

/**
 * spare_revocation_find_issuer:
 * @octets: anything, with armor or without
 * @key_id: (out): the key that it names; untouched if it is none
 *
 * Returns: whether @octets are one signature packet, version 4, that revokes a primary key, and which names its issuer. Source:
 *   RFC 9580 sections 5.2.1.11 and 5.2.3
 */
gboolean
spare_revocation_find_issuer (GBytes *octets, guint64 *key_id)
{
  g_autoptr (GBytes) binary = NULL;
  SparePacketHeader header = { 0 };
  const guint8 *data;
  guint64 issuer;
  gsize length;
  guint type;

  g_return_val_if_fail (octets != NULL && key_id != NULL, FALSE);

  if (g_bytes_get_size (octets) > SPARE_REVOCATION_MAX)
    return FALSE;
  binary = take_off_armor (octets);
  if (binary == NULL)
    return FALSE;
  data = g_bytes_get_data (binary, &length);
  return length > 0 && spare_packet_read_header (data, length, &header) == SPARE_PACKET_OK
         && header.tag == SPARE_PACKET_TAG_SIGNATURE
         && header.length_kind == SPARE_PACKET_LENGTH_DEFINITE
         && header.length == length - header.header_length
         && spare_signature_find_issuer (data + header.header_length, (gsize) header.length,
                                         &type, &issuer)
         && type == SPARE_SIGNATURE_KEY_REVOCATION && (*key_id = issuer, TRUE);
}

/**
 * spare_revocation_attach:
 * @revocation: what spare_revocation_find_issuer() found to be one
 * @certificate: one certificate, with armor or without
 *
 * Puts the revocation where it belongs, right behind the primary key: so gpg reads and judges it with the certificate. (A
 * revocation alone needs a trust database, which homes here have none of.) Source: RFC 9580 section 10.1.1.
 *
 * Returns: (transfer full) (nullable): the certificate with it, without armor; %NULL if @certificate does not begin with a
 *   public key
 */
GBytes *
spare_revocation_attach (GBytes *revocation, GBytes *certificate)
{
  g_autoptr (GBytes) signature = take_off_armor (revocation);
  g_autoptr (GBytes) binary = take_off_armor (certificate);
  GByteArray *whole;
  SparePacketHeader header = { 0 };
  const guint8 *data;
  gsize length, first;

  if (signature == NULL || binary == NULL)
    return NULL;
  data = g_bytes_get_data (binary, &length);
  if (length == 0 || spare_packet_read_header (data, length, &header) != SPARE_PACKET_OK
      || header.tag != SPARE_PACKET_TAG_PUBLIC_KEY
      || header.length_kind != SPARE_PACKET_LENGTH_DEFINITE
      || header.length > length - header.header_length)
    return NULL;
  first = header.header_length + (gsize) header.length;
  whole = g_byte_array_new ();
  g_byte_array_append (whole, data, (guint) first);
  g_byte_array_append (whole, g_bytes_get_data (signature, NULL),
                       (guint) g_bytes_get_size (signature));
  g_byte_array_append (whole, data + first, (guint) (length - first));
  return g_byte_array_free_to_bytes (whole);
}
