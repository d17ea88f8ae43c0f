/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-audit.h"

G_BEGIN_DECLS

GtkWidget *spare_authority_row_dialog_new (GtkWindow *parent, const SpareAuditRow *row);

G_END_DECLS
