/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-deposit-record.h"

G_BEGIN_DECLS

/* The longest armored certificate in a record: with all else at its longest too, the line stays below 64 KiB. */
#define SPARE_RECORD_CERTIFICATE_MAX (16 * 1024)

/**
 * SpareTransferRecord:
 * @owner: the owner's primary fingerprint
 * @intake: when the sending authority took it in, Unix seconds
 * @proven: whether its proof was verified there
 * @source: SHA-256 of the packet as it was deposited: 64 lower-case hex digits
 * @certificate: (nullable): the owner's, armored; read by nobody here
 * @deposit: the rest, its packet re-wrapped for the receiving authority; never with a proof
 *
 * One escrow packet on its way from one authority to another. Immutable.
 */
typedef struct
{
  char *owner;
  gint64 intake;
  gboolean proven;
  char *source;
  char *certificate;
  SpareDepositRecord *deposit;
} SpareTransferRecord;

SpareTransferRecord *spare_transfer_record_new (const char *owner,
                                                gint64 intake,
                                                gboolean proven,
                                                const char *source,
                                                const char *certificate,
                                                SpareDepositRecord *deposit,
                                                GError **error);
SpareTransferRecord *spare_transfer_record_from_json (JsonObject *object, GError **error);
JsonObject *spare_transfer_record_to_json (const SpareTransferRecord *self);
void spare_transfer_record_free (SpareTransferRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareTransferRecord, spare_transfer_record_free)

G_END_DECLS
