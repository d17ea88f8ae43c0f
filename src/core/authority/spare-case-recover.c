/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grant: each file's session key, out of what was escrowed, wrapped for the owner's new key.
 *
 * Promise: nothing is opened before the whole case was verified again from kept octets: the request, the deposits with
 * their proofs, the officers' checks, the policy, each approval, and the audit log. The intent is in the log, committed and
 * under a checkpoint, before the first session key is taken out; the result is, after the last. A matched file's key comes
 * out of the deposit's own packet and its proof is checked once more; the packet of the request is opened only for a claim
 * that policy allows without a deposit, and only if it is for an escrow subkey. Session keys are in secure memory, one at a
 * time, and never written.
 *
 * Killed anywhere, it is run again: before the result row it makes a fresh grant, after it the same one is delivered.
 */
#include "config.h"

#include "spare-case-work.h"

#include "spare-reply-private.h"
#include "spare-certificate.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-grant-record.h"
#include "spare-json-line.h"
#include "spare-pkesk-build.h"
#include "spare-proof.h"
#include "spare-quick-check.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#define STEP 50

/* Keys of the old certificate that a grant names, as many as its reader takes. */
#define OLD_SUBKEYS_MAX 100

/**
 * spare_grant_left_out_free:
 * @self: (transfer full): a file that was left out
 */
void
spare_grant_left_out_free (SpareGrantLeftOut *self)
{
  g_free (self->file_id);
  g_free (self->name);
  g_free (self->why);
  g_free (self);
}

/**
 * spare_grant_result_free:
 * @self: (transfer full): a result
 */
void
spare_grant_result_free (SpareGrantResult *self)
{
  g_free (self->case_id);
  g_free (self->path);
  g_free (self->id);
  g_free (self->to);
  g_ptr_array_unref (self->left_out);
  g_free (self);
}

static SpareGrantResult *
result_new (const SpareDossier *dossier)
{
  SpareGrantResult *self = g_new0 (SpareGrantResult, 1);

  self->case_id = g_strdup (dossier->row->id);
  self->to = g_strdup (dossier->row->key);
  self->left_out = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_grant_left_out_free);
  return self;
}

/* --- One file after the other --- */

typedef struct
{
  const SpareDossier *dossier;
  SparePacketOpener *opener;
  SpareGrantResult *result;
  GHashTable *seen; /* file id and packet */
  guint next;       /* of the claims */
  SpareProgressMeter *progress;
  GCancellable *cancellable;
} Granting;

static void
leave_out (Granting *self, const SpareClaim *claim, const char *why)
{
  SpareGrantLeftOut *left = g_new0 (SpareGrantLeftOut, 1);

  left->file_id = g_strdup (claim->record->file_id);
  left->name = g_strdup (claim->record->name);
  left->why = g_strdup (why);
  g_ptr_array_add (self->result->left_out, left);
}

/* Opens what was escrowed; the first of a grant by gpg as well, and the two must be the same. */
static SpareSessionKey *
open_packet (Granting *self,
             const SpareEsk *esk,
             const SpareHead *head,
             gboolean *fatal,
             GError **error)
{
  g_autoptr (SpareSessionKey) key = NULL;

  key = spare_packet_opener_open_sync (self->opener, esk, head, fatal, self->cancellable,
                                       error);
  if (key == NULL || self->result->n_records > 0)
    return g_steal_pointer (&key);
  *fatal = TRUE;
  return spare_packet_opener_confirm_sync (self->opener, esk, head, key, self->cancellable,
                                           error)
             ? g_steal_pointer (&key)
             : NULL;
}

