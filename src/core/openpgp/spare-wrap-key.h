/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-pkesk.h"

G_BEGIN_DECLS

/* Sizes of RSA moduli and ElGamal primes, in bits. */
#define SPARE_WRAP_KEY_BITS_MIN 2048
#define SPARE_WRAP_KEY_BITS_MAX 8192

#define SPARE_TYPE_WRAP_KEY     (spare_wrap_key_get_type ())

/**
 * SpareWrapKey:
 *
 * The public parameters of one encryption subkey, checked: what a PKESK is built for. Immutable and counted by
 * reference.
 */
typedef struct _SpareWrapKey SpareWrapKey;

GType spare_wrap_key_get_type (void) G_GNUC_CONST;
SpareWrapKey *spare_wrap_key_new (GBytes *certificate,
                                  const char *subkey_fingerprint,
                                  GError **error);
SpareWrapKey *spare_wrap_key_ref (SpareWrapKey *key);
void spare_wrap_key_unref (SpareWrapKey *key);

guint spare_wrap_key_get_algorithm (const SpareWrapKey *key);
const char *spare_wrap_key_get_nick (const SpareWrapKey *key);
const char *spare_wrap_key_get_fingerprint (const SpareWrapKey *key);
guint64 spare_wrap_key_get_key_id (const SpareWrapKey *key);
gboolean spare_wrap_key_check_pkesk (const SpareWrapKey *key,
                                     const SparePkesk *pkesk,
                                     GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareWrapKey, spare_wrap_key_unref)

G_END_DECLS
