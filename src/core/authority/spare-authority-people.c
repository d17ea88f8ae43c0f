/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What officers enter about people, and what was denied to whom.
 *
 * Promise: an entry and its audit row are one transaction. The log holds hashes of contact and evidence, not their texts:
 * they are about persons, and the log is shown around; but no text can be changed without its hash not fitting.
 */
#include "config.h"

#include "spare-authority.h"

#include "spare-attestation-private.h"
#include "spare-authority-private.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-registry-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define TEXT_MAX   4096 /* octets, of contact and evidence */
#define REASON_MAX 2048

static gboolean
check_person (const char *fingerprint, GError **error)
{
  if (spare_fingerprint_is_valid (fingerprint) && strlen (fingerprint) == 40)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("This is not the fingerprint of a key: 40 hexadecimal digits are "
                          "wanted. "
                          "Nothing was changed."));
  return FALSE;
}

static char *
check_text (const char *text, const char *refusal, GError **error)
{
  g_autofree char *clean = text != NULL ? g_utf8_make_valid (text, -1) : g_strdup ("");

  g_strstrip (clean);
  if (*clean != '\0' && strlen (clean) <= TEXT_MAX)
    return g_steal_pointer (&clean);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, refusal);
  return NULL;
}

/**
 * spare_authority_log_denied_sync:
 * @event: what was tried: "case.recover"
 * @actor: (nullable): who tried, a fingerprint
 * @reason: why it was denied
 *
 * A row of its own, `event` with ".denied" at its end. Not within a transaction: call it after the rollback.
 *
 * Returns: whether it is in the log. There is nothing that a caller who is refusing anyway could do about it
 */
gboolean
spare_authority_log_denied_sync (SpareAuthority *self,
                                 const char *event,
                                 const char *actor,
                                 const char *reason)
{
  g_autofree char *name = g_strconcat (event, ".denied", NULL);
  g_autofree char *why = g_utf8_make_valid (reason != NULL ? reason : "",
                                            reason != NULL
                                                ? (gssize) MIN (strlen (reason), REASON_MAX)
                                                : 0);
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autoptr (GError) local = NULL;
  SpareRegistry *registry;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), FALSE);

  registry = spare_authority_get_registry (self);
  json_object_set_string_member (detail, "reason", why);
  if (!spare_registry_begin (registry, &local))
    {
      g_debug ("not logged: %s: %s", name, local->message);
      return FALSE;
    }
  if (!spare_audit_append (spare_authority_get_audit (self), name, actor, detail, NULL, &local))
    spare_registry_rollback (registry);
  else if (spare_registry_commit (registry, &local))
    return TRUE;
  g_debug ("not logged: %s: %s", name, local->message);
  return FALSE;
}

static gboolean
store_enrolment (SpareAuthority *self,
                 const char *fingerprint,
                 const char *contact,
                 const char *evidence,
                 GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self);
  SpareDatabase *database = spare_registry_get_database_private (registry);
  g_autofree char *contact_hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, contact,
                                                                 -1);
  g_autofree char *evidence_hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, evidence,
                                                                  -1);
  g_autofree char *subject = g_strconcat ("owner/", fingerprint, NULL);
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autoptr (JsonObject) statement = json_object_new ();
  g_autoptr (SpareRegistryOwner) owner = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gint64 now = spare_authority_get_now (self);
  gint64 sequence = 0;

  json_object_set_string_member (detail, "owner", fingerprint);
  json_object_set_string_member (detail, "contact-sha256", contact_hash);
  json_object_set_string_member (detail, "evidence-sha256", evidence_hash);
  if (!spare_registry_note_owner (registry, fingerprint, NULL, NULL, now, NULL, error)
      || !spare_audit_append (spare_authority_get_audit (self), "owner.enroll",
                              spare_authority_get_fingerprint (self), detail, &sequence, error))
    return FALSE;
  stmt = spare_database_prepare (database,
                                 "UPDATE owners SET contact = ?2, evidence = ?3, enrolled_time "
                                 "= ?4, enrolled_sequence = ?5"
                                 " WHERE fingerprint = ?1",
                                 error);
  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, fingerprint);
  spare_registry_bind_text (stmt, 2, contact);
  spare_registry_bind_text (stmt, 3, evidence);
  sqlite3_bind_int64 (stmt, 4, now);
  sqlite3_bind_int64 (stmt, 5, sequence);
  if (!spare_database_step (database, stmt, NULL, error))
    return FALSE;

  /* Signed, since a claim is matched by it: who can write to the database could append to the log. The name that the
   * officer saw is who a case is about from now on, whatever later deposits say. */
  owner = spare_registry_get_owner (registry, fingerprint, error);
  if (owner == NULL)
    return FALSE;
  json_object_set_string_member (statement, "user-id", owner->user_id);
  json_object_set_string_member (statement, "contact", contact);
  json_object_set_string_member (statement, "evidence", evidence);
  spare_json_set_uint64 (statement, "sequence", (guint64) sequence);
  return spare_attestation_make_sync (spare_authority_get_audit (self), subject, statement,
                                      NULL, error);
}

