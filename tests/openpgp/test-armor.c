/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASCII armor: right, mangled and hostile ones, each with the reason, in pieces of every size and cut off anywhere. */
#include "config.h"

#include "spare-armor-reader.h"
#include "spare-test-octets.h"

#include <string.h>

#define FIRST "-----BEGIN PGP MESSAGE-----\n"
#define LAST  "-----END PGP MESSAGE-----\n"
/* "hello" and its checksum. */
#define BODY "aGVsbG8=\n"
#define SUM  "=R/WK\n"

typedef struct
{
  const char *reason;
  const char *text;
  const char *verdict; /* what comes out, or an error in brackets */
  gboolean checksum_wrong;
} Row;

static const Row rows[] = {
  { "as it should be", FIRST "\n" BODY SUM LAST, "hello" },
  { "without a checksum", FIRST "\n" BODY LAST, "hello" },
  { "with a wrong checksum: only noted", FIRST "\n" BODY "=AAAA\n" LAST, "hello", TRUE },
  { "a checksum with a bad character", FIRST "\n" BODY "=AA*A\n" LAST, "[damaged]" },
  { "a checksum too short", FIRST "\n" BODY "=AAA\n" LAST, "[damaged]" },
  { "a checksum in the middle",
    FIRST "\n"
          "aGVs\n=R/WK\nbG8=\n" LAST,
    "[damaged]" },
  { "two checksums", FIRST "\n" BODY SUM SUM LAST, "[damaged]" },
  { "CRLF",
    "-----BEGIN PGP MESSAGE-----\r\n\r\naGVsbG8=\r\n=R/WK\r\n-----END PGP MESSAGE-----\r\n",
    "hello" },
  { "no newline at the end", FIRST "\n" BODY SUM "-----END PGP MESSAGE-----", "hello" },
  { "headers",
    FIRST "Version: x\nComment: y: z\nCharset: a\nHash:\nUnknown-Thing: \n\n" BODY LAST,
    "hello" },
  { "a header without a colon: no blank line", FIRST BODY LAST, "[damaged]" },
  { "no blank line behind headers", FIRST "Version: x\n" BODY LAST, "[damaged]" },
  { "blanks on the blank line", FIRST " \t \r\v\f\n" BODY LAST, "hello" },
  { "blanks behind each line",
    "-----BEGIN PGP MESSAGE-----  \n\naGVsbG8= \t\n=R/WK  \n-----END PGP MESSAGE----- \n",
    "hello" },
  { "blank lines before and behind", "\n \r\n\t\n" FIRST "\n" BODY LAST "\n \n", "hello" },
  { "a byte order mark", "\xef\xbb\xbf" FIRST "\n" BODY LAST, "hello" },
  { "a byte order mark on a line of its own", "\xef\xbb\xbf\n" FIRST "\n" BODY LAST, "hello" },
  { "no last line", FIRST "\n" BODY SUM, "[damaged]" },
  { "half a last line", FIRST "\n" BODY SUM "-----END PGP MESS", "[damaged]" },
  { "the last line of something else", FIRST "\n" BODY SUM "-----END PGP SIGNATURE-----\n",
    "[damaged]" },
  { "the first line again", FIRST "\n" BODY FIRST, "[damaged]" },
  { "armor in armor", FIRST "\n" FIRST "\n" BODY LAST LAST, "[damaged]" },
  { "two armors", FIRST "\n" BODY LAST FIRST "\n" BODY LAST, "[damaged]" },
  { "text behind", FIRST "\n" BODY LAST "Regards", "[damaged]" },
  { "a bad character",
    FIRST "\n"
          "aGVs!G8=\n" LAST,
    "[damaged]" },
  { "a blank inside a line",
    FIRST "\n"
          "aGVs bG8=\n" LAST,
    "[damaged]" },
  { "a form feed inside a line",
    FIRST "\n"
          "aGVs\fbG8=\n" LAST,
    "[damaged]" },
  { "padding in the middle",
    FIRST "\n"
          "aGU=bG8=\n" LAST,
    "[damaged]" },
  { "padding and another line",
    FIRST "\n"
          "aGU=\nbG8=\n" LAST,
    "[damaged]" },
  { "too much padding",
    FIRST "\n"
          "a===\n" LAST,
    "[damaged]" },
  { "no padding",
    FIRST "\n"
          "aGVsbG8\n" LAST,
    "[damaged]" },
  { "one character too many",
    FIRST "\n"
          "aGVsbG8=a\n" LAST,
    "[damaged]" },
  { "two octets of padding",
    FIRST "\n"
          "aGVsbA==\n" LAST,
    "hell" },
  { "a quad across two lines",
    FIRST "\n"
          "aGVsb\nG8=\n" LAST,
    "hello" },
  { "padding across two lines",
    FIRST "\n"
          "aGVsbA=\n=\n" LAST,
    "hell" },
  { "blank lines in the body",
    FIRST "\n"
          "aGVs\n\nbG8=\n\n" SUM "\n" LAST,
    "hello" },
  { "nothing inside", FIRST "\n" LAST, "" },
  { "a file armored by gpg",
    "-----BEGIN PGP ARMORED FILE-----\n\n" BODY "-----END PGP ARMORED FILE-----\n", "hello" },
  { "a label nobody knows", "-----BEGIN PGP NOVEL-----\n\n" BODY "-----END PGP NOVEL-----\n",
    "[unsupported]" },
  { "a part of many", "-----BEGIN PGP MESSAGE, PART 1/2-----\n\n" BODY, "[unsupported]" },
  { "no label", "-----BEGIN PGP -----\n\n" BODY, "[damaged]" },
  { "a first line that does not end", "-----BEGIN PGP MESSAGE\n\n" BODY LAST, "[damaged]" },
  { "the dashes of the first line in the label", "-----BEGIN PGP ----\n\n" BODY, "[damaged]" },
  { "text before", "Hello\n" FIRST "\n" BODY LAST, "[damaged]" },
  { "nothing", "", "[damaged]" },
  { "signed in the clear: not decoded",
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -----BEGIN\nx\n", "" },
};

static const SpareTestCut cuts[] = { 0, 1, 2, 5, 64 };

/* What comes out, or the error in brackets. */
static char *
read_armor (const char *text, gsize length, SpareTestCut cut, gboolean *checksum_wrong)
{
  g_autoptr (SpareArmorReader) reader = spare_armor_reader_new ();
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gsize step = cut > 0 ? (gsize) cut : MAX (length, 1);

  for (gsize i = 0; i < length && error == NULL; i += step)
    {
      gsize n = MIN (step, length - i);
      g_autofree guint8 *piece = g_memdup2 (text + i, n);

      spare_armor_reader_feed (reader, piece, n, output, &error);
    }
  if (error == NULL && spare_armor_reader_finish (reader, &error))
    {
      *checksum_wrong = spare_armor_reader_get_checksum_wrong (reader);
      g_assert_true (spare_armor_reader_is_at_end (reader)
                     || spare_armor_reader_get_armor_type (reader)
                            == SPARE_ARMOR_TYPE_CLEARTEXT);
      g_byte_array_append (output, (const guint8 *) "", 1);
      return g_strdup ((const char *) output->data);
    }
  *checksum_wrong = FALSE;
  g_assert_false (spare_armor_reader_feed (reader, (const guint8 *) "x\n", 2, output, NULL)
                  && spare_armor_reader_finish (reader, NULL));
  return g_strdup_printf ("[%s]", spare_test_error_word (error));
}

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (cuts); j++)
      {
        gboolean wrong;
        g_autofree char *verdict = read_armor (rows[i].text, strlen (rows[i].text), cuts[j],
                                               &wrong);

        g_test_message ("%s", rows[i].reason);
        g_assert_cmpstr (verdict, ==, rows[i].verdict);
        g_assert_cmpint (wrong, ==, rows[i].checksum_wrong);
      }
}

