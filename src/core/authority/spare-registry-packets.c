/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets in the registry: taken in, and found again.
 *
 * Promise: nothing that was taken in is ever overwritten or dropped. The same packet of the same owner is one row, however
 * often it comes; another packet under the same serial is a row of its own, and both are flagged (protocol.md 2.4). What
 * came from another authority never becomes, or hides, what the owner deposited himself.
 */
#include "config.h"

#include "spare-registry.h"

#include "spare-registry-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define LIMIT_DEFAULT 200
#define LIMIT_MAX     10000

/* In the order of read_packet(). */
#define COLUMNS                                                                            \
  "p.id, p.owner, o.user_id, p.sha256, p.serial, p.file_id, p.tag, p.data_head, p.packet," \
  " p.created, p.description, p.name, p.name_octets, p.size, p.subkey, p.algorithm,"       \
  " p.cipher, p.proven, p.bundle, p.deposit, p.intake, p.sequence, p.conflict,"            \
  " p.receipted, p.transfer_from, p.source_sha256, p.stated_intake, p.rewrapped,"          \
  " p.rewrapped_subkey"
#define JOIN_OWNER " JOIN owners o ON o.fingerprint = p.owner"

static SpareRegistryPacket *
read_packet (sqlite3_stmt *stmt)
{
  SpareRegistryPacket *packet = spare_registry_packet_new ();
  const char *from = (const char *) sqlite3_column_text (stmt, 24);
  int octets = sqlite3_column_type (stmt, 12) == SQLITE_NULL ? 11 : 12;

  packet->id = sqlite3_column_int64 (stmt, 0);
  packet->owner = spare_registry_dup_text (stmt, 1);
  packet->owner_name = spare_registry_dup_text (stmt, 2);
  packet->sha256 = spare_registry_dup_text (stmt, 3);
  packet->serial = spare_registry_dup_text (stmt, 4);
  packet->file_id = spare_registry_dup_text (stmt, 5);
  packet->tag = (guint) sqlite3_column_int (stmt, 6);
  packet->data_head = spare_registry_dup_octets (stmt, 7);
  packet->packet = spare_registry_dup_octets (stmt, 8);
  packet->created = sqlite3_column_int64 (stmt, 9);
  packet->description = spare_registry_dup_text (stmt, 10);
  packet->name = g_strndup (sqlite3_column_blob (stmt, octets),
                            (gsize) sqlite3_column_bytes (stmt, octets));
  packet->size = (guint64) sqlite3_column_int64 (stmt, 13);
  packet->subkey = spare_registry_dup_text (stmt, 14);
  packet->algorithm = spare_registry_dup_text (stmt, 15);
  packet->cipher = spare_registry_dup_text (stmt, 16);
  packet->proven = sqlite3_column_int (stmt, 17) == 1;
  packet->bundle = spare_registry_dup_text (stmt, 18);
  packet->deposit = spare_registry_dup_text (stmt, 19);
  packet->intake = sqlite3_column_int64 (stmt, 20);
  packet->sequence = sqlite3_column_int64 (stmt, 21);
  packet->conflict = sqlite3_column_int (stmt, 22) != 0;
  packet->receipted = sqlite3_column_int (stmt, 23) != 0;
  packet->transfer_from = from != NULL && *from != '\0' ? g_strdup (from) : NULL;
  packet->source_sha256 = spare_registry_dup_text (stmt, 25);
  packet->stated_intake = sqlite3_column_int64 (stmt, 26);
  packet->rewrapped = spare_registry_dup_octets (stmt, 27);
  packet->rewrapped_subkey = spare_registry_dup_text (stmt, 28);
  return packet;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static gboolean
find_known (SpareDatabase *database,
            const SpareRegistryPacket *packet,
            gint64 *id,
            gboolean *proven,
            GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "SELECT id, proven FROM packets"
                                     " WHERE owner = ?1 AND sha256 = ?2 AND transfer_from = ?3",
                                     error);
  gboolean row = FALSE;

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, packet->owner);
  spare_registry_bind_text (stmt, 2, packet->sha256);
  spare_registry_bind_text (stmt, 3, or_empty (packet->transfer_from));
  if (!spare_database_step (database, stmt, &row, error))
    return FALSE;
  if (row)
    {
      *id = sqlite3_column_int64 (stmt, 0);
      *proven = sqlite3_column_int (stmt, 1) == 1;
    }
  return TRUE;
}

