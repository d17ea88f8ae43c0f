/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "spare-curve.h"

G_BEGIN_DECLS

/* The longest certificate that is read, and the longest key packet in it. */
#define SPARE_CERTIFICATE_MAX       (1024 * 1024)
#define SPARE_CERTIFICATE_KEY_MAX   (16 * 1024)

#define SPARE_FINGERPRINT_V4_LENGTH 20

/* What the key derivation of RFC 6637 takes from the recipient's key. */
typedef struct
{
  const SpareCurve *curve;
  guint8 hash;   /* OpenPGP id: 8 SHA-256, 9 SHA-384, 10 SHA-512 */
  guint8 cipher; /* OpenPGP id: 7, 8, 9 for AES-128, -192, -256 */
  guint8 fingerprint[SPARE_FINGERPRINT_V4_LENGTH];
} SpareKdf;

gboolean spare_certificate_find_kdf (GBytes *certificate,
                                     const char *fingerprint,
                                     SpareKdf *kdf,
                                     GError **error);
GBytes *spare_certificate_dup_own (GBytes *certificate, GError **error);
GStrv spare_certificate_list_keys (GBytes *certificate, GError **error);
gboolean spare_certificate_check_single (GBytes *certificate,
                                         gsize max_octets,
                                         char **fingerprint,
                                         GError **error);

G_END_DECLS
