/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: every escrow packet made here, on its way to the authority.
 *
 * Promise: spare_outbox_add_sync() returns TRUE only when the row would survive a power cut, and encryption
 * publishes its output only after that. So a detached packet, which is nowhere else, is never the only copy
 * that a crash could take. A state only moves forward: pending → exported → acknowledged. Only a pending row
 * can be withdrawn.
 *
 * Any thread may call: one connection, one mutex. Other processes (the tool beside the window) are kept
 * apart by SQLite's locks; each call is one transaction of its own.
 *
 * What is not promised: that serials are unique across outboxes. A lost outbox starts a new tag of four
 * random digits, and the authority tells packets apart by their SHA-256 (protocol.md 2.4).
 */
#include "config.h"

#include "spare-outbox.h"

#include "spare-database.h"
#include "spare-error.h"
#include "spare-key.h"
#include "spare-outbox-private.h"
#include "spare-outbox-row-private.h"

#include <gcrypt.h>
#include <glib/gi18n-lib.h>

#define OUTBOX_APPLICATION_ID 0x53704b4f /* "SpKO" */
#define RESERVED_MAX          32         /* numbers that a process takes at a time */

struct _SpareOutbox
{
  GObject parent_instance;

  char *path;
  GMainContext *context; /* where "changed" is emitted */
  GMutex lock;
  SpareDatabase *database; /* guarded by lock; NULL until opened */
  gboolean announcing;     /* guarded by lock: a "changed" is on its way */

  /* Numbers that are this process's own already, the last of them @counter. Guarded by a lock of their own, which is taken
   * before the other: who begins a file need not wait for the disk that another one's row is on its way to. */
  GMutex serial_lock;
  char *tag;
  gint64 counter, n_reserved, last_reserved;

  SpareOutboxQueue queue; /* rows that wait to be added; has a lock of its own */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareOutbox, spare_outbox, G_TYPE_OBJECT)

static void
spare_outbox_finalize (GObject *object)
{
  SpareOutbox *self = SPARE_OUTBOX (object);

  g_clear_pointer (&self->database, spare_database_free);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->serial_lock);
  g_mutex_clear (&self->queue.lock);
  g_free (self->path);
  g_free (self->tag);

  G_OBJECT_CLASS (spare_outbox_parent_class)->finalize (object);
}

static void
spare_outbox_class_init (SpareOutboxClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_outbox_finalize;

  /**
   * SpareOutbox::changed:
   *
   * This process changed something. In the main context of the outbox; several changes may be told as one.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", SPARE_TYPE_OUTBOX, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_outbox_init (SpareOutbox *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_mutex_init (&self->lock);
  g_mutex_init (&self->serial_lock);
  g_mutex_init (&self->queue.lock);
  g_queue_init (&self->queue.rows);
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
  g_autoptr (SpareOutbox) self = g_weak_ref_get (data);

  if (self != NULL)
    {
      g_mutex_lock (&self->lock);
      self->announcing = FALSE;
      g_mutex_unlock (&self->lock);
      g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
    }
  return G_SOURCE_REMOVE;
}

/* With the lock held. */
static void
announce (SpareOutbox *self)
{
  g_autoptr (GSource) source = NULL;
  GWeakRef *ref;

  if (self->announcing)
    return;

  self->announcing = TRUE;
  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, announce_cb, ref, weak_ref_free);
  g_source_attach (source, self->context);
}

static gboolean
populate (SpareDatabase *database, GError **error)
{
  g_autofree char *sql = NULL;
  guint8 random[2];

  gcry_randomize (random, sizeof random, GCRY_STRONG_RANDOM);
  sql = g_strdup_printf ("INSERT INTO series (id, tag, counter) VALUES (1, '%02X%02X', 0)",
                         random[0], random[1]);
  return spare_database_exec (database, sql, error);
}

