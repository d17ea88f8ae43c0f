/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-database.h"
#include "spare-outbox.h"

G_BEGIN_DECLS

/* For the files that keep more than packets in the outbox. NULL with an error: not locked. */
SpareDatabase *spare_outbox_lock_private (SpareOutbox *self, GError **error);
void spare_outbox_unlock_private (SpareOutbox *self, gboolean changed);

G_END_DECLS
