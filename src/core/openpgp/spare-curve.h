/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Public-key algorithm ids (RFC 9580 section 9.1). */
#define SPARE_ALGORITHM_RSA              1
#define SPARE_ALGORITHM_RSA_ENCRYPT_ONLY 2
#define SPARE_ALGORITHM_RSA_SIGN_ONLY    3
#define SPARE_ALGORITHM_ELGAMAL          16
#define SPARE_ALGORITHM_DSA              17
#define SPARE_ALGORITHM_ECDH             18
#define SPARE_ALGORITHM_ECDSA            19
#define SPARE_ALGORITHM_EDDSA            22
#define SPARE_ALGORITHM_X25519           25
#define SPARE_ALGORITHM_X448             26
#define SPARE_ALGORITHM_ED25519          27
#define SPARE_ALGORITHM_ED448            28

/* The longest coordinate and the longest point of any curve, in octets. */
#define SPARE_CURVE_COORDINATE_MAX 66
#define SPARE_CURVE_POINT_MAX      133

/* A curve on which session keys can be wrapped here. */
typedef struct
{
  const char *nick;  /* as gpg names it: "cv25519", "nistp256", … */
  guint8 oid[12];    /* as in key packets, without its length */
  guint8 oid_length; /* octets */
  guint8 prefix;     /* the octet before a point: 0x40 or 0x04 */
  guint8 coordinate; /* octets of one coordinate */
  guint8 point;      /* octets of a point with its prefix */
} SpareCurve;

const SpareCurve *spare_curve_find (const guint8 *oid, gsize oid_length);
const SpareCurve *spare_curve_find_nick (const char *nick);
gboolean spare_curve_check_point (const SpareCurve *curve, const guint8 *point, gsize length);
gboolean spare_curve_verify_point (const SpareCurve *curve, const guint8 *point, gsize length);
char *spare_key_algorithm_nick (guint algorithm,
                                guint bits,
                                const guint8 *oid,
                                gsize oid_length);

G_END_DECLS
