/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate that somebody hands over brings in one key, the one that was asked for, or nothing; and which of an
 * authority's subkeys are its escrow subkeys is told by their dates. */
#include "config.h"

#include "hand-made.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-home.h"
#include "spare-test-gpg.h"

#include <string.h>

typedef struct
{
  SpareTestHome *theirs;
  SpareTestHome *ours;
  SpareHome *home;
  char *fingerprint;
} Fixture;

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  self->theirs = spare_test_home_new ();
  self->ours = spare_test_home_new ();
  self->home = spare_home_new_with_engine (SPARE_HOME_OWN, self->ours->path, TEST_GUARD);
  self->fingerprint = spare_test_create_key (self->theirs, SPARE_TEST_KEY_DEFAULT,
                                             "owner <o@example.org>", NULL);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->home);
  g_clear_pointer (&self->fingerprint, g_free);
  g_clear_pointer (&self->theirs, spare_test_home_free);
  g_clear_pointer (&self->ours, spare_test_home_free);
}

static void
assert_refused (Fixture *self, GBytes *octets, const char *fingerprint, SpareErrorCode code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = NULL;

  g_assert_null (
      spare_home_import_certificate_sync (self->home, octets, fingerprint, NULL, &error));
  g_assert_error (error, SPARE_ERROR, (int) code);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  keys = spare_home_list_keys_sync (self->home, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 0);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autofree char *other = spare_test_create_key (self->theirs, SPARE_TEST_KEY_SIGN_ONLY,
                                                  "other <x@example.org>", NULL);
  g_autoptr (GBytes)
      good = spare_test_gpg_filter (self->theirs, NULL, "--export", self->fingerprint, NULL);
  g_autoptr (GBytes)
      second = spare_test_gpg_filter (self->theirs, NULL, "--export", other, NULL);
  g_autoptr (GBytes) both = hand_made_join (good, second, NULL);
  g_autoptr (GBytes) secret = spare_test_export_secret (self->theirs, self->fingerprint, NULL);
  g_autoptr (GBytes) text = g_bytes_new_static ("Dear authority,\n", 16);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (good, 0, 60);
  g_autoptr (GBytes) large = g_bytes_new_take (g_malloc0 (2000000), 2000000);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  const char *subkey = self->fingerprint;
  g_auto (GStrv) parts = spare_test_list_fingerprints (self->theirs, self->fingerprint);

  assert_refused (self, good, other, SPARE_ERROR_DAMAGED);
  assert_refused (self, good, parts[1], SPARE_ERROR_DAMAGED);
  assert_refused (self, good, "0123", SPARE_ERROR_DAMAGED);
  assert_refused (self, good, NULL, SPARE_ERROR_DAMAGED);
  assert_refused (self, both, subkey, SPARE_ERROR_DAMAGED);
  assert_refused (self, both, other, SPARE_ERROR_DAMAGED);
  assert_refused (self, secret, subkey, SPARE_ERROR_POLICY);
  assert_refused (self, text, subkey, SPARE_ERROR_DAMAGED);
  assert_refused (self, cut, subkey, SPARE_ERROR_DAMAGED);
  assert_refused (self, none, subkey, SPARE_ERROR_DAMAGED);
  assert_refused (self, large, subkey, SPARE_ERROR_TOO_LARGE);
}

static SpareKey *
import (Fixture *self)
{
  g_autoptr (GBytes) octets = spare_test_export (self->theirs, self->fingerprint);
  g_autoptr (GError) error = NULL;
  SpareKey *key = spare_home_import_certificate_sync (self->home, octets, self->fingerprint,
                                                      NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (spare_key_get_fingerprint (key), ==, self->fingerprint);
  return key;
}

/* What others say about a key stays outside. */
static void
test_minimal (Fixture *self, gconstpointer data)
{
  g_autofree char *friend = spare_test_create_key (self->theirs, SPARE_TEST_KEY_SIGN_ONLY,
                                                   "friend <f@example.org>", NULL);
  g_autofree char *log = spare_test_gpg (self->theirs, "--local-user", friend,
                                         "--quick-sign-key", self->fingerprint, NULL);
  g_autofree char *before = spare_test_gpg (self->theirs, "--with-colons", "--list-sigs",
                                            self->fingerprint, NULL);
  g_autoptr (SpareKey) key = import (self);
  g_autofree char *after = spare_test_gpg (self->ours, "--with-colons", "--list-sigs",
                                           self->fingerprint, NULL);

  g_assert_cmpuint (spare_key_get_n_subkeys (key), ==, 2);
  g_assert_nonnull (strstr (before, friend + 24));
  g_assert_null (strstr (after, friend + 24));
}

static void
test_refreshed (Fixture *self, gconstpointer data)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (SpareHome)
      theirs = spare_home_new_with_engine (SPARE_HOME_OWN, self->theirs->path, TEST_GUARD);
  g_autoptr (SpareKey) first = import (self);
  g_autoptr (SpareKey) second = NULL;
  g_autoptr (SpareKey) third = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) revocation = NULL;
  g_autofree char *log = NULL;

  g_assert_cmpint (spare_key_get_expiry (first), ==, 0);
  log = spare_test_gpg (self->theirs, "--quick-set-expire", self->fingerprint, "1y", NULL);
  second = import (self);
  g_assert_cmpint (spare_key_get_expiry (second), >, now);

  revocation = spare_home_dup_revocation_sync (theirs, self->fingerprint, NULL, &error);
  g_assert_no_error (error);
  spare_home_revoke_sync (theirs, self->fingerprint, revocation, NULL, &error);
  g_assert_no_error (error);
  third = import (self);
  g_assert_cmpint (spare_key_get_encryption_state (third, now), ==, SPARE_KEY_REVOKED);
}