/* The words of a row are taken out of the index before what they are made of changes, and put in afterwards. */
static gboolean
index_packet (SpareDatabase *database, gint64 id, gboolean add, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database,
      add ? "INSERT INTO packets_fts (rowid, owner, name, description, serial)"
            " SELECT id, owner, name, description, serial FROM packets_text WHERE id = ?1"
          : "INSERT INTO packets_fts (packets_fts, rowid, owner, name, description, serial)"
            " SELECT 'delete', id, owner, name, description, serial FROM packets_text"
            " WHERE id = ?1",
      error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  return spare_database_step (database, stmt, NULL, error);
}

static gboolean
insert_packet (SpareDatabase *database,
               const SpareRegistryPacket *packet,
               gint64 *id,
               GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database,
      "INSERT INTO packets (owner, sha256, serial, file_id, tag, data_head, packet, created,"
      " description, name, name_octets, size, subkey, algorithm, cipher, proven, bundle,"
      " deposit, intake, sequence, transfer_from, source_sha256, stated_intake)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
      " ?18, ?19, ?20, ?21, ?22, ?23)",
      error);
  g_autofree char *shown = NULL;

  if (stmt == NULL)
    return FALSE;
  shown = g_utf8_make_valid (or_empty (packet->name), -1);
  spare_registry_bind_text (stmt, 1, packet->owner);
  spare_registry_bind_text (stmt, 2, packet->sha256);
  spare_registry_bind_text (stmt, 3, packet->serial);
  spare_registry_bind_text (stmt, 4, packet->file_id);
  sqlite3_bind_int64 (stmt, 5, packet->tag);
  spare_registry_bind_octets (stmt, 6, packet->data_head);
  spare_registry_bind_octets (stmt, 7, packet->packet);
  sqlite3_bind_int64 (stmt, 8, packet->created);
  spare_registry_bind_text (stmt, 9, or_empty (packet->description));
  spare_registry_bind_text (stmt, 10, shown);
  if (packet->name != NULL && strcmp (shown, packet->name) != 0)
    sqlite3_bind_blob64 (stmt, 11, packet->name, strlen (packet->name), SQLITE_TRANSIENT);
  sqlite3_bind_int64 (stmt, 12, (gint64) MIN (packet->size, (guint64) G_MAXINT64));
  spare_registry_bind_text (stmt, 13, or_empty (packet->subkey));
  spare_registry_bind_text (stmt, 14, or_empty (packet->algorithm));
  spare_registry_bind_text (stmt, 15, or_empty (packet->cipher));
  sqlite3_bind_int (stmt, 16, packet->proven ? 1 : 0);
  spare_registry_bind_text (stmt, 17, packet->bundle);
  spare_registry_bind_text (stmt, 18, packet->deposit);
  sqlite3_bind_int64 (stmt, 19, packet->intake);
  sqlite3_bind_int64 (stmt, 20, packet->sequence);
  spare_registry_bind_text (stmt, 21, or_empty (packet->transfer_from));
  spare_registry_bind_text (stmt, 22, packet->source_sha256);
  sqlite3_bind_int64 (stmt, 23, packet->stated_intake);
  if (!spare_database_step (database, stmt, NULL, error))
    return FALSE;

  *id = spare_database_get_last_row (database);
  return TRUE;
}

