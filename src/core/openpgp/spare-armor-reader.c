/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the ASCII armor off (RFC 9580 section 6): lines of text in, octets out.
 *
 *     -----BEGIN PGP MESSAGE-----     the label says what is inside
 *     Comment: any                    headers, any, none is believed
 *                                     a blank line, blanks on it allowed
 *     jA0EBwMC…                       base64
 *     =njUN                           CRC-24, may be missing, may be wrong: then only noted
 *     -----END PGP MESSAGE-----       the same label; then nothing but blanks
 *
 * Promise: one line is held, 64 KiB at most. What gets out is what every decoder would give: no character is
 * skipped, padding stands only at the end, and a missing footer is an error, since it is the only mark of
 * the end. The checksum guards nothing (anybody can compute it), so a wrong one is no reason to refuse.
 */
#include "config.h"

#include "spare-armor-reader.h"
#include "spare-damage-private.h"

#include <string.h>

#define FIRST_LINE       "-----BEGIN PGP "
#define LAST_LINE        "-----END PGP "
#define DASHES           "-----"

#define CRC24_INIT       0xb704ceu
#define CRC24_POLYNOMIAL 0x1864cfbu
#define CRC24_CARRY      0x1000000u
#define CRC24_MASK       0xffffffu

typedef enum
{
  IN_FIRST_LINE,
  IN_HEADERS,
  IN_BODY,
  IN_FOOTER,    /* after the checksum */
  IN_CLEARTEXT, /* swallowed */
  AT_END,
  IN_DAMAGE,
} State;

struct _SpareArmorReader
{
  State state;
  SpareArmorType type;
  char *label;
  GByteArray *line;
  guint64 n_leading;
  guint n_headers;

  guint quad[4];
  guint n_quad;
  guint n_padding;

  guint32 crc_table[256];
  guint32 crc;
  gboolean checksum_wrong;
};

static const struct
{
  const char *label;
  SpareArmorType type;
} labels[] = {
  { "MESSAGE", SPARE_ARMOR_TYPE_MESSAGE },
  { "ARMORED FILE", SPARE_ARMOR_TYPE_MESSAGE },
  { "PUBLIC KEY BLOCK", SPARE_ARMOR_TYPE_PUBLIC_KEY },
  { "PRIVATE KEY BLOCK", SPARE_ARMOR_TYPE_PRIVATE_KEY },
  { "SIGNATURE", SPARE_ARMOR_TYPE_SIGNATURE },
  { "SIGNED MESSAGE", SPARE_ARMOR_TYPE_CLEARTEXT },
};

