/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the head of a message from octets that come in pieces of any size, armored or not, and stops right
 * behind the data head.
 *
 * Promise: it never reads into the encrypted data, so the head of a file of any size costs a few KiB; every limit of
 * spare-head.h is checked against the length in a header, before the octets come; the verdict is the same
 * however the octets are cut. A file is called damaged only when something in it was surely OpenPGP (an ESK
 * of a known version, a marker, an armor): a photograph whose first octet looks like a packet is a
 * plain file, not a broken message. The other way round, octets that fail in the middle of a head are never
 * called a plain file.
 */
#include "config.h"

#include "spare-armor-filter-private.h"
#include "spare-damage-private.h"
#include "spare-head-parser-private.h"
#include "spare-head-private.h"

#include <string.h>

/* RFC 9580 section 4.2.1.4: the first partial length is at least this. */
#define FIRST_CHUNK_MIN 512

/* Chunk size octets: LibrePGP section 5.16 and RFC 9580 section 5.13.2. */
#define CHUNK_OCTET_MAX_OCB    56
#define CHUNK_OCTET_MAX_SEIPD2 16

#define MARKER_LENGTH          3
#define SALT_LENGTH            32

/* The most octets that are looked at to tell what data that is not encrypted is. */
#define PROBE_MAX 2

typedef enum
{
  ROLE_ESK,
  ROLE_SKIPPED,
  ROLE_CONTAINER,
  ROLE_PLAIN, /* something that is OpenPGP, but not encrypted */
} Role;

struct _SpareHeadParser
{
  SpareArmorFilter filter;
  SparePacketFramer framer;
  SpareHeadParserResult result;
  GError *error;
  gboolean recognised;

  GByteArray *octets;
  gsize packet_offset;
  gsize body_offset;
  Role role;
  guint n_skipped;
  GByteArray *body; /* of a container or of plain data, as far as it is looked at */

  SpareHead *head;
};

/**
 * spare_head_parser_new:
 *
 * Makes a parser that stands before a file.
 *
 * Returns: (transfer full): the parser
 */
SpareHeadParser *
spare_head_parser_new (void)
{
  SpareHeadParser *parser = g_new0 (SpareHeadParser, 1);

  spare_armor_filter_init (&parser->filter);
  spare_packet_framer_init (&parser->framer);
  parser->octets = g_byte_array_new ();
  parser->body = g_byte_array_new ();
  parser->head = spare_head_alloc ();
  return parser;
}

/**
 * spare_head_parser_free:
 * @parser: (transfer full): the parser
 *
 * Frees @parser.
 */
void
spare_head_parser_free (SpareHeadParser *parser)
{
  spare_armor_filter_clear (&parser->filter);
  g_byte_array_unref (parser->octets);
  g_byte_array_unref (parser->body);
  spare_head_unref (parser->head);
  g_clear_error (&parser->error);
  g_free (parser);
}

static void
finish_plain (SpareHeadParser *parser, SpareHeadKind kind)
{
  parser->head->kind = kind;
  parser->head->format = "";
  parser->head->container_tag = 0;
  parser->head->container_version = 0;
  parser->head->cipher = parser->head->aead = parser->head->chunk_octet = 0;
  parser->head->oddities = 0;
  g_array_set_size (parser->head->parts, 0);
  g_ptr_array_set_size (parser->head->esks, 0);
  parser->result = SPARE_HEAD_PARSER_DONE;
}

/* Ends the parsing: @error if this surely was OpenPGP, else the verdict that it is something else. */
static void
fail (SpareHeadParser *parser, GError *error)
{
  if (parser->recognised)
    {
      parser->error = error;
      parser->result = SPARE_HEAD_PARSER_ERROR;
    }
  else
    {
      g_error_free (error);
      finish_plain (parser, SPARE_HEAD_KIND_NOT_OPENPGP);
    }
}

static void
refuse (SpareHeadParser *parser, SpareDamage damage, const char *detail)
{
  GError *error = NULL;

  spare_damage_set (&error, damage, "head: %s (tag %u, offset %zu)", detail,
                    parser->framer.header.tag, parser->packet_offset);
  fail (parser, error);
}

