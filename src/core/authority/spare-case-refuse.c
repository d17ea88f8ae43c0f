/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a case ends without a grant, and how a remote officer is asked about one.
 *
 * Promise: whoever asked gets a signed word of the end and its reason. A remote officer gets the manifest itself, octet by
 * octet, so that he signs what he sees.
 */
#include "config.h"

#include "spare-case-work.h"

#include "spare-reply-private.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define REASON_MAX 2000 /* characters */

static const char *const kind_words[] = {
  [SPARE_REFUSAL_REFUSED] = "refused",
  [SPARE_REFUSAL_EXPIRED] = "expired",
  [SPARE_REFUSAL_WITHDRAWN] = "withdrawn",
};

static gboolean
check_reason (const SpareDossier *dossier,
              SpareRefusalKind kind,
              const char *reason,
              GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (reason));

  /* A case that is too old is still open for being told so. */
  if (dossier->state == SPARE_CASE_EXPIRED && dossier->row->answer == NULL
      && kind == SPARE_REFUSAL_EXPIRED)
    return TRUE;
  if (dossier->state != SPARE_CASE_EXPIRED && kind == SPARE_REFUSAL_EXPIRED)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("This case has not expired. Nothing was changed."));
      return FALSE;
    }
  if (*stripped == '\0' || !g_utf8_validate (reason, -1, NULL)
      || g_utf8_strlen (reason, -1) > REASON_MAX)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("Give the reason in a few words: it is sent to who asked. "
                              "Nothing "
                              "was changed."));
      return FALSE;
    }
  return (dossier->state == SPARE_CASE_EXPIRED && dossier->row->answer == NULL)
         || spare_dossier_require_open (dossier, error);
}

/* The request is opened without asking whether its key is still good: a refusal must reach an old one too; if it can't be
 * encrypted to, that is an error of its own. */
static SpareWrittenBundle *
refuse (const SpareDossier *dossier,
        SpareRefusalKind kind,
        const char *reason,
        const char *folder,
        GCancellable *cancellable,
        GError **error)
{
  SpareAuthority *authority = dossier->authority;
  g_autoptr (SpareBundle)
      request = spare_dossier_open_request_sync (authority, dossier->row, cancellable, error);
  g_autoptr (SpareReply) answer = NULL;
  g_autofree char *path = NULL;
  g_autofree char *sha256 = NULL;
  g_autofree char *final = NULL;
  g_autofree char *name = NULL;
  const SpareAnswerWords words = { .kind = kind_words[kind],
                                   .reason = reason,
                                   .event = "case.refuse" };

  if (request == NULL)
    return NULL;
  answer = spare_reply_new_sync (dossier, request, SPARE_BUNDLE_REFUSAL, cancellable, error);
  if (answer == NULL
      || !spare_audit_checkpoint_sync (spare_authority_get_audit (authority), cancellable,
                                       error))
    return NULL;
  json_object_set_string_member (answer->header->fields, "reason", reason);
  json_object_set_string_member (answer->header->fields, "kind", kind_words[kind]);
  if (!spare_reply_add_checkpoint (answer, error))
    return NULL;
  path = spare_bundle_write_file_sync (&answer->parties, answer->header, NULL, NULL,
                                       spare_authority_get_spool (authority), NULL, &sha256,
                                       cancellable, error);
  if (path == NULL
      || !spare_reply_close_sync (answer, path, sha256, &words, cancellable, error))
    return NULL;
  if (folder == NULL)
    return spare_written_bundle_new (NULL, answer->header, 0);
  name = spare_bundle_header_dup_file_name (answer->header);
  final = spare_reply_deliver_sync (authority, sha256, name, folder, cancellable, error);
  return final != NULL ? spare_written_bundle_new (final, answer->header, 0) : NULL;
}