static gboolean
is_blank (guint8 octet)
{
  return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

/**
 * spare_armor_detector_push:
 * @detector: (inout): the state, zeros at the beginning
 * @octet: the next octet of a file
 *
 * Tells octet by octet whether a file begins with an armor: after blank lines and a UTF-8 byte order mark,
 * if any. Text before the armor makes the file a text that holds one, not an armored file.
 *
 * Returns: YES once the first line is sure; NO; NEED_MORE
 */
SpareArmorVerdict
spare_armor_detector_push (SpareArmorDetector *detector, guint8 octet)
{
  static const guint8 mark[] = { 0xef, 0xbb, 0xbf };

  if (detector->n_leading == detector->n_mark && detector->n_mark < sizeof mark
      && (detector->n_mark > 0 || octet == mark[0]) && detector->n_matched == 0)
    {
      if (octet != mark[detector->n_mark])
        return SPARE_ARMOR_NO;
      detector->n_mark++;
      detector->n_leading++;
      return SPARE_ARMOR_NEED_MORE;
    }
  if (detector->n_matched == 0 && is_blank (octet))
    {
      detector->inside = octet != '\n';
      if (++detector->n_leading > SPARE_ARMOR_LEADING_MAX)
        return SPARE_ARMOR_NO;
      return SPARE_ARMOR_NEED_MORE;
    }
  if (detector->inside || octet != (guint8) FIRST_LINE[detector->n_matched])
    return SPARE_ARMOR_NO;
  detector->n_matched++;
  return FIRST_LINE[detector->n_matched] == '\0' ? SPARE_ARMOR_YES : SPARE_ARMOR_NEED_MORE;
}

/**
 * spare_armor_detect:
 * @data: the beginning of a file
 * @length: octets at hand
 *
 * Tells whether a file begins with an armor.
 *
 * Returns: YES, NO, or NEED_MORE when it may still become one
 */
SpareArmorVerdict
spare_armor_detect (const guint8 *data, gsize length)
{
  SpareArmorDetector detector = { 0 };
  SpareArmorVerdict verdict = SPARE_ARMOR_NEED_MORE;

  for (gsize i = 0; i < length && verdict == SPARE_ARMOR_NEED_MORE; i++)
    verdict = spare_armor_detector_push (&detector, data[i]);
  return verdict;
}

/**
 * spare_armor_reader_new:
 *
 * Makes a reader that stands before the first line, or blank lines before it.
 *
 * Returns: (transfer full): the reader
 */
SpareArmorReader *
spare_armor_reader_new (void)
{
  SpareArmorReader *reader = g_new0 (SpareArmorReader, 1);

  reader->line = g_byte_array_new ();
  reader->crc = CRC24_INIT;
  for (guint i = 0; i < 256; i++)
    {
      guint32 remainder = i << 16;

      for (guint bit = 0; bit < 8; bit++)
        {
          remainder <<= 1;
          if (remainder & CRC24_CARRY)
            remainder ^= CRC24_POLYNOMIAL;
        }
      reader->crc_table[i] = remainder & CRC24_MASK;
    }
  return reader;
}

/**
 * spare_armor_reader_free:
 * @reader: (transfer full): the reader
 *
 * Frees @reader.
 */
void
spare_armor_reader_free (SpareArmorReader *reader)
{
  g_byte_array_unref (reader->line);
  g_free (reader->label);
  g_free (reader);
}

static int
base64_value (guint8 character)
{
  if (character >= 'A' && character <= 'Z')
    return character - 'A';
  if (character >= 'a' && character <= 'z')
    return character - 'a' + 26;
  if (character >= '0' && character <= '9')
    return character - '0' + 52;
  if (character == '+')
    return 62;
  return character == '/' ? 63 : -1;
}

/* Takes one character of base64. With its fourth, a quad gives three octets, less those padded. */
static gboolean
push_base64 (SpareArmorReader *reader, guint8 character, GByteArray *output)
{
  guint8 octets[3];
  int value = base64_value (character);

  if (character == '=')
    {
      if (reader->n_quad < 2)
        return FALSE;
      reader->n_padding++;
      value = 0;
    }
  else if (value < 0 || reader->n_padding > 0)
    return FALSE;

  reader->quad[reader->n_quad++] = (guint) value;
  if (reader->n_quad < 4)
    return TRUE;
  reader->n_quad = 0;
  octets[0] = (guint8) (reader->quad[0] << 2 | reader->quad[1] >> 4);
  octets[1] = (guint8) (reader->quad[1] << 4 | reader->quad[2] >> 2);
  octets[2] = (guint8) (reader->quad[2] << 6 | reader->quad[3]);
  for (guint i = 0; i < 3 - reader->n_padding; i++)
    reader->crc = ((reader->crc << 8) & CRC24_MASK)
                  ^ reader->crc_table[(reader->crc >> 16) ^ octets[i]];
  g_byte_array_append (output, octets, 3 - reader->n_padding);
  return TRUE;
}

static gboolean
take_first_line (SpareArmorReader *reader, const char *line, gsize length, GError **error)
{
  gsize head = strlen (FIRST_LINE);
  gsize tail = strlen (DASHES);

  if (length <= head + tail || !g_str_has_prefix (line, FIRST_LINE)
      || !g_str_has_suffix (line, DASHES))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "armor: bad first line");

  reader->label = g_strndup (line + head, length - head - tail);
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    if (g_str_equal (reader->label, labels[i].label))
      reader->type = labels[i].type;
  if (reader->type == SPARE_ARMOR_TYPE_UNKNOWN)
    return spare_damage_set (error, SPARE_DAMAGE_UNSUPPORTED, "armor: unknown label");
  reader->state = reader->type == SPARE_ARMOR_TYPE_CLEARTEXT ? IN_CLEARTEXT : IN_HEADERS;
  return TRUE;
}

static gboolean
take_header (SpareArmorReader *reader, const char *line, gsize length, GError **error)
{
  if (length == 0)
    reader->state = IN_BODY;
  else if (memchr (line, ':', length) == NULL)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                             "armor: no blank line before the body");
  else if (++reader->n_headers > SPARE_ARMOR_HEADERS_MAX)
    return spare_damage_set (error, SPARE_DAMAGE_EXCESSIVE, "armor: too many headers");
  return TRUE;
}

static gboolean
take_footer (SpareArmorReader *reader, const char *line, GError **error)
{
  g_autofree char *expected = g_strconcat (LAST_LINE, reader->label, DASHES, NULL);

  if (reader->n_quad != 0 || !g_str_equal (line, expected))
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN,
                             "armor: bad last line, or a cut one before it");
  reader->state = AT_END;
  return TRUE;
}

static gboolean
take_checksum (SpareArmorReader *reader, const char *line, gsize length, GError **error)
{
  guint32 checksum = 0;

  for (gsize i = 1; i < length; i++)
    {
      int value = base64_value ((guint8) line[i]);

      if (value < 0 || length != 5)
        return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "armor: bad checksum line");
      checksum = checksum << 6 | (guint32) value;
    }
  reader->checksum_wrong = length != 5 || checksum != reader->crc;
  reader->state = IN_FOOTER;
  return TRUE;
}

static gboolean
take_body (SpareArmorReader *reader,
           const char *line,
           gsize length,
           GByteArray *output,
           GError **error)
{
  if (g_str_has_prefix (line, "-"))
    return take_footer (reader, line, error);
  if (reader->n_quad == 0 && line[0] == '=')
    return take_checksum (reader, line, length, error);
  for (gsize i = 0; i < length; i++)
    if (!push_base64 (reader, (guint8) line[i], output))
      return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "armor: bad character in the body");
  return TRUE;
}

