/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"
#include "spare-receipt.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A receipt that was believed. */
typedef struct
{
  const char *id;
  const char *sha256; /* of its octets */
  const char *owner;  /* whom it was made for */
  const char *authority;
  gint64 created;
  JsonObject *checkpoint; /* nullable */
  GPtrArray *records;     /* of SpareReceiptRecord (escrow/) */
} SpareBelievedReceipt;

gboolean spare_outbox_acknowledge_private (SpareOutbox *self,
                                           const SpareBelievedReceipt *receipt,
                                           SpareReceiptResult *result,
                                           GError **error);

G_END_DECLS
