/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The packet tags (RFC 9580 section 5, LibrePGP section 5) that this program tells apart. */
typedef enum
{
  SPARE_PACKET_TAG_PKESK = 1,
  SPARE_PACKET_TAG_SIGNATURE = 2,
  SPARE_PACKET_TAG_SKESK = 3,
  SPARE_PACKET_TAG_ONE_PASS_SIGNATURE = 4,
  SPARE_PACKET_TAG_SECRET_KEY = 5,
  SPARE_PACKET_TAG_PUBLIC_KEY = 6,
  SPARE_PACKET_TAG_SECRET_SUBKEY = 7,
  SPARE_PACKET_TAG_COMPRESSED = 8,
  SPARE_PACKET_TAG_SED = 9,
  SPARE_PACKET_TAG_MARKER = 10,
  SPARE_PACKET_TAG_LITERAL = 11,
  SPARE_PACKET_TAG_TRUST = 12,
  SPARE_PACKET_TAG_USER_ID = 13,
  SPARE_PACKET_TAG_PUBLIC_SUBKEY = 14,
  SPARE_PACKET_TAG_USER_ATTRIBUTE = 17,
  SPARE_PACKET_TAG_SEIPD = 18,
  SPARE_PACKET_TAG_OCB = 20,
  SPARE_PACKET_TAG_PADDING = 21,
} SparePacketTag;

/* The longest packet header: a tag octet and a five-octet length. */
#define SPARE_PACKET_HEADER_MAX 6

typedef enum
{
  SPARE_PACKET_LENGTH_DEFINITE,      /* the body is length octets long */
  SPARE_PACKET_LENGTH_PARTIAL,       /* the first length octets, then another length */
  SPARE_PACKET_LENGTH_INDETERMINATE, /* to the end of the file; old format only */
} SparePacketLengthKind;

typedef struct
{
  guint tag; /* 1 to 63 */
  gboolean old_format;
  SparePacketLengthKind length_kind;
  gsize header_length; /* octets of the header itself, 1 to 6 */
  guint64 length;      /* octets; 0 when indeterminate */
} SparePacketHeader;

typedef enum
{
  SPARE_PACKET_OK,
  SPARE_PACKET_NEED_MORE,
  SPARE_PACKET_DAMAGED,
} SparePacketResult;

SparePacketResult spare_packet_read_header (const guint8 *data,
                                            gsize length,
                                            SparePacketHeader *header);
SparePacketResult spare_packet_read_length (const guint8 *data,
                                            gsize length,
                                            SparePacketHeader *header);
gsize spare_packet_write_header (guint tag,
                                 guint32 length,
                                 guint8 header[SPARE_PACKET_HEADER_MAX]);

G_END_DECLS
