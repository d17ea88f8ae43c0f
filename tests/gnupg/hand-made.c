/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages and signatures as no honest program makes them. */
#include "config.h"

#include "hand-made.h"

#include "spare-packet.h"

#include <gcrypt.h>
#include <string.h>

GBytes *
hand_made_join (GBytes *first, ...)
{
  GByteArray *all = g_byte_array_new ();
  va_list ap;

  va_start (ap, first);
  for (GBytes *part = first; part != NULL; part = va_arg (ap, GBytes *))
    g_byte_array_append (all, g_bytes_get_data (part, NULL), (guint) g_bytes_get_size (part));
  va_end (ap);
  return g_byte_array_free_to_bytes (all);
}

static void
append_packet (GByteArray *to, guint tag, const guint8 *body, gsize length)
{
  guint8 header[SPARE_PACKET_HEADER_MAX];
  gsize n = spare_packet_write_header (tag, (guint32) length, header);

  g_byte_array_append (to, header, (guint) n);
  g_byte_array_append (to, body, (guint) length);
}

/* RFC 9580 section 5.13.1: random octets, the last two of them again, the packets, and a SHA-1 over all of it. */
static GByteArray *
build_plain (GBytes *inner, gsize block)
{
  static const guint8 mdc[] = { 0xd3, 0x14 };
  GByteArray *plain = g_byte_array_new ();
  guint8 digest[20];

  g_byte_array_set_size (plain, (guint) block + 2);
  gcry_create_nonce (plain->data, block);
  plain->data[block] = plain->data[block - 2];
  plain->data[block + 1] = plain->data[block - 1];
  g_byte_array_append (plain, g_bytes_get_data (inner, NULL), (guint) g_bytes_get_size (inner));
  g_byte_array_append (plain, mdc, sizeof mdc);
  gcry_md_hash_buffer (GCRY_MD_SHA1, digest, plain->data, plain->len);
  g_byte_array_append (plain, digest, sizeof digest);
  return plain;
}

GBytes *
hand_made_seal (GBytes *like, const SpareSessionKey *key, GBytes *inner)
{
  static const guint8 version = 1;
  g_autoptr (GByteArray) plain = build_plain (inner, 16);
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GByteArray *message = g_byte_array_new ();
  SparePacketHeader pkesk;
  gcry_cipher_hd_t cipher;
  gsize size;
  const guint8 *octets = g_bytes_get_data (like, &size);

  g_assert_cmpint (spare_packet_read_header (octets, size, &pkesk), ==, SPARE_PACKET_OK);
  g_assert_cmpuint (pkesk.tag, ==, SPARE_PACKET_TAG_PKESK);
  g_byte_array_append (message, octets, (guint) (pkesk.header_length + pkesk.length));

  /* 7 to 9: AES with keys of 128 to 256 bits, as libgcrypt numbers them. */
  g_assert_cmpuint (key->cipher, >=, 7);
  g_assert_cmpuint (key->cipher, <=, 9);
  g_assert_cmpuint (gcry_cipher_open (&cipher, (int) key->cipher, GCRY_CIPHER_MODE_CFB, 0), ==,
                    0);
  g_assert_cmpuint (gcry_cipher_setkey (cipher, spare_secret_get_data (key->secret),
                                        spare_secret_get_size (key->secret)),
                    ==, 0);
  g_assert_cmpuint (gcry_cipher_setiv (cipher, NULL, 0), ==, 0);
  g_assert_cmpuint (gcry_cipher_encrypt (cipher, plain->data, plain->len, NULL, 0), ==, 0);
  gcry_cipher_close (cipher);

  g_byte_array_append (body, &version, 1);
  g_byte_array_append (body, plain->data, plain->len);
  append_packet (message, SPARE_PACKET_TAG_SEIPD, body->data, body->len);
  return g_byte_array_free_to_bytes (message);
}

GBytes *
hand_made_compressed (GBytes *packets)
{
  static const guint8 uncompressed = 0;
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GByteArray *packet = g_byte_array_new ();

  g_byte_array_append (body, &uncompressed, 1);
  g_byte_array_append (body, g_bytes_get_data (packets, NULL),
                       (guint) g_bytes_get_size (packets));
  append_packet (packet, SPARE_PACKET_TAG_COMPRESSED, body->data, body->len);
  return g_byte_array_free_to_bytes (packet);
}

static void
append_number (GByteArray *to, gsize number)
{
  const guint8 octets[] = { (guint8) (number >> 8), (guint8) number };

  g_byte_array_append (to, octets, sizeof octets);
}

/* RFC 9580 sections 5.2.3 and 5.2.3.24. */
GBytes *
hand_made_notation (GBytes *signature, const char *name, const char *value)
{
  static const guint8 flags[] = { 0x80, 0, 0, 0 };
  g_autoptr (GByteArray) subpacket = g_byte_array_new ();
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GByteArray *packet = g_byte_array_new ();
  SparePacketHeader header;
  gsize size, hashed, unhashed, n;
  const guint8 *octets = g_bytes_get_data (signature, &size);
  const guint8 *old;
  guint8 prefix[2] = { 0, 20 };

  g_assert_cmpint (spare_packet_read_header (octets, size, &header), ==, SPARE_PACKET_OK);
  g_assert_cmpuint (header.tag, ==, SPARE_PACKET_TAG_SIGNATURE);
  g_assert_cmpuint (header.header_length + header.length, ==, size);
  old = octets + header.header_length;
  g_assert_cmpuint (old[0], ==, 4);

  n = 1 + sizeof flags + 4 + strlen (name) + strlen (value);
  g_assert_cmpuint (n, <, 192);
  prefix[0] = (guint8) n;
  g_byte_array_append (subpacket, prefix, sizeof prefix);
  g_byte_array_append (subpacket, flags, sizeof flags);
  append_number (subpacket, strlen (name));
  append_number (subpacket, strlen (value));
  g_byte_array_append (subpacket, (const guint8 *) name, (guint) strlen (name));
  g_byte_array_append (subpacket, (const guint8 *) value, (guint) strlen (value));

  hashed = (gsize) old[4] << 8 | old[5];
  unhashed = (gsize) old[6 + hashed] << 8 | old[7 + hashed];
  g_byte_array_append (body, old, (guint) (6 + hashed));
  append_number (body, unhashed + subpacket->len);
  g_byte_array_append (body, old + 8 + hashed, (guint) unhashed);
  g_byte_array_append (body, subpacket->data, subpacket->len);
  g_byte_array_append (body, old + 8 + hashed + unhashed,
                       (guint) (header.length - 8 - hashed - unhashed));
  append_packet (packet, SPARE_PACKET_TAG_SIGNATURE, body->data, body->len);
  return g_byte_array_free_to_bytes (packet);
}
