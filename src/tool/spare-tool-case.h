/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-case-work.h"
#include "spare-tool.h"

G_BEGIN_DECLS

/* @cases: (element-type SpareCase) */
int spare_tool_show_cases (SpareTool *self, GPtrArray *cases);
/* @whole: with who asks and each file, also when it is told in words; @bundles: (nullable) (element-type SpareWrittenBundle); @grant: (nullable) */
int spare_tool_show_case (SpareTool *self,
                          SpareCase *one,
                          gboolean whole,
                          GPtrArray *bundles,
                          const SpareGrantResult *grant);

/* Where the secret key of an officer is: the authority's home, the person's own GnuPG, then the keyring. The owner's side
 * is opened for the last only. */
SpareHome *spare_tool_find_officer_home (SpareTool *self,
                                         const char *fingerprint,
                                         GError **error);
/* Where certificates of officers may be. Opens nothing. */
GPtrArray *spare_tool_list_certificate_homes (SpareTool *self);

G_END_DECLS
