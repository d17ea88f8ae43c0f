/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of this folder share: octets written as words, offered in pieces of every size, and verdicts as words
 * that a table can hold. */
#include "config.h"

#include "spare-test-octets.h"

#include "spare-error.h"
#include "spare-head-parser.h"
#include "spare-splitter.h"

#include <string.h>

static void
append_word (GByteArray *octets, const char *word, gsize length)
{
  gsize repeat = 1;
  const char *star = memchr (word, '*', length);

  if (star != NULL)
    {
      repeat = (gsize) g_ascii_strtoull (star + 1, NULL, 10);
      length = (gsize) (star - word);
    }
  g_assert_cmpuint (length % 2, ==, 0);
  for (gsize i = 0; i < repeat; i++)
    for (gsize j = 0; j < length; j += 2)
      {
        int high = g_ascii_xdigit_value (word[j]);
        int low = g_ascii_xdigit_value (word[j + 1]);
        guint8 octet = (guint8) (high << 4 | low);

        g_assert_cmpint (high, >=, 0);
        g_assert_cmpint (low, >=, 0);
        g_byte_array_append (octets, &octet, 1);
      }
}

GBytes *
spare_test_octets (const char *words)
{
  GByteArray *octets = g_byte_array_new ();

  while (*words != '\0')
    {
      gsize length;

      if (*words == ' ')
        {
          words++;
          continue;
        }
      if (*words == '\'')
        {
          length = strcspn (words + 1, "'");
          g_byte_array_append (octets, (const guint8 *) words + 1, (guint) length);
          words += length + 2;
          continue;
        }
      length = strcspn (words, " '");
      append_word (octets, words, length);
      words += length;
    }
  return g_byte_array_free_to_bytes (octets);
}

GBytes *
spare_test_packet (guint tag, GBytes *body)
{
  GByteArray *octets = g_byte_array_new ();
  guint8 header[SPARE_PACKET_HEADER_MAX];
  gsize length;
  const guint8 *data = g_bytes_get_data (body, &length);

  g_byte_array_append (octets, header,
                       (guint) spare_packet_write_header (tag, (guint32) length, header));
  g_byte_array_append (octets, data, (guint) length);
  return g_byte_array_free_to_bytes (octets);
}

GBytes *
spare_test_certificate (GBytes *subkey, const char *before, const char *behind)
{
  g_autoptr (GBytes) head = spare_test_octets (before);
  g_autoptr (GBytes) packet = spare_test_packet (SPARE_PACKET_TAG_PUBLIC_SUBKEY, subkey);
  g_autoptr (GBytes) tail = spare_test_octets (behind);
  GBytes *parts[] = { head, packet, tail };
  GByteArray *octets = g_byte_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_byte_array_append (octets, g_bytes_get_data (parts[i], NULL),
                         (guint) g_bytes_get_size (parts[i]));
  return g_byte_array_free_to_bytes (octets);
}

char *
spare_test_fingerprint (GBytes *body)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  gsize length = g_bytes_get_size (body);
  guint8 prefix[3] = { 0x99, (guint8) (length >> 8), (guint8) length };

  g_checksum_update (checksum, prefix, 3);
  g_checksum_update (checksum, g_bytes_get_data (body, NULL), (gssize) length);
  return g_ascii_strup (g_checksum_get_string (checksum), -1);
}

GBytes *
spare_test_cut (GBytes *octets, gsize length)
{
  return g_bytes_new (g_bytes_get_data (octets, NULL), length);
}

GBytes *
spare_test_file (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("VECTORS"), name, NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

const char *
spare_test_error_word (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_cmpstr (g_quark_to_string (error->domain), ==, g_quark_to_string (SPARE_ERROR));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_true (g_str_has_suffix (error->message, "."));
  return spare_error_get_nick (error);
}

typedef gboolean (*FeedFunc) (gpointer target,
                              const guint8 *data,
                              gsize length,
                              GError **error);

static gboolean
feed_cut (FeedFunc feed, gpointer target, GBytes *octets, SpareTestCut cut, GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) ABS (cut));
  gsize length;
  const guint8 *data = g_bytes_get_data (octets, &length);

  while (length > 0)
    {
      gsize n = cut == 0  ? length
                : cut > 0 ? (gsize) cut
                          : (gsize) g_rand_int_range (rand, 1, 40);
      g_autofree guint8 *piece = NULL;

      n = MIN (n, length);
      piece = g_memdup2 (data, n);
      if (!feed (target, piece, n, error))
        return FALSE;
      data += n;
      length -= n;
    }
  return TRUE;
}

static gboolean
feed_parser (gpointer target, const guint8 *data, gsize length, GError **error)
{
  gsize consumed;
  SpareHeadParserResult result = spare_head_parser_feed (target, data, length, &consumed,
                                                         error);

  g_assert_cmpuint (consumed, <=, length);
  if (result == SPARE_HEAD_PARSER_MORE)
    g_assert_cmpuint (consumed, ==, length);
  g_assert_true ((result == SPARE_HEAD_PARSER_DONE)
                 == (spare_head_parser_get_head (target) != NULL));
  return result != SPARE_HEAD_PARSER_ERROR;
}

