/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that is known of a case at one moment, and where the case stands by that.
 *
 * Promise: the state is computed, each time, from what is there: the request, what was deposited, the officers' checks, the
 * policy, the approvals. No column says it. Read in depth (before anything is granted), even the request and the deposits
 * are opened again from their kept octets, and the audit log is verified; so whoever edits the registry changes what is
 * shown, and at most makes approvals void.
 *
 * The manifest follows from the rest: it is there as soon as all identity checks are done, and any later change of what it
 * names makes another one, which nobody has approved.
 */
#include "config.h"

#include "spare-dossier-private.h"

#include "spare-attestation-private.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-kept-bundle-private.h"

#include <glib/gi18n-lib.h>

/* So far ahead of the clock a case may have been opened: the log lets the clock go back so far. */
#define CLOCK_SLACK     (5 * 60)
#define SECONDS_PER_DAY 86400

void
spare_dossier_free (SpareDossier *self)
{
  g_clear_object (&self->authority);
  g_clear_pointer (&self->row, spare_case_row_free);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->owner, spare_registry_owner_free);
  g_clear_pointer (&self->opener, spare_packet_opener_free);
  g_clear_pointer (&self->request, spare_bundle_free);
  g_clear_pointer (&self->facts, spare_request_facts_free);
  g_clear_pointer (&self->records, g_hash_table_unref);
  g_free (self->person);
  g_clear_pointer (&self->claims, g_ptr_array_unref);
  g_clear_pointer (&self->checks, g_ptr_array_unref);
  g_clear_pointer (&self->hashes, g_ptr_array_unref);
  g_clear_pointer (&self->manifest, g_bytes_unref);
  g_free (self->manifest_sha256);
  g_clear_pointer (&self->approvals, g_ptr_array_unref);
  g_free (self);
}

static gboolean
fail_evidence (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("What the registry says of this case is not borne out by what was "
                          "kept. "
                          "Nothing was done. Look at the audit log."));
  return FALSE;
}

/* --- The request --- */

/**
 * spare_dossier_open_request_sync:
 *
 * Returns: (transfer full) (nullable): the case's request from its kept octets, verified as if it came today
 */
SpareBundle *
spare_dossier_open_request_sync (SpareAuthority *authority,
                                 const SpareCaseRow *row,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autofree char *id = spare_case_id_from_request (row->request);
  g_autofree char *path = spare_authority_find_bundle_sync (authority, row->request, error);
  g_autoptr (SpareKey) key = spare_authority_dup_key (authority);
  const SpareBundleExpectation expectation = {
    .home = spare_authority_get_home (authority),
    .me = key,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_REQUEST),
    .spool = spare_authority_get_spool (authority),
  };
  g_autoptr (SpareBundle) request = NULL;

  if (path == NULL)
    return NULL;
  request = spare_bundle_open_sync (path, &expectation, NULL, cancellable, error);
  if (request == NULL)
    return NULL;
  if (!g_str_equal (spare_bundle_get_sha256 (request), row->request)
      || !g_str_equal (id, row->id))
    {
      fail_evidence (error);
      return NULL;
    }
  return g_steal_pointer (&request);
}

/* What was signed at intake: when the case was opened, and where in the log. */
static gboolean
load_intake (SpareDossier *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareIntakeFact)
      fact = spare_intake_fact_find_sync (self->authority, self->row->request, cancellable,
                                          &failure);
  g_autofree char *id = spare_case_id_from_request (self->row->request);

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (fact == NULL || fact->type != SPARE_BUNDLE_REQUEST || !g_str_equal (id, self->row->id)
      || !g_str_equal (fact->sender, self->row->key))
    return fail_evidence (error);
  self->opened = fact->time;
  self->sequence = fact->sequence;
  return TRUE;
}

static void
add_claim (SpareDossier *self, GHashTable *seen, SpareRequestRecord *record)
{
  char *name = spare_claim_name (record);

  if (g_hash_table_add (seen, name))
    g_ptr_array_add (self->claims, spare_claim_new (record));
  else
    spare_request_record_free (record);
}

