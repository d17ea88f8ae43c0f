/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry: what the authority holds, in one SQLite file.
 *
 * Promise: what a commit acknowledged survives a kill and a power cut; a file that is damaged, foreign or newer is refused
 * and left as it is (see base's SpareDatabase). Several threads may call; a transaction belongs to the thread that began
 * it, and the calls of others wait. Keeping a second process out is the authority's part: it holds a lock beside this file.
 *
 * The file's application id is "SpKR".
 */
#include "config.h"

#include "spare-registry.h"

#include "spare-error.h"
#include "spare-fd.h"
#include "spare-output.h"
#include "spare-registry-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REGISTRY_APPLICATION_ID 0x53704b52 /* "SpKR" */

struct _SpareRegistry
{
  GObject parent_instance;

  char *path;
  GMainContext *context;   /* where "changed" is emitted */
  GRecMutex lock;          /* held through a transaction */
  SpareDatabase *database; /* guarded by lock; NULL while closed */
  gint announcing;         /* atomic: who is told must never wait for a transaction */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareRegistry, spare_registry, G_TYPE_OBJECT)

static void
spare_registry_finalize (GObject *object)
{
  SpareRegistry *self = SPARE_REGISTRY (object);

  g_clear_pointer (&self->database, spare_database_free);
  g_main_context_unref (self->context);
  g_rec_mutex_clear (&self->lock);
  g_free (self->path);

  G_OBJECT_CLASS (spare_registry_parent_class)->finalize (object);
}

static void
spare_registry_class_init (SpareRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_registry_finalize;

  /**
   * SpareRegistry::changed:
   *
   * Something was committed. In the main context of the registry; several commits may be told as one.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", SPARE_TYPE_REGISTRY, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_registry_init (SpareRegistry *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_rec_mutex_init (&self->lock);
}

/* A weak reference: a tool that never runs its main loop must still close the file. */
static void
weak_ref_free (gpointer data)
{
  GWeakRef *ref = data;

  g_weak_ref_clear (ref);
  g_free (ref);
}

static gboolean
announce_cb (gpointer data)
{
  g_autoptr (SpareRegistry) self = g_weak_ref_get (data);

  if (self != NULL)
    {
      g_atomic_int_set (&self->announcing, FALSE);
      g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
    }
  return G_SOURCE_REMOVE;
}

/* With the lock held. */
static void
announce (SpareRegistry *self)
{
  g_autoptr (GSource) source = NULL;
  GWeakRef *ref;

  if (!g_atomic_int_compare_and_exchange (&self->announcing, FALSE, TRUE))
    return;

  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, announce_cb, ref, weak_ref_free);
  g_source_attach (source, self->context);
}

/**
 * spare_registry_new:
 * @path: (type filename): the database file; made when opened
 *
 * Returns: (transfer full): a registry, not yet opened
 */
SpareRegistry *
spare_registry_new (const char *path)
{
  SpareRegistry *self;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_object_new (SPARE_TYPE_REGISTRY, NULL);
  self->path = g_strdup (path);
  return self;
}

/**
 * spare_registry_open_sync:
 * @cancellable: (nullable): looked at before, not during
 * @error: where to put an error
 *
 * Opens the file, or makes it. Opening again what is open does nothing.
 *
 * Returns: %FALSE with [error@SpareError] `DATABASE` if the file is damaged, foreign, of a newer version or not
 *   writable; `G_IO_ERROR_NO_SPACE` on a full disk. The file is then as it was
 */
gboolean
spare_registry_open_sync (SpareRegistry *self, GCancellable *cancellable, GError **error)
{
  const SpareDatabaseSchema schema = {
    .application_id = REGISTRY_APPLICATION_ID,
    .migrations = spare_registry_migrations,
    .n_migrations = SPARE_REGISTRY_VERSION,
    .damaged_words = N_ (
        "The registry of the authority, “%s”, is damaged. It was left as it is, "
        "and nothing is taken in or recovered until it can be used again. Put "
        "back a backup of it."),
  };
  g_autoptr (GRecMutexLocker) locker = NULL;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  locker = g_rec_mutex_locker_new (&self->lock);
  if (self->database == NULL)
    self->database = spare_database_open (self->path, &schema, error);
  return self->database != NULL;
}

/**
 * spare_registry_close:
 *
 * Waits for the transaction of another thread, and closes the file.
 */
void
spare_registry_close (SpareRegistry *self)
{
  g_return_if_fail (SPARE_IS_REGISTRY (self));

  g_rec_mutex_lock (&self->lock);
  g_clear_pointer (&self->database, spare_database_free);
  g_rec_mutex_unlock (&self->lock);
}

SpareDatabase *
spare_registry_lock (SpareRegistry *self, GError **error)
{
  g_rec_mutex_lock (&self->lock);
  if (self->database != NULL)
    return self->database;

  g_rec_mutex_unlock (&self->lock);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                       _ ("Authority mode is not open. Nothing was changed."));
  return NULL;
}

