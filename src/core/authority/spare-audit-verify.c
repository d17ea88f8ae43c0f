/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the log is what it was.
 *
 * Promise: a row that was changed, removed, swapped or slipped in is named: the first that does not fit. Who rewrote all that
 * follows too is found at the next checkpoint; who cut the end off, or put an older file back, by an anchor, which is a
 * checkpoint that somebody else kept. What no checkpoint covers is counted, not trusted.
 *
 * Of the signatures the newest is checked by gpg; the older ones hang on it by their hashes.
 */
#include "config.h"

#include "spare-audit.h"

#include "spare-audit-private.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  SpareAudit *audit;
  SpareAuditVerification *result;
  GPtrArray *checkpoints; /* of SpareAuditCheckpoint, by sequence */
  guint at;               /* the next of them */
  char *row_hash;         /* of the row before */
  char *point_hash;       /* of the checkpoint before */
  gint64 expected;        /* sequence of the next row */
  GArray *anchors;        /* of Anchor, by sequence */
  guint anchor_at;        /* the next of them */
} Walk;

/* What the log was at one row, as somebody else has it signed. */
typedef struct
{
  gint64 sequence;
  char *hash;
} Anchor;

static void
anchor_clear (Anchor *anchor)
{
  g_free (anchor->hash);
}

static int
compare_anchors (gconstpointer a, gconstpointer b)
{
  const Anchor *first = a;
  const Anchor *second = b;

  return first->sequence < second->sequence ? -1 : first->sequence > second->sequence;
}

static void
walk_clear (Walk *walk)
{
  g_clear_pointer (&walk->checkpoints, g_ptr_array_unref);
  g_clear_pointer (&walk->row_hash, g_free);
  g_clear_pointer (&walk->point_hash, g_free);
  g_clear_pointer (&walk->anchors, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

/**
 * spare_audit_verification_free:
 * @self: (nullable): a result
 */
void
spare_audit_verification_free (SpareAuditVerification *self)
{
  if (self == NULL)
    return;

  g_free (self->why);
  g_free (self->clock_rows);
  g_free (self);
}

/* The first thing that is wrong is the one that is told, by the lowest row. */
static void
blame (Walk *walk, gint64 row, const char *format)
{
  SpareAuditVerification *result = walk->result;

  result->valid = FALSE;
  if (result->first_bad != 0 && result->first_bad <= row)
    return;
  result->first_bad = row;
  g_free (result->why);
  result->why = g_strdup_printf (format, (long long) row);
}

/* --- Rows --- */

/* Several may name one row: then all of them must fit. */
static void
check_anchors (Walk *walk, gint64 sequence, const char *hash)
{
  for (; walk->anchor_at < walk->anchors->len; walk->anchor_at++)
    {
      const Anchor *anchor = &g_array_index (walk->anchors, Anchor, walk->anchor_at);

      if (anchor->sequence > sequence)
        return;
      if (anchor->sequence == sequence && strcmp (anchor->hash, hash) == 0)
        continue;
      /* Of a row that is missing too. */
      walk->result->anchor_ok = FALSE;
      blame (walk, anchor->sequence,
             _ ("Row %lld is not what it was when the checkpoint was given away: "
                "the log was rewritten."));
    }
}

/* Nothing wrong, and to be known of whoever looks. */
static void
note_clock (Walk *walk, gint64 sequence)
{
  g_autofree char *before = walk->result->clock_rows;

  walk->result->clock_rows = g_strdup_printf ("%s%s%" G_GINT64_FORMAT,
                                              before != NULL ? before : "",
                                              before != NULL ? ", " : "", sequence);
}

static void
check_row (Walk *walk,
           gint64 sequence,
           const char *text,
           const char *hash,
           const char *time,
           const char *event)
{
  g_autofree char *computed = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_autofree char *start = g_strdup_printf ("{\"sequence\":%" G_GINT64_FORMAT
                                            ",\"previous\":\"%s\",",
                                            walk->expected, walk->row_hash);
  g_autoptr (SpareAuditRow) row = spare_audit_row_parse (text, hash, NULL);
  g_autofree char *row_time = row != NULL ? spare_audit_format_time (row->time) : NULL;

  if (sequence != walk->expected)
    blame (walk, walk->expected, _ ("Row %lld is missing."));
  else if (strcmp (computed, hash) != 0 || row == NULL || row->sequence != sequence
           || g_strcmp0 (row_time, time) != 0 || g_strcmp0 (row->event, event) != 0)
    blame (walk, sequence, _ ("Row %lld was changed."));
  else if (!g_str_has_prefix (text, start))
    blame (walk, sequence,
           _ ("Row %lld does not follow from the row before: one of the two was "
              "changed, or one between them was removed."));

  if (row != NULL && g_str_equal (row->event, SPARE_AUDIT_CLOCK))
    note_clock (walk, sequence);
  check_anchors (walk, sequence, computed);
  g_free (walk->row_hash);
  walk->row_hash = g_steal_pointer (&computed);
  walk->expected = sequence + 1;
}

/* A checkpoint's text is made up anew from what it must say; its time alone is its own. */
static void
check_checkpoint (Walk *walk, const SpareAuditCheckpoint *point)
{
  g_autoptr (JsonObject)
      object = spare_json_line_parse (point->text, strlen (point->text), NULL);
  const char *time = NULL;
  g_autofree char *text = NULL;

  if (object != NULL && spare_json_get_string (object, "time", 64, &time, NULL))
    text = spare_audit_checkpoint_make_text (spare_audit_get_authority (walk->audit),
                                             point->sequence, walk->row_hash, walk->point_hash,
                                             time);
  if (g_strcmp0 (text, point->text) != 0)
    blame (walk, point->sequence,
           _ ("Row %lld does not fit its checkpoint: it or one before it was "
              "rewritten, or the checkpoint was changed."));
  g_free (walk->point_hash);
  walk->point_hash = spare_audit_checkpoint_hash (point->text, point->signature);
}

static gboolean
walk_rows (Walk *walk, SpareDatabase *database, GCancellable *cancellable, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database, "SELECT sequence, text, hash, time, event FROM audit ORDER BY sequence", error);
  gboolean row = FALSE;

  if (stmt == NULL)
    return FALSE;
  while (TRUE)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !spare_database_step (database, stmt, &row, error))
        return FALSE;
      if (!row)
        return TRUE;

      walk->result->rows++;
      check_row (walk, sqlite3_column_int64 (stmt, 0),
                 (const char *) sqlite3_column_text (stmt, 1),
                 (const char *) sqlite3_column_text (stmt, 2),
                 (const char *) sqlite3_column_text (stmt, 3),
                 (const char *) sqlite3_column_text (stmt, 4));
      while (walk->at < walk->checkpoints->len)
        {
          const SpareAuditCheckpoint *point = g_ptr_array_index (walk->checkpoints, walk->at);

          if (point->sequence >= walk->expected)
            break;
          check_checkpoint (walk, point);
          walk->at++;
        }
    }
}