/* Opened late where it could not be opened before: its own words are then the error. With the lock held. */
static gboolean
check_open (SpareOutbox *self, GError **error)
{
  const SpareDatabaseSchema schema = {
    .application_id = OUTBOX_APPLICATION_ID,
    .migrations = spare_outbox_migrations,
    .n_migrations = SPARE_OUTBOX_VERSION,
    .populate = populate,
  };

  if (self->database == NULL)
    self->database = spare_database_open (self->path, &schema, error);
  return self->database != NULL;
}

SpareDatabase *
spare_outbox_lock_private (SpareOutbox *self, GError **error)
{
  g_mutex_lock (&self->lock);
  if (check_open (self, error))
    return self->database;

  g_mutex_unlock (&self->lock);
  return NULL;
}

void
spare_outbox_unlock_private (SpareOutbox *self, gboolean changed)
{
  if (changed)
    announce (self);
  g_mutex_unlock (&self->lock);
}

SpareOutboxQueue *
spare_outbox_get_queue_private (SpareOutbox *self)
{
  return &self->queue;
}

/**
 * spare_outbox_new:
 * @path: the database file; made when opened
 *
 * Returns: (transfer full): an outbox, not yet opened
 */
SpareOutbox *
spare_outbox_new (const char *path)
{
  SpareOutbox *self;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_object_new (SPARE_TYPE_OUTBOX, NULL);
  self->path = g_strdup (path);
  return self;
}

/**
 * spare_outbox_get_path:
 * @self: the outbox
 *
 * Returns: (transfer none): the database file, which other processes change too
 */
const char *
spare_outbox_get_path (SpareOutbox *self)
{
  return self->path;
}

/**
 * spare_outbox_open_sync:
 * @cancellable: (nullable): looked at before, not during
 * @error: where to put an error
 *
 * Opens the file, or makes it. Opening again what is open does nothing; after a failure each further call tries
 * anew, and says what is wrong.
 *
 * Returns: %FALSE with [error@SpareError] `DATABASE` if the file is damaged, foreign, of a newer version, not
 *   writable or locked for more than 5 s; `G_IO_ERROR_NO_SPACE` on a full disk. The file is then as it was
 */
gboolean
spare_outbox_open_sync (SpareOutbox *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  locker = g_mutex_locker_new (&self->lock);
  return check_open (self, error);
}

/* Runs a writing statement as a transaction of its own; @changes (optional): the rows touched. */
static gboolean
run_alone (SpareOutbox *self, sqlite3_stmt *stmt, gint64 *changes, GError **error)
{
  gint64 touched;

  if (!spare_database_begin (self->database, error))
    return FALSE;
  if (!spare_database_step (self->database, stmt, NULL, error))
    {
      spare_database_rollback (self->database);
      return FALSE;
    }
  touched = spare_database_get_changes (self->database);
  sqlite3_reset (stmt);
  if (!spare_database_commit (self->database, error))
    return FALSE;

  if (touched > 0)
    announce (self);
  if (changes != NULL)
    *changes = touched;
  return TRUE;
}

/* With both locks held. Takes the next numbers for this process: one at first, then twice as many each time, because each taking costs a
 * transaction on the disk and ten thousand files would pay it each. What is left at the end stays a gap. */
static gboolean
reserve_more (SpareOutbox *self, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gint64 size = CLAMP (self->last_reserved * 2, 1, RESERVED_MAX);
  gboolean row = FALSE;

  if (!spare_database_begin (self->database, error))
    return FALSE;
  stmt = spare_database_prepare (self->database,
                                 "UPDATE series SET counter = counter + ?1 WHERE id = 1 "
                                 "RETURNING tag, counter",
                                 error);
  if (stmt != NULL)
    sqlite3_bind_int64 (stmt, 1, size);
  if (stmt == NULL || !spare_database_step (self->database, stmt, &row, error) || !row)
    {
      if (stmt != NULL && error != NULL && *error == NULL)
        g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                             _ ("The list of spare keys has lost its counter. Nothing was "
                                "changed. Move the list away to start a new one."));
      g_clear_pointer (&stmt, sqlite3_finalize);
      spare_database_rollback (self->database);
      return FALSE;
    }
  g_free (self->tag);
  self->tag = g_strdup ((const char *) sqlite3_column_text (stmt, 0));
  self->counter = (gint64) sqlite3_column_int64 (stmt, 1);
  g_clear_pointer (&stmt, sqlite3_finalize);
  if (!spare_database_commit (self->database, error))
    return FALSE;
  self->last_reserved = self->n_reserved = size;
  return TRUE;
}

