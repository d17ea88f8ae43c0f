/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets on their way into the outbox: what waits together is committed together.
 *
 * A commit costs several waits for the disk, whatever is in it. So a thread first puts its row into a queue and then waits
 * for the outbox's lock, as everybody does; who gets the lock writes all rows that are queued by then, in one transaction,
 * and the others find theirs done when they get the lock.
 *
 * Promise: spare_outbox_add_sync() returns TRUE only when the transaction with its row is on the disk. A row that can't be
 * written fails alone: when the common transaction fails, nothing of it stays, and each row is tried by itself.
 */
#include "config.h"

#include "spare-key.h"
#include "spare-outbox-private.h"
#include "spare-outbox-row-private.h"

#define PACKET_MAX (64 * 1024) /* octets; an escrow packet has a few hundred */

/* On the stack of the thread that waits for it. */
typedef struct
{
  const SpareOutboxEntry *entry;
  gboolean done; /* guarded by the outbox's lock, as what follows */
  gboolean added;
  GError *error;
} Row;

static gboolean
insert (SpareDatabase *database, const SpareOutboxEntry *entry, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  stmt = spare_database_prepare (database,
                                 "INSERT INTO packets (" SPARE_OUTBOX_WRITTEN_COLUMNS
                                 ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,"
                                 "?16,?17,?18)",
                                 error);
  if (stmt == NULL)
    return FALSE;
  spare_outbox_row_bind (stmt, entry);
  return spare_database_step (database, stmt, NULL, error);
}

/* All of them, durably, or none. */
static gboolean
insert_together (SpareDatabase *database, Row *const *rows, guint n, GError **error)
{
  if (!spare_database_begin (database, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!insert (database, rows[i]->entry, error))
      {
        spare_database_rollback (database);
        return FALSE;
      }
  return spare_database_commit (database, error);
}

/* With the outbox's lock held. */
static void
write_all (SpareDatabase *database, GPtrArray *rows)
{
  Row *const *all = (Row *const *) rows->pdata;
  gboolean together = rows->len > 1 && insert_together (database, all, rows->len, NULL);

  for (guint i = 0; i < rows->len; i++)
    {
      Row *row = all[i];

      row->added = together || insert_together (database, &all[i], 1, &row->error);
      row->done = TRUE;
    }
}

static GPtrArray *
take_queued (SpareOutboxQueue *queue)
{
  GPtrArray *rows = g_ptr_array_new ();
  Row *row;

  g_mutex_lock (&queue->lock);
  while ((row = g_queue_pop_head (&queue->rows)) != NULL)
    g_ptr_array_add (rows, row);
  g_mutex_unlock (&queue->lock);
  return rows;
}

/* FALSE: another thread took it, and has the outbox's lock until it is done. */
static gboolean
take_back (SpareOutboxQueue *queue, Row *row)
{
  gboolean found;

  g_mutex_lock (&queue->lock);
  found = g_queue_remove (&queue->rows, row);
  g_mutex_unlock (&queue->lock);
  return found;
}

/**
 * spare_outbox_add_sync:
 * @entry: what to store; its serial comes from spare_outbox_reserve_serial_sync()
 * @error: where to put an error
 *
 * Stores a packet. After %TRUE it survives a kill and a power cut: only then may the file appear.
 *
 * Returns: %FALSE with an error, and no row
 */
gboolean
spare_outbox_add_sync (SpareOutbox *self, const SpareOutboxEntry *entry, GError **error)
{
  SpareOutboxQueue *queue;
  SpareDatabase *database;
  Row row = { .entry = entry };
  g_autoptr (GError) reason = NULL;
  gboolean wrote = FALSE;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self), FALSE);
  g_return_val_if_fail (entry != NULL && entry->serial != NULL && entry->file_id != NULL,
                        FALSE);
  g_return_val_if_fail (entry->name != NULL && entry->owner != NULL, FALSE);
  g_return_val_if_fail (entry->size <= G_MAXINT64, FALSE);
  g_return_val_if_fail (entry->packet == NULL || g_bytes_get_size (entry->packet) <= PACKET_MAX,
                        FALSE);

  queue = spare_outbox_get_queue_private (self);
  g_mutex_lock (&queue->lock);
  g_queue_push_tail (&queue->rows, &row);
  g_mutex_unlock (&queue->lock);

  while ((database = spare_outbox_lock_private (self, &reason)) == NULL)
    {
      if (take_back (queue, &row))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      g_clear_error (&reason);
    }
  if (!row.done)
    {
      g_autoptr (GPtrArray) rows = take_queued (queue);

      write_all (database, rows);
      wrote = TRUE;
    }
  spare_outbox_unlock_private (self, wrote);

  if (row.error != NULL)
    g_propagate_error (error, row.error);
  return row.added;
}
