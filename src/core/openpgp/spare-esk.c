/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One encrypted session key from the head of a message: the packet as it came, octet for octet, and what its
 * fixed fields say.
 *
 *     PKESK v3   03 | key id (8) | algorithm | …                      RFC 9580 section 5.1.1
 *     PKESK v6   06 | n | key version, fingerprint (n - 1) | algorithm | …            5.1.2
 *     SKESK v4   04 | cipher | S2K | …                                                 5.3.1
 *     SKESK v5   05 | cipher | AEAD | S2K | …                     LibrePGP section 5.3
 *     SKESK v6   06 | n | cipher | AEAD | n | S2K | …                                  5.3.2
 *
 * Promise: the octets are never rebuilt from the fields, so what is written again is what was read. Versions
 * that are not known here are carried; nothing but their version is claimed about them. A key id or a
 * fingerprint in a packet is a statement, not evidence: nothing ties it to the key.
 */
#include "config.h"

#include "spare-curve.h"
#include "spare-damage-private.h"
#include "spare-esk.h"

#include <string.h>

#define KEY_ID_LENGTH 8

struct _SpareEsk
{
  gatomicrefcount references;
  GBytes *packet;
  guint tag;
  guint version;
  gboolean known;
  gboolean hidden;
  guint64 key_id;
  char *fingerprint;
  guint algorithm;
  const guint8 *specific; /* inside packet */
  gsize specific_length;
};

G_DEFINE_BOXED_TYPE (SpareEsk, spare_esk, spare_esk_ref, spare_esk_unref)

static guint64
read_key_id (const guint8 *data)
{
  guint64 key_id = 0;

  for (guint i = 0; i < KEY_ID_LENGTH; i++)
    key_id = key_id << 8 | data[i];
  return key_id;
}

static char *
format_fingerprint (const guint8 *data, gsize length)
{
  GString *text = g_string_sized_new (2 * length);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (text, "%02X", data[i]);
  return g_string_free (text, FALSE);
}

static void
set_specific (SpareEsk *esk, const guint8 *body, gsize length, gsize offset)
{
  esk->algorithm = body[offset - 1];
  esk->specific = body + offset;
  esk->specific_length = length - offset;
  esk->known = TRUE;
}

static gboolean
read_pkesk3 (SpareEsk *esk, const guint8 *body, gsize length, GError **error)
{
  if (length < 1 + KEY_ID_LENGTH + 1)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK v3 of %zu octets", length);
  esk->key_id = read_key_id (body + 1);
  esk->hidden = esk->key_id == 0;
  set_specific (esk, body, length, 1 + KEY_ID_LENGTH + 1);
  return TRUE;
}

static gboolean
read_pkesk6 (SpareEsk *esk, const guint8 *body, gsize length, GError **error)
{
  gsize n = length > 1 ? body[1] : 0;
  guint key_version;

  if (length < 2 + n + 1)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK v6 of %zu octets", length);
  esk->hidden = n == 0;
  if (n > 0)
    {
      key_version = body[2];
      if (!(key_version == 4 && n == 21) && !(key_version == 6 && n == 33))
        return spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                                 "PKESK v6 with %zu octets of fingerprint v%u", n, key_version);
      esk->fingerprint = format_fingerprint (body + 3, n - 1);
      /* The key id is the end of a v4 fingerprint, and the beginning of a v6 one. */
      esk->key_id = read_key_id (key_version == 4 ? body + 3 + n - 1 - KEY_ID_LENGTH
                                                  : body + 3);
    }
  set_specific (esk, body, length, 2 + n + 1);
  return TRUE;
}

/* Octets of an S2K specifier by its type (RFC 9580 section 3.7.1); 0: a type that is not known. */
static gsize
s2k_length (guint type)
{
  switch (type)
    {
    case 0:
      return 2;
    case 1:
      return 10;
    case 3:
      return 11;
    case 4:
      return 20;
    default:
      return 0;
    }
}

static gboolean
read_skesk (SpareEsk *esk, const guint8 *body, gsize length, GError **error)
{
  gsize cipher = esk->version == 6 ? 2 : 1;
  gsize s2k = esk->version == 4 ? 2 : esk->version == 5 ? 3 : 5;
  gsize fixed;

  if (length < s2k + 1 || length < s2k + (fixed = s2k_length (body[s2k])))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "SKESK v%u of %zu octets",
                             esk->version, length);
  if (esk->version == 6 && (body[1] + (gsize) 2 > length || (fixed > 0 && body[4] != fixed)))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "SKESK v6: counts do not fit");
  set_specific (esk, body, length, cipher + 1);
  return TRUE;
}

