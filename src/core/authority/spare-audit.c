/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log: what happened at the authority, row after row, so that no row can be changed, dropped or slipped in
 * unseen.
 *
 * Promise: a row is committed together with what it tells of, in one transaction that the caller holds, or neither is. Each
 * row holds the hash of the one before. What stands before a signed checkpoint can't be rewritten without the authority's
 * key, and what stands before a checkpoint that an owner has (each receipt and each grant carries one) not even with it.
 * Rows after the last checkpoint are not protected yet, and verification says so.
 *
 * Canonical octets. A row is one line of JSON, kept as it was written, without its line feed:
 *
 *     {"sequence":7,"previous":"<64 hex>","time":"2026-11-22T09:30:00Z","actor":"…","event":"…","detail":{…}}
 *
 * Its hash is SHA-256 over these octets; "previous" is the hash of row 6, and 64 zeroes in row 1. JSON's own quoting tells
 * where each field ends, so no two rows have the same octets. A checkpoint is one line too, and is what is signed:
 *
 *     {"checkpoint":1,"authority":"<40 hex>","sequence":7,"hash":"<of row 7>","previous":"<64 hex>","time":"…"}
 *
 * "previous" is SHA-256 over the checkpoint before, a line feed, and its armored signature; so the newest signature vouches
 * for all of them. The signature is detached, by the authority's key, with the notation checkpoint@sparekey.org=1:<40 hex>.
 *
 * Exported, the two kinds of lines get a last member, which a script cuts off again to have the canonical octets (see
 * data/verify-audit, which needs a shell, sed, sha256sum and gpg alone):
 *
 *     {…,"hash":"<64 hex>"}          {…,"signature":"<armored, each line feed as \n>"}
 *
 * Never in it: session keys, passphrases, or anything else that opens something.
 */
#include "config.h"

#include "spare-audit.h"

#include "spare-audit-private.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define LIST_DEFAULT 200
#define LIST_MAX     10000

struct _SpareAudit
{
  GObject parent_instance;

  SpareRegistry *registry;
  SpareHome *home;
  char *authority;
  SpareClockFunc clock;
};

G_DEFINE_FINAL_TYPE (SpareAudit, spare_audit, G_TYPE_OBJECT)

static void
spare_audit_finalize (GObject *object)
{
  SpareAudit *self = SPARE_AUDIT (object);

  g_clear_object (&self->registry);
  g_clear_object (&self->home);
  g_free (self->authority);

  G_OBJECT_CLASS (spare_audit_parent_class)->finalize (object);
}

static void
spare_audit_class_init (SpareAuditClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_audit_finalize;
}

static void
spare_audit_init (SpareAudit *self)
{
}

/**
 * spare_audit_new:
 * @registry: where the rows are, opened before use
 * @home: where the authority's key is, for checkpoints
 * @authority: its primary fingerprint
 * @clock: (nullable) (scope forever): the authority's clock; %NULL for the computer's
 *
 * Returns: (transfer full): the log
 */
SpareAudit *
spare_audit_new (SpareRegistry *registry,
                 SpareHome *home,
                 const char *authority,
                 SpareClockFunc clock)
{
  SpareAudit *self;

  g_return_val_if_fail (SPARE_IS_REGISTRY (registry) && authority != NULL, NULL);

  self = g_object_new (SPARE_TYPE_AUDIT, NULL);
  self->registry = g_object_ref (registry);
  self->home = g_object_ref (home);
  self->authority = g_strdup (authority);
  self->clock = clock;
  return self;
}

SpareRegistry *
spare_audit_get_registry (SpareAudit *self)
{
  return self->registry;
}

SpareHome *
spare_audit_get_home (SpareAudit *self)
{
  return self->home;
}

const char *
spare_audit_get_authority (SpareAudit *self)
{
  return self->authority;
}

gint64
spare_audit_get_now (SpareAudit *self)
{
  return self->clock != NULL ? self->clock () : g_get_real_time () / G_USEC_PER_SEC;
}

char *
spare_audit_format_time (gint64 time)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time);

  return g_date_time_format (utc, "%Y-%m-%dT%H:%M:%SZ");
}

/**
 * spare_audit_row_free:
 * @self: (nullable): a row
 */
void
spare_audit_row_free (SpareAuditRow *self)
{
  if (self == NULL)
    return;

  g_free (self->actor);
  g_free (self->event);
  g_clear_pointer (&self->detail, json_object_unref);
  g_free (self->text);
  g_free (self->hash);
  g_free (self);
}

