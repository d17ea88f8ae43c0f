/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests in the outbox: what was asked for, where the files were, and what came of it.
 *
 * Promise: a request is stored with all of its files before it leaves, so an answer always finds what it is an answer to.
 * An open request is closed once; what has been answered stays as it is.
 */
#include "config.h"

#include "spare-outbox-requests-private.h"

#include "spare-outbox-private.h"
#include "spare-outbox-row-private.h"

void
spare_request_free (SpareRequest *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->sha256);
  g_free (self->old);
  g_free (self->key);
  g_free (self->authority);
  g_free (self->reason);
  g_free (self->place);
  g_free (self->answer);
  g_free (self->answer_text);
  g_free (self);
}

void
spare_request_file_free (SpareRequestFile *self)
{
  if (self == NULL)
    return;

  g_free (self->file_id);
  g_clear_pointer (&self->data_head, g_bytes_unref);
  g_free (self->path);
  g_clear_pointer (&self->esk, spare_esk_unref);
  g_free (self);
}

static const char *const state_names[] = {
  [SPARE_REQUEST_OPEN] = "open",
  [SPARE_REQUEST_GRANTED] = "granted",
  [SPARE_REQUEST_REFUSED] = "refused",
};

/**
 * spare_request_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): its word on the command line and in JSON
 */
const char *
spare_request_state_to_string (SpareRequestState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (state_names), "open");

  return state_names[state];
}

static gboolean
insert_request (SpareDatabase *database,
                const SpareRequest *request,
                GBytes *octets,
                GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  stmt = spare_database_prepare (database,
                                 "INSERT INTO requests (id, sha256, octets, created, old, key, "
                                 "authority, reason, kind, since, state) VALUES "
                                 "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,'open')",
                                 error);
  if (stmt == NULL)
    return FALSE;
  spare_outbox_row_bind_text (stmt, 1, request->id);
  spare_outbox_row_bind_text (stmt, 2, request->sha256);
  spare_outbox_row_bind_bytes (stmt, 3, octets);
  sqlite3_bind_int64 (stmt, 4, request->created);
  spare_outbox_row_bind_text (stmt, 5, request->old);
  spare_outbox_row_bind_text (stmt, 6, request->key);
  spare_outbox_row_bind_text (stmt, 7, request->authority);
  spare_outbox_row_bind_text (stmt, 8, request->reason);
  spare_outbox_row_bind_text (stmt, 9, request->stolen ? "stolen" : "lost");
  if (request->since > 0)
    sqlite3_bind_int64 (stmt, 10, request->since);
  return spare_database_step (database, stmt, NULL, error);
}

static gboolean
insert_files (SpareDatabase *database, const char *id, GPtrArray *files, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  stmt = spare_database_prepare (database,
                                 "INSERT INTO request_files (request, position, file_id, tag, "
                                 "head, path, size, esk) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
                                 error);
  if (stmt == NULL)
    return FALSE;
  for (guint i = 0; i < files->len; i++)
    {
      const SpareRequestFile *file = g_ptr_array_index (files, i);

      sqlite3_reset (stmt);
      spare_outbox_row_bind_text (stmt, 1, id);
      sqlite3_bind_int64 (stmt, 2, i);
      spare_outbox_row_bind_text (stmt, 3, file->file_id);
      sqlite3_bind_int (stmt, 4, (int) file->tag);
      spare_outbox_row_bind_bytes (stmt, 5, file->data_head);
      sqlite3_bind_blob64 (stmt, 6, file->path, strlen (file->path), SQLITE_TRANSIENT);
      sqlite3_bind_int64 (stmt, 7, (gint64) file->size);
      spare_outbox_row_bind_bytes (stmt, 8,
                                   file->esk != NULL ? spare_esk_get_packet (file->esk) : NULL);
      if (!spare_database_step (database, stmt, NULL, error))
        return FALSE;
    }
  return TRUE;
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

/* The lock, and a transaction in it; NULL with an error. */
static SpareDatabase *
begin (SpareOutbox *self, GError **error)
{
  SpareDatabase *database = spare_outbox_lock_private (self, error);

  if (database == NULL || spare_database_begin (database, error))
    return database;
  spare_outbox_unlock_private (self, FALSE);
  return NULL;
}

gboolean
spare_outbox_add_request_private (SpareOutbox *self,
                                  const SpareRequest *request,
                                  GBytes *octets,
                                  GPtrArray *files,
                                  GError **error)
{
  SpareDatabase *database = begin (self, error);

  if (database == NULL)
    return FALSE;
  return finish (self, database,
                 insert_request (database, request, octets, error)
                     && insert_files (database, request->id, files, error),
                 error);
}

/* Runs @sql with up to five texts; @changes: (optional): rows touched. */
static gboolean
run_texts (SpareOutbox *self,
           const char *sql,
           const char *const texts[5],
           gint64 *changes,
           GError **error)
{
  SpareDatabase *database = begin (self, error);
  sqlite3_stmt *stmt;
  gboolean done;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database, sql, error);
  for (int i = 0; stmt != NULL && i < sqlite3_bind_parameter_count (stmt); i++)
    spare_outbox_row_bind_text (stmt, i + 1, texts[i]);
  done = stmt != NULL && spare_database_step (database, stmt, NULL, error);
  if (done && changes != NULL)
    *changes = spare_database_get_changes (database);
  sqlite3_finalize (stmt);
  return finish (self, database, done, error);
}

