/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SQLite file that must not lose what it acknowledged.
 *
 * Promise: after spare_database_commit() said yes, the rows survive a kill and a power cut: the rollback
 * journal is truncated, never kept in a WAL, and the folder is synced too (synchronous=EXTRA; measured: WAL
 * with NORMAL lost everything, DELETE with FULL the last commit). A file that is damaged, foreign or made by
 * a newer version is an error, and no octet of it is changed. Nothing is repaired behind anybody's back.
 *
 * Several processes may have the file open. A writer takes the lock at the start of its transaction (BEGIN
 * IMMEDIATE) and waits up to BUSY_MS for the others, so a transaction never fails half-way for a lock.
 * Calls on one SpareDatabase must not overlap; the owner of the object holds a mutex.
 */
#include "config.h"

#include "spare-database.h"

#include "spare-error.h"
#include "spare-output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000

struct _SpareDatabase
{
  sqlite3 *handle;
  char *path;
  const char *damaged_words; /* NULL for the outbox's */
  gboolean broken;           /* damage was met: no more writing through this connection */
};

/**
 * spare_database_free:
 * @self: (nullable): a database
 *
 * Closes it. What was not committed is taken back.
 */
void
spare_database_free (SpareDatabase *self)
{
  if (self == NULL)
    return;

  sqlite3_close_v2 (self->handle);
  g_free (self->path);
  g_free (self);
}

static gboolean
fail_damaged (SpareDatabase *self, GError **error)
{
  self->broken = TRUE;
  if (self->damaged_words != NULL)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE, _ (self->damaged_words),
                   self->path);
      return FALSE;
    }
  g_set_error (
      error, SPARE_ERROR, SPARE_ERROR_DATABASE,
      _ ("The list of spare keys in “%s” is damaged. It was left as it is, and nothing is "
         "encrypted until it can be used again. Put back a copy of it, or move it away to "
         "start a new one."),
      self->path);
  return FALSE;
}

/* What SQLite said, in words. Its own text goes to the debug log: it may quote SQL. */
static gboolean
fail_sqlite (SpareDatabase *self, int rc, GError **error)
{
  g_debug ("%s: SQLite %d (%s), errno %d", self->path,
           self->handle != NULL ? sqlite3_extended_errcode (self->handle) : rc,
           self->handle != NULL ? sqlite3_errmsg (self->handle) : sqlite3_errstr (rc),
           self->handle != NULL ? sqlite3_system_errno (self->handle) : 0);

  switch (rc & 0xff)
    {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail_damaged (self, error);
    case SQLITE_FULL:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   _ ("There is no room left on the disk for the list of spare keys, “%s”. "
                      "Nothing was lost. Make room and try again."),
                   self->path);
      return FALSE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("Another program is using the list of spare keys, “%s”. Nothing was "
                      "changed. Try again in a moment."),
                   self->path);
      return FALSE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("The list of spare keys, “%s”, can’t be opened for writing. Nothing was "
                      "changed. Check who may write to it and to its folder."),
                   self->path);
      return FALSE;
    default:
      /* What a device said after an error of its own is not to be built on (an fsync that failed once may claim
       * success the next time): only a new connection, which checks the file, writes again. */
      if ((rc & 0xff) == SQLITE_IOERR)
        self->broken = TRUE;
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("The list of spare keys, “%s”, could not be read or written. Nothing was "
                      "changed. Check that the disk works, and try again."),
                   self->path);
      return FALSE;
    }
}

/**
 * spare_database_exec:
 * @sql: statements that return nothing of interest
 *
 * Returns: whether all of them were done
 */
gboolean
spare_database_exec (SpareDatabase *self, const char *sql, GError **error)
{
  int rc = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);

  return rc == SQLITE_OK || fail_sqlite (self, rc, error);
}

/**
 * spare_database_prepare:
 * @sql: one statement
 *
 * Returns: (transfer full): the statement, or %NULL with an error
 */
sqlite3_stmt *
spare_database_prepare (SpareDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2 (self->handle, sql, -1, &stmt, NULL);

  if (rc != SQLITE_OK)
    {
      fail_sqlite (self, rc, error);
      return NULL;
    }
  return stmt;
}

/**
 * spare_database_step:
 * @row: (out) (optional): whether there is a row to read; untouched on failure
 *
 * Returns: %FALSE with an error if the statement failed
 */
gboolean
spare_database_step (SpareDatabase *self, sqlite3_stmt *stmt, gboolean *row, GError **error)
{
  int rc = sqlite3_step (stmt);

  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    return fail_sqlite (self, rc, error);
  if (row != NULL)
    *row = rc == SQLITE_ROW;
  return TRUE;
}

/**
 * spare_database_get_changes:
 *
 * Returns: how many rows the last INSERT, UPDATE or DELETE touched
 */
