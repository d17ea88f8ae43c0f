/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The backup authority: trusted by a compared fingerprint or by policy, and every way in which it can't be used. */
#include "config.h"

#include "spare-engine.h"
#include "spare-error.h"
#include "spare-pin-private.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>

#define DAY (24 * 60 * 60)

typedef struct
{
  char *folder;
  char *policy_path;
  SpareTestHome *authority;
  SpareSettings *settings;
  SpareHome *home;
  SparePin *pin;
} Fixture;

static void
make_pin (Fixture *f)
{
  g_autofree char *path = g_build_filename (f->folder, "gnupg", NULL);
  g_autoptr (GError) error = NULL;

  f->home = spare_home_new_with_engine (SPARE_HOME_OWN, path, TEST_GUARD);
  spare_home_prepare_sync (f->home, NULL, &error);
  g_assert_no_error (error);
  f->pin = spare_pin_new (f->folder, f->home);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_assert_true (spare_engine_init_with_guard (TEST_GUARD, NULL));
  f->folder = g_dir_make_tmp ("skp-XXXXXX", NULL);
  f->policy_path = g_build_filename (f->folder, "policy.ini", NULL);
  f->authority = spare_test_home_new ();
  f->settings = spare_settings_new ();
  make_pin (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->pin);
  g_clear_object (&f->home);
  g_clear_object (&f->settings);
  spare_test_home_free (f->authority);
  spare_test_remove_tree (f->folder);
  g_free (f->policy_path);
  g_free (f->folder);
}

/* A new process, as it were. */
static void
restart (Fixture *f)
{
  g_clear_object (&f->pin);
  g_clear_object (&f->home);
  make_pin (f);
}

static void
load (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePolicy) policy = spare_policy_load (f->policy_path, f->settings, &error);

  g_assert_no_error (error);
  g_assert_true (spare_pin_load_sync (f->pin, policy, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_state (Fixture *f, SparePinState state, const char *words)
{
  g_autofree char *sentence = spare_pin_describe (f->pin);

  g_test_message ("%s", sentence);
  g_assert_cmpint (spare_pin_get_state (f->pin), ==, state);
  if (words != NULL)
    g_assert_nonnull (strstr (sentence, words));
}

static SparePinOffer *
examine (Fixture *f, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) certificate = spare_test_export (f->authority, fingerprint);
  SparePinOffer *offer = spare_pin_examine_sync (f->pin, certificate, NULL, &error);

  g_assert_no_error (error);
  return offer;
}

static void
assert_examine_fails (Fixture *f, GBytes *certificate, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_pin_examine_sync (f->pin, certificate, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SPARE_ERROR, code);
}

static void
trust (Fixture *f, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePinOffer) offer = examine (f, fingerprint);

  g_assert_true (spare_pin_trust_sync (f->pin, offer, fingerprint, NULL, &error));
  g_assert_no_error (error);
}

static char *
create (Fixture *f, SpareTestKeyKind kind)
{
  return spare_test_create_key (f->authority, kind, "Backup <backup@example.org>", NULL);
}

static void
remove_file (Fixture *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->folder, name, NULL);

  spare_test_remove_tree (path);
  g_unlink (path);
}

