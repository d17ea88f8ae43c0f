/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/**
 * SpareRotationResult:
 * @subkey: fingerprint of the encryption subkey that the packets are wrapped for now
 * @n_done: packets re-wrapped now
 * @n_before: packets that were for it already
 * @n_failed: packets that could not be opened; they stay as they are
 */
typedef struct
{
  char *subkey;
  guint64 n_done;
  guint64 n_before;
  guint64 n_failed;
} SpareRotationResult;

/* Re-wraps every packet for the escrow subkey @fingerprint of the authority's own key, or for the escrow subkey of
 * the other authority in its home with the primary fingerprint @fingerprint. The packets as deposited are kept. */
SpareRotationResult *spare_authority_rotate_sync (SpareAuthority *self,
                                                  const char *fingerprint,
                                                  SpareProgressMeter *progress,
                                                  GCancellable *cancellable,
                                                  GError **error);
void spare_rotation_result_free (SpareRotationResult *self);

/**
 * SpareDrillResult:
 * @n_tried: packets tried
 * @n_opened: of those, packets that opened
 * @failed: (element-type utf8): serials of the others, the first hundred
 */
typedef struct
{
  guint64 n_tried;
  guint64 n_opened;
  GPtrArray *failed;
} SpareDrillResult;

/* Opens packets and forgets what was in them: a sample of @sample taken by chance, or all when it is 0. */
SpareDrillResult *spare_authority_drill_sync (SpareAuthority *self,
                                              guint64 sample,
                                              SpareProgressMeter *progress,
                                              GCancellable *cancellable,
                                              GError **error);
void spare_drill_result_free (SpareDrillResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRotationResult, spare_rotation_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareDrillResult, spare_drill_result_free)

G_END_DECLS
