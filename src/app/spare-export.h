/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-deposit.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* @n: packets that are to be exported, for the question; @changed is called in the main context when the outbox moved. */
typedef void (*SpareExportedFunc) (gpointer user_data);
void spare_export_show (GtkWindow *parent,
                        SpareOwner *owner,
                        guint n,
                        SpareDepositFlags flags,
                        SpareExportedFunc exported,
                        gpointer owner_object);

G_END_DECLS
