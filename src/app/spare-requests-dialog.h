/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *spare_requests_dialog_new (GtkWindow *parent, SpareOwner *owner);

G_END_DECLS
