/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"

G_BEGIN_DECLS

#define SPARE_TYPE_OUTBOX_MODEL (spare_outbox_model_get_type ())
G_DECLARE_FINAL_TYPE (SpareOutboxModel, spare_outbox_model, SPARE, OUTBOX_MODEL, GObject)

/* A GListModel of SpareOutboxItem, newest first. Signals: "counted" (counts are known anew), "failed" (message). */
SpareOutboxModel *spare_outbox_model_new (SpareOutbox *outbox);
/* Nobody sees the list until this says so. */
void spare_outbox_model_set_active (SpareOutboxModel *self, gboolean active);
void spare_outbox_model_refresh (SpareOutboxModel *self);
guint spare_outbox_model_get_count (SpareOutboxModel *self, SpareOutboxState state);

G_END_DECLS