/* A held packet that came again with a proof: from now on it counts as taken in now, by this deposit. */
static gboolean
upgrade_packet (SpareDatabase *database,
                const SpareRegistryPacket *packet,
                gint64 id,
                GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "UPDATE packets SET proven = 1, serial = ?2, bundle = ?3, "
                                     "deposit = ?4, intake = ?5,"
                                     " sequence = ?6 WHERE id = ?1",
                                     error);

  if (stmt == NULL || !index_packet (database, id, FALSE, error))
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  spare_registry_bind_text (stmt, 2, packet->serial);
  spare_registry_bind_text (stmt, 3, packet->bundle);
  spare_registry_bind_text (stmt, 4, packet->deposit);
  sqlite3_bind_int64 (stmt, 5, packet->intake);
  sqlite3_bind_int64 (stmt, 6, packet->sequence);
  return spare_database_step (database, stmt, NULL, error)
         && index_packet (database, id, TRUE, error);
}

/* Flags all packets of the owner under this serial if there are several; a transfer's serial is a quotation. */
static gboolean
flag_conflict (SpareDatabase *database,
               const SpareRegistryPacket *packet,
               gboolean *conflict,
               GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  *conflict = FALSE;
  if (packet->transfer_from != NULL)
    return TRUE;
  stmt = spare_database_prepare (
      database,
      "UPDATE packets SET conflict = 1 WHERE serial = ?1 AND owner = ?2 AND transfer_from = ''"
      " AND (SELECT count(*) FROM packets WHERE serial = ?1 AND owner = ?2"
      "      AND transfer_from = '') > 1",
      error);
  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, packet->serial);
  spare_registry_bind_text (stmt, 2, packet->owner);
  if (!spare_database_step (database, stmt, NULL, error))
    return FALSE;
  *conflict = spare_database_get_changes (database) > 0;
  return TRUE;
}

static gboolean
add_answer (SpareDatabase *database,
            const SpareRegistryPacket *packet,
            gint64 id,
            GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (packet->transfer_from != NULL)
    return TRUE;
  stmt = spare_database_prepare (database,
                                 "INSERT INTO answers (packet, owner, serial, deposit)"
                                 " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                                 error);
  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  spare_registry_bind_text (stmt, 2, packet->owner);
  spare_registry_bind_text (stmt, 3, packet->serial);
  spare_registry_bind_text (stmt, 4, packet->deposit);
  return spare_database_step (database, stmt, NULL, error);
}

static gboolean
count_for_owner (SpareDatabase *database, const char *owner, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database, "UPDATE owners SET n_packets = n_packets + 1 WHERE fingerprint = ?1", error);

  if (stmt == NULL)
    return FALSE;
  spare_registry_bind_text (stmt, 1, owner);
  return spare_database_step (database, stmt, NULL, error);
}

/**
 * spare_registry_add_packet:
 * @packet: what was checked at intake; @id, @owner_name and the flags conflict and receipted are not looked at
 * @added: (out): what became of it
 * @id: (out) (optional): its row
 * @error: where to put an error
 *
 * Within a transaction, after spare_registry_note_owner() for its owner and spare_registry_add_bundle() for its bundle
 * (at the latest before the commit). A deposit's packet gets an open answer, for the receipt.
 *
 * Returns: %FALSE with what the database said; roll back then
 */
gboolean
spare_registry_add_packet (SpareRegistry *self,
                           const SpareRegistryPacket *packet,
                           SpareAdded *added,
                           gint64 *id,
                           GError **error)
{
  SpareDatabase *database;
  SpareAdded became = SPARE_ADDED_KNOWN;
  gboolean was_proven = FALSE;
  gboolean conflict = FALSE;
  gint64 row = 0;

  g_return_val_if_fail (spare_registry_is_in_transaction (self), FALSE);

  database = spare_registry_get_database_private (self);
  if (!find_known (database, packet, &row, &was_proven, error))
    return FALSE;

  if (row == 0)
    {
      became = SPARE_ADDED_NEW;
      if (!insert_packet (database, packet, &row, error)
          || !index_packet (database, row, TRUE, error)
          || !count_for_owner (database, packet->owner, error))
        return FALSE;
    }
  else if (packet->proven && !was_proven)
    {
      became = SPARE_ADDED_PROVEN;
      if (!upgrade_packet (database, packet, row, error))
        return FALSE;
    }

  if (became != SPARE_ADDED_KNOWN && !flag_conflict (database, packet, &conflict, error))
    return FALSE;
  if (!add_answer (database, packet, row, error))
    return FALSE;

  *added = became == SPARE_ADDED_NEW && conflict ? SPARE_ADDED_CONFLICT : became;
  if (id != NULL)
    *id = row;
  return TRUE;
}

