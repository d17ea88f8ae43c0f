/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds in a certificate what wrapping and unwrapping a session key need of the recipient's subkey, and tells whether
 * octets are just one certificate.
 *
 *     key packet v4   04 | created (4) | algorithm | material           RFC 9580 section 5.5.2.2
 *     ECDH material   n | OID (n) | point (MPI) | 3 | 01 | hash | cipher                5.5.5.6
 *     fingerprint     SHA-1 (99 | octets of the body (2) | body)                        5.5.4.2
 *
 * Promise: keys are told by their whole fingerprints, computed here. What binds a subkey to the primary key is not
 * checked: that is gpg's.
 */
#include "config.h"

#include "spare-armor-reader.h"
#include "spare-certificate-private.h"
#include "spare-damage-private.h"
#include "spare-ecdh-private.h"
#include "spare-mpi-private.h"
#include "spare-packet.h"
#include "spare-signature-issuer.h"

#include "spare-error.h"
#include "spare-secret.h"

#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define KEY_VERSION 4

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

/*< private >
 * spare_certificate_read_ecdh:
 * @body: (array length=length): the body of a v4 key packet
 * @length: octets of it
 * @kdf: (out): its curve, hash and cipher; the fingerprint is left as it is. May be written on failure
 * @point: (out) (transfer none): the public point, inside @body; in the form of the curve's, not verified
 * @error: return location for the error
 *
 * Reads the material of an ECDH key.
 *
 * Returns: whether it is one that is handled here; %FALSE with SPARE_ERROR_UNSUPPORTED or SPARE_ERROR_DAMAGED
 */
gboolean
spare_certificate_read_ecdh (const guint8 *body,
                             gsize length,
                             SpareKdf *kdf,
                             const guint8 **point,
                             GError **error)
{
  gsize offset = SPARE_KEY_MATERIAL_OFFSET + 1;
  const guint8 *parameters;
  gsize oid_length, point_length;

  if (body[SPARE_KEY_ALGORITHM_OFFSET] != SPARE_ALGORITHM_ECDH)
    return spare_damage_set (error, SPARE_DAMAGE_KEY_KIND, "certificate: key of algorithm %u",
                             body[SPARE_KEY_ALGORITHM_OFFSET]);
  oid_length = length > SPARE_KEY_MATERIAL_OFFSET ? body[SPARE_KEY_MATERIAL_OFFSET] : 0;
  if (oid_length == 0 || oid_length == 255 || oid_length > length - offset)
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: bad OID");
  kdf->curve = spare_curve_find (body + offset, oid_length);
  if (kdf->curve == NULL)
    return spare_damage_set (error, SPARE_DAMAGE_KEY_KIND, "certificate: unknown curve");
  offset += oid_length;

  if (!spare_mpi_read (body, length, &offset, point, &point_length)
      || !spare_curve_check_point (kdf->curve, *point, point_length))
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: bad point");
  parameters = body + offset;
  if (length - offset != KDF_LENGTH || parameters[0] != KDF_LENGTH - 1 || parameters[1] != 1)
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE,
                             "certificate: bad KDF parameters");
  kdf->hash = parameters[2];
  kdf->cipher = parameters[3];
  if (!spare_kdf_is_strong (kdf))
    return spare_damage_set (error, SPARE_DAMAGE_KEY_WEAK,
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
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: bad packet at %zu",
                             offset);
  if ((offset == 0) != (header->tag == SPARE_PACKET_TAG_PUBLIC_KEY)
      || header->tag == SPARE_PACKET_TAG_SECRET_KEY
      || header->tag == SPARE_PACKET_TAG_SECRET_SUBKEY)
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: tag %u at %zu",
                             header->tag, offset);
  return TRUE;
}

/* Takes off the armor, if there is one. It is a certificate's, or, unless @strict, says something else: then what is in
 * it will be refused for what it is. */
static GBytes *
take_off_armor (GBytes *certificate, gboolean strict, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);
  g_autoptr (SpareArmorReader) reader = NULL;
  g_autoptr (GByteArray) octets = NULL;

  if (spare_armor_detect (data, length) != SPARE_ARMOR_YES)
    return g_bytes_ref (certificate);
  reader = spare_armor_reader_new ();
  octets = g_byte_array_new ();
  if (!spare_armor_reader_feed (reader, data, length, octets, NULL)
      || !spare_armor_reader_finish (reader, NULL)
      || (strict
          && (spare_armor_reader_get_armor_type (reader) != SPARE_ARMOR_TYPE_PUBLIC_KEY
              || spare_armor_reader_get_checksum_wrong (reader) || data[0] >= 0x80)))
    {
      spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: bad armor");
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

static GBytes *
read_octets (GBytes *certificate, gsize max_octets, gboolean strict, GError **error)
{
  g_autoptr (GBytes) octets = NULL;

  if (g_bytes_get_size (certificate) > max_octets)
    {
      spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: %zu octets",
                        g_bytes_get_size (certificate));
      return NULL;
    }
  if (!spare_secret_init (error))
    return NULL;
  octets = take_off_armor (certificate, strict, error);
  if (octets != NULL && g_bytes_get_size (octets) == 0)
    {
      spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: empty");
      return NULL;
    }
  return g_steal_pointer (&octets);
}