/**
 * spare_outbox_reserve_serial_sync:
 * @owner: primary fingerprint of the owner's key
 * @error: where to put an error
 *
 * Takes the next serial. It is used up even if no row follows, in this process or another, for good.
 *
 * Returns: (transfer full): the serial, such as `8AD58320-7F3A-42`
 */
char *
spare_outbox_reserve_serial_sync (SpareOutbox *self, const char *owner, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autofree char *head = NULL;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self), NULL);
  g_return_val_if_fail (spare_fingerprint_is_valid (owner), NULL);

  locker = g_mutex_locker_new (&self->serial_lock);
  if (self->n_reserved == 0)
    {
      g_autoptr (GMutexLocker) database_locker = g_mutex_locker_new (&self->lock);

      if (!check_open (self, error) || !reserve_more (self, error))
        return NULL;
    }
  head = g_ascii_strup (owner, 8);
  return g_strdup_printf ("%s-%s-%" G_GINT64_FORMAT, head, self->tag,
                          self->counter - --self->n_reserved);
}

/* Why an UPDATE or DELETE touched nothing. Always FALSE. */
static gboolean
fail_untouched (SpareOutbox *self, const char *serial, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;

  stmt = spare_database_prepare (self->database, "SELECT 1 FROM packets WHERE serial = ?1",
                                 error);
  if (stmt == NULL)
    return FALSE;
  spare_outbox_row_bind_text (stmt, 1, serial);
  if (!spare_database_step (self->database, stmt, &row, error))
    return FALSE;

  if (row)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                 _ ("The spare key %s was handed over already, so it stays as it is."), serial);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 _ ("There is no spare key %s in the list. Nothing was changed."), serial);
  return FALSE;
}

/**
 * spare_outbox_withdraw_sync:
 * @serial: of a pending packet
 * @error: where to put an error
 *
 * Takes back the row of an encryption whose output never appeared.
 *
 * Returns: %FALSE with an error if the packet is not pending any more ([error@SpareError] `FAILED`) or not
 *   there (`G_IO_ERROR_NOT_FOUND`)
 */
gboolean
spare_outbox_withdraw_sync (SpareOutbox *self, const char *serial, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gint64 touched = 0;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self) && serial != NULL, FALSE);

  locker = g_mutex_locker_new (&self->lock);
  if (!check_open (self, error))
    return FALSE;
  stmt = spare_database_prepare (self->database,
                                 "DELETE FROM packets WHERE serial = ?1 AND state = 0", error);
  if (stmt == NULL)
    return FALSE;

  spare_outbox_row_bind_text (stmt, 1, serial);
  if (!run_alone (self, stmt, &touched, error))
    return FALSE;
  return touched == 1 || fail_untouched (self, serial, error);
}

/**
 * spare_outbox_set_state_sync:
 * @serial: of a packet
 * @state: the new state, not before the present one
 * @place: (nullable): where it was exported to, for display; %NULL keeps what is stored
 * @error: where to put an error
 *
 * Moves a packet on: exported once its copy on the medium was read back, acknowledged once the authority's
 * receipt was believed.
 *
 * Returns: %FALSE with an error if that would be a step back, the packet is only promised (escrow pending),
 *   or not there
 */
