/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry's tables of cases.
 *
 * Promise: none beyond the database's. What stands here is an index, and what is shown quickly; a grant rests on
 * the kept bundles and on the authority's signed statements.
 */
#include "config.h"

#include "spare-case-row-private.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-registry-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Characters of what a person typed that are said back. */
#define PREFIX_SHOWN 80

#define COLUMNS                                                                         \
  "id, request, request_id, requester, people, old, key, subkey, reason, lost, since, " \
  "opened, "                                                                            \
  "sequence, answer, answer_kind, answer_id, answer_name, answer_reason, answered, "    \
  "answer_records"

void
spare_case_row_free (SpareCaseRow *self)
{
  g_free (self->id);
  g_free (self->request);
  g_free (self->request_id);
  g_free (self->requester);
  g_free (self->people);
  g_free (self->old);
  g_free (self->key);
  g_free (self->subkey);
  g_free (self->reason);
  g_free (self->lost);
  g_free (self->answer);
  g_free (self->answer_kind);
  g_free (self->answer_id);
  g_free (self->answer_name);
  g_free (self->answer_reason);
  g_free (self);
}

void
spare_approval_row_free (SpareApprovalRow *self)
{
  g_free (self->bundle);
  g_free (self->fingerprint);
  g_free (self);
}

/**
 * spare_case_id_from_request:
 * @sha256: of a request's octets
 *
 * Returns: (transfer full): the id of its case: the first 16 octets, written as a UUID. The same request always is the
 *   same case
 */
char *
spare_case_id_from_request (const char *sha256)
{
  return g_strdup_printf ("%.8s-%.4s-%.4s-%.4s-%.12s", sha256, sha256 + 8, sha256 + 12,
                          sha256 + 16, sha256 + 20);
}

/* Runs one statement that returns nothing. */
typedef void (*BindFunc) (sqlite3_stmt *stmt, gconstpointer data);

static gboolean
run (SpareRegistry *registry,
     const char *sql,
     BindFunc bind,
     gconstpointer data,
     GError **error)
{
  SpareDatabase *database = spare_registry_lock (registry, error);
  sqlite3_stmt *stmt;
  gboolean done = FALSE;

  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database, sql, error);
  if (stmt != NULL)
    {
      bind (stmt, data);
      done = spare_database_step (database, stmt, NULL, error);
    }
  sqlite3_finalize (stmt);
  spare_registry_unlock (registry);
  return done;
}

/* Reads all rows. @read: returns NULL with an error to stop. */
typedef gpointer (*ReadFunc) (sqlite3_stmt *stmt, GError **error);

static GPtrArray *
list (SpareRegistry *registry,
      const char *sql,
      const char *text,
      ReadFunc read,
      GDestroyNotify destroy,
      GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (destroy);
  SpareDatabase *database = spare_registry_lock (registry, error);
  sqlite3_stmt *stmt;
  gboolean row = FALSE;
  gboolean done = FALSE;

  if (database == NULL)
    return NULL;
  stmt = spare_database_prepare (database, sql, error);
  if (stmt != NULL)
    {
      if (text != NULL)
        spare_registry_bind_text (stmt, 1, text);
      while ((done = spare_database_step (database, stmt, &row, error)) && row)
        {
          gpointer item = read (stmt, error);

          if (item == NULL)
            {
              done = FALSE;
              break;
            }
          g_ptr_array_add (found, item);
        }
    }
  sqlite3_finalize (stmt);
  spare_registry_unlock (registry);
  return done ? g_steal_pointer (&found) : NULL;
}

static void
bind_case (sqlite3_stmt *stmt, gconstpointer data)
{
  const SpareCaseRow *row = data;

  spare_registry_bind_text (stmt, 1, row->id);
  spare_registry_bind_text (stmt, 2, row->request);
  spare_registry_bind_text (stmt, 3, row->request_id);
  spare_registry_bind_text (stmt, 4, row->requester);
  spare_registry_bind_text (stmt, 5, row->people);
  spare_registry_bind_text (stmt, 6, row->old);
  spare_registry_bind_text (stmt, 7, row->key);
  spare_registry_bind_text (stmt, 8, row->subkey);
  spare_registry_bind_text (stmt, 9, row->reason);
  spare_registry_bind_text (stmt, 10, row->lost);
  sqlite3_bind_int64 (stmt, 11, row->since);
  sqlite3_bind_int64 (stmt, 12, row->opened);
  sqlite3_bind_int64 (stmt, 13, row->sequence);
}

