/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-model.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_PAGE (spare_authority_page_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityPage, spare_authority_page, SPARE, AUTHORITY_PAGE, GtkBox)

/* Signal "activated" (SpareAuthorityItem). Properties for templates: "list-name", "search-hint", "empty-icon",
 * "empty-title", "empty-text"; its children go above the list. */
void spare_authority_page_start (SpareAuthorityPage *self,
                                 SpareAuthoritySession *session,
                                 SpareAuthorityFetchFunc fetch);
SpareAuthorityModel *spare_authority_page_get_model (SpareAuthorityPage *self);
void spare_authority_page_set_head (SpareAuthorityPage *self, const char *head);
void spare_authority_page_search (SpareAuthorityPage *self);
void spare_authority_page_refresh (SpareAuthorityPage *self);

G_END_DECLS
