/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks a whole encrypted message, as it streams by, and says whether it is one: whole, single, and with nothing
 * behind it.
 *
 *     [PKESK | SKESK | marker | padding | unknown non-critical]*  one data packet  end of file
 *
 * Promise: what passes spare_walker_finish() ends exactly where its own lengths say, so an output cut by a
 * killed gpg or a full disk never passes. It holds the head and nothing of the data, and looks into no data. It does
 * not check the encryption itself: only who has the key can.
 */
#include "config.h"

#include "spare-armor-filter-private.h"
#include "spare-damage-private.h"
#include "spare-head-parser-private.h"
#include "spare-head-private.h"
#include "spare-walker.h"

/* The least that follows the data head: SEIPD v1 ends with an MDC packet of 22 octets, and its prefix may be of
 * 10; chunked data has at least one chunk of one octet and two tags of 16. */
#define SEIPD1_BODY_MIN (1 + 10 + 22)
#define CHUNKED_MIN     (1 + 16 + 16)

typedef enum
{
  IN_HEAD,
  IN_DATA,
  AT_END,
  IN_ERROR,
} State;

struct _SpareWalker
{
  SpareWalkerFlags flags;
  State state;
  SpareArmorFilter filter;
  SpareHeadParser *parser;
  GError *error;
  guint64 length;
};

/**
 * spare_walker_new:
 * @flags: what is let pass
 *
 * Makes a walker that stands before a message.
 *
 * Returns: (transfer full): the walker
 */
SpareWalker *
spare_walker_new (SpareWalkerFlags flags)
{
  SpareWalker *walker = g_new0 (SpareWalker, 1);

  walker->flags = flags;
  walker->parser = spare_head_parser_new ();
  spare_armor_filter_init (&walker->filter);
  return walker;
}

/**
 * spare_walker_free:
 * @walker: (transfer full): the walker
 *
 * Frees @walker.
 */
void
spare_walker_free (SpareWalker *walker)
{
  spare_head_parser_free (walker->parser);
  spare_armor_filter_clear (&walker->filter);
  g_clear_error (&walker->error);
  g_free (walker);
}

static gboolean
refuse (SpareWalker *walker, SpareDamage damage, const char *detail)
{
  return spare_damage_set (&walker->error, damage, "walk: %s", detail);
}

/* A PKESK v6 belongs before SEIPD v2 and nothing else does, and the other way round (RFC 9580 section
 * 10.3.2.1); a reader ignores the odd ones, this program never makes any. */
static gboolean
check_versions (SpareWalker *walker, SpareHead *head)
{
  gboolean seipd2 = spare_head_get_container_tag (head) == SPARE_PACKET_TAG_SEIPD
                    && spare_head_get_container_version (head) == 2;

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (!spare_esk_is_known (esk) || (spare_esk_get_version (esk) == 6) != seipd2)
        return refuse (walker, SPARE_DAMAGE_BROKEN, "session key packet of a wrong version");
    }
  return TRUE;
}

static gboolean
check_head (SpareWalker *walker, SpareHead *head)
{
  if (!spare_head_is_encrypted (head))
    return refuse (walker, SPARE_DAMAGE_PLAIN, "not an encrypted message");
  if (spare_head_get_data_head (head) == NULL)
    return refuse (walker, SPARE_DAMAGE_UNSUPPORTED, "data packet of an unknown version");
  if (walker->flags != SPARE_WALKER_STRICT)
    return TRUE;

  if (spare_head_get_container_tag (head) == SPARE_PACKET_TAG_SED)
    return refuse (walker, SPARE_DAMAGE_UNSUPPORTED, "data without integrity protection");
  if (spare_head_get_oddities (head) != 0)
    return refuse (walker, SPARE_DAMAGE_BROKEN, "a form of length that is never written");
  if (spare_head_has_password (head))
    return refuse (walker, SPARE_DAMAGE_UNSUPPORTED, "a password opens it");
  return check_versions (walker, head);
}

static gboolean
check_data_length (SpareWalker *walker)
{
  SpareHead *head = spare_head_parser_get_head (walker->parser);
  guint64 length = spare_head_parser_get_framer (walker->parser)->body_length;
  guint64 least = g_bytes_get_size (spare_head_get_data_head (head));

  if (spare_head_get_container_tag (head) == SPARE_PACKET_TAG_SEIPD
      && spare_head_get_container_version (head) == 1)
    least = SEIPD1_BODY_MIN;
  else if (spare_head_get_container_tag (head) != SPARE_PACKET_TAG_SED)
    least += CHUNKED_MIN;
  return length >= least || refuse (walker, SPARE_DAMAGE_CUT, "no data in the data packet");
}

