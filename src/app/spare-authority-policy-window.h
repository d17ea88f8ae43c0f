/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-window.h"

G_BEGIN_DECLS

GtkWidget *spare_authority_policy_window_new (SpareAuthorityWindow *parent);

G_END_DECLS