static void
finish_encrypted (SpareHeadParser *parser, gsize data_head_length)
{
  SpareHead *head = parser->head;
  gboolean public_key = head->esks->len == 0;

  for (guint i = 0; i < head->esks->len; i++)
    public_key |= spare_esk_is_public_key (g_ptr_array_index (head->esks, i));
  head->kind = public_key ? SPARE_HEAD_KIND_ENCRYPTED : SPARE_HEAD_KIND_PASSWORD;
  head->octets = g_bytes_new (parser->octets->data, parser->octets->len);
  head->data_offset = parser->packet_offset;
  if (data_head_length > 0)
    {
      head->data_head = g_bytes_new (parser->body->data, data_head_length);
      head->file_id = spare_file_id_compute (head->container_tag, parser->body->data,
                                             data_head_length);
    }
  parser->recognised = TRUE;
  parser->result = SPARE_HEAD_PARSER_DONE;
}

/* A container of a version or mode that is not known: its recipients can be told, nothing else. It must have
 * had some; else it is more likely something else. */
static void
finish_unknown (SpareHeadParser *parser)
{
  if (parser->recognised)
    finish_encrypted (parser, 0);
  else
    refuse (parser, SPARE_DAMAGE_UNSUPPORTED, "data packet of an unknown version");
}

static Role
tell_role (guint tag)
{
  switch (tag)
    {
    case SPARE_PACKET_TAG_PKESK:
    case SPARE_PACKET_TAG_SKESK:
      return ROLE_ESK;
    case SPARE_PACKET_TAG_SED:
    case SPARE_PACKET_TAG_SEIPD:
    case SPARE_PACKET_TAG_OCB:
      return ROLE_CONTAINER;
    case SPARE_PACKET_TAG_MARKER:
    case SPARE_PACKET_TAG_PADDING:
      return ROLE_SKIPPED;
    default:
      return tag >= 40 ? ROLE_SKIPPED
                       : ROLE_PLAIN; /* RFC 9580 section 4.3: 40 and up are not critical */
    }
}

static void
begin_small_packet (SpareHeadParser *parser)
{
  const SparePacketHeader *header = &parser->framer.header;
  gboolean esk = parser->role == ROLE_ESK;
  guint n = esk ? parser->head->esks->len : parser->n_skipped;

  if (header->length_kind != SPARE_PACKET_LENGTH_DEFINITE)
    refuse (parser, SPARE_DAMAGE_BROKEN, "a length that only data may have");
  else if (header->length > (esk ? SPARE_ESK_BODY_MAX : SPARE_HEAD_SKIPPED_BODY_MAX))
    refuse (parser, SPARE_DAMAGE_EXCESSIVE, "packet too long");
  else if (n >= (esk ? SPARE_HEAD_ESKS_MAX : SPARE_HEAD_SKIPPED_MAX))
    refuse (parser, SPARE_DAMAGE_EXCESSIVE, "too many packets");
  else if (parser->octets->len + header->length > SPARE_HEAD_LENGTH_MAX)
    refuse (parser, SPARE_DAMAGE_EXCESSIVE, "head too long");
  else if (header->tag == SPARE_PACKET_TAG_MARKER && header->length != MARKER_LENGTH)
    refuse (parser, SPARE_DAMAGE_BROKEN, "marker of a wrong length");
}

static void
begin_container (SpareHeadParser *parser)
{
  const SparePacketHeader *header = &parser->framer.header;

  parser->head->container_tag = header->tag;
  if (header->length_kind == SPARE_PACKET_LENGTH_INDETERMINATE)
    parser->head->oddities |= SPARE_HEAD_ODDITY_INDETERMINATE;
  if (header->length_kind == SPARE_PACKET_LENGTH_PARTIAL && header->length < FIRST_CHUNK_MIN)
    parser->head->oddities |= SPARE_HEAD_ODDITY_SHORT_CHUNK;
  /* Data that anything may look like: there is no version octet. Who sends it names a recipient. */
  if (header->tag == SPARE_PACKET_TAG_SED && parser->head->esks->len == 0)
    refuse (parser, SPARE_DAMAGE_BROKEN, "unprotected data without a session key");
}

static void
begin_packet (SpareHeadParser *parser)
{
  guint tag = parser->framer.header.tag;

  parser->packet_offset = parser->octets->len - parser->framer.header.header_length;
  parser->body_offset = parser->octets->len;
  parser->role = tell_role (tag);
  switch (parser->role)
    {
    case ROLE_ESK:
    case ROLE_SKIPPED:
      begin_small_packet (parser);
      break;
    case ROLE_CONTAINER:
      begin_container (parser);
      break;
    case ROLE_PLAIN:
    default:
      if (parser->head->esks->len > 0)
        refuse (parser, tag >= 22 ? SPARE_DAMAGE_UNSUPPORTED : SPARE_DAMAGE_BROKEN,
                "something else where the encrypted data should be");
      break;
    }
}

