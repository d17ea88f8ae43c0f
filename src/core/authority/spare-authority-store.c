/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the authority keeps as files: its policy, certificates of others, the octets of bundles.
 *
 * Promise: a file is durable before a row names it. A policy is in force only as the audit log has it: the file is compared
 * with the log each time it is asked for, so an edited or older file is found, and cases wait until it has been set again in
 * words of the log. What is kept under a hash has that hash, checked when it is put there and when it is taken out.
 */
#include "config.h"

#include "spare-authority.h"

#include "spare-attestation-private.h"
#include "spare-authority-private.h"
#include "spare-certificate.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-output.h"
#include "spare-registry-private.h"
#include "spare-small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define CERTIFICATE_MAX SPARE_CERTIFICATE_MAX
#define POLICY_EVENT    "policy.set"
#define POLICY_META     "policy"

/* --- Policy --- */

gboolean
spare_authority_log_policy (SpareRegistry *registry,
                            SpareAudit *audit,
                            SpareAuthorityPolicy *policy,
                            GError **error)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (policy);
  GBytes *octets = spare_authority_policy_get_octets (policy);
  g_autofree char *text = g_strndup (g_bytes_get_data (octets, NULL),
                                     g_bytes_get_size (octets));
  g_autofree char *checks = g_strjoinv (";", rules->checks);
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autoptr (JsonObject) statement = json_object_new ();
  gint64 sequence = 0;

  json_object_set_string_member (detail, "sha256", spare_authority_policy_get_sha256 (policy));
  json_object_set_string_member (detail, "checks", checks);
  json_object_set_int_member (detail, "approvals-matched", rules->approvals_matched);
  json_object_set_int_member (detail, "approvals-unmatched", rules->approvals_unmatched);
  json_object_set_boolean_member (detail, "unmatched", rules->allow_unmatched);
  json_object_set_boolean_member (detail, "enrolled", rules->require_enrolled);
  json_object_set_int_member (detail, "waiting-hours", rules->waiting_hours);
  json_object_set_int_member (detail, "expiry-days", rules->expiry_days);
  json_object_set_int_member (detail, "officers", rules->officers->len);
  if (!spare_registry_set_meta (registry, POLICY_META, text, error)
      || !spare_audit_append (audit, POLICY_EVENT, NULL, detail, &sequence, error))
    return FALSE;
  json_object_set_string_member (statement, "sha256",
                                 spare_authority_policy_get_sha256 (policy));
  spare_json_set_uint64 (statement, "sequence", (guint64) sequence);
  return spare_attestation_make_sync (audit, "policy", statement, NULL, error);
}

gboolean
spare_authority_write_policy (SpareAuthority *self,
                              SpareAuthorityPolicy *policy,
                              GError **error)
{
  g_autofree char *path = spare_authority_build_path (self, SPARE_AUTHORITY_POLICY_FILE);
  GBytes *octets = spare_authority_policy_get_octets (policy);

  return spare_small_file_write (path, g_bytes_get_data (octets, NULL),
                                 g_bytes_get_size (octets), error);
}

/* Hashes of all policies that the log knows, the one in force first. */
static GPtrArray *
list_logged (SpareRegistry *registry, GError **error)
{
  g_autoptr (GPtrArray) hashes = g_ptr_array_new_with_free_func (g_free);
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database,
                                 "SELECT text, hash FROM audit WHERE event = '" POLICY_EVENT
                                 "' ORDER BY sequence DESC",
                                 error);
  done = stmt != NULL;
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    {
      const char *text = (const char *) sqlite3_column_text (stmt, 0);
      g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
      g_autoptr (JsonObject) object = NULL;
      JsonObject *detail = NULL;
      const char *sha256 = NULL;

      object = spare_json_line_parse (text, strlen (text), error);
      done = object != NULL && spare_json_get_object (object, "detail", &detail, error)
             && spare_json_get_hex (detail, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, error);
      if (done && g_strcmp0 (hash, (const char *) sqlite3_column_text (stmt, 1)) == 0)
        g_ptr_array_add (hashes, g_strdup (sha256));
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done ? g_steal_pointer (&hashes) : NULL;
}

