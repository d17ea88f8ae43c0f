/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-deposit-record.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

/**
 * SparePacketOpener:
 *
 * Opens what was escrowed for the authority: with its escrow subkeys, present and retired, and with nothing else. One for
 * a batch, not for two threads at once.
 */
typedef struct _SparePacketOpener SparePacketOpener;

SparePacketOpener *spare_packet_opener_new (SpareAuthority *authority);
void spare_packet_opener_free (SparePacketOpener *self);

gboolean spare_packet_opener_is_escrow (SparePacketOpener *self, const SpareEsk *esk);
guint spare_packet_opener_get_n_encryption_subkeys (SparePacketOpener *self);
SpareSessionKey *spare_packet_opener_open_sync (SparePacketOpener *self,
                                                const SpareEsk *esk,
                                                const SpareHead *head,
                                                gboolean *fatal,
                                                GCancellable *cancellable,
                                                GError **error);
gboolean spare_packet_opener_confirm_sync (SparePacketOpener *self,
                                           const SpareEsk *esk,
                                           const SpareHead *head,
                                           const SpareSessionKey *key,
                                           GCancellable *cancellable,
                                           GError **error);
SpareSessionKey *spare_packet_opener_open_packet_sync (SparePacketOpener *self,
                                                       const SpareRegistryPacket *packet,
                                                       SpareHead **head,
                                                       gboolean *fatal,
                                                       GCancellable *cancellable,
                                                       GError **error);
gboolean spare_packet_opener_prove_sync (SparePacketOpener *self,
                                         const char *owner,
                                         const SpareDepositRecord *record,
                                         gboolean *proven,
                                         GCancellable *cancellable,
                                         GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePacketOpener, spare_packet_opener_free)

G_END_DECLS
