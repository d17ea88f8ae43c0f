/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-registry-packet.h"

G_BEGIN_DECLS

GtkWidget *spare_authority_packet_dialog_new (GtkWindow *parent,
                                              const SpareRegistryPacket *packet);

G_END_DECLS