/* The end of an ESK or of a packet that is skipped: their bodies lie in one piece, since partial lengths
 * are refused. */
static void
end_packet (SpareHeadParser *parser)
{
  SpareHeadPart part = { parser->packet_offset, parser->octets->len - parser->packet_offset,
                         NULL };
  const guint8 *packet = parser->octets->data + parser->packet_offset;
  GError *error = NULL;

  if (parser->role == ROLE_ESK)
    {
      part.esk = spare_esk_new_from_packet (packet, part.length, &error);
      if (part.esk == NULL)
        {
          fail (parser, error);
          return;
        }
      parser->recognised |= spare_esk_is_known (part.esk);
      g_ptr_array_add (parser->head->esks, spare_esk_ref (part.esk));
    }
  else
    {
      if (parser->framer.header.tag == SPARE_PACKET_TAG_MARKER)
        {
          if (memcmp (parser->octets->data + parser->body_offset, "PGP", MARKER_LENGTH) != 0)
            {
              refuse (parser, SPARE_DAMAGE_BROKEN, "marker with something else in it");
              return;
            }
          parser->recognised = TRUE;
        }
      parser->n_skipped++;
    }
  g_array_append_val (parser->head->parts, part);
}

/* Octets of the body that the fields below need. */
static gsize
wanted_of_container (const SpareHeadParser *parser)
{
  const guint8 *body = parser->body->data;
  gsize n = parser->body->len;

  if (parser->head->container_tag == SPARE_PACKET_TAG_SED)
    return SPARE_DATA_HEAD_SED;
  if (n < 1)
    return 1;
  if (parser->head->container_tag == SPARE_PACKET_TAG_SEIPD)
    return body[0] == 1 ? SPARE_DATA_HEAD_SEIPD1 : body[0] == 2 ? SPARE_DATA_HEAD_SEIPD2 : 1;
  if (body[0] != 1)
    return 1;
  if (n < 3)
    return 3;
  return body[2] == SPARE_AEAD_OCB   ? SPARE_DATA_HEAD_OCB
         : body[2] == SPARE_AEAD_EAX ? SPARE_DATA_HEAD_EAX
                                     : 3;
}

static void
take_aead_fields (SpareHeadParser *parser, const char *format, guint chunk_octet_max)
{
  SpareHead *head = parser->head;
  const guint8 *body = parser->body->data;

  head->cipher = body[1];
  head->aead = body[2];
  head->chunk_octet = body[3];
  head->format = format;
  if (head->cipher == 0 || head->chunk_octet > chunk_octet_max)
    refuse (parser, SPARE_DAMAGE_BROKEN, "cipher or chunk size that can't be");
  else
    finish_encrypted (parser, parser->body->len);
}

static void
take_container (SpareHeadParser *parser)
{
  SpareHead *head = parser->head;
  const guint8 *body = parser->body->data;

  if (head->container_tag == SPARE_PACKET_TAG_SED)
    {
      head->format = "sed";
      finish_encrypted (parser, parser->body->len);
      return;
    }
  head->container_version = body[0];
  if (head->container_tag == SPARE_PACKET_TAG_SEIPD && body[0] == 1)
    {
      head->format = "seipd1";
      finish_encrypted (parser, parser->body->len);
    }
  else if (head->container_tag == SPARE_PACKET_TAG_SEIPD && body[0] == 2
           && body[2] >= SPARE_AEAD_EAX && body[2] <= SPARE_AEAD_GCM)
    take_aead_fields (parser, "seipd2", CHUNK_OCTET_MAX_SEIPD2);
  else if (head->container_tag == SPARE_PACKET_TAG_OCB && body[0] == 1
           && body[2] == SPARE_AEAD_OCB)
    take_aead_fields (parser, "ocb", CHUNK_OCTET_MAX_OCB);
  else if (head->container_tag == SPARE_PACKET_TAG_OCB && body[0] == 1
           && body[2] == SPARE_AEAD_EAX)
    take_aead_fields (parser, "eax", CHUNK_OCTET_MAX_OCB);
  else
    finish_unknown (parser);
}

/* Tells from the first octets of a body whether it can be what its tag says. One octet of tag is too little:
 * a PNG begins like a signature, and text in some languages like this or that. */
