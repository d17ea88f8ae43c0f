/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who has approved a case.
 *
 * Promise: an approval counts only if its kept octets are a bundle that a key of an officer in the policy signed, which is
 * neither expired nor revoked now, for this case and for the manifest as it is now; if that officer is not the one who
 * asks, by key, by name or by address; and once a person, whatever number of keys he has. When it came in is what the
 * authority signed at its intake.
 *
 * The registry's rows only say where to look.
 */
#include "config.h"

#include "spare-dossier-private.h"

#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-kept-bundle-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* For showing, an approval that was verified is not opened again for so long. */
#define CACHE_US (60 * G_USEC_PER_SEC)

/* What a kept approval says, verified. */
typedef struct
{
  char *case_id;
  char *manifest;
  GStrv user_ids;
  gint64 checked; /* monotonic */
} Approval;

static void
approval_free (gpointer data)
{
  Approval *self = data;

  g_free (self->case_id);
  g_free (self->manifest);
  g_strfreev (self->user_ids);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Approval, approval_free)

static GMutex cache_lock;
static GHashTable *cache; /* authority, bundle and certificate → Approval */

static Approval *
approval_copy (const Approval *self)
{
  Approval *copy = g_new0 (Approval, 1);

  copy->case_id = g_strdup (self->case_id);
  copy->manifest = g_strdup (self->manifest);
  copy->user_ids = g_strdupv (self->user_ids);
  copy->checked = self->checked;
  return copy;
}

static Approval *
find_cached (const char *name)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&cache_lock);
  const Approval *found = cache != NULL ? g_hash_table_lookup (cache, name) : NULL;

  if (found == NULL || found->checked + CACHE_US < g_get_monotonic_time ())
    return NULL;
  return approval_copy (found);
}

static void
note_cached (char *name, const Approval *approval)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&cache_lock);

  if (cache == NULL)
    cache = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, approval_free);
  g_hash_table_replace (cache, name, approval_copy (approval));
}

/* --- Who --- */

/* "Bob Example <bob@example.org>": the part before, and the part between; folded. */
static char *
fold_name (const char *user_id)
{
  const char *bracket = strchr (user_id, '<');
  g_autofree char *name = g_strstrip (
      bracket != NULL ? g_strndup (user_id, (gsize) (bracket - user_id)) : g_strdup (user_id));
  g_autofree char *normal = g_utf8_normalize (name, -1, G_NORMALIZE_ALL_COMPOSE);

  return g_utf8_casefold (normal != NULL ? normal : "", -1);
}

static char *
fold_address (const char *user_id)
{
  const char *begin = strrchr (user_id, '<');
  const char *end = begin != NULL ? strchr (begin, '>') : NULL;
  g_autofree char *address = NULL;

  if (end != NULL)
    address = g_strndup (begin + 1, (gsize) (end - begin - 1));
  else if (strchr (user_id, '@') != NULL && strchr (user_id, ' ') == NULL)
    address = g_strdup (user_id);
  return address != NULL ? g_utf8_casefold (address, -1) : g_strdup ("");
}

static gboolean
are_same_person (const char *officer, const char *user_id, const char *requester)
{
  g_autofree char *name = fold_name (requester);
  g_autofree char *officer_name = fold_name (officer);
  g_autofree char *address = fold_address (requester);
  g_autofree char *officer_address = fold_address (user_id);

  return (*name != '\0' && g_str_equal (name, officer_name))
         || (*address != '\0' && g_str_equal (address, officer_address));
}

/* All user ids of who asks: of the new key, and of the old one as far as it is known. */
static GStrv
list_requester (const SpareDossier *self)
{
  const char *people = self->facts != NULL ? self->facts->people : self->row->people;
  g_autofree char *all = g_strconcat (people != NULL ? people : "", "\n",
                                      self->owner != NULL && self->owner->user_id != NULL
                                          ? self->owner->user_id
                                          : "",
                                      NULL);

  return g_strsplit (all, "\n", -1);
}

static gboolean
is_requester (const SpareDossier *self,
              const SpareOfficer *officer,
              const char *const *user_ids)
{
  g_auto (GStrv) requester = list_requester (self);

  for (guint i = 0; officer->fingerprints[i] != NULL; i++)
    if (g_str_equal (officer->fingerprints[i], self->row->old)
        || g_str_equal (officer->fingerprints[i], self->row->key))
      return TRUE;
  for (guint i = 0; requester[i] != NULL; i++)
    {
      if (are_same_person (officer->name, "", requester[i]))
        return TRUE;
      for (guint k = 0; user_ids != NULL && user_ids[k] != NULL; k++)
        if (are_same_person (officer->name, user_ids[k], requester[i])
            || are_same_person (user_ids[k], user_ids[k], requester[i]))
          return TRUE;
    }
  return FALSE;
}

