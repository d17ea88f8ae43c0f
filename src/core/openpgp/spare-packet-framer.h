/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-packet.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_FRAME_NEED_MORE, /* everything offered was taken; nothing to report */
  SPARE_FRAME_HEADER,    /* a packet header is complete */
  SPARE_FRAME_BODY,      /* octets of the body */
  SPARE_FRAME_LENGTH,    /* a further length inside a partial body is complete */
  SPARE_FRAME_END,       /* the packet is complete; takes no octets */
  SPARE_FRAME_DAMAGED,   /* final */
} SpareFrame;

/* Plain state, without allocations: to be embedded, and set up with spare_packet_framer_init(). */
typedef struct
{
  guint8 held[SPARE_PACKET_HEADER_MAX];
  guint n_held;
  int state;
  guint64 left;
  guint64 body_length; /* octets of the body seen so far */
  SparePacketLengthKind chunk_kind;
  SparePacketHeader header; /* of the packet being read */
} SparePacketFramer;

void spare_packet_framer_init (SparePacketFramer *framer);
SpareFrame spare_packet_framer_next (SparePacketFramer *framer,
                                     const guint8 *data,
                                     gsize length,
                                     gsize *consumed);
gboolean spare_packet_framer_may_end (const SparePacketFramer *framer);

G_END_DECLS
