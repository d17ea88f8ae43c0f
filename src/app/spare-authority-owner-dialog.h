/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-window.h"
#include "spare-registry-owner.h"

G_BEGIN_DECLS

GtkWidget *spare_authority_owner_dialog_new (SpareAuthorityWindow *window,
                                             const SpareRegistryOwner *owner);

G_END_DECLS
