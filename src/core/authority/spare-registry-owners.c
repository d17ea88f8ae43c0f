/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who deposits, and the list of bundles whose octets are kept.
 *
 * Promise: an owner counts as enrolled only while the audit row of the enrolment names this fingerprint and the hashes of
 * just these contact and evidence texts. A changed column therefore makes nobody enrolled, and redirects no call-back.
 * (Who changes the log too is found by its verification, which recovery demands.)
 */
#include "config.h"

#include "spare-registry.h"

#include "spare-json-line.h"
#include "spare-registry-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define OWNER_COLUMNS                                                             \
  "o.fingerprint, o.user_id, o.certificate, o.first_seen, o.contact, o.evidence," \
  " o.enrolled_time, o.enrolled_sequence, o.lost, o.lost_since, o.lost_time,"     \
  " o.lost_sequence, o.n_packets, a.text FROM owners o"                           \
  " LEFT JOIN audit a ON a.sequence = o.enrolled_sequence"

static gboolean
detail_is (JsonObject *detail, const char *name, const char *wanted)
{
  const char *value = NULL;

  return spare_json_get_string (detail, name, SPARE_JSON_LINE_MAX, &value, NULL)
         && strcmp (value, wanted) == 0;
}

/* Whether this row of the log is that enrolment. */
static gboolean
is_borne_out (const SpareRegistryOwner *owner, const char *text)
{
  g_autoptr (JsonObject) row = NULL;
  g_autofree char *contact = NULL;
  g_autofree char *evidence = NULL;
  JsonObject *detail = NULL;

  if (text == NULL || owner->contact == NULL || owner->evidence == NULL)
    return FALSE;
  row = spare_json_line_parse (text, strlen (text), NULL);
  if (row == NULL || !detail_is (row, "event", "owner.enroll")
      || !spare_json_get_object (row, "detail", &detail, NULL))
    return FALSE;
  contact = g_compute_checksum_for_string (G_CHECKSUM_SHA256, owner->contact, -1);
  evidence = g_compute_checksum_for_string (G_CHECKSUM_SHA256, owner->evidence, -1);
  return detail_is (detail, "owner", owner->fingerprint)
         && detail_is (detail, "contact-sha256", contact)
         && detail_is (detail, "evidence-sha256", evidence);
}

static SpareRegistryOwner *
read_owner (sqlite3_stmt *stmt)
{
  SpareRegistryOwner *owner = g_new0 (SpareRegistryOwner, 1);

  owner->fingerprint = spare_registry_dup_text (stmt, 0);
  owner->user_id = spare_registry_dup_text (stmt, 1);
  owner->certificate = spare_registry_dup_octets (stmt, 2);
  owner->first_seen = sqlite3_column_int64 (stmt, 3);
  owner->contact = spare_registry_dup_text (stmt, 4);
  owner->evidence = spare_registry_dup_text (stmt, 5);
  owner->enrolled_time = sqlite3_column_int64 (stmt, 6);
  owner->enrolled_sequence = sqlite3_column_int64 (stmt, 7);
  /* A word that is not known forbids, like the strongest one that is. */
  owner->lost = SPARE_LOSS_STOLEN;
  spare_loss_kind_from_string ((const char *) sqlite3_column_text (stmt, 8), &owner->lost);
  owner->lost_since = sqlite3_column_int64 (stmt, 9);
  owner->lost_time = sqlite3_column_int64 (stmt, 10);
  owner->lost_sequence = sqlite3_column_int64 (stmt, 11);
  owner->n_packets = (guint64) sqlite3_column_int64 (stmt, 12);
  owner->enrolled = is_borne_out (owner, (const char *) sqlite3_column_text (stmt, 13));
  return owner;
}

/* All words of an owner's packets, out of the index or into it: his user id is among them. */
static gboolean
index_owner (SpareDatabase *database, const char *fingerprint, gboolean add, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database,
      add ? "INSERT INTO packets_fts (rowid, owner, name, description, serial)"
            " SELECT t.id, t.owner, t.name, t.description, t.serial FROM packets p"
            " JOIN packets_text t ON t.id = p.id WHERE p.owner = ?1"
          : "INSERT INTO packets_fts (packets_fts, rowid, owner, name, description, serial)"
            " SELECT 'delete', t.id, t.owner, t.name, t.description, t.serial FROM packets p"
            " JOIN packets_text t ON t.id = p.id WHERE p.owner = ?1",
      error);

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, fingerprint);
  return spare_database_step (database, stmt, NULL, error);
}

static gboolean
read_user_id (SpareDatabase *database, const char *fingerprint, char **user_id, GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "SELECT user_id FROM owners WHERE fingerprint = ?1",
                                     error);
  gboolean row = FALSE;

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, fingerprint);
  if (!spare_database_step (database, stmt, &row, error))
    return FALSE;
  if (row)
    *user_id = spare_registry_dup_text (stmt, 0);
  return TRUE;
}

