/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What wrapping and unwrapping a session key by ECDH have in common: from the shared secret to the cipher that wraps.
 *
 *     hash (00000001 ‖ x ‖ OID ‖ 18 ‖ 03 01 hash cipher ‖ "Anonymous Sender    " ‖ fingerprint)
 *
 * and of that the leftmost octets, as many as the cipher's key has (RFC 6637 section 7).
 *
 * Promise: everything computed lies in secure memory. No hash below SHA-256 and no cipher but AES is used.
 */
#include "config.h"

#include "spare-ecdh-private.h"

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_md_hd_t, gcry_md_close, NULL)

/* OpenPGP's ids. */
#define HASH_FIRST   8 /* SHA-256, -384, -512 */
#define HASH_LAST    10
#define CIPHER_FIRST 7 /* AES-128, -192, -256 */
#define CIPHER_LAST  9

/* RFC 6637 section 7: who the key comes from, for those who do not say; no more than that is ever known here. */
static const char party[20] = "Anonymous Sender    ";

/*< private >
 * spare_kdf_is_strong:
 * @kdf: key derivation parameters
 *
 * Whether they are ones that are used here: SHA-256 or longer, AES. Anything else is weaker than what it protects
 * (protocol.md 7.1).
 *
 * Returns: %TRUE if so
 */
gboolean
spare_kdf_is_strong (const SpareKdf *kdf)
{
  return kdf->hash >= HASH_FIRST && kdf->hash <= HASH_LAST && kdf->cipher >= CIPHER_FIRST
         && kdf->cipher <= CIPHER_LAST;
}

/*< private >
 * spare_ecdh_is_shared:
 * @x: (array length=length): the coordinate that came out of the multiplication
 * @length: octets of it
 *
 * Whether it is a secret at all: all zero is what a point of small order gives, whatever it was multiplied with. Takes
 * the same time whatever @x is.
 *
 * Returns: %TRUE if so
 */
gboolean
spare_ecdh_is_shared (const guint8 *x, gsize length)
{
  volatile guint8 bits = 0;

  for (gsize i = 0; i < length; i++)
    bits |= x[i];
  return bits != 0;
}

/*< private >
 * spare_ecdh_open_wrap:
 * @kdf: the recipient's, strong
 * @x: (array): the shared secret, as many octets as a coordinate of the curve has
 * @wrap: (out): the key-wrapping cipher (RFC 3394) with its key
 *
 * Derives the key that wraps the session key.
 *
 * Returns: 0, or libgcrypt's error, and @wrap is %NULL
 */
gcry_error_t
spare_ecdh_open_wrap (const SpareKdf *kdf, const guint8 *x, gcry_cipher_hd_t *wrap)
{
  static const int hashes[] = { GCRY_MD_SHA256, GCRY_MD_SHA384, GCRY_MD_SHA512 };
  static const int ciphers[] = { GCRY_CIPHER_AES128, GCRY_CIPHER_AES192, GCRY_CIPHER_AES256 };
  static const guint8 key_lengths[] = { 16, 24, 32 };
  static const guint8 counter[4] = { 0, 0, 0, 1 };
  const guint8 parameters[5] = { SPARE_ALGORITHM_ECDH, 3, 1, kdf->hash, kdf->cipher };
  g_auto (gcry_md_hd_t) hash = NULL;
  g_auto (gcry_cipher_hd_t) cipher = NULL;
  gcry_error_t code;

  *wrap = NULL;
  code = gcry_md_open (&hash, hashes[kdf->hash - HASH_FIRST], GCRY_MD_FLAG_SECURE);
  if (code == 0)
    code = gcry_cipher_open (&cipher, ciphers[kdf->cipher - CIPHER_FIRST],
                             GCRY_CIPHER_MODE_AESWRAP, GCRY_CIPHER_SECURE);
  if (code != 0)
    return code;
  gcry_md_write (hash, counter, sizeof counter);
  gcry_md_write (hash, x, kdf->curve->coordinate);
  gcry_md_write (hash, &kdf->curve->oid_length, 1);
  gcry_md_write (hash, kdf->curve->oid, kdf->curve->oid_length);
  gcry_md_write (hash, parameters, sizeof parameters);
  gcry_md_write (hash, party, sizeof party);
  gcry_md_write (hash, kdf->fingerprint, sizeof kdf->fingerprint);
  code = gcry_cipher_setkey (cipher, gcry_md_read (hash, 0),
                             key_lengths[kdf->cipher - CIPHER_FIRST]);
  if (code == 0)
    *wrap = g_steal_pointer (&cipher);
  return code;
}
