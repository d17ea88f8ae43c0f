/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-wrap-key.h"

G_BEGIN_DECLS

/* The numbers of a key in the order of its packet: RSA n, e; ElGamal p, g, y. */
#define SPARE_WRAP_KEY_NUMBERS_MAX 3

const SpareKdf *spare_wrap_key_get_kdf (const SpareWrapKey *key);
const guint8 *spare_wrap_key_get_point (const SpareWrapKey *key);
const guint8 *spare_wrap_key_get_number (const SpareWrapKey *key, guint index, gsize *length);

G_END_DECLS
