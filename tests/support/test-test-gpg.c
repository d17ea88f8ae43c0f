/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test support itself: each kind of key is what its name says, as stock gpg sees it. */
#include "config.h"

#include "spare-test-gpg.h"

#include <string.h>

/* Validity letters of the primary key and of its subkeys, in the order of the listing. */
static char *
list_validity (SpareTestHome *home, const char *fingerprint, char **capabilities)
{
  g_autofree char *listing = spare_test_gpg (home, "--with-colons", "--list-keys", fingerprint,
                                             NULL);
  g_auto (GStrv) lines = g_strsplit (listing, "\n", -1);
  GString *letters = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);

      if (!fields[0] || (strcmp (fields[0], "pub") != 0 && strcmp (fields[0], "sub") != 0))
        continue;
      g_string_append (letters, *fields[1] ? fields[1] : "-");
      if (fields[0][0] == 'p')
        *capabilities = g_strdup (fields[11]);
    }
  return g_string_free (letters, FALSE);
}

static void
test_kinds (void)
{
  static const struct
  {
    SpareTestKeyKind kind;
    const char *letters;      /* validity, primary first */
    const char *capabilities; /* one that must be there */
    const char *reason;
    const char *newer; /* what gpg 2.4 says where it differs */
  } rows[] = {
    { SPARE_TEST_KEY_DEFAULT, "uu", "E", "usable" },
    { SPARE_TEST_KEY_NISTP256, "uu", "E", "usable" },
    { SPARE_TEST_KEY_SIGN_ONLY, "u", "SC", "nothing encrypts" },
    { SPARE_TEST_KEY_EXPIRED, "ee", "sc", "all expired" },
    { SPARE_TEST_KEY_REVOKED, "rr", "sc", "revoked as a whole" },
    { SPARE_TEST_KEY_DISABLED, "uu", "D", "switched off" },
    { SPARE_TEST_KEY_NOT_YET_VALID, "ii", "sc", "made in the future: invalid for gpg", "ui" },
    { SPARE_TEST_KEY_TWO_SUBKEYS, "uuu", "E", "two to encrypt with" },
    { SPARE_TEST_KEY_EXPIRED_SUBKEY, "ue", "SC", "only the subkey is over" },
    { SPARE_TEST_KEY_REVOKED_SUBKEY, "ur", "SC", "only the subkey is revoked" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SpareTestHome) home = spare_test_home_new ();
      g_autofree char *fingerprint = spare_test_create_key (home, rows[i].kind,
                                                            "Ada <ada@example.org>", NULL);
      g_autofree char *capabilities = NULL;
      g_autofree char *letters = list_validity (home, fingerprint, &capabilities);

      g_test_message ("%s: %s %s", rows[i].reason, letters, capabilities);
      if (rows[i].newer == NULL || !g_str_equal (letters, rows[i].newer))
        g_assert_cmpstr (letters, ==, rows[i].letters);
      g_assert_nonnull (strstr (capabilities, rows[i].capabilities));
    }
}

static void
test_teardown (void)
{
  g_autofree char *path = NULL;

  {
    g_autoptr (SpareTestHome) home = spare_test_home_new ();
    g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT, "Ada",
                                                          "secret words");

    path = g_strdup (home->path);
    g_assert_cmpuint (strlen (fingerprint), ==, 40);
    g_assert_true (g_file_test (path, G_FILE_TEST_IS_DIR));
  }
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_hash (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *file = spare_test_home_build (home, "note");
  g_autofree char *before = NULL;
  g_autofree char *same = NULL;
  g_autofree char *after = NULL;

  g_assert_true (g_file_set_contents (file, "a", 1, NULL));
  before = spare_test_hash_tree (home->path);
  same = spare_test_hash_tree (home->path);
  g_assert_cmpstr (before, ==, same);
  g_assert_true (g_file_set_contents (file, "b", 1, NULL));
  after = spare_test_hash_tree (home->path);
  g_assert_cmpstr (before, !=, after);
}

/* More than any pipe holds. */
static void
test_unread (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree guint8 *octets = g_malloc0 (4 << 20);
  g_autoptr (GBytes) input = g_bytes_new (octets, 4 << 20);
  g_autoptr (GBytes) version = spare_test_gpg_filter (home, input, "--version", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_str_has_prefix (g_bytes_get_data (version, NULL), "gpg "));
  g_assert_cmpint (spare_test_gpg_full (home, input, NULL, &text, "--no-such-option", NULL), ==,
                   2);
  g_assert_nonnull (strstr (text, "no-such-option"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/support/each-kind-of-key-is-what-its-name-says", test_kinds);
  g_test_add_func ("/support/a-home-is-gone-with-its-object", test_teardown);
  g_test_add_func ("/support/the-tree-hash-sees-one-changed-octet", test_hash);
  g_test_add_func ("/support/a-gpg-that-ends-before-its-input-is-no-failure", test_unread);

  return g_test_run ();
}
