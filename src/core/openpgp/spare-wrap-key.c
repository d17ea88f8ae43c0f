/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key that a session key is handed over to: the public parameters of one encryption subkey, out of a certificate.
 *
 *     RSA       n (MPI) | e (MPI)                                          RFC 9580 section 5.5.5.1
 *     ElGamal   p (MPI) | g (MPI) | y (MPI)                                                5.5.5.3
 *     ECDH      OID | point (MPI) | KDF parameters                                         5.5.5.6
 *
 * Promise: a key that exists is one that a PKESK can be built for without giving the session key away: of a size and
 * of a form that protect it, its point on its curve, told by the whole fingerprint that was asked for. Anything else
 * is refused by kind.
 *
 * Not promised: that the subkey belongs to the primary key, is not expired or revoked, or may encrypt. gpg judges
 * that, in gnupg/, before anything here is asked.
 */
#include "config.h"

#include "spare-certificate-private.h"
#include "spare-damage-private.h"
#include "spare-mpi-private.h"
#include "spare-wrap-key-private.h"

#include <string.h>

/* An exponent is never longer in earnest (FIPS 186-5 section 5.1), and would only cost time. */
#define EXPONENT_OCTETS_MAX 32

struct _SpareWrapKey
{
  gatomicrefcount references;
  guint algorithm;
  char *nick;
  char fingerprint[2 * SPARE_FINGERPRINT_V4_LENGTH + 1];
  guint64 key_id;
  GBytes *body;                                      /* of the key packet */
  const guint8 *numbers[SPARE_WRAP_KEY_NUMBERS_MAX]; /* inside body */
  gsize lengths[SPARE_WRAP_KEY_NUMBERS_MAX];
  SpareKdf kdf;
  const guint8 *point; /* inside body */
};

G_DEFINE_BOXED_TYPE (SpareWrapKey, spare_wrap_key, spare_wrap_key_ref, spare_wrap_key_unref)

static guint
count_bits (const guint8 *number, gsize length)
{
  return (guint) (8 * length) - (guint) (7 - g_bit_nth_msf (number[0], -1));
}

/* Both without leading zeros, as they are in an MPI. */
static int
compare (const guint8 *a, gsize a_length, const guint8 *b, gsize b_length)
{
  if (a_length != b_length)
    return a_length < b_length ? -1 : 1;
  return memcmp (a, b, a_length);
}

static gboolean
is_odd (const guint8 *number, gsize length)
{
  return (number[length - 1] & 1) != 0;
}

static gboolean
is_one (const guint8 *number, gsize length)
{
  return length == 1 && number[0] == 1;
}

/* Whether number @index is below number 0, the modulus, and less than that by more than 1. */
static gboolean
is_below_modulus (const SpareWrapKey *key, guint index)
{
  gsize n = key->lengths[0];

  if (compare (key->numbers[index], key->lengths[index], key->numbers[0], n) >= 0)
    return FALSE;
  /* An odd modulus less one differs in the last bit alone. */
  return key->lengths[index] != n || memcmp (key->numbers[index], key->numbers[0], n - 1) != 0
         || key->numbers[index][n - 1] != (key->numbers[0][n - 1] & 0xfe);
}

static gboolean
read_numbers (SpareWrapKey *key, guint n_numbers, GError **error)
{
  gsize length, offset = SPARE_KEY_MATERIAL_OFFSET;
  const guint8 *body = g_bytes_get_data (key->body, &length);
  guint bits;

  for (guint i = 0; i < n_numbers; i++)
    if (!spare_mpi_read (body, length, &offset, &key->numbers[i], &key->lengths[i]))
      return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "key: bad number %u", i);
  if (offset != length)
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE,
                             "key: octets behind the last number");
  bits = count_bits (key->numbers[0], key->lengths[0]);
  if (bits < SPARE_WRAP_KEY_BITS_MIN)
    return spare_damage_set (error, SPARE_DAMAGE_KEY_WEAK, "key: %u bits", bits);
  if (bits > SPARE_WRAP_KEY_BITS_MAX)
    return spare_damage_set (error, SPARE_DAMAGE_KEY_KIND, "key: %u bits", bits);
  if (!is_odd (key->numbers[0], key->lengths[0]))
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "key: an even modulus");
  key->nick = spare_key_algorithm_nick (key->algorithm, bits, NULL, 0);
  return TRUE;
}

/* An exponent of 1 would write the session key down as it is. */
static gboolean
read_rsa (SpareWrapKey *key, GError **error)
{
  if (!read_numbers (key, 2, error))
    return FALSE;
  if (key->lengths[1] > EXPONENT_OCTETS_MAX || !is_odd (key->numbers[1], key->lengths[1])
      || is_one (key->numbers[1], key->lengths[1]))
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "key: bad exponent");
  return TRUE;
}