/* A refusal that was made before is delivered once more. */
static SpareWrittenBundle *
deliver_again (const SpareDossier *dossier,
               const char *folder,
               GCancellable *cancellable,
               GError **error)
{
  const SpareCaseRow *row = dossier->row;
  SpareWrittenBundle *written;
  char *final = spare_reply_deliver_sync (dossier->authority, row->answer, row->answer_name,
                                          folder, cancellable, error);

  if (final == NULL)
    return NULL;
  written = g_new0 (SpareWrittenBundle, 1);
  written->path = final;
  written->type = SPARE_BUNDLE_REFUSAL;
  written->id = g_strdup (row->answer_id);
  written->to = g_strdup (row->key);
  return written;
}

/**
 * spare_case_refuse_sync:
 * @authority: an open authority
 * @id: a case
 * @kind: how it ends
 * @reason: why, in words that reach who asked
 * @folder: (nullable): where to put the refusal; %NULL: it is kept only
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Closes a case. Called for a case that was refused before, it delivers the same refusal once more.
 *
 * Returns: (transfer full) (nullable): what was written; its path is %NULL if @folder is
 */
SpareWrittenBundle *
spare_case_refuse_sync (SpareAuthority *authority,
                        const char *id,
                        SpareRefusalKind kind,
                        const char *reason,
                        const char *folder,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (SpareDossier) dossier = NULL;
  g_autoptr (GError) denied = NULL;

  g_return_val_if_fail ((guint) kind < G_N_ELEMENTS (kind_words), NULL);

  dossier = spare_dossier_load_sync (authority, id, SPARE_DOSSIER_INDEXED, NULL, cancellable,
                                     error);
  if (dossier == NULL)
    return NULL;
  if (folder != NULL && dossier->row->answer != NULL && dossier->state != SPARE_CASE_GRANTED)
    return deliver_again (dossier, folder, cancellable, error);
  if (dossier->state == SPARE_CASE_EXPIRED && kind == SPARE_REFUSAL_REFUSED)
    kind = SPARE_REFUSAL_EXPIRED;
  if (check_reason (dossier, kind, reason, &denied))
    return refuse (dossier, kind, reason, folder, cancellable, error);
  spare_authority_log_denied_sync (authority, "case.refuse",
                                   spare_authority_get_fingerprint (authority),
                                   denied->message);
  g_propagate_error (error, g_steal_pointer (&denied));
  return NULL;
}

/* --- Asking a remote officer --- */

typedef struct
{
  const char *at;
  const char *end;
} Lines;

static JsonObject *
next_line_cb (gpointer user_data, GError **error)
{
  Lines *lines = user_data;
  const char *end;
  g_autofree char *line = NULL;
  JsonObject *object;

  if (lines->at == lines->end)
    return NULL;
  end = memchr (lines->at, '\n', (gsize) (lines->end - lines->at));
  line = g_strndup (lines->at, (gsize) ((end != NULL ? end : lines->end) - lines->at));
  lines->at = end != NULL ? end + 1 : lines->end;
  object = json_object_new ();
  json_object_set_string_member (object, "line", line);
  return object;
}

/* Among the officers' stored certificates, then in the homes that were named. */
static SpareKey *
find_officer (SpareAuthority *authority,
              SpareHome *scratch,
              GPtrArray *homes,
              const char *fingerprint,
              GCancellable *cancellable)
{
  g_autoptr (GBytes) certificate = NULL;

  spare_dossier_find_certificate_sync (authority, fingerprint, &certificate, cancellable, NULL);
  for (guint i = 0; certificate == NULL && homes != NULL && i < homes->len; i++)
    certificate = spare_home_export_sync (g_ptr_array_index (homes, i), fingerprint,
                                          SPARE_EXPORT_MINIMAL, cancellable, NULL);
  return certificate != NULL
             ? spare_home_import_certificate_sync (scratch, certificate, fingerprint,
                                                   cancellable, NULL)
             : NULL;
}

