/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-deposit.h"
#include "spare-outbox-deposits-private.h"
#include "spare-own-keys-private.h"

G_BEGIN_DECLS

/* Packets in one bundle: it passes through memory, and a stick takes it whole. More become several bundles. */
#define SPARE_DEPOSIT_RECORDS_MAX 10000

/* What deposits are made with. */
typedef struct
{
  SpareOwner *owner;
  SpareOutbox *outbox;
  SpareOwnKeys *keys;
  SpareKey *authority; /* the pinned one; usable */
  GPtrArray *left_out; /* of SpareLeftOut */
  GCancellable *cancellable;
} SpareDepositor;

/* The pinned authority as a receiver of bundles; not transferred. */
SpareKey *spare_depositor_find_authority (SpareOwner *owner, GError **error);

/* The proofs that were put off. What can't be had now stays away; FALSE only for the database or a cancellation. */
gboolean spare_depositor_prove (const SpareDepositor *self, GPtrArray *entries, GError **error);
/* The row of an encrypted file: from the outbox, or made from its head and added there. */
SpareOutboxEntry *spare_depositor_find_row (const SpareDepositor *self,
                                            const char *path,
                                            GError **error);

/* Signs bundles of @entries as @signer and keeps them in the outbox. @as_is: FALSE: they are another owner's whose key is
 * gone, so without proofs. Appends SpareKeptDeposit to @made. */
gboolean spare_depositor_sign (const SpareDepositor *self,
                               SpareKey *signer,
                               GPtrArray *entries,
                               gboolean as_is,
                               GPtrArray *made,
                               GError **error);

G_END_DECLS
