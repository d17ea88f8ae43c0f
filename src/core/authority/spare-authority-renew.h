/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"

G_BEGIN_DECLS

/* A new pair of encryption subkeys of the authority. */
typedef struct
{
  char *escrow;    /* fingerprints */
  char *transport; /* */
  GStrv retired;   /* those that were usable before */
} SpareRenewal;

void spare_renewal_free (SpareRenewal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRenewal, spare_renewal_free)

SpareRenewal *spare_authority_renew_sync (SpareAuthority *self,
                                          GCancellable *cancellable,
                                          GError **error);

G_END_DECLS