static void
take_plain (SpareHeadParser *parser)
{
  guint tag = parser->framer.header.tag;
  guint first = parser->body->data[0];
  gboolean version = first >= 2 && first <= 6;

  if ((tag == SPARE_PACKET_TAG_SIGNATURE && version)
      || (tag == SPARE_PACKET_TAG_ONE_PASS_SIGNATURE && (first == 3 || first == 6)))
    finish_plain (parser, SPARE_HEAD_KIND_SIGNATURE);
  else if (version
           && (tag == SPARE_PACKET_TAG_PUBLIC_KEY || tag == SPARE_PACKET_TAG_PUBLIC_SUBKEY))
    finish_plain (parser, SPARE_HEAD_KIND_PUBLIC_KEY);
  else if (version
           && (tag == SPARE_PACKET_TAG_SECRET_KEY || tag == SPARE_PACKET_TAG_SECRET_SUBKEY))
    finish_plain (parser, SPARE_HEAD_KIND_SECRET_KEY);
  else if (tag == SPARE_PACKET_TAG_COMPRESSED && first <= 3)
    finish_plain (parser, SPARE_HEAD_KIND_COMPRESSED);
  else if (tag == SPARE_PACKET_TAG_LITERAL && first != 0
           && strchr ("btul1m", (int) first) != NULL)
    finish_plain (parser, SPARE_HEAD_KIND_LITERAL);
  else
    refuse (parser, tag >= 22 ? SPARE_DAMAGE_UNSUPPORTED : SPARE_DAMAGE_BROKEN,
            "not a packet that a message may begin with");
}

/* Takes octets of a body that is only looked at: as few as tell. Returns how many. */
static gsize
take_body (SpareHeadParser *parser, const guint8 *data, gsize length)
{
  gsize taken = 0;

  while (parser->result == SPARE_HEAD_PARSER_MORE && taken < length)
    {
      gsize wanted = parser->role == ROLE_CONTAINER ? wanted_of_container (parser) : 1;
      gsize n = MIN (wanted - parser->body->len, length - taken);

      g_byte_array_append (parser->body, data + taken, (guint) n);
      g_byte_array_append (parser->octets, data + taken, (guint) n);
      taken += n;
      if (parser->body->len < wanted)
        continue;
      if (parser->role == ROLE_PLAIN)
        take_plain (parser);
      else if (wanted_of_container (parser) == parser->body->len)
        take_container (parser);
    }
  return taken;
}

static void
end_looked_at (SpareHeadParser *parser)
{
  refuse (parser, SPARE_DAMAGE_BROKEN, "data packet too short");
}

/*< private >
 * spare_head_parser_feed_binary:
 * @parser: the parser
 * @data: the next octets, without armor
 * @length: how many
 * @consumed: (out): how many belong to the head; all of them, unless DONE
 * @error: return location for the error
 *
 * As spare_head_parser_feed(), for whoever took off the armor already. When it is DONE with an encrypted
 * message, the framer stands behind the data head and may be driven on.
 *
 * Returns: MORE, DONE or ERROR
 */
SpareHeadParserResult
spare_head_parser_feed_binary (SpareHeadParser *parser,
                               const guint8 *data,
                               gsize length,
                               gsize *consumed,
                               GError **error)
{
  SpareFrame frame = SPARE_FRAME_LENGTH;

  *consumed = 0;
  while (parser->result == SPARE_HEAD_PARSER_MORE && frame != SPARE_FRAME_NEED_MORE)
    {
      const guint8 *rest = length > 0 ? data + *consumed : NULL;
      gsize left = length - *consumed;
      SparePacketFramer before = parser->framer;
      gsize n;

      frame = spare_packet_framer_next (&parser->framer, rest, left, &n);
      if (frame == SPARE_FRAME_BODY && parser->role >= ROLE_CONTAINER)
        {
          gsize taken = take_body (parser, rest, n);

          /* Let the framer stand behind the octets that were taken, not behind all that it was offered. */
          parser->framer = before;
          frame = spare_packet_framer_next (&parser->framer, rest, taken, &n);
          *consumed += taken;
          continue;
        }
      if (n > 0)
        g_byte_array_append (parser->octets, rest, (guint) n);
      *consumed += n;

      if (frame == SPARE_FRAME_DAMAGED)
        refuse (parser, SPARE_DAMAGE_BROKEN, "no packet header");
      else if (frame == SPARE_FRAME_HEADER)
        begin_packet (parser);
      else if (frame == SPARE_FRAME_END && parser->role >= ROLE_CONTAINER)
        end_looked_at (parser);
      else if (frame == SPARE_FRAME_END)
        end_packet (parser);
      else if (parser->octets->len > SPARE_HEAD_LENGTH_MAX)
        refuse (parser, SPARE_DAMAGE_EXCESSIVE, "head too long");
    }
  if (parser->result == SPARE_HEAD_PARSER_ERROR && error != NULL)
    *error = g_error_copy (parser->error);
  return parser->result;
}