/* --- Escrow subkeys --- */

static void
add_subkey (Fixture *self, const char *when, const char *expires)
{
  g_free (spare_test_gpg (self->theirs, "--passphrase", "", "--faked-system-time", when,
                          "--quick-add-key", self->fingerprint, "cv25519", "encr", expires,
                          NULL));
}

static void
revoke_subkey (Fixture *self, const char *selection)
{
  g_autofree char *commands = g_strdup_printf ("%s\nrevkey\ny\n0\n\ny\nsave\n", selection);
  g_autoptr (GBytes) input = g_bytes_new (commands, strlen (commands));

  /* Its exit status is that of the last question. */
  spare_test_gpg_full (self->theirs, input, NULL, NULL, "--no-batch", "--command-fd", "0",
                       "--edit-key", self->fingerprint, NULL);
}

/* @expected: which encryption subkeys, by their place: "1", "13" … */
static void
assert_escrow (Fixture *self, const char *expected)
{
  g_autoptr (SpareHome)
      home = spare_home_new_with_engine (SPARE_HOME_OWN, self->theirs->path, TEST_GUARD);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (home, self->fingerprint, FALSE, NULL, &error);
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GString) places = g_string_new (NULL);

  g_assert_no_error (error);
  found = spare_key_list_escrow_subkeys (key);
  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    if (g_ptr_array_find (found, spare_key_get_subkey (key, i), NULL))
      g_string_append_printf (places, "%u", i);
  g_assert_cmpstr (places->str, ==, expected);
}

static void
start_over (Fixture *self, const char *when)
{
  g_autofree char *log = NULL;
  g_auto (GStrv) fingerprints = NULL;
  g_autofree char *listing = NULL;
  char *at;

  log = spare_test_gpg (self->theirs, "--passphrase", "", "--faked-system-time", when,
                        "--quick-generate-key", when, "ed25519", "sign,cert", "0", NULL);
  listing = spare_test_gpg (self->theirs, "--with-colons", "--list-keys", when, NULL);
  at = strstr (listing, "\nfpr:::::::::");
  g_assert_nonnull (at);
  g_free (self->fingerprint);
  self->fingerprint = g_strndup (at + strlen ("\nfpr:::::::::"), 40);
}

static void
test_escrow_subkeys (Fixture *self, gconstpointer data)
{
  /* One is both; none is none. */
  assert_escrow (self, "1");
  start_over (self, "20200101T000000");
  assert_escrow (self, "");

  /* Escrow and transport; then both end, some seconds apart, and a second pair follows. */
  add_subkey (self, "20200101T000000", "20220101T000000");
  assert_escrow (self, "1");
  add_subkey (self, "20200101T000010", "20220101T000005");
  assert_escrow (self, "1");
  add_subkey (self, "20211201T000000", "0");
  add_subkey (self, "20211201T000010", "0");
  assert_escrow (self, "13");

  /* The new escrow subkey revoked: files go to what is left, which is escrow and transport at once. */
  revoke_subkey (self, "key 3");
  assert_escrow (self, "134");
}

static void
test_escrow_of_usual_keys (Fixture *self, gconstpointer data)
{
  /* One subkey after the other, as many people have them: each was escrow in its time. */
  start_over (self, "20200101T000000");
  add_subkey (self, "20200101T000000", "20210101T000000");
  add_subkey (self, "20201201T000000", "20220101T000000");
  add_subkey (self, "20211201T000000", "0");
  assert_escrow (self, "123");

  /* A pair of which the escrow subkey was revoked, alone. */
  start_over (self, "20200102T000000");
  add_subkey (self, "20200102T000000", "0");
  add_subkey (self, "20200102T000010", "0");
  revoke_subkey (self, "key 1");
  assert_escrow (self, "12");

  /* A pair of a key that was revoked as a whole: what was escrowed stays so, mail stays mail. */
  start_over (self, "20200103T000000");
  add_subkey (self, "20200103T000000", "0");
  add_subkey (self, "20200103T000010", "0");
  revoke_subkey (self, "key 1\nkey 2");
  assert_escrow (self, "1");
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "takes-the-expected-key-alone", test_refused },
    { "leaves-the-signatures-of-others-outside", test_minimal },
    { "refreshes-a-key-that-is-here", test_refreshed },
    { "knows-escrow-from-transport-subkeys", test_escrow_subkeys },
    { "knows-the-escrow-subkeys-of-usual-keys", test_escrow_of_usual_keys },
  };
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/certificate-import/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }
  return g_test_run ();
}