static gboolean
walk_data (SpareWalker *walker, const guint8 *data, gsize length)
{
  SparePacketFramer *framer = spare_head_parser_get_framer (walker->parser);
  SpareFrame frame = SPARE_FRAME_BODY;
  gsize offset = 0;

  while (walker->state == IN_DATA && frame != SPARE_FRAME_NEED_MORE)
    {
      gsize n;

      frame = spare_packet_framer_next (framer, length > 0 ? data + offset : NULL,
                                        length - offset, &n);
      offset += n;
      if (frame == SPARE_FRAME_END)
        walker->state = AT_END;
    }
  if (walker->state == AT_END && offset < length)
    return refuse (walker, SPARE_DAMAGE_TRAILING, "octets behind the data packet");
  return TRUE;
}

static gboolean
walk (SpareWalker *walker, const guint8 *data, gsize length)
{
  gsize consumed;
  SpareHeadParserResult result;

  if (walker->state == IN_HEAD)
    {
      result = spare_head_parser_feed_binary (walker->parser, data, length, &consumed,
                                              &walker->error);
      if (result != SPARE_HEAD_PARSER_DONE)
        return result == SPARE_HEAD_PARSER_MORE;
      if (!check_head (walker, spare_head_parser_get_head (walker->parser)))
        return FALSE;
      walker->state = IN_DATA;
      data += consumed;
      length -= consumed;
    }
  return walk_data (walker, data, length);
}

static gboolean
walk_armored (SpareWalker *walker, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      const guint8 *output;
      gsize output_length, consumed;

      if (!spare_armor_filter_next (&walker->filter, data, length, &consumed, &output,
                                    &output_length, &walker->error))
        return FALSE;
      data += consumed;
      length -= consumed;
      if (walker->filter.state == SPARE_ARMOR_FILTER_TEXT
          || spare_armor_filter_is_cleartext (&walker->filter))
        return refuse (walker, SPARE_DAMAGE_PLAIN, "text");
      if (walker->filter.state == SPARE_ARMOR_FILTER_ARMOR && walker->state == IN_HEAD)
        spare_head_parser_set_armored (walker->parser);
      if (output_length > 0 && !walk (walker, output, output_length))
        return FALSE;
    }
  return TRUE;
}

static gboolean
conclude (SpareWalker *walker, gboolean success, GError **error)
{
  if (success)
    return TRUE;
  walker->state = IN_ERROR;
  if (error != NULL)
    *error = g_error_copy (walker->error);
  return FALSE;
}

/**
 * spare_walker_feed:
 * @walker: the walker
 * @data: the next octets
 * @length: how many
 * @error: return location for the error
 *
 * Takes a piece of any size. An error is final: it comes again with every later call.
 *
 * Returns: whether all is well so far; %FALSE with SPARE_ERROR_DAMAGED, SPARE_ERROR_UNSUPPORTED or
 *   SPARE_ERROR_NOT_ENCRYPTED
 */
gboolean
spare_walker_feed (SpareWalker *walker, const guint8 *data, gsize length, GError **error)
{
  gboolean success = walker->state != IN_ERROR;

  if (success && length > 0)
    {
      success = walker->flags == SPARE_WALKER_STRICT ? walk (walker, data, length)
                                                     : walk_armored (walker, data, length);
      walker->length += length;
    }
  return conclude (walker, success, error);
}

static gboolean
finish (SpareWalker *walker)
{
  if (walker->state == IN_ERROR)
    return FALSE;
  if (walker->state == IN_HEAD)
    {
      g_autoptr (SpareHead) head = spare_head_parser_finish (walker->parser, &walker->error);

      return head != NULL && refuse (walker, SPARE_DAMAGE_PLAIN, "not an encrypted message");
    }
  if (!walk_data (walker, NULL, 0))
    return FALSE;
  if (walker->state != AT_END
      && !spare_packet_framer_may_end (spare_head_parser_get_framer (walker->parser)))
    return refuse (walker, SPARE_DAMAGE_CUT, "ends inside the data packet");
  if (!check_data_length (walker)
      || !spare_armor_filter_finish (&walker->filter, &walker->error))
    return FALSE;
  if (walker->filter.reader != NULL
      && spare_armor_reader_get_checksum_wrong (walker->filter.reader))
    spare_head_parser_get_head (walker->parser)->oddities |= SPARE_HEAD_ODDITY_CHECKSUM;
  return TRUE;
}

/**
 * spare_walker_finish:
 * @walker: the walker
 * @error: return location for the error
 *
 * Ends the stream. Only now is the message known to be whole.
 *
 * Returns: whether it was one whole encrypted message and nothing else; %FALSE with an error as of
 *   spare_walker_feed()
 */
gboolean
spare_walker_finish (SpareWalker *walker, GError **error)
{
  return conclude (walker, finish (walker), error);
}

/**
 * spare_walker_get_head:
 * @walker: the walker
 *
 * Returns: (transfer none) (nullable): the head, as soon as it was read; nothing is known yet of what follows it
 */
SpareHead *
spare_walker_get_head (const SpareWalker *walker)
{
  return spare_head_parser_get_head (walker->parser);
}

/**
 * spare_walker_get_length:
 * @walker: the walker
 *
 * Returns: octets fed so far
 */
guint64
spare_walker_get_length (const SpareWalker *walker)
{
  return walker->length;
}
