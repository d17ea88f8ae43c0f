/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of strangers on the screen, and progress on its way there. */
#include "config.h"

#include "spare-display.h"
#include "spare-progress.h"

#include <string.h>

#define DEADLINE (60 * G_USEC_PER_SEC)

static void
test_text (void)
{
  static const struct
  {
    const char *bytes;
    gssize length;
    const char *expected;
    const char *why;
  } rows[] = {
    { "report.pdf", -1, "report.pdf", "plain stays plain" },
    { "Zo\xc3\xab \xe2\x82\xac \xe6\x97\xa5\xe6\x9c\xac", -1,
      "Zo\xc3\xab \xe2\x82\xac \xe6\x97\xa5\xe6\x9c\xac", "so do letters of all scripts" },
    { "<b>bold</b> &amp;", -1, "<b>bold</b> &amp;", "text, not markup" },
    { "a\nb\tc\rd", -1, "a\\nb\\tc\\rd", "one line" },
    { "\x1b[31mred\x7f", -1, "\\x1b[31mred\\x7f", "no terminal escapes" },
    { "\xc2\x9b", -1, "\\u009b", "C1" },
    { "\xff\xfe", -1, "\\xff\\xfe", "not UTF-8" },
    { "a\xc3", -1, "a\\xc3", "cut UTF-8" },
    { "\xed\xa0\x80", -1, "\\xed\\xa0\\x80", "a surrogate" },
    { "a\0b", 3, "a\\x00b", "a NUL in between" },
    { "exe.\xe2\x80\xaegpj", -1, "exe.\\u202egpj", "right-to-left override" },
    { "\xe2\x81\xa6x\xe2\x81\xa9", -1, "\\u2066x\\u2069", "isolates" },
    { "a\xe2\x80\x8b"
      "b",
      -1, "a\\u200bb", "zero width" },
    { "\xef\xbb\xbfx", -1, "\\ufeffx", "byte order mark" },
    { "a\xe2\x80\xa8"
      "b",
      -1, "a\\u2028b", "line separator" },
    { "a\xc2\xa0"
      "b",
      -1, "a\\u00a0b", "a space that is none" },
    { "e\xcc\x81", -1, "\xc3\xa9", "composed" },
    { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", -1,
      "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "a joiner within one picture" },
    { "x\xe2\x80\x8dy", -1, "x\\u200dy", "and elsewhere" },
    { "\xf3\xa0\x80\xa1", -1, "\\U000e0021", "a tag" },
    { "", -1, "", "nothing" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *shown = spare_display_text (rows[i].bytes, rows[i].length, 0);

      g_test_message ("%s", rows[i].why);
      g_assert_cmpstr (shown, ==, rows[i].expected);
      g_assert_true (g_utf8_validate (shown, -1, NULL));
    }
}

static void
test_shortened (void)
{
  g_autofree char *name = g_strnfill (200, 'a');
  g_autofree char *bytes = g_strconcat (name, "zz.pdf.gpg", NULL);
  g_autofree char *dots = g_strnfill (300, '.');
  g_autofree char *none = g_strnfill (300, 'x');

  for (guint max = 3; max < 80; max++)
    {
      const char *const all[] = { bytes, dots, none };

      for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
        {
          g_autofree char *shown = spare_display_text (all[i], -1, max);

          g_assert_cmpint (g_utf8_strlen (shown, -1), ==, max);
          g_assert_nonnull (strstr (shown, "…"));
          g_assert_true (g_utf8_validate (shown, -1, NULL));
        }
    }
  {
    g_autofree char *shown = spare_display_text (bytes, -1, 30);

    g_assert_true (g_str_has_suffix (shown, "zz.pdf.gpg"));
    g_assert_true (g_str_has_prefix (shown, "aaaa"));
  }
  {
    g_autofree char *same = spare_display_text ("abc", -1, 3);

    g_assert_cmpstr (same, ==, "abc");
  }
}

static void
test_basename (void)
{
  g_autofree char *plain = spare_display_basename ("/some/folder/a\nb.gpg");
  g_autofree char *root = spare_display_basename ("/");

  g_assert_cmpstr (plain, ==, "a\\nb.gpg");
  g_assert_cmpstr (root, ==, "/");
}

static void
test_fingerprint (void)
{
  g_autofree char *v4 = spare_display_fingerprint ("0123456789abcdef0123456789abcdef01234567");
  g_autofree char *wrong = spare_display_fingerprint ("0123 <b>\n");

  g_assert_cmpstr (v4, ==, "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567");
  g_assert_cmpstr (wrong, ==, "0123 <b>\\n");
}

typedef struct
{
  int n; /* atomic */
  SpareProgress last;
  GThread *thread;
  gboolean freed;
} Heard;

static void
heard_cb (const SpareProgress *progress, gpointer user_data)
{
  Heard *heard = user_data;

  g_assert_true (g_thread_self () == heard->thread);
  g_atomic_int_inc (&heard->n);
  heard->last = *progress;
}

static void
freed_cb (gpointer user_data)
{
  ((Heard *) user_data)->freed = TRUE;
}

typedef struct
{
  SpareProgressMeter *meter;
  Heard *heard;
} Reporter;

/* For a while, and until something of it was heard. */
static gpointer
report_thread (gpointer user_data)
{
  Reporter *self = user_data;
  gint64 start = g_get_monotonic_time ();
  goffset i = 0;

  while (g_get_monotonic_time () < start + 400000
         || (g_atomic_int_get (&self->heard->n) == 0
             && g_get_monotonic_time () < start + DEADLINE))
    spare_progress_meter_report (self->meter, SPARE_STAGE_ENCRYPTING, i++, 0);
  spare_progress_meter_report (self->meter, SPARE_STAGE_FINISHING, 7, 7);
  spare_progress_meter_unref (self->meter);
  return NULL;
}

static void
test_progress (void)
{
  Heard heard = { .thread = g_thread_self () };
  SpareProgressMeter *meter = spare_progress_meter_new (NULL, heard_cb, &heard, freed_cb);
  gint64 start = g_get_monotonic_time ();
  Reporter reporter = { spare_progress_meter_ref (meter), &heard };
  GThread *thread = g_thread_new ("report", report_thread, &reporter);
  gint64 ms;

  while (heard.last.stage != SPARE_STAGE_FINISHING
         && g_get_monotonic_time () < start + 2 * DEADLINE)
    g_main_context_iteration (NULL, TRUE);
  ms = (g_get_monotonic_time () - start) / 1000;
  g_thread_join (thread);
  /* The last always comes. */
  g_assert_cmpint (heard.last.stage, ==, SPARE_STAGE_FINISHING);
  g_assert_cmpint (heard.last.done, ==, 7);
  g_assert_cmpint (heard.last.total, ==, 7);
  g_assert_cmpint (heard.n, >=, 2);
  g_assert_cmpint (heard.n, <=, ms / 50 + 2);

  spare_progress_meter_report (meter, SPARE_STAGE_CHECKING, 1, 1);
  spare_progress_meter_stop (meter);
  spare_progress_meter_report (meter, SPARE_STAGE_CHECKING, 1, 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (heard.last.stage, ==, SPARE_STAGE_FINISHING);
  spare_progress_meter_unref (meter);
  g_assert_true (heard.freed);
  spare_progress_meter_report (NULL, SPARE_STAGE_CHECKING, 1, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/display/shows-any-octets-harmlessly", test_text);
  g_test_add_func ("/display/long-names-keep-their-extension", test_shortened);
  g_test_add_func ("/display/only-the-last-part-of-a-path", test_basename);
  g_test_add_func ("/display/fingerprints-in-groups", test_fingerprint);
  g_test_add_func ("/progress/is-heard-in-its-own-thread-seldom-and-to-the-end", test_progress);

  return g_test_run ();
}
