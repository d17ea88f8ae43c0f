/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What officers do with a case before it ends: look at it, check who asks, approve.
 *
 * Promise: each step is one transaction of its effect, its audit row and the authority's signed statement; what is refused is
 * in the log too. No step says that another one is done: where a case stands is computed.
 */
#include "config.h"

#include "spare-case-work.h"

#include "spare-attestation-private.h"
#include "spare-bundle-reader.h"
#include "spare-bundle-writer.h"
#include "spare-dossier-private.h"
#include "spare-error.h"
#include "spare-intake-private.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define EVIDENCE_MAX 4000 /* characters */

/**
 * spare_case_list_sync:
 * @authority: an open authority
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type SpareCase) (nullable): all cases, newest first
 */
GPtrArray *
spare_case_list_sync (SpareAuthority *authority, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray)
      cases = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_case_unref);
  g_autoptr (GPtrArray)
      rows = spare_case_row_list (spare_authority_get_registry (authority), error);

  if (rows == NULL)
    return NULL;
  while (rows->len > 0)
    {
      g_autoptr (SpareDossier) dossier = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      dossier = spare_dossier_load_row_sync (authority, g_ptr_array_steal_index (rows, 0),
                                             SPARE_DOSSIER_INDEXED, NULL, cancellable, error);
      if (dossier == NULL)
        return NULL;
      g_ptr_array_add (cases, spare_dossier_to_case (dossier));
    }
  return g_steal_pointer (&cases);
}

/**
 * spare_case_get_sync:
 * @authority: an open authority
 * @id: a case's id or an unambiguous beginning of one
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the case as it is now
 */
SpareCase *
spare_case_get_sync (SpareAuthority *authority,
                     const char *id,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (SpareDossier)
      dossier = spare_dossier_load_sync (authority, id, SPARE_DOSSIER_INDEXED, NULL,
                                         cancellable, error);

  return dossier != NULL ? spare_dossier_to_case (dossier) : NULL;
}

/* A step that was refused is in the log, whatever it was. */
static void
log_denied (SpareAuthority *authority,
            const char *event,
            const char *actor,
            const GError *error)
{
  if (g_error_matches (error, SPARE_ERROR, SPARE_ERROR_POLICY)
      || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DAMAGED))
    spare_authority_log_denied_sync (authority, event,
                                     actor != NULL
                                         ? actor
                                         : spare_authority_get_fingerprint (authority),
                                     error->message);
}

/* --- Identity --- */

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY, message);
  return FALSE;
}

/* The person reads the fingerprint aloud, the officer enters what was heard, and only this compares. */
static gboolean
check_new_key (const SpareDossier *dossier, const char *heard, GError **error)
{
  g_autofree char *fingerprint = spare_fingerprint_normalize (heard);

  if (fingerprint != NULL && g_str_equal (fingerprint, dossier->row->key))
    return TRUE;
  return refuse (error,
                 _ ("What you entered is not the fingerprint of the new key in this request. "
                    "If the person read it correctly, the request was changed on its way: "
                    "refuse the case. Nothing was changed."));
}

static gboolean
check_evidence (const SpareDossier *dossier,
                const char *check,
                const char *evidence,
                GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (evidence));

  if (!spare_dossier_require_open (dossier, error))
    return FALSE;
  if (!spare_authority_policy_has_check (dossier->policy, check))
    return refuse (error, _ ("The policy knows no such identity check. Nothing was changed."));
  if (*stripped == '\0' || !g_utf8_validate (evidence, -1, NULL)
      || g_utf8_strlen (evidence, -1) > EVIDENCE_MAX)
    return refuse (error,
                   _ ("Say in a few words what the check rests on. Nothing was changed."));
  return !g_str_equal (check, SPARE_CHECK_NEW_KEY) || check_new_key (dossier, stripped, error);
}

static gboolean
write_check (const SpareDossier *dossier,
             const char *check,
             const char *evidence,
             GCancellable *cancellable,
             GError **error)
{
  SpareAuthority *authority = dossier->authority;
  g_autofree char *subject = g_strdup_printf ("identity/%s/%s", dossier->row->id, check);
  g_autoptr (JsonObject) statement = json_object_new ();
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, evidence, -1);
  gint64 sequence = 0;

  json_object_set_string_member (detail, "case", dossier->row->id);
  json_object_set_string_member (detail, "check", check);
  json_object_set_string_member (detail, "evidence-sha256", sha256);
  if (!spare_audit_append (spare_authority_get_audit (authority), "case.identity",
                           spare_authority_get_fingerprint (authority), detail, &sequence,
                           error))
    return FALSE;
  json_object_set_string_member (statement, "evidence", evidence);
  json_object_set_string_member (statement, "key", dossier->row->key);
  spare_json_set_time (statement, "time", dossier->now);
  spare_json_set_uint64 (statement, "sequence", (guint64) sequence);
  return spare_attestation_make_sync (spare_authority_get_audit (authority), subject, statement,
                                      cancellable, error);
}

static gboolean
record_check (const SpareDossier *dossier,
              const char *check,
              const char *evidence,
              GCancellable *cancellable,
              GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (dossier->authority);

  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!write_check (dossier, check, evidence, cancellable, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error)
         && spare_audit_checkpoint_if_due_sync (spare_authority_get_audit (dossier->authority),
                                                cancellable, error);
}