/* The key of a matched deposit must fit its proof still; that of an allowed claim has nothing but the quick check. */
static SpareSessionKey *
open_source (Granting *self, const SpareClaim *claim, gboolean *fatal, GError **error)
{
  g_autofree char *name = g_strconcat (self->dossier->row->old, claim->sha256, NULL);
  const SpareDepositRecord *record = NULL;
  g_autoptr (SpareSessionKey) key = NULL;
  const char *authority = spare_authority_get_fingerprint (self->dossier->authority);

  if (claim->verdict != SPARE_VERDICT_MATCHED)
    return open_packet (self, claim->record->esk, claim->record->head, fatal, error);

  record = g_hash_table_lookup (self->dossier->records, name);
  g_return_val_if_fail (record != NULL, NULL);
  key = open_packet (self, record->esk, record->head, fatal, error);
  if (key == NULL)
    return NULL;
  /* A transfer has no proof for this authority: policy trusts the word of the sender. */
  if (record->has_proof
      && !spare_proof_verify (key->secret, self->dossier->row->old, authority, record->serial,
                              record->head, record->proof))
    {
      *fatal = FALSE;
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("The proof of the deposit no longer fits."));
      return NULL;
    }
  return g_steal_pointer (&key);
}

static SpareGrantRecord *
wrap (Granting *self, const SpareClaim *claim, const SpareSessionKey *key, GError **error)
{
  const SpareRequestRecord *asked = claim->record;
  g_autoptr (SpareEsk)
      esk = spare_pkesk_build (self->dossier->facts->wrap_key, key->cipher, key->secret, error);

  return esk != NULL
             ? spare_grant_record_new (asked->tag, asked->data_head, claim->serial,
                                       claim->sha256, claim->verdict == SPARE_VERDICT_MATCHED,
                                       esk, error)
             : NULL;
}

/* FALSE with an error ends the grant; a claim that can't be granted is left out. */
static gboolean
grant_claim (Granting *self, const SpareClaim *claim, JsonObject **line, GError **error)
{
  const char *bar = spare_dossier_find_bar (self->dossier, claim);
  g_autofree char *name = g_strconcat (claim->record->file_id, claim->sha256, NULL);
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (SpareGrantRecord) record = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean fatal = FALSE;

  if (bar != NULL)
    {
      leave_out (self, claim, bar);
      return TRUE;
    }
  if (!g_hash_table_add (self->seen, g_steal_pointer (&name)))
    return TRUE;
  key = open_source (self, claim, &fatal, &failure);
  record = key != NULL ? wrap (self, claim, key, &failure) : NULL;
  if (record != NULL)
    {
      *line = spare_grant_record_to_json (record);
      self->result->n_records++;
      return TRUE;
    }
  if (fatal || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  leave_out (self, claim, failure != NULL ? failure->message : "");
  return TRUE;
}

static JsonObject *
next_record_cb (gpointer user_data, GError **error)
{
  Granting *self = user_data;
  GPtrArray *claims = self->dossier->claims;
  JsonObject *line = NULL;

  while (line == NULL && self->next < claims->len)
    {
      const SpareClaim *claim = g_ptr_array_index (claims, self->next);

      if (self->next % STEP == 0)
        spare_progress_meter_report (self->progress, SPARE_STAGE_ENCRYPTING, self->next,
                                     claims->len);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return NULL;
      self->next++;
      if (!grant_claim (self, claim, &line, error))
        return NULL;
    }
  return line;
}

/* --- The log --- */

static gboolean
append_row (SpareAuthority *authority,
            const char *event,
            JsonObject *detail,
            gint64 *sequence,
            GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);

  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!spare_audit_append (spare_authority_get_audit (authority), event,
                           spare_authority_get_fingerprint (authority), detail, sequence,
                           error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error);
}

static gboolean
log_intent (const SpareDossier *dossier,
            gint64 *sequence,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();

  json_object_set_string_member (detail, "case", dossier->row->id);
  json_object_set_string_member (detail, "manifest", dossier->manifest_sha256);
  json_object_set_string_member (detail, "key", dossier->row->key);
  json_object_set_string_member (detail, "subkey", dossier->row->subkey);
  json_object_set_int_member (detail, "files", dossier->claims->len);
  return append_row (dossier->authority, "case.recover.intent", detail, sequence, error)
         && spare_audit_checkpoint_sync (spare_authority_get_audit (dossier->authority),
                                         cancellable, error);
}

