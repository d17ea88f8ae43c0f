/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the audit log says of a case.
 *
 * Promise: before anything is granted the whole log is verified, row by row and checkpoint by checkpoint. What only the log
 * can say is taken from it and not from the tables: that a case was refused or granted, that a key was reported lost, and
 * which policy was set last.
 */
#include "config.h"

#include "spare-dossier-private.h"

#include "spare-attestation-private.h"
#include "spare-audit-private.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-registry-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

static gboolean
is_about (const SpareAuditRow *row, const char *member, const char *value)
{
  const char *stated;

  return spare_json_get_string (row->detail, member, 64, &stated, NULL)
         && g_str_equal (stated, value);
}

static void
note_loss (SpareDossier *self, const SpareAuditRow *row)
{
  gint64 since = 0;

  if (self->logged_loss == 0)
    self->logged_loss = row->sequence;
  if (spare_json_get_time (row->detail, "since", &since, NULL) && since > 0
      && (self->logged_since == 0 || since < self->logged_since))
    self->logged_since = since;
}

/* An end and a loss that were logged stay so, whatever the tables say; and the policy in force is the one that was
 * set last, and signed then. */
static gboolean
read_row (SpareDossier *self, const SpareAuditRow *row, gint64 *policy)
{
  if (g_str_equal (row->event, "case.refuse") && is_about (row, "case", self->row->id))
    self->was_refused = TRUE;
  else if (g_str_equal (row->event, "case.grant") && is_about (row, "case", self->row->id))
    self->was_granted = TRUE;
  else if (g_str_equal (row->event, "owner.loss") && is_about (row, "owner", self->row->old))
    note_loss (self, row);
  else if (g_str_equal (row->event, "policy.set"))
    *policy = row->sequence;
  return TRUE;
}

static gboolean
read_rows (SpareDossier *self, SpareDatabase *database, gint64 *policy, GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "SELECT text, hash FROM audit WHERE event IN "
                                     "('case.refuse', 'case.grant', 'owner.loss', 'policy.set')"
                                     " ORDER BY sequence",
                                     error);
  gboolean more = FALSE;

  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      g_autoptr (SpareAuditRow) row = NULL;

      if (!spare_database_step (database, stmt, &more, error))
        return FALSE;
      if (!more)
        return TRUE;
      row = spare_audit_row_parse ((const char *) sqlite3_column_text (stmt, 0),
                                   (const char *) sqlite3_column_text (stmt, 1), error);
      if (row == NULL || !read_row (self, row, policy))
        return FALSE;
    }
}

static gboolean
check_policy (SpareDossier *self, gint64 logged, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (JsonObject) statement = spare_attestation_find_sync (self->authority, "policy",
                                                                  NULL, cancellable, &failure);
  const char *sha256;
  guint64 sequence;

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (statement != NULL
      && spare_json_get_hex (statement, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, NULL)
      && spare_json_get_uint64 (statement, "sequence", G_MAXINT64, &sequence, NULL)
      && (gint64) sequence == logged
      && g_str_equal (sha256, spare_authority_policy_get_sha256 (self->policy)))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       _ ("The policy is not the one that was set last in Spare Key, so cases "
                          "wait. Set it again. Nothing was changed."));
  return FALSE;
}

static gboolean
read_history (SpareDossier *self, GCancellable *cancellable, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);
  SpareDatabase *database = spare_registry_lock (registry, error);
  gint64 policy = 0;
  gboolean done;

  if (database == NULL)
    return FALSE;
  done = read_rows (self, database, &policy, error);
  spare_registry_unlock (registry);
  return done && check_policy (self, policy, cancellable, error);
}

gboolean
spare_dossier_verify_log_sync (SpareDossier *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareAuditVerification)
      verification = spare_audit_verify_sync (spare_authority_get_audit (self->authority), NULL,
                                              cancellable, error);

  if (verification == NULL)
    return FALSE;
  if (!verification->valid)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                   _ ("The audit log does not fit from row %" PRId64 " on. Nothing is "
                      "recovered until that is cleared up. Nothing was changed."),
                   verification->first_bad);
      return FALSE;
    }
  return read_history (self, cancellable, error);
}