static gboolean
is_among (GPtrArray *hashes, const char *hash)
{
  for (guint i = 0; i < hashes->len; i++)
    if (strcmp (g_ptr_array_index (hashes, i), hash) == 0)
      return TRUE;
  return FALSE;
}

/* The registry holds the text too: a process that died between the row and the file is made up for. */
static SpareAuthorityPolicy *
restore_policy (SpareAuthority *self, const char *wanted, GError **error)
{
  g_autoptr (SpareAuthorityPolicy) policy = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autofree char *text = NULL;

  if (!spare_registry_get_meta (spare_authority_get_registry (self), POLICY_META, &text, error))
    return NULL;
  if (text != NULL)
    {
      octets = g_bytes_new (text, strlen (text));
      policy = spare_authority_policy_parse (octets, spare_authority_get_fingerprint (self),
                                             error);
      if (policy == NULL)
        return NULL;
      if (strcmp (spare_authority_policy_get_sha256 (policy), wanted) == 0)
        return spare_authority_write_policy (self, policy, error) ? g_steal_pointer (&policy)
                                                                  : NULL;
    }
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       _ ("The policy that the audit log names can’t be found. Cases wait "
                          "until a "
                          "policy is set again."));
  return NULL;
}

/**
 * spare_authority_dup_policy:
 *
 * The policy in force. Looked up each time: the result does not follow later changes.
 *
 * Returns: (transfer full): the policy; %NULL with [error@SpareError] `POLICY` if its file can't be understood or is not the
 *   one that the audit log names: cases must wait
 */
SpareAuthorityPolicy *
spare_authority_dup_policy (SpareAuthority *self, GError **error)
{
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) logged = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *hash = NULL;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), NULL);

  logged = list_logged (spare_authority_get_registry (self), error);
  if (logged == NULL)
    return NULL;
  if (logged->len == 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("The audit log names no policy. Cases wait until one is set."));
      return NULL;
    }
  path = spare_authority_build_path (self, SPARE_AUTHORITY_POLICY_FILE);
  octets = spare_small_file_read (path, 64 * 1024, &local);
  if (octets == NULL && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                   _ ("The policy can’t be read, so cases wait. %s"), local->message);
      return NULL;
    }
  if (octets == NULL)
    return restore_policy (self, g_ptr_array_index (logged, 0), error);

  hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);
  if (strcmp (hash, g_ptr_array_index (logged, 0)) == 0)
    return spare_authority_policy_parse (octets, spare_authority_get_fingerprint (self), error);
  if (is_among (logged, hash))
    return restore_policy (self, g_ptr_array_index (logged, 0), error);

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
               _ ("The policy “%s” was changed outside of Spare Key, so the audit log doesn’t "
                  "know "
                  "it. Cases wait. Look at what it says now, and set it again in Spare Key."),
               path);
  return NULL;
}

/**
 * spare_authority_set_policy_sync:
 * @ini: the octets of the new policy file
 * @cancellable: (nullable): ends the signing
 * @error: where to put an error
 *
 * From the row in the log on it is in force, and what was approved under another one no longer counts. The checkpoint
 * that follows may ask for the passphrase.
 *
 * Returns: %FALSE with [error@SpareError] `POLICY` if it is no policy, or with what writing or signing said
 */
gboolean
spare_authority_set_policy_sync (SpareAuthority *self,
                                 GBytes *ini,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (SpareAuthorityPolicy) policy = NULL;
  SpareRegistry *registry;
  SpareAudit *audit;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), FALSE);

  registry = spare_authority_get_registry (self);
  audit = spare_authority_get_audit (self);
  policy = spare_authority_policy_parse (ini, spare_authority_get_fingerprint (self), error);
  if (policy == NULL || !spare_registry_begin (registry, error))
    return FALSE;
  if (!spare_authority_log_policy (registry, audit, policy, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error)
         && spare_authority_write_policy (self, policy, error)
         && spare_audit_checkpoint_sync (audit, cancellable, error);
}