/**
 * spare_authority_enroll_sync:
 * @fingerprint: of an owner's primary key, confirmed with the person
 * @contact: how to reach the person for a call-back, as known from elsewhere
 * @evidence: what the officer saw
 * @cancellable: (nullable): looked at before
 * @error: where to put an error
 *
 * Enrols the owner, who need not have deposited yet; again: with new texts.
 *
 * Returns: %FALSE with `G_IO_ERROR_INVALID_ARGUMENT` if something is missing, or what the database said
 */
gboolean
spare_authority_enroll_sync (SpareAuthority *self,
                             const char *fingerprint,
                             const char *contact,
                             const char *evidence,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autofree char *how = NULL;
  g_autofree char *what = NULL;
  SpareRegistry *registry;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !check_person (fingerprint, error))
    return FALSE;
  how = check_text (contact,
                    _ ("How to reach this person is missing or too long. Nothing was changed."),
                    error);
  what = how != NULL
             ? check_text (evidence,
                           _ ("What was seen as evidence is missing or too long. Nothing "
                              "was changed."),
                           error)
             : NULL;
  registry = spare_authority_get_registry (self);
  if (what == NULL || !spare_audit_check_clock (spare_authority_get_audit (self), error)
      || !spare_registry_begin (registry, error))
    return FALSE;
  if (store_enrolment (self, fingerprint, how, what, error))
    return spare_registry_commit (registry, error);
  spare_registry_rollback (registry);
  return FALSE;
}

gboolean
spare_authority_store_loss (SpareAuthority *self,
                            const char *fingerprint,
                            SpareLossKind kind,
                            gint64 since,
                            const char *source,
                            GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self);
  SpareDatabase *database = spare_registry_get_database_private (registry);
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gint64 now = spare_authority_get_now (self);
  gint64 sequence = 0;

  json_object_set_string_member (detail, "owner", fingerprint);
  json_object_set_string_member (detail, "kind", spare_loss_kind_to_string (kind));
  spare_json_set_time (detail, "since", since);
  if (source != NULL)
    json_object_set_string_member (detail, "source", source);
  /* An officer's word is the authority's; a revocation speaks for itself. */
  if (!spare_registry_note_owner (registry, fingerprint, NULL, NULL, now, NULL, error)
      || !spare_audit_append (spare_authority_get_audit (self), "owner.loss",
                              source == NULL ? spare_authority_get_fingerprint (self) : NULL,
                              detail, &sequence, error))
    return FALSE;
  /* The earliest of several reports counts. */
  stmt = spare_database_prepare (
      database,
      "UPDATE owners SET lost = ?2,"
      " lost_since = CASE WHEN lost_time > 0 THEN min (lost_since, ?3) ELSE ?3 END,"
      " lost_sequence = CASE WHEN lost_time > 0 THEN lost_sequence ELSE ?5 END,"
      " lost_time = CASE WHEN lost_time > 0 THEN lost_time ELSE ?4 END"
      " WHERE fingerprint = ?1",
      error);
  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, fingerprint);
  spare_registry_bind_text (stmt, 2, spare_loss_kind_to_string (kind));
  sqlite3_bind_int64 (stmt, 3, since);
  sqlite3_bind_int64 (stmt, 4, now);
  sqlite3_bind_int64 (stmt, 5, sequence);
  return spare_database_step (database, stmt, NULL, error);
}

gboolean
spare_authority_sign_log_sync (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (spare_audit_checkpoint_sync (spare_authority_get_audit (self), cancellable, &failure))
    return TRUE;
  g_set_error (error, failure->domain, failure->code,
               /* Translators: the %s is a whole sentence that says why */
               _ ("The audit log could not be signed: %s What was done is done; the log is "
                  "signed the next time."),
               failure->message);
  return FALSE;
}

/**
 * spare_authority_report_loss_sync:
 * @fingerprint: of an owner's primary key
 * @kind: what happened to it; not %SPARE_LOSS_NONE: a report can't be taken back
 * @since: since when, as it was told; Unix seconds, not after now
 * @cancellable: (nullable): looked at before
 * @error: where to put an error
 *
 * What was deposited under this key afterwards is no longer proof of anything. The checkpoint that follows may ask for the
 * passphrase.
 *
 * Returns: %FALSE with `G_IO_ERROR_INVALID_ARGUMENT` or what the database said; or, the loss being recorded already, with
 *   what signing said
 */
gboolean
spare_authority_report_loss_sync (SpareAuthority *self,
                                  const char *fingerprint,
                                  SpareLossKind kind,
                                  gint64 since,
                                  GCancellable *cancellable,
                                  GError **error)
{
  SpareRegistry *registry;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), FALSE);
  g_return_val_if_fail (kind != SPARE_LOSS_NONE, FALSE);

  registry = spare_authority_get_registry (self);
  since = CLAMP (since, 0, spare_authority_get_now (self));
  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !check_person (fingerprint, error) || !spare_registry_begin (registry, error))
    return FALSE;
  if (spare_authority_store_loss (self, fingerprint, kind, since, NULL, error))
    return spare_registry_commit (registry, error)
           && spare_authority_sign_log_sync (self, cancellable, error);
  spare_registry_rollback (registry);
  return FALSE;
}
