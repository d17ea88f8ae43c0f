/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock against the log.
 *
 * Promise: while the clock stands more than five minutes before the newest time in the log, intake and cases wait. If a
 * row was written while the clock ran ahead, that would be for years; the way back is a row in which an officer confirms
 * the clock as it is now. That row is in the log like any other, so it hides nothing; and it counts only with a statement
 * that the authority's key signed for it, so whoever can write to the database can't make one. From it on the clock is
 * held against the rows that follow.
 *
 * It does not change what counts as "before": that goes by the place in the log, and by time only to forbid more. A case
 * that was opened at a time which is still to come is taken as expired.
 */
#include "config.h"

#include "spare-audit.h"

#include "spare-attestation-private.h"
#include "spare-audit-private.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* How far the clock may stand before the last row. */
#define CLOCK_SLACK   (5 * 60) /* seconds */
#define CONFIRMER_MAX 400      /* octets, of who confirms */

/* The newest time from row @from on, as text; NULL: there is none. Of the log's times the newest counts, not the last: a row
 * that was written while the clock was wrong does not make it right. */
static gboolean
read_newest (SpareAudit *self, gint64 from, char **time, gint64 *sequence, GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (self);
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database,
                                 "SELECT time, sequence FROM audit INDEXED BY audit_time WHERE "
                                 "sequence >= ?1 ORDER BY time DESC LIMIT 1",
                                 error);
  done = stmt != NULL;
  if (done)
    {
      sqlite3_bind_int64 (stmt, 1, from);
      done = spare_database_step (database, stmt, &row, error);
    }
  if (done)
    {
      *time = row ? spare_registry_dup_text (stmt, 0) : NULL;
      *sequence = row ? sqlite3_column_int64 (stmt, 1) : 0;
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done;
}

static gboolean
read_last_confirmation (SpareAudit *self, gint64 *sequence, char **hash, GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (self);
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database,
                                 "SELECT sequence, hash FROM audit WHERE event = "
                                 "'" SPARE_AUDIT_CLOCK "' ORDER BY sequence DESC LIMIT 1",
                                 error);
  done = stmt != NULL && spare_database_step (database, stmt, &row, error);
  if (done)
    {
      *sequence = row ? sqlite3_column_int64 (stmt, 0) : 0;
      *hash = row ? spare_registry_dup_text (stmt, 1) : NULL;
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done;
}

static char *
make_subject (gint64 sequence)
{
  return g_strdup_printf ("clock/%" G_GINT64_FORMAT, sequence);
}

