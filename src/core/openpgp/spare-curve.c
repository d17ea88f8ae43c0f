/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The elliptic curves of OpenPGP, as key packets name them and as gpg calls them.
 *
 * Promise: a curve that spare_curve_find() gives is one on which session keys can be unwrapped here; others are only
 * named, and refused by name.
 */
#include "config.h"

#include "spare-curve.h"

#include <string.h>

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