static void
test_truncations (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize n = 0; n < strlen (rows[i].text); n++)
      {
        gboolean wrong;
        g_autofree char *whole = read_armor (rows[i].text, n, 0, &wrong);
        g_autofree char *cut = read_armor (rows[i].text, n, 1, &wrong);

        g_assert_cmpstr (whole, ==, cut);
        if (strstr (rows[i].text, "SIGNED") == NULL
            && memmem (rows[i].text, n, "\n-----END", 9) == NULL)
          g_assert_true (g_str_has_prefix (cut, "["));
      }
}

static char *
make_limit (guint n_headers, gsize line_length, gsize n_blanks)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_blanks; i++)
    g_string_append_c (text, '\n');
  g_string_append (text, FIRST);
  for (guint i = 0; i < n_headers; i++)
    g_string_append (text, "a: b\n");
  if (line_length > 0)
    {
      gsize at = text->len;

      g_string_append (text, "a:");
      while (text->len - at < line_length)
        g_string_append_c (text, 'x');
      g_string_append_c (text, '\n');
    }
  g_string_append (text, "\n" BODY LAST);
  return g_string_free (text, FALSE);
}

static void
test_limits (void)
{
  static const struct
  {
    guint n_headers;
    gsize line_length;
    gsize n_blanks;
    const char *verdict;
  } limits[] = {
    { 64, 0, 0, "hello" },        { 65, 0, 0, "[damaged]" },      { 0, 65536, 0, "hello" },
    { 0, 65537, 0, "[damaged]" }, { 0, 1048576, 0, "[damaged]" }, { 0, 0, 65536, "hello" },
    { 0, 0, 65537, "[damaged]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      gboolean wrong;
      g_autofree char *text = make_limit (limits[i].n_headers, limits[i].line_length,
                                          limits[i].n_blanks);
      g_autofree char *verdict = read_armor (text, strlen (text), 1000, &wrong);

      g_assert_cmpstr (verdict, ==, limits[i].verdict);
    }
}

static void
test_nul (void)
{
  static const char text[] = FIRST "\n"
                                   "aGVs\0bG8=\n" LAST;
  gboolean wrong;
  g_autofree char *verdict = read_armor (text, sizeof text - 1, 0, &wrong);

  g_assert_cmpstr (verdict, ==, "[damaged]");
}

static void
test_detection (void)
{
  static const struct
  {
    const char *reason;
    const char *words;
    SpareArmorVerdict verdict;
  } table[] = {
    { "the first line", "'-----BEGIN PGP '", SPARE_ARMOR_YES },
    { "behind blank lines", "0a200d0a090a '-----BEGIN PGP '", SPARE_ARMOR_YES },
    { "behind a byte order mark", "efbbbf '-----BEGIN PGP '", SPARE_ARMOR_YES },
    { "behind both", "efbbbf 0a '-----BEGIN PGP '", SPARE_ARMOR_YES },
    { "not at the beginning of its line", "20 '-----BEGIN PGP '", SPARE_ARMOR_NO },
    { "four dashes", "'----BEGIN PGP '", SPARE_ARMOR_NO },
    { "another kind of armor", "'-----BEGIN CERTIFICATE-----'", SPARE_ARMOR_NO },
    { "text before", "'x' 0a '-----BEGIN PGP '", SPARE_ARMOR_NO },
    { "binary", "c10e03", SPARE_ARMOR_NO },
    { "half a byte order mark", "efbb00", SPARE_ARMOR_NO },
    { "a byte order mark behind a blank", "0aefbbbf", SPARE_ARMOR_NO },
    { "UTF-16", "fffe2d00", SPARE_ARMOR_NO },
    { "nothing", "", SPARE_ARMOR_NEED_MORE },
    { "half a line", "'-----BEG'", SPARE_ARMOR_NEED_MORE },
    { "blanks", "0a*65536", SPARE_ARMOR_NEED_MORE },
    { "too many blanks", "0a*65537", SPARE_ARMOR_NO },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (table[i].words);
      gsize length;
      const guint8 *data = g_bytes_get_data (octets, &length);

      g_test_message ("%s", table[i].reason);
      g_assert_cmpint (spare_armor_detect (data, length), ==, table[i].verdict);
    }
}

static char *
armor (const char *label, const char *words)
{
  g_autoptr (GBytes) octets = spare_test_octets (words);
  g_autofree char *base64 = g_base64_encode (g_bytes_get_data (octets, NULL),
                                             g_bytes_get_size (octets));

  return g_strdup_printf ("-----BEGIN PGP %s-----\n\n%s\n-----END PGP %s-----\n", label, base64,
                          label);
}

/* Through the head parser and the walker, which take the armor off themselves. */
static void
test_messages (void)
{
  static const struct
  {
    const char *reason;
    const char *label;
    const char *words;
    const char *head;
    const char *read;
  } table[] = {
    { "a message", "MESSAGE", "c10e0311121314151617180100108001 d22101 a0*32",
      "encrypted seipd1 1", "ok" },
    { "a trailing octet", "MESSAGE", "c10e0311121314151617180100108001 d22101 a0*33",
      "encrypted seipd1 1", "damaged" },
    { "a message cut short", "MESSAGE", "c10e0311121314151617180100108001 d22101 a0*17",
      "damaged", "damaged" },
    { "no message", "MESSAGE", "41424344", "damaged", "damaged" },
    { "a certificate", "PUBLIC KEY BLOCK", "9801 04", "public", "not-encrypted" },
    { "a label nobody knows", "NOVEL", "9801 04", "unsupported", "unsupported" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    for (guint j = 0; j < G_N_ELEMENTS (cuts); j++)
      {
        g_autofree char *text = armor (table[i].label, table[i].words);
        g_autoptr (GBytes) octets = g_bytes_new (text, strlen (text));
        g_autofree char *head = spare_test_head_verdict (octets, cuts[j]);
        g_autofree char *read = spare_test_walk_verdict (octets, SPARE_WALKER_READ, cuts[j]);
        g_autofree char *strict = spare_test_walk_verdict (octets, SPARE_WALKER_STRICT,
                                                           cuts[j]);

        g_test_message ("%s", table[i].reason);
        g_assert_cmpstr (head, ==, table[i].head);
        g_assert_cmpstr (read, ==, table[i].read);
        g_assert_cmpstr (strict, ==, "not-encrypted");
      }
}

/* Found by fuzzing: whether damage behind the head hid the head depended on the pieces. */
static void
test_damage_behind_the_head (void)
{
  static const char text[] = FIRST "\n"
                                   "wQ4DERITFBUWFxgBABCAAdL/AAACAAGgoKCgoKCgoKCgoKCgoKCgoKCg\n"
                                   "oKCgoKCgoKCgoKCgoKCgoKCg!!!!\n";
  g_autoptr (GBytes) octets = g_bytes_new_static (text, sizeof text - 1);

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autofree char *head = spare_test_head_verdict (octets, cuts[i]);
      g_autofree char *read = spare_test_walk_verdict (octets, SPARE_WALKER_READ, cuts[i]);

      g_assert_cmpstr (head, ==, "encrypted seipd1 1");
      g_assert_cmpstr (read, ==, "damaged");
    }
}

static void
test_wrong_checksum (void)
{
  g_autofree char *text = armor ("MESSAGE", "c10e0311121314151617180100108001 d22101 a0*32");
  char *last = strstr (text, "-----END");
  g_autofree char *with_sum = g_strdup_printf ("%.*s=AAAA\n%s", (int) (last - text), text,
                                               last);
  g_autoptr (SpareWalker) walker = spare_walker_new (SPARE_WALKER_READ);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      spare_walker_feed (walker, (const guint8 *) with_sum, strlen (with_sum), &error));
  g_assert_true (spare_walker_finish (walker, &error));
  g_assert_true (spare_head_is_armored (spare_walker_get_head (walker)));
  g_assert_cmpuint (spare_head_get_oddities (spare_walker_get_head (walker)), ==,
                    SPARE_HEAD_ODDITY_CHECKSUM);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/armor/every row is judged alike in pieces of any size", test_rows);
  g_test_add_func ("/armor/an armor cut off before its last line never passes",
                   test_truncations);
  g_test_add_func ("/armor/lines, headers and blanks have limits", test_limits);
  g_test_add_func ("/armor/a NUL is refused", test_nul);
  g_test_add_func ("/armor/an armored file is told by its first line", test_detection);
  g_test_add_func ("/armor/messages are read through it", test_messages);
  g_test_add_func ("/armor/damage behind the head does not hide it, and is found",
                   test_damage_behind_the_head);
  g_test_add_func ("/armor/a wrong checksum is noted, not refused", test_wrong_checksum);

  return g_test_run ();
}
