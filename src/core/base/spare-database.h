/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

typedef struct _SpareDatabase SpareDatabase;

/* One statement list for each version of the schema, the first makes version 1. */
typedef struct
{
  guint32 application_id;
  const char *const *migrations;
  guint n_migrations;
  /* Runs in the transaction that made version 1; NULL. */
  gboolean (*populate) (SpareDatabase *self, GError **error);
  /* What to say of a damaged file, with one %s for its path, marked for translation; NULL for the outbox's words. */
  const char *damaged_words;
} SpareDatabaseSchema;

SpareDatabase *spare_database_open (const char *path,
                                    const SpareDatabaseSchema *schema,
                                    GError **error);
void spare_database_free (SpareDatabase *self);

gboolean spare_database_begin (SpareDatabase *self, GError **error);
gboolean spare_database_commit (SpareDatabase *self, GError **error);
void spare_database_rollback (SpareDatabase *self);

gboolean spare_database_exec (SpareDatabase *self, const char *sql, GError **error);
sqlite3_stmt *spare_database_prepare (SpareDatabase *self, const char *sql, GError **error);
gboolean spare_database_step (SpareDatabase *self,
                              sqlite3_stmt *stmt,
                              gboolean *row,
                              GError **error);
gint64 spare_database_get_changes (SpareDatabase *self);
gint64 spare_database_get_last_row (SpareDatabase *self);
gboolean spare_database_is_in_transaction (SpareDatabase *self);

gboolean spare_database_check (SpareDatabase *self, GError **error);
gboolean spare_database_back_up (SpareDatabase *self, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareDatabase, spare_database_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

G_END_DECLS
