/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-database.h"
#include "spare-outbox.h"

G_BEGIN_DECLS

/* Rows of threads that wait for the lock: who gets it writes them all (spare-outbox-add.c). */
typedef struct
{
  GMutex lock;
  GQueue rows;
} SpareOutboxQueue;

/* For the files that keep more than packets in the outbox. NULL with an error: not locked. */
SpareDatabase *spare_outbox_lock_private (SpareOutbox *self, GError **error);
void spare_outbox_unlock_private (SpareOutbox *self, gboolean changed);
SpareOutboxQueue *spare_outbox_get_queue_private (SpareOutbox *self);

G_END_DECLS