/**
 * spare_registry_get_packet:
 *
 * Returns: (transfer full): the packet; %NULL with `G_IO_ERROR_NOT_FOUND` if there is none
 */
SpareRegistryPacket *
spare_registry_get_packet (SpareRegistry *self, gint64 id, GError **error)
{
  SpareDatabase *database = spare_registry_lock (self, error);
  SpareRegistryPacket *packet = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database,
                                 "SELECT " COLUMNS " FROM packets p" JOIN_OWNER
                                 " WHERE p.id = ?1",
                                 error);
  if (stmt != NULL)
    sqlite3_bind_int64 (stmt, 1, id);
  if (stmt != NULL && spare_database_step (database, stmt, &row, error))
    {
      if (row)
        packet = read_packet (stmt);
      else
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                             _ ("There is no such packet in the registry."));
    }
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return packet;
}

static gboolean
is_file_id (const char *text)
{
  return strlen (text) == 32 && strspn (text, "0123456789abcdef") == 32;
}

static void
add_only (GString *where, SpareOnly only, const char *yes, const char *no)
{
  if (only != SPARE_ANY)
    g_string_append_printf (where, " AND %s", only == SPARE_ONLY ? yes : no);
}

/* @match: (out) (nullable): what is bound as ?1. Returns NULL when nothing can be found. A search is driven by the index
 * of words, in the order of rows, so a page costs no more than itself: its FROM is another one. */
static char *
make_where (const SpareRegistryQuery *query, char **match, const char **from, gboolean paged)
{
  g_autoptr (GString) where = g_string_new (NULL);
  gboolean has_text = query->text != NULL && *query->text != '\0';
  gboolean by_words = has_text && !is_file_id (query->text);

  *match = !has_text  ? NULL
           : by_words ? spare_registry_make_match (query->text)
                      : g_strdup (query->text);
  if (has_text && *match == NULL)
    return NULL;

  *from = by_words ? " FROM packets_fts f CROSS JOIN packets p ON p.id = f.rowid" JOIN_OWNER
                   : " FROM packets p" JOIN_OWNER;
  g_string_append (where, by_words   ? " WHERE f.packets_fts MATCH ?1"
                          : has_text ? " WHERE p.file_id = ?1"
                                     : " WHERE 1");
  if (query->owner != NULL)
    g_string_append (where, " AND p.owner = ?2");
  if (query->serial != NULL)
    g_string_append (where, " AND p.serial = ?3");
  if (query->file_id != NULL)
    g_string_append (where, " AND p.file_id = ?4");
  if (query->sha256 != NULL)
    g_string_append (where, " AND p.sha256 = ?5");
  add_only (where, query->proven, "p.proven = 1", "p.proven = 0");
  add_only (where, query->receipted, "p.receipted = 1", "p.receipted = 0");
  add_only (where, query->conflict, "p.conflict = 1", "p.conflict = 0");
  add_only (where, query->transfer, "p.transfer_from <> ''", "p.transfer_from = ''");
  if (paged)
    {
      const char *row = by_words ? "f.rowid" : "p.id";
      guint limit = CLAMP (query->limit > 0 ? query->limit : LIMIT_DEFAULT, 1, LIMIT_MAX);

      if (query->after > 0)
        g_string_append_printf (where, " AND %s %s ?6", row, query->oldest_first ? ">" : "<");
      g_string_append_printf (where, " ORDER BY %s%s LIMIT %u", row,
                              query->oldest_first ? "" : " DESC", limit);
    }
  return g_string_free (g_steal_pointer (&where), FALSE);
}

