/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-session.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_SET_UP (spare_authority_set_up_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthoritySetUp,
                      spare_authority_set_up,
                      SPARE,
                      AUTHORITY_SET_UP,
                      GtkBox)

/* Signals "created" (the authority is there and open), "finished". */
void spare_authority_set_up_start (SpareAuthoritySetUp *self, SpareAuthoritySession *session);

G_END_DECLS
