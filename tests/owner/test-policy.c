/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The administrator's policy: in force word for word, or nothing is encrypted. */
#include "config.h"

#include "spare-policy.h"

#include "spare-error.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FPR "0123456789ABCDEF0123456789ABCDEF01234567"

static char *
write_policy (const char *text, gssize length)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (g_get_user_cache_dir (), "policy.ini", NULL);

  g_assert_cmpint (g_mkdir_with_parents (g_get_user_cache_dir (), 0700), ==, 0);
  g_unlink (path);
  g_file_set_contents (path, text, length, &error);
  g_assert_no_error (error);
  return path;
}

static void
check_preferences_hold (const char *path)
{
  g_autoptr (SpareSettings) settings = spare_settings_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePolicy) policy = NULL;
  g_autoptr (SparePolicy) later = NULL;

  policy = spare_policy_load (path, settings, &error);
  g_assert_no_error (error);
  g_assert_false (spare_policy_is_managed (policy));
  g_assert_cmpint (spare_policy_get_mode (policy), ==, SPARE_ESCROW_EMBEDDED);
  g_assert_true (spare_policy_get_required (policy));
  g_assert_cmpint (spare_policy_get_when_unusable (policy), ==, SPARE_UNUSABLE_REFUSE);
  g_assert_null (spare_policy_get_authority (policy));

  g_object_set (settings, "mode", SPARE_ESCROW_DETACHED, "required", FALSE, "when-unusable",
                SPARE_UNUSABLE_PENDING, NULL);
  later = spare_policy_load (path, settings, &error);
  g_assert_no_error (error);
  g_assert_cmpint (spare_policy_get_mode (later), ==, SPARE_ESCROW_DETACHED);
  g_assert_false (spare_policy_get_required (later));
  g_assert_cmpint (spare_policy_get_when_unusable (later), ==, SPARE_UNUSABLE_PENDING);
  /* The first one is what it was. */
  g_assert_true (spare_policy_get_required (policy));
  g_object_set (settings, "mode", SPARE_ESCROW_EMBEDDED, "required", TRUE, "when-unusable",
                SPARE_UNUSABLE_REFUSE, NULL);
}

static void
test_none (void)
{
  g_autofree char *path = write_policy ("", 0);

  g_unlink (path);
  check_preferences_hold (NULL);
  check_preferences_hold (path);
}

static void
test_whole (void)
{
  g_autoptr (SpareSettings) settings = spare_settings_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = write_policy (
      "# ours\n[Escrow]\nAuthority=0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567\n"
      "AuthorityKey=/etc/xdg/sparekey/authority.asc\nMode=detached\nRequired=false\n"
      "DepositTo=smb://host/share\nWhenAuthorityUnusable=pending\nNewerKey=1\n\n[Other]\nx=y\n",
      -1);
  g_autoptr (SparePolicy) policy = spare_policy_load (path, settings, &error);

  g_assert_no_error (error);
  g_assert_true (spare_policy_is_managed (policy));
  g_assert_cmpstr (spare_policy_get_authority (policy), ==, FPR);
  g_assert_cmpstr (spare_policy_get_authority_key (policy), ==,
                   "/etc/xdg/sparekey/authority.asc");
  g_assert_cmpstr (spare_policy_get_deposit_to (policy), ==, "smb://host/share");
  g_assert_cmpint (spare_policy_get_mode (policy), ==, SPARE_ESCROW_DETACHED);
  g_assert_true (spare_policy_is_mode_managed (policy));
  g_assert_false (spare_policy_get_required (policy));
  g_assert_true (spare_policy_is_required_managed (policy));
  g_assert_cmpint (spare_policy_get_when_unusable (policy), ==, SPARE_UNUSABLE_PENDING);
  g_assert_true (spare_policy_is_when_unusable_managed (policy));
}

