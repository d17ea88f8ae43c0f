/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a PKESK v3, and the last step of opening one by ECDH.
 *
 *     RSA       m^e mod n (MPI)                                         RFC 9580 section 5.1.3
 *     ElGamal   g^k mod p (MPI) | m y^k mod p (MPI)                                      5.1.4
 *     ECDH      ephemeral point (MPI) | n | wrapped key (n)                              5.1.5
 *
 * gpg-agent multiplies the ephemeral point with the secret key; the rest, key derivation (RFC 6637 section 7)
 * and key unwrapping (RFC 3394), is done here, without a process for each packet.
 *
 * Promise: only the one form of each is read, nothing may follow it. Everything computed lies in secure memory
 * and is wiped on every path. What is inside a wrapped key is checked in constant time, and every way to fail
 * there is the same failure.
 */
#include "config.h"

#include "spare-cipher.h"
#include "spare-damage-private.h"
#include "spare-ecdh-private.h"
#include "spare-mpi-private.h"
#include "spare-pkesk.h"

#include "spare-error.h"

#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MPIS_MAX 2

/* Beside the key: the algorithm octet and the checksum. */
#define SESSION_KEY_OVERHEAD 3

struct _SparePkesk
{
  gatomicrefcount references;
  SpareEsk *esk;
  guint n_mpis;
  const guint8 *mpis[MPIS_MAX]; /* inside esk */
  gsize mpi_lengths[MPIS_MAX];
  const guint8 *wrapped; /* inside esk */
  gsize wrapped_length;
};

G_DEFINE_BOXED_TYPE (SparePkesk, spare_pkesk, spare_pkesk_ref, spare_pkesk_unref)

/* The ephemeral point of any curve: the packet does not name its curve. */
static gboolean
is_point (const guint8 *point, gsize length)
{
  if (point[0] == 0x40)
    return length == 33 && (point[32] & 0x80) == 0;
  return point[0] == 0x04 && (length == 65 || length == 97 || length == 129 || length == 133);
}

static gboolean
read_ecdh (SparePkesk *pkesk, const guint8 *data, gsize length, gsize offset, GError **error)
{
  if (!is_point (pkesk->mpis[0], pkesk->mpi_lengths[0]))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK: bad ephemeral point");
  if (length - offset < 1 || data[offset] != length - offset - 1)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                             "PKESK: bad length of the wrapped key");
  pkesk->wrapped = data + offset + 1;
  pkesk->wrapped_length = data[offset];
  if (pkesk->wrapped_length < SPARE_PKESK_WRAPPED_MIN
      || pkesk->wrapped_length > SPARE_PKESK_WRAPPED_MAX || pkesk->wrapped_length % 8 != 0)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK: wrapped key of %zu octets",
                             pkesk->wrapped_length);
  return TRUE;
}

static gboolean
read_specific (SparePkesk *pkesk, GError **error)
{
  guint algorithm = spare_esk_get_algorithm (pkesk->esk);
  gsize length, offset = 0;
  const guint8 *data = spare_esk_get_specific (pkesk->esk, &length);

  pkesk->n_mpis = algorithm == SPARE_ALGORITHM_ELGAMAL ? 2 : 1;
  for (guint i = 0; i < pkesk->n_mpis; i++)
    if (!spare_mpi_read (data, length, &offset, &pkesk->mpis[i], &pkesk->mpi_lengths[i]))
      return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK: bad number");
  if (algorithm == SPARE_ALGORITHM_ECDH)
    return read_ecdh (pkesk, data, length, offset, error);
  return offset == length
         || spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                              "PKESK: octets behind the last number");
}

/**
 * spare_pkesk_new:
 * @esk: a PKESK v3
 * @error: return location for the error
 *
 * Reads the part of @esk that belongs to its algorithm: RSA (1, 2), ElGamal (16) or ECDH (18).
 *
 * Returns: (transfer full): the PKESK; %NULL with SPARE_ERROR_UNSUPPORTED for another version or algorithm,
 *   SPARE_ERROR_DAMAGED for one that is not in the one form
 */
SparePkesk *
spare_pkesk_new (SpareEsk *esk, GError **error)
{
  g_autoptr (SparePkesk) pkesk = NULL;
  guint algorithm = spare_esk_get_algorithm (esk);

  if (!spare_esk_is_public_key (esk) || spare_esk_get_version (esk) != 3
      || (algorithm != SPARE_ALGORITHM_RSA && algorithm != SPARE_ALGORITHM_RSA_ENCRYPT_ONLY
          && algorithm != SPARE_ALGORITHM_ELGAMAL && algorithm != SPARE_ALGORITHM_ECDH))
    {
      spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED,
                        "PKESK: tag %u version %u algorithm %u", spare_esk_get_tag (esk),
                        spare_esk_get_version (esk), algorithm);
      return NULL;
    }
  pkesk = g_new0 (SparePkesk, 1);
  g_atomic_ref_count_init (&pkesk->references);
  pkesk->esk = spare_esk_ref (esk);
  if (!read_specific (pkesk, error))
    return NULL;
  return g_steal_pointer (&pkesk);
}