static gboolean
insert_owner (SpareDatabase *database,
              const char *fingerprint,
              const char *user_id,
              GBytes *certificate,
              gint64 now,
              GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (database,
                                                          "INSERT INTO owners (fingerprint, "
                                                          "user_id, certificate, first_seen)"
                                                          " VALUES (?1, ?2, ?3, ?4)",
                                                          error);

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, fingerprint);
  spare_registry_bind_text (stmt, 2, user_id != NULL ? user_id : "");
  spare_registry_bind_octets (stmt, 3, certificate);
  sqlite3_bind_int64 (stmt, 4, now);
  return spare_database_step (database, stmt, NULL, error);
}

static gboolean
update_owner (SpareDatabase *database,
              const char *fingerprint,
              const char *user_id,
              GBytes *certificate,
              GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "UPDATE owners SET user_id = ifnull (?2, user_id), "
                                     "certificate = ifnull (?3, certificate)"
                                     " WHERE fingerprint = ?1",
                                     error);

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, fingerprint);
  spare_registry_bind_text (stmt, 2, user_id);
  spare_registry_bind_octets (stmt, 3, certificate);
  return spare_database_step (database, stmt, NULL, error);
}

/**
 * spare_registry_note_owner:
 * @fingerprint: primary, 40 upper-case hex digits
 * @user_id: (nullable): as the certificate has it; made valid text. %NULL leaves what is there
 * @certificate: (nullable): minimal; %NULL leaves what is there
 * @now: the authority's clock
 * @is_new: (out) (optional): whether he is seen for the first time
 * @error: where to put an error
 *
 * Within a transaction. He becomes *seen* (protocol.md 4.3), nothing more.
 */
gboolean
spare_registry_note_owner (SpareRegistry *self,
                           const char *fingerprint,
                           const char *user_id,
                           GBytes *certificate,
                           gint64 now,
                           gboolean *is_new,
                           GError **error)
{
  SpareDatabase *database;
  g_autofree char *valid = user_id != NULL ? g_utf8_make_valid (user_id, -1) : NULL;
  g_autofree char *before = NULL;
  gboolean renamed;

  g_return_val_if_fail (spare_registry_is_in_transaction (self), FALSE);

  database = spare_registry_get_database_private (self);
  if (!read_user_id (database, fingerprint, &before, error))
    return FALSE;
  if (before == NULL)
    {
      if (!insert_owner (database, fingerprint, valid, certificate, now, error))
        return FALSE;
    }
  else
    {
      renamed = valid != NULL && strcmp (valid, before) != 0;
      if ((renamed && !index_owner (database, fingerprint, FALSE, error))
          || !update_owner (database, fingerprint, valid, certificate, error)
          || (renamed && !index_owner (database, fingerprint, TRUE, error)))
        return FALSE;
    }

  if (is_new != NULL)
    *is_new = before == NULL;
  return TRUE;
}

static GPtrArray *
list_owners (SpareRegistry *self, const char *fingerprint, GError **error)
{
  g_autoptr (GPtrArray)
      owners = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_owner_free);
  SpareDatabase *database = spare_registry_lock (self, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database,
                                 fingerprint != NULL ? "SELECT " OWNER_COLUMNS
                                                       " WHERE o.fingerprint = ?1"
                                                     : "SELECT " OWNER_COLUMNS
                                                       " ORDER BY o.user_id, o.fingerprint",
                                 error);
  done = stmt != NULL;
  if (done && fingerprint != NULL)
    spare_registry_bind_text (stmt, 1, fingerprint);
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    g_ptr_array_add (owners, read_owner (stmt));
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done ? g_steal_pointer (&owners) : NULL;
}

/**
 * spare_registry_get_owner:
 *
 * Returns: (transfer full): the owner; %NULL with `G_IO_ERROR_NOT_FOUND` if he was never seen
 */
SpareRegistryOwner *
spare_registry_get_owner (SpareRegistry *self, const char *fingerprint, GError **error)
{
  g_autoptr (GPtrArray) owners = NULL;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self) && fingerprint != NULL, NULL);

  owners = list_owners (self, fingerprint, error);
  if (owners == NULL)
    return NULL;
  if (owners->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           _ ("Nobody with this key is known here yet."));
      return NULL;
    }
  return g_ptr_array_steal_index (owners, 0);
}

/**
 * spare_registry_list_owners:
 *
 * Returns: (transfer full) (element-type SpareRegistryOwner): all of them, by user id
 */