static void
write_file (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_trust (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_TWO_SUBKEYS);
  g_auto (GStrv) all = spare_test_list_fingerprints (f->authority, fingerprint);
  g_autoptr (SparePinOffer) offer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *lower = g_ascii_strdown (fingerprint, -1);
  g_autoptr (GString) typed = g_string_new (NULL);

  load (f);
  assert_state (f, SPARE_PIN_NONE, NULL);
  g_assert_null (spare_pin_get_fingerprint (f->pin));
  offer = examine (f, fingerprint);
  g_assert_false (offer->is_update);
  g_assert_null (offer->warning);
  /* The oldest is for files, the newest for messages. */
  g_assert_cmpstr (offer->escrow->fingerprint, ==, all[1]);
  g_assert_cmpstr (offer->transport->fingerprint, ==, all[2]);
  assert_state (f, SPARE_PIN_NONE, NULL);

  for (guint i = 0; i < 40; i++)
    g_string_append_printf (typed, "%s%c", i % 4 == 0 ? " " : i % 2 == 0 ? ":" : "", lower[i]);
  g_assert_true (spare_pin_trust_sync (f->pin, offer, typed->str, NULL, &error));
  g_assert_no_error (error);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  g_assert_cmpint (spare_pin_get_days_left (f->pin), ==, -1);

  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  g_assert_cmpstr (spare_pin_get_fingerprint (f->pin), ==, fingerprint);
  g_assert_cmpstr (spare_pin_get_escrow_subkey (f->pin)->fingerprint, ==, all[1]);
  g_assert_false (spare_pin_is_managed (f->pin));
}

static void
test_compare (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autoptr (SparePinOffer) offer = NULL;
  g_autofree char *other = g_strdup (fingerprint);
  g_autoptr (GError) error = NULL;

  load (f);
  offer = examine (f, fingerprint);
  g_assert_nonnull (offer->warning); /* one subkey for everything */
  g_assert_false (spare_pin_trust_sync (f->pin, offer, fingerprint + 24, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);
  other[39] = other[39] == '0' ? '1' : '0';
  g_assert_false (spare_pin_trust_sync (f->pin, offer, other, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_clear_error (&error);
  g_assert_false (spare_pin_trust_sync (f->pin, offer, "", NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);

  assert_state (f, SPARE_PIN_NONE, NULL);
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_NONE, NULL);
}

static void
test_not_a_certificate (Fixture *f, gconstpointer data)
{
  g_autofree char *one = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autofree char *two = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autoptr (GBytes) secret = spare_test_export_secret (f->authority, one, NULL);
  g_autofree char *both_text = spare_test_gpg (f->authority, "--armor", "--export", NULL);
  g_autoptr (GBytes) both = g_bytes_new (both_text, strlen (both_text));
  g_autofree char *large_text = g_strnfill (70 * 1024, 'A');
  g_autoptr (GBytes) large = g_bytes_new (large_text, 70 * 1024);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("garbage", 7);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  load (f);
  assert_examine_fails (f, secret, SPARE_ERROR_DAMAGED);
  assert_examine_fails (f, both, SPARE_ERROR_DAMAGED);
  assert_examine_fails (f, large, SPARE_ERROR_DAMAGED);
  assert_examine_fails (f, garbage, SPARE_ERROR_DAMAGED);
  assert_examine_fails (f, nothing, SPARE_ERROR_DAMAGED);
}

static const struct
{
  const char *why;
  SpareTestKeyKind kind;
  const char *words;
} unusable[] = {
  { "expired", SPARE_TEST_KEY_EXPIRED, "expired" },
  { "revoked", SPARE_TEST_KEY_REVOKED, "revoked" },
  { "sign-only", SPARE_TEST_KEY_SIGN_ONLY, "only sign" },
  { "expired subkey", SPARE_TEST_KEY_EXPIRED_SUBKEY, "expired" },
  { "revoked subkey", SPARE_TEST_KEY_REVOKED_SUBKEY, "revoked" },
};

/* Offered: refused. Pinned by the administrator: loaded, and said to be unusable. */
static void
test_unusable (Fixture *f, gconstpointer data)
{
  load (f);
  for (guint i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      g_autofree char *fingerprint = create (f, unusable[i].kind);
      g_autoptr (GBytes) certificate = spare_test_export (f->authority, fingerprint);
      g_autofree char *path = g_build_filename (f->folder, "managed.asc", NULL);
      g_autofree char *policy = NULL;

      g_test_message ("%s", unusable[i].why);
      assert_examine_fails (f, certificate, SPARE_ERROR_AUTHORITY_UNUSABLE);

      g_file_set_contents (path, g_bytes_get_data (certificate, NULL),
                           (gssize) g_bytes_get_size (certificate), NULL);
      policy = g_strdup_printf ("[Escrow]\nAuthority=%s\nAuthorityKey=%s\n", fingerprint, path);
      write_file (f, "policy.ini", policy);
      load (f);
      g_assert_true (spare_pin_is_managed (f->pin));
      assert_state (f, SPARE_PIN_UNUSABLE, unusable[i].words);
      g_unlink (f->policy_path);
      load (f);
      assert_state (f, SPARE_PIN_NONE, NULL);
    }
}

/* gpg itself takes no key from the future; one that is here already is, once the clock has gone back. */
static void
test_clock (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  SpareKey *key;
  const char *escrow;

  load (f);
  trust (f, fingerprint);
  key = spare_pin_get_key (f->pin);
  escrow = spare_pin_get_escrow_subkey (f->pin)->fingerprint;
  g_assert_cmpint (spare_pin_judge_private (key, escrow, now + DAY), ==, SPARE_PIN_REASON_OK);
  g_assert_cmpint (spare_pin_judge_private (key, escrow, now - DAY), ==,
                   SPARE_PIN_REASON_CLOCK);
  g_assert_nonnull (
      strstr (spare_pin_reason_describe_private (SPARE_PIN_REASON_CLOCK), "clock"));
}

static void
test_disabled (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  SpareTestHome own;
  g_autofree char *path = g_build_filename (f->folder, "gnupg", NULL);

  load (f);
  trust (f, fingerprint);
  own.path = path;
  {
    g_autoptr (GBytes) answer = g_bytes_new_static ("disable\nsave\n", 13);

    g_assert_cmpint (spare_test_gpg_full (&own, answer, NULL, NULL, "--no-batch",
                                          "--command-fd", "0", "--edit-key", fingerprint, NULL),
                     ==, 0);
  }
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "switched off");
}

static void
extend (Fixture *f, const char *fingerprint, gint64 days)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT "d", days);

  g_free (spare_test_gpg (f->authority, "--quick-set-expire", fingerprint, text, NULL));
  g_free (spare_test_gpg (f->authority, "--quick-set-expire", fingerprint, text, "*", NULL));
}

