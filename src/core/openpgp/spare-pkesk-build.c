/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building PKESKs: a session key that is known, handed over to one more key. GnuPG learns it in 2.5.1, GPGME not at
 * all, so it is done here, by libgcrypt's arithmetic.
 *
 *     packet    84 n or 85 n n | 03 | key id (8) | algorithm | …      old format, as gpg writes it
 *     message   cipher | session key | sum of its octets mod 65536 (2)           RFC 9580 section 5.1.3
 *     RSA       (00 02 | padding, none of it 0 | 00 | message)^e mod n                       5.1.3, 12.1.1
 *     ElGamal   g^k | (00 02 | … | message) y^k, mod p                                       5.1.4
 *     ECDH      k G | n | key wrap (message | padding to 40 octets)                          5.1.5, 11.5
 *
 * The padding of ECDH is as gpg's: the wrapped key is 48 octets, whatever the cipher, and tells nothing of it.
 *
 * Promise: a fresh ephemeral, and fresh padding, from the strongest generator each time; what is secret lies in secure
 * memory and is wiped on every path (libgcrypt overwrites what it computes with between); a product that is no secret
 * is refused; what was built has been read back by the reader of PKESKs before anybody gets it.
 *
 * Not promised: that the session key is the one of a file, or that the key is valid: the callers prove the one, gpg
 * judges the other.
 */
#include "config.h"

#include "spare-cipher.h"
#include "spare-damage-private.h"
#include "spare-ecdh-private.h"
#include "spare-pkesk-build.h"
#include "spare-wrap-key-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_mpi_t, gcry_mpi_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_mpi_point_t, gcry_mpi_point_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_ctx_t, gcry_ctx_release, NULL)

/* Beside the key: the cipher octet and the checksum. */
#define MESSAGE_OVERHEAD 3

/* What ECDH wraps: the longest message and its padding. */
#define PADDED_LENGTH 40

/* PKCS #1 v1.5: beside the message, 00 02, eight octets of padding at least, 00. */
#define ENCODING_OVERHEAD 11

/* A number out of a range is found at the second try on average; so many in vain is a broken generator. */
#define TRIES_MAX      200

#define MPI_LENGTH_MAX (2 + SPARE_WRAP_KEY_BITS_MAX / 8)

static gboolean
set_failed (GError **error, const char *what, gcry_error_t code)
{
  g_debug ("Building a PKESK: %s: %s", what, gcry_strerror (code));
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("The file could not be handed over to the key: the cryptographic "
                          "library refused. "
                          "The file is unharmed. Try again after closing other programs."));
  return FALSE;
}

/* cipher | session key | checksum, and then nothing. */
static void
write_message (guint8 *message, guint cipher, SpareSecret *session_key)
{
  const guint8 *octets = spare_secret_get_data (session_key);
  gsize length = spare_secret_get_size (session_key);
  guint sum = 0;

  message[0] = (guint8) cipher;
  memcpy (message + 1, octets, length);
  for (gsize i = 0; i < length; i++)
    sum += octets[i];
  message[1 + length] = (guint8) (sum >> 8);
  message[2 + length] = (guint8) sum;
}

static gboolean
append_mpi (GByteArray *body, gcry_mpi_t number, GError **error)
{
  guint8 octets[MPI_LENGTH_MAX];
  gsize length;
  gcry_error_t code = gcry_mpi_print (GCRYMPI_FMT_PGP, octets, sizeof octets, &length, number);

  if (code != 0)
    return set_failed (error, "number", code);
  g_byte_array_append (body, octets, (guint) length);
  return TRUE;
}

/* In secure memory if @octets are. */
static gcry_mpi_t
scan (const guint8 *octets, gsize length, GError **error)
{
  gcry_mpi_t number = NULL;
  gcry_error_t code = gcry_mpi_scan (&number, GCRYMPI_FMT_USG, octets, length, NULL);

  if (code != 0)
    set_failed (error, "number", code);
  return number;
}

static gcry_mpi_t
get_number (const SpareWrapKey *key, guint index, GError **error)
{
  gsize length;
  const guint8 *octets = spare_wrap_key_get_number (key, index, &length);

  return scan (octets, length, error);
}