/**
 * spare_pkesk_ref:
 * @pkesk: a PKESK
 *
 * Returns: (transfer full): @pkesk, with one reference more
 */
SparePkesk *
spare_pkesk_ref (SparePkesk *pkesk)
{
  g_atomic_ref_count_inc (&pkesk->references);
  return pkesk;
}

/**
 * spare_pkesk_unref:
 * @pkesk: (transfer full): a PKESK
 *
 * Gives back a reference.
 */
void
spare_pkesk_unref (SparePkesk *pkesk)
{
  if (!g_atomic_ref_count_dec (&pkesk->references))
    return;
  spare_esk_unref (pkesk->esk);
  g_free (pkesk);
}

/**
 * spare_pkesk_get_esk:
 * @pkesk: a PKESK
 *
 * Returns: (transfer none): the packet that it was read from
 */
SpareEsk *
spare_pkesk_get_esk (const SparePkesk *pkesk)
{
  return pkesk->esk;
}

/**
 * spare_pkesk_get_n_mpis:
 * @pkesk: a PKESK
 *
 * Returns: how many numbers it has: 1 for RSA and ECDH, 2 for ElGamal
 */
guint
spare_pkesk_get_n_mpis (const SparePkesk *pkesk)
{
  return pkesk->n_mpis;
}

/**
 * spare_pkesk_get_mpi:
 * @pkesk: a PKESK
 * @index: which number
 * @length: (out): octets
 *
 * Returns: (transfer none) (array length=length): the number, most significant octet first
 */
const guint8 *
spare_pkesk_get_mpi (const SparePkesk *pkesk, guint index, gsize *length)
{
  g_return_val_if_fail (index < pkesk->n_mpis, NULL);
  *length = pkesk->mpi_lengths[index];
  return pkesk->mpis[index];
}

/**
 * spare_pkesk_get_ephemeral:
 * @pkesk: a PKESK
 * @length: (out): octets
 *
 * Returns: (transfer none) (nullable) (array length=length): the ephemeral point of ECDH with its prefix, which
 *   is what the agent gets; %NULL for other algorithms
 */
const guint8 *
spare_pkesk_get_ephemeral (const SparePkesk *pkesk, gsize *length)
{
  *length = pkesk->wrapped != NULL ? pkesk->mpi_lengths[0] : 0;
  return pkesk->wrapped != NULL ? pkesk->mpis[0] : NULL;
}

/**
 * spare_pkesk_get_wrapped:
 * @pkesk: a PKESK
 * @length: (out): octets, a multiple of 8 from 24 to 56
 *
 * Returns: (transfer none) (nullable) (array length=length): the wrapped session key of ECDH; %NULL for other
 *   algorithms
 */
const guint8 *
spare_pkesk_get_wrapped (const SparePkesk *pkesk, gsize *length)
{
  *length = pkesk->wrapped_length;
  return pkesk->wrapped;
}

/**
 * spare_pkesk_check_ephemeral:
 * @pkesk: a PKESK for ECDH
 * @curve: the curve of the recipient's subkey
 * @error: return location for the error
 *
 * Looks at what comes from outside before it is given to whoever holds the secret key: the ephemeral point is one of
 * @curve (see spare_curve_verify_point()), in the one form that it has; the wrapped key's length was checked by
 * spare_pkesk_new(). Source: protocol.md 7.3; RFC 6637 section 13.
 *
 * Returns: whether it may be; %FALSE with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED if @pkesk is not ECDH
 */
gboolean
spare_pkesk_check_ephemeral (const SparePkesk *pkesk, const SpareCurve *curve, GError **error)
{
  if (pkesk->wrapped == NULL)
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED, "PKESK: not ECDH");
  if (!spare_curve_verify_point (curve, pkesk->mpis[0], pkesk->mpi_lengths[0]))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "PKESK: no ephemeral point of %s",
                             curve->nick);
  return TRUE;
}

static gboolean
set_wrong_key (GError **error)
{
  g_debug ("PKESK: it does not unwrap");
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The key does not open this session key: it is damaged, or was made "
                          "for another "
                          "key. Nothing was changed."));
  return FALSE;
}

static gboolean
set_gcrypt_error (GError **error, gcry_error_t code)
{
  g_debug ("libgcrypt: %s", gcry_strerror (code));
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("The session key could not be opened: the cryptographic library "
                          "refused. Nothing "
                          "was changed. Try again after closing other programs."));
  return FALSE;
}

/* The coordinate that the shared secret is (the first after the prefix), if the point has the right form: with its
 * prefix, or, as some cards answer, the coordinate alone. */