/* --- Certificates --- */

static char *
build_certificate_path (SpareAuthority *self, const char *fingerprint)
{
  g_autofree char *folder = spare_authority_build_path (self, SPARE_AUTHORITY_OFFICERS);
  g_autofree char *name = g_strconcat (fingerprint, ".asc", NULL);

  return g_build_filename (folder, name, NULL);
}

SpareKey *
spare_authority_install_certificate (SpareAuthority *self,
                                     SpareHome *home,
                                     GBytes *octets,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_autoptr (SpareHome) scratch = NULL;
  g_autoptr (GPtrArray) read = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GBytes) minimal = NULL;
  g_autofree char *path = NULL;

  if (g_bytes_get_size (octets) > CERTIFICATE_MAX)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                           _ ("This certificate is too large. Nothing was changed."));
      return NULL;
    }
  /* To learn which key it is; what is in it is looked at strictly afterwards. */
  scratch = spare_home_new_scratch (error);
  read = scratch != NULL ? spare_home_import_sync (scratch, octets, FALSE, cancellable, error)
                         : NULL;
  if (read == NULL)
    return NULL;
  if (read->len != 1)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("One certificate is wanted, of one key. Nothing was changed."));
      return NULL;
    }
  key = spare_home_import_certificate_sync (home, octets, g_ptr_array_index (read, 0),
                                            cancellable, error);
  if (key == NULL)
    return NULL;
  minimal = spare_home_export_sync (home, spare_key_get_fingerprint (key),
                                    SPARE_EXPORT_ARMOR | SPARE_EXPORT_MINIMAL, cancellable,
                                    error);
  path = build_certificate_path (self, spare_key_get_fingerprint (key));
  if (minimal == NULL
      || !spare_small_file_write (path, g_bytes_get_data (minimal, NULL),
                                  g_bytes_get_size (minimal), error))
    return NULL;
  return g_steal_pointer (&key);
}

/**
 * spare_authority_add_certificate_sync:
 * @octets: one certificate, of an officer or another authority; armored or not
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Keeps it, so that signatures by it can be checked and bundles for it encrypted. What it may do, the policy says. One
 * that is known is brought up to date.
 *
 * Returns: (transfer full): the primary fingerprint; %NULL with [error@SpareError] `DAMAGED`, `POLICY` (a secret key is in
 *   it), `TOO_LARGE`
 */
char *
spare_authority_add_certificate_sync (SpareAuthority *self,
                                      GBytes *octets,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autofree char *user_id = NULL;
  SpareRegistry *registry;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && spare_authority_is_open (self), NULL);

  registry = spare_authority_get_registry (self);
  key = spare_authority_install_certificate (self, spare_authority_get_home (self), octets,
                                             cancellable, error);
  if (key == NULL)
    return NULL;
  user_id = g_utf8_make_valid (spare_key_get_user_id (key), -1);
  json_object_set_string_member (detail, "key", spare_key_get_fingerprint (key));
  json_object_set_string_member (detail, "user-id", user_id);
  if (!spare_registry_begin (registry, error))
    return NULL;
  if (!spare_audit_append (spare_authority_get_audit (self), "certificate.import", NULL, detail,
                           NULL, error))
    {
      spare_registry_rollback (registry);
      return NULL;
    }
  if (!spare_registry_commit (registry, error))
    return NULL;
  return g_strdup (spare_key_get_fingerprint (key));
}

/**
 * spare_authority_dup_certificate:
 * @fingerprint: primary
 *
 * Returns: (transfer full): a certificate that was imported, armored; %NULL with `G_IO_ERROR_NOT_FOUND` if there is none
 */
GBytes *
spare_authority_dup_certificate (SpareAuthority *self, const char *fingerprint, GError **error)
{
  g_autofree char *path = NULL;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);
  g_return_val_if_fail (spare_fingerprint_is_valid (fingerprint), NULL);

  path = build_certificate_path (self, fingerprint);
  return spare_small_file_read (path, CERTIFICATE_MAX, error);
}

