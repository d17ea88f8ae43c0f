/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

/* What kept bundles say of packets, read once for many. */
typedef struct _SparePacketEvidence SparePacketEvidence;

SparePacketEvidence *spare_packet_evidence_new (SpareAuthority *authority);
void spare_packet_evidence_free (SparePacketEvidence *self);

/* @key: the packet's session key, @head: of its file. @proven: (out): whether its owner deposited just this packet, with a
 * proof that fits; @intake: (out): then, when it came in, as it was signed; untouched otherwise. */
gboolean spare_packet_evidence_check_sync (SparePacketEvidence *self,
                                           const SpareRegistryPacket *packet,
                                           const SpareSessionKey *key,
                                           const SpareHead *head,
                                           gboolean *proven,
                                           gint64 *intake,
                                           GCancellable *cancellable,
                                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePacketEvidence, spare_packet_evidence_free)

G_END_DECLS
