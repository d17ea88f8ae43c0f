/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-database.h"
#include "spare-outbox.h"

G_BEGIN_DECLS

#define SPARE_OUTBOX_VERSION 1

extern const char *const spare_outbox_migrations[SPARE_OUTBOX_VERSION];

/* In the order that the two functions below keep to. */
#define SPARE_OUTBOX_COLUMNS                                                             \
  "serial, state, file_id, name, description, size, created, owner, authority, subkey, " \
  "algorithm, cipher, mode, packet, proof, place"

void spare_outbox_row_bind_text (sqlite3_stmt *stmt, int at, const char *text);
void spare_outbox_row_bind (sqlite3_stmt *stmt, const SpareOutboxEntry *entry);
SpareOutboxEntry *spare_outbox_row_read (sqlite3_stmt *stmt);

G_END_DECLS
