/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-database.h"
#include "spare-registry.h"

G_BEGIN_DECLS

/* For the files of this folder that keep tables of their own (cases, audit). Between the two calls no other thread
 * uses the connection; a transaction holds it anyway. */
SpareDatabase *spare_registry_lock (SpareRegistry *self, GError **error);
void spare_registry_unlock (SpareRegistry *self);
gboolean spare_registry_is_in_transaction (SpareRegistry *self);

/* For statements. NULL binds NULL. */
void spare_registry_bind_text (sqlite3_stmt *stmt, int at, const char *text);
void spare_registry_bind_octets (sqlite3_stmt *stmt, int at, GBytes *octets);
char *spare_registry_dup_text (sqlite3_stmt *stmt, int at);
GBytes *spare_registry_dup_octets (sqlite3_stmt *stmt, int at);

G_END_DECLS
