/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packet headers: where a packet ends and what it is (RFC 9580 section 4.2).
 *
 *     new format   1 1 t t t t t t   length: 1 octet        0..191
 *                                            2 octets     192..8383
 *                                            1 octet      224..254  partial: 2^(n & 31), then another length
 *                                            ff + 4       any
 *     old format   1 0 t t t t l l   length: 1, 2 or 4 octets; l = 3: to the end of the file
 *
 * Promise: nothing is read past the octets offered, nothing is allocated, and the header is written only on
 * success. A length is taken as it stands; whether it makes sense for its packet is the caller's to know.
 * Lengths in longer form than needed are legal and read. (gpg writes PKESKs in the old format and the data
 * in the new one.)
 */
#include "config.h"

#include "spare-packet.h"

#define TAG_BIT        0x80
#define NEW_FORMAT_BIT 0x40

static guint64
read_number (const guint8 *data, gsize length)
{
  guint64 number = 0;

  for (gsize i = 0; i < length; i++)
    number = number << 8 | data[i];
  return number;
}

/**
 * spare_packet_read_length:
 * @data: octets from the first of a new-format length on
 * @length: how many are at hand
 * @header: (inout): its @length_kind, @length and @header_length are set on success
 *
 * Reads one new-format length: the one in a header, or one between the parts of a partial body.
 * @header_length becomes the length's own octets, 1, 2 or 5. Source: RFC 9580 section 4.2.1.
 *
 * Returns: OK or NEED_MORE; every octet begins some length, so this can't be damaged
 */
SparePacketResult
spare_packet_read_length (const guint8 *data, gsize length, SparePacketHeader *header)
{
  guint first;

  if (length < 1)
    return SPARE_PACKET_NEED_MORE;
  first = data[0];
  if (first >= 192 && first < 224 && length < 2)
    return SPARE_PACKET_NEED_MORE;
  if (first == 255 && length < 5)
    return SPARE_PACKET_NEED_MORE;

  header->length_kind = SPARE_PACKET_LENGTH_DEFINITE;
  header->header_length = 1;
  if (first < 192)
    header->length = first;
  else if (first < 224)
    {
      header->length = ((guint64) (first - 192) << 8) + data[1] + 192;
      header->header_length = 2;
    }
  else if (first < 255)
    {
      header->length = G_GUINT64_CONSTANT (1) << (first & 0x1f);
      header->length_kind = SPARE_PACKET_LENGTH_PARTIAL;
    }
  else
    {
      header->length = read_number (data + 1, 4);
      header->header_length = 5;
    }
  return SPARE_PACKET_OK;
}

static SparePacketResult
read_old_header (const guint8 *data, gsize length, SparePacketHeader *header)
{
  guint tag = (data[0] >> 2) & 0x0f;
  guint type = data[0] & 0x03;
  gsize n_octets = type == 3 ? 0 : (gsize) 1 << type;

  if (tag == 0)
    return SPARE_PACKET_DAMAGED;
  if (length < 1 + n_octets)
    return SPARE_PACKET_NEED_MORE;

  header->tag = tag;
  header->old_format = TRUE;
  header->length_kind = type == 3 ? SPARE_PACKET_LENGTH_INDETERMINATE
                                  : SPARE_PACKET_LENGTH_DEFINITE;
  header->header_length = 1 + n_octets;
  header->length = read_number (data + 1, n_octets);
  return SPARE_PACKET_OK;
}

/**
 * spare_packet_read_header:
 * @data: octets from the first of a packet on
 * @length: how many are at hand; 6 are always enough
 * @header: (out): the header, untouched unless OK is returned
 *
 * Reads a packet header. Source: RFC 9580 section 4.2.
 *
 * Returns: OK; NEED_MORE when the octets at hand begin a header; DAMAGED when no header begins so
 */
SparePacketResult
spare_packet_read_header (const guint8 *data, gsize length, SparePacketHeader *header)
{
  SparePacketHeader read = { 0 };
  SparePacketResult result;

  if (length < 1)
    return SPARE_PACKET_NEED_MORE;
  if (!(data[0] & TAG_BIT))
    return SPARE_PACKET_DAMAGED;
  if (!(data[0] & NEW_FORMAT_BIT))
    return read_old_header (data, length, header);

  read.tag = data[0] & 0x3f;
  if (read.tag == 0)
    return SPARE_PACKET_DAMAGED;
  result = spare_packet_read_length (data + 1, length - 1, &read);
  if (result == SPARE_PACKET_OK)
    {
      read.header_length += 1;
      *header = read;
    }
  return result;
}

/**
 * spare_packet_write_header:
 * @tag: the packet's tag, 1 to 63
 * @length: octets of its body
 * @header: (out): where the header goes
 *
 * Writes a new-format header with the shortest definite length.
 *
 * Returns: octets written, 2, 3 or 6
 */
gsize
spare_packet_write_header (guint tag, guint32 length, guint8 header[SPARE_PACKET_HEADER_MAX])
{
  header[0] = (guint8) (TAG_BIT | NEW_FORMAT_BIT | tag);
  if (length < 192)
    {
      header[1] = (guint8) length;
      return 2;
    }
  if (length < 8384)
    {
      header[1] = (guint8) (((length - 192) >> 8) + 192);
      header[2] = (guint8) (length - 192);
      return 3;
    }
  header[1] = 255;
  for (guint i = 0; i < 4; i++)
    header[2 + i] = (guint8) (length >> (24 - 8 * i));
  return 6;
}
