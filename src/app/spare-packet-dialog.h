/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"

#include <adwaita.h>

G_BEGIN_DECLS

GtkWidget *spare_packet_dialog_new (GtkWindow *parent, const SpareOutboxEntry *entry);

G_END_DECLS
