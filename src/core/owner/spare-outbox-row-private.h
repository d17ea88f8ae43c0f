/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-database.h"
#include "spare-outbox.h"

G_BEGIN_DECLS

#define SPARE_OUTBOX_VERSION 3

extern const char *const spare_outbox_migrations[SPARE_OUTBOX_VERSION];

/* In the order that the two functions below keep to; the last is only read. */
#define SPARE_OUTBOX_WRITTEN_COLUMNS                                                     \
  "serial, state, file_id, name, description, size, created, owner, authority, subkey, " \
  "algorithm, cipher, mode, packet, proof, place, own_esk, exported"
#define SPARE_OUTBOX_COLUMNS SPARE_OUTBOX_WRITTEN_COLUMNS ", proven"

void spare_outbox_row_bind_text (sqlite3_stmt *stmt, int at, const char *text);
void spare_outbox_row_bind_bytes (sqlite3_stmt *stmt, int at, GBytes *bytes);
char *spare_outbox_row_dup_text (sqlite3_stmt *stmt, int at);
GBytes *spare_outbox_row_dup_bytes (sqlite3_stmt *stmt, int at);
void spare_outbox_row_bind (sqlite3_stmt *stmt, const SpareOutboxEntry *entry);
SpareOutboxEntry *spare_outbox_row_read (sqlite3_stmt *stmt);
/* The entries that a statement gives. */
GPtrArray *spare_outbox_row_read_all (SpareDatabase *database,
                                      sqlite3_stmt *stmt,
                                      GError **error);

G_END_DECLS
