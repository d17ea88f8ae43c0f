/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-case-steps.h"

G_BEGIN_DECLS

/* A case as it is now, the policy, and who could approve it on this computer (of SpareCaseOfficer). */
typedef struct
{
  SpareCase *one;
  SpareAuthorityPolicy *policy;
  GPtrArray *officers;
} SpareCaseLoaded;

SpareCaseLoaded *spare_case_loaded_new (SpareAuthority *authority,
                                        SpareCase *one,
                                        GError **error);
void spare_case_loaded_free (gpointer loaded);

G_END_DECLS
