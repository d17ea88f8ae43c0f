/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log as a file of JSON lines that stock tools verify: see the top of spare-audit.c for the octets.
 *
 * Promise: each line holds the canonical octets as they are, with one member added at the end, so nothing has to be built
 * again to check it. Rows that are added meanwhile are not in it.
 */
#include "config.h"

#include "spare-audit.h"

#include "spare-audit-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PAGE 500

typedef struct
{
  SpareWriteFunc write;
  gpointer write_data;
  guint64 rows;
} Export;

/* @text with `,"name":"value"` before its last brace. */
static void
append_line (GString *page, const char *text, const char *name, const char *value)
{
  gsize length = strlen (text);

  if (length > 0 && text[length - 1] == '}')
    length--;
  g_string_append_len (page, text, (gssize) length);
  g_string_append_printf (page, ",\"%s\":\"%s\"}\n", name, value);
}

/* A line feed within would make two lines of it: such a row was not written here. */
static void
flatten (char *text)
{
  for (; *text != '\0'; text++)
    if (*text == '\n' || *text == '\r')
      *text = ' ';
}

/* Rows after @after, with the checkpoints that belong to them. Returns the last one's number, @after at the end, -1 with
 * @error. */
static gint64
read_page (Export *export,
           SpareDatabase *database,
           gint64 after,
           gint64 last,
           GString *page,
           GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = spare_database_prepare (
      database,
      "SELECT a.sequence, a.text, a.hash, c.text, c.signature FROM audit a"
      " LEFT JOIN checkpoints c ON c.sequence = a.sequence"
      " WHERE a.sequence > ?1 AND a.sequence <= ?2 ORDER BY a.sequence LIMIT ?3",
      error);
  gboolean row = FALSE;

  if (stmt == NULL)
    return -1;
  sqlite3_bind_int64 (stmt, 1, after);
  sqlite3_bind_int64 (stmt, 2, last);
  sqlite3_bind_int64 (stmt, 3, PAGE);
  while (TRUE)
    {
      g_autofree char *text = NULL;
      g_autofree char *hash = NULL;
      g_autofree char *point = NULL;
      g_autofree char *signature = NULL;

      if (!spare_database_step (database, stmt, &row, error))
        return -1;
      if (!row)
        return after;

      after = sqlite3_column_int64 (stmt, 0);
      text = spare_registry_dup_text (stmt, 1);
      hash = spare_registry_dup_text (stmt, 2);
      flatten (text);
      flatten (hash);
      append_line (page, text, "hash", hash);
      export->rows++;
      if (sqlite3_column_type (stmt, 3) == SQLITE_NULL)
        continue;
      point = spare_registry_dup_text (stmt, 3);
      flatten (point);
      signature = spare_audit_checkpoint_escape ((const char *) sqlite3_column_text (stmt, 4));
      append_line (page, point, "signature", signature);
    }
}

static gboolean
write_page (Export *export, GString *page, GError **error)
{
  gboolean done = page->len == 0
                  || export->write (export->write_data, (const guint8 *) page->str, page->len,
                                    error);

  g_string_truncate (page, 0);
  return done;
}

/**
 * spare_audit_export_sync:
 * @write: where to
 * @write_data: for @write
 * @rows: (out) (optional): how many rows were written
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Writes the whole log: a first line `{"sparekey-audit":1,"authority":…,"time":…}`, rows, each checkpoint after the row it
 * covers, a last line `{"rows":n}`. Make a checkpoint before, so that all of it is protected.
 *
 * Returns: %FALSE with what the database or @write said
 */
gboolean
spare_audit_export_sync (SpareAudit *self,
                         SpareWriteFunc write,
                         gpointer write_data,
                         guint64 *rows,
                         GCancellable *cancellable,
                         GError **error)
{
  SpareRegistry *registry = spare_audit_get_registry (self);
  Export export = { .write = write, .write_data = write_data };
  g_autoptr (GString) page = g_string_new (NULL);
  g_autofree char *time = spare_audit_format_time (spare_audit_get_now (self));
  g_autofree char *hash = NULL;
  gint64 last = 0;
  gint64 before = -1;
  gint64 after = 0;

  g_return_val_if_fail (SPARE_IS_AUDIT (self) && write != NULL, FALSE);

  if (!spare_audit_get_head (self, &last, &hash, error))
    return FALSE;
  g_string_append_printf (page, "{\"sparekey-audit\":1,\"authority\":\"%s\",\"time\":\"%s\"}\n",
                          spare_audit_get_authority (self), time);
  while (after != before)
    {
      SpareDatabase *database;

      if (!write_page (&export, page, error)
          || g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      database = spare_registry_lock (registry, error);
      if (database == NULL)
        return FALSE;
      before = after;
      after = read_page (&export, database, after, last, page, error);
      spare_registry_unlock (registry);
      if (after < 0)
        return FALSE;
    }
  g_string_append_printf (page, "{\"rows\":%" G_GUINT64_FORMAT "}\n", export.rows);
  if (!write_page (&export, page, error))
    return FALSE;

  if (rows != NULL)
    *rows = export.rows;
  return TRUE;
}