gint64
spare_database_get_changes (SpareDatabase *self)
{
  return sqlite3_changes64 (self->handle);
}

/**
 * spare_database_begin:
 *
 * Takes the lock for writing, waiting for others. End with spare_database_commit() or
 * spare_database_rollback().
 *
 * Returns: %FALSE if the lock can't be had, or the file was found damaged before
 */
gboolean
spare_database_begin (SpareDatabase *self, GError **error)
{
  if (self->broken)
    return fail_damaged (self, error);

  return spare_database_exec (self, "BEGIN IMMEDIATE", error);
}

/**
 * spare_database_commit:
 *
 * Makes the transaction durable, or takes it back.
 *
 * Returns: whether it is on the disk
 */
gboolean
spare_database_commit (SpareDatabase *self, GError **error)
{
  if (spare_database_exec (self, "COMMIT", error))
    return TRUE;

  spare_database_rollback (self);
  return FALSE;
}

/**
 * spare_database_rollback:
 *
 * Takes back what was done since spare_database_begin(). Does nothing outside of a transaction (SQLite
 * leaves one by itself after a full disk).
 */
void
spare_database_rollback (SpareDatabase *self)
{
  if (!sqlite3_get_autocommit (self->handle))
    sqlite3_exec (self->handle, "ROLLBACK", NULL, NULL, NULL);
}

/**
 * spare_database_is_in_transaction:
 *
 * Returns: whether there is something to commit
 */
gboolean
spare_database_is_in_transaction (SpareDatabase *self)
{
  return !sqlite3_get_autocommit (self->handle);
}

/**
 * spare_database_get_last_row:
 *
 * Returns: the row id of the last INSERT
 */
gint64
spare_database_get_last_row (SpareDatabase *self)
{
  return sqlite3_last_insert_rowid (self->handle);
}

static gboolean
query_int (SpareDatabase *self, const char *sql, gint64 *value, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (self, sql, error);
  gboolean row = FALSE;

  if (stmt == NULL || !spare_database_step (self, stmt, &row, error))
    return FALSE;

  *value = row ? sqlite3_column_int64 (stmt, 0) : 0;
  return TRUE;
}

static gboolean
query_is (SpareDatabase *self,
          const char *sql,
          const char *wanted,
          gboolean *is,
          GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (self, sql, error);
  gboolean row = FALSE;

  if (stmt == NULL || !spare_database_step (self, stmt, &row, error))
    return FALSE;

  *is = row && g_strcmp0 ((const char *) sqlite3_column_text (stmt, 0), wanted) == 0;
  return TRUE;
}

/* SQLite would make the file with the umask's mode: only its owner may see who escrowed what. */
static gboolean
make_file (SpareDatabase *self, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (self->path);
  int fd = open (self->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0 && errno == EEXIST)
    return TRUE;
  if (fd < 0)
    {
      int saved = errno;

      g_set_error (error, saved == ENOSPC ? G_IO_ERROR : SPARE_ERROR,
                   saved == ENOSPC ? (int) G_IO_ERROR_NO_SPACE : (int) SPARE_ERROR_DATABASE,
                   _ ("The list of spare keys, “%s”, can’t be made: %s. Nothing was changed."),
                   self->path, g_strerror (saved));
      return FALSE;
    }

  close (fd);
  return spare_output_sync_directory (directory, error);
}

static gboolean
check_kind (SpareDatabase *self,
            const SpareDatabaseSchema *schema,
            gint64 *version,
            GError **error)
{
  gint64 application_id = 0;
  gint64 objects = 0;

  if (!query_int (self, "PRAGMA application_id", &application_id, error)
      || !query_int (self, "PRAGMA user_version", version, error)
      || !query_int (self, "SELECT count(*) FROM sqlite_schema", &objects, error))
    return FALSE;

  if (*version == 0 && objects == 0 && application_id == 0)
    return TRUE; /* just made, here or by a process that died before its first commit */

  if (application_id != (gint64) schema->application_id || *version < 1)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("“%s” is not a list of spare keys. It was left as it is. Move it away to "
                      "start a new one."),
                   self->path);
      return FALSE;
    }
  if (*version > (gint64) schema->n_migrations)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("The list of spare keys, “%s”, was made by a newer version of Spare Key. "
                      "It was left as it is. Install the newer version to use it."),
                   self->path);
      return FALSE;
    }
  return TRUE;
}

/* Looked at again under the lock: another process may have done it meanwhile. */
static gboolean
migrate_locked (SpareDatabase *self, const SpareDatabaseSchema *schema, GError **error)
{
  g_autofree char *stamp = g_strdup_printf ("PRAGMA application_id = %" G_GUINT32_FORMAT
                                            "; PRAGMA user_version = %u",
                                            schema->application_id, schema->n_migrations);
  gint64 version = 0;

  if (!check_kind (self, schema, &version, error))
    return FALSE;

  for (guint i = (guint) version; i < schema->n_migrations; i++)
    if (!spare_database_exec (self, schema->migrations[i], error))
      return FALSE;
  if (version == 0 && schema->populate != NULL && !schema->populate (self, error))
    return FALSE;

  return spare_database_exec (self, stamp, error);
}