static void
bind_query (sqlite3_stmt *stmt, const SpareRegistryQuery *query, const char *match)
{
  /* Numbers that the statement doesn't use are refused, which is fine. */
  spare_registry_bind_text (stmt, 1, match);
  spare_registry_bind_text (stmt, 2, query->owner);
  spare_registry_bind_text (stmt, 3, query->serial);
  spare_registry_bind_text (stmt, 4, query->file_id);
  spare_registry_bind_text (stmt, 5, query->sha256);
  sqlite3_bind_int64 (stmt, 6, query->after);
}

/**
 * spare_registry_list_packets:
 * @query: which, and which page of them
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareRegistryPacket): one page; %NULL with what the database said
 */
GPtrArray *
spare_registry_list_packets (SpareRegistry *self,
                             const SpareRegistryQuery *query,
                             GError **error)
{
  g_autoptr (GPtrArray)
      packets = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_packet_free);
  g_autofree char *match = NULL;
  const char *from = NULL;
  g_autofree char *where = make_where (query, &match, &from, TRUE);
  g_autofree char *sql = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  SpareDatabase *database;
  gboolean row = FALSE;
  gboolean done;

  if (where == NULL)
    return g_steal_pointer (&packets);

  sql = g_strconcat ("SELECT " COLUMNS, from, where, NULL);
  database = spare_registry_lock (self, error);
  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database, sql, error);
  done = stmt != NULL;
  if (done)
    bind_query (stmt, query, match);
  while (done && (done = spare_database_step (database, stmt, &row, error)) && row)
    g_ptr_array_add (packets, read_packet (stmt));
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done ? g_steal_pointer (&packets) : NULL;
}

/**
 * spare_registry_count_packets:
 * @query: which; its page and limit are not looked at
 * @count: (out): how many there are on all pages
 * @error: where to put an error
 */
gboolean
spare_registry_count_packets (SpareRegistry *self,
                              const SpareRegistryQuery *query,
                              guint64 *count,
                              GError **error)
{
  g_autofree char *match = NULL;
  const char *from = NULL;
  g_autofree char *where = make_where (query, &match, &from, FALSE);
  g_autofree char *sql = NULL;
  g_autoptr (sqlite3_stmt) stmt = NULL;
  SpareDatabase *database;
  gboolean row = FALSE;
  gboolean done;

  if (where == NULL)
    {
      *count = 0;
      return TRUE;
    }
  sql = g_strconcat ("SELECT count(*)", from, where, NULL);
  database = spare_registry_lock (self, error);
  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database, sql, error);
  if (stmt != NULL)
    bind_query (stmt, query, match);
  done = stmt != NULL && spare_database_step (database, stmt, &row, error);
  if (done)
    *count = (guint64) sqlite3_column_int64 (stmt, 0);
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (self);
  return done;
}

/**
 * spare_registry_set_rewrapped:
 * @packet: the packet for the newer escrow subkey
 * @subkey: that subkey's fingerprint
 *
 * Within a transaction. The owner's own packet stays beside it.
 */
gboolean
spare_registry_set_rewrapped (SpareRegistry *self,
                              gint64 id,
                              GBytes *packet,
                              const char *subkey,
                              GError **error)
{
  SpareDatabase *database;
  g_autoptr (sqlite3_stmt) stmt = NULL;

  g_return_val_if_fail (spare_registry_is_in_transaction (self), FALSE);

  database = spare_registry_get_database_private (self);
  stmt = spare_database_prepare (database,
                                 "UPDATE packets SET rewrapped = ?2, rewrapped_subkey = ?3 "
                                 "WHERE id = ?1",
                                 error);
  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  spare_registry_bind_octets (stmt, 2, packet);
  spare_registry_bind_text (stmt, 3, subkey);
  return spare_database_step (database, stmt, NULL, error);
}