SpareAuditRow *
spare_audit_row_parse (const char *text, const char *hash, GError **error)
{
  g_autoptr (SpareAuditRow) row = g_new0 (SpareAuditRow, 1);
  g_autoptr (JsonObject) object = spare_json_line_parse (text, strlen (text), error);
  JsonObject *detail = NULL;
  const char *actor = NULL;
  const char *event = NULL;
  guint64 sequence = 0;

  if (object == NULL
      || !spare_json_get_uint64 (object, "sequence", G_MAXINT64, &sequence, error)
      || !spare_json_get_time (object, "time", &row->time, error)
      || !spare_json_get_string (object, "actor", SPARE_JSON_LINE_MAX, &actor, error)
      || !spare_json_get_string (object, "event", SPARE_JSON_LINE_MAX, &event, error)
      || !spare_json_get_object (object, "detail", &detail, error))
    return NULL;

  row->sequence = (gint64) sequence;
  row->actor = g_strdup (actor);
  row->event = g_strdup (event);
  row->detail = json_object_ref (detail);
  row->text = g_strdup (text);
  row->hash = g_strdup (hash);
  return g_steal_pointer (&row);
}

/* --- Writing --- */

static gboolean
read_head (SpareDatabase *database, gint64 *sequence, char **hash, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt =
      spare_database_prepare (database,
                              "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
                              error);
  gboolean row = FALSE;

  if (stmt == NULL || !spare_database_step (database, stmt, &row, error))
    return FALSE;
  *sequence = row ? sqlite3_column_int64 (stmt, 0) : 0;
  *hash = row ? spare_registry_dup_text (stmt, 1) : g_strdup (SPARE_AUDIT_NOTHING);
  return TRUE;
}

static char *
make_text (gint64 sequence,
           const char *previous,
           gint64 now,
           const char *actor,
           const char *event,
           JsonObject *detail)
{
  g_autoptr (JsonObject) row = json_object_new ();
  g_autofree char *time = spare_audit_format_time (now);

  json_object_set_int_member (row, "sequence", sequence);
  json_object_set_string_member (row, "previous", previous);
  json_object_set_string_member (row, "time", time);
  json_object_set_string_member (row, "actor", actor);
  json_object_set_string_member (row, "event", event);
  json_object_set_object_member (row, "detail",
                                 detail != NULL ? json_object_ref (detail)
                                                : json_object_new ());
  return spare_json_line_write (row);
}

/**
 * spare_audit_append:
 * @event: what happened, in words with dots: "bundle.import"
 * @actor: (nullable): a fingerprint; %NULL for "program"
 * @detail: (nullable): more, nothing secret, at most 60 KiB and two levels deep
 * @sequence: (out) (optional): the row's number
 * @error: where to put an error
 *
 * Within a transaction of the registry, which is to hold what the row tells of as well.
 *
 * Returns: %FALSE with what the database said, or [error@SpareError] `DAMAGED` or `TOO_LARGE` if @detail is nothing for a
 *   row; roll back then
 */
gboolean
spare_audit_append (SpareAudit *self,
                    const char *event,
                    const char *actor,
                    JsonObject *detail,
                    gint64 *sequence,
                    GError **error)
{
  SpareDatabase *database;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  g_autoptr (SpareAuditRow) again = NULL;
  g_autofree char *previous = NULL;
  g_autofree char *text = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *time = NULL;
  gint64 last = 0;

  g_return_val_if_fail (SPARE_IS_AUDIT (self) && event != NULL, FALSE);
  g_return_val_if_fail (spare_registry_is_in_transaction (self->registry), FALSE);

  database = spare_registry_get_database_private (self->registry);
  if (!read_head (database, &last, &previous, error))
    return FALSE;
  text = make_text (last + 1, previous, spare_audit_get_now (self),
                    actor != NULL ? actor : SPARE_AUDIT_ACTOR_PROGRAM, event, detail);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  /* What could not be read back would make the log look damaged for ever. */
  again = spare_audit_row_parse (text, hash, error);
  if (again == NULL)
    return FALSE;

  stmt = spare_database_prepare (database,
                                 "INSERT INTO audit (sequence, text, hash, time, event) VALUES "
                                 "(?1, ?2, ?3, ?4, ?5)",
                                 error);
  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, last + 1);
  spare_registry_bind_text (stmt, 2, text);
  spare_registry_bind_text (stmt, 3, hash);
  time = spare_audit_format_time (again->time);
  spare_registry_bind_text (stmt, 4, time);
  spare_registry_bind_text (stmt, 5, event);
  if (!spare_database_step (database, stmt, NULL, error))
    return FALSE;

  if (sequence != NULL)
    *sequence = last + 1;
  return TRUE;
}

