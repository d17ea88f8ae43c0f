/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key a signature packet says that it is from, and of what kind it is.
 *
 * Promise: nothing is read beyond the packet. Whether the signature is good, and that key's, gpg tells.
 */
#include "config.h"

#include "spare-signature-issuer.h"

#include "spare-packet.h"

#define SIGNATURE_VERSION   4
#define TYPE_KEY_REVOCATION 0x20
/* Version, type, two algorithms, the length of the hashed subpackets. */
#define FIXED                6
#define SUBPACKET_ISSUER     16
#define SUBPACKET_ISSUER_FPR 33
#define SUBPACKET_CRITICAL   0x80

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

/**
 * spare_signature_find_issuer:
 * @body: of a signature packet
 * @length: how many octets
 * @type: (out): what it says; untouched on failure, like @key_id
 * @key_id: (out): whose it says that it is
 *
 * The hashed subpackets are looked at first, then the others: an issuer's number may stand in either.
 *
 * Returns: whether it is one of version 4 that names its issuer. Source: RFC 9580 section 5.2.3
 */
gboolean
spare_signature_find_issuer (const guint8 *body, gsize length, guint *type, guint64 *key_id)
{
  gsize hashed, other;

  if (length < FIXED || body[0] != SIGNATURE_VERSION)
    return FALSE;
  hashed = (gsize) body[4] << 8 | body[5];
  if (hashed > length - FIXED)
    return FALSE;
  if (!find_in_subpackets (body + FIXED, hashed, key_id))
    {
      if (length - FIXED - hashed < 2)
        return FALSE;
      other = (gsize) body[FIXED + hashed] << 8 | body[FIXED + hashed + 1];
      if (other > length - FIXED - hashed - 2
          || !find_in_subpackets (body + FIXED + hashed + 2, other, key_id))
        return FALSE;
    }
  *type = body[1];
  return TRUE;
}
