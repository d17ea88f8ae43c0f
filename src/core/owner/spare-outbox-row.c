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

  /* 2: what went to the authority, what it answered, and what was asked of it. A deposit stays when a packet of it is
   * withdrawn, and a packet when its deposit is forgotten: neither refers to the other by more than its serial. */
  "ALTER TABLE packets ADD COLUMN own_esk BLOB;" /* the owner's PKESK, until the proof is made */
  "ALTER TABLE packets ADD COLUMN exported INTEGER;" /* since when the authority could have it */
  "ALTER TABLE packets ADD COLUMN proven INTEGER CHECK (proven IN (0, 1));" /* by the receipt */
  "UPDATE packets SET exported = created WHERE state > 0;"
  "CREATE INDEX packets_by_export ON packets (exported) WHERE state = 1;"
  "CREATE TABLE deposits ("
  "  id TEXT PRIMARY KEY,"
  "  sha256 TEXT NOT NULL UNIQUE CHECK (length (sha256) = 64)," /* of the bundle's octets */
  "  owner TEXT NOT NULL,"
  "  authority TEXT NOT NULL,"
  "  created INTEGER NOT NULL,"
  "  n_records INTEGER NOT NULL CHECK (n_records >= 0),"
  "  place TEXT,"
  "  exported INTEGER,"
  "  octets BLOB" /* NULL: a later deposit has all of it, or the authority acknowledged it */
  ") STRICT;"
  "CREATE INDEX deposits_kept ON deposits (owner, authority) WHERE octets IS NOT NULL;"
  "CREATE TABLE deposit_rows ("
  "  deposit TEXT NOT NULL REFERENCES deposits (id) ON DELETE CASCADE,"
  "  serial TEXT NOT NULL,"
  "  sha256 TEXT NOT NULL CHECK (length (sha256) = 64)," /* of the packet */
  "  PRIMARY KEY (deposit, serial)"
  ") STRICT, WITHOUT ROWID;"
  "CREATE INDEX deposit_rows_by_serial ON deposit_rows (serial);"
  "CREATE TABLE receipts ("
  "  id TEXT PRIMARY KEY,"
  "  sha256 TEXT NOT NULL UNIQUE CHECK (length (sha256) = 64),"
  "  owner TEXT NOT NULL,"
  "  authority TEXT NOT NULL,"
  "  created INTEGER NOT NULL,"
  "  applied INTEGER NOT NULL,"
  "  n_records INTEGER NOT NULL,"
  "  checkpoint TEXT" /* JSON: the authority's audit log as its owners bear witness */
  ") STRICT;"
  "CREATE TABLE requests ("
  "  id TEXT PRIMARY KEY,"
  "  sha256 TEXT NOT NULL UNIQUE CHECK (length (sha256) = 64),"
  "  octets BLOB NOT NULL,"
  "  created INTEGER NOT NULL,"
  "  old TEXT NOT NULL,"
  "  key TEXT NOT NULL,"
  "  authority TEXT NOT NULL,"
  "  reason TEXT NOT NULL,"
  "  kind TEXT NOT NULL CHECK (kind IN ('lost', 'stolen')),"
  "  since INTEGER,"
  "  place TEXT," /* NULL: it may not have left */
  "  state TEXT NOT NULL CHECK (state IN ('open', 'granted', 'refused')),"
  "  answer TEXT," /* id of the grant or refusal */
  "  answered INTEGER,"
  "  answer_text TEXT" /* the refusal's reason */
  ") STRICT;"
  "CREATE TABLE request_files ("
  "  request TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,"
  "  position INTEGER NOT NULL,"
  "  file_id TEXT NOT NULL CHECK (length (file_id) = 32),"
  "  tag INTEGER NOT NULL CHECK (tag IN (18, 20)),"
  "  head BLOB NOT NULL," /* the data head */
  "  path BLOB NOT NULL," /* where it was; absolute */
  "  size INTEGER NOT NULL,"
  "  esk BLOB," /* the authority's PKESK, if the file has one */
  "  PRIMARY KEY (request, position)"
  ") STRICT, WITHOUT ROWID;"
  "CREATE INDEX request_files_by_file ON request_files (file_id);",

  /* 3: the authority's audit log as its owners bear witness: the checkpoints that came with receipts, grants and refusals. All
   * are kept, since one that came after the log was rewritten fits the rewritten one. */
  "CREATE TABLE checkpoints ("
  "  id INTEGER PRIMARY KEY,"
  "  authority TEXT NOT NULL,"
  "  sequence INTEGER NOT NULL,"
  "  kind TEXT NOT NULL,"   /* of the first bundle that it came with */
  "  bundle TEXT NOT NULL," /* its id */
  "  kept INTEGER NOT NULL,"
  "  text TEXT NOT NULL," /* JSON */
  "  UNIQUE (authority, text)"
  ") STRICT;"
  "INSERT OR IGNORE INTO checkpoints (authority, sequence, kind, bundle, kept, text)"
  "  SELECT authority,"
  "  cast (ifnull (json_extract (checkpoint, '$.sequence'), 0) AS INTEGER), 'receipt', id,"
  "  applied, checkpoint FROM receipts WHERE checkpoint IS NOT NULL;"
  "ALTER TABLE receipts DROP COLUMN checkpoint;",
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
spare_outbox_row_bind_bytes (sqlite3_stmt *stmt, int at, GBytes *bytes)
{
  if (bytes != NULL)
    sqlite3_bind_blob64 (stmt, at, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                         SQLITE_TRANSIENT);
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
  spare_outbox_row_bind_bytes (stmt, 14, entry->packet);
  if (entry->has_proof)
    sqlite3_bind_blob (stmt, 15, entry->proof, sizeof entry->proof, SQLITE_TRANSIENT);
  spare_outbox_row_bind_text (stmt, 16, entry->place);
  spare_outbox_row_bind_bytes (stmt, 17, entry->own_esk);
  if (entry->exported > 0)
    sqlite3_bind_int64 (stmt, 18, entry->exported);
}