/* What must hold of every head that was read. */
static void
check_head (SpareHead *head, GBytes *octets)
{
  gsize length = spare_head_get_length (head);

  if (!spare_head_is_encrypted (head))
    {
      g_assert_cmpuint (length, ==, 0);
      g_assert_cmpuint (spare_head_get_n_esks (head), ==, 0);
      g_assert_null (spare_head_get_file_id (head));
      return;
    }
  g_assert_cmpuint (spare_head_get_data_offset (head), <, length);
  if (!spare_head_is_armored (head))
    g_assert_cmpmem (g_bytes_get_data (octets, NULL), length,
                     g_bytes_get_data (spare_head_get_octets (head), NULL), length);
  if (spare_head_get_data_head (head) != NULL)
    g_assert_cmpuint (strlen (spare_head_get_file_id (head)), ==, 32);
}

char *
spare_test_head_verdict (GBytes *octets, SpareTestCut cut)
{
  static const char *const words[] = {
    [SPARE_HEAD_KIND_NOT_OPENPGP] = "plain",     [SPARE_HEAD_KIND_ENCRYPTED] = "encrypted",
    [SPARE_HEAD_KIND_PASSWORD] = "password",     [SPARE_HEAD_KIND_LITERAL] = "literal",
    [SPARE_HEAD_KIND_COMPRESSED] = "compressed", [SPARE_HEAD_KIND_SIGNATURE] = "signature",
    [SPARE_HEAD_KIND_PUBLIC_KEY] = "public",     [SPARE_HEAD_KIND_SECRET_KEY] = "secret",
  };
  g_autoptr (SpareHeadParser) parser = spare_head_parser_new ();
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  if (feed_cut (feed_parser, parser, octets, cut, &error))
    head = spare_head_parser_finish (parser, &error);
  if (head == NULL)
    {
      g_assert_null (spare_head_parser_finish (parser, &again));
      g_assert_cmpint (again->code, ==, error->code);
      g_assert_null (spare_head_parser_get_head (parser));
      return g_strdup (spare_test_error_word (error));
    }
  check_head (head, octets);
  if (!spare_head_is_encrypted (head))
    return g_strdup (words[spare_head_get_kind (head)]);
  return g_strdup_printf ("%s %s %u", words[spare_head_get_kind (head)],
                          spare_head_get_format (head), spare_head_get_n_esks (head));
}

static gboolean
feed_walker (gpointer target, const guint8 *data, gsize length, GError **error)
{
  return spare_walker_feed (target, data, length, error);
}

char *
spare_test_walk_verdict (GBytes *octets, SpareWalkerFlags flags, SpareTestCut cut)
{
  g_autoptr (SpareWalker) walker = spare_walker_new (flags);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  if (feed_cut (feed_walker, walker, octets, cut, &error)
      && spare_walker_finish (walker, &error))
    {
      g_assert_cmpuint (spare_walker_get_length (walker), ==, g_bytes_get_size (octets));
      check_head (spare_walker_get_head (walker), octets);
      return g_strdup ("ok");
    }
  g_assert_false (spare_walker_feed (walker, (const guint8 *) "x", 1, &again));
  g_assert_cmpint (again->code, ==, error->code);
  g_clear_error (&again);
  g_assert_false (spare_walker_finish (walker, &again));
  g_assert_cmpint (again->code, ==, error->code);
  return g_strdup (spare_test_error_word (error));
}

static gboolean
feed_splitter (gpointer target, const guint8 *data, gsize length, GError **error)
{
  return spare_splitter_feed (target, data, length, error);
}

static gboolean
append_cb (const guint8 *data, gsize length, gpointer user_data, GError **error)
{
  g_assert_cmpuint (length, >, 0);
  g_byte_array_append (user_data, data, (guint) length);
  return TRUE;
}

char *
spare_test_split_verdict (GBytes *octets,
                          SpareTestCut cut,
                          SpareEskPredicate drop,
                          gpointer drop_data,
                          GByteArray *output,
                          SpareHead **head)
{
  g_autoptr (SpareSplitter) splitter = spare_splitter_new (drop, drop_data, append_cb, output);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  if (feed_cut (feed_splitter, splitter, octets, cut, &error)
      && spare_splitter_finish (splitter, &error))
    {
      g_assert_cmpuint (spare_splitter_get_length (splitter), ==, output->len);
      if (head != NULL)
        *head = spare_head_ref (spare_splitter_get_head (splitter));
      return g_strdup ("ok");
    }
  g_assert_false (spare_splitter_finish (splitter, &again));
  g_assert_nonnull (again);
  return g_strdup (spare_test_error_word (error));
}