void
spare_registry_unlock (SpareRegistry *self)
{
  g_rec_mutex_unlock (&self->lock);
}

SpareDatabase *
spare_registry_get_database_private (SpareRegistry *self)
{
  return self->database;
}

gboolean
spare_registry_is_in_transaction (SpareRegistry *self)
{
  return self->database != NULL && spare_database_is_in_transaction (self->database);
}

/**
 * spare_registry_begin:
 *
 * Starts a transaction, which belongs to this thread until spare_registry_commit() or spare_registry_rollback(). They
 * do not nest.
 *
 * Returns: %FALSE if it can't be had; then there is nothing to end
 */
gboolean
spare_registry_begin (SpareRegistry *self, GError **error)
{
  SpareDatabase *database = NULL;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self), FALSE);

  database = spare_registry_lock (self, error);
  if (database == NULL)
    return FALSE;
  if (!spare_database_begin (database, error))
    {
      spare_registry_unlock (self);
      return FALSE;
    }
  return TRUE; /* and holds the lock */
}

/**
 * spare_registry_commit:
 *
 * Makes the transaction durable, or takes it back. Either way it has ended.
 *
 * Returns: whether it is on the disk
 */
gboolean
spare_registry_commit (SpareRegistry *self, GError **error)
{
  gboolean done;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self) && self->database != NULL, FALSE);

  /* A full disk in the middle makes SQLite take everything back by itself: what follows must not count. */
  if (!spare_database_is_in_transaction (self->database))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                           _ ("The registry of the authority could not be written. Nothing was "
                              "changed. Check that the disk works and has room, and try "
                              "again."));
      done = FALSE;
    }
  else
    done = spare_database_commit (self->database, error);
  if (done)
    announce (self);
  spare_registry_unlock (self);
  return done;
}

/**
 * spare_registry_rollback:
 *
 * Takes back all since spare_registry_begin(). Call it once for each begin that is not committed.
 */
void
spare_registry_rollback (SpareRegistry *self)
{
  g_return_if_fail (SPARE_IS_REGISTRY (self) && self->database != NULL);

  spare_database_rollback (self->database);
  spare_registry_unlock (self);
}

/**
 * spare_registry_check_sync:
 * @cancellable: (nullable): looked at before
 * @error: where to put an error
 *
 * Reads the whole file: rows, indexes, references, and the words by which packets are found.
 *
 * Returns: whether all of it fits; else [error@SpareError] `DATABASE`. Nothing is repaired
 */
gboolean
spare_registry_check_sync (SpareRegistry *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  SpareDatabase *database;
  gboolean orphan = FALSE;
  gboolean done;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  database = spare_registry_lock (self, error);
  if (database == NULL)
    return FALSE;

  done = spare_database_check (database, error)
         && spare_database_exec (database,
                                 "INSERT INTO packets_fts (packets_fts, rank) VALUES "
                                 "('integrity-check', 1)",
                                 error);
  if (done)
    {
      stmt = spare_database_prepare (database, "PRAGMA foreign_key_check", error);
      done = stmt != NULL && spare_database_step (database, stmt, &orphan, error);
    }
  if (done && orphan)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("Rows in the registry of the authority, “%s”, refer to others that are "
                      "not there. Nothing was changed. Put back a backup of it."),
                   self->path);
      done = FALSE;
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done;
}

