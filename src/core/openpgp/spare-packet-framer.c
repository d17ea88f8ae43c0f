/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cuts a stream of octets, offered in pieces of any size, into packets: the one loop on which the head parser,
 * the walker and the splitter stand.
 *
 * Promise: it holds six octets at most, whatever the lengths in the stream say; it does not recurse; it gives
 * the same frames (bodies aside, which come in pieces) however the stream is cut. Packets are told from their
 * headers alone, never from what is in them.
 *
 *              HEADER            BODY…           END
 *     IN_HEADER ----> IN_BODY ---------> (0 left) ----> IN_HEADER
 *                       ^ LENGTH            | partial
 *                       +---- IN_LENGTH <---+
 */
#include "config.h"

#include "spare-packet-framer.h"

#include <string.h>

enum
{
  IN_HEADER,
  IN_BODY,
  IN_LENGTH,
  IN_DAMAGE,
};

/**
 * spare_packet_framer_init:
 * @framer: (out): the framer
 *
 * Makes @framer stand before the first packet of a stream.
 */
void
spare_packet_framer_init (SparePacketFramer *framer)
{
  memset (framer, 0, sizeof *framer);
}

static SparePacketResult
read_held (SparePacketFramer *framer)
{
  SparePacketHeader length = { 0 };
  SparePacketResult result;

  if (framer->state == IN_HEADER)
    {
      result = spare_packet_read_header (framer->held, framer->n_held, &framer->header);
      length = framer->header;
    }
  else
    result = spare_packet_read_length (framer->held, framer->n_held, &length);
  if (result == SPARE_PACKET_OK)
    {
      framer->chunk_kind = length.length_kind;
      framer->left = length.length;
    }
  return result;
}

/* Takes octets one by one, since a header may lie across two pieces. */
static SpareFrame
next_header (SparePacketFramer *framer, const guint8 *data, gsize length, gsize *consumed)
{
  while (*consumed < length)
    {
      SpareFrame frame = framer->state == IN_HEADER ? SPARE_FRAME_HEADER : SPARE_FRAME_LENGTH;
      SparePacketResult result;

      framer->held[framer->n_held++] = data[(*consumed)++];
      result = read_held (framer);
      if (result == SPARE_PACKET_NEED_MORE)
        continue;
      framer->n_held = 0;
      if (result == SPARE_PACKET_DAMAGED)
        {
          framer->state = IN_DAMAGE;
          return SPARE_FRAME_DAMAGED;
        }
      if (frame == SPARE_FRAME_HEADER)
        framer->body_length = 0;
      framer->state = IN_BODY;
      return frame;
    }
  return SPARE_FRAME_NEED_MORE;
}

/**
 * spare_packet_framer_next:
 * @framer: the framer
 * @data: the next octets of the stream
 * @length: how many; may be 0, an END may be due nevertheless
 * @consumed: (out): how many of them belong to the frame returned
 *
 * Takes octets up to the end of the next frame. The header of the packet being read stands in
 * `framer->header` from HEADER until the next HEADER, the body's octets so far in `framer->body_length`.
 *
 * Returns: the frame; NEED_MORE once everything offered is taken
 */
SpareFrame
spare_packet_framer_next (SparePacketFramer *framer,
                          const guint8 *data,
                          gsize length,
                          gsize *consumed)
{
  *consumed = 0;
  if (framer->state == IN_DAMAGE)
    return SPARE_FRAME_DAMAGED;

  if (framer->state == IN_BODY)
    {
      gboolean endless = framer->chunk_kind == SPARE_PACKET_LENGTH_INDETERMINATE;

      if (endless || framer->left > 0)
        {
          if (length == 0)
            return SPARE_FRAME_NEED_MORE;
          *consumed = endless ? length : (gsize) MIN (framer->left, length);
          framer->left -= endless ? 0 : *consumed;
          framer->body_length += *consumed;
          return SPARE_FRAME_BODY;
        }
      if (framer->chunk_kind == SPARE_PACKET_LENGTH_DEFINITE)
        {
          framer->state = IN_HEADER;
          return SPARE_FRAME_END;
        }
      framer->state = IN_LENGTH;
    }
  return next_header (framer, data, length, consumed);
}

/**
 * spare_packet_framer_may_end:
 * @framer: the framer, after NEED_MORE
 *
 * Whether the stream may end here: between two packets, or in one that has no length of its own.
 *
 * Returns: %TRUE if so
 */
gboolean
spare_packet_framer_may_end (const SparePacketFramer *framer)
{
  if (framer->state == IN_BODY)
    return framer->chunk_kind == SPARE_PACKET_LENGTH_INDETERMINATE;
  return framer->state == IN_HEADER && framer->n_held == 0;
}