/* Evenly from 1 to @limit - 1. */
static gcry_mpi_t
draw_below (gcry_mpi_t limit, GError **error)
{
  guint bits = gcry_mpi_get_nbits (limit);
  gsize length = (bits + 7) / 8;
  guint8 *octets;
  g_autoptr (SpareSecret) secret = spare_secret_new_sized (length, &octets, error);

  if (secret == NULL)
    return NULL;
  for (guint i = 0; i < TRIES_MAX; i++)
    {
      g_auto (gcry_mpi_t) number = NULL;

      gcry_randomize (octets, length, GCRY_VERY_STRONG_RANDOM);
      octets[0] &= (guint8) (0xff >> (8 * length - bits));
      number = scan (octets, length, error);
      if (number == NULL)
        return NULL;
      if (gcry_mpi_cmp_ui (number, 0) > 0 && gcry_mpi_cmp (number, limit) < 0)
        return g_steal_pointer (&number);
    }
  set_failed (error, "random numbers", gcry_error (GPG_ERR_INTERNAL));
  return NULL;
}

/* --- RSA and ElGamal --- */

/* Octets of which none is 0: those that are, are drawn again. */
static gboolean
draw_padding (guint8 *padding, gsize length, GError **error)
{
  guint8 reserve[16];
  gsize n_reserve = 0;

  gcry_randomize (padding, length, GCRY_VERY_STRONG_RANDOM);
  for (gsize i = 0, tries = 0; i < length; i++)
    while (padding[i] == 0)
      {
        if (tries++ >= TRIES_MAX)
          {
            spare_secret_wipe (reserve, sizeof reserve);
            return set_failed (error, "padding", gcry_error (GPG_ERR_INTERNAL));
          }
        if (n_reserve == 0)
          {
            n_reserve = sizeof reserve;
            gcry_randomize (reserve, sizeof reserve, GCRY_VERY_STRONG_RANDOM);
          }
        padding[i] = reserve[--n_reserve];
      }
  spare_secret_wipe (reserve, sizeof reserve);
  return TRUE;
}

/* The message as a number below the modulus of @length octets. */
static gcry_mpi_t
encode (gsize length, guint cipher, SpareSecret *session_key, GError **error)
{
  gsize message_length = MESSAGE_OVERHEAD + spare_secret_get_size (session_key);
  gsize padding_length = length - message_length - 3;
  guint8 *octets;
  g_autoptr (SpareSecret) encoded = spare_secret_new_sized (length, &octets, error);

  if (encoded == NULL || !draw_padding (octets + 2, padding_length, error))
    return NULL;
  octets[0] = 0;
  octets[1] = 2;
  octets[2 + padding_length] = 0;
  write_message (octets + 3 + padding_length, cipher, session_key);
  return scan (octets, length, error);
}

static gboolean
append_rsa (GByteArray *body,
            const SpareWrapKey *key,
            guint cipher,
            SpareSecret *session_key,
            GError **error)
{
  g_auto (gcry_mpi_t) n = get_number (key, 0, error);
  g_auto (gcry_mpi_t) e = n != NULL ? get_number (key, 1, error) : NULL;
  g_auto (gcry_mpi_t) message = NULL;
  g_auto (gcry_mpi_t) encrypted = gcry_mpi_snew (0);
  gsize length;

  spare_wrap_key_get_number (key, 0, &length);
  message = e != NULL ? encode (length, cipher, session_key, error) : NULL;
  if (message == NULL)
    return FALSE;
  gcry_mpi_powm (encrypted, message, e, n);
  return append_mpi (body, encrypted, error);
}