static void
test_partial (void)
{
  g_autoptr (SpareSettings) settings = spare_settings_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = write_policy ("[Escrow]\nRequired=true\n", -1);
  g_autoptr (SparePolicy) policy = NULL;

  g_object_set (settings, "mode", SPARE_ESCROW_DETACHED, "required", FALSE, NULL);
  policy = spare_policy_load (path, settings, &error);
  g_object_set (settings, "mode", SPARE_ESCROW_EMBEDDED, "required", TRUE, NULL);
  g_assert_no_error (error);
  g_assert_true (spare_policy_get_required (policy));
  g_assert_true (spare_policy_is_required_managed (policy));
  g_assert_cmpint (spare_policy_get_mode (policy), ==, SPARE_ESCROW_DETACHED);
  g_assert_false (spare_policy_is_mode_managed (policy));
}

static const struct
{
  const char *why;
  const char *text;
} refused[] = {
  { "an empty file says nothing", "" },
  { "a misspelt group would switch everything off", "[Escrov]\nRequired=true\n" },
  { "not an ini file", "Required=true\n" },
  { "garbage", "\x7f"
               "ELF[Escrow\n" },
  { "39 digits", "[Escrow]\nAuthority=0123456789ABCDEF0123456789ABCDEF0123456\n" },
  { "41 digits", "[Escrow]\nAuthority=0123456789ABCDEF0123456789ABCDEF012345678\n" },
  { "a short id is no fingerprint", "[Escrow]\nAuthority=89ABCDEF01234567\n" },
  { "a name is no fingerprint", "[Escrow]\nAuthority=authority@example.org\n" },
  { "G is no digit", "[Escrow]\nAuthority=G123456789ABCDEF0123456789ABCDEF01234567\n" },
  { "an empty fingerprint", "[Escrow]\nAuthority=\n" },
  { "a mode that isn't there", "[Escrow]\nMode=Embedded\n" },
  { "none is not for policies", "[Escrow]\nMode=none\n" },
  { "empty mode", "[Escrow]\nMode=\n" },
  { "yes is not true", "[Escrow]\nRequired=yes\n" },
  { "1 is not true", "[Escrow]\nRequired=1\n" },
  { "a word that isn't there", "[Escrow]\nWhenAuthorityUnusable=ignore\n" },
  { "a path is no URI", "[Escrow]\nDepositTo=/srv/deposits\n" },
  { "a relative path", "[Escrow]\nAuthority=" FPR "\nAuthorityKey=authority.asc\n" },
  { "a certificate without a fingerprint", "[Escrow]\nAuthorityKey=/etc/authority.asc\n" },
  { "invalid UTF-8", "[Escrow]\nMode=\xff\xfe\n" },
};

static void
check_refused (const char *path, const char *why)
{
  g_autoptr (SpareSettings) settings = spare_settings_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePolicy) policy = spare_policy_load (path, settings, &error);

  g_test_message ("%s: %s", why, error != NULL ? error->message : "taken");
  g_assert_null (policy);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
}

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = write_policy (refused[i].text, -1);

      check_refused (path, refused[i].why);
    }
}

static void
test_unreadable (void)
{
  g_autofree char *path = write_policy ("[Escrow]\n", -1);
  g_autofree char *large = g_strnfill (70 * 1024, '#');
  struct stat st;

  g_unlink (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  check_refused (path, "a folder");
  g_assert_cmpint (g_rmdir (path), ==, 0);

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  check_refused (path, "a pipe that nobody writes");
  g_unlink (path);

  g_assert_cmpint (symlink ("nowhere", path), ==, 0);
  check_refused (path, "a dangling link");
  g_unlink (path);

  g_free (path);
  path = write_policy (large, -1);
  check_refused (path, "too large");

  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  g_assert_cmpint (stat (path, &st), ==, 0);
  if (geteuid () != 0) /* root reads everything */
    check_refused (path, "no permission");
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/policy/without-a-file-the-preferences-hold", test_none);
  g_test_add_func ("/policy/is-in-force-word-for-word", test_whole);
  g_test_add_func ("/policy/leaves-open-what-it-does-not-name", test_partial);
  g_test_add_func ("/policy/that-is-not-understood-is-an-error", test_refused);
  g_test_add_func ("/policy/that-can-not-be-read-is-an-error", test_unreadable);
  return g_test_run ();
}
