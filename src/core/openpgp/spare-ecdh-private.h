/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-certificate.h"

#include <gcrypt.h>

G_BEGIN_DECLS

/* Key wrapping adds this much (RFC 3394). */
#define SPARE_ECDH_WRAP_OVERHEAD 8

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gcry_cipher_hd_t, gcry_cipher_close, NULL)

gboolean spare_kdf_is_strong (const SpareKdf *kdf);
gboolean spare_ecdh_is_shared (const guint8 *x, gsize length);
gcry_error_t spare_ecdh_open_wrap (const SpareKdf *kdf,
                                   const guint8 *x,
                                   gcry_cipher_hd_t *wrap);

G_END_DECLS
