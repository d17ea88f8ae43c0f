/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A detached signature is believed from one key for one purpose over exactly these octets, or not at all; and an expired
 * key's is told from a good one's. */
#include "config.h"

#include "hand-made.h"
#include "spare-detached-signature.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-test-gpg.h"

#include <string.h>

#define NAME    "checkpoint@sparekey.org"
#define PURPOSE "1:0123456789ABCDEF0123456789ABCDEF01234567"
#define SIGNED  NAME "=" PURPOSE

static SpareTestHome *files;
static SpareHome *home;
static char *signer, *stranger, *outdated;
static GBytes *text;

/* One signature packet, as stock gpg makes it over @text. */
#define sign(...) \
  spare_test_gpg_filter (files, text, "--detach-sign", "--local-user", __VA_ARGS__, NULL)

static gboolean
verify (SpareHome *where,
        GBytes *octets,
        GBytes *signature,
        const char *who,
        gboolean *expired_since,
        GError **error)
{
  gint64 created = -1;
  gboolean good = spare_verify_detached_sync (where, octets, signature, who, NAME, PURPOSE,
                                              &created, expired_since, NULL, error);

  /* Out parameters are left alone on failure. */
  g_assert_true (good == (created != -1));
  return good;
}

static void
assert_refused (GBytes *octets, GBytes *signature, const char *who)
{
  gboolean expired_since = FALSE;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (
          verify (home, octets, signature, who, i == 0 ? NULL : &expired_since, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
      g_assert_false (expired_since);
      g_test_message ("%s", error->message);
    }
}

static void
test_other_octets (void)
{
  g_autoptr (GBytes) signature = sign (signer, "--sig-notation", SIGNED);
  g_autoptr (GBytes) longer = hand_made_join (text, text, NULL);
  g_autoptr (GBytes) other = g_bytes_new_static ("checkpoint 13\n", 14);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  gsize size;
  const guint8 *octets = g_bytes_get_data (signature, &size);
  guint8 *copy = g_memdup2 (octets, size);
  g_autoptr (GBytes) damaged = g_bytes_new_take (copy, size);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (signature, 0, size - 1);

  copy[size - 1] ^= 1;
  assert_refused (longer, signature, signer);
  assert_refused (other, signature, signer);
  assert_refused (none, signature, signer);
  assert_refused (text, damaged, signer);
  assert_refused (text, cut, signer);
}

/* The signature may be no message that brings its own data along, nor more than one. */
static void
test_other_packets (void)
{
  g_autoptr (GBytes) good = sign (signer, "--sig-notation", SIGNED);
  g_autoptr (GBytes)
      whole = spare_test_gpg_filter (files, text, "-z", "0", "--sign", "--local-user", signer,
                                     "--sig-notation", SIGNED, NULL);
  g_autoptr (GBytes) clear = spare_test_gpg_filter (files, text, "--clear-sign", "--local-user",
                                                    signer, "--sig-notation", SIGNED, NULL);
  g_autoptr (GBytes) twice = hand_made_join (good, good, NULL);
  g_autoptr (GBytes) both = sign (signer, "--local-user", stranger, "--sig-notation", SIGNED);
  g_autoptr (GBytes) certificate = spare_test_export (files, signer);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);

  assert_refused (text, whole, signer);
  assert_refused (text, clear, signer);
  assert_refused (text, twice, signer);
  assert_refused (text, both, signer);
  assert_refused (text, certificate, signer);
  assert_refused (text, text, signer);
  assert_refused (text, none, signer);
}

static void
test_other_purpose (void)
{
  g_autoptr (GBytes) none = sign (signer);
  g_autoptr (GBytes) other = sign (signer, "--sig-notation", SIGNED "0");
  g_autoptr (GBytes) critical = sign (signer, "--sig-notation", "!" SIGNED);
  g_autoptr (GBytes) loose = sign (signer, "--textmode", "--sig-notation", SIGNED);
  g_autoptr (GBytes) weak = sign (signer, "--digest-algo", "SHA1", "--sig-notation", SIGNED);

  assert_refused (text, none, signer);
  assert_refused (text, other, signer);
  assert_refused (text, critical, signer);
  assert_refused (text, loose, signer);
  assert_refused (text, weak, signer);
}

/* A notation can be added by anybody where the signature does not cover it. */
static void
test_added_notation (void)
{
  g_autoptr (GBytes) none = sign (signer);
  g_autoptr (GBytes) good = sign (signer, "--sig-notation", SIGNED);
  g_autoptr (GBytes) forged = hand_made_notation (none, NAME, PURPOSE);
  g_autoptr (GBytes) harmless = hand_made_notation (good, "x@example.org", "y");
  g_autoptr (GError) error = NULL;

  assert_refused (text, forged, signer);
  /* The hand that forges makes packets that are read. */
  g_assert_true (verify (home, text, harmless, signer, NULL, &error));
  g_assert_no_error (error);
}

