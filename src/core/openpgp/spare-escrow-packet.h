/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"

G_BEGIN_DECLS

/* No escrow packet is longer: a PKESK, then two octets and a data head of 36. */
#define SPARE_ESCROW_PACKET_MAX \
  (SPARE_PACKET_HEADER_MAX + SPARE_ESK_BODY_MAX + 2 + SPARE_DATA_HEAD_SEIPD2)

GBytes *spare_escrow_packet_build (const SpareEsk *esk, const SpareHead *head, GError **error);
gboolean spare_escrow_packet_parse (GBytes *packet,
                                    SpareEsk **esk,
                                    SpareHead **head,
                                    GError **error);

G_END_DECLS