GPtrArray *
spare_registry_list_owners (SpareRegistry *self, GError **error)
{
  g_return_val_if_fail (SPARE_IS_REGISTRY (self), NULL);

  return list_owners (self, NULL, error);
}

/**
 * spare_registry_add_bundle:
 * @bundle: one whose octets lie durably under their hash (spare_authority_keep_bundle_sync())
 * @error: where to put an error
 *
 * Within a transaction. One that is known stays as it is.
 */
gboolean
spare_registry_add_bundle (SpareRegistry *self,
                           const SpareRegistryBundle *bundle,
                           GError **error)
{
  SpareDatabase *database;
  g_autoptr (sqlite3_stmt) stmt = NULL;

  g_return_val_if_fail (spare_registry_is_in_transaction (self), FALSE);

  database = spare_registry_get_database_private (self);
  stmt = spare_database_prepare (
      database,
      "INSERT INTO bundles (sha256, id, type, sender, receiver, received, sequence, size)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
      error);
  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, bundle->sha256);
  spare_registry_bind_text (stmt, 2, bundle->id);
  spare_registry_bind_text (stmt, 3, bundle->type);
  spare_registry_bind_text (stmt, 4, bundle->sender);
  spare_registry_bind_text (stmt, 5, bundle->receiver);
  sqlite3_bind_int64 (stmt, 6, bundle->received);
  sqlite3_bind_int64 (stmt, 7, bundle->sequence);
  sqlite3_bind_int64 (stmt, 8, (gint64) bundle->size);
  return spare_database_step (database, stmt, NULL, error);
}

static SpareRegistryBundle *
read_bundle (sqlite3_stmt *stmt)
{
  SpareRegistryBundle *bundle = spare_registry_bundle_new ();

  bundle->sha256 = spare_registry_dup_text (stmt, 0);
  bundle->id = spare_registry_dup_text (stmt, 1);
  bundle->type = spare_registry_dup_text (stmt, 2);
  bundle->sender = spare_registry_dup_text (stmt, 3);
  bundle->receiver = spare_registry_dup_text (stmt, 4);
  bundle->received = sqlite3_column_int64 (stmt, 5);
  bundle->sequence = sqlite3_column_int64 (stmt, 6);
  bundle->size = (guint64) sqlite3_column_int64 (stmt, 7);
  return bundle;
}

static GPtrArray *
list_bundles (SpareRegistry *self,
              const char *sha256,
              const char *type,
              const char *id,
              const char *sender,
              GError **error)
{
  g_autoptr (GPtrArray)
      bundles = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_bundle_free);
  g_autofree char *sql = g_strconcat ("SELECT sha256, id, type, sender, receiver, received, "
                                      "sequence, size FROM bundles WHERE 1",
                                      sha256 != NULL ? " AND sha256 = ?1" : "",
                                      type != NULL ? " AND type = ?2" : "",
                                      id != NULL ? " AND id = ?3" : "",
                                      sender != NULL ? " AND sender = ?4" : "",
                                      " ORDER BY received, sha256", NULL);
  SpareDatabase *database = spare_registry_lock (self, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database, sql, error);
  done = stmt != NULL;
  if (done)
    {
      spare_registry_bind_text (stmt, 1, sha256);
      spare_registry_bind_text (stmt, 2, type);
      spare_registry_bind_text (stmt, 3, id);
      spare_registry_bind_text (stmt, 4, sender);
    }
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    g_ptr_array_add (bundles, read_bundle (stmt));
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done ? g_steal_pointer (&bundles) : NULL;
}

/**
 * spare_registry_get_bundle:
 *
 * Returns: (transfer full): the bundle; %NULL with `G_IO_ERROR_NOT_FOUND` if it never came
 */
SpareRegistryBundle *
spare_registry_get_bundle (SpareRegistry *self, const char *sha256, GError **error)
{
  g_autoptr (GPtrArray) bundles = NULL;

  g_return_val_if_fail (SPARE_IS_REGISTRY (self) && sha256 != NULL, NULL);

  bundles = list_bundles (self, sha256, NULL, NULL, NULL, error);
  if (bundles == NULL)
    return NULL;
  if (bundles->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           _ ("There is no such bundle in the registry."));
      return NULL;
    }
  return g_ptr_array_steal_index (bundles, 0);
}

/**
 * spare_registry_list_bundles:
 * @type: (nullable): of this type
 * @id: (nullable): with this id in its header
 * @sender: (nullable): from this key
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareRegistryBundle): in the order they came
 */
GPtrArray *
spare_registry_list_bundles (SpareRegistry *self,
                             const char *type,
                             const char *id,
                             const char *sender,
                             GError **error)
{
  g_return_val_if_fail (SPARE_IS_REGISTRY (self), NULL);

  return list_bundles (self, NULL, type, id, sender, error);
}
