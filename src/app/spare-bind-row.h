/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "spare-preferences.h"

G_BEGIN_DECLS

GtkWidget *spare_bind_row_new (SparePreferences *preferences, SpareOwner *owner);

G_END_DECLS