/* --- Bundles --- */

typedef struct
{
  SpareOutput *output;
  GChecksum *checksum;
} Keeping;

static gboolean
keep_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Keeping *keeping = user_data;

  g_checksum_update (keeping->checksum, octets, (gssize) size);
  return spare_output_write (keeping->output, octets, size, error);
}

static char *
build_bundle_path (SpareAuthority *self, const char *sha256)
{
  g_autofree char *folder = spare_authority_build_path (self, SPARE_AUTHORITY_BUNDLES);
  g_autofree char *name = g_strconcat (sha256, ".sparekey", NULL);

  return g_build_filename (folder, name, NULL);
}

static gboolean
is_sha256 (const char *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

static gboolean
hash_is (const char *path, const char *sha256, gboolean *is, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (64 * 1024);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  gssize n = -1;
  int saved;

  if (fd >= 0)
    while ((n = read (fd, buffer, 64 * 1024)) > 0 || (n < 0 && errno == EINTR))
      if (n > 0)
        g_checksum_update (checksum, buffer, n);
  saved = errno;
  if (fd >= 0)
    close (fd);
  if (n < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                   _ ("A kept bundle, “%s”, can’t be read: %s. Nothing was changed."), path,
                   g_strerror (saved));
      return FALSE;
    }
  *is = strcmp (g_checksum_get_string (checksum), sha256) == 0;
  return TRUE;
}

/**
 * spare_authority_keep_bundle_sync:
 * @sha256: of the octets
 * @fill: (scope call): gives the octets
 * @user_data: for @fill
 * @error: where to put an error
 *
 * Keeps a bundle's octets, durably; call it before the row that names it is committed. Octets that are there already are
 * left, if they are these.
 *
 * Returns: %FALSE with what writing or @fill said, or [error@SpareError] `CHANGED` if the octets have another hash
 */
gboolean
spare_authority_keep_bundle_sync (SpareAuthority *self,
                                  const char *sha256,
                                  SpareAuthorityFillFunc fill,
                                  gpointer user_data,
                                  GError **error)
{
  g_autoptr (SpareOutput) output = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *path = NULL;
  gboolean there = FALSE;
  Keeping keeping;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && is_sha256 (sha256), FALSE);

  path = build_bundle_path (self, sha256);
  if (hash_is (path, sha256, &there, NULL) && there)
    return TRUE;
  output = spare_output_open (path, SPARE_CONFLICT_REPLACE, 0, error);
  if (output == NULL)
    return FALSE;
  keeping = (Keeping){ output, checksum };
  if (!fill (keep_cb, &keeping, user_data, error))
    return FALSE;
  if (strcmp (g_checksum_get_string (checksum), sha256) != 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_CHANGED,
                           _ ("The bundle changed while it was read. Nothing was taken in."));
      return FALSE;
    }
  return spare_output_sync (output, error)
         && spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, error);
}

/**
 * spare_authority_find_bundle_sync:
 * @sha256: of the octets
 *
 * Returns: (transfer full) (type filename): the file with these octets, looked at just now; %NULL with `G_IO_ERROR_NOT_FOUND`
 *   if it is not there, [error@SpareError] `DAMAGED` if it holds something else
 */
char *
spare_authority_find_bundle_sync (SpareAuthority *self, const char *sha256, GError **error)
{
  g_autofree char *path = NULL;
  gboolean is = FALSE;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  /* It may come out of a column that somebody edited, so it is no path before it was looked at. */
  if (sha256 == NULL || !is_sha256 (sha256))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("The registry names a kept bundle that can’t be one. Nothing was "
                              "changed. Look at the audit log."));
      return NULL;
    }
  path = build_bundle_path (self, sha256);
  if (!hash_is (path, sha256, &is, error))
    return NULL;
  if (is)
    return g_steal_pointer (&path);

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
               _ ("A kept bundle, “%s”, is not what it was when it came. Nothing was changed. "
                  "Put "
                  "back a backup of it."),
               path);
  return NULL;
}
