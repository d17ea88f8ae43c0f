/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"

G_BEGIN_DECLS

#define SPARE_TYPE_OUTBOX_ITEM (spare_outbox_item_get_type ())
G_DECLARE_FINAL_TYPE (SpareOutboxItem, spare_outbox_item, SPARE, OUTBOX_ITEM, GObject)

/* Signal "loaded": the entry is there. */
SpareOutboxItem *spare_outbox_item_new (void);
void spare_outbox_item_set_entry (SpareOutboxItem *self, const SpareOutboxEntry *entry);
const SpareOutboxEntry *spare_outbox_item_get_entry (SpareOutboxItem *self); /* NULL: not yet */

G_END_DECLS
