/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <adwaita.h>

G_BEGIN_DECLS

GtkWidget *spare_inspect_dialog_new (GtkWindow *parent, SpareOwner *owner, const char *path);

G_END_DECLS