static gboolean
append_elgamal (GByteArray *body,
                const SpareWrapKey *key,
                guint cipher,
                SpareSecret *session_key,
                GError **error)
{
  g_auto (gcry_mpi_t) p = get_number (key, 0, error);
  g_auto (gcry_mpi_t) g = p != NULL ? get_number (key, 1, error) : NULL;
  g_auto (gcry_mpi_t) y = g != NULL ? get_number (key, 2, error) : NULL;
  g_auto (gcry_mpi_t) limit = gcry_mpi_new (0);
  g_auto (gcry_mpi_t) k = NULL;
  g_auto (gcry_mpi_t) message = NULL;
  g_auto (gcry_mpi_t) hint = gcry_mpi_snew (0);
  g_auto (gcry_mpi_t) shared = gcry_mpi_snew (0);
  gsize length;

  if (y == NULL)
    return FALSE;
  /* As long as p, since nothing is known about the order of g: a short one has given keys away. */
  gcry_mpi_sub_ui (limit, p, 1);
  k = draw_below (limit, error);
  spare_wrap_key_get_number (key, 0, &length);
  message = k != NULL ? encode (length, cipher, session_key, error) : NULL;
  if (message == NULL)
    return FALSE;
  gcry_mpi_powm (hint, g, k, p);
  gcry_mpi_powm (shared, y, k, p);
  gcry_mpi_mulm (shared, shared, message, p);
  return append_mpi (body, hint, error) && append_mpi (body, shared, error);
}

/* --- ECDH --- */

static void
reverse (guint8 *octets, gsize length)
{
  for (gsize i = 0; i < length / 2; i++)
    {
      guint8 octet = octets[i];

      octets[i] = octets[length - 1 - i];
      octets[length - 1 - i] = octet;
    }
}

/* The secret scalar of the ephemeral key. */
static gcry_mpi_t
draw_scalar (const SpareCurve *curve, gcry_ctx_t context, GError **error)
{
  g_auto (gcry_mpi_t) order = NULL;
  g_autoptr (SpareSecret) secret = NULL;
  guint8 *octets;

  if (curve->prefix == 0x04)
    {
      order = gcry_mpi_ec_get_mpi ("n", context, 1);
      return order != NULL ? draw_below (order, error) : NULL;
    }
  /* RFC 7748 section 5, most significant octet first. */
  secret = spare_secret_new_sized (curve->coordinate, &octets, error);
  if (secret == NULL)
    return NULL;
  gcry_randomize (octets, curve->coordinate, GCRY_VERY_STRONG_RANDOM);
  octets[0] = (octets[0] & 0x7f) | 0x40;
  octets[curve->coordinate - 1] &= 0xf8;
  return scan (octets, curve->coordinate, error);
}

/* One coordinate in as many octets as the curve's have, at @octets. */
static gboolean
print_coordinate (const SpareCurve *curve,
                  gcry_mpi_t coordinate,
                  guint8 *octets,
                  GError **error)
{
  gsize length;
  gcry_error_t code = gcry_mpi_print (GCRYMPI_FMT_USG, NULL, 0, &length, coordinate);

  if (code == 0 && length > curve->coordinate)
    code = gcry_error (GPG_ERR_TOO_LARGE);
  memset (octets, 0, curve->coordinate);
  if (code == 0)
    code = gcry_mpi_print (GCRYMPI_FMT_USG, octets + curve->coordinate - length, length,
                           &length, coordinate);
  if (code != 0)
    return set_failed (error, "coordinate", code);
  if (curve->prefix == 0x40)
    reverse (octets, curve->coordinate);
  return TRUE;
}

/* @scalar times @point: the coordinates into @octets, zeros before, x alone unless @with_y. */
static gboolean
multiply (const SpareCurve *curve,
          gcry_ctx_t context,
          gcry_mpi_t scalar,
          gcry_mpi_point_t point,
          gboolean with_y,
          guint8 *octets,
          GError **error)
{
  g_auto (gcry_mpi_t) x = gcry_mpi_snew (0);
  g_auto (gcry_mpi_t) y = gcry_mpi_snew (0);
  /* Made of secure numbers, so that the product lies there too. */
  g_auto (gcry_mpi_point_t)
      product = gcry_mpi_point_snatch_set (NULL, gcry_mpi_snew (0), gcry_mpi_snew (0),
                                           gcry_mpi_snew (0));

  gcry_mpi_ec_mul (product, scalar, point, context);
  if (gcry_mpi_ec_get_affine (x, with_y ? y : NULL, product, context) != 0)
    return set_failed (error, "the point at infinity", gcry_error (GPG_ERR_BAD_PUBKEY));
  return print_coordinate (curve, x, octets, error)
         && (!with_y || print_coordinate (curve, y, octets + curve->coordinate, error));
}

