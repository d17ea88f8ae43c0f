/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints: the authority's signature over how far the log has come.
 *
 * Promise: a checkpoint that is in the table was verified when it was made. Making one may ask for the authority's
 * passphrase, so it never runs inside a transaction; who appends much calls spare_audit_checkpoint_if_due_sync() between
 * transactions.
 */
#include "config.h"

#include "spare-audit.h"

#include "spare-audit-private.h"
#include "spare-detached-signature.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* One at a time, so that each names the one before. */
static GMutex making;

void
spare_audit_checkpoint_free (SpareAuditCheckpoint *self)
{
  if (self == NULL)
    return;

  g_free (self->text);
  g_free (self->signature);
  g_free (self);
}

char *
spare_audit_checkpoint_make_text (const char *authority,
                                  gint64 sequence,
                                  const char *hash,
                                  const char *previous,
                                  const char *time)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_int_member (object, "checkpoint", 1);
  json_object_set_string_member (object, "authority", authority);
  json_object_set_int_member (object, "sequence", sequence);
  json_object_set_string_member (object, "hash", hash);
  json_object_set_string_member (object, "previous", previous);
  json_object_set_string_member (object, "time", time);
  return spare_json_line_write (object);
}

char *
spare_audit_checkpoint_hash (const char *text, const char *signature)
{
  g_autofree char *both = g_strconcat (text, "\n", signature, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, both, -1);
}

char *
spare_audit_checkpoint_escape (const char *signature)
{
  g_autoptr (GString) escaped = g_string_new (signature);

  g_string_replace (escaped, "\n", "\\n", 0);
  return g_string_free (g_steal_pointer (&escaped), FALSE);
}

gboolean
spare_audit_read_last_checkpoint (SpareAudit *self,
                                  SpareAuditCheckpoint **checkpoint,
                                  GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (self);
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database,
                                 "SELECT sequence, text, signature FROM checkpoints ORDER BY "
                                 "sequence DESC LIMIT 1",
                                 error);
  done = stmt != NULL && spare_database_step (database, stmt, &row, error);
  if (done)
    {
      *checkpoint = NULL;
      if (row)
        {
          *checkpoint = g_new0 (SpareAuditCheckpoint, 1);
          (*checkpoint)->sequence = sqlite3_column_int64 (stmt, 0);
          (*checkpoint)->text = spare_registry_dup_text (stmt, 1);
          (*checkpoint)->signature = spare_registry_dup_text (stmt, 2);
        }
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done;
}

static char *
make_notation (SpareAudit *self)
{
  return g_strconcat ("1:", spare_audit_get_authority (self), NULL);
}

/* ASCII armor, as text that a JSON string holds with its line feeds alone escaped. */
static char *
to_armor (GBytes *signature)
{
  gsize size;
  const char *data = g_bytes_get_data (signature, &size);
  g_autofree char *text = g_strndup (data, size);
  g_autoptr (GString) clean = g_string_new (text);

  g_string_replace (clean, "\r", "", 0);
  for (const char *p = clean->str; *p != '\0'; p++)
    if ((*p < ' ' && *p != '\n') || *p > '~' || *p == '"' || *p == '\\')
      return NULL;
  return g_string_free (g_steal_pointer (&clean), FALSE);
}