static void
test_expiring (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autoptr (SparePinOffer) offer = NULL;

  load (f);
  extend (f, fingerprint, 80);
  trust (f, fingerprint);
  assert_state (f, SPARE_PIN_EXPIRING, "days");
  g_assert_cmpint (spare_pin_get_days_left (f->pin), >=, 79);
  extend (f, fingerprint, 20);
  trust (f, fingerprint);
  assert_state (f, SPARE_PIN_EXPIRING, "soon");
  extend (f, fingerprint, 5);
  trust (f, fingerprint);
  assert_state (f, SPARE_PIN_EXPIRING, "now");

  /* The same fingerprint again: the same authority, longer. */
  extend (f, fingerprint, 400);
  offer = examine (f, fingerprint);
  g_assert_true (offer->is_update);
  g_assert_false (offer->new_escrow_subkey);
  trust (f, fingerprint);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  g_assert_cmpint (spare_pin_get_days_left (f->pin), >, 390);
}

static void
test_new_subkey (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autoptr (SparePinOffer) offer = NULL;
  g_auto (GStrv) all = NULL;
  g_autoptr (GBytes) answers = g_bytes_new_static ("key 1\nrevkey\ny\n1\n\ny\nsave\n", 25);

  load (f);
  trust (f, fingerprint);
  g_free (spare_test_gpg (f->authority, "--passphrase", "", "--quick-add-key", fingerprint,
                          "cv25519", "encr", "never", NULL));
  g_assert_cmpint (spare_test_gpg_full (f->authority, answers, NULL, NULL, "--no-batch",
                                        "--command-fd", "0", "--passphrase", "", "--edit-key",
                                        fingerprint, NULL),
                   ==, 0);
  all = spare_test_list_fingerprints (f->authority, fingerprint);

  offer = examine (f, fingerprint);
  g_assert_true (offer->is_update);
  g_assert_true (offer->new_escrow_subkey);
  g_assert_cmpstr (offer->escrow->fingerprint, ==, all[2]);
  /* Shown, not adopted. */
  g_assert_cmpstr (spare_pin_get_escrow_subkey (f->pin)->fingerprint, ==, all[1]);
  g_assert_true (spare_pin_trust_sync (f->pin, offer, fingerprint, NULL, NULL));
  g_assert_cmpstr (spare_pin_get_escrow_subkey (f->pin)->fingerprint, ==, all[2]);
  assert_state (f, SPARE_PIN_USABLE, NULL);
}