static gboolean
read_checkpoints (Walk *walk, SpareDatabase *database, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database, "SELECT sequence, text, signature FROM checkpoints ORDER BY sequence", error);
  gboolean row = FALSE;
  gboolean done = stmt != NULL;

  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    {
      SpareAuditCheckpoint *point = g_new0 (SpareAuditCheckpoint, 1);

      point->sequence = sqlite3_column_int64 (stmt, 0);
      point->text = spare_registry_dup_text (stmt, 1);
      point->signature = spare_registry_dup_text (stmt, 2);
      g_ptr_array_add (walk->checkpoints, point);
    }
  return done;
}

/* Other tables name rows of the log too: a log that was cut short has fewer than they know of. */
static gboolean
read_last_named (SpareDatabase *database, gint64 *sequence, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database,
      "SELECT max ((SELECT ifnull (max (sequence), 0) FROM bundles),"
      " (SELECT ifnull (max (max (enrolled_sequence, lost_sequence)), 0) FROM owners),"
      " (SELECT ifnull (max (sequence), 0) FROM checkpoints))",
      error);
  gboolean row = FALSE;

  if (stmt == NULL || !spare_database_step (database, stmt, &row, error))
    return FALSE;
  *sequence = sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

static gboolean
walk_all (Walk *walk, GCancellable *cancellable, GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (walk->audit);
  SpareDatabase *database = spare_registry_lock (registry, error);
  gint64 named = 0;
  gint64 anchored = 0;
  gboolean done;

  if (database == NULL)
    return FALSE;
  done = read_checkpoints (walk, database, error)
         && walk_rows (walk, database, cancellable, error)
         && read_last_named (database, &named, error);
  spare_registry_unlock (registry);
  if (walk->anchors->len > 0)
    anchored = g_array_index (walk->anchors, Anchor, walk->anchors->len - 1).sequence;
  if (done && MAX (named, anchored) >= walk->expected)
    {
      walk->result->anchor_ok = walk->result->anchor_ok && anchored < walk->expected;
      blame (walk, walk->expected,
             _ ("Row %lld and all after it are missing: the log was cut short, or "
                "an older one was put back."));
    }
  return done;
}

/* --- Signatures --- */