/*< private >
 * spare_certificate_dup_key:
 * @certificate: one certificate, with armor or without
 * @fingerprint: the v4 fingerprint of a key in it, 40 hex digits
 * @octets: (out): the fingerprint
 * @error: return location for the error
 *
 * Finds a key or subkey.
 *
 * Returns: (transfer full): the body of its packet, %SPARE_KEY_MATERIAL_OFFSET octets at least; %NULL with
 *   SPARE_ERROR_NO_KEY if it is not there, SPARE_ERROR_DAMAGED if @certificate is not one
 */
GBytes *
spare_certificate_dup_key (GBytes *certificate,
                           const char *fingerprint,
                           guint8 octets[SPARE_FINGERPRINT_V4_LENGTH],
                           GError **error)
{
  g_autoptr (GBytes) binary = read_octets (certificate, SPARE_CERTIFICATE_MAX, FALSE, error);
  gsize length, offset = 0;
  const guint8 *data;
  guint8 wanted[SPARE_FINGERPRINT_V4_LENGTH];

  if (binary == NULL)
    return NULL;
  data = g_bytes_get_data (binary, &length);
  if (!read_fingerprint (fingerprint, wanted))
    {
      set_missing (error);
      return NULL;
    }

  while (offset < length)
    {
      SparePacketHeader header = { 0 };
      guint8 found[SPARE_FINGERPRINT_V4_LENGTH];
      const guint8 *body;

      if (!read_packet (data, length, offset, &header, error))
        return NULL;
      offset += header.header_length;
      body = data + offset;
      offset += (gsize) header.length;
      if ((header.tag != SPARE_PACKET_TAG_PUBLIC_KEY
           && header.tag != SPARE_PACKET_TAG_PUBLIC_SUBKEY)
          || header.length < SPARE_KEY_MATERIAL_OFFSET
          || header.length > SPARE_CERTIFICATE_KEY_MAX || body[0] != KEY_VERSION)
        continue;
      compute_fingerprint (body, (gsize) header.length, found);
      if (memcmp (found, wanted, sizeof wanted) != 0)
        continue;
      memcpy (octets, found, sizeof found);
      return g_bytes_new (body, (gsize) header.length);
    }
  set_missing (error);
  return NULL;
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
  SpareKdf found = { 0 };
  g_autoptr (GBytes)
      body = spare_certificate_dup_key (certificate, fingerprint, found.fingerprint, error);
  const guint8 *point;

  if (body == NULL
      || !spare_certificate_read_ecdh (g_bytes_get_data (body, NULL), g_bytes_get_size (body),
                                       &found, &point, error))
    return FALSE;
  *kdf = found;
  return TRUE;
}

/* What a certificate may hold behind its primary key. */
static gboolean
is_part (guint tag)
{
  switch (tag)
    {
    case SPARE_PACKET_TAG_SIGNATURE:
    case SPARE_PACKET_TAG_USER_ID:
    case SPARE_PACKET_TAG_USER_ATTRIBUTE:
    case SPARE_PACKET_TAG_PUBLIC_SUBKEY:
      return TRUE;
    default:
      return FALSE;
    }
}

static char *
dup_fingerprint (const guint8 *body, gsize length)
{
  guint8 octets[SPARE_FINGERPRINT_V4_LENGTH];
  GString *text = g_string_sized_new (2 * sizeof octets);

  compute_fingerprint (body, length, octets);
  for (guint i = 0; i < sizeof octets; i++)
    g_string_append_printf (text, "%02X", octets[i]);
  return g_string_free (text, FALSE);
}

static gboolean
read_primary (const guint8 *body, guint64 length, char **fingerprint, GError **error)
{

  if (length > 0 && body[0] > KEY_VERSION)
    return spare_damage_set (error, SPARE_DAMAGE_KEY_KIND, "certificate: key of version %u",
                             body[0]);
  if (length <= SPARE_KEY_MATERIAL_OFFSET || length > SPARE_CERTIFICATE_KEY_MAX
      || body[0] != KEY_VERSION)
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: bad primary key");
  *fingerprint = dup_fingerprint (body, (gsize) length);
  return TRUE;
}

/**
 * spare_certificate_list_keys:
 * @certificate: one certificate, with armor or without
 * @error: return location for the error
 *
 * Names all keys of a certificate, whatever they are for and whether they are still good.
 *
 * Returns: (transfer full): the v4 fingerprints, the primary key's first, each of 40 upper-case hex digits; %NULL with
 *   SPARE_ERROR_DAMAGED if @certificate is not one
 */