/* @good is set when TRUE is returned; FALSE says nothing about the signature. */
gboolean
spare_audit_checkpoint_verify_sync (SpareAudit *self,
                                    const char *text,
                                    const char *signature,
                                    gboolean *good,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autofree char *notation = make_notation (self);
  g_autoptr (GBytes) octets = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) armored = g_bytes_new (signature, strlen (signature));
  g_autoptr (GError) local = NULL;
  gboolean expired_since = FALSE;

  /* The log outlives its keys. */
  *good = spare_verify_detached_sync (spare_audit_get_home (self), octets, armored,
                                      spare_audit_get_authority (self),
                                      SPARE_CHECKPOINT_NOTATION, notation, NULL, &expired_since,
                                      cancellable, &local);
  if (*good || g_error_matches (local, SPARE_ERROR, SPARE_ERROR_DAMAGED)
      || g_error_matches (local, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
insert_checkpoint (SpareAudit *self,
                   gint64 sequence,
                   const char *text,
                   const char *signature,
                   GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (self);
  SpareDatabase *database;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean done = FALSE;

  if (!spare_registry_begin (registry, error))
    return FALSE;
  database = spare_registry_get_database_private (registry);
  stmt = spare_database_prepare (database,
                                 "INSERT INTO checkpoints (sequence, text, signature) VALUES "
                                 "(?1, ?2, ?3)",
                                 error);
  if (stmt != NULL)
    {
      sqlite3_bind_int64 (stmt, 1, sequence);
      spare_registry_bind_text (stmt, 2, text);
      spare_registry_bind_text (stmt, 3, signature);
      done = spare_database_step (database, stmt, NULL, error);
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  if (done)
    return spare_registry_commit (registry, error);
  spare_registry_rollback (registry);
  return FALSE;
}

static gboolean
make_checkpoint (SpareAudit *self, GCancellable *cancellable, GError **error)
{
  const char *authority = spare_audit_get_authority (self);
  g_autoptr (SpareAuditCheckpoint) last = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autofree char *notation = make_notation (self);
  g_autofree char *hash = NULL;
  g_autofree char *previous = NULL;
  g_autofree char *time = spare_audit_format_time (spare_audit_get_now (self));
  g_autofree char *text = NULL;
  g_autofree char *armor = NULL;
  gint64 sequence = 0;

  if (!spare_audit_get_head (self, &sequence, &hash, error)
      || !spare_audit_read_last_checkpoint (self, &last, error))
    return FALSE;
  if (sequence == 0 || (last != NULL && last->sequence >= sequence))
    return TRUE;

  previous = last != NULL ? spare_audit_checkpoint_hash (last->text, last->signature)
                          : g_strdup (SPARE_AUDIT_NOTHING);
  text = spare_audit_checkpoint_make_text (authority, sequence, hash, previous, time);
  octets = g_bytes_new (text, strlen (text));
  signature = spare_sign_detached_sync (spare_audit_get_home (self), authority, octets,
                                        SPARE_CHECKPOINT_NOTATION, notation, cancellable,
                                        error);
  if (signature == NULL)
    return FALSE;
  armor = to_armor (signature);
  if (armor == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                           _ ("GnuPG gave an answer that makes no sense. Nothing was "
                              "changed."));
      return FALSE;
    }
  return insert_checkpoint (self, sequence, text, armor, error);
}

/**
 * spare_audit_checkpoint_sync:
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Signs how far the log has come, if rows were added since the last time. May ask for the authority's passphrase. Not
 * within a transaction.
 *
 * Returns: %FALSE with what signing or the database said; the log is as it was
 */
gboolean
spare_audit_checkpoint_sync (SpareAudit *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (SPARE_IS_AUDIT (self), FALSE);

  locker = g_mutex_locker_new (&making);
  return make_checkpoint (self, cancellable, error);
}

/**
 * spare_audit_get_n_unprotected:
 * @n: (out): rows after the last checkpoint
 * @error: where to put an error
 */
gboolean
spare_audit_get_n_unprotected (SpareAudit *self, guint64 *n, GError **error)
{
  g_autoptr (SpareAuditCheckpoint) last = NULL;
  g_autofree char *hash = NULL;
  gint64 sequence = 0;

  g_return_val_if_fail (SPARE_IS_AUDIT (self), FALSE);

  if (!spare_audit_get_head (self, &sequence, &hash, error)
      || !spare_audit_read_last_checkpoint (self, &last, error))
    return FALSE;
  *n = (guint64) MAX (sequence - (last != NULL ? last->sequence : 0), 0);
  return TRUE;
}

/**
 * spare_audit_checkpoint_if_due_sync:
 *
 * As spare_audit_checkpoint_sync(), but only after 64 rows or more.
 */
gboolean
spare_audit_checkpoint_if_due_sync (SpareAudit *self, GCancellable *cancellable, GError **error)
{
  guint64 n = 0;

  if (!spare_audit_get_n_unprotected (self, &n, error))
    return FALSE;
  return n < SPARE_AUDIT_CHECKPOINT_ROWS
         || spare_audit_checkpoint_sync (self, cancellable, error);
}

/**
 * spare_audit_dup_checkpoint_json:
 *
 * The newest checkpoint, for an owner to keep: `sequence`, `hash`, `previous`, `time`, `signature`. With the authority's
 * fingerprint they make up the text that is signed.
 *
 * Returns: (transfer full) (nullable): %NULL without an error when there is none yet
 */
JsonObject *
spare_audit_dup_checkpoint_json (SpareAudit *self, GError **error)
{
  g_autoptr (SpareAuditCheckpoint) last = NULL;
  g_autoptr (JsonObject) parsed = NULL;
  g_autoptr (JsonObject) result = json_object_new ();
  const char *const members[] = { "sequence", "hash", "previous", "time" };

  g_return_val_if_fail (SPARE_IS_AUDIT (self), NULL);

  if (!spare_audit_read_last_checkpoint (self, &last, error) || last == NULL)
    return NULL;
  parsed = spare_json_line_parse (last->text, strlen (last->text), error);
  if (parsed == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (json_object_has_member (parsed, members[i]))
      json_object_set_member (result, members[i], json_object_dup_member (parsed, members[i]));
  json_object_set_string_member (result, "signature", last->signature);
  return g_steal_pointer (&result);
}
