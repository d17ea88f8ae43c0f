/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-certificate.h"
#include "spare-esk.h"
#include "spare-secret.h"

G_BEGIN_DECLS

/* A wrapped session key of ECDH: multiples of 8 from 24 to 56 octets. */
#define SPARE_PKESK_WRAPPED_MIN 24
#define SPARE_PKESK_WRAPPED_MAX 56

#define SPARE_TYPE_PKESK        (spare_pkesk_get_type ())

typedef struct _SparePkesk SparePkesk;

GType spare_pkesk_get_type (void) G_GNUC_CONST;
SparePkesk *spare_pkesk_new (SpareEsk *esk, GError **error);
SparePkesk *spare_pkesk_ref (SparePkesk *pkesk);
void spare_pkesk_unref (SparePkesk *pkesk);

SpareEsk *spare_pkesk_get_esk (const SparePkesk *pkesk);
guint spare_pkesk_get_n_mpis (const SparePkesk *pkesk);
const guint8 *spare_pkesk_get_mpi (const SparePkesk *pkesk, guint index, gsize *length);
const guint8 *spare_pkesk_get_ephemeral (const SparePkesk *pkesk, gsize *length);
const guint8 *spare_pkesk_get_wrapped (const SparePkesk *pkesk, gsize *length);

gboolean spare_pkesk_check_ephemeral (const SparePkesk *pkesk,
                                      const SpareCurve *curve,
                                      GError **error);
SpareSecret *spare_pkesk_ecdh_unwrap (const SparePkesk *pkesk,
                                      const SpareKdf *kdf,
                                      SpareSecret *shared_point,
                                      guint *cipher,
                                      GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePkesk, spare_pkesk_unref)

G_END_DECLS