static gboolean
read_body (SpareEsk *esk, const guint8 *body, gsize length, GError **error)
{
  esk->version = body[0];
  if (esk->tag == SPARE_PACKET_TAG_PKESK && esk->version == 3)
    return read_pkesk3 (esk, body, length, error);
  if (esk->tag == SPARE_PACKET_TAG_PKESK && esk->version == 6)
    return read_pkesk6 (esk, body, length, error);
  if (esk->tag == SPARE_PACKET_TAG_SKESK && esk->version >= 4 && esk->version <= 6)
    return read_skesk (esk, body, length, error);
  esk->specific = body + 1;
  esk->specific_length = length - 1;
  return TRUE;
}

/**
 * spare_esk_new_from_packet:
 * @packet: one whole packet with its header
 * @length: octets of it, not one more than the packet has
 * @error: return location for the error
 *
 * Reads a PKESK (tag 1) or SKESK (tag 3). Source: RFC 9580 sections 5.1 and 5.3.
 *
 * Returns: (transfer full): the ESK, or %NULL with SPARE_ERROR_DAMAGED
 */
SpareEsk *
spare_esk_new_from_packet (const guint8 *packet, gsize length, GError **error)
{
  g_autoptr (SpareEsk) esk = NULL;
  SparePacketHeader header = { 0 };
  const guint8 *octets;

  if (spare_packet_read_header (packet, length, &header) != SPARE_PACKET_OK
      || (header.tag != SPARE_PACKET_TAG_PKESK && header.tag != SPARE_PACKET_TAG_SKESK)
      || header.length_kind != SPARE_PACKET_LENGTH_DEFINITE || header.length < 1
      || header.length > SPARE_ESK_BODY_MAX || header.length != length - header.header_length)
    {
      spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                        "ESK: not one whole packet, or empty, or too long");
      return NULL;
    }

  esk = g_new0 (SpareEsk, 1);
  g_atomic_ref_count_init (&esk->references);
  esk->packet = g_bytes_new (packet, length);
  esk->tag = header.tag;
  octets = g_bytes_get_data (esk->packet, NULL);
  if (!read_body (esk, octets + header.header_length, (gsize) header.length, error))
    return NULL;
  return g_steal_pointer (&esk);
}

/**
 * spare_esk_ref:
 * @esk: an ESK
 *
 * Returns: (transfer full): @esk, with one reference more
 */
SpareEsk *
spare_esk_ref (SpareEsk *esk)
{
  g_atomic_ref_count_inc (&esk->references);
  return esk;
}

/**
 * spare_esk_unref:
 * @esk: (transfer full): an ESK
 *
 * Gives back a reference.
 */
void
spare_esk_unref (SpareEsk *esk)
{
  if (!g_atomic_ref_count_dec (&esk->references))
    return;
  g_bytes_unref (esk->packet);
  g_free (esk->fingerprint);
  g_free (esk);
}

/**
 * spare_esk_get_packet:
 * @esk: an ESK
 *
 * Returns: (transfer none): the whole packet, header and body, as it was read
 */
GBytes *
spare_esk_get_packet (const SpareEsk *esk)
{
  return esk->packet;
}

/**
 * spare_esk_get_tag:
 * @esk: an ESK
 *
 * Returns: 1 for a PKESK, 3 for an SKESK
 */
guint
spare_esk_get_tag (const SpareEsk *esk)
{
  return esk->tag;
}

/**
 * spare_esk_is_public_key:
 * @esk: an ESK
 *
 * Returns: %TRUE for a PKESK, %FALSE for an SKESK, which a password opens
 */
gboolean
spare_esk_is_public_key (const SpareEsk *esk)
{
  return esk->tag == SPARE_PACKET_TAG_PKESK;
}

/**
 * spare_esk_get_version:
 * @esk: an ESK
 *
 * Returns: the version octet, known or not
 */
guint
spare_esk_get_version (const SpareEsk *esk)
{
  return esk->version;
}

