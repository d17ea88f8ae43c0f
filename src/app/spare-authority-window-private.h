/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-bar.h"
#include "spare-authority-window.h"

G_BEGIN_DECLS

SpareAuthorityBar *spare_authority_window_get_bar (SpareAuthorityWindow *self);
const char *spare_authority_window_get_packet_query (SpareAuthorityWindow *self);
void spare_authority_window_enable_work (SpareAuthorityWindow *self, gboolean enabled);
void spare_authority_window_add_work (SpareAuthorityWindow *self);

G_END_DECLS