static void
log_nothing (const SpareDossier *dossier, const char *why)
{
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autoptr (GError) failure = NULL;

  json_object_set_string_member (detail, "case", dossier->row->id);
  json_object_set_string_member (detail, "reason", why);
  if (!append_row (dossier->authority, "case.recover.nothing", detail, NULL, &failure))
    g_debug ("case: %s", failure->message);
}

/* --- The grant --- */

/* The owner may not have the old certificate any more: which packets of the files were the old key's, so that he can take
 * them out. Only a convenience, so a certificate that can't be read names none. */
static void
add_old_subkeys (const SpareDossier *dossier, JsonObject *fields)
{
  g_auto (GStrv) keys = NULL;
  JsonArray *array;

  if (dossier->owner == NULL || dossier->owner->certificate == NULL)
    return;
  keys = spare_certificate_list_keys (dossier->owner->certificate, NULL);
  if (keys == NULL || g_strcmp0 (keys[0], dossier->row->old) != 0)
    return;
  array = json_array_new ();
  for (guint i = 0; keys[i] != NULL && i < OLD_SUBKEYS_MAX; i++)
    json_array_add_string_element (array, keys[i]);
  json_object_set_array_member (fields, "old-subkeys", array);
}

static gboolean
fill_header (SpareReply *answer, gint64 sequence, GError **error)
{
  const SpareDossier *dossier = answer->dossier;
  JsonObject *fields = answer->header->fields;
  g_autoptr (SpareAuditRow)
      row = spare_audit_get_row (spare_authority_get_audit (dossier->authority), sequence,
                                 error);
  JsonObject *audit;

  if (row == NULL)
    return FALSE;
  audit = json_object_new ();
  spare_json_set_uint64 (audit, "sequence", (guint64) sequence);
  json_object_set_string_member (audit, "hash", row->hash);
  json_object_set_string_member (fields, "manifest", dossier->manifest_sha256);
  json_object_set_string_member (fields, "old", dossier->row->old);
  json_object_set_string_member (fields, "key", dossier->row->key);
  json_object_set_string_member (fields, "subkey", dossier->row->subkey);
  json_object_set_object_member (fields, "audit", audit);
  add_old_subkeys (dossier, fields);
  return spare_reply_add_checkpoint (answer, error);
}

static gboolean
fail_nothing (Granting *granting, const char *path, GError **error)
{
  const char *why =
      granting->result->left_out->len > 0
          ? ((SpareGrantLeftOut *) g_ptr_array_index (granting->result->left_out, 0))->why
          : "";

  g_unlink (path);
  log_nothing (granting->dossier, why);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
               _ ("No file of this case can be granted. %s Nothing was written."), why);
  return FALSE;
}

static gboolean
write_grant (Granting *granting, SpareReply *answer, gint64 intent, GError **error)
{
  const SpareDossier *dossier = granting->dossier;
  g_autofree char *path = NULL;
  g_autofree char *sha256 = NULL;
  g_autoptr (JsonObject) detail = json_object_new ();
  SpareAnswerWords words = { .kind = "grant", .event = "case.grant" };

  path = spare_bundle_write_file_sync (&answer->parties, answer->header, next_record_cb,
                                       granting, spare_authority_get_spool (dossier->authority),
                                       NULL, &sha256, granting->cancellable, error);
  if (path == NULL)
    return FALSE;
  if (granting->result->n_records == 0)
    return fail_nothing (granting, path, error);

  spare_json_set_uint64 (detail, "intent", (guint64) intent);
  json_object_set_string_member (detail, "manifest", dossier->manifest_sha256);
  spare_json_set_uint64 (detail, "granted", granting->result->n_records);
  spare_json_set_uint64 (detail, "left-out", granting->result->left_out->len);
  words.detail = detail;
  words.n_records = granting->result->n_records;
  if (!spare_reply_close_sync (answer, path, sha256, &words, granting->cancellable, error))
    return FALSE;
  g_free (dossier->row->answer);
  dossier->row->answer = g_steal_pointer (&sha256);
  return TRUE;
}

