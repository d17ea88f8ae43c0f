/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners are witnesses of the authority's audit log: the checkpoints that came with its receipts, grants and refusals.
 *
 * Promise: what is here came in a bundle that the pinned authority signed, and is as it came. All of them are kept, since a
 * log that was rewritten is found by those from before. Whether the log fits them is told by who has the log.
 */
#include "config.h"

#include "spare-outbox-witness.h"

#include "spare-json-line.h"
#include "spare-outbox-private.h"
#include "spare-outbox-row-private.h"
#include "spare-outbox-witness-private.h"

/**
 * spare_witness_free:
 * @self: (transfer full): one of spare_outbox_list_witnesses_sync()
 */
void
spare_witness_free (SpareWitness *self)
{
  g_free (self->authority);
  g_free (self->kind);
  g_free (self->bundle);
  g_clear_pointer (&self->checkpoint, json_object_unref);
  g_free (self);
}

gboolean
spare_outbox_insert_checkpoint_private (SpareDatabase *database,
                                        const char *authority,
                                        const char *kind,
                                        const char *bundle,
                                        JsonObject *checkpoint,
                                        GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "INSERT OR IGNORE INTO checkpoints (authority, sequence, "
                                     "kind, bundle, kept, text) VALUES (?1,?2,?3,?4,?5,?6)",
                                     error);
  g_autofree char *text = spare_json_line_write (checkpoint);
  guint64 sequence = 0;

  if (stmt == NULL)
    return FALSE;
  spare_json_get_uint64 (checkpoint, "sequence", G_MAXINT64, &sequence, NULL);
  spare_outbox_row_bind_text (stmt, 1, authority);
  sqlite3_bind_int64 (stmt, 2, (gint64) sequence);
  spare_outbox_row_bind_text (stmt, 3, kind);
  spare_outbox_row_bind_text (stmt, 4, bundle);
  sqlite3_bind_int64 (stmt, 5, g_get_real_time () / G_USEC_PER_SEC);
  spare_outbox_row_bind_text (stmt, 6, text);
  return spare_database_step (database, stmt, NULL, error);
}

gboolean
spare_outbox_keep_checkpoint_private (SpareOutbox *self,
                                      const SpareBundleHeader *header,
                                      GError **error)
{
  JsonObject *checkpoint = NULL;
  SpareDatabase *database;
  gboolean done;

  if (!spare_json_get_optional_object (header->fields, "checkpoint", &checkpoint, error))
    return FALSE;
  if (checkpoint == NULL)
    return TRUE;
  database = spare_outbox_lock_private (self, error);
  if (database == NULL)
    return FALSE;
  done = spare_outbox_insert_checkpoint_private (database, header->from,
                                                 spare_bundle_type_to_string (header->type),
                                                 header->id, checkpoint, error);
  spare_outbox_unlock_private (self, FALSE);
  return done;
}

static SpareWitness *
read_witness (sqlite3_stmt *stmt)
{
  SpareWitness *witness = g_new0 (SpareWitness, 1);
  g_autofree char *text = spare_outbox_row_dup_text (stmt, 5);

  witness->authority = spare_outbox_row_dup_text (stmt, 0);
  witness->sequence = sqlite3_column_int64 (stmt, 1);
  witness->kind = spare_outbox_row_dup_text (stmt, 2);
  witness->bundle = spare_outbox_row_dup_text (stmt, 3);
  witness->kept = sqlite3_column_int64 (stmt, 4);
  witness->checkpoint = spare_json_line_parse (text, strlen (text), NULL);
  return witness;
}

/**
 * spare_outbox_list_witnesses_sync:
 * @self: an open outbox
 * @authority: (nullable): primary fingerprint; %NULL for any
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareWitness): what is kept, by the row of the log
 */
GPtrArray *
spare_outbox_list_witnesses_sync (SpareOutbox *self, const char *authority, GError **error)
{
  g_autoptr (GPtrArray)
      found = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_witness_free);
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database,
                                 "SELECT authority, sequence, kind, bundle, kept, text FROM "
                                 "checkpoints WHERE ?1 IS NULL OR authority = ?1 "
                                 "ORDER BY authority, sequence, kept",
                                 error);
  done = stmt != NULL;
  if (done)
    spare_outbox_row_bind_text (stmt, 1, authority);
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    {
      g_autoptr (SpareWitness) witness = read_witness (stmt);

      if (witness->checkpoint != NULL)
        g_ptr_array_add (found, g_steal_pointer (&witness));
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_outbox_unlock_private (self, FALSE);
  return done ? g_steal_pointer (&found) : NULL;
}

/**
 * spare_witness_write_all:
 * @witnesses: (element-type SpareWitness): of one authority
 *
 * Returns: (transfer full): a line of JSON for each, as they came: what the authority's verification takes to compare with
 */
char *
spare_witness_write_all (GPtrArray *witnesses)
{
  GString *lines = g_string_new (NULL);

  for (guint i = 0; i < witnesses->len; i++)
    {
      const SpareWitness *witness = g_ptr_array_index (witnesses, i);
      g_autofree char *line = spare_json_line_write (witness->checkpoint);

      g_string_append_printf (lines, "%s\n", line);
    }
  return g_string_free (lines, FALSE);
}
