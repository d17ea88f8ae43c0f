/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signed deposits in the outbox, and what they do to its packets.
 *
 * Promise: a deposit is stored, whole and with the list of its packets, before any octet of it leaves; a packet counts as
 * exported only when the caller says that the copy was read back. So whatever is interrupted, what left is known here, and
 * what did not leave is still to be handed over. The octets are kept as long as they may be needed again: until the
 * authority acknowledged all of it, or a later deposit of the same owner to the same authority has all of it too. The list
 * of packets stays for good, because a receipt may come late.
 */
#include "config.h"

#include "spare-outbox-deposits-private.h"

#include "spare-outbox-private.h"
#include "spare-outbox-row-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void
row_free (gpointer data)
{
  SpareDepositRow *row = data;

  g_free (row->serial);
  g_free (row->sha256);
  g_free (row);
}

SpareKeptDeposit *
spare_kept_deposit_new (void)
{
  SpareKeptDeposit *self = g_new0 (SpareKeptDeposit, 1);

  self->rows = g_ptr_array_new_with_free_func (row_free);
  return self;
}

void
spare_kept_deposit_free (SpareKeptDeposit *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->sha256);
  g_free (self->owner);
  g_free (self->authority);
  g_ptr_array_unref (self->rows);
  g_free (self);
}

void
spare_kept_deposit_add_row (SpareKeptDeposit *self, const char *serial, const char *sha256)
{
  SpareDepositRow *row = g_new0 (SpareDepositRow, 1);

  row->serial = g_strdup (serial);
  row->sha256 = g_strdup (sha256);
  g_ptr_array_add (self->rows, row);
}

gboolean
spare_kept_deposit_has_row (const SpareKeptDeposit *self, const char *serial)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (strcmp (((SpareDepositRow *) g_ptr_array_index (self->rows, i))->serial, serial) == 0)
      return TRUE;
  return FALSE;
}

/* Runs @stmt to its end; what it returns is of no interest. */
static gboolean
run (SpareDatabase *database, sqlite3_stmt *stmt, GError **error)
{
  gboolean done = spare_database_step (database, stmt, NULL, error);

  sqlite3_reset (stmt);
  return done;
}

static gboolean
finish (SpareOutbox *self, SpareDatabase *database, gboolean done, GError **error)
{
  if (!done)
    spare_database_rollback (database);
  else
    done = spare_database_commit (database, error);
  spare_outbox_unlock_private (self, done);
  return done;
}

GPtrArray *
spare_outbox_choose_private (SpareOutbox *self, SpareOutboxChoice choice, GError **error)
{
  static const char *const wheres[] = {
    [SPARE_OUTBOX_UNSIGNED] = "state = 0 AND NOT EXISTS (SELECT 1 FROM deposit_rows r JOIN "
                              "deposits d ON d.id = r.deposit WHERE r.serial = packets.serial "
                              "AND d.octets IS NOT NULL)",
    [SPARE_OUTBOX_WAITING] = "state = 0",
    [SPARE_OUTBOX_UNPROVEN] = "(state < 2 OR proven = 0)",
  };
  g_autofree char *sql = g_strdup_printf ("SELECT " SPARE_OUTBOX_COLUMNS
                                          " FROM packets WHERE packet IS NOT NULL AND %s "
                                          "ORDER BY id",
                                          wheres[choice]);
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  sqlite3_stmt *stmt;
  GPtrArray *entries = NULL;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database, sql, error);
  if (stmt != NULL)
    entries = spare_outbox_row_read_all (database, stmt, error);
  sqlite3_finalize (stmt);
  spare_outbox_unlock_private (self, FALSE);
  return entries;
}

/* The first row of @sql as two numbers. */
static gboolean
query_two (SpareOutbox *self, const char *sql, gint64 at, gint64 found[2], GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  sqlite3_stmt *stmt;
  gboolean row = FALSE;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database, sql, error);
  if (stmt != NULL)
    {
      sqlite3_bind_int64 (stmt, 1, at);
      if (spare_database_step (database, stmt, &row, error) && row)
        {
          found[0] = sqlite3_column_int64 (stmt, 0);
          found[1] = sqlite3_column_int64 (stmt, 1);
        }
    }
  sqlite3_finalize (stmt);
  spare_outbox_unlock_private (self, FALSE);
  return row;
}

gboolean
spare_outbox_count_promised_private (SpareOutbox *self, guint *count, GError **error)
{
  gint64 found[2];

  if (!query_two (self, "SELECT count(*), ?1 FROM packets WHERE packet IS NULL", 0, found,
                  error))
    return FALSE;
  *count = (guint) found[0];
  return TRUE;
}

gboolean
spare_outbox_find_overdue_private (SpareOutbox *self,
                                   gint64 before,
                                   guint *count,
                                   gint64 *since,
                                   GError **error)
{
  gint64 found[2];

  if (!query_two (self,
                  "SELECT count(*), min(exported) FROM packets WHERE state = 1 AND "
                  "exported <= ?1",
                  before, found, error))
    return FALSE;
  *count = (guint) found[0];
  *since = found[1];
  return TRUE;
}

