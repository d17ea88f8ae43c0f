/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preferences: kept where the schema is, harmless where it is not. GSETTINGS_BACKEND=memory (meson.build). */
#include "config.h"

#include "spare-settings.h"

#include <gio/gio.h>

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
check_defaults (SpareSettings *settings)
{
  g_autofree char *deposit_to = NULL;
  int mode, when_unusable, width, height;
  gboolean required, trash, unpack, each, notify, maximized;

  /* clang-format off */
  g_object_get (settings, "mode", &mode, "required", &required, "when-unusable", &when_unusable,
                "trash-original", &trash, "unpack-archives", &unpack, "folder-each", &each, "notify", &notify,
                "window-width", &width, "window-height", &height, "window-maximized", &maximized,
                "deposit-to", &deposit_to, NULL);
  /* clang-format on */
  g_assert_cmpint (mode, ==, SPARE_ESCROW_EMBEDDED);
  g_assert_true (required);
  g_assert_cmpint (when_unusable, ==, SPARE_UNUSABLE_REFUSE);
  g_assert_false (trash);
  g_assert_true (unpack);
  g_assert_false (each);
  g_assert_true (notify);
  g_assert_false (maximized);
  g_assert_cmpint (width, ==, 760);
  g_assert_cmpint (height, ==, 640);
  g_assert_cmpstr (deposit_to, ==, "");
}

static void
check_round_trip (SpareSettings *settings)
{
  g_autofree char *deposit_to = NULL;
  int mode;
  gboolean required;
  guint told = 0;

  g_signal_connect (settings, "notify::mode", G_CALLBACK (count_cb), &told);
  g_object_set (settings, "mode", SPARE_ESCROW_DETACHED, "required", FALSE, NULL);
  g_object_get (settings, "mode", &mode, "required", &required, NULL);
  g_assert_cmpint (mode, ==, SPARE_ESCROW_DETACHED);
  g_assert_false (required);
  g_assert_cmpuint (told, ==, 1);

  g_object_set (settings, "mode", SPARE_ESCROW_EMBEDDED, "required", TRUE, NULL);
  g_assert_cmpuint (told, ==, 2);

  g_signal_connect (settings, "notify::deposit-to", G_CALLBACK (count_cb), &told);
  g_object_set (settings, "deposit-to", "smb://office/deposits", NULL);
  g_object_get (settings, "deposit-to", &deposit_to, NULL);
  g_assert_cmpstr (deposit_to, ==, "smb://office/deposits");
  g_assert_cmpuint (told, ==, 3);
  g_object_set (settings, "deposit-to", "", NULL);
}

static void
test_defaults (void)
{
  g_autoptr (SpareSettings) settings = spare_settings_new ();

  check_defaults (settings);
  check_round_trip (settings);
}

static void
test_two_objects (void)
{
  g_autoptr (SpareSettings) one = spare_settings_new ();
  g_autoptr (SpareSettings) two = spare_settings_new ();
  guint told = 0;
  gboolean trash;

  g_signal_connect (two, "notify::trash-original", G_CALLBACK (count_cb), &told);
  g_object_set (one, "trash-original", TRUE, NULL);
  while (told == 0)
    g_main_context_iteration (NULL, TRUE);
  g_object_get (two, "trash-original", &trash, NULL);
  g_assert_true (trash);
  g_object_set (one, "trash-original", FALSE, NULL);
}

/* The schema source is read once a process: a child without GSETTINGS_SCHEMA_DIR. */
static void
test_no_schema (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (SpareSettings) settings = NULL;

      g_unsetenv ("GSETTINGS_SCHEMA_DIR");
      settings = spare_settings_new ();
      check_defaults (settings);
      check_round_trip (settings);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_mode_words (void)
{
  SpareEscrowMode mode = SPARE_ESCROW_NONE;

  g_assert_cmpstr (spare_escrow_mode_to_string (SPARE_ESCROW_DETACHED), ==, "detached");
  g_assert_true (spare_escrow_mode_from_string ("embedded", &mode));
  g_assert_cmpint (mode, ==, SPARE_ESCROW_EMBEDDED);
  g_assert_true (spare_escrow_mode_from_string ("none", &mode));
  g_assert_false (spare_escrow_mode_from_string ("Detached", &mode));
  g_assert_false (spare_escrow_mode_from_string ("", &mode));
  g_assert_cmpint (mode, ==, SPARE_ESCROW_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/settings/start-with-the-defaults-and-keep-what-is-set", test_defaults);
  g_test_add_func ("/settings/tell-a-second-object-of-a-change", test_two_objects);
  g_test_add_func ("/settings/work-without-the-schema", test_no_schema);
  g_test_add_func ("/settings/mode-words-are-exact", test_mode_words);
  return g_test_run ();
}