/* SHA-256 of the file, which is made durable too. */
static char *
hash_durably (const char *path, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree guint8 *buffer = g_malloc (64 * 1024);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  gssize n = -1;
  int saved;

  if (fd >= 0 && fsync (fd) == 0)
    while ((n = read (fd, buffer, 64 * 1024)) > 0 || (n < 0 && errno == EINTR))
      if (n > 0)
        g_checksum_update (checksum, buffer, n);
  saved = errno;
  if (fd >= 0)
    close (fd);
  if (n < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                   _ ("The backup “%s” can’t be read back: %s. The registry is unharmed."),
                   path, g_strerror (saved));
      return NULL;
    }
  if (!spare_output_sync_directory (folder, error))
    return NULL;
  return g_strdup (g_checksum_get_string (checksum));
}

/**
 * spare_registry_back_up_sync:
 * @path: (type filename): where to; must not be there yet
 * @cancellable: (nullable): looked at before and between the steps
 * @error: where to put an error
 *
 * Checks the registry and writes a whole copy of it, durably, while it is in use. A failure leaves no copy.
 *
 * Returns: (transfer full): SHA-256 of the copy; %NULL with `G_IO_ERROR_EXISTS`, [error@SpareError] `DATABASE`, or
 *   what writing said
 */
char *
spare_registry_back_up_sync (SpareRegistry *self,
                             const char *path,
                             GCancellable *cancellable,
                             GError **error)
{
  SpareDatabase *database;
  char *hash = NULL;
  int fd;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self) && path != NULL, NULL);

  if (!spare_registry_check_sync (self, cancellable, error)
      || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    {
      int saved = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                   _ ("The backup “%s” can’t be made: %s. The registry is unharmed."), path,
                   g_strerror (saved));
      return NULL;
    }
  close (fd);

  database = spare_registry_lock (self, error);
  if (database != NULL)
    {
      if (spare_database_back_up (database, path, error))
        hash = hash_durably (path, error);
      spare_registry_unlock (self);
    }
  if (hash == NULL)
    unlink (path);
  return hash;
}

/**
 * spare_registry_get_meta:
 * @name: of the value
 * @value: (out) (transfer full) (nullable): what is there, %NULL for nothing
 * @error: where to put an error
 */
gboolean
spare_registry_get_meta (SpareRegistry *self, const char *name, char **value, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  SpareDatabase *database = spare_registry_lock (self, error);
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database, "SELECT value FROM meta WHERE name = ?1", error);
  if (stmt != NULL)
    spare_registry_bind_text (stmt, 1, name);
  done = stmt != NULL && spare_database_step (database, stmt, &row, error);
  if (done)
    *value = row ? spare_registry_dup_text (stmt, 0) : NULL;
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done;
}

/**
 * spare_registry_set_meta:
 *
 * Within a transaction.
 */
gboolean
spare_registry_set_meta (SpareRegistry *self,
                         const char *name,
                         const char *value,
                         GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  g_return_val_if_fail (spare_registry_is_in_transaction (self), FALSE);

  stmt = spare_database_prepare (self->database,
                                 "INSERT INTO meta (name, value) VALUES (?1, ?2)"
                                 " ON CONFLICT (name) DO UPDATE SET value = ?2",
                                 error);
  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, name);
  spare_registry_bind_text (stmt, 2, value);
  return spare_database_step (self->database, stmt, NULL, error);
}

void
spare_registry_bind_text (sqlite3_stmt *stmt, int at, const char *text)
{
  if (text == NULL)
    sqlite3_bind_null (stmt, at);
  else
    sqlite3_bind_text (stmt, at, text, -1, SQLITE_TRANSIENT);
}

void
spare_registry_bind_octets (sqlite3_stmt *stmt, int at, GBytes *octets)
{
  gsize size;
  gconstpointer data;

  if (octets == NULL)
    {
      sqlite3_bind_null (stmt, at);
      return;
    }
  data = g_bytes_get_data (octets, &size);
  if (size == 0)
    sqlite3_bind_zeroblob (stmt, at, 0);
  else
    sqlite3_bind_blob64 (stmt, at, data, size, SQLITE_TRANSIENT);
}

char *
spare_registry_dup_text (sqlite3_stmt *stmt, int at)
{
  return g_strdup ((const char *) sqlite3_column_text (stmt, at));
}

GBytes *
spare_registry_dup_octets (sqlite3_stmt *stmt, int at)
{
  gconstpointer data = sqlite3_column_blob (stmt, at);

  if (sqlite3_column_type (stmt, at) == SQLITE_NULL)
    return NULL;
  return g_bytes_new (data, (gsize) sqlite3_column_bytes (stmt, at));
}