/**
 * spare_case_identify_sync:
 * @authority: an open authority
 * @id: a case
 * @check: one of the policy's checks, or "new-key"
 * @evidence: what it rests on; for "new-key" the fingerprint as it was heard
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Records that an officer did an identity check. Done again, the newer evidence counts, and approvals that were given
 * before are void.
 *
 * Errors: %SPARE_ERROR_POLICY if the fingerprint is another one, if policy knows no such check, or if the case is closed.
 *
 * Returns: (transfer full) (nullable): the case as it is now
 */
SpareCase *
spare_case_identify_sync (SpareAuthority *authority,
                          const char *id,
                          const char *check,
                          const char *evidence,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (SpareDossier)
      dossier = spare_dossier_load_sync (authority, id, SPARE_DOSSIER_INDEXED, NULL,
                                         cancellable, error);
  g_autoptr (GError) failure = NULL;

  if (dossier == NULL)
    return NULL;
  if (!check_evidence (dossier, check, evidence, &failure))
    {
      log_denied (authority, "case.identity", NULL, failure);
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  if (!record_check (dossier, check, evidence, cancellable, error))
    return NULL;
  return spare_case_get_sync (authority, dossier->row->id, cancellable, error);
}

/* --- Approving on this machine --- */

static gboolean
check_approval (const SpareDossier *dossier, SpareKey *officer, GError **error)
{
  if (!spare_dossier_require_open (dossier, error))
    return FALSE;
  if (dossier->manifest_sha256 == NULL)
    return refuse (error, _ ("All identity checks come first. Nothing was changed."));
  return spare_dossier_check_approver (dossier, spare_key_get_fingerprint (officer),
                                       spare_key_get_user_ids (officer), error);
}

static GBytes *
write_approval (const SpareDossier *dossier,
                SpareHome *officer_home,
                const char *officer,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (SpareKey) receiver = spare_authority_dup_key (dossier->authority);
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_APPROVAL, officer,
                                        spare_key_get_fingerprint (receiver));
  const SpareBundleParties parties = {
    .home = spare_authority_get_home (dossier->authority),
    .signing_home = officer_home,
    .signer = officer,
    .receiver = receiver,
  };

  json_object_set_string_member (header->fields, "case", dossier->row->id);
  json_object_set_string_member (header->fields, "manifest", dossier->manifest_sha256);
  return spare_bundle_write_bytes_sync (&parties, header, NULL, NULL, NULL, cancellable, error);
}

/* By the same door as an approval that was carried here on a stick. */
static gboolean
take_approval (const SpareDossier *dossier,
               GBytes *octets,
               const char *officer,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SpareKey) key = spare_authority_dup_key (dossier->authority);
  const SpareBundleExpectation expectation = {
    .home = spare_authority_get_home (dossier->authority),
    .me = key,
    .sender = officer,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_APPROVAL),
    .spool = spare_authority_get_spool (dossier->authority),
  };
  g_autoptr (SpareBundle)
      bundle = spare_bundle_open_bytes_sync (octets, &expectation, NULL, cancellable, error);
  g_autoptr (SpareImportResult) result = g_new0 (SpareImportResult, 1);
  SpareIntake intake;

  if (bundle == NULL)
    return FALSE;
  intake = (SpareIntake){
    .authority = dossier->authority,
    .bundle = bundle,
    .result = result,
    .cancellable = cancellable,
    .now = spare_authority_get_now (dossier->authority),
  };
  return spare_intake_run_sync (&intake, error);
}

static gboolean
approve (const SpareDossier *dossier,
         SpareHome *officer_home,
         const char *fingerprint,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (SpareKey)
      officer = spare_home_get_key_sync (officer_home, fingerprint, TRUE, cancellable, error);
  g_autoptr (GBytes) octets = NULL;

  if (officer == NULL || !check_approval (dossier, officer, error))
    return FALSE;
  octets = write_approval (dossier, officer_home, spare_key_get_fingerprint (officer),
                           cancellable, error);
  return octets != NULL
         && take_approval (dossier, octets, spare_key_get_fingerprint (officer), cancellable,
                           error);
}

/**
 * spare_case_approve_sync:
 * @authority: an open authority
 * @id: a case whose identity checks are done
 * @officer_home: where the officer's secret key is; the authority's own home for the authority's own key
 * @officer: primary fingerprint of that key
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Signs the case's manifest as it is now, and takes the approval in as if it had been carried here.
 *
 * Errors: %SPARE_ERROR_POLICY if this officer can't approve it: not in the policy, the requester, or counted already.
 *
 * Returns: (transfer full) (nullable): the case as it is now
 */
SpareCase *
spare_case_approve_sync (SpareAuthority *authority,
                         const char *id,
                         SpareHome *officer_home,
                         const char *officer,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (SpareDossier)
      dossier = spare_dossier_load_sync (authority, id, SPARE_DOSSIER_INDEXED, NULL,
                                         cancellable, error);
  g_autoptr (GError) failure = NULL;

  if (dossier == NULL)
    return NULL;
  if (!approve (dossier, officer_home, officer, cancellable, &failure))
    {
      log_denied (authority, "case.approve", officer, failure);
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  return spare_case_get_sync (authority, dossier->row->id, cancellable, error);
}