static gcry_mpi_point_t
scan_point (const SpareCurve *curve, const guint8 *point, GError **error)
{
  guint8 x_octets[SPARE_CURVE_COORDINATE_MAX];
  g_auto (gcry_mpi_t) x = NULL;
  g_auto (gcry_mpi_t) y = NULL;

  memcpy (x_octets, point + 1, curve->coordinate);
  if (curve->prefix == 0x40)
    reverse (x_octets, curve->coordinate);
  else
    y = scan (point + 1 + curve->coordinate, curve->coordinate, error);
  x = scan (x_octets, curve->coordinate, error);
  if (x == NULL || (y == NULL && curve->prefix != 0x40))
    return NULL;
  return gcry_mpi_point_set (NULL, x, y, GCRYMPI_CONST_ONE);
}

/* Makes an ephemeral key: its public point into @ephemeral, and the secret that it shares with @key into @shared. */
static gboolean
agree (const SpareWrapKey *key, guint8 *ephemeral, guint8 *shared, GError **error)
{
  const SpareCurve *curve = spare_wrap_key_get_kdf (key)->curve;
  gboolean with_y = curve->prefix == 0x04;
  g_auto (gcry_ctx_t) context = NULL;
  g_auto (gcry_mpi_t) scalar = NULL;
  g_auto (gcry_mpi_point_t) base = NULL;
  g_auto (gcry_mpi_point_t) point = scan_point (curve, spare_wrap_key_get_point (key), error);
  /* The one curve that libgcrypt does not know by gpg's name. */
  const char *name = curve->prefix == 0x40 ? "Curve25519" : curve->nick;
  gcry_error_t code;

  if (point == NULL)
    return FALSE;
  code = gcry_mpi_ec_new (&context, NULL, name);
  if (code != 0)
    return set_failed (error, name, code);
  base = gcry_mpi_ec_get_point ("g", context, 1);
  scalar = draw_scalar (curve, context, error);
  if (scalar == NULL)
    return FALSE;
  ephemeral[0] = curve->prefix;
  if (!multiply (curve, context, scalar, base, with_y, ephemeral + 1, error)
      || !multiply (curve, context, scalar, point, FALSE, shared, error))
    return FALSE;
  if (!spare_ecdh_is_shared (shared, curve->coordinate))
    return set_failed (error, "the shared secret is none", gcry_error (GPG_ERR_BAD_PUBKEY));
  return TRUE;
}

static gboolean
append_ecdh (GByteArray *body,
             const SpareWrapKey *key,
             guint cipher,
             SpareSecret *session_key,
             GError **error)
{
  const SpareKdf *kdf = spare_wrap_key_get_kdf (key);
  gsize message_length = MESSAGE_OVERHEAD + spare_secret_get_size (session_key);
  guint8 pad = (guint8) (PADDED_LENGTH - message_length);
  guint bits = 8 * kdf->curve->point - (kdf->curve->prefix == 0x40 ? 1 : 5);
  guint8 bit_octets[2] = { (guint8) (bits >> 8), (guint8) bits };
  guint8 ephemeral[SPARE_CURVE_POINT_MAX];
  guint8 wrapped[1 + PADDED_LENGTH + SPARE_ECDH_WRAP_OVERHEAD];
  guint8 *padded, *shared;
  g_autoptr (SpareSecret) shared_secret = NULL;
  g_autoptr (SpareSecret) padded_secret = NULL;
  g_auto (gcry_cipher_hd_t) wrap = NULL;
  gcry_error_t code;

  shared_secret = spare_secret_new_sized (kdf->curve->coordinate, &shared, error);
  padded_secret = shared_secret != NULL ? spare_secret_new_sized (PADDED_LENGTH, &padded, error)
                                        : NULL;
  if (padded_secret == NULL || !agree (key, ephemeral, shared, error))
    return FALSE;
  write_message (padded, cipher, session_key);
  memset (padded + message_length, pad, pad);

  wrapped[0] = sizeof wrapped - 1;
  code = spare_ecdh_open_wrap (kdf, shared, &wrap);
  if (code == 0)
    code = gcry_cipher_encrypt (wrap, wrapped + 1, sizeof wrapped - 1, padded, PADDED_LENGTH);
  if (code != 0)
    return set_failed (error, "key wrap", code);
  g_byte_array_append (body, bit_octets, sizeof bit_octets);
  g_byte_array_append (body, ephemeral, kdf->curve->point);
  g_byte_array_append (body, wrapped, sizeof wrapped);
  return TRUE;
}

