/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-certificate.h"

G_BEGIN_DECLS

/* A v4 key packet's body: version, time of creation (4), algorithm, material. */
#define SPARE_KEY_ALGORITHM_OFFSET 5
#define SPARE_KEY_MATERIAL_OFFSET  6

GBytes *spare_certificate_dup_key (GBytes *certificate,
                                   const char *fingerprint,
                                   guint8 octets[SPARE_FINGERPRINT_V4_LENGTH],
                                   GError **error);
gboolean spare_certificate_read_ecdh (const guint8 *body,
                                      gsize length,
                                      SpareKdf *kdf,
                                      const guint8 **point,
                                      GError **error);

G_END_DECLS
