/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the authority itself saw, signed by its own key: that a bundle came in at a time, that an officer did an identity
 * check, that an owner was enrolled.
 *
 * Promise: a statement that is found was signed by the authority's key for this very subject. Whoever can write to the
 * database but doesn't have the key and its passphrase can take statements away, not make or change one; what a
 * missing statement would forbid is not allowed.
 *
 * A statement is one line of JSON with "sparekey":1 and "subject" before all else, so that no statement passes for
 * another one. The signature is detached and carries a notation that nothing else signs with.
 */
#include "config.h"

#include "spare-attestation-private.h"

#include "spare-audit-private.h"
#include "spare-detached-signature.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-registry-private.h"

#include <string.h>

static char *
make_notation (const char *authority)
{
  return g_strdup_printf ("1:%s", authority);
}

/* The members of @statement behind "sparekey" and "subject". */
static char *
write_line (const char *subject, JsonObject *statement)
{
  g_autoptr (JsonObject) whole = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (statement);

  json_object_set_int_member (whole, "sparekey", 1);
  json_object_set_string_member (whole, "subject", subject);
  for (GList *l = names; l != NULL; l = l->next)
    json_object_set_member (whole, l->data, json_object_dup_member (statement, l->data));
  return spare_json_line_write (whole);
}

static gboolean
insert_row (SpareDatabase *database,
            const char *subject,
            GBytes *statement,
            GBytes *signature,
            GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database,
      "INSERT INTO attestations (subject, statement, signature) VALUES (?1, ?2, ?3)"
      " ON CONFLICT (subject) DO UPDATE SET statement = ?2, signature = ?3",
      error);

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, subject);
  spare_registry_bind_octets (stmt, 2, statement);
  spare_registry_bind_octets (stmt, 3, signature);
  return spare_database_step (database, stmt, NULL, error);
}

gboolean
spare_attestation_make_sync (SpareAudit *audit,
                             const char *subject,
                             JsonObject *statement,
                             GCancellable *cancellable,
                             GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (audit);
  const char *authority = spare_audit_get_authority (audit);
  g_autofree char *line = write_line (subject, statement);
  g_autofree char *notation = make_notation (authority);
  g_autoptr (GBytes) octets = g_bytes_new (line, strlen (line));
  g_autoptr (GBytes)
      signature = spare_sign_detached_sync (spare_audit_get_home (audit), authority, octets,
                                            SPARE_ATTESTATION_NOTATION, notation, cancellable,
                                            error);
  SpareDatabase *database;
  gboolean done;

  if (signature == NULL)
    return FALSE;
  database = spare_registry_lock (registry, error);
  if (database == NULL)
    return FALSE;
  done = insert_row (database, subject, octets, signature, error);
  spare_registry_unlock (registry);
  return done;
}

static gboolean
select_row (SpareDatabase *database,
            const char *subject,
            GBytes **statement,
            GBytes **signature,
            GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database, "SELECT statement, signature FROM attestations WHERE subject = ?1", error);
  gboolean row;

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, subject);
  if (!spare_database_step (database, stmt, &row, error))
    return FALSE;
  if (row)
    {
      *statement = spare_registry_dup_octets (stmt, 0);
      *signature = spare_registry_dup_octets (stmt, 1);
    }
  return TRUE;
}

static gboolean
read_row (SpareRegistry *registry,
          const char *subject,
          GBytes **statement,
          GBytes **signature,
          GError **error)
{
  SpareDatabase *database = spare_registry_lock (registry, error);
  gboolean done;

  if (database == NULL)
    return FALSE;
  done = select_row (database, subject, statement, signature, error);
  spare_registry_unlock (registry);
  return done;
}

/* What was verified once, by SHA-256: for every authority's object of this process. */
static GMutex verified_lock;
static GHashTable *verified;

static gboolean
was_verified (const char *hash)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&verified_lock);

  return verified != NULL && g_hash_table_contains (verified, hash);
}

static void
note_verified (char *hash)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&verified_lock);

  if (verified == NULL)
    verified = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (verified, hash);
}

/* Of all, so that what was verified once is just these octets under this signature by this key. */
static char *
hash_both (const char *authority, GBytes *statement, GBytes *signature)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 length = GUINT64_TO_BE (g_bytes_get_size (statement));

  g_checksum_update (checksum, (const guchar *) authority, (gssize) strlen (authority));
  g_checksum_update (checksum, (const guchar *) &length, sizeof length);
  g_checksum_update (checksum, g_bytes_get_data (statement, NULL),
                     (gssize) g_bytes_get_size (statement));
  g_checksum_update (checksum, g_bytes_get_data (signature, NULL),
                     (gssize) g_bytes_get_size (signature));
  return g_strdup (g_checksum_get_string (checksum));
}

/* FALSE without an error: not the authority's. */
static gboolean
verify (SpareAudit *audit,
        GBytes *statement,
        GBytes *signature,
        GCancellable *cancellable,
        GError **error)
{
  const char *fingerprint = spare_audit_get_authority (audit);
  g_autofree char *hash = hash_both (fingerprint, statement, signature);
  g_autofree char *notation = make_notation (fingerprint);
  g_autoptr (GError) failure = NULL;

  if (was_verified (hash))
    return TRUE;
  if (spare_verify_detached_sync (spare_audit_get_home (audit), statement, signature,
                                  fingerprint, SPARE_ATTESTATION_NOTATION, notation, NULL, NULL,
                                  cancellable, &failure))
    {
      note_verified (g_steal_pointer (&hash));
      return TRUE;
    }
  if (!g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_DAMAGED))
    g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

JsonObject *
spare_attestation_find_sync (SpareAuthority *authority,
                             const char *subject,
                             char **sha256,
                             GCancellable *cancellable,
                             GError **error)
{
  return spare_attestation_find_in_sync (spare_authority_get_audit (authority), subject, sha256,
                                         cancellable, error);
}

JsonObject *
spare_attestation_find_in_sync (SpareAudit *audit,
                                const char *subject,
                                char **sha256,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (JsonObject) statement = NULL;
  const char *stated;

  if (!read_row (spare_audit_get_registry (audit), subject, &octets, &signature, error)
      || octets == NULL || signature == NULL
      || !verify (audit, octets, signature, cancellable, error))
    return NULL;

  statement = spare_json_line_parse (g_bytes_get_data (octets, NULL), g_bytes_get_size (octets),
                                     NULL);
  if (statement == NULL
      || !spare_json_get_string (statement, "subject", SPARE_JSON_LINE_MAX, &stated, NULL)
      || !g_str_equal (stated, subject))
    return NULL;
  if (sha256 != NULL)
    *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);
  return g_steal_pointer (&statement);
}
