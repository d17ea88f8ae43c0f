/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-session-key.h"
#include "spare-wrap-key.h"

G_BEGIN_DECLS

/**
 * SparePacketTarget:
 * @key: the authority whose subkey it is, as listed in this authority's home
 * @subkey: the escrow subkey that session keys are wrapped for
 *
 * For whom packets are wrapped anew.
 */
typedef struct
{
  SpareKey *key;
  const SpareSubkey *subkey; /* one of @key's */
  SpareWrapKey *wrap_key;
} SparePacketTarget;

SparePacketTarget *spare_packet_target_new_sync (SpareAuthority *authority,
                                                 const char *fingerprint,
                                                 gboolean allow_own,
                                                 GCancellable *cancellable,
                                                 GError **error);
void spare_packet_target_free (SparePacketTarget *self);
GBytes *spare_packet_target_wrap (const SparePacketTarget *self,
                                  const SpareSessionKey *key,
                                  const SpareHead *head,
                                  GError **error);

/* One row of the log in a transaction of its own. */
gboolean spare_packet_target_log (SpareAuthority *authority,
                                  const char *event,
                                  JsonObject *detail,
                                  GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePacketTarget, spare_packet_target_free)

G_END_DECLS