/**
 * spare_esk_is_known:
 * @esk: an ESK
 *
 * Returns: whether its version is known; if not, there is no key id and no algorithm
 */
gboolean
spare_esk_is_known (const SpareEsk *esk)
{
  return esk->known;
}

/**
 * spare_esk_is_hidden:
 * @esk: an ESK
 *
 * Returns: whether it is a PKESK that does not name its recipient
 */
gboolean
spare_esk_is_hidden (const SpareEsk *esk)
{
  return esk->hidden;
}

/**
 * spare_esk_get_key_id:
 * @esk: an ESK
 *
 * Returns: the key id of the recipient's subkey; 0 when hidden, not known, or an SKESK
 */
guint64
spare_esk_get_key_id (const SpareEsk *esk)
{
  return esk->key_id;
}

/**
 * spare_esk_get_fingerprint:
 * @esk: an ESK
 *
 * Returns: (nullable): the fingerprint of the recipient's subkey in upper-case hex, where the packet has it
 *   (PKESK v6)
 */
const char *
spare_esk_get_fingerprint (const SpareEsk *esk)
{
  return esk->fingerprint;
}

/**
 * spare_esk_matches_fingerprint:
 * @esk: an ESK
 * @fingerprint: a subkey's fingerprint in hex, 40 digits (v4) or 64 (v6)
 *
 * Whether the packet names this subkey, as far as it says: all of the fingerprint, or its key id. Never so
 * when hidden.
 *
 * Returns: %TRUE if so
 */
gboolean
spare_esk_matches_fingerprint (const SpareEsk *esk, const char *fingerprint)
{
  gsize n_digits = strlen (fingerprint);
  g_autofree char *key_id = NULL;

  if (!esk->known || esk->hidden || esk->tag != SPARE_PACKET_TAG_PKESK)
    return FALSE;
  if (esk->fingerprint != NULL)
    return g_ascii_strcasecmp (esk->fingerprint, fingerprint) == 0;
  if (n_digits != 40 && n_digits != 64)
    return FALSE;
  key_id = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", esk->key_id);
  return g_ascii_strncasecmp (n_digits == 40 ? fingerprint + 24 : fingerprint, key_id, 16) == 0;
}

/**
 * spare_esk_get_algorithm:
 * @esk: an ESK
 *
 * Returns: the public-key algorithm of a PKESK, the cipher of an SKESK; 0 when not known
 */
guint
spare_esk_get_algorithm (const SpareEsk *esk)
{
  return esk->algorithm;
}

/**
 * spare_esk_get_specific:
 * @esk: an ESK
 * @length: (out): octets
 *
 * The part after the algorithm; all after the version when that is not known.
 *
 * Returns: (transfer none) (array length=length): the octets, perhaps none
 */
const guint8 *
spare_esk_get_specific (const SpareEsk *esk, gsize *length)
{
  *length = esk->specific_length;
  return esk->specific;
}

/* The size of the key, from the longest number: one is shorter than its modulus by chance, hardly ever by
 * four octets. */
static guint
guess_bits (const SpareEsk *esk)
{
  gsize bits;

  if (esk->specific_length < 2)
    return 0;
  bits = (gsize) esk->specific[0] << 8 | esk->specific[1];
  return (guint) ((bits + 31) / 32 * 32);
}

/**
 * spare_esk_dup_algorithm_nick:
 * @esk: an ESK
 *
 * What kind of key opens it, in gpg's words, as far as the packet tells: "rsa3072", "elg2048", "cv25519",
 * "ecdh" for a curve that only the key names, "password", or "unknown".
 *
 * Returns: (transfer full): the word
 */
char *
spare_esk_dup_algorithm_nick (const SpareEsk *esk)
{
  const SpareCurve *cv25519 = spare_curve_find_nick ("cv25519");

  if (esk->tag == SPARE_PACKET_TAG_SKESK)
    return g_strdup ("password");
  if (!esk->known)
    return g_strdup ("unknown");
  if (esk->algorithm == SPARE_ALGORITHM_ECDH && esk->specific_length > 2u + cv25519->point
      && esk->specific[0] == 1 && esk->specific[1] == 7 && esk->specific[2] == cv25519->prefix)
    return g_strdup (cv25519->nick);
  return spare_key_algorithm_nick (esk->algorithm, guess_bits (esk), NULL, 0);
}