/* Where the log begins for the clock: at the last confirmation that the authority signed, else at the first row. */
static gboolean
find_start (SpareAudit *self, gint64 *start, GError **error)
{
  g_autofree char *hash = NULL;
  g_autofree char *subject = NULL;
  g_autoptr (JsonObject) statement = NULL;
  g_autoptr (GError) failure = NULL;
  const char *stated = NULL;
  gint64 sequence = 0;

  *start = 1;
  if (!read_last_confirmation (self, &sequence, &hash, error))
    return FALSE;
  if (sequence == 0)
    return TRUE;
  subject = make_subject (sequence);
  statement = spare_attestation_find_in_sync (self, subject, NULL, NULL, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (statement != NULL
      && spare_json_get_hex (statement, "row", SPARE_JSON_SHA256_DIGITS, &stated, NULL)
      && g_strcmp0 (stated, hash) == 0)
    *start = sequence;
  return TRUE;
}

/**
 * spare_audit_look_at_clock:
 * @newest: (out) (transfer full) (nullable): the row's time that is too late, as it stands in the log; %NULL: the clock is
 *   believed
 * @sequence: (out): that row
 * @error: where to put an error
 *
 * Whether intake and cases have to wait for the clock.
 */
gboolean
spare_audit_look_at_clock (SpareAudit *self, char **newest, gint64 *sequence, GError **error)
{
  g_autofree char *limit = NULL;
  g_autofree char *latest = NULL;
  gint64 start = 1;
  gint64 row = 0;

  g_return_val_if_fail (SPARE_IS_AUDIT (self), FALSE);

  limit = spare_audit_format_time (spare_audit_get_now (self) + CLOCK_SLACK);
  *newest = NULL;
  *sequence = 0;
  if (!read_newest (self, 1, &latest, &row, error))
    return FALSE;
  /* Such times sort as text, as long as years have four digits. */
  if (latest == NULL || strcmp (latest, limit) <= 0)
    return TRUE;
  g_clear_pointer (&latest, g_free);
  if (!find_start (self, &start, error) || !read_newest (self, start, &latest, &row, error))
    return FALSE;
  if (latest == NULL || strcmp (latest, limit) <= 0)
    return TRUE;
  *newest = g_steal_pointer (&latest);
  *sequence = row;
  return TRUE;
}

/**
 * spare_audit_check_clock:
 *
 * While the clock stands more than five minutes before the newest time in the log, nothing that depends on time is done.
 *
 * Returns: %FALSE with [error@SpareError] `FAILED` if intake and cases have to wait
 */
gboolean
spare_audit_check_clock (SpareAudit *self, GError **error)
{
  g_autofree char *newest = NULL;
  gint64 sequence = 0;

  if (!spare_audit_look_at_clock (self, &newest, &sequence, error))
    return FALSE;
  if (newest == NULL)
    return TRUE;
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
               /* Translators: the %s is a date and time such as 2026-11-22T09:30:00Z */
               _ ("This computer’s clock looks wrong: the audit log has a row of %s, which is "
                  "later than now. Nothing was taken in or recovered. Set the clock and try "
                  "again. If the clock is right now and that row is what is wrong, an officer "
                  "can confirm it with “sparekey-tool authority clock”."),
               newest);
  return FALSE;
}

static gboolean
confirm_locked (SpareAudit *self,
                const char *newest,
                gint64 row,
                const char *by,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autoptr (JsonObject) statement = json_object_new ();
  g_autofree char *hash = NULL;
  g_autofree char *subject = NULL;
  gint64 sequence = 0;
  gint64 head = 0;

  json_object_set_string_member (detail, "confirmed-by", by);
  json_object_set_string_member (detail, "later", newest);
  json_object_set_int_member (detail, "row", row);
  if (!spare_audit_append (self, SPARE_AUDIT_CLOCK, spare_audit_get_authority (self), detail,
                           &sequence, error)
      || !spare_audit_get_head (self, &head, &hash, error))
    return FALSE;
  subject = make_subject (sequence);
  json_object_set_string_member (statement, "row", hash);
  json_object_set_string_member (statement, "confirmed-by", by);
  return spare_attestation_make_sync (self, subject, statement, cancellable, error);
}

/**
 * spare_audit_confirm_clock_sync:
 * @by: who confirms that the clock is right now: a name
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Ends the waiting that a row of a later time causes. The row that says so is signed, which may ask for the passphrase.
 *
 * Returns: %FALSE with `G_IO_ERROR_INVALID_ARGUMENT` if @by is no name, [error@SpareError] `POLICY` if nothing waits, or
 *   what signing and the database said; then nothing was changed
 */
gboolean
spare_audit_confirm_clock_sync (SpareAudit *self,
                                const char *by,
                                GCancellable *cancellable,
                                GError **error)
{
  SpareRegistry *registry;
  g_autofree char *name = NULL;
  g_autofree char *newest = NULL;
  gint64 row = 0;

  g_return_val_if_fail (SPARE_IS_AUDIT (self) && by != NULL, FALSE);

  registry = spare_audit_get_registry (self);
  name = g_strstrip (g_utf8_make_valid (by, -1));
  if (*name == '\0' || strlen (name) > CONFIRMER_MAX)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("Say in a few words who confirms the clock. Nothing was "
                              "changed."));
      return FALSE;
    }
  if (!spare_audit_look_at_clock (self, &newest, &row, error))
    return FALSE;
  if (newest == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("The clock fits the audit log, so there is nothing to confirm. "
                              "Nothing was changed."));
      return FALSE;
    }
  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!confirm_locked (self, newest, row, name, cancellable, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error)
         && spare_audit_checkpoint_sync (self, cancellable, error);
}