static void
replace (char **text, const char *by)
{
  g_free (*text);
  *text = g_strdup (by);
}

/* The row is overwritten by what the request itself says. */
static gboolean
load_request (SpareDossier *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  SpareCaseRow *row = self->row;

  self->request = spare_dossier_open_request_sync (self->authority, row, cancellable, error);
  if (self->request == NULL)
    return FALSE;
  self->facts = spare_request_facts_new (self->request,
                                         spare_authority_get_fingerprint (self->authority),
                                         self->now, error);
  if (self->facts == NULL)
    return FALSE;
  replace (&row->old, self->facts->old);
  replace (&row->subkey, self->facts->subkey);
  replace (&row->requester, self->facts->requester);
  replace (&row->people, self->facts->people);
  replace (&row->reason, self->facts->reason);
  replace (&row->lost, self->facts->lost);
  replace (&row->request_id, spare_bundle_get_header (self->request)->id);
  row->since = self->facts->since;

  for (;;)
    {
      g_autoptr (JsonObject) object = NULL;
      SpareRequestRecord *record;

      if (!spare_bundle_next_sync (self->request, &object, error))
        return FALSE;
      if (object == NULL)
        return TRUE;
      record = spare_request_record_from_json (object, error);
      if (record == NULL)
        return FALSE;
      add_claim (self, seen, record);
    }
}

static gboolean
load_files (SpareDossier *self, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray)
      records = spare_case_row_list_files (spare_authority_get_registry (self->authority),
                                           self->row->id, error);

  if (records == NULL)
    return FALSE;
  while (records->len > 0)
    add_claim (self, seen, g_ptr_array_steal_index (records, 0));
  return TRUE;
}

/* --- Identity --- */

static gboolean
load_check (SpareDossier *self, const char *check, GCancellable *cancellable, GError **error)
{
  g_autofree char *subject = g_strdup_printf ("identity/%s/%s", self->row->id, check);
  g_autoptr (GError) failure = NULL;
  g_autofree char *sha256 = NULL;
  g_autoptr (JsonObject)
      statement = spare_attestation_find_sync (self->authority, subject, &sha256, cancellable,
                                               &failure);
  SpareCaseCheck *result;
  const char *evidence = NULL;
  gint64 time = 0;

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (statement != NULL
      && (!spare_json_get_string (statement, "evidence", SPARE_JSON_LINE_MAX, &evidence, error)
          || !spare_json_get_time (statement, "time", &time, error)))
    return FALSE;
  result = g_new0 (SpareCaseCheck, 1);
  result->check = g_strdup (check);
  result->done = evidence != NULL;
  result->evidence = g_strdup (evidence);
  result->time = time;
  g_ptr_array_add (self->checks, result);
  g_ptr_array_add (self->hashes, g_steal_pointer (&sha256));
  return TRUE;
}

gboolean
spare_dossier_load_checks_sync (SpareDossier *self, GCancellable *cancellable, GError **error)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);

  for (guint i = 0; rules->checks[i] != NULL; i++)
    if (!load_check (self, rules->checks[i], cancellable, error))
      return FALSE;
  return TRUE;
}

/* --- The manifest --- */

static gboolean
has_all_checks (const SpareDossier *self)
{
  for (guint i = 0; i < self->checks->len; i++)
    if (!((SpareCaseCheck *) g_ptr_array_index (self->checks, i))->done)
      return FALSE;
  return self->checks->len > 0;
}

