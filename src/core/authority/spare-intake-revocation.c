/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners' keys that were revoked, as it becomes known here.
 *
 * Promise: a revocation that gpg found good on the key itself is believed from any source, alone, in a certificate, or in a
 * bundle that is refused because of it; it is in the log once, as a loss as of now by the authority's clock and place in the
 * log, so that what comes later under this key proves nothing. The date that stands in the revocation is not used: who
 * has the key writes it. An expired certificate tells nothing of the kind: anybody can leave out the part that extends it.
 */
#include "config.h"

#include "spare-intake-private.h"

#include "spare-authority-private.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-registry-private.h"
#include "spare-revocation.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Owners whose fingerprints end alike; more than one is somebody's doing. */
#define CANDIDATES_MAX 8

static gboolean
says_revoked (const char *text, const char *fingerprint)
{
  g_autoptr (JsonObject) row = spare_json_line_parse (text, strlen (text), NULL);
  JsonObject *detail = NULL;
  const char *owner = NULL;
  const char *kind = NULL;

  return row != NULL && spare_json_get_object (row, "detail", &detail, NULL)
         && spare_json_get_string (detail, "owner", 64, &owner, NULL)
         && spare_json_get_string (detail, "kind", 64, &kind, NULL)
         && g_str_equal (owner, fingerprint)
         && (g_str_equal (kind, "revoked") || g_str_equal (kind, "stolen"));
}

/* By the log: a column that says so keeps no row out of it. */
static gboolean
find_in_log (SpareRegistry *registry, const char *fingerprint, gboolean *found, GError **error)
{
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return FALSE;
  *found = FALSE;
  stmt = spare_database_prepare (database,
                                 "SELECT text FROM audit WHERE event = 'owner.loss'"
                                 " AND instr (text, ?1) > 0",
                                 error);
  done = stmt != NULL;
  if (done)
    spare_registry_bind_text (stmt, 1, fingerprint);
  while (done && !*found && (done = spare_database_step (database, stmt, &row, error)) && row)
    *found = says_revoked ((const char *) sqlite3_column_text (stmt, 0), fingerprint);
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done;
}

/* Who was never seen gets the name that the certificate has; of others it changes nothing. */
static gboolean
store_locked (SpareAuthority *authority,
              const char *fingerprint,
              const char *user_id,
              const char *how,
              GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareRegistryOwner)
      owner = spare_registry_get_owner (registry, fingerprint, &failure);
  gint64 now = spare_authority_get_now (authority);

  if (owner == NULL && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  return (owner != NULL
          || spare_registry_note_owner (registry, fingerprint, user_id, NULL, now, NULL, error))
         && spare_authority_store_loss (authority, fingerprint, SPARE_LOSS_REVOKED, now, how,
                                        error);
}

static gboolean
store (SpareAuthority *authority,
       const char *fingerprint,
       const char *user_id,
       const char *how,
       gboolean *is_new,
       GCancellable *cancellable,
       GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);
  gboolean known = FALSE;

  if (!find_in_log (registry, fingerprint, &known, error))
    return FALSE;
  *is_new = !known;
  if (known)
    return TRUE;
  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!store_locked (authority, fingerprint, user_id, how, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error)
         && spare_authority_sign_log_sync (authority, cancellable, error);
}

gboolean
spare_intake_note_revoked_sync (SpareAuthority *authority,
                                SpareKey *key,
                                const char *how,
                                GCancellable *cancellable,
                                GError **error)
{
  const char *fingerprint = spare_key_get_fingerprint (key);
  gboolean is_new;

  /* Not the authority's own: that is another matter, and not one of its registry. */
  if (!spare_key_get_subkey (key, 0)->revoked || strlen (fingerprint) != 40
      || g_str_equal (fingerprint, spare_authority_get_fingerprint (authority)))
    return TRUE;
  return store (authority, fingerprint, spare_key_get_user_id (key), how, &is_new, cancellable,
                error);
}

gboolean
spare_intake_note_certificate_sync (SpareAuthority *authority,
                                    const char *fingerprint,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareRegistryOwner)
      owner = spare_registry_get_owner (spare_authority_get_registry (authority), fingerprint,
                                        &failure);
  g_autoptr (SpareKey) key = NULL;

  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (owner == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  key = spare_home_get_key_sync (spare_authority_get_home (authority), fingerprint, FALSE,
                                 cancellable, error);
  return key != NULL
         && spare_intake_note_revoked_sync (authority, key, "certificate", cancellable, error);
}

/* --- A revocation alone --- */

/* The owners whose fingerprint ends with the key's number. */
static GStrv
list_candidates (SpareRegistry *registry, guint64 key_id, GError **error)
{
  g_autofree char *end = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", key_id);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database,
                                 "SELECT fingerprint FROM owners WHERE substr (fingerprint, 25)"
                                 " = ?1 LIMIT ?2",
                                 error);
  done = stmt != NULL;
  if (done)
    {
      spare_registry_bind_text (stmt, 1, end);
      sqlite3_bind_int (stmt, 2, CANDIDATES_MAX);
    }
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    g_strv_builder_add (builder, (const char *) sqlite3_column_text (stmt, 0));
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done ? g_strv_builder_end (builder) : NULL;
}

/* By gpg, in a home that holds his certificate alone. FALSE without an error: it is not this key's. */
static gboolean
is_revoked_by (SpareAuthority *authority,
               const char *fingerprint,
               GBytes *octets,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SpareRegistryOwner)
      owner = spare_registry_get_owner (spare_authority_get_registry (authority), fingerprint,
                                        error);
  g_autoptr (SpareHome) scratch = NULL;
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GError) failure = NULL;

  if (owner == NULL || owner->certificate == NULL)
    return FALSE;
  whole = spare_revocation_attach (octets, owner->certificate);
  if (whole == NULL)
    return FALSE;
  scratch = spare_home_new_scratch (error);
  if (scratch == NULL)
    return FALSE;
  key = spare_home_import_certificate_sync (scratch, whole, fingerprint, cancellable, &failure);
  if (key != NULL)
    return spare_key_get_subkey (key, 0)->revoked;
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_ENGINE))
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    g_debug ("revocation: %s", failure->message);
  return FALSE;
}

char *
spare_intake_revocation_sync (SpareAuthority *authority,
                              GBytes *octets,
                              gboolean *is_new,
                              GCancellable *cancellable,
                              GError **error)
{
  g_auto (GStrv) candidates = NULL;
  guint64 key_id = 0;

  if (!spare_revocation_find_issuer (octets, &key_id))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("This is a signature, and neither a message for the authority "
                              "nor "
                              "the revocation of a key. Nothing was changed."));
      return NULL;
    }
  candidates = list_candidates (spare_authority_get_registry (authority), key_id, error);
  for (guint i = 0; candidates != NULL && candidates[i] != NULL; i++)
    {
      g_autoptr (GError) failure = NULL;

      if (is_revoked_by (authority, candidates[i], octets, cancellable, &failure))
        return store (authority, candidates[i], NULL, "revocation", is_new, cancellable, error)
                   ? g_strdup (candidates[i])
                   : NULL;
      if (failure != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return NULL;
        }
    }
  if (candidates != NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                         _ ("This revocation is not for a key of which the authority has the "
                            "certificate, or is not good. Nothing was changed. If its owner is "
                            "known here, report the key as revoked by hand."));
  return NULL;
}
