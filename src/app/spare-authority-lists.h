/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-model.h"

G_BEGIN_DECLS

/* What the pages of the authority's window list; for SpareAuthorityModel. The items' records are a SpareRegistryPacket, a
 * SpareRegistryOwner, a SpareAuditRow. */
GPtrArray *spare_authority_lists_packets (SpareAuthority *authority,
                                          const char *query,
                                          gint64 after,
                                          guint limit,
                                          guint64 *total,
                                          GError **error);
GPtrArray *spare_authority_lists_owners (SpareAuthority *authority,
                                         const char *query,
                                         gint64 after,
                                         guint limit,
                                         guint64 *total,
                                         GError **error);
GPtrArray *spare_authority_lists_audit (SpareAuthority *authority,
                                        const char *query,
                                        gint64 after,
                                        guint limit,
                                        guint64 *total,
                                        GError **error);

/* The records are SpareCases. */
GPtrArray *spare_authority_lists_cases (SpareAuthority *authority,
                                        const char *query,
                                        gint64 after,
                                        guint limit,
                                        guint64 *total,
                                        GError **error);

/* "report.pdf", sanitized; never empty. */
char *spare_authority_lists_dup_file_name (const char *name);
/* "1,204", as people write it here. */
char *spare_authority_lists_dup_number (guint64 number);

G_END_DECLS