/* None of the bars that a case as a whole can have; their words. */
static gboolean
check_ready (const SpareDossier *dossier, GError **error)
{
  const char *message;

  if (!spare_dossier_require_open (dossier, error))
    return FALSE;
  switch (dossier->state)
    {
    case SPARE_CASE_READY:
      return TRUE;
    case SPARE_CASE_IDENTITY:
      message = _ ("The identity checks are not all done. Nothing was recovered.");
      break;
    case SPARE_CASE_WAITING:
      message = _ ("The policy’s waiting time is not over. Nothing was recovered.");
      break;
    default:
      message = _ ("Not enough officers have approved the case as it is now. Nothing was "
                   "recovered.");
    }
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY, message);
  return FALSE;
}

static SpareGrantResult *
make_grant (const SpareDossier *dossier,
            SpareProgressMeter *progress,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (SparePacketOpener) opener = spare_packet_opener_new (dossier->authority);
  g_autoptr (SpareGrantResult) result = result_new (dossier);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (SpareReply) answer = NULL;
  gint64 intent = 0;
  Granting granting = {
    .dossier = dossier,
    .opener = opener,
    .result = result,
    .seen = seen,
    .progress = progress,
    .cancellable = cancellable,
  };

  answer = spare_reply_new_sync (dossier, dossier->request, SPARE_BUNDLE_GRANT, cancellable,
                                 error);
  if (answer == NULL || !log_intent (dossier, &intent, cancellable, error)
      || !fill_header (answer, intent, error)
      || !write_grant (&granting, answer, intent, error))
    return NULL;
  result->id = g_strdup (answer->header->id);
  result->path = spare_bundle_header_dup_file_name (answer->header);
  return g_steal_pointer (&result);
}

/* The result's path is the grant's file name until it is delivered. */
static SpareGrantResult *
deliver (SpareAuthority *authority,
         SpareGrantResult *result,
         const char *sha256,
         const char *folder,
         GCancellable *cancellable,
         GError **error)
{
  g_autofree char *name = g_steal_pointer (&result->path);

  if (folder != NULL)
    result->path = spare_reply_deliver_sync (authority, sha256, name, folder, cancellable,
                                             error);
  if (folder == NULL || result->path != NULL)
    return result;
  spare_grant_result_free (result);
  return NULL;
}

/* The columns say where the grant is; that it is this case's, the log says. */
static gboolean
is_logged (SpareAuthority *authority, const SpareCaseRow *row, gboolean *logged, GError **error)
{
  g_autoptr (GPtrArray)
      rows = spare_audit_list (spare_authority_get_audit (authority), row->id, 0, 10000, error);

  *logged = FALSE;
  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len && row->answer != NULL && row->answer_id != NULL; i++)
    {
      const SpareAuditRow *found = g_ptr_array_index (rows, i);
      const char *case_id, *id, *sha256;

      *logged = *logged
                || (g_str_equal (found->event, "case.grant")
                    && spare_json_get_uuid (found->detail, "case", &case_id, NULL)
                    && spare_json_get_uuid (found->detail, "id", &id, NULL)
                    && spare_json_get_hex (found->detail, "sha256", SPARE_JSON_SHA256_DIGITS,
                                           &sha256, NULL)
                    && g_str_equal (case_id, row->id) && g_str_equal (id, row->answer_id)
                    && g_str_equal (sha256, row->answer));
    }
  return TRUE;
}

