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

#define SIGNATURE_VERSION   4
#define TYPE_KEY_REVOCATION 0x20
/* Version, type, two algorithms, the length of the hashed subpackets. */
#define FIXED                6
#define SUBPACKET_ISSUER     16
#define SUBPACKET_ISSUER_FPR 33
#define SUBPACKET_CRITICAL   0x80

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

static guint64
read_key_id (const guint8 *octets)
{
  guint64 key_id = 0;

  for (guint i = 0; i < 8; i++)
    key_id = key_id << 8 | octets[i];
  return key_id;
}

/* Subpackets: a length of one, two or five octets, which counts the type too, and the type (RFC 9580 section 5.2.3.7). */
static gboolean
find_in_subpackets (const guint8 *data, gsize length, guint64 *key_id)
{
  gsize at = 0;

  while (at < length)
    {
      SparePacketHeader size = { 0 };
      const guint8 *body;
      gsize left;
      guint type;

      /* Their lengths are written as those of packets are, but for 224 to 254, which are two octets here too: such a
       * long one is none of ours. */
      if (data[at] >= 224 && data[at] < 255)
        return FALSE;
      if (spare_packet_read_length (data + at, length - at, &size) != SPARE_PACKET_OK
          || size.header_length > length - at || size.length == 0
          || size.length > length - at - size.header_length)
        return FALSE;
      body = data + at + size.header_length;
      left = (gsize) size.length - 1;
      type = body[0] & ~(guint) SUBPACKET_CRITICAL;
      if (type == SUBPACKET_ISSUER && left == 8)
        {
          *key_id = read_key_id (body + 1);
          return TRUE;
        }
      if (type == SUBPACKET_ISSUER_FPR && left == 21 && body[1] == SIGNATURE_VERSION)
        {
          *key_id = read_key_id (body + 2 + 12);
          return TRUE;
        }
      at += size.header_length + (gsize) size.length;
    }
  return FALSE;
}

/* Hashed ones first, then the others: an issuer's number may stand in either. */
static gboolean
find_in_signature (const guint8 *body, gsize length, guint64 *key_id)
{
  gsize hashed, other;

  if (length < FIXED || body[0] != SIGNATURE_VERSION || body[1] != TYPE_KEY_REVOCATION)
    return FALSE;
  hashed = (gsize) body[4] << 8 | body[5];
  if (hashed > length - FIXED)
    return FALSE;
  if (find_in_subpackets (body + FIXED, hashed, key_id))
    return TRUE;
  if (length - FIXED - hashed < 2)
    return FALSE;
  other = (gsize) body[FIXED + hashed] << 8 | body[FIXED + hashed + 1];
  return other <= length - FIXED - hashed - 2
         && find_in_subpackets (body + FIXED + hashed + 2, other, key_id);
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
  gsize length;

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
         && find_in_signature (data + header.header_length, (gsize) header.length, key_id);
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
