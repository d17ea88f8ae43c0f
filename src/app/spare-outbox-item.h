/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"

G_BEGIN_DECLS

#define SPARE_TYPE_OUTBOX_ITEM (spare_outbox_item_get_type ())
G_DECLARE_FINAL_TYPE (SpareOutboxItem, spare_outbox_item, SPARE, OUTBOX_ITEM, GObject)

/* Signal "loaded": the entry is there. */
SpareOutboxItem *spare_outbox_item_new (void);
/* Returns whether it is another entry than before. */
gboolean spare_outbox_item_set_entry (SpareOutboxItem *self, const SpareOutboxEntry *entry);
/* Whether somebody listens: a row of the view. */
gboolean spare_outbox_item_is_shown (SpareOutboxItem *self);
const SpareOutboxEntry *spare_outbox_item_get_entry (SpareOutboxItem *self); /* NULL: not yet */

G_END_DECLS