static gboolean
migrate (SpareDatabase *self, const SpareDatabaseSchema *schema, GError **error)
{
  if (!spare_database_begin (self, error))
    return FALSE;
  if (!migrate_locked (self, schema, error))
    {
      spare_database_rollback (self);
      return FALSE;
    }
  return spare_database_commit (self, error);
}

static gboolean
configure (SpareDatabase *self, GError **error)
{
  gboolean truncates = FALSE;
  int defensive = 0;

  sqlite3_extended_result_codes (self->handle, 1);
  if (sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, &defensive) != SQLITE_OK
      || !defensive)
    return fail_sqlite (self, SQLITE_ERROR, error);

  if (!spare_database_exec (self,
                            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                            "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                            "PRAGMA temp_store = MEMORY; PRAGMA synchronous = EXTRA",
                            error)
      || !query_is (self, "PRAGMA journal_mode = TRUNCATE", "truncate", &truncates, error))
    return FALSE;

  return truncates || fail_sqlite (self, SQLITE_ERROR, error);
}

/* In one transaction, else another process that just makes the file is seen half-way. */
static gboolean
check_kind_alone (SpareDatabase *self,
                  const SpareDatabaseSchema *schema,
                  gint64 *version,
                  GError **error)
{
  gboolean fits;

  if (!spare_database_exec (self, "BEGIN", error))
    return FALSE;
  fits = check_kind (self, schema, version, error);
  spare_database_rollback (self);
  return fits;
}

/**
 * spare_database_check:
 *
 * Reads the whole file and compares rows with indexes. Takes about a second for 100 MB.
 *
 * Returns: whether all of it fits; else [error@SpareError] `DATABASE`, and nothing is written any more
 */
gboolean
spare_database_check (SpareDatabase *self, GError **error)
{
  gboolean intact = FALSE;

  if (!query_is (self, "PRAGMA integrity_check(1)", "ok", &intact, error))
    return FALSE;
  return intact || fail_damaged (self, error);
}

/**
 * spare_database_back_up:
 * @path: a file that is not there yet, or an empty one
 *
 * Writes a copy of all that is committed, without holding up readers. The copy is not yet durable. Not within a transaction.
 *
 * Returns: whether it is whole
 */
gboolean
spare_database_back_up (SpareDatabase *self, const char *path, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (self, "VACUUM INTO ?1", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_text (stmt, 1, path, -1, SQLITE_STATIC);
  return spare_database_step (self, stmt, NULL, error);
}

static gboolean
prepare (SpareDatabase *self, const SpareDatabaseSchema *schema, GError **error)
{
  gint64 version = 0;
  gboolean intact = FALSE;

  /* Before anything is set: a foreign file must not even get its journal mode changed. */
  if (!check_kind_alone (self, schema, &version, error) || !configure (self, error))
    return FALSE;
  if (!query_is (self, "PRAGMA quick_check(1)", "ok", &intact, error))
    return FALSE;
  if (!intact)
    return fail_damaged (self, error);

  return version == (gint64) schema->n_migrations || migrate (self, schema, error);
}

/**
 * spare_database_open:
 * @path: the file; made if there is none
 * @schema: what must be in it
 * @error: where to put an error
 *
 * Opens the file, checks that it is whole and of the right kind, and brings its schema up to date in one
 * transaction.
 *
 * Returns: (transfer full): the database, or %NULL with [error@SpareError] `DATABASE` (damaged, foreign,
 *   newer, locked for long, not writable) or `G_IO_ERROR_NO_SPACE`; the file is then as it was
 */
SpareDatabase *
spare_database_open (const char *path, const SpareDatabaseSchema *schema, GError **error)
{
  g_autoptr (SpareDatabase) self = g_new0 (SpareDatabase, 1);
  int rc;

  self->path = g_strdup (path);
  self->damaged_words = schema->damaged_words;
  if (!make_file (self, error))
    return NULL;

  rc = sqlite3_open_v2 (path, &self->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE,
                        NULL);
  if (rc != SQLITE_OK)
    {
      fail_sqlite (self, rc, error);
      return NULL;
    }
  sqlite3_busy_timeout (self->handle, BUSY_MS);

  /* A file that may only be read is opened without a word. */
  if (sqlite3_db_readonly (self->handle, "main") == 1)
    {
      fail_sqlite (self, SQLITE_READONLY, error);
      return NULL;
    }
  if (!prepare (self, schema, error))
    return NULL;

  return g_steal_pointer (&self);
}