/* --- What --- */

/**
 * spare_dossier_find_certificate_sync:
 * @fingerprint: of an officer's key
 * @certificate: (out) (nullable): the one that is stored; %NULL if none is: then the one that an approval brings counts,
 *   whose fingerprint the policy names
 *
 * The certificate by which an officer's key is judged now. An approval can't replace a stored one, which may have been
 * revoked.
 */
gboolean
spare_dossier_find_certificate_sync (SpareAuthority *authority,
                                     const char *fingerprint,
                                     GBytes **certificate,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (g_str_equal (fingerprint, spare_authority_get_fingerprint (authority)))
    {
      *certificate = spare_home_export_sync (spare_authority_get_home (authority), fingerprint,
                                             SPARE_EXPORT_MINIMAL, cancellable, error);
      return *certificate != NULL;
    }
  *certificate = spare_authority_dup_certificate (authority, fingerprint, &failure);
  if (*certificate != NULL || failure == NULL
      || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static Approval *
read_approval (SpareBundle *bundle, GError **error)
{
  JsonObject *fields = spare_bundle_get_header (bundle)->fields;
  SpareKey *sender = spare_bundle_get_sender (bundle);
  g_autoptr (Approval) approval = g_new0 (Approval, 1);
  const char *case_id;
  const char *manifest;

  if (!spare_json_get_string (fields, "case", 64, &case_id, error)
      || !spare_json_get_hex (fields, "manifest", SPARE_JSON_SHA256_DIGITS, &manifest, error))
    return NULL;
  approval->case_id = g_strdup (case_id);
  approval->manifest = g_strdup (manifest);
  approval->user_ids = g_strdupv ((char **) spare_key_get_user_ids (sender));
  approval->checked = g_get_monotonic_time ();
  return g_steal_pointer (&approval);
}

static Approval *
open_approval (const SpareDossier *self,
               const SpareApprovalRow *row,
               GCancellable *cancellable,
               GError **error)
{
  g_autofree char *path = spare_authority_find_bundle_sync (self->authority, row->bundle,
                                                            error);
  g_autoptr (SpareKey) key = spare_authority_dup_key (self->authority);
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (Approval) approval = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *name = NULL;
  SpareBundleExpectation expectation;

  if (path == NULL
      || !spare_dossier_find_certificate_sync (self->authority, row->fingerprint, &certificate,
                                               cancellable, error))
    return NULL;
  hash = certificate != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, certificate)
                             : g_strdup ("");
  name = g_strconcat (spare_authority_get_fingerprint (self->authority), row->bundle, hash,
                      NULL);
  if (self->depth == SPARE_DOSSIER_INDEXED && (approval = find_cached (name)) != NULL)
    return g_steal_pointer (&approval);

  expectation = (SpareBundleExpectation){
    .home = spare_authority_get_home (self->authority),
    .me = key,
    .sender = row->fingerprint,
    .sender_certificate = certificate,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_APPROVAL),
    .spool = spare_authority_get_spool (self->authority),
  };
  bundle = spare_bundle_open_sync (path, &expectation, NULL, cancellable, error);
  approval = bundle != NULL && g_str_equal (spare_bundle_get_sha256 (bundle), row->bundle)
                 ? read_approval (bundle, error)
                 : NULL;
  if (approval != NULL)
    note_cached (g_steal_pointer (&name), approval);
  return g_steal_pointer (&approval);
}

/* Whether an approval that is whole counts; NULL: it does. */
static const char *
find_fault (const SpareDossier *self,
            const Approval *approval,
            const SpareApprovalRow *row,
            const SpareIntakeFact *fact,
            const SpareOfficer *officer)
{
  if (officer == NULL)
    return _ ("The policy names no officer with this key.");
  if (fact == NULL || fact->type != SPARE_BUNDLE_APPROVAL
      || !g_str_equal (fact->sender, row->fingerprint))
    return _ ("The authority has no record of its own that this approval came in.");
  if (approval == NULL)
    return _ ("The approval can’t be verified now: its key has expired or was revoked, or its "
              "kept copy is gone.");
  if (!g_str_equal (approval->case_id, self->row->id))
    return _ ("It is for another case.");
  if (self->manifest_sha256 == NULL || !g_str_equal (approval->manifest, self->manifest_sha256))
    return _ ("Something of the case has changed since. It has to be approved again.");
  if (is_requester (self, officer, (const char *const *) approval->user_ids))
    return _ ("This officer is the one who asks for recovery.");
  return NULL;
}

