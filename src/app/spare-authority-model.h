/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-item.h"
#include "spare-authority-session.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_MODEL (spare_authority_model_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityModel,
                      spare_authority_model,
                      SPARE,
                      AUTHORITY_MODEL,
                      GObject)

/* In a thread. Reads up to @limit items (of SpareAuthorityItem) that come after the one at @after, 0 for the first; fewer
 * than @limit: it was the last page. With @after 0 it says in @total how many there are, if it knows. */
typedef GPtrArray *(*SpareAuthorityFetchFunc) (SpareAuthority *authority,
                                               const char *query,
                                               gint64 after,
                                               guint limit,
                                               guint64 *total,
                                               GError **error);

/* Signals "loaded" (a first page came), "failed" (message). */
SpareAuthorityModel *spare_authority_model_new (SpareAuthoritySession *session,
                                                SpareAuthorityFetchFunc fetch);
void spare_authority_model_set_query (SpareAuthorityModel *self, const char *query);
const char *spare_authority_model_get_query (SpareAuthorityModel *self);
void spare_authority_model_refresh (SpareAuthorityModel *self);
guint64 spare_authority_model_get_total (SpareAuthorityModel *self);

G_END_DECLS