/* Takes the line held, which has got its NUL and lost its line end and the blanks before it. */
static gboolean
take_line (SpareArmorReader *reader, GByteArray *output, GError **error)
{
  const char *line;
  gsize length;

  while (reader->line->len > 0 && is_blank (reader->line->data[reader->line->len - 1]))
    g_byte_array_set_size (reader->line, reader->line->len - 1);
  length = reader->line->len;
  g_byte_array_append (reader->line, (const guint8 *) "", 1);
  g_byte_array_set_size (reader->line, 0); /* the octets stay in place */
  line = (const char *) reader->line->data;
  if (memchr (line, '\0', length) != NULL)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "armor: a NUL in it");

  switch (reader->state)
    {
    case IN_FIRST_LINE:
      if (length == 3 && memcmp (line, "\xef\xbb\xbf", 3) == 0)
        length = 0;
      else if (g_str_has_prefix (line, "\xef\xbb\xbf"))
        {
          line += 3;
          length -= 3;
        }
      return length == 0 || take_first_line (reader, line, length, error);
    case IN_HEADERS:
      return take_header (reader, line, length, error);
    case IN_BODY:
      return length == 0 || take_body (reader, line, length, output, error);
    case IN_FOOTER:
      return length == 0 || take_footer (reader, line, error);
    case AT_END:
      return length == 0
             || spare_damage_set (error, SPARE_DAMAGE_TRAILING,
                                  "armor: text after the last line");
    case IN_CLEARTEXT:
    case IN_DAMAGE:
    default:
      return TRUE;
    }
}

static gboolean
take_octet (SpareArmorReader *reader, guint8 octet, GByteArray *output, GError **error)
{
  if (reader->state == IN_FIRST_LINE && reader->line->len == 0 && is_blank (octet)
      && ++reader->n_leading > SPARE_ARMOR_LEADING_MAX)
    return spare_damage_set (error, SPARE_DAMAGE_EXCESSIVE, "armor: too many blanks before it");
  if (octet == '\n')
    return take_line (reader, output, error);
  if (reader->line->len >= SPARE_ARMOR_LINE_MAX)
    return spare_damage_set (error, SPARE_DAMAGE_EXCESSIVE, "armor: a line too long");
  g_byte_array_append (reader->line, &octet, 1);
  return TRUE;
}

/**
 * spare_armor_reader_feed:
 * @reader: the reader
 * @data: the next octets of the armored text
 * @length: how many
 * @output: where the octets inside are appended; never more than three quarters of what came in
 * @error: return location for the error
 *
 * Takes a piece of any size. Output stands behind by a line at most. An error is final.
 *
 * Returns: whether all is well; %FALSE with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED for a label
 *   that is not known
 */
gboolean
spare_armor_reader_feed (SpareArmorReader *reader,
                         const guint8 *data,
                         gsize length,
                         GByteArray *output,
                         GError **error)
{
  if (reader->state == IN_DAMAGE)
    return spare_damage_set (error, SPARE_DAMAGE_BROKEN, "armor: fed after an error");
  if (reader->state == IN_CLEARTEXT)
    return TRUE;
  for (gsize i = 0; i < length && reader->state != IN_CLEARTEXT; i++)
    if (!take_octet (reader, data[i], output, error))
      {
        reader->state = IN_DAMAGE;
        return FALSE;
      }
  return TRUE;
}

/**
 * spare_armor_reader_finish:
 * @reader: the reader
 * @error: return location for the error
 *
 * Ends the text. No octets come out any more: the last line that counts is the footer.
 *
 * Returns: whether the armor was whole; %FALSE with SPARE_ERROR_DAMAGED
 */
gboolean
spare_armor_reader_finish (SpareArmorReader *reader, GError **error)
{
  g_autoptr (GByteArray) rest = g_byte_array_new ();

  if (!spare_armor_reader_feed (reader, (const guint8 *) "\n", 1, rest, error))
    return FALSE;
  if (reader->state == AT_END || reader->state == IN_CLEARTEXT)
    return TRUE;
  reader->state = IN_DAMAGE;
  return spare_damage_set (error, SPARE_DAMAGE_CUT, "armor: the last line is missing");
}

/**
 * spare_armor_reader_get_armor_type:
 * @reader: the reader
 *
 * What the first line says is inside. Nobody vouches for it.
 *
 * Returns: the type; UNKNOWN before the first line is complete
 */
SpareArmorType
spare_armor_reader_get_armor_type (const SpareArmorReader *reader)
{
  return reader->type;
}

/**
 * spare_armor_reader_is_at_end:
 * @reader: the reader
 *
 * Returns: whether the last line was read
 */
gboolean
spare_armor_reader_is_at_end (const SpareArmorReader *reader)
{
  return reader->state == AT_END;
}

/**
 * spare_armor_reader_get_checksum_wrong:
 * @reader: the reader
 *
 * Returns: whether there was a checksum and it was wrong
 */
gboolean
spare_armor_reader_get_checksum_wrong (const SpareArmorReader *reader)
{
  return reader->checksum_wrong;
}