/* The proofs that @entries have by now; what is in the outbox already stays. */
gboolean
spare_outbox_set_proofs_private (SpareOutbox *self, GPtrArray *entries, GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  sqlite3_stmt *stmt = NULL;
  gboolean done = FALSE;

  if (database == NULL)
    return FALSE;
  if (!spare_database_begin (database, error))
    {
      spare_outbox_unlock_private (self, FALSE);
      return FALSE;
    }
  stmt = spare_database_prepare (database,
                                 "UPDATE packets SET proof = ?2, own_esk = NULL, cipher = ?3 "
                                 "WHERE serial = ?1 AND proof IS NULL",
                                 error);
  done = stmt != NULL;
  for (guint i = 0; done && i < entries->len; i++)
    {
      const SpareOutboxEntry *entry = g_ptr_array_index (entries, i);

      if (!entry->has_proof)
        continue;
      spare_outbox_row_bind_text (stmt, 1, entry->serial);
      sqlite3_bind_blob (stmt, 2, entry->proof, sizeof entry->proof, SQLITE_TRANSIENT);
      spare_outbox_row_bind_text (stmt, 3, entry->cipher);
      done = run (database, stmt, error);
    }
  sqlite3_finalize (stmt);
  return finish (self, database, done, error);
}

static gboolean
insert_deposit (SpareDatabase *database,
                const SpareKeptDeposit *deposit,
                GBytes *octets,
                GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  g_autoptr (sqlite3_stmt) row = NULL;

  stmt = spare_database_prepare (database,
                                 "INSERT INTO deposits (id, sha256, owner, authority, created, "
                                 "n_records, octets) VALUES (?1,?2,?3,?4,?5,?6,?7)",
                                 error);
  if (stmt == NULL)
    return FALSE;
  row = spare_database_prepare (database,
                                "INSERT INTO deposit_rows (deposit, serial, sha256) VALUES "
                                "(?1,?2,?3)",
                                error);
  if (row == NULL)
    return FALSE;

  spare_outbox_row_bind_text (stmt, 1, deposit->id);
  spare_outbox_row_bind_text (stmt, 2, deposit->sha256);
  spare_outbox_row_bind_text (stmt, 3, deposit->owner);
  spare_outbox_row_bind_text (stmt, 4, deposit->authority);
  sqlite3_bind_int64 (stmt, 5, deposit->created);
  sqlite3_bind_int64 (stmt, 6, deposit->rows->len);
  spare_outbox_row_bind_bytes (stmt, 7, octets);
  if (!run (database, stmt, error))
    return FALSE;
  for (guint i = 0; i < deposit->rows->len; i++)
    {
      const SpareDepositRow *one = g_ptr_array_index (deposit->rows, i);

      spare_outbox_row_bind_text (row, 1, deposit->id);
      spare_outbox_row_bind_text (row, 2, one->serial);
      spare_outbox_row_bind_text (row, 3, one->sha256);
      if (!run (database, row, error))
        return FALSE;
    }
  return TRUE;
}

/* What the new deposit has all of needs to be kept no longer. */
static gboolean
drop_superseded (SpareDatabase *database, const SpareKeptDeposit *deposit, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  stmt = spare_database_prepare (
      database,
      "UPDATE deposits SET octets = NULL WHERE octets IS NOT NULL AND id <> ?1 "
      "AND owner = ?2 AND authority = ?3 AND NOT EXISTS ("
      "  SELECT 1 FROM deposit_rows r JOIN packets p ON p.serial = r.serial AND p.state < 2"
      "  WHERE r.deposit = deposits.id AND NOT EXISTS ("
      "    SELECT 1 FROM deposit_rows n WHERE n.deposit = ?1 AND n.serial = r.serial))",
      error);
  if (stmt == NULL)
    return FALSE;
  spare_outbox_row_bind_text (stmt, 1, deposit->id);
  spare_outbox_row_bind_text (stmt, 2, deposit->owner);
  spare_outbox_row_bind_text (stmt, 3, deposit->authority);
  return run (database, stmt, error);
}

/*
 * spare_outbox_keep_deposit_private:
 *
 * Stores a signed deposit. After TRUE it survives a kill and a power cut: only then may it leave.
 */
gboolean
spare_outbox_keep_deposit_private (SpareOutbox *self,
                                   const SpareKeptDeposit *deposit,
                                   GBytes *octets,
                                   GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);

  if (database == NULL)
    return FALSE;
  if (!spare_database_begin (database, error))
    {
      spare_outbox_unlock_private (self, FALSE);
      return FALSE;
    }
  return finish (self, database,
                 insert_deposit (database, deposit, octets, error)
                     && drop_superseded (database, deposit, error),
                 error);
}