gboolean
spare_case_row_insert (SpareRegistry *registry, const SpareCaseRow *row, GError **error)
{
  return run (registry,
              "INSERT INTO cases (id, request, request_id, requester, people, old, key, subkey,"
              " reason, lost, since, opened, sequence)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
              bind_case, row, error);
}

static void
bind_answer (sqlite3_stmt *stmt, gconstpointer data)
{
  const SpareCaseRow *row = data;

  spare_registry_bind_text (stmt, 1, row->id);
  spare_registry_bind_text (stmt, 2, row->answer);
  spare_registry_bind_text (stmt, 3, row->answer_kind);
  spare_registry_bind_text (stmt, 4, row->answer_id);
  spare_registry_bind_text (stmt, 5, row->answer_name);
  spare_registry_bind_text (stmt, 6, row->answer_reason);
  sqlite3_bind_int64 (stmt, 7, row->answered);
  sqlite3_bind_int64 (stmt, 8, (gint64) row->answer_records);
}

/* Writes down how a case ended. */
gboolean
spare_case_row_close (SpareRegistry *registry, const SpareCaseRow *row, GError **error)
{
  return run (registry,
              "UPDATE cases SET answer = ?2, answer_kind = ?3, answer_id = ?4, answer_name = "
              "?5,"
              " answer_reason = ?6, answered = ?7, answer_records = ?8 WHERE id = ?1",
              bind_answer, row, error);
}

static gboolean
is_sha256 (const char *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

/* The case's id follows from its request; all else of a row is looked at where it is used. */
static gboolean
makes_sense (const SpareCaseRow *row)
{
  g_autofree char *id = is_sha256 (row->request) ? spare_case_id_from_request (row->request)
                                                 : NULL;

  return g_strcmp0 (id, row->id) == 0;
}

static gpointer
read_case (sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (SpareCaseRow) row = g_new0 (SpareCaseRow, 1);

  row->id = spare_registry_dup_text (stmt, 0);
  row->request = spare_registry_dup_text (stmt, 1);
  row->request_id = spare_registry_dup_text (stmt, 2);
  row->requester = spare_registry_dup_text (stmt, 3);
  row->people = spare_registry_dup_text (stmt, 4);
  row->old = spare_registry_dup_text (stmt, 5);
  row->key = spare_registry_dup_text (stmt, 6);
  row->subkey = spare_registry_dup_text (stmt, 7);
  row->reason = spare_registry_dup_text (stmt, 8);
  row->lost = spare_registry_dup_text (stmt, 9);
  row->since = sqlite3_column_int64 (stmt, 10);
  row->opened = sqlite3_column_int64 (stmt, 11);
  row->sequence = sqlite3_column_int64 (stmt, 12);
  row->answer = spare_registry_dup_text (stmt, 13);
  row->answer_kind = spare_registry_dup_text (stmt, 14);
  row->answer_id = spare_registry_dup_text (stmt, 15);
  row->answer_name = spare_registry_dup_text (stmt, 16);
  row->answer_reason = spare_registry_dup_text (stmt, 17);
  row->answered = sqlite3_column_int64 (stmt, 18);
  row->answer_records = (guint64) sqlite3_column_int64 (stmt, 19);
  if (makes_sense (row))
    return g_steal_pointer (&row);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("A row of the registry’s cases was changed outside of Spare Key. "
                          "Nothing was done. Put back a copy of the authority’s folder."));
  return NULL;
}

/**
 * spare_case_row_list:
 *
 * Returns: (transfer full) (element-type SpareCaseRow) (nullable): all cases, newest first
 */
GPtrArray *
spare_case_row_list (SpareRegistry *registry, GError **error)
{
  return list (registry, "SELECT " COLUMNS " FROM cases ORDER BY sequence DESC", NULL,
               read_case, (GDestroyNotify) spare_case_row_free, error);
}

static gboolean
is_prefix (const char *prefix)
{
  gsize length = strlen (prefix);

  return length >= 4 && length <= 36 && strspn (prefix, "0123456789abcdef-") == length;
}

/**
 * spare_case_row_find:
 * @prefix: a case's id, or four or more of its first digits
 *
 * Returns: (transfer full) (nullable): the one case that is meant; %NULL with %SPARE_ERROR_FAILED if there is none, or
 *   more than one
 */
