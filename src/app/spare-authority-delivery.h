/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "spare-authority-session.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_AUTHORITY_DELIVER_RECEIPTS,
  SPARE_AUTHORITY_DELIVER_PACKETS,
  SPARE_AUTHORITY_DELIVER_QUESTION,
  SPARE_AUTHORITY_DELIVER_REFUSAL,
  SPARE_AUTHORITY_DELIVER_GRANT,
} SpareAuthorityDeliveryKind;

/* Called when something was written, with @object, which is kept until the window is gone. */
typedef void (*SpareAuthorityDeliveredFunc) (gpointer object);

/* @about: the case's id, or the words that packets are searched by; NULL. */
GtkWidget *spare_authority_delivery_new (GtkWindow *parent,
                                         SpareAuthoritySession *session,
                                         SpareAuthorityDeliveryKind kind,
                                         const char *about,
                                         SpareAuthorityDeliveredFunc delivered,
                                         gpointer object);

G_END_DECLS