/*< private >
 * spare_head_parser_set_armored:
 * @parser: the parser
 *
 * Notes that what comes was inside an armor: then it surely is OpenPGP, or damaged.
 */
void
spare_head_parser_set_armored (SpareHeadParser *parser)
{
  parser->head->armored = TRUE;
  parser->recognised = TRUE;
}

/*< private >
 * spare_head_parser_get_framer:
 * @parser: the parser, once DONE
 *
 * Returns: (transfer none): the framer, behind the data head
 */
SparePacketFramer *
spare_head_parser_get_framer (SpareHeadParser *parser)
{
  return &parser->framer;
}

static void
feed_filtered (SpareHeadParser *parser, const guint8 *data, gsize length, gsize *consumed)
{
  GError *error = NULL;
  const guint8 *output;
  gsize output_length, n_in, n_out;

  if (!spare_armor_filter_next (&parser->filter, data, length, &n_in, &output, &output_length,
                                &error))
    {
      spare_head_parser_set_armored (parser);
      fail (parser, error);
      return;
    }
  *consumed += n_in;
  if (parser->filter.state == SPARE_ARMOR_FILTER_TEXT)
    finish_plain (parser, SPARE_HEAD_KIND_NOT_OPENPGP);
  else if (spare_armor_filter_is_cleartext (&parser->filter))
    {
      parser->head->armored = TRUE;
      finish_plain (parser, SPARE_HEAD_KIND_SIGNATURE);
    }
  else
    {
      if (parser->filter.state == SPARE_ARMOR_FILTER_ARMOR)
        spare_head_parser_set_armored (parser);
      spare_head_parser_feed_binary (parser, output, output_length, &n_out, NULL);
      if (output == data)
        *consumed -= output_length - n_out;
    }
}

/**
 * spare_head_parser_feed:
 * @parser: the parser
 * @data: the next octets of a file
 * @length: how many
 * @consumed: (out): how many were used; all of them, unless DONE
 * @error: return location for the error
 *
 * Takes a piece of any size. DONE means that spare_head_parser_get_head() has the verdict, which may be that the
 * file is not encrypted, or not OpenPGP. With a binary encrypted message, what was consumed until then ends
 * right behind the data head; with any other, it says nothing. Source: RFC 9580 section 10.3.
 *
 * Returns: MORE; DONE; ERROR with SPARE_ERROR_DAMAGED or SPARE_ERROR_UNSUPPORTED, from then on always
 */
SpareHeadParserResult
spare_head_parser_feed (SpareHeadParser *parser,
                        const guint8 *data,
                        gsize length,
                        gsize *consumed,
                        GError **error)
{
  *consumed = 0;
  while (parser->result == SPARE_HEAD_PARSER_MORE && *consumed < length)
    feed_filtered (parser, data + *consumed, length - *consumed, consumed);
  if (parser->result == SPARE_HEAD_PARSER_ERROR && error != NULL)
    *error = g_error_copy (parser->error);
  return parser->result;
}

/**
 * spare_head_parser_finish:
 * @parser: the parser
 * @error: return location for the error
 *
 * Ends the octets. A file that ends before anything in it was surely OpenPGP is none; an empty one, too.
 *
 * Returns: (transfer full): the head; %NULL with SPARE_ERROR_DAMAGED when the head is cut short, or with the
 *   error that was reported before
 */
SpareHead *
spare_head_parser_finish (SpareHeadParser *parser, GError **error)
{
  if (parser->result == SPARE_HEAD_PARSER_MORE)
    refuse (parser, SPARE_DAMAGE_CUT, "it ends here");
  if (parser->result == SPARE_HEAD_PARSER_ERROR)
    {
      if (error != NULL)
        *error = g_error_copy (parser->error);
      return NULL;
    }
  return spare_head_ref (parser->head);
}

/**
 * spare_head_parser_get_head:
 * @parser: the parser
 *
 * Returns: (transfer none) (nullable): the head, once DONE
 */
SpareHead *
spare_head_parser_get_head (const SpareHeadParser *parser)
{
  return parser->result == SPARE_HEAD_PARSER_DONE ? parser->head : NULL;
}