static gboolean
is_trouble (const GError *error)
{
  return error != NULL
         && (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
             || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE)
             || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DATABASE)
             || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_ENGINE)
             || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED));
}

static SpareCaseApproval *
judge_row (const SpareDossier *self,
           const SpareApprovalRow *row,
           GCancellable *cancellable,
           GError **error)
{
  const SpareOfficer *officer = spare_authority_policy_find_officer (self->policy,
                                                                     row->fingerprint);
  g_autoptr (GError) failure = NULL;
  g_autoptr (Approval) approval = NULL;
  g_autoptr (SpareIntakeFact) fact = NULL;
  SpareCaseApproval *result;
  const char *fault;

  fact = spare_intake_fact_find_sync (self->authority, row->bundle, cancellable, &failure);
  if (failure == NULL)
    approval = open_approval (self, row, cancellable, &failure);
  if (is_trouble (failure))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  fault = find_fault (self, approval, row, fact, officer);
  result = g_new0 (SpareCaseApproval, 1);
  result->officer = g_strdup (officer != NULL ? officer->name : row->fingerprint);
  result->fingerprint = g_strdup (row->fingerprint);
  result->time = fact != NULL ? fact->time : 0;
  result->counts = fault == NULL;
  result->why = g_strdup (fault);
  return result;
}

/* --- Counting --- */

static int
compare_approvals (gconstpointer a, gconstpointer b)
{
  const SpareCaseApproval *first = *(SpareCaseApproval *const *) a;
  const SpareCaseApproval *second = *(SpareCaseApproval *const *) b;

  return first->time < second->time ? -1 : first->time > second->time;
}

/* In the order in which they came: the first of each person counts. Sets when the last needed one came. */
static gint64
count_persons (SpareDossier *self)
{
  g_autoptr (GHashTable) persons = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 enough = 0;

  g_ptr_array_sort (self->approvals, compare_approvals);
  for (guint i = 0; i < self->approvals->len; i++)
    {
      SpareCaseApproval *approval = g_ptr_array_index (self->approvals, i);

      if (!approval->counts)
        continue;
      if (!g_hash_table_add (persons, approval->officer))
        {
          approval->counts = FALSE;
          approval->why = g_strdup (_ ("This person has approved already."));
          continue;
        }
      self->n_approved++;
      if (self->n_approved == self->n_needed)
        enough = approval->time;
    }
  return enough;
}

gboolean
spare_dossier_count_approvals_sync (SpareDossier *self,
                                    GCancellable *cancellable,
                                    GError **error)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);
  g_autoptr (GPtrArray)
      rows = spare_case_row_list_approvals (spare_authority_get_registry (self->authority),
                                            self->row->id, error);
  gint64 enough;

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      SpareCaseApproval *approval = judge_row (self, g_ptr_array_index (rows, i), cancellable,
                                               error);

      if (approval == NULL)
        return FALSE;
      g_ptr_array_add (self->approvals, approval);
    }
  enough = count_persons (self);
  if (self->n_approved >= self->n_needed)
    self->waiting_until = enough + (gint64) rules->waiting_hours * 3600;
  return TRUE;
}

/* --- Before one is made or taken in --- */

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY, message);
  return FALSE;
}

/**
 * spare_dossier_check_approver:
 * @self: the case
 * @fingerprint: of the key that would approve, or has
 * @user_ids: (nullable): that key's
 * @error: return location for an error
 *
 * Returns: whether its approval could count; else %SPARE_ERROR_POLICY with the reason
 */
gboolean
spare_dossier_check_approver (const SpareDossier *self,
                              const char *fingerprint,
                              const char *const *user_ids,
                              GError **error)
{
  const SpareOfficer *officer = spare_authority_policy_find_officer (self->policy, fingerprint);

  if (officer == NULL)
    return refuse (error,
                   _ ("The policy names no officer with this key, so its approval does not "
                      "count. Nothing was changed."));
  if (is_requester (self, officer, user_ids))
    return refuse (error,
                   _ ("Whoever asks for recovery can’t approve it. Nothing was changed."));
  for (guint i = 0; i < self->approvals->len; i++)
    {
      const SpareCaseApproval *approval = g_ptr_array_index (self->approvals, i);

      if (approval->counts && g_str_equal (approval->officer, officer->name))
        return refuse (error,
                       _ ("This person has approved already, and is counted once. Nothing "
                          "was changed."));
    }
  return TRUE;
}
