/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/**
 * SparePacketSelection:
 * @serials: (nullable) (array zero-terminated=1): serials; %NULL: every packet that @owner and @query leave
 * @owner: (nullable): only packets of this owner
 * @query: (nullable): only packets that this search finds
 */
typedef struct
{
  const char *const *serials;
  const char *owner;
  const char *query;
} SparePacketSelection;

/* Packets leave the authority: re-wrapped for the authority @receiver (a primary fingerprint whose certificate is in the
 * authority's home) as one transfer bundle, or, when @receiver is NULL, as they are, one file each for stock gpg.
 * Returns SpareWrittenBundle; a raw packet has type "packet", its serial as id and no receiver. */
GPtrArray *spare_authority_export_sync (SpareAuthority *self,
                                        const SparePacketSelection *selection,
                                        const char *receiver,
                                        const char *folder,
                                        SpareProgressMeter *progress,
                                        GCancellable *cancellable,
                                        GError **error);
void spare_authority_export_async (SpareAuthority *self,
                                   const SparePacketSelection *selection,
                                   const char *receiver,
                                   const char *folder,
                                   SpareProgressMeter *progress,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
GPtrArray *spare_authority_export_finish (SpareAuthority *self,
                                          GAsyncResult *result,
                                          GError **error);

G_END_DECLS