static SpareManifest *
build_manifest (const SpareDossier *self)
{
  SpareManifest *manifest = spare_manifest_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  manifest->case_id = g_strdup (self->row->id);
  manifest->request_sha256 = g_strdup (self->row->request);
  manifest->old_fingerprint = g_strdup (self->row->old);
  manifest->person = g_strdup (self->person);
  manifest->key = g_strdup (self->row->key);
  manifest->subkey = g_strdup (self->row->subkey);
  manifest->policy_sha256 = g_strdup (spare_authority_policy_get_sha256 (self->policy));
  manifest->expires = self->expires;
  for (guint i = 0; i < self->checks->len; i++)
    {
      const SpareCaseCheck *check = g_ptr_array_index (self->checks, i);

      spare_manifest_add_evidence (manifest, check->check, g_ptr_array_index (self->hashes, i));
    }
  for (guint i = 0; i < self->claims->len; i++)
    {
      const SpareClaim *claim = g_ptr_array_index (self->claims, i);
      char *name = g_strconcat (claim->record->file_id, claim->sha256, NULL);

      /* Two claims on one file id may be answered by the same packet: that is one answer. */
      if (g_hash_table_add (seen, name))
        spare_manifest_add_file (manifest, claim->record->file_id, claim->serial, claim->sha256,
                                 claim->verdict);
    }
  return manifest;
}

static void
make_manifest (SpareDossier *self)
{
  g_autoptr (SpareManifest) manifest = NULL;

  if (!has_all_checks (self))
    return;
  manifest = build_manifest (self);
  self->manifest = spare_manifest_serialize (manifest);
  self->manifest_sha256 = spare_manifest_hash (self->manifest);
}

/* --- What can be granted --- */

/* The newest encryption subkey is for bundles and mail, even if it was ever the only one. */
static gboolean
is_for_transport (const SpareDossier *self, const SpareEsk *esk)
{
  g_autoptr (SpareKey) key = spare_authority_dup_key (self->authority);
  const SpareSubkey *transport = spare_key_pick_newest_encryption_subkey (key, self->now);

  return transport == NULL || spare_esk_matches_fingerprint (esk, transport->fingerprint);
}

/**
 * spare_dossier_find_bar:
 * @self: the case
 * @claim: one of its claims
 *
 * Returns: (nullable): why it can't be granted, translated; %NULL: it can, if the approvals are there
 */
const char *
spare_dossier_find_bar (const SpareDossier *self, const SpareClaim *claim)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);

  if (claim->verdict == SPARE_VERDICT_MATCHED)
    return NULL;
  if (!rules->allow_unmatched)
    return _ ("It is not matched by a deposit, and the policy does not allow such claims.");
  if (claim->record->esk == NULL)
    return _ ("It is not matched by a deposit, and the file holds no spare key for this "
              "authority.");
  if (spare_packet_opener_get_n_encryption_subkeys (self->opener) < 2)
    return _ ("It is not matched by a deposit, and the authority has only one encryption key, "
              "so files and messages can’t be told apart.");
  if (!spare_packet_opener_is_escrow (self->opener, claim->record->esk)
      || is_for_transport (self, claim->record->esk))
    return _ ("It is not matched by a deposit, and its spare key is not for the authority’s "
              "escrow key.");
  return NULL;
}

static guint
count_needed (const SpareDossier *self)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);
  guint matched = MAX (rules->approvals_matched, 1);

  for (guint i = 0; i < self->claims->len; i++)
    {
      const SpareClaim *claim = g_ptr_array_index (self->claims, i);

      if (claim->verdict != SPARE_VERDICT_MATCHED
          && spare_dossier_find_bar (self, claim) == NULL)
        return MAX (matched, rules->approvals_unmatched);
    }
  return matched;
}

/* --- The state --- */

static gboolean
is_answer (const SpareDossier *self, const char *kind)
{
  return g_strcmp0 (self->row->answer_kind, kind) == 0;
}

static SpareCaseState
compute_state (const SpareDossier *self)
{
  if (is_answer (self, "withdrawn"))
    return SPARE_CASE_WITHDRAWN;
  if (is_answer (self, "refused") || self->was_refused)
    return SPARE_CASE_REFUSED;
  if (is_answer (self, "grant") || self->was_granted)
    return SPARE_CASE_GRANTED;
  /* Opened while the clock ran ahead: it would go on for so much longer. */
  if (is_answer (self, "expired") || self->now >= self->expires
      || self->opened > self->now + CLOCK_SLACK)
    return SPARE_CASE_EXPIRED;
  if (self->manifest == NULL)
    return SPARE_CASE_IDENTITY;
  if (self->n_approved < self->n_needed)
    return SPARE_CASE_APPROVAL;
  return self->now < self->waiting_until ? SPARE_CASE_WAITING : SPARE_CASE_READY;
}

