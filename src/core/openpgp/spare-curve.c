/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The elliptic curves of OpenPGP, as key packets name them and as gpg calls them.
 *
 * Promise: a curve that spare_curve_find() gives is one on which session keys can be unwrapped here; others are only
 * named, and refused by name.
 */
#include "config.h"

#include "spare-curve.h"

#include "spare-secret.h"

#include <gcrypt.h>
#include <string.h>

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_mpi_t, gcry_mpi_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_mpi_point_t, gcry_mpi_point_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_ctx_t, gcry_ctx_release, NULL)

static const SpareCurve curves[] = {
  { "cv25519",
    { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01 },
    10,
    0x40,
    32,
    33 },
  { "nistp256", { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 8, 0x04, 32, 65 },
  { "nistp384", { 0x2b, 0x81, 0x04, 0x00, 0x22 }, 5, 0x04, 48, 97 },
  { "nistp521", { 0x2b, 0x81, 0x04, 0x00, 0x23 }, 5, 0x04, 66, 133 },
  { "brainpoolP256r1",
    { 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 },
    9,
    0x04,
    32,
    65 },
  { "brainpoolP384r1",
    { 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b },
    9,
    0x04,
    48,
    97 },
  { "brainpoolP512r1",
    { 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d },
    9,
    0x04,
    64,
    129 },
};

/* Curves that are met, but that no session key is wrapped on here. */
static const struct
{
  const char *nick;
  guint8 oid[12];
  guint8 oid_length;
} other_curves[] = {
  { "ed25519", { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01 }, 9 },
  { "ed448", { 0x2b, 0x65, 0x71 }, 3 },
  { "cv448", { 0x2b, 0x65, 0x6f }, 3 },
  { "secp256k1", { 0x2b, 0x81, 0x04, 0x00, 0x0a }, 5 },
};

/**
 * spare_curve_find:
 * @oid: (array length=oid_length): the curve's OID as in a key packet, without its length octet
 * @oid_length: octets of it
 *
 * Finds a curve. Source: RFC 9580 section 9.2.
 *
 * Returns: (transfer none) (nullable): the curve; %NULL if it is not handled
 */
const SpareCurve *
spare_curve_find (const guint8 *oid, gsize oid_length)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    if (oid_length == curves[i].oid_length && memcmp (oid, curves[i].oid, oid_length) == 0)
      return &curves[i];
  return NULL;
}

/**
 * spare_curve_find_nick:
 * @nick: gpg's name of a curve
 *
 * Finds a curve by name.
 *
 * Returns: (transfer none) (nullable): the curve; %NULL if it is not handled
 */
const SpareCurve *
spare_curve_find_nick (const char *nick)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    if (g_str_equal (nick, curves[i].nick))
      return &curves[i];
  return NULL;
}

/**
 * spare_curve_check_point:
 * @curve: a curve
 * @point: (array length=length): a point as OpenPGP writes it, with its prefix
 * @length: octets of it
 *
 * Whether the octets have the form of a point: exact prefix and length; on Curve25519 the top bit (of the last
 * octet, they are little-endian) clear. Whether it lies on the curve is not looked at.
 *
 * Returns: %TRUE if so
 */
gboolean
spare_curve_check_point (const SpareCurve *curve, const guint8 *point, gsize length)
{
  if (length != curve->point || point[0] != curve->prefix)
    return FALSE;
  return curve->prefix != 0x40 || (point[length - 1] & 0x80) == 0;
}

/* Curve25519's points of small order, and of its twist: whatever they are multiplied with, what comes out is one of
 * few, and 0 for a clamped scalar. Little-endian, reduced mod 2^255 - 19. */
