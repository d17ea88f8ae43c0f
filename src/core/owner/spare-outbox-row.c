/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row of the outbox: the tables, and an entry to and from its columns.
 *
 * Promise: what is bound is what is read, octet for octet. A file name is a BLOB: names are octets, not text.
 */
#include "config.h"

#include "spare-outbox-row-private.h"

const char *const spare_outbox_migrations[SPARE_OUTBOX_VERSION] = {
  "CREATE TABLE series ("
  "  id INTEGER PRIMARY KEY CHECK (id = 1),"
  "  tag TEXT NOT NULL CHECK (length (tag) = 4),"
  "  counter INTEGER NOT NULL CHECK (counter >= 0)"
  ") STRICT;"
  "CREATE TABLE packets ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  serial TEXT NOT NULL UNIQUE,"
  "  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),"
  "  file_id TEXT NOT NULL CHECK (length (file_id) = 32),"
  "  name BLOB NOT NULL,"
  "  description TEXT NOT NULL,"
  "  size INTEGER NOT NULL CHECK (size >= 0),"
  "  created INTEGER NOT NULL,"
  "  owner TEXT NOT NULL,"
  "  authority TEXT,"
  "  subkey TEXT,"
  "  algorithm TEXT,"
  "  cipher TEXT,"
  "  mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 2),"
  "  packet BLOB,"
  "  proof BLOB CHECK (proof IS NULL OR length (proof) = 32),"
  "  place TEXT,"
  "  CHECK (packet IS NOT NULL OR state = 0)" /* escrow pending: there is nothing to export yet */
  ") STRICT;"
  "CREATE INDEX packets_by_file ON packets (file_id);"
  "CREATE INDEX packets_by_state ON packets (state, id);",
};

void
spare_outbox_row_bind_text (sqlite3_stmt *stmt, int at, const char *text)
{
  if (text != NULL)
    sqlite3_bind_text (stmt, at, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (stmt, at);
}

void
spare_outbox_row_bind (sqlite3_stmt *stmt, const SpareOutboxEntry *entry)
{
  spare_outbox_row_bind_text (stmt, 1, entry->serial);
  sqlite3_bind_int (stmt, 2, (int) entry->state);
  spare_outbox_row_bind_text (stmt, 3, entry->file_id);
  sqlite3_bind_blob64 (stmt, 4, entry->name, strlen (entry->name), SQLITE_TRANSIENT);
  spare_outbox_row_bind_text (stmt, 5, entry->description != NULL ? entry->description : "");
  sqlite3_bind_int64 (stmt, 6, (gint64) entry->size);
  sqlite3_bind_int64 (stmt, 7, entry->created);
  spare_outbox_row_bind_text (stmt, 8, entry->owner);
  spare_outbox_row_bind_text (stmt, 9, entry->authority);
  spare_outbox_row_bind_text (stmt, 10, entry->subkey);
  spare_outbox_row_bind_text (stmt, 11, entry->algorithm);
  spare_outbox_row_bind_text (stmt, 12, entry->cipher);
  sqlite3_bind_int (stmt, 13, (int) entry->mode);
  if (entry->packet != NULL)
    sqlite3_bind_blob64 (stmt, 14, g_bytes_get_data (entry->packet, NULL),
                         g_bytes_get_size (entry->packet), SQLITE_TRANSIENT);
  if (entry->has_proof)
    sqlite3_bind_blob (stmt, 15, entry->proof, sizeof entry->proof, SQLITE_TRANSIENT);
  spare_outbox_row_bind_text (stmt, 16, entry->place);
}

static char *
column_dup (sqlite3_stmt *stmt, int at)
{
  return g_strdup ((const char *) sqlite3_column_text (stmt, at));
}

SpareOutboxEntry *
spare_outbox_row_read (sqlite3_stmt *stmt)
{
  SpareOutboxEntry *entry = g_new0 (SpareOutboxEntry, 1);

  entry->serial = column_dup (stmt, 0);
  entry->state = (SpareOutboxState) sqlite3_column_int (stmt, 1);
  entry->file_id = column_dup (stmt, 2);
  entry->name = g_strndup (sqlite3_column_blob (stmt, 3),
                           (gsize) sqlite3_column_bytes (stmt, 3));
  if (entry->name == NULL)
    entry->name = g_strdup ("");
  entry->description = column_dup (stmt, 4);
  entry->size = (guint64) sqlite3_column_int64 (stmt, 5);
  entry->created = sqlite3_column_int64 (stmt, 6);
  entry->owner = column_dup (stmt, 7);
  entry->authority = column_dup (stmt, 8);
  entry->subkey = column_dup (stmt, 9);
  entry->algorithm = column_dup (stmt, 10);
  entry->cipher = column_dup (stmt, 11);
  entry->mode = (SpareEscrowMode) sqlite3_column_int (stmt, 12);
  if (sqlite3_column_type (stmt, 13) != SQLITE_NULL)
    entry->packet = g_bytes_new (sqlite3_column_blob (stmt, 13),
                                 (gsize) sqlite3_column_bytes (stmt, 13));
  if (sqlite3_column_bytes (stmt, 14) == (int) sizeof entry->proof)
    {
      memcpy (entry->proof, sqlite3_column_blob (stmt, 14), sizeof entry->proof);
      entry->has_proof = TRUE;
    }
  entry->place = column_dup (stmt, 15);
  return entry;
}