static SpareKeptDeposit *
read_deposit (sqlite3_stmt *stmt)
{
  SpareKeptDeposit *deposit = spare_kept_deposit_new ();

  deposit->id = spare_outbox_row_dup_text (stmt, 0);
  deposit->sha256 = spare_outbox_row_dup_text (stmt, 1);
  deposit->owner = spare_outbox_row_dup_text (stmt, 2);
  deposit->authority = spare_outbox_row_dup_text (stmt, 3);
  deposit->created = sqlite3_column_int64 (stmt, 4);
  return deposit;
}

static GPtrArray *
list_kept (SpareDatabase *database, const char *owner, const char *authority, GError **error)
{
  g_autoptr (GPtrArray)
      found = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_kept_deposit_free);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  SpareKeptDeposit *last = NULL;
  gboolean row = FALSE;

  stmt = spare_database_prepare (database,
                                 "SELECT d.id, d.sha256, d.owner, d.authority, d.created, "
                                 "r.serial, r.sha256 FROM deposits d JOIN deposit_rows r ON "
                                 "r.deposit = d.id WHERE d.owner = ?1 AND d.authority = ?2 "
                                 "AND d.octets IS NOT NULL ORDER BY d.rowid DESC, r.serial",
                                 error);
  if (stmt == NULL)
    return NULL;
  spare_outbox_row_bind_text (stmt, 1, owner);
  spare_outbox_row_bind_text (stmt, 2, authority);
  for (;;)
    {
      if (!spare_database_step (database, stmt, &row, error))
        return NULL;
      if (!row)
        return g_steal_pointer (&found);
      if (last == NULL || strcmp (last->id, (const char *) sqlite3_column_text (stmt, 0)) != 0)
        {
          last = read_deposit (stmt);
          g_ptr_array_add (found, last);
        }
      spare_kept_deposit_add_row (last, (const char *) sqlite3_column_text (stmt, 5),
                                  (const char *) sqlite3_column_text (stmt, 6));
    }
}

GPtrArray *
spare_outbox_list_kept_private (SpareOutbox *self,
                                const char *owner,
                                const char *authority,
                                GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  GPtrArray *found;

  if (database == NULL)
    return NULL;
  found = list_kept (database, owner, authority, error);
  spare_outbox_unlock_private (self, FALSE);
  return found;
}

GBytes *
spare_outbox_dup_kept_octets_private (SpareOutbox *self, const char *id, GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  sqlite3_stmt *stmt;
  GBytes *octets = NULL;
  gboolean row = FALSE;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database, "SELECT octets FROM deposits WHERE id = ?1", error);
  if (stmt != NULL)
    {
      spare_outbox_row_bind_text (stmt, 1, id);
      if (spare_database_step (database, stmt, &row, error))
        {
          if (row)
            octets = spare_outbox_row_dup_bytes (stmt, 0);
          if (octets == NULL)
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                 _ ("Another program has just replaced this deposit. Nothing "
                                    "was lost. Try again."));
        }
    }
  sqlite3_finalize (stmt);
  spare_outbox_unlock_private (self, FALSE);
  return octets;
}

static gboolean
mark_exported (SpareDatabase *database, const char *id, const char *place, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (sqlite3_stmt) deposit = NULL;
  g_autoptr (sqlite3_stmt) packets = NULL;

  deposit = spare_database_prepare (database,
                                    "UPDATE deposits SET place = ?2, exported = ?3 "
                                    "WHERE id = ?1",
                                    error);
  if (deposit == NULL)
    return FALSE;
  packets =
      spare_database_prepare (database,
                              "UPDATE packets SET state = max(state, 1), place = ?2, "
                              "exported = iif (state < 2, ?3, exported) WHERE packet "
                              "IS NOT NULL AND serial IN (SELECT serial FROM deposit_rows "
                              "WHERE deposit = ?1)",
                              error);
  if (packets == NULL)
    return FALSE;
  spare_outbox_row_bind_text (deposit, 1, id);
  spare_outbox_row_bind_text (deposit, 2, place);
  sqlite3_bind_int64 (deposit, 3, now);
  spare_outbox_row_bind_text (packets, 1, id);
  spare_outbox_row_bind_text (packets, 2, place);
  sqlite3_bind_int64 (packets, 3, now);
  return run (database, deposit, error) && run (database, packets, error);
}

/*
 * spare_outbox_mark_exported_private:
 *
 * To be called when the copy of a deposit was made durable, read back and compared.
 */
gboolean
spare_outbox_mark_exported_private (SpareOutbox *self,
                                    const char *id,
                                    const char *place,
                                    GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);

  if (database == NULL)
    return FALSE;
  if (!spare_database_begin (database, error))
    {
      spare_outbox_unlock_private (self, FALSE);
      return FALSE;
    }
  return finish (self, database, mark_exported (database, id, place, error), error);
}