/* 1 and p - 1 have the order 1 or 2: with one of them as base or public value, nothing is hidden. */
static gboolean
read_elgamal (SpareWrapKey *key, GError **error)
{
  if (!read_numbers (key, 3, error))
    return FALSE;
  for (guint i = 1; i < 3; i++)
    if (is_one (key->numbers[i], key->lengths[i]) || !is_below_modulus (key, i))
      return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE,
                               "key: bad base or public value");
  return TRUE;
}

static gboolean
read_ecdh (SpareWrapKey *key, GError **error)
{
  gsize length;
  const guint8 *body = g_bytes_get_data (key->body, &length);

  if (!spare_certificate_read_ecdh (body, length, &key->kdf, &key->point, error))
    return FALSE;
  if (!spare_curve_verify_point (key->kdf.curve, key->point, key->kdf.curve->point))
    return spare_damage_set (error, SPARE_DAMAGE_CERTIFICATE, "key: no public point of %s",
                             key->kdf.curve->nick);
  key->nick = g_strdup (key->kdf.curve->nick);
  return TRUE;
}

static gboolean
read_material (SpareWrapKey *key, GError **error)
{
  switch (key->algorithm)
    {
    case SPARE_ALGORITHM_RSA:
    case SPARE_ALGORITHM_RSA_ENCRYPT_ONLY:
      return read_rsa (key, error);
    case SPARE_ALGORITHM_ELGAMAL:
      return read_elgamal (key, error);
    case SPARE_ALGORITHM_ECDH:
      return read_ecdh (key, error);
    default:
      return spare_damage_set (error, SPARE_DAMAGE_KEY_KIND, "key: algorithm %u",
                               key->algorithm);
    }
}

/* Newer versions have a longer one (RFC 9580 section 5.5.4.3). */
static gboolean
is_newer_fingerprint (const char *text)
{
  gsize n = strspn (text, "0123456789abcdefABCDEF");

  return n == 64 && text[n] == '\0';
}

static void
set_fingerprint (SpareWrapKey *key)
{
  const guint8 *octets = key->kdf.fingerprint;

  for (guint i = 0; i < SPARE_FINGERPRINT_V4_LENGTH; i++)
    g_snprintf (key->fingerprint + 2 * i, 3, "%02X", octets[i]);
  for (guint i = SPARE_FINGERPRINT_V4_LENGTH - 8; i < SPARE_FINGERPRINT_V4_LENGTH; i++)
    key->key_id = key->key_id << 8 | octets[i];
}

/**
 * spare_wrap_key_new:
 * @certificate: one certificate as `gpg --export` gives it, with armor or without
 * @subkey_fingerprint: the subkey's v4 fingerprint, 40 hex digits
 * @error: return location for the error
 *
 * Reads the subkey that session keys are to be handed over to: RSA, ElGamal, or ECDH on Curve25519, NIST or brainpool
 * curves. What its signatures, its expiry and its revocation say must have been judged by gpg before. Source: RFC 9580
 * section 5.5.5; protocol.md 7.1.
 *
 * Returns: (transfer full): the key; %NULL with SPARE_ERROR_NO_KEY if it is not there, SPARE_ERROR_UNSUPPORTED if it is
 *   of another kind, or too weak, SPARE_ERROR_DAMAGED if its parameters are not those of a key, or @certificate is not
 *   one
 */
SpareWrapKey *
spare_wrap_key_new (GBytes *certificate, const char *subkey_fingerprint, GError **error)
{
  g_autoptr (SpareWrapKey) key = g_new0 (SpareWrapKey, 1);

  g_atomic_ref_count_init (&key->references);
  if (is_newer_fingerprint (subkey_fingerprint))
    {
      spare_damage_set (error, SPARE_DAMAGE_KEY_KIND, "key: newer than version 4");
      return NULL;
    }
  key->body = spare_certificate_dup_key (certificate, subkey_fingerprint, key->kdf.fingerprint,
                                         error);
  if (key->body == NULL)
    return NULL;
  set_fingerprint (key);
  key->algorithm = ((const guint8 *) g_bytes_get_data (key->body,
                                                       NULL))[SPARE_KEY_ALGORITHM_OFFSET];
  if (!read_material (key, error))
    return NULL;
  return g_steal_pointer (&key);
}

/**
 * spare_wrap_key_ref:
 * @key: a key
 *
 * Returns: (transfer full): @key, with one reference more
 */