char *
spare_outbox_row_dup_text (sqlite3_stmt *stmt, int at)
{
  return g_strdup ((const char *) sqlite3_column_text (stmt, at));
}

GBytes *
spare_outbox_row_dup_bytes (sqlite3_stmt *stmt, int at)
{
  gconstpointer octets;

  if (sqlite3_column_type (stmt, at) == SQLITE_NULL)
    return NULL;
  octets = sqlite3_column_blob (stmt, at);
  return g_bytes_new (octets, (gsize) sqlite3_column_bytes (stmt, at));
}

SpareOutboxEntry *
spare_outbox_row_read (sqlite3_stmt *stmt)
{
  SpareOutboxEntry *entry = g_new0 (SpareOutboxEntry, 1);

  entry->serial = spare_outbox_row_dup_text (stmt, 0);
  entry->state = (SpareOutboxState) sqlite3_column_int (stmt, 1);
  entry->file_id = spare_outbox_row_dup_text (stmt, 2);
  entry->name = g_strndup (sqlite3_column_blob (stmt, 3),
                           (gsize) sqlite3_column_bytes (stmt, 3));
  if (entry->name == NULL)
    entry->name = g_strdup ("");
  entry->description = spare_outbox_row_dup_text (stmt, 4);
  entry->size = (guint64) sqlite3_column_int64 (stmt, 5);
  entry->created = sqlite3_column_int64 (stmt, 6);
  entry->owner = spare_outbox_row_dup_text (stmt, 7);
  entry->authority = spare_outbox_row_dup_text (stmt, 8);
  entry->subkey = spare_outbox_row_dup_text (stmt, 9);
  entry->algorithm = spare_outbox_row_dup_text (stmt, 10);
  entry->cipher = spare_outbox_row_dup_text (stmt, 11);
  entry->mode = (SpareEscrowMode) sqlite3_column_int (stmt, 12);
  entry->packet = spare_outbox_row_dup_bytes (stmt, 13);
  if (sqlite3_column_bytes (stmt, 14) == (int) sizeof entry->proof)
    {
      memcpy (entry->proof, sqlite3_column_blob (stmt, 14), sizeof entry->proof);
      entry->has_proof = TRUE;
    }
  entry->place = spare_outbox_row_dup_text (stmt, 15);
  entry->own_esk = spare_outbox_row_dup_bytes (stmt, 16);
  entry->exported = sqlite3_column_int64 (stmt, 17);
  entry->verdict = sqlite3_column_type (stmt, 18) == SQLITE_NULL ? SPARE_OUTBOX_NO_VERDICT
                   : sqlite3_column_int (stmt, 18) != 0          ? SPARE_OUTBOX_PROVEN
                                                                 : SPARE_OUTBOX_HELD;
  return entry;
}

GPtrArray *
spare_outbox_row_read_all (SpareDatabase *database, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (GPtrArray)
      entries = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_outbox_entry_free);
  gboolean row = FALSE;

  do
    {
      if (!spare_database_step (database, stmt, &row, error))
        return NULL;
      if (row)
        g_ptr_array_add (entries, spare_outbox_row_read (stmt));
    }
  while (row);

  return g_steal_pointer (&entries);
}
