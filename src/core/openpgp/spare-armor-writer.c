/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes an encrypted message as ASCII armor (RFC 9580 section 6), in pieces of any size:
 *
 *     -----BEGIN PGP MESSAGE-----
 *
 *     base64, 64 characters a line
 *     =njUN                           CRC-24, which older programs want
 *     -----END PGP MESSAGE-----
 *
 * Promise: what the armor reader decodes from it is what was fed, octet by octet. Nothing is held but the octets of
 * one unfinished line.
 */
#include "config.h"

#include "spare-armor-writer.h"

#include <string.h>

#define LINE             48 /* octets that make a line of 64 characters */
#define CRC24_INIT       0xb704ceu
#define CRC24_POLYNOMIAL 0x1864cfbu
#define CRC24_CARRY      0x1000000u

struct _SpareArmorWriter
{
  guint8 line[LINE];
  gsize length;
  guint32 crc;
};

static void
add_text (GByteArray *output, const char *text)
{
  g_byte_array_append (output, (const guint8 *) text, (guint) strlen (text));
}

/**
 * spare_armor_writer_new:
 * @output: gets the first lines
 *
 * Begins a message.
 *
 * Returns: (transfer full): the writer
 */
SpareArmorWriter *
spare_armor_writer_new (GByteArray *output)
{
  SpareArmorWriter *writer = g_new0 (SpareArmorWriter, 1);

  writer->crc = CRC24_INIT;
  add_text (output, "-----BEGIN PGP MESSAGE-----\n\n");
  return writer;
}

/**
 * spare_armor_writer_free:
 * @writer: (transfer full): the writer
 *
 * Frees it; an unfinished message stays unfinished.
 */
void
spare_armor_writer_free (SpareArmorWriter *writer)
{
  g_free (writer);
}

static void
flush_line (SpareArmorWriter *writer, GByteArray *output)
{
  g_autofree char *text = g_base64_encode (writer->line, writer->length);

  add_text (output, text);
  add_text (output, "\n");
  writer->length = 0;
}

/**
 * spare_armor_writer_feed:
 * @writer: the writer
 * @data: (array length=length): the next octets of the message
 * @length: how many
 * @output: gets the lines that are full
 */
void
spare_armor_writer_feed (SpareArmorWriter *writer,
                         const guint8 *data,
                         gsize length,
                         GByteArray *output)
{
  for (gsize i = 0; i < length; i++)
    {
      writer->crc ^= (guint32) data[i] << 16;
      for (int bit = 0; bit < 8; bit++)
        {
          writer->crc <<= 1;
          if (writer->crc & CRC24_CARRY)
            writer->crc ^= CRC24_POLYNOMIAL;
        }
      writer->line[writer->length++] = data[i];
      if (writer->length == LINE)
        flush_line (writer, output);
    }
}

/**
 * spare_armor_writer_finish:
 * @writer: the writer
 * @output: gets the last lines
 */
void
spare_armor_writer_finish (SpareArmorWriter *writer, GByteArray *output)
{
  const guint8 crc[3] = { (guint8) (writer->crc >> 16), (guint8) (writer->crc >> 8),
                          (guint8) writer->crc };
  g_autofree char *text = g_base64_encode (crc, sizeof crc);

  if (writer->length > 0)
    flush_line (writer, output);
  add_text (output, "=");
  add_text (output, text);
  add_text (output, "\n-----END PGP MESSAGE-----\n");
}