static gboolean
check_logged (SpareAuthority *authority, const SpareCaseRow *row, GError **error)
{
  gboolean logged = FALSE;

  if (!is_logged (authority, row, &logged, error))
    return FALSE;
  if (!logged)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                         _ ("The registry says that this case was granted, and the audit log "
                            "does not. Nothing was written. Look at the audit log."));
  return logged;
}

/* A grant that was made before is the answer of the case: the same octets again. */
static SpareGrantResult *
find_grant (SpareAuthority *authority, const char *id, SpareCaseRow **row, GError **error)
{
  SpareGrantResult *result;

  *row = spare_case_row_find (spare_authority_get_registry (authority), id, error);
  if (*row == NULL || g_strcmp0 ((*row)->answer_kind, "grant") != 0
      || !check_logged (authority, *row, error))
    return NULL;
  result = g_new0 (SpareGrantResult, 1);
  result->case_id = g_strdup ((*row)->id);
  result->id = g_strdup ((*row)->answer_id);
  result->to = g_strdup ((*row)->key);
  result->path = g_strdup ((*row)->answer_name);
  result->n_records = (*row)->answer_records;
  result->again = TRUE;
  result->left_out = g_ptr_array_new_with_free_func (
      (GDestroyNotify) spare_grant_left_out_free);
  return result;
}

/* What leaves again is in the log again. */
static gboolean
log_delivery (SpareAuthority *authority, const SpareCaseRow *row, GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();

  json_object_set_string_member (detail, "case", row->id);
  json_object_set_string_member (detail, "id", row->answer_id);
  json_object_set_string_member (detail, "sha256", row->answer);
  return append_row (authority, "case.deliver", detail, NULL, error);
}

static void
log_denied (SpareAuthority *authority, const GError *error)
{
  if (g_error_matches (error, SPARE_ERROR, SPARE_ERROR_POLICY)
      || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DAMAGED))
    spare_authority_log_denied_sync (authority, "case.recover",
                                     spare_authority_get_fingerprint (authority),
                                     error->message);
}

/**
 * spare_case_recover_sync:
 * @authority: an open authority
 * @id: a case
 * @folder: (nullable): where to put the grant, a path or a URI; %NULL: it is kept only
 * @progress: (nullable): told of the files that are done
 * @cancellable: (nullable): ends it; before the grant is kept, nothing but the intent is then in the log
 * @error: return location for an error
 *
 * Verifies the whole case again and grants what policy allows. Called again for a case that was granted, it delivers the
 * same grant once more.
 *
 * Errors: %SPARE_ERROR_POLICY if a step is missing or no file can be granted; %SPARE_ERROR_DAMAGED if what was kept does
 * not bear the case out; when the folder can't be written, the grant is made and kept all the same.
 *
 * Returns: (transfer full) (nullable): what was granted
 */
SpareGrantResult *
spare_case_recover_sync (SpareAuthority *authority,
                         const char *id,
                         const char *folder,
                         SpareProgressMeter *progress,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (SpareCaseRow) row = NULL;
  g_autoptr (SpareDossier) dossier = NULL;
  g_autoptr (GError) failure = NULL;
  SpareGrantResult *result;

  if (!spare_audit_check_clock (spare_authority_get_audit (authority), error))
    return NULL;
  result = find_grant (authority, id, &row, &failure);
  if (result != NULL && (folder == NULL || log_delivery (authority, row, error)))
    return deliver (authority, result, row->answer, folder, cancellable, error);
  if (result != NULL)
    {
      spare_grant_result_free (result);
      return NULL;
    }
  if (failure == NULL)
    dossier = spare_dossier_load_sync (authority, row->id, SPARE_DOSSIER_VERIFIED, progress,
                                       cancellable, &failure);
  if (dossier != NULL && check_ready (dossier, &failure))
    result = make_grant (dossier, progress, cancellable, &failure);
  if (result == NULL)
    {
      log_denied (authority, failure);
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  return deliver (authority, result, dossier->row->answer, folder, cancellable, error);
}