/* --- Reading --- */

/**
 * spare_audit_get_head:
 * @sequence: (out): number of the last row, 0 for none
 * @hash: (out) (transfer full): its hash
 * @error: where to put an error
 *
 * Within a transaction it sees the transaction's rows.
 */
gboolean
spare_audit_get_head (SpareAudit *self, gint64 *sequence, char **hash, GError **error)
{
  SpareDatabase *database;
  gboolean done;

  g_return_val_if_fail (SPARE_IS_AUDIT (self), FALSE);

  database = spare_registry_lock (self->registry, error);
  if (database == NULL)
    return FALSE;
  done = read_head (database, sequence, hash, error);
  spare_registry_unlock (self->registry);
  return done;
}

/* % and _ are letters here. */
static char *
make_pattern (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) pattern = g_string_new ("%");

  for (const char *p = valid; *p != '\0'; p++)
    {
      if (*p == '%' || *p == '_' || *p == '\\')
        g_string_append_c (pattern, '\\');
      g_string_append_c (pattern, *p);
    }
  g_string_append_c (pattern, '%');
  return g_string_free (g_steal_pointer (&pattern), FALSE);
}

static GPtrArray *
list_rows (SpareAudit *self,
           const char *text,
           gint64 from,
           gint64 before,
           guint limit,
           GError **error)
{
  g_autoptr (GPtrArray)
      rows = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_audit_row_free);
  g_autofree char *pattern = text != NULL && *text != '\0' ? make_pattern (text) : NULL;
  SpareDatabase *database = spare_registry_lock (self->registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (
      database,
      "SELECT sequence, text, hash FROM audit WHERE sequence >= ?1 AND sequence < ?2"
      " AND (?3 IS NULL OR text LIKE ?3 ESCAPE '\\') ORDER BY sequence DESC LIMIT ?4",
      error);
  done = stmt != NULL;
  if (done)
    {
      sqlite3_bind_int64 (stmt, 1, from);
      sqlite3_bind_int64 (stmt, 2, before > 0 ? before : G_MAXINT64);
      spare_registry_bind_text (stmt, 3, pattern);
      sqlite3_bind_int64 (stmt, 4, CLAMP (limit > 0 ? limit : LIST_DEFAULT, 1, LIST_MAX));
    }
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    {
      g_autofree char *line = spare_registry_dup_text (stmt, 1);
      g_autofree char *hash = spare_registry_dup_text (stmt, 2);
      SpareAuditRow *parsed = spare_audit_row_parse (line, hash, NULL);

      /* One that makes no sense is shown as it is; what that means is for the verification to say. */
      if (parsed == NULL)
        {
          parsed = g_new0 (SpareAuditRow, 1);
          parsed->actor = g_strdup ("");
          parsed->event = g_strdup ("");
          parsed->detail = json_object_new ();
          parsed->text = g_steal_pointer (&line);
          parsed->hash = g_steal_pointer (&hash);
        }
      parsed->sequence = sqlite3_column_int64 (stmt, 0);
      g_ptr_array_add (rows, parsed);
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self->registry);
  return done ? g_steal_pointer (&rows) : NULL;
}

/**
 * spare_audit_get_row:
 *
 * Returns: (transfer full): the row with this number; %NULL with `G_IO_ERROR_NOT_FOUND` if there is none
 */
SpareAuditRow *
spare_audit_get_row (SpareAudit *self, gint64 sequence, GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;

  g_return_val_if_fail (SPARE_IS_AUDIT (self) && sequence < G_MAXINT64, NULL);

  rows = list_rows (self, NULL, sequence, sequence + 1, 1, error);
  if (rows == NULL)
    return NULL;
  if (rows->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           _ ("There is no such row in the audit log."));
      return NULL;
    }
  return g_ptr_array_steal_index (rows, 0);
}

/**
 * spare_audit_list:
 * @text: (nullable): only rows with this text in them, whatever the case of its ASCII letters
 * @before: the number of the last row of the page before; 0 for the first page
 * @limit: at most so many; 0 for 200
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareAuditRow): one page, newest first
 */
GPtrArray *
spare_audit_list (SpareAudit *self,
                  const char *text,
                  gint64 before,
                  guint limit,
                  GError **error)
{
  g_return_val_if_fail (SPARE_IS_AUDIT (self), NULL);

  return list_rows (self, text, G_MININT64, before, limit, error);
}