gboolean
spare_outbox_set_state_sync (SpareOutbox *self,
                             const char *serial,
                             SpareOutboxState state,
                             const char *place,
                             GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gint64 touched = 0;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self) && serial != NULL, FALSE);

  locker = g_mutex_locker_new (&self->lock);
  if (!check_open (self, error))
    return FALSE;
  stmt = spare_database_prepare (self->database,
                                 "UPDATE packets SET state = ?2, place = coalesce (?3, place), "
                                 "exported = iif (?2 = 1, ?4, exported) "
                                 "WHERE serial = ?1 AND state <= ?2 AND packet IS NOT NULL",
                                 error);
  if (stmt == NULL)
    return FALSE;

  spare_outbox_row_bind_text (stmt, 1, serial);
  sqlite3_bind_int (stmt, 2, (int) state);
  spare_outbox_row_bind_text (stmt, 3, place);
  sqlite3_bind_int64 (stmt, 4, g_get_real_time () / G_USEC_PER_SEC);
  if (!run_alone (self, stmt, &touched, error))
    return FALSE;
  return touched == 1 || fail_untouched (self, serial, error);
}

/**
 * spare_outbox_list_sync:
 * @state: a [enum@SpareOutboxState], or -1 for all
 * @limit: the most entries wanted; 0 for all
 * @offset: how many to pass over
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareOutboxEntry): the packets, newest first
 */
GPtrArray *
spare_outbox_list_sync (SpareOutbox *self, int state, guint limit, guint offset, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (!check_open (self, error))
    return NULL;
  stmt = spare_database_prepare (self->database,
                                 state < 0 ? "SELECT " SPARE_OUTBOX_COLUMNS
                                             " FROM packets ORDER BY id DESC LIMIT ?1 OFFSET ?2"
                                           : "SELECT " SPARE_OUTBOX_COLUMNS
                                             " FROM packets WHERE state = ?3 ORDER BY id DESC "
                                             "LIMIT ?1 OFFSET ?2",
                                 error);
  if (stmt == NULL)
    return NULL;

  sqlite3_bind_int64 (stmt, 1, limit == 0 ? -1 : (gint64) limit);
  sqlite3_bind_int64 (stmt, 2, (gint64) offset);
  if (state >= 0)
    sqlite3_bind_int (stmt, 3, state);
  return spare_outbox_row_read_all (self->database, stmt, error);
}

/**
 * spare_outbox_find_sync:
 * @file_id: 32 hex digits
 * @error: where to put an error
 *
 * The newest packet of a file. A file id is a locator, never evidence: whoever acts on the packet compares
 * more than that.
 *
 * Returns: (transfer full) (nullable): the packet; %NULL without @error if there is none
 */
SpareOutboxEntry *
spare_outbox_find_sync (SpareOutbox *self, const char *file_id, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self) && file_id != NULL, NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (!check_open (self, error))
    return NULL;
  stmt = spare_database_prepare (self->database,
                                 "SELECT " SPARE_OUTBOX_COLUMNS
                                 " FROM packets WHERE file_id = ?1 "
                                 "ORDER BY id DESC LIMIT 1",
                                 error);
  if (stmt == NULL)
    return NULL;

  spare_outbox_row_bind_text (stmt, 1, file_id);
  if (!spare_database_step (self->database, stmt, &row, error) || !row)
    return NULL;
  return spare_outbox_row_read (stmt);
}

/**
 * spare_outbox_count_sync:
 * @counts: (out): how many packets are in each state; untouched on failure
 * @error: where to put an error
 *
 * Returns: whether they could be counted
 */
gboolean
spare_outbox_count_sync (SpareOutbox *self, guint counts[3], GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  guint found[3] = { 0, 0, 0 };
  gboolean row = FALSE;

  g_return_val_if_fail (SPARE_IS_OUTBOX (self), FALSE);

  locker = g_mutex_locker_new (&self->lock);
  if (!check_open (self, error))
    return FALSE;
  stmt = spare_database_prepare (self->database,
                                 "SELECT state, count(*) FROM packets GROUP BY state", error);
  if (stmt == NULL)
    return FALSE;

  do
    {
      int state;

      if (!spare_database_step (self->database, stmt, &row, error))
        return FALSE;
      if (!row)
        break;
      state = sqlite3_column_int (stmt, 0);
      if (state >= 0 && state < 3)
        found[state] = (guint) sqlite3_column_int64 (stmt, 1);
    }
  while (row);

  memcpy (counts, found, sizeof found);
  return TRUE;
}
