/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packet headers and the framer: each form of length, and nothing read or written too much. */
#include "config.h"

#include "spare-packet-framer.h"
#include "spare-test-octets.h"

#include <string.h>

typedef struct
{
  const char *words;
  SparePacketResult result;
  SparePacketHeader header;
} Row;

#define OK(tag, old, kind, header_length, length)               \
  SPARE_PACKET_OK,                                              \
  {                                                             \
    tag, old, SPARE_PACKET_LENGTH_##kind, header_length, length \
  }
#define MORE              \
  SPARE_PACKET_NEED_MORE, \
  {                       \
    0                     \
  }
#define BAD             \
  SPARE_PACKET_DAMAGED, \
  {                     \
    0                   \
  }

static const Row rows[] = {
  { "", MORE },
  { "00", BAD },
  { "7f", BAD },
  { "80", BAD },
  { "83", BAD },
  { "c0", BAD },
  { "c0ff", BAD },
  { "84", MORE },
  { "8400", OK (1, TRUE, DEFINITE, 2, 0) },
  { "84ff", OK (1, TRUE, DEFINITE, 2, 255) },
  { "8501", MORE },
  { "850100", OK (1, TRUE, DEFINITE, 3, 256) },
  { "86010000", MORE },
  { "86ffffffff", OK (1, TRUE, DEFINITE, 5, 0xffffffff) },
  { "87", OK (1, TRUE, INDETERMINATE, 1, 0) },
  { "bf", OK (15, TRUE, INDETERMINATE, 1, 0) },
  { "c1", MORE },
  { "c100", OK (1, FALSE, DEFINITE, 2, 0) },
  { "c1bf", OK (1, FALSE, DEFINITE, 2, 191) },
  { "c1c0", MORE },
  { "c1c000", OK (1, FALSE, DEFINITE, 3, 192) },
  { "c1dfff", OK (1, FALSE, DEFINITE, 3, 8383) },
  { "c1e0", OK (1, FALSE, PARTIAL, 2, 1) },
  { "c1fe", OK (1, FALSE, PARTIAL, 2, 1 << 30) },
  { "c1ff", MORE },
  { "c1ff00", MORE },
  { "c1ff000000", MORE },
  { "c1ff00000000", OK (1, FALSE, DEFINITE, 6, 0) },
  { "c1ff7fffffff", OK (1, FALSE, DEFINITE, 6, 0x7fffffff) },
  { "c1ff80000000", OK (1, FALSE, DEFINITE, 6, 0x80000000) },
  { "c1ffffffffff", OK (1, FALSE, DEFINITE, 6, 0xffffffff) },
  { "ff00", OK (63, FALSE, DEFINITE, 2, 0) },
};

static void
test_headers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (rows[i].words);
      gsize length = g_bytes_get_size (octets);
      g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (octets, NULL), length);
      SparePacketHeader header, untouched;

      memset (&header, 0x5a, sizeof header);
      untouched = header;
      g_test_message ("%s", rows[i].words);
      g_assert_cmpint (spare_packet_read_header (data, length, &header), ==, rows[i].result);
      if (rows[i].result != SPARE_PACKET_OK)
        {
          g_assert_cmpmem (&header, sizeof header, &untouched, sizeof untouched);
          continue;
        }
      g_assert_cmpuint (header.tag, ==, rows[i].header.tag);
      g_assert_cmpint (header.old_format, ==, rows[i].header.old_format);
      g_assert_cmpint (header.length_kind, ==, rows[i].header.length_kind);
      g_assert_cmpuint (header.header_length, ==, rows[i].header.header_length);
      g_assert_cmpuint (header.length, ==, rows[i].header.length);
    }
}

static void
test_all_first_octets (void)
{
  for (guint first = 0; first < 256; first++)
    {
      guint8 data[6] = { (guint8) first, 0, 0, 0, 0, 0 };
      SparePacketHeader header = { 0 };
      gboolean tag = (first & 0x40) ? (first & 0x3f) != 0 : (first & 0x3c) != 0;

      g_assert_cmpint (spare_packet_read_header (data, 6, &header), ==,
                       (first & 0x80) && tag ? SPARE_PACKET_OK : SPARE_PACKET_DAMAGED);
    }
}