static SpareWrittenBundle *
ask_officer (const SpareDossier *dossier,
             SpareHome *scratch,
             SpareKey *officer,
             const char *folder,
             GCancellable *cancellable,
             GError **error)
{
  const char *authority = spare_authority_get_fingerprint (dossier->authority);
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_CASE, authority,
                                        spare_key_get_fingerprint (officer));
  const SpareBundleParties parties = {
    .home = scratch,
    .signing_home = spare_authority_get_home (dossier->authority),
    .signer = authority,
    .receiver = officer,
  };
  gsize size;
  const char *octets = g_bytes_get_data (dossier->manifest, &size);
  Lines lines = { octets, octets + size };
  guint n_records = 0;
  g_autofree char *path = NULL;

  json_object_set_string_member (header->fields, "case", dossier->row->id);
  json_object_set_string_member (header->fields, "manifest", dossier->manifest_sha256);
  json_object_set_string_member (header->fields, "requester", dossier->row->requester);
  json_object_set_string_member (header->fields, "reason", dossier->row->reason);
  json_object_set_string_member (header->fields, "person", dossier->person);
  path = spare_bundle_write_file_sync (&parties, header, next_line_cb, &lines, folder,
                                       &n_records, NULL, cancellable, error);
  return path != NULL ? spare_written_bundle_new (path, header, n_records) : NULL;
}

static gboolean
log_question (const SpareDossier *dossier, const SpareWrittenBundle *question, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (dossier->authority);
  g_autoptr (JsonObject) detail = json_object_new ();

  json_object_set_string_member (detail, "case", dossier->row->id);
  json_object_set_string_member (detail, "officer", question->to);
  json_object_set_string_member (detail, "manifest", dossier->manifest_sha256);
  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!spare_audit_append (spare_authority_get_audit (dossier->authority), "case.ask",
                           spare_authority_get_fingerprint (dossier->authority), detail, NULL,
                           error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error);
}

static gboolean
ask_person (const SpareDossier *dossier,
            const SpareOfficer *person,
            SpareHome *scratch,
            GPtrArray *homes,
            const char *folder,
            GPtrArray *written,
            GCancellable *cancellable,
            GError **error)
{
  for (guint i = 0; person->fingerprints[i] != NULL; i++)
    {
      const char *fingerprint = person->fingerprints[i];
      g_autoptr (SpareKey) officer = NULL;
      SpareWrittenBundle *question;

      /* The authority's own key is here; who can't approve need not be asked. */
      if (g_str_equal (fingerprint, spare_authority_get_fingerprint (dossier->authority)))
        continue;
      officer = find_officer (dossier->authority, scratch, homes, fingerprint, cancellable);
      if (officer == NULL
          || spare_key_get_encryption_state (officer, dossier->now) != SPARE_KEY_USABLE
          || !spare_dossier_check_approver (dossier, fingerprint,
                                            spare_key_get_user_ids (officer), NULL))
        continue;
      question = ask_officer (dossier, scratch, officer, folder, cancellable, error);
      if (question == NULL)
        return FALSE;
      g_ptr_array_add (written, question);
      if (!log_question (dossier, question, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * spare_case_ask_sync:
 * @authority: an open authority
 * @id: a case whose identity checks are done
 * @folder: where to put the questions
 * @homes: (nullable) (element-type SpareHome): where to look for officers' certificates that are not stored
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Writes the case for each key of each officer who could still approve it and whose certificate is known.
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle) (nullable): the questions, maybe none
 */
GPtrArray *
spare_case_ask_sync (SpareAuthority *authority,
                     const char *id,
                     const char *folder,
                     GPtrArray *homes,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GPtrArray)
      written = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_written_bundle_free);
  g_autoptr (SpareDossier)
      dossier = spare_dossier_load_sync (authority, id, SPARE_DOSSIER_INDEXED, NULL,
                                         cancellable, error);
  g_autoptr (SpareHome) scratch = NULL;
  const SpareAuthorityRules *rules;

  if (dossier == NULL || !spare_dossier_require_open (dossier, error))
    return NULL;
  if (dossier->manifest == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("All identity checks come first. Nothing was written."));
      return NULL;
    }
  scratch = spare_home_new_scratch (error);
  if (scratch == NULL)
    return NULL;
  rules = spare_authority_policy_get_rules (dossier->policy);
  for (guint i = 0; i < rules->officers->len; i++)
    if (!ask_person (dossier, g_ptr_array_index (rules->officers, i), scratch, homes, folder,
                     written, cancellable, error))
      return NULL;
  return g_steal_pointer (&written);
}
