/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_ESCROW_PAGE (spare_escrow_page_get_type ())
G_DECLARE_FINAL_TYPE (SpareEscrowPage, spare_escrow_page, SPARE, ESCROW_PAGE, GtkBox)

/* Signal "counted". */
void spare_escrow_page_set_up (SpareEscrowPage *self, SpareOwner *owner);
guint spare_escrow_page_get_n_waiting (SpareEscrowPage *self);
guint spare_escrow_page_get_n_exported (SpareEscrowPage *self);
/* The outbox moved. */
void spare_escrow_page_refresh (SpareEscrowPage *self);

G_END_DECLS