static void
test_written (void)
{
  static const guint32 lengths[] = {
    0, 1, 191, 192, 8383, 8384, 65536, 0x7fffffff, 0xffffffff
  };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      guint8 octets[SPARE_PACKET_HEADER_MAX];
      gsize n = spare_packet_write_header (18, lengths[i], octets);
      SparePacketHeader header = { 0 };

      g_assert_cmpuint (n, ==, lengths[i] < 192 ? 2 : lengths[i] < 8384 ? 3 : 6);
      g_assert_cmpint (spare_packet_read_header (octets, n - 1, &header), ==,
                       SPARE_PACKET_NEED_MORE);
      g_assert_cmpint (spare_packet_read_header (octets, n, &header), ==, SPARE_PACKET_OK);
      g_assert_cmpuint (header.tag, ==, 18);
      g_assert_cmpuint (header.length, ==, lengths[i]);
      g_assert_cmpuint (header.header_length, ==, n);
      g_assert_false (header.old_format);
    }
}

/* Frames as letters, bodies as their octets. */
static char *
frame (GBytes *octets, gsize step)
{
  static const char letters[] = { [SPARE_FRAME_HEADER] = 'H',
                                  [SPARE_FRAME_LENGTH] = 'L',
                                  [SPARE_FRAME_END] = 'E',
                                  [SPARE_FRAME_DAMAGED] = '!' };
  GString *text = g_string_new (NULL);
  SparePacketFramer framer;
  gsize length, n;
  const guint8 *data = g_bytes_get_data (octets, &length);

  spare_packet_framer_init (&framer);
  for (gsize i = 0; i <= length;)
    {
      gsize offered = MIN (step, length - i);
      SpareFrame what = spare_packet_framer_next (&framer, data + i, offered, &n);

      if (what == SPARE_FRAME_BODY)
        for (gsize j = 0; j < n; j++)
          g_string_append_c (text, (char) data[i + j]);
      else if (what != SPARE_FRAME_NEED_MORE)
        g_string_append_c (text, letters[what]);
      i += n;
      if (what == SPARE_FRAME_DAMAGED || (what == SPARE_FRAME_NEED_MORE && i == length))
        break;
    }
  g_string_append_c (text, spare_packet_framer_may_end (&framer) ? '.' : '?');
  return g_string_free (text, FALSE);
}

static void
test_frames (void)
{
  static const struct
  {
    const char *words;
    const char *frames;
  } table[] = {
    { "", "." },
    { "c1", "?" },
    { "c100", "HE." },
    { "c103 'abc'", "HabcE." },
    { "c103 'ab'", "Hab?" },
    { "c103 'abc' c100", "HabcEHE." },
    { "d2e1 'ab' 01 'c'", "HabLcE." },
    { "d2e1 'ab' 00", "HabLE." },
    { "d2e1 'ab'", "Hab?" },
    { "d2e1 'ab' ff0000", "Hab?" },
    { "d2e0 'a' e0 'b' e1 'cd' c0", "HaLbLcd?" },
    { "d2e0 'a' ff00000001 'b' c100", "HaLbEHE." },
    { "a7 'abc'", "Habc." },
    { "a7", "H." },
    { "c100 41", "HE!?" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    for (gsize step = 1; step < 20; step++)
      {
        g_autoptr (GBytes) octets = spare_test_octets (table[i].words);
        g_autofree char *frames = frame (octets, step);

        g_assert_cmpstr (frames, ==, table[i].frames);
      }
}

/* A million chunks of one octet, and nothing grows. */
static void
test_many_chunks (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (
      "c10e0311121314151617180100108001 d2e9 01 a0*511 e0a1*1000000 00");
  g_autofree char *walked = spare_test_walk_verdict (octets, SPARE_WALKER_STRICT, 4096);

  g_assert_cmpstr (walked, ==, "ok");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/packet/each form of header is read, or not touched", test_headers);
  g_test_add_func ("/packet/each first octet begins a header or none", test_all_first_octets);
  g_test_add_func ("/packet/what is written is read, in the shortest form", test_written);
  g_test_add_func ("/packet/a stream is cut alike in pieces of any size", test_frames);
  g_test_add_func ("/packet/a million chunks are walked", test_many_chunks);

  return g_test_run ();
}
