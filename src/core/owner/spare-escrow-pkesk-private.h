/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-key.h"

G_BEGIN_DECLS

/* The PKESK in @head for one of the authority's keys for files, present or retired; never for its key for bundles.
 * Returns NULL if there is none. Nothing is transferred. */
SpareEsk *spare_escrow_pkesk_find_private (SpareKey *authority,
                                           const SpareHead *head,
                                           const SpareSubkey **subkey);

G_END_DECLS