static const guint8 small_order[][32] = {
  { 0 },
  { 1 },
  { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
    0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
    0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
  { 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
    0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
    0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
  { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

/* Reduced: below 2^255 - 19, of which the 19 numbers above (with the top bit clear) end so. */
static gboolean
verify_montgomery (const guint8 *u)
{
  gboolean high = u[31] == 0x7f && u[0] >= 0xed;

  for (guint i = 1; i < 31; i++)
    high &= u[i] == 0xff;
  for (guint i = 0; i < G_N_ELEMENTS (small_order); i++)
    if (memcmp (u, small_order[i], sizeof small_order[i]) == 0)
      return FALSE;
  return !high;
}

/* Coordinates below p, and the curve's equation. All these curves have the cofactor 1, and the point at infinity can't
 * be written in this form: no other check is needed. (libgcrypt 1.10 looks at the range itself, but does not say so.) */
static gboolean
verify_weierstrass (const SpareCurve *curve, const guint8 *xy)
{
  g_auto (gcry_ctx_t) context = NULL;
  g_auto (gcry_mpi_t) x = NULL;
  g_auto (gcry_mpi_t) y = NULL;
  g_auto (gcry_mpi_t) p = NULL;
  g_auto (gcry_mpi_point_t) point = NULL;

  if (gcry_mpi_ec_new (&context, NULL, curve->nick) != 0
      || gcry_mpi_scan (&x, GCRYMPI_FMT_USG, xy, curve->coordinate, NULL) != 0
      || gcry_mpi_scan (&y, GCRYMPI_FMT_USG, xy + curve->coordinate, curve->coordinate, NULL)
             != 0)
    return FALSE;
  p = gcry_mpi_ec_get_mpi ("p", context, 1);
  if (p == NULL || gcry_mpi_cmp (x, p) >= 0 || gcry_mpi_cmp (y, p) >= 0)
    return FALSE;
  point = gcry_mpi_point_set (NULL, x, y, GCRYMPI_CONST_ONE);
  return gcry_mpi_ec_curve_point (point, context) != 0;
}

/**
 * spare_curve_verify_point:
 * @curve: a curve
 * @point: (array length=length): a point as OpenPGP writes it, with its prefix; not a secret
 * @length: octets of it
 *
 * Whether a secret may be multiplied with the point: it has the form that spare_curve_check_point() looks at; its
 * coordinates are written reduced, so that one point has one form; it lies on the curve (nist, brainpool), or is not of
 * small order (Curve25519, where every other coordinate is safe: RFC 7748 section 6.1). libgcrypt checks none of it.
 *
 * Returns: %TRUE if so; %FALSE also when libgcrypt has no such curve, as in FIPS mode
 */
gboolean
spare_curve_verify_point (const SpareCurve *curve, const guint8 *point, gsize length)
{
  if (!spare_curve_check_point (curve, point, length) || !spare_secret_init (NULL))
    return FALSE;
  if (curve->prefix == 0x40)
    return verify_montgomery (point + 1);
  return verify_weierstrass (curve, point + 1);
}

static const char *
find_any_nick (const guint8 *oid, gsize oid_length)
{
  const SpareCurve *curve = spare_curve_find (oid, oid_length);

  if (curve != NULL)
    return curve->nick;
  for (guint i = 0; i < G_N_ELEMENTS (other_curves); i++)
    if (oid_length == other_curves[i].oid_length
        && memcmp (oid, other_curves[i].oid, oid_length) == 0)
      return other_curves[i].nick;
  return NULL;
}

static char *
format_sized (const char *name, guint bits)
{
  return bits > 0 ? g_strdup_printf ("%s%u", name, bits) : g_strdup (name);
}

/**
 * spare_key_algorithm_nick:
 * @algorithm: a public-key algorithm id
 * @bits: the size of the key's modulus or prime in bits; 0 when not known, or not of that kind
 * @oid: (array length=oid_length) (nullable): the curve's OID, without its length octet
 * @oid_length: octets of it
 *
 * Names a kind of key as gpg does: "rsa3072", "elg2048", "dsa2048", "cv25519", "nistp256"; "ecdh", "ecdsa", "eddsa"
 * where the curve isn't known; "unknown" for the rest.
 *
 * Returns: (transfer full): the name
 */
char *
spare_key_algorithm_nick (guint algorithm, guint bits, const guint8 *oid, gsize oid_length)
{
  const char *curve = oid != NULL ? find_any_nick (oid, oid_length) : NULL;

  switch (algorithm)
    {
    case SPARE_ALGORITHM_RSA:
    case SPARE_ALGORITHM_RSA_ENCRYPT_ONLY:
    case SPARE_ALGORITHM_RSA_SIGN_ONLY:
      return format_sized ("rsa", bits);
    case SPARE_ALGORITHM_ELGAMAL:
      return format_sized ("elg", bits);
    case SPARE_ALGORITHM_DSA:
      return format_sized ("dsa", bits);
    case SPARE_ALGORITHM_ECDH:
      return g_strdup (curve != NULL ? curve : "ecdh");
    case SPARE_ALGORITHM_ECDSA:
      return g_strdup (curve != NULL ? curve : "ecdsa");
    case SPARE_ALGORITHM_EDDSA:
      return g_strdup (curve != NULL ? curve : "eddsa");
    case SPARE_ALGORITHM_X25519:
      return g_strdup ("x25519");
    case SPARE_ALGORITHM_X448:
      return g_strdup ("x448");
    case SPARE_ALGORITHM_ED25519:
      return g_strdup ("ed25519");
    case SPARE_ALGORITHM_ED448:
      return g_strdup ("ed448");
    default:
      return g_strdup ("unknown");
    }
}