SpareCaseRow *
spare_case_row_find (SpareRegistry *registry, const char *prefix, GError **error)
{
  g_autofree char *pattern = NULL;
  g_autofree char *lower = g_ascii_strdown (prefix, -1);
  g_autofree char *shown = spare_display_text (prefix, -1, PREFIX_SHOWN);
  g_autoptr (GPtrArray) found = NULL;

  if (is_prefix (lower))
    {
      pattern = g_strconcat (lower, "*", NULL);
      found = list (registry, "SELECT " COLUMNS " FROM cases WHERE id GLOB ?1 LIMIT 2", pattern,
                    read_case, (GDestroyNotify) spare_case_row_free, error);
      if (found == NULL)
        return NULL;
      if (found->len == 1)
        return g_ptr_array_steal_index (found, 0);
    }
  if (found != NULL && found->len > 1)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                 _ ("More than one case begins with “%s”. Give more of its number."), shown);
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                 _ ("There is no case “%s”. Look at the list of cases."), shown);
  return NULL;
}

/* --- Files --- */

typedef struct
{
  const char *case_id;
  guint64 position;
  const char *line;
} FileRow;

static void
bind_file (sqlite3_stmt *stmt, gconstpointer data)
{
  const FileRow *row = data;

  spare_registry_bind_text (stmt, 1, row->case_id);
  sqlite3_bind_int64 (stmt, 2, (gint64) row->position);
  spare_registry_bind_text (stmt, 3, row->line);
}

gboolean
spare_case_row_add_file (SpareRegistry *registry,
                         const char *case_id,
                         guint64 position,
                         const SpareRequestRecord *record,
                         GError **error)
{
  g_autoptr (JsonObject) object = spare_request_record_to_json (record);
  g_autofree char *line = spare_json_line_write (object);
  const FileRow row = { case_id, position, line };

  return run (registry,
              "INSERT INTO case_files (case_id, position, record) VALUES (?1, ?2, ?3)",
              bind_file, &row, error);
}

static gpointer
read_file (sqlite3_stmt *stmt, GError **error)
{
  const char *line = (const char *) sqlite3_column_text (stmt, 0);
  g_autoptr (JsonObject)
      object = spare_json_line_parse (line, (gsize) sqlite3_column_bytes (stmt, 0), error);

  return object != NULL ? spare_request_record_from_json (object, error) : NULL;
}

/**
 * spare_case_row_list_files:
 *
 * Returns: (transfer full) (element-type SpareRequestRecord) (nullable): what the case asks for
 */
GPtrArray *
spare_case_row_list_files (SpareRegistry *registry, const char *case_id, GError **error)
{
  return list (registry, "SELECT record FROM case_files WHERE case_id = ?1 ORDER BY position",
               case_id, read_file, (GDestroyNotify) spare_request_record_free, error);
}

/* --- Approvals --- */

typedef struct
{
  const char *case_id;
  const char *bundle;
  const char *fingerprint;
} NewApproval;

static void
bind_approval (sqlite3_stmt *stmt, gconstpointer data)
{
  const NewApproval *row = data;

  spare_registry_bind_text (stmt, 1, row->case_id);
  spare_registry_bind_text (stmt, 2, row->bundle);
  spare_registry_bind_text (stmt, 3, row->fingerprint);
}

gboolean
spare_case_row_add_approval (SpareRegistry *registry,
                             const char *case_id,
                             const char *bundle,
                             const char *fingerprint,
                             GError **error)
{
  const NewApproval row = { case_id, bundle, fingerprint };

  return run (registry,
              "INSERT INTO case_approvals (case_id, bundle, fingerprint) VALUES (?1, ?2, ?3)"
              " ON CONFLICT DO NOTHING",
              bind_approval, &row, error);
}

static gpointer
read_approval (sqlite3_stmt *stmt, GError **error)
{
  SpareApprovalRow *row = g_new0 (SpareApprovalRow, 1);

  row->bundle = spare_registry_dup_text (stmt, 0);
  row->fingerprint = spare_registry_dup_text (stmt, 1);
  return row;
}

/**
 * spare_case_row_list_approvals:
 *
 * Returns: (transfer full) (element-type SpareApprovalRow) (nullable): where approvals of the case may be found. What
 *   can't be a hash and a fingerprint is no place to look
 */
GPtrArray *
spare_case_row_list_approvals (SpareRegistry *registry, const char *case_id, GError **error)
{
  return list (registry,
               "SELECT bundle, fingerprint FROM case_approvals WHERE case_id = ?1"
               " AND length (bundle) = 64 AND bundle NOT GLOB '*[^0-9a-f]*'"
               " AND length (fingerprint) = 40 AND fingerprint NOT GLOB '*[^0-9A-F]*'"
               " ORDER BY rowid",
               case_id, read_approval, (GDestroyNotify) spare_approval_row_free, error);
}