static void
test_revoked_later (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autofree char *name = g_strconcat ("openpgp-revocs.d/", fingerprint, ".rev", NULL);
  g_autofree char *path = spare_test_home_build (f->authority, name);
  g_autofree char *text = NULL;
  g_autofree char *armed = NULL;
  g_autoptr (GBytes) revocation = NULL;
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GBytes) before = NULL;

  load (f);
  trust (f, fingerprint);
  before = spare_test_export (f->authority, fingerprint);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  armed = g_strdup (strstr (text, ":-----BEGIN") + 1); /* gpg disarms it with a colon */
  revocation = g_bytes_new (armed, strlen (armed));
  spare_test_import (f->authority, revocation);
  certificate = spare_test_export (f->authority, fingerprint);

  /* Believed at once, though as an offer it is refused. */
  assert_examine_fails (f, certificate, SPARE_ERROR_AUTHORITY_UNUSABLE);
  assert_state (f, SPARE_PIN_UNUSABLE, "revoked");

  /* And for good: the certificate of before does not bring it back. */
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (SparePinOffer) offer = spare_pin_examine_sync (f->pin, before, NULL, &error);

    g_assert_no_error (error);
    g_assert_false (spare_pin_trust_sync (f->pin, offer, fingerprint, NULL, &error));
    g_assert_error (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE);
  }
  restart (f);
  remove_file (f, "gnupg");
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "revoked");
}

/* A bare revocation, without any certificate. */
static void
test_bare_revocation (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autofree char *other = create (f, SPARE_TEST_KEY_DEFAULT);
  const char *const whose[] = { other, fingerprint };

  load (f);
  trust (f, fingerprint);
  for (guint i = 0; i < G_N_ELEMENTS (whose); i++)
    {
      g_autofree char *name = g_strconcat ("openpgp-revocs.d/", whose[i], ".rev", NULL);
      g_autofree char *path = spare_test_home_build (f->authority, name);
      g_autofree char *text = NULL;
      g_autofree char *armed = NULL;
      g_autoptr (GBytes) revocation = NULL;

      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      armed = g_strdup (strstr (text, ":-----BEGIN") + 1);
      revocation = g_bytes_new (armed, strlen (armed));
      assert_examine_fails (f, revocation,
                            i == 0 ? SPARE_ERROR_DAMAGED : SPARE_ERROR_AUTHORITY_UNUSABLE);
      assert_state (f, i == 0 ? SPARE_PIN_USABLE : SPARE_PIN_UNUSABLE, NULL);
    }
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "revoked");
}