static const guint8 *
get_shared_x (const SpareCurve *curve, SpareSecret *shared_point)
{
  const guint8 *data = spare_secret_get_data (shared_point);
  gsize length = spare_secret_get_size (shared_point);
  const guint8 *x = NULL;

  if (length == curve->point && data[0] == curve->prefix)
    x = data + 1;
  else if (length == curve->coordinate)
    x = data;
  return x != NULL && spare_ecdh_is_shared (x, curve->coordinate) ? x : NULL;
}

/* 0xffffffff where a = b, else 0; a < b alike. Both are below 2^31. */
static guint32
mask_equal (guint32 a, guint32 b)
{
  guint32 difference = a ^ b;

  return ((difference | (0u - difference)) >> 31) - 1u;
}

static guint32
mask_less (guint32 a, guint32 b)
{
  return 0u - ((a - b) >> 31);
}

/* Checks what was unwrapped, without a branch or an index that depends on it:
 *
 *     algorithm | key | sum of its octets mod 65536 (2) | padding, each octet the count of them
 *
 * Returns the octets of the key, 0 when anything is wrong. */
static guint32
check_session_key (const guint8 *plain, gsize length)
{
  guint32 n = (guint32) length;
  guint32 pad = plain[n - 1];
  guint32 key_length = spare_cipher_get_key_length (plain[0]);
  guint32 sum = 0, stated = 0, wrong = 0;

  wrong |= mask_equal (key_length, 0);
  wrong |= ~mask_equal (SESSION_KEY_OVERHEAD + key_length + pad, n);
  for (guint32 i = 1; i < n; i++)
    {
      sum += plain[i] & mask_less (i, 1 + key_length);
      stated |= (guint32) (plain[i] << 8) & mask_equal (i, 1 + key_length);
      stated |= plain[i] & mask_equal (i, 2 + key_length);
      wrong |= ~mask_less (i, SESSION_KEY_OVERHEAD + key_length) & ~mask_equal (plain[i], pad);
    }
  wrong |= ~mask_equal (sum & 0xffff, stated);
  return key_length & ~wrong;
}

/**
 * spare_pkesk_ecdh_unwrap:
 * @pkesk: a PKESK for ECDH
 * @kdf: what the recipient's subkey says about key derivation; its fingerprint goes into the derivation
 * @shared_point: the ephemeral point times the secret key, as gpg-agent's PKDECRYPT gives it: with its prefix, or
 *   the one coordinate alone
 * @cipher: (out): OpenPGP's id of the cipher that the session key is for
 * @error: return location for the error
 *
 * Opens the session key. Whether @cipher is the one that the data says is the caller's to compare. Source: RFC
 * 6637 sections 7 and 8, RFC 3394 section 2.2.2.
 *
 * Returns: (transfer full): the session key; %NULL with SPARE_ERROR_UNSUPPORTED if @pkesk is not ECDH,
 *   SPARE_ERROR_DAMAGED if the points are not of @kdf's curve or the key does not unwrap, SPARE_ERROR_FAILED if
 *   libgcrypt fails
 */
SpareSecret *
spare_pkesk_ecdh_unwrap (const SparePkesk *pkesk,
                         const SpareKdf *kdf,
                         SpareSecret *shared_point,
                         guint *cipher,
                         GError **error)
{
  g_auto (gcry_cipher_hd_t) wrap = NULL;
  g_autoptr (SpareSecret) unwrapped = NULL;
  SpareSecret *key = NULL;
  gsize plain_length = pkesk->wrapped_length - SPARE_ECDH_WRAP_OVERHEAD;
  const guint8 *x;
  guint8 *plain;
  guint32 key_length;
  gcry_error_t code;

  if (pkesk->wrapped == NULL || !spare_kdf_is_strong (kdf))
    {
      spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED,
                        "unwrap: not ECDH, or KDF hash %u, cipher %u", kdf->hash, kdf->cipher);
      return NULL;
    }
  if (!spare_curve_check_point (kdf->curve, pkesk->mpis[0], pkesk->mpi_lengths[0])
      || (x = get_shared_x (kdf->curve, shared_point)) == NULL)
    {
      set_wrong_key (error);
      return NULL;
    }

  unwrapped = spare_secret_new_sized (plain_length, &plain, error);
  if (unwrapped == NULL)
    return NULL;
  code = spare_ecdh_open_wrap (kdf, x, &wrap);
  if (code != 0)
    {
      set_gcrypt_error (error, code);
      return NULL;
    }

  code = gcry_cipher_decrypt (wrap, plain, plain_length, pkesk->wrapped, pkesk->wrapped_length);
  key_length = code == 0 ? check_session_key (plain, plain_length) : 0;
  if (key_length == 0)
    {
      set_wrong_key (error);
      return NULL;
    }
  key = spare_secret_new_copy (plain + 1, key_length, error);
  if (key != NULL)
    *cipher = plain[0];
  return key;
}