static void
test_other_signer (void)
{
  g_autoptr (GBytes) other = sign (stranger, "--sig-notation", SIGNED);
  g_autoptr (GBytes) own = sign (signer, "--sig-notation", SIGNED);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHome) empty = spare_home_new_scratch (&error);

  g_assert_no_error (error);
  assert_refused (text, other, signer);
  g_assert_false (verify (empty, text, own, signer, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_revoked (void)
{
  g_autofree char *withdrawn = spare_test_create_key (files, SPARE_TEST_KEY_SIGN_ONLY,
                                                      "withdrawn <w@example.org>", NULL);
  g_autoptr (GBytes) signature = sign (withdrawn, "--sig-notation", SIGNED);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes)
      revocation = spare_home_dup_revocation_sync (home, withdrawn, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (verify (home, text, signature, withdrawn, NULL, &error));
  spare_home_revoke_sync (home, withdrawn, revocation, NULL, &error);
  g_assert_no_error (error);
  assert_refused (text, signature, withdrawn);
}

/* What a log holds was signed in time, though its key has expired since. */
static void
test_expired_since (void)
{
  g_autoptr (GBytes) in_time = sign (outdated, "--faked-system-time", "20200601T000000",
                                     "--sig-notation", SIGNED);
  g_autoptr (GBytes) good = sign (signer, "--sig-notation", SIGNED);
  g_autoptr (GError) error = NULL;
  gboolean expired_since = FALSE;
  gint64 created = 0;

  g_assert_false (verify (home, text, in_time, outdated, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_clear_error (&error);

  g_assert_true (spare_verify_detached_sync (home, text, in_time, outdated, NAME, PURPOSE,
                                             &created, &expired_since, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (expired_since);
  g_assert_cmpint (created, ==, 1590969600);

  g_assert_true (verify (home, text, good, signer, &expired_since, &error));
  g_assert_no_error (error);
  g_assert_false (expired_since);
}

/* The signer's own copy of the key was extended; the reader's copy says that the key had expired by then. */
static void
test_signed_too_late (void)
{
  g_autoptr (SpareTestHome) elsewhere = spare_test_home_new ();
  g_autoptr (GBytes) secret = spare_test_export_secret (files, outdated, NULL);
  g_autofree char *log = NULL;
  g_autoptr (GBytes) late = NULL;

  spare_test_import (elsewhere, secret);
  log = spare_test_gpg (elsewhere, "--quick-set-expire", outdated, "0", NULL);
  late = spare_test_gpg_filter (elsewhere, text, "--detach-sign", "--local-user", outdated,
                                "--sig-notation", SIGNED, NULL);
  assert_refused (text, late, outdated);
}

static void
test_made (void)
{
  g_autoptr (GError) error = NULL;
  gint64 before = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GBytes)
      signature = spare_sign_detached_sync (home, signer, text, NAME, PURPOSE, NULL, &error);
  g_autofree char *name = spare_test_home_build (files, "checkpoint.sig");
  g_autofree char *words = NULL;
  gint64 created = 0;

  g_assert_no_error (error);
  g_assert_true (
      g_str_has_prefix (g_bytes_get_data (signature, NULL), "-----BEGIN PGP SIGNATURE-----\n"));
  g_assert_true (spare_verify_detached_sync (home, text, signature, signer, NAME, PURPOSE,
                                             &created, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (created, >=, before);
  g_assert_cmpint (created, <=, g_get_real_time () / G_USEC_PER_SEC);

  g_file_set_contents (name, g_bytes_get_data (signature, NULL),
                       (gssize) g_bytes_get_size (signature), &error);
  g_assert_no_error (error);
  g_assert_cmpint (spare_test_gpg_full (files, text, NULL, &words, "--status-fd", "2",
                                        "--verify", name, "-", NULL),
                   ==, 0);
  g_assert_nonnull (strstr (words, "[GNUPG:] GOODSIG"));
  g_assert_nonnull (strstr (words, "[GNUPG:] NOTATION_DATA " PURPOSE));
}

static void
test_not_made (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_null (spare_sign_detached_sync (home, outdated, text, NAME, PURPOSE, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  g_assert_null (spare_sign_detached_sync (home, "0123456789ABCDEF0123456789ABCDEF01234567",
                                           text, NAME, PURPOSE, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_clear_error (&error);
  g_assert_null (spare_sign_detached_sync (home, signer, text, NAME, "100%k", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_null (
      spare_sign_detached_sync (home, signer, text, NAME, PURPOSE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  files = spare_test_home_new ();
  signer = spare_test_create_key (files, SPARE_TEST_KEY_SIGN_ONLY, "signer <s@example.org>",
                                  NULL);
  stranger = spare_test_create_key (files, SPARE_TEST_KEY_SIGN_ONLY, "stranger <x@example.org>",
                                    NULL);
  outdated = spare_test_create_key (files, SPARE_TEST_KEY_EXPIRED, "outdated <o@example.org>",
                                    NULL);
  home = spare_home_new_with_engine (SPARE_HOME_OWN, files->path, TEST_GUARD);
  text = g_bytes_new_static ("checkpoint 12\n", 14);

#define ADD(path, test) g_test_add_func ("/detached-signature/" path, test)
  ADD ("over-other-octets-is-refused", test_other_octets);
  ADD ("that-is-more-than-one-signature-is-refused", test_other_packets);
  ADD ("for-another-purpose-is-refused", test_other_purpose);
  ADD ("with-a-notation-that-somebody-added-is-refused", test_added_notation);
  ADD ("of-another-key-is-refused", test_other_signer);
  ADD ("of-a-revoked-key-is-refused", test_revoked);
  ADD ("of-a-key-that-expired-since-is-told-apart", test_expired_since);
  ADD ("of-a-key-that-had-expired-is-refused", test_signed_too_late);
  ADD ("is-made-for-stock-gpg-too", test_made);
  ADD ("is-not-made-without-a-good-key", test_not_made);
#undef ADD

  result = g_test_run ();
  g_clear_object (&home);
  g_clear_pointer (&text, g_bytes_unref);
  g_clear_pointer (&signer, g_free);
  g_clear_pointer (&stranger, g_free);
  g_clear_pointer (&outdated, g_free);
  g_clear_pointer (&files, spare_test_home_free);
  return result;
}