/* --- The packet --- */

static gboolean
append_specific (GByteArray *body,
                 const SpareWrapKey *key,
                 guint cipher,
                 SpareSecret *session_key,
                 GError **error)
{
  switch (spare_wrap_key_get_algorithm (key))
    {
    case SPARE_ALGORITHM_ECDH:
      return append_ecdh (body, key, cipher, session_key, error);
    case SPARE_ALGORITHM_ELGAMAL:
      return append_elgamal (body, key, cipher, session_key, error);
    default:
      return append_rsa (body, key, cipher, session_key, error);
    }
}

/* The header of the old format, as gpg writes it before PKESKs. */
static SpareEsk *
make_esk (GByteArray *body, GError **error)
{
  g_autoptr (GByteArray) packet = g_byte_array_sized_new (body->len + 3);
  guint8 header[3];
  guint n = 0;

  if (body->len < 256)
    header[n++] = 0x80 | SPARE_PACKET_TAG_PKESK << 2;
  else
    {
      header[n++] = 0x80 | SPARE_PACKET_TAG_PKESK << 2 | 1;
      header[n++] = (guint8) (body->len >> 8);
    }
  header[n++] = (guint8) body->len;
  g_byte_array_append (packet, header, n);
  g_byte_array_append (packet, body->data, body->len);
  return spare_esk_new_from_packet (packet->data, packet->len, error);
}

/**
 * spare_pkesk_build:
 * @key: the subkey that is to be able to open the session key; gpg has judged it before
 * @cipher: OpenPGP's id of the cipher that the session key is for; with OCB, the one that the data head states
 * @session_key: the session key, as long as @cipher's keys are
 * @error: return location for the error
 *
 * Makes a PKESK v3, to stand before data of SEIPD v1 or OCB, never of SEIPD v2. Two calls never make the same
 * octets. Source: RFC 9580 sections 5.1.3 to 5.1.5, 11.5, 12.1.1; RFC 6637 section 8; RFC 3394; protocol.md 7.1, 7.2.
 *
 * Returns: (transfer full): the packet; %NULL with SPARE_ERROR_UNSUPPORTED if @cipher is not known,
 *   SPARE_ERROR_DAMAGED if @session_key has another length than @cipher's, SPARE_ERROR_FAILED if libgcrypt fails
 */
SpareEsk *
spare_pkesk_build (const SpareWrapKey *key,
                   guint cipher,
                   SpareSecret *session_key,
                   GError **error)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SparePkesk) pkesk = NULL;
  guint64 key_id = spare_wrap_key_get_key_id (key);
  guint8 fixed[10] = { 3 };

  if (spare_cipher_get_key_length (cipher) == 0)
    {
      spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED, "build: cipher %u", cipher);
      return NULL;
    }
  if (spare_secret_get_size (session_key) != spare_cipher_get_key_length (cipher))
    {
      spare_damage_set (error, SPARE_DAMAGE_BROKEN, "build: cipher %u, key of %zu octets",
                        cipher, spare_secret_get_size (session_key));
      return NULL;
    }

  for (guint i = 0; i < 8; i++)
    fixed[1 + i] = (guint8) (key_id >> (56 - 8 * i));
  fixed[9] = (guint8) spare_wrap_key_get_algorithm (key);
  g_byte_array_append (body, fixed, sizeof fixed);
  if (!append_specific (body, key, cipher, session_key, error))
    return NULL;
  esk = make_esk (body, error);
  pkesk = esk != NULL ? spare_pkesk_new (esk, error) : NULL;
  if (pkesk == NULL || !spare_wrap_key_check_pkesk (key, pkesk, error))
    return NULL;
  return g_steal_pointer (&esk);
}