GStrv
spare_certificate_list_keys (GBytes *certificate, GError **error)
{
  g_autoptr (GBytes) binary = read_octets (certificate, SPARE_CERTIFICATE_MAX, FALSE, error);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize length, offset = 0;
  const guint8 *data;

  if (binary == NULL)
    return NULL;
  data = g_bytes_get_data (binary, &length);
  while (offset < length)
    {
      SparePacketHeader header = { 0 };
      g_autofree char *fingerprint = NULL;
      const guint8 *body;

      if (!read_packet (data, length, offset, &header, error))
        return NULL;
      body = data + offset + header.header_length;
      offset += header.header_length + (gsize) header.length;
      if ((header.tag != SPARE_PACKET_TAG_PUBLIC_KEY
           && header.tag != SPARE_PACKET_TAG_PUBLIC_SUBKEY)
          || header.length < SPARE_KEY_MATERIAL_OFFSET
          || header.length > SPARE_CERTIFICATE_KEY_MAX || body[0] != KEY_VERSION)
        continue;
      fingerprint = dup_fingerprint (body, (gsize) header.length);
      g_strv_builder_add (builder, fingerprint);
    }
  return g_strv_builder_end (builder);
}

/**
 * spare_certificate_check_single:
 * @certificate: octets that came from outside, said to be one certificate, with armor or without
 * @max_octets: how many there may be
 * @fingerprint: (out) (optional) (transfer full): the primary key's v4 fingerprint, computed here, 40 upper-case hex
 *   digits; untouched on failure
 * @error: return location for the error
 *
 * Checks that @certificate is just that: one public primary key, first; behind it nothing but user ids, user
 * attributes, public subkeys and signatures; no secret key, no second certificate, nothing behind the end of an armor
 * but white space. What the signatures say is gpg's to judge. Source: protocol.md 3.4; RFC 9580 section 10.1.
 *
 * Returns: whether it is; %FALSE with SPARE_ERROR_UNSUPPORTED if the primary key is newer than version 4,
 *   SPARE_ERROR_DAMAGED if it is anything else
 */
gboolean
spare_certificate_check_single (GBytes *certificate,
                                gsize max_octets,
                                char **fingerprint,
                                GError **error)
{
  g_autoptr (GBytes) octets = read_octets (certificate, max_octets, TRUE, error);
  g_autofree char *found = NULL;
  gsize length, offset = 0;
  const guint8 *data;

  if (octets == NULL)
    return FALSE;
  data = g_bytes_get_data (octets, &length);
  while (offset < length)
    {
      SparePacketHeader header = { 0 };

      if (!read_packet (data, length, offset, &header, error))
        return FALSE;
      if (offset > 0 && !is_part (header.tag))
        return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "certificate: tag %u at %zu",
                                 header.tag, offset);
      if (offset == 0
          && !read_primary (data + header.header_length, header.length, &found, error))
        return FALSE;
      offset += header.header_length + (gsize) header.length;
    }
  if (fingerprint != NULL)
    *fingerprint = g_steal_pointer (&found);
  return TRUE;
}

/* What the key's owner signed, and every revocation of the key, for another one may be named to revoke it. */
static gboolean
is_own_signature (const guint8 *body, gsize length, guint64 primary)
{
  guint64 issuer;
  guint type;

  return spare_signature_find_issuer (body, length, &type, &issuer)
         && (issuer == primary || type == SPARE_SIGNATURE_KEY_REVOCATION);
}

/**
 * spare_certificate_dup_own:
 * @certificate: one certificate, with armor or without
 * @error: return location for the error
 *
 * Leaves out the signatures of others. Unlike what gpg calls minimal it keeps subkeys that have expired or were revoked, so
 * that whoever had them before learns of it.
 *
 * Returns: (transfer full): the rest, without armor; %NULL with SPARE_ERROR_DAMAGED if @certificate is not one
 */
GBytes *
spare_certificate_dup_own (GBytes *certificate, GError **error)
{
  g_autoptr (GBytes) binary = read_octets (certificate, SPARE_CERTIFICATE_MAX, FALSE, error);
  g_autoptr (GByteArray) own = g_byte_array_new ();
  g_autofree char *fingerprint = NULL;
  guint64 primary = 0;
  gsize length, offset = 0;
  const guint8 *data;

  if (binary == NULL)
    return NULL;
  data = g_bytes_get_data (binary, &length);
  while (offset < length)
    {
      SparePacketHeader header = { 0 };
      gsize size;

      if (!read_packet (data, length, offset, &header, error)
          || (offset == 0
              && !read_primary (data + header.header_length, header.length, &fingerprint,
                                error)))
        return NULL;
      if (offset == 0)
        primary = g_ascii_strtoull (fingerprint + 24, NULL, 16);
      size = header.header_length + (gsize) header.length;
      if (header.tag != SPARE_PACKET_TAG_SIGNATURE
          || is_own_signature (data + offset + header.header_length, (gsize) header.length,
                               primary))
        g_byte_array_append (own, data + offset, (guint) size);
      offset += size;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&own));
}
