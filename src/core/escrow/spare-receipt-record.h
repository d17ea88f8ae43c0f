/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SpareReceiptRecord:
 * @serial: the packet's serial
 * @sha256: of the packet: 64 lower-case hex digits
 * @deposit: the id of the deposit bundle that brought it: a lower-case UUID
 * @proven: whether the authority could verify its proof; else it is merely held
 *
 * The authority's word that it holds one escrow packet. Immutable.
 */
typedef struct
{
  char *serial;
  char *sha256;
  char *deposit;
  gboolean proven;
} SpareReceiptRecord;

SpareReceiptRecord *spare_receipt_record_new (const char *serial,
                                              const char *sha256,
                                              const char *deposit,
                                              gboolean proven,
                                              GError **error);
SpareReceiptRecord *spare_receipt_record_from_json (JsonObject *object, GError **error);
JsonObject *spare_receipt_record_to_json (const SpareReceiptRecord *self);
void spare_receipt_record_free (SpareReceiptRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareReceiptRecord, spare_receipt_record_free)

G_END_DECLS