static gboolean
load_all (SpareDossier *self,
          SpareProgressMeter *progress,
          GCancellable *cancellable,
          GError **error)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);

  if (!load_intake (self, cancellable, error)
      || (self->depth == SPARE_DOSSIER_VERIFIED
              ? !load_request (self, cancellable, error)
                    || !spare_dossier_verify_log_sync (self, cancellable, error)
              : !load_files (self, error)))
    return FALSE;
  self->expires = self->opened + (gint64) rules->expiry_days * SECONDS_PER_DAY;
  if (!spare_dossier_load_owner_sync (self, cancellable, error)
      || !spare_dossier_judge_claims_sync (self, progress, cancellable, error)
      || !spare_dossier_load_checks_sync (self, cancellable, error))
    return FALSE;
  make_manifest (self);
  self->n_needed = count_needed (self);
  if (!spare_dossier_count_approvals_sync (self, cancellable, error))
    return FALSE;
  self->state = compute_state (self);
  return TRUE;
}

/**
 * spare_dossier_load_row_sync:
 * @authority: an open authority
 * @row: (transfer full): a case
 * @depth: where to take the facts from
 * @progress: (nullable): told of the deposits that are read
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): all that is known of the case
 */
SpareDossier *
spare_dossier_load_row_sync (SpareAuthority *authority,
                             SpareCaseRow *row,
                             SpareDossierDepth depth,
                             SpareProgressMeter *progress,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (SpareDossier) self = g_new0 (SpareDossier, 1);

  self->row = row;
  self->authority = g_object_ref (authority);
  self->depth = depth;
  self->now = spare_authority_get_now (authority);
  self->claims = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_claim_free);
  self->checks = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_case_check_free);
  self->hashes = g_ptr_array_new_with_free_func (g_free);
  self->approvals = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_case_approval_free);
  self->records = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify) spare_deposit_record_free);
  self->policy = spare_authority_dup_policy (authority, error);
  if (self->policy == NULL)
    return NULL;
  self->opener = spare_packet_opener_new (authority);
  return load_all (self, progress, cancellable, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * spare_dossier_load_sync:
 * @id: a case's id or an unambiguous beginning of one
 *
 * As spare_dossier_load_row_sync().
 */
SpareDossier *
spare_dossier_load_sync (SpareAuthority *authority,
                         const char *id,
                         SpareDossierDepth depth,
                         SpareProgressMeter *progress,
                         GCancellable *cancellable,
                         GError **error)
{
  SpareCaseRow *row;

  if (!spare_audit_check_clock (spare_authority_get_audit (authority), error))
    return NULL;
  row = spare_case_row_find (spare_authority_get_registry (authority), id, error);
  return row != NULL
             ? spare_dossier_load_row_sync (authority, row, depth, progress, cancellable, error)
             : NULL;
}

gboolean
spare_dossier_is_closed (const SpareDossier *self)
{
  return self->state >= SPARE_CASE_GRANTED;
}

/**
 * spare_dossier_require_open:
 *
 * Returns: whether something can still be done with the case; else %SPARE_ERROR_POLICY
 */
gboolean
spare_dossier_require_open (const SpareDossier *self, GError **error)
{
  if (!spare_dossier_is_closed (self))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       self->state == SPARE_CASE_GRANTED
                           ? _ ("This case was granted already. Nothing was changed.")
                       : self->state == SPARE_CASE_EXPIRED
                           ? _ ("This case has expired by policy. Its owner has to send a new "
                                "request. Nothing was changed.")
                           : _ ("This case is closed. Nothing was changed."));
  return FALSE;
}