static void
test_files (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autofree char *other = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autofree char *other_text = spare_test_gpg (f->authority, "--armor", "--export", other,
                                                NULL);

  load (f);
  trust (f, fingerprint);

  /* Either of the two may be lost: home or certificate file. */
  remove_file (f, "authority.asc");
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  remove_file (f, "gnupg");
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);

  /* Both lost, damaged, or somebody else's: said, each in its words. */
  remove_file (f, "gnupg");
  remove_file (f, "authority.asc");
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "missing");
  g_assert_null (spare_pin_get_key (f->pin));
  g_assert_cmpstr (spare_pin_get_fingerprint (f->pin), ==, fingerprint);
  write_file (f, "authority.asc", "garbage");
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "damaged");
  write_file (f, "authority.asc", other_text);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "another fingerprint");
  g_assert_null (spare_pin_get_escrow_subkey (f->pin));

  /* A damaged note is not "no authority". */
  write_file (f, "authority.ini", "[Authority]\nFingerprint=12\n");
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "note");
  write_file (f, "authority.ini", "\xff not an ini");
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "note");
  trust (f, fingerprint);
  assert_state (f, SPARE_PIN_USABLE, NULL);
}

static void
test_policy (Fixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = create (f, SPARE_TEST_KEY_TWO_SUBKEYS);
  g_autofree char *other = create (f, SPARE_TEST_KEY_DEFAULT);
  g_autofree char *text = spare_test_gpg (f->authority, "--armor", "--export", fingerprint,
                                          NULL);
  g_autofree char *other_text = spare_test_gpg (f->authority, "--armor", "--export", other,
                                                NULL);
  g_autofree char *path = g_build_filename (f->folder, "managed.asc", NULL);
  g_autofree char *policy = g_strdup_printf ("[Escrow]\nAuthority=%s\nAuthorityKey=%s\n",
                                             fingerprint, path);
  g_autofree char *bare = g_strdup_printf ("[Escrow]\nAuthority=%s\n", fingerprint);
  g_autoptr (GBytes) certificate = g_bytes_new (other_text, strlen (other_text));
  g_auto (GStrv) all = spare_test_list_fingerprints (f->authority, fingerprint);

  load (f);
  trust (f, other);

  /* The administrator's file is the only source. */
  write_file (f, "policy.ini", policy);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "missing");
  write_file (f, "managed.asc", other_text);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "another fingerprint");
  write_file (f, "managed.asc", text);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  g_assert_true (spare_pin_is_managed (f->pin));
  g_assert_cmpstr (spare_pin_get_escrow_subkey (f->pin)->fingerprint, ==, all[1]);
  assert_examine_fails (f, certificate, SPARE_ERROR_POLICY);
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  g_assert_cmpstr (spare_pin_get_escrow_subkey (f->pin)->fingerprint, ==, all[1]);

  /* A fingerprint alone: the person brings the certificate, and no other. */
  write_file (f, "policy.ini", bare);
  load (f);
  assert_state (f, SPARE_PIN_UNUSABLE, "missing");
  assert_examine_fails (f, certificate, SPARE_ERROR_POLICY);
  trust (f, fingerprint);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  restart (f);
  load (f);
  assert_state (f, SPARE_PIN_USABLE, NULL);
  g_assert_true (spare_pin_is_managed (f->pin));
}

#define ADD(path, test) g_test_add ("/pin/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_assert_true (spare_secret_init (NULL));
  ADD ("trusts-the-compared-fingerprint-and-remembers", test_trust);
  ADD ("trusts-nothing-but-the-whole-fingerprint", test_compare);
  ADD ("looks-at-one-public-key-only", test_not_a_certificate);
  ADD ("says-why-an-authority-can-not-be-used", test_unusable);
  ADD ("says-when-the-clock-must-be-wrong", test_clock);
  ADD ("says-that-it-is-switched-off", test_disabled);
  ADD ("warns-before-it-expires-and-takes-the-extension", test_expiring);
  ADD ("never-adopts-a-new-subkey-in-silence", test_new_subkey);
  ADD ("believes-a-revocation-at-once-and-for-good", test_revoked_later);
  ADD ("believes-a-bare-revocation-of-the-pinned-key-only", test_bare_revocation);
  ADD ("makes-lost-files-anew-and-names-damage", test_files);
  ADD ("lets-the-administrator-choose", test_policy);
  return g_test_run ();
}
