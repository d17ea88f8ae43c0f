/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds in a certificate what unwrapping a session key needs of the recipient's subkey.
 *
 *     key packet v4   04 | created (4) | algorithm | material           RFC 9580 section 5.5.2.2
 *     ECDH material   n | OID (n) | point (MPI) | 3 | 01 | hash | cipher                5.5.5.6
 *     fingerprint     SHA-1 (99 | octets of the body (2) | body)                        5.5.4.2
 *
 * Promise: the subkey is told by its whole fingerprint, computed here. Its binding to the primary key is not
 * checked: that is gpg's, which exported it.
 */
#include "config.h"

#include "spare-armor-reader.h"
#include "spare-certificate.h"
#include "spare-damage-private.h"
#include "spare-mpi-private.h"
#include "spare-packet.h"

#include "spare-error.h"
#include "spare-secret.h"

#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define KEY_VERSION      4
#define ALGORITHM_OFFSET 5
#define MATERIAL_OFFSET  6

/* After the point: its own length, a version, hash and cipher. */
#define KDF_LENGTH 4

static gboolean
read_fingerprint (const char *text, guint8 fingerprint[SPARE_FINGERPRINT_V4_LENGTH])
{
  if (strlen (text) != 2 * SPARE_FINGERPRINT_V4_LENGTH)
    return FALSE;
  for (guint i = 0; i < SPARE_FINGERPRINT_V4_LENGTH; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = g_ascii_xdigit_value (text[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      fingerprint[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

static void
compute_fingerprint (const guint8 *body,
                     gsize length,
                     guint8 fingerprint[SPARE_FINGERPRINT_V4_LENGTH])
{
  g_autofree guint8 *octets = g_malloc (3 + length);

  octets[0] = 0x99;
  octets[1] = (guint8) (length >> 8);
  octets[2] = (guint8) length;
  memcpy (octets + 3, body, length);
  gcry_md_hash_buffer (GCRY_MD_SHA1, fingerprint, octets, 3 + length);
}

static gboolean
read_material (const guint8 *body, gsize length, SpareKdf *kdf, GError **error)
{
  gsize offset = MATERIAL_OFFSET + 1;
  const guint8 *point, *parameters;
  gsize oid_length, point_length;

  if (body[ALGORITHM_OFFSET] != SPARE_ALGORITHM_ECDH)
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED,
                             "certificate: subkey of algorithm %u", body[ALGORITHM_OFFSET]);
  oid_length = length > MATERIAL_OFFSET ? body[MATERIAL_OFFSET] : 0;
  if (oid_length == 0 || oid_length == 255 || oid_length > length - offset)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "certificate: bad OID");
  kdf->curve = spare_curve_find (body + offset, oid_length);
  if (kdf->curve == NULL)
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED, "certificate: unknown curve");
  offset += oid_length;

  if (!spare_mpi_read (body, length, &offset, &point, &point_length)
      || !spare_curve_check_point (kdf->curve, point, point_length))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "certificate: bad point");
  parameters = body + offset;
  if (length - offset != KDF_LENGTH || parameters[0] != KDF_LENGTH - 1 || parameters[1] != 1)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "certificate: bad KDF parameters");
  kdf->hash = parameters[2];
  kdf->cipher = parameters[3];
  /* SHA-256 or longer, AES: anything else is weaker than what it protects (protocol.md 7.1). */
  if (kdf->hash < 8 || kdf->hash > 10 || kdf->cipher < 7 || kdf->cipher > 9)
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED,
                             "certificate: KDF hash %u, cipher %u", kdf->hash, kdf->cipher);
  return TRUE;
}

static gboolean
set_missing (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                       _ ("The key does not have the subkey that is needed. Nothing was "
                          "changed. Get the "
                          "current key from its owner."));
  return FALSE;
}

/* Reads the header of the packet at @offset, and checks that it is whole and may stand there. */
static gboolean
read_packet (const guint8 *data,
             gsize length,
             gsize offset,
             SparePacketHeader *header,
             GError **error)
{
  if (spare_packet_read_header (data + offset, length - offset, header) != SPARE_PACKET_OK
      || header->length_kind != SPARE_PACKET_LENGTH_DEFINITE
      || header->length > length - offset - header->header_length)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "certificate: bad packet at %zu",
                             offset);
  if ((offset == 0) != (header->tag == SPARE_PACKET_TAG_PUBLIC_KEY)
      || header->tag == SPARE_PACKET_TAG_SECRET_KEY
      || header->tag == SPARE_PACKET_TAG_SECRET_SUBKEY)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "certificate: tag %u at %zu",
                             header->tag, offset);
  return TRUE;
}

/* Takes off the armor, if there is one. */
static GBytes *
take_off_armor (GBytes *certificate, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);
  g_autoptr (SpareArmorReader) reader = NULL;
  g_autoptr (GByteArray) octets = NULL;

  if (length > SPARE_CERTIFICATE_MAX)
    {
      spare_damage_set (error, SPARE_DAMAGE_EXCESSIVE, "certificate: %zu octets", length);
      return NULL;
    }
  if (spare_armor_detect (data, length) != SPARE_ARMOR_YES)
    return g_bytes_ref (certificate);
  reader = spare_armor_reader_new ();
  octets = g_byte_array_new ();
  if (!spare_armor_reader_feed (reader, data, length, octets, error)
      || !spare_armor_reader_finish (reader, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

/**
 * spare_certificate_find_kdf:
 * @certificate: one certificate as `gpg --export` gives it, with armor or without
 * @fingerprint: the subkey's v4 fingerprint, 40 hex digits
 * @kdf: (out): what its ECDH needs; untouched on failure
 * @error: return location for the error
 *
 * Finds the subkey and reads its curve and key derivation parameters.
 *
 * Returns: whether it was found; %FALSE with SPARE_ERROR_NO_KEY if it is not there, SPARE_ERROR_UNSUPPORTED if it
 *   is no ECDH key, or on another curve, or with weak parameters, SPARE_ERROR_DAMAGED if @certificate is not one
 */
gboolean
spare_certificate_find_kdf (GBytes *certificate,
                            const char *fingerprint,
                            SpareKdf *kdf,
                            GError **error)
{
  g_autoptr (GBytes) octets = take_off_armor (certificate, error);
  gsize length, offset = 0;
  const guint8 *data;
  guint8 wanted[SPARE_FINGERPRINT_V4_LENGTH];

  if (octets == NULL || !spare_secret_init (error))
    return FALSE;
  data = g_bytes_get_data (octets, &length);
  if (length == 0)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "certificate: empty");
  if (!read_fingerprint (fingerprint, wanted))
    return set_missing (error);

  while (offset < length)
    {
      SparePacketHeader header = { 0 };
      SpareKdf found = { 0 };
      const guint8 *body;

      if (!read_packet (data, length, offset, &header, error))
        return FALSE;
      body = data + offset + header.header_length;
      offset += header.header_length + (gsize) header.length;
      if ((header.tag != SPARE_PACKET_TAG_PUBLIC_KEY
           && header.tag != SPARE_PACKET_TAG_PUBLIC_SUBKEY)
          || header.length < MATERIAL_OFFSET || header.length > SPARE_CERTIFICATE_KEY_MAX
          || body[0] != KEY_VERSION)
        continue;
      compute_fingerprint (body, (gsize) header.length, found.fingerprint);
      if (memcmp (found.fingerprint, wanted, sizeof wanted) != 0)
        continue;
      if (!read_material (body, (gsize) header.length, &found, error))
        return FALSE;
      *kdf = found;
      return TRUE;
    }
  return set_missing (error);
}