gboolean
spare_outbox_place_request_private (SpareOutbox *self,
                                    const char *id,
                                    const char *place,
                                    GError **error)
{
  const char *const texts[5] = { id, place };

  return run_texts (self, "UPDATE requests SET place = ?2 WHERE id = ?1", texts, NULL, error);
}

gboolean
spare_outbox_forget_request_private (SpareOutbox *self, const char *id, GError **error)
{
  const char *const texts[5] = { id };

  return run_texts (self, "DELETE FROM requests WHERE id = ?1 AND state = 'open'", texts, NULL,
                    error);
}

gboolean
spare_outbox_close_request_private (SpareOutbox *self,
                                    const char *id,
                                    SpareRequestState state,
                                    const char *answer,
                                    const char *text,
                                    GError **error)
{
  const char *const texts[5] = { id, state_names[state], answer, text };
  gint64 changes = 0;

  return run_texts (self,
                    "UPDATE requests SET state = ?2, answer = ?3, answer_text = ?4, "
                    "answered = unixepoch () WHERE id = ?1 AND state = 'open'",
                    texts, &changes, error)
         && changes == 1;
}

static SpareRequest *
read_request (sqlite3_stmt *stmt)
{
  SpareRequest *request = g_new0 (SpareRequest, 1);
  const char *state = (const char *) sqlite3_column_text (stmt, 10);

  request->id = spare_outbox_row_dup_text (stmt, 0);
  request->sha256 = spare_outbox_row_dup_text (stmt, 1);
  request->created = sqlite3_column_int64 (stmt, 2);
  request->old = spare_outbox_row_dup_text (stmt, 3);
  request->key = spare_outbox_row_dup_text (stmt, 4);
  request->authority = spare_outbox_row_dup_text (stmt, 5);
  request->reason = spare_outbox_row_dup_text (stmt, 6);
  request->stolen = g_strcmp0 ((const char *) sqlite3_column_text (stmt, 7), "stolen") == 0;
  request->since = sqlite3_column_int64 (stmt, 8);
  request->place = spare_outbox_row_dup_text (stmt, 9);
  for (guint i = 0; i < G_N_ELEMENTS (state_names); i++)
    if (g_strcmp0 (state, state_names[i]) == 0)
      request->state = (SpareRequestState) i;
  request->answer = spare_outbox_row_dup_text (stmt, 11);
  request->answered = sqlite3_column_int64 (stmt, 12);
  request->answer_text = spare_outbox_row_dup_text (stmt, 13);
  request->n_files = (guint) sqlite3_column_int64 (stmt, 14);
  return request;
}

static SpareRequestFile *
read_file (sqlite3_stmt *stmt)
{
  SpareRequestFile *file = g_new0 (SpareRequestFile, 1);
  g_autoptr (GBytes) esk = NULL;

  file->file_id = spare_outbox_row_dup_text (stmt, 0);
  file->tag = (guint) sqlite3_column_int (stmt, 1);
  file->data_head = spare_outbox_row_dup_bytes (stmt, 2);
  file->path = g_strndup (sqlite3_column_blob (stmt, 3),
                          (gsize) sqlite3_column_bytes (stmt, 3));
  file->size = (guint64) sqlite3_column_int64 (stmt, 4);
  esk = spare_outbox_row_dup_bytes (stmt, 5);
  if (esk != NULL)
    {
      gsize length;
      const guint8 *octets = g_bytes_get_data (esk, &length);

      file->esk = spare_esk_new_from_packet (octets, length, NULL);
    }
  return file;
}

/* What @sql gives for @id (nullable), each row through @read. */
static GPtrArray *
list (SpareOutbox *self,
      const char *sql,
      const char *id,
      gpointer (*read) (sqlite3_stmt *),
      GDestroyNotify destroy,
      GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (destroy);
  SpareDatabase *database = spare_outbox_lock_private (self, error);
  sqlite3_stmt *stmt;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database, sql, error);
  done = stmt != NULL;
  if (done)
    spare_outbox_row_bind_text (stmt, 1, id);
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    g_ptr_array_add (found, read (stmt));
  sqlite3_finalize (stmt);
  spare_outbox_unlock_private (self, FALSE);
  return done ? g_steal_pointer (&found) : NULL;
}

GPtrArray *
spare_outbox_list_requests_private (SpareOutbox *self, const char *id, GError **error)
{
  return list (self,
               "SELECT id, sha256, created, old, key, authority, reason, kind, since, place, "
               "state, answer, answered, answer_text, (SELECT count(*) FROM request_files f "
               "WHERE f.request = requests.id) FROM requests WHERE ?1 IS NULL OR id = ?1 "
               "ORDER BY rowid DESC",
               id, (gpointer (*) (sqlite3_stmt *)) read_request,
               (GDestroyNotify) spare_request_free, error);
}

GPtrArray *
spare_outbox_list_request_files_private (SpareOutbox *self, const char *id, GError **error)
{
  return list (self,
               "SELECT file_id, tag, head, path, size, esk FROM request_files WHERE request = "
               "?1 ORDER BY position",
               id, (gpointer (*) (sqlite3_stmt *)) read_file,
               (GDestroyNotify) spare_request_file_free, error);
}