/* The newest checkpoint that the authority signed; the older ones hang on it. */
static gboolean
check_signatures (Walk *walk, GCancellable *cancellable, GError **error)
{
  gint64 protected_until = 0;

  for (guint i = walk->checkpoints->len; i > 0 && protected_until == 0; i--)
    {
      const SpareAuditCheckpoint *point = g_ptr_array_index (walk->checkpoints, i - 1);
      gboolean good = FALSE;

      if (!spare_audit_checkpoint_verify_sync (walk->audit, point->text, point->signature,
                                               &good, cancellable, error))
        return FALSE;
      if (good)
        protected_until = point->sequence;
      else
        blame (walk, point->sequence,
               _ ("The checkpoint of row %lld was not signed by the authority."));
    }
  if (walk->result->first_bad > 0)
    protected_until = MIN (protected_until, walk->result->first_bad - 1);
  walk->result->unprotected = walk->result->rows
                              - MIN (walk->result->rows, (guint64) protected_until);
  return TRUE;
}

/* An anchor that the authority did not sign says nothing about the log, but it is not all right either. */
static gboolean
take_anchor (Walk *walk, JsonObject *anchor, GCancellable *cancellable, GError **error)
{
  const char *hash = NULL;
  const char *previous = NULL;
  const char *time = NULL;
  const char *signature = NULL;
  g_autofree char *text = NULL;
  guint64 sequence = 0;
  gboolean good = FALSE;
  Anchor taken;

  if (!spare_json_get_uint64 (anchor, "sequence", G_MAXINT32, &sequence, error)
      || !spare_json_get_hex (anchor, "hash", SPARE_JSON_SHA256_DIGITS, &hash, error)
      || !spare_json_get_hex (anchor, "previous", SPARE_JSON_SHA256_DIGITS, &previous, error)
      || !spare_json_get_string (anchor, "time", 64, &time, error)
      || !spare_json_get_string (anchor, "signature", SPARE_JSON_LINE_MAX, &signature, error))
    return FALSE;

  text = spare_audit_checkpoint_make_text (spare_audit_get_authority (walk->audit),
                                           (gint64) sequence, hash, previous, time);
  if (!spare_audit_checkpoint_verify_sync (walk->audit, text, signature, &good, cancellable,
                                           error))
    return FALSE;
  if (!good || sequence == 0)
    {
      walk->result->valid = FALSE;
      walk->result->anchor_ok = FALSE;
      g_free (walk->result->why);
      walk->result->why = g_strdup (_ ("The checkpoint that was given to compare with was not "
                                       "signed by this authority."));
      return TRUE;
    }
  taken = (Anchor){ .sequence = (gint64) sequence, .hash = g_strdup (hash) };
  g_array_append_val (walk->anchors, taken);
  walk->result->anchors++;
  return TRUE;
}

static gboolean
take_anchors (Walk *walk, GPtrArray *anchors, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; anchors != NULL && i < anchors->len; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !take_anchor (walk, g_ptr_array_index (anchors, i), cancellable, error))
      return FALSE;
  g_array_sort (walk->anchors, compare_anchors);
  return TRUE;
}

/**
 * spare_audit_verify_sync:
 * @anchor: (nullable): a checkpoint that somebody else kept
 *
 * See spare_audit_verify_against_sync().
 */
SpareAuditVerification *
spare_audit_verify_sync (SpareAudit *self,
                         JsonObject *anchor,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GPtrArray) anchors = g_ptr_array_new ();

  if (anchor != NULL)
    g_ptr_array_add (anchors, anchor);
  return spare_audit_verify_against_sync (self, anchors, cancellable, error);
}

/**
 * spare_audit_verify_against_sync:
 * @anchors: (nullable) (element-type JsonObject): checkpoints that others kept, as in the headers of receipts and grants
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Reads the whole log. What it finds wrong is no error but in the result.
 *
 * Returns: (transfer full): what was found; %NULL if it could not be looked at: [error@SpareError] `DATABASE`, `ENGINE`,
 *   `DAMAGED` if one of @anchors is no checkpoint at all, %G_IO_ERROR_CANCELLED
 */
SpareAuditVerification *
spare_audit_verify_against_sync (SpareAudit *self,
                                 GPtrArray *anchors,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (SpareAuditVerification) result = g_new0 (SpareAuditVerification, 1);
  g_auto (Walk) walk = { .audit = self, .result = result, .expected = 1 };

  g_return_val_if_fail (SPARE_IS_AUDIT (self), NULL);

  result->valid = TRUE;
  result->anchor_ok = TRUE;
  walk.row_hash = g_strdup (SPARE_AUDIT_NOTHING);
  walk.point_hash = g_strdup (SPARE_AUDIT_NOTHING);
  walk.checkpoints = g_ptr_array_new_with_free_func (
      (GDestroyNotify) spare_audit_checkpoint_free);
  walk.anchors = g_array_new (FALSE, FALSE, sizeof (Anchor));
  g_array_set_clear_func (walk.anchors, (GDestroyNotify) anchor_clear);
  if (!take_anchors (&walk, anchors, cancellable, error)
      || !walk_all (&walk, cancellable, error) || !check_signatures (&walk, cancellable, error))
    return NULL;
  return g_steal_pointer (&result);
}
