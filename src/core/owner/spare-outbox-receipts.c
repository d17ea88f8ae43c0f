/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipts in the outbox.
 *
 * Promise: a packet is acknowledged only by a record that names its serial, the SHA-256 of its octets, and a deposit that
 * was made here, by the key that the receipt is for and to the authority that signed it; a record that fits no such deposit
 * changes nothing. All of a receipt is one transaction. The same receipt again changes nothing. "Proven" is never taken
 * back by a later "held". A packet that is nowhere else stays in the outbox after it is acknowledged.
 */
#include "config.h"

#include "spare-outbox-receipts-private.h"

#include "spare-outbox-private.h"
#include "spare-outbox-row-private.h"
#include "spare-outbox-witness-private.h"
#include "spare-receipt-record.h"

/* What one receipt needs, prepared once. */
typedef struct
{
  SpareDatabase *database;
  sqlite3_stmt *find;
  sqlite3_stmt *move;
} Statements;

static void
statements_clear (Statements *self)
{
  sqlite3_finalize (self->find);
  sqlite3_finalize (self->move);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Statements, statements_clear)

static gboolean
prepare (Statements *self, SpareDatabase *database, GError **error)
{
  self->database = database;
  self->find = spare_database_prepare (
      database,
      "SELECT p.state FROM deposit_rows r JOIN deposits d ON d.id = r.deposit "
      "LEFT JOIN packets p ON p.serial = r.serial WHERE r.deposit = ?1 AND r.serial = ?2 "
      "AND r.sha256 = ?3 AND d.owner = ?4 AND d.authority = ?5",
      error);
  if (self->find == NULL)
    return FALSE;
  self->move = spare_database_prepare (
      database,
      "UPDATE packets SET state = 2, exported = coalesce (exported, ?2), "
      "proven = max (coalesce (proven, 0), ?3) WHERE serial = ?1 AND packet IS NOT NULL",
      error);
  return self->move != NULL;
}

/* -1: it is none of ours; 2 and no packet: withdrawn since. */
static gboolean
find (Statements *self,
      const SpareBelievedReceipt *receipt,
      const SpareReceiptRecord *record,
      int *state,
      GError **error)
{
  gboolean row = FALSE;

  sqlite3_reset (self->find);
  spare_outbox_row_bind_text (self->find, 1, record->deposit);
  spare_outbox_row_bind_text (self->find, 2, record->serial);
  spare_outbox_row_bind_text (self->find, 3, record->sha256);
  spare_outbox_row_bind_text (self->find, 4, receipt->owner);
  spare_outbox_row_bind_text (self->find, 5, receipt->authority);
  if (!spare_database_step (self->database, self->find, &row, error))
    return FALSE;
  if (!row)
    *state = -1;
  else if (sqlite3_column_type (self->find, 0) == SQLITE_NULL)
    *state = SPARE_OUTBOX_ACKNOWLEDGED;
  else
    *state = sqlite3_column_int (self->find, 0);
  return TRUE;
}

static gboolean
apply_one (Statements *self,
           const SpareBelievedReceipt *receipt,
           const SpareReceiptRecord *record,
           SpareReceiptResult *result,
           GError **error)
{
  int state = -1;

  if (!find (self, receipt, record, &state, error))
    return FALSE;
  if (state < 0)
    {
      result->n_unknown++;
      return TRUE;
    }
  sqlite3_reset (self->move);
  spare_outbox_row_bind_text (self->move, 1, record->serial);
  sqlite3_bind_int64 (self->move, 2, g_get_real_time () / G_USEC_PER_SEC);
  sqlite3_bind_int (self->move, 3, record->proven);
  if (!spare_database_step (self->database, self->move, NULL, error))
    return FALSE;
  if (state < SPARE_OUTBOX_ACKNOWLEDGED)
    result->n_moved++;
  else
    result->n_known++;
  result->n_held += !record->proven;
  return TRUE;
}

static gboolean
keep_receipt (SpareDatabase *database, const SpareBelievedReceipt *receipt, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  stmt =
      spare_database_prepare (database,
                              "INSERT OR IGNORE INTO receipts (id, sha256, owner, authority, "
                              "created, applied, n_records) VALUES (?1,?2,?3,?4,?5,?6,?7)",
                              error);
  if (stmt == NULL)
    return FALSE;
  spare_outbox_row_bind_text (stmt, 1, receipt->id);
  spare_outbox_row_bind_text (stmt, 2, receipt->sha256);
  spare_outbox_row_bind_text (stmt, 3, receipt->owner);
  spare_outbox_row_bind_text (stmt, 4, receipt->authority);
  sqlite3_bind_int64 (stmt, 5, receipt->created);
  sqlite3_bind_int64 (stmt, 6, g_get_real_time () / G_USEC_PER_SEC);
  sqlite3_bind_int64 (stmt, 7, receipt->records->len);
  return spare_database_step (database, stmt, NULL, error);
}

static gboolean
apply_all (SpareDatabase *database,
           const SpareBelievedReceipt *receipt,
           SpareReceiptResult *result,
           GError **error)
{
  g_auto (Statements) statements = { 0 };

  if (!prepare (&statements, database, error))
    return FALSE;
  for (guint i = 0; i < receipt->records->len; i++)
    if (!apply_one (&statements, receipt, g_ptr_array_index (receipt->records, i), result,
                    error))
      return FALSE;
  sqlite3_reset (statements.find);
  sqlite3_reset (statements.move);

  /* Deposits whose packets are all with the authority now need to be kept no longer. */
  return keep_receipt (database, receipt, error)
         && (receipt->checkpoint == NULL
             || spare_outbox_insert_checkpoint_private (database, receipt->authority, "receipt",
                                                        receipt->id, receipt->checkpoint,
                                                        error))
         && spare_database_exec (database,
                                 "UPDATE deposits SET octets = NULL WHERE octets IS NOT NULL "
                                 "AND NOT EXISTS (SELECT 1 FROM deposit_rows r JOIN packets p "
                                 "ON p.serial = r.serial WHERE r.deposit = deposits.id AND "
                                 "p.state < 2)",
                                 error);
}

gboolean
spare_outbox_acknowledge_private (SpareOutbox *self,
                                  const SpareBelievedReceipt *receipt,
                                  SpareReceiptResult *result,
                                  GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  SpareReceiptResult found = { 0 };
  gboolean done;

  if (database == NULL)
    return FALSE;
  done = spare_database_begin (database, error);
  if (done && !apply_all (database, receipt, &found, error))
    {
      spare_database_rollback (database);
      done = FALSE;
    }
  done = done && spare_database_commit (database, error);
  spare_outbox_unlock_private (self, done);
  if (done)
    *result = found;
  return done;
}
