/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-database.h"
#include "spare-registry.h"

G_BEGIN_DECLS

#define SPARE_REGISTRY_VERSION 2

extern const char *const spare_registry_migrations[SPARE_REGISTRY_VERSION];

/* For the files of this folder that keep tables of their own (cases, audit). Between the two calls no other thread
 * uses the connection; they nest, and a transaction holds it anyway. NULL with an error: the registry is not open, and
 * there is nothing to unlock. */
SpareDatabase *spare_registry_lock (SpareRegistry *self, GError **error);
void spare_registry_unlock (SpareRegistry *self);
gboolean spare_registry_is_in_transaction (SpareRegistry *self);
/* Within a transaction or a lock; NULL when it is not open. */
SpareDatabase *spare_registry_get_database_private (SpareRegistry *self);

/* For statements. NULL binds NULL. */
void spare_registry_bind_text (sqlite3_stmt *stmt, int at, const char *text);
void spare_registry_bind_octets (sqlite3_stmt *stmt, int at, GBytes *octets);
char *spare_registry_dup_text (sqlite3_stmt *stmt, int at);
GBytes *spare_registry_dup_octets (sqlite3_stmt *stmt, int at);

/* @text as an expression of FTS5; NULL when there is no word in it. */
char *spare_registry_make_match (const char *text);

G_END_DECLS
