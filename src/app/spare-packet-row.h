/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox-item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_PACKET_ROW (spare_packet_row_get_type ())
G_DECLARE_FINAL_TYPE (SparePacketRow, spare_packet_row, SPARE, PACKET_ROW, GtkBox)

GtkWidget *spare_packet_row_new (void);
void spare_packet_row_set_item (SparePacketRow *self, SpareOutboxItem *item);

/* A packet's state in a word or two; @icon: its symbol. */
char *spare_packet_row_describe_state (const SpareOutboxEntry *entry, const char **icon);
char *spare_packet_row_describe_time (gint64 created);

G_END_DECLS