SpareWrapKey *
spare_wrap_key_ref (SpareWrapKey *key)
{
  g_atomic_ref_count_inc (&key->references);
  return key;
}

/**
 * spare_wrap_key_unref:
 * @key: (transfer full): a key
 *
 * Gives back a reference.
 */
void
spare_wrap_key_unref (SpareWrapKey *key)
{
  if (!g_atomic_ref_count_dec (&key->references))
    return;
  g_clear_pointer (&key->body, g_bytes_unref);
  g_free (key->nick);
  g_free (key);
}

/**
 * spare_wrap_key_get_algorithm:
 * @key: a key
 *
 * Returns: its public-key algorithm's id: 1, 2, 16 or 18
 */
guint
spare_wrap_key_get_algorithm (const SpareWrapKey *key)
{
  return key->algorithm;
}

/**
 * spare_wrap_key_get_nick:
 * @key: a key
 *
 * Returns: what gpg calls its kind: "rsa3072", "cv25519", …
 */
const char *
spare_wrap_key_get_nick (const SpareWrapKey *key)
{
  return key->nick;
}

/**
 * spare_wrap_key_get_fingerprint:
 * @key: a key
 *
 * Returns: the subkey's own fingerprint, computed here, 40 upper-case hex digits
 */
const char *
spare_wrap_key_get_fingerprint (const SpareWrapKey *key)
{
  return key->fingerprint;
}

/**
 * spare_wrap_key_get_key_id:
 * @key: a key
 *
 * Returns: its key id, which PKESKs v3 name
 */
guint64
spare_wrap_key_get_key_id (const SpareWrapKey *key)
{
  return key->key_id;
}

/*< private >
 * spare_wrap_key_get_kdf:
 * @key: a key for ECDH
 *
 * Returns: (transfer none): its curve and key derivation parameters
 */
const SpareKdf *
spare_wrap_key_get_kdf (const SpareWrapKey *key)
{
  g_return_val_if_fail (key->point != NULL, NULL);
  return &key->kdf;
}

/*< private >
 * spare_wrap_key_get_point:
 * @key: a key for ECDH
 *
 * Returns: (transfer none) (array): its public point with its prefix, verified
 */
const guint8 *
spare_wrap_key_get_point (const SpareWrapKey *key)
{
  return key->point;
}

/*< private >
 * spare_wrap_key_get_number:
 * @key: a key for RSA or ElGamal
 * @index: which number of its packet
 * @length: (out): octets
 *
 * Returns: (transfer none) (array length=length): the number, most significant octet first
 */
const guint8 *
spare_wrap_key_get_number (const SpareWrapKey *key, guint index, gsize *length)
{
  g_return_val_if_fail (index < SPARE_WRAP_KEY_NUMBERS_MAX && key->numbers[index] != NULL,
                        NULL);
  *length = key->lengths[index];
  return key->numbers[index];
}

/**
 * spare_wrap_key_check_pkesk:
 * @key: a key
 * @pkesk: a PKESK that came from outside
 * @error: return location for the error
 *
 * Whether @pkesk is one that could have been made for @key, in the one form that it has: it names the key id and the
 * algorithm; an ephemeral point lies on the key's curve; numbers are below the modulus, since one that was raised by
 * the modulus would open alike and be another packet. To be asked before the secret key is used. Source: protocol.md
 * 2.1, 7.3.
 *
 * Returns: %TRUE if so; %FALSE with SPARE_ERROR_NO_KEY if it is for another key, SPARE_ERROR_DAMAGED if it has another
 *   form
 */
gboolean
spare_wrap_key_check_pkesk (const SpareWrapKey *key, const SparePkesk *pkesk, GError **error)
{
  SpareEsk *esk = spare_pkesk_get_esk (pkesk);

  if (spare_esk_is_hidden (esk) || spare_esk_get_key_id (esk) != key->key_id
      || spare_esk_get_algorithm (esk) != key->algorithm)
    return spare_damage_set (error, SPARE_DAMAGE_OTHER_KEY, "PKESK: algorithm %u, not for %s",
                             spare_esk_get_algorithm (esk), key->nick);
  if (key->point != NULL)
    return spare_pkesk_check_ephemeral (pkesk, key->kdf.curve, error);
  for (guint i = 0; i < spare_pkesk_get_n_mpis (pkesk); i++)
    {
      gsize length;
      const guint8 *number = spare_pkesk_get_mpi (pkesk, i, &length);

      if (compare (number, length, key->numbers[0], key->lengths[0]) >= 0)
        return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK: not below the modulus");
    }
  return TRUE;
}
