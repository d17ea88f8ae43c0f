/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packets a receipt has still to name.
 *
 * Promise: each (deposit, packet, serial) that came is answered once, also when the packet was known before: the outbox that
 * sent it moves only by a receipt that names that very deposit (protocol.md 4.2).
 */
#include "config.h"

#include "spare-registry.h"

#include "spare-registry-private.h"

#define LIMIT_MAX 10000

/**
 * spare_registry_list_owners_to_answer:
 *
 * Returns: (transfer full) (element-type utf8): fingerprints of the owners who have something unanswered
 */
GPtrArray *
spare_registry_list_owners_to_answer (SpareRegistry *self, GError **error)
{
  g_autoptr (GPtrArray) owners = g_ptr_array_new_with_free_func (g_free);
  SpareDatabase *database = spare_registry_lock (self, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database,
                                 "SELECT DISTINCT owner FROM answers WHERE receipt IS NULL "
                                 "ORDER BY owner",
                                 error);
  done = stmt != NULL;
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    g_ptr_array_add (owners, spare_registry_dup_text (stmt, 0));
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done ? g_steal_pointer (&owners) : NULL;
}

/**
 * spare_registry_list_answers:
 * @owner: the fingerprint
 * @after: the id of the last one of the page before; 0 for the first page
 * @limit: at most so many
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareRegistryAnswer): what is unanswered, in the order it came
 */
GPtrArray *
spare_registry_list_answers (SpareRegistry *self,
                             const char *owner,
                             gint64 after,
                             guint limit,
                             GError **error)
{
  g_autoptr (GPtrArray)
      answers = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_answer_free);
  SpareDatabase *database = spare_registry_lock (self, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (
      database,
      "SELECT a.id, a.packet, a.owner, a.serial, p.sha256, a.deposit, p.proven"
      " FROM answers a JOIN packets p ON p.id = a.packet"
      " WHERE a.owner = ?1 AND a.receipt IS NULL AND a.id > ?2 ORDER BY a.id LIMIT ?3",
      error);
  done = stmt != NULL;
  if (done)
    {
      spare_registry_bind_text (stmt, 1, owner);
      sqlite3_bind_int64 (stmt, 2, after);
      sqlite3_bind_int64 (stmt, 3, CLAMP (limit, 1, LIMIT_MAX));
    }
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    {
      SpareRegistryAnswer *answer = g_new0 (SpareRegistryAnswer, 1);

      answer->id = sqlite3_column_int64 (stmt, 0);
      answer->packet = sqlite3_column_int64 (stmt, 1);
      answer->owner = spare_registry_dup_text (stmt, 2);
      answer->serial = spare_registry_dup_text (stmt, 3);
      answer->sha256 = spare_registry_dup_text (stmt, 4);
      answer->deposit = spare_registry_dup_text (stmt, 5);
      answer->proven = sqlite3_column_int (stmt, 6) == 1;
      g_ptr_array_add (answers, answer);
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done ? g_steal_pointer (&answers) : NULL;
}

/**
 * spare_registry_mark_answered:
 * @answer: the id of one
 * @receipt: id of the receipt bundle that names it
 *
 * Within the transaction that keeps the receipt.
 */
gboolean
spare_registry_mark_answered (SpareRegistry *self,
                              gint64 answer,
                              const char *receipt,
                              GError **error)
{
  SpareDatabase *database;
  g_autoptr (sqlite3_stmt) mark = NULL;
  g_autoptr (sqlite3_stmt) flag = NULL;

  g_return_val_if_fail (spare_registry_is_in_transaction (self) && receipt != NULL, FALSE);

  database = spare_registry_get_database_private (self);
  mark = spare_database_prepare (database, "UPDATE answers SET receipt = ?2 WHERE id = ?1",
                                 error);
  flag = mark == NULL ? NULL
                      : spare_database_prepare (database,
                                                "UPDATE packets SET receipted = 1 WHERE "
                                                "receipted = 0 AND id ="
                                                " (SELECT packet FROM answers WHERE id = ?1)",
                                                error);
  if (flag == NULL)
    return FALSE;
  sqlite3_bind_int64 (mark, 1, answer);
  spare_registry_bind_text (mark, 2, receipt);
  sqlite3_bind_int64 (flag, 1, answer);
  return spare_database_step (database, mark, NULL, error)
         && spare_database_step (database, flag, NULL, error);
}
