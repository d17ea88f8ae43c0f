/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The engine guard under GPGME, with the real gpg and with fakes: what GPGME and gpg alone get
 * wrong comes out right, and all that is needed of them still works. */

#include "config.h"

#include "gpgme-engine.h"
#include "gpgme-loop.h"
#include "spare-test-gpg.h"

#include <glib.h>
#include <gpgme.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static GBytes *
load_vector (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("VECTORS"), folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *octets = NULL;
  gsize length = 0;

  g_file_get_contents (path, &octets, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (octets, length);
}

/* F1: gpg says DECRYPTION_OKAY and GOODMDC for them, and exits 2. */
static void
test_damaged_ocb_is_an_error (void)
{
  static const char *const damaged[] = { "final-tag.gpg",
                                         "last-chunk-tag.gpg",
                                         "middle.gpg",
                                         "cut-16.gpg",
                                         "cut-half.gpg",
                                         "without-final-tag.gpg",
                                         "without-last-chunks.gpg" };
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (GBytes) key = load_vector ("ocb", "secret-key.asc");

  spare_test_import (home, key);
  for (gsize i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autoptr (Engine) engine = engine_new_real (home);
      g_autoptr (GBytes) message = load_vector ("ocb", damaged[i]);
      g_autoptr (GBytes) plain = NULL;

      g_test_message ("%s", damaged[i]);
      g_assert_cmpint (gpgme_err_code (engine_decrypt (engine, message, &plain)), !=,
                       GPG_ERR_NO_ERROR);
      g_assert_cmpstr (engine_get_last_status (engine), ==, "X_SPAREKEY_EXIT 2 exit");
    }
}

static void
test_intact_ocb_is_decrypted (void)
{
  static const char *const intact[] = { "intact.gpg", "reframed.gpg" };
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (GBytes) key = load_vector ("ocb", "secret-key.asc");
  g_autoptr (GBytes) expected = load_vector ("ocb", "plain.txt");

  spare_test_import (home, key);
  for (gsize i = 0; i < G_N_ELEMENTS (intact); i++)
    {
      g_autoptr (Engine) engine = engine_new_real (home);
      g_autoptr (GBytes) message = load_vector ("ocb", intact[i]);
      g_autoptr (GBytes) plain = NULL;

      g_assert_cmpint (engine_decrypt (engine, message, &plain), ==, 0);
      g_assert_true (g_bytes_equal (plain, expected));
      g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);
    }
}

/* Data without end, for which something happens to gpg after 4 MiB. */
typedef struct
{
  gsize given;
  gsize total;
  const char *home; /* of the gpg to kill; NULL: none */
} Feed;

static pid_t
find_gpg (const char *home)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (proc)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "cmdline", NULL);
      g_autofree char *line = NULL;
      g_autofree char *program = NULL;
      gsize length = 0;

      if (g_ascii_isdigit (*name) && g_file_get_contents (path, &line, &length, NULL)
          && g_strcmp0 (program = g_path_get_basename (line), "gpg") == 0
          && memmem (line, length, home, strlen (home)) != NULL
          && memmem (line, length, "--encrypt", sizeof "--encrypt") != NULL)
        return atoi (name);
    }
  return 0;
}

static ssize_t
feed_read (void *user_data, void *buffer, size_t size)
{
  Feed *feed = user_data;

  if (feed->home != NULL && feed->given >= 4 * 1024 * 1024)
    {
      pid_t gpg = find_gpg (feed->home);

      g_assert_cmpint (gpg, >, 0);
      kill (gpg, SIGKILL);
      feed->home = NULL;
    }
  size = MIN (size, feed->total - feed->given);
  memset (buffer, 'x', size);
  feed->given += size;
  return (ssize_t) size;
}

static ssize_t
sink_write (void *user_data, const void *buffer, size_t size)
{
  return (ssize_t) size;
}

static struct gpgme_data_cbs feed_callbacks = { .read = feed_read };
static struct gpgme_data_cbs sink_callbacks = { .write = sink_write };

static gpgme_error_t
encrypt_feed (Engine *engine, const char *fingerprint, Feed *feed)
{
  gpgme_data_t in = NULL;
  gpgme_data_t out = NULL;
  gpgme_error_t error;

  g_assert_cmpint (gpgme_data_new_from_cbs (&in, &feed_callbacks, feed), ==, 0);
  g_assert_cmpint (gpgme_data_new_from_cbs (&out, &sink_callbacks, NULL), ==, 0);
  /* A spinning GPGME never comes back: the alarm ends the test. */
  alarm (60);
  error = engine_encrypt (engine, fingerprint, in, out);
  alarm (0);
  gpgme_data_release (in);
  gpgme_data_release (out);
  return error;
}

/* F2, and F3 for the feeder: with GPGME's own loop, the one that spins. */
static void
test_killed_encryption_is_an_error (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                        "A <a@example.org>", NULL);

  for (int i = 0; i < 10; i++)
    {
      g_autoptr (Engine) engine = engine_new_real (home);
      Feed feed = { .total = 24 * 1024 * 1024, .home = home->path };

      g_assert_cmpint (gpgme_err_code (encrypt_feed (engine, fingerprint, &feed)), ==,
                       GPG_ERR_INTERNAL);
      g_assert_null (feed.home);
      g_assert_cmpstr (engine_get_last_status (engine), ==, "X_SPAREKEY_EXIT 137 signal");
    }
}

static void
test_killed_encryption_is_an_error_in_an_own_loop (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                        "A <a@example.org>", NULL);

  for (int i = 0; i < 10; i++)
    {
      g_autoptr (Engine) engine = engine_new_real (home);
      g_autoptr (GpgmeLoop) loop = gpgme_loop_new (engine->ctx);
      Feed feed = { .total = 24 * 1024 * 1024, .home = home->path };
      gpgme_key_t keys[2] = { NULL, NULL };
      gpgme_data_t in = NULL;
      gpgme_data_t out = NULL;

      keys[0] = engine_get_key (engine, fingerprint, 0);
      gpgme_loop_attach (loop);
      gpgme_data_new_from_cbs (&in, &feed_callbacks, &feed);
      gpgme_data_new_from_cbs (&out, &sink_callbacks, NULL);
      g_assert_cmpint (gpgme_op_encrypt_start (engine->ctx, keys,
                                               GPGME_ENCRYPT_ALWAYS_TRUST
                                                   | GPGME_ENCRYPT_NO_COMPRESS,
                                               in, out),
                       ==, 0);
      gpgme_loop_run (loop);
      g_assert_cmpint (gpgme_err_code (gpgme_loop_get_error (loop)), ==, GPG_ERR_INTERNAL);
      g_assert_cmpstr (engine_get_last_status (engine), ==, "X_SPAREKEY_EXIT 137 signal");

      gpgme_data_release (in);
      gpgme_data_release (out);
      gpgme_key_unref (keys[0]);
    }
}

/* F3: gpg ends, with its input pipe full. */
static void
test_engine_that_quits_early_is_an_error_at_once (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_SIGN_ONLY,
                                                        "A <a@example.org>", NULL);
  struct rusage before, after;

  getrusage (RUSAGE_SELF, &before);
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (Engine) engine = engine_new_real (home);
      Feed feed = { .total = G_MAXSIZE };

      g_assert_cmpint (gpgme_err_code (encrypt_feed (engine, fingerprint, &feed)), ==,
                       GPG_ERR_UNUSABLE_PUBKEY);
      g_assert_cmpstr (engine_get_last_status (engine), ==, "X_SPAREKEY_EXIT 2 exit");
    }
  getrusage (RUSAGE_SELF, &after);
  g_assert_cmpint (after.ru_utime.tv_sec - before.ru_utime.tv_sec, <, 4);
}

/* F1 and F2 in one: all that gpg says is fine, but it dies or exits 2. */
static void
test_lying_engine_is_an_error (void)
{
  static const char *const kinds[] = { "lies", "dies-late", "half-line", "exits-1", "missing" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (Engine) engine = engine_new_fake (kinds[i]);
      g_autoptr (GBytes) message = g_bytes_new_static ("message", 7);
      g_autoptr (GBytes) plain = NULL;

      g_test_message ("%s", kinds[i]);
      g_assert_cmpint (engine_decrypt (engine, message, &plain), !=, 0);
      g_assert_true (g_str_has_prefix (engine_get_last_status (engine), "X_SPAREKEY_EXIT "));
      g_assert_cmpstr (engine_get_last_status (engine), !=, LAST_LINE_OK);
    }
}

/* F6 */
static void
test_options_file_changes_nothing (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                        "A <a@example.org>", NULL);
  g_autofree char *other = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                  "M <m@example.org>", NULL);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (home, fingerprint);
  g_autofree char *path = spare_test_home_build (home, "gpg.conf");
  const char *hostile[] = {
    "dry-run",        "rfc2440",          "throw-keyids",       "armor",
    "encrypt-to M",   "group %s=%s",      "textmode",           "no-literal",
    "no-such-option", "cipher-algo IDEA", "hidden-encrypt-to M"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      g_autofree char *conf = g_strdup_printf (hostile[i], fingerprint, other);
      g_autoptr (Engine) engine = engine_new_real (home);
      g_autoptr (GBytes) plain = g_bytes_new_static ("one\ntwo\n", 8);
      g_autoptr (GBytes) message = NULL;
      g_autoptr (GString) keyid = g_string_new (NULL);
      gpgme_data_t in = data_new (plain);
      gpgme_data_t out = data_new (NULL);
      const guint8 *octets;
      gsize length;

      g_test_message ("%s", conf);
      g_assert_true (g_file_set_contents (path, conf, -1, NULL));
      g_assert_cmpint (engine_encrypt (engine, fingerprint, in, out), ==, 0);
      g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);
      gpgme_data_release (in);
      message = data_take (out);

      /* PKESK: old format 0x84, length, version 3, key id; then SEIPD: 0xd2 */
      octets = g_bytes_get_data (message, &length);
      g_assert_cmpuint (length, >, 100);
      g_assert_cmpuint (octets[0], ==, 0x84);
      g_assert_cmpuint (octets[2], ==, 3);
      for (int k = 0; k < 8; k++)
        g_string_append_printf (keyid, "%02X", octets[3 + k]);
      g_assert_cmpstr (keyid->str, ==, fingerprints[1] + 24);
      g_assert_cmpuint (octets[2 + octets[1]], ==, 0xd2);
    }
}

/* F8 */
static gpgme_error_t
count_keys (Engine *engine, const char *pattern, int secret, int *n)
{
  gpgme_error_t error = gpgme_op_keylist_start (engine->ctx, pattern, secret);
  gpgme_key_t key = NULL;

  *n = 0;
  while (error == 0 && (error = gpgme_op_keylist_next (engine->ctx, &key)) == 0)
    {
      gpgme_key_unref (key);
      (*n)++;
    }
  gpgme_op_keylist_end (engine->ctx);
  return gpgme_err_code (error);
}

static void
test_broken_engine_is_no_empty_keyring (void)
{
  static const char *const kinds[] = { "missing", "crashes", "exits-1", "garbage",
                                       "half-listing" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (int secret = 0; secret < 2; secret++)
      {
        g_autoptr (Engine) engine = engine_new_fake (kinds[i]);
        int n = 0;

        g_test_message ("%s", kinds[i]);
        g_assert_cmpint (count_keys (engine, NULL, secret, &n), !=, GPG_ERR_EOF);
        g_assert_cmpstr (engine_get_last_status (engine), !=, LAST_LINE_OK);
      }
}

static void
test_missing_engine_has_version_one (void)
{
  g_autoptr (Engine) engine = engine_new_fake ("missing");
  g_autoptr (Engine) working = engine_new (g_getenv ("GUARD"), "/nonexistent");

  g_assert_cmpstr (gpgme_ctx_get_engine_info (engine->ctx)->version, ==, "1.0.0");
  g_assert_true (g_str_has_prefix (gpgme_ctx_get_engine_info (working->ctx)->version, "2."));
}

static void
test_keys_that_are_not_there_are_no_failure (void)
{
  static const char absent[] = "0123456789012345678901234567890123456789";
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *fingerprint = NULL;
  int n = -1;

  for (int round = 0; round < 2; round++)
    {
      for (int secret = 0; secret < 2; secret++)
        {
          g_autoptr (Engine) engine = engine_new_real (home);

          g_assert_cmpint (count_keys (engine, absent, secret, &n), ==, GPG_ERR_EOF);
          g_assert_cmpint (n, ==, 0);
          g_assert_cmpint (count_keys (engine, NULL, secret, &n), ==, GPG_ERR_EOF);
          g_assert_cmpint (n, ==, round);
          g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);
        }
      if (fingerprint == NULL)
        fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT, "A <a@example.org>",
                                             NULL);
    }
}

static void
test_damaged_keyring_is_no_empty_one (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *path = spare_test_home_build (home, "pubring.kbx");
  g_autoptr (GString) garbage = g_string_new (NULL);

  for (int i = 0; i < 3000; i++)
    g_string_append_c (garbage, (char) (i * 7919 >> 3));
  g_assert_true (g_file_set_contents (path, garbage->str, (gssize) garbage->len, NULL));

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (Engine) engine = engine_new_real (home);
      int n = -1;

      g_assert_cmpint (count_keys (engine, i == 0 ? NULL : "a@example.org", 0, &n), !=,
                       GPG_ERR_EOF);
    }
}

static void
test_unknown_signer_is_told_from_damage (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (SpareTestHome) sender = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                        "A <a@example.org>", NULL);
  g_autofree char *signer = spare_test_create_key (sender, SPARE_TEST_KEY_DEFAULT,
                                                   "S <s@example.org>", NULL);
  g_autoptr (GBytes) certificate = spare_test_export (home, fingerprint);
  g_autoptr (GBytes) text = g_bytes_new_static ("signed", 6);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (Engine) engine = engine_new_real (home);
  g_autoptr (Engine) noverify = engine_new (g_getenv ("GUARD_NOVERIFY"), home->path);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GBytes) plain2 = NULL;

  spare_test_import (sender, certificate);
  message = spare_test_gpg_filter (sender, text, "--trust-model", "always", "--sign", "-u",
                                   signer, "--encrypt", "-r", fingerprint, NULL);

  g_assert_cmpint (gpgme_err_code (engine_decrypt (engine, message, &plain)), ==,
                   GPG_ERR_GENERAL);
  g_assert_cmpstr (engine_get_last_status (engine), ==, "X_SPAREKEY_EXIT 2 exit");

  g_assert_cmpint (engine_decrypt (noverify, message, &plain2), ==, 0);
  g_assert_cmpstr (engine_get_last_status (noverify), ==, LAST_LINE_OK);
  g_assert_true (g_bytes_equal (plain2, text));
}

static gpgme_error_t
passphrase_cb (void *user_data, const char *hint, const char *info, int was_bad, int fd)
{
  Engine *self = user_data;

  gpgme_io_writen (fd, self->passphrase, strlen (self->passphrase));
  gpgme_io_writen (fd, "\n", 1);
  return 0;
}

/* All that Spare Key does with keys, none of which may autostart an agent. */
static void
test_keys_are_made_changed_and_moved (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autoptr (Engine) engine = engine_new_real (home);
  g_autoptr (Engine) second = engine_new_real (other);
  g_autofree char *fingerprint = NULL;
  gpgme_data_t secret = data_new (NULL);
  gpgme_data_t text = NULL, signature = data_new (NULL);
  gpgme_key_t key;

  for (int i = 0; i < 2; i++)
    {
      const char *argv[] = { GPGCONF_PATH, "--homedir", i == 0 ? home->path : other->path,
                             "--launch",   "gpg-agent", NULL };

      g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                                   NULL, NULL, NULL, NULL));
    }
  engine->passphrase = second->passphrase = "correct horse";
  gpgme_set_passphrase_cb (engine->ctx, passphrase_cb, engine);
  gpgme_set_passphrase_cb (second->ctx, passphrase_cb, second);

  g_assert_cmpint (gpgme_op_createkey (engine->ctx, "A <a@example.org>", "ed25519", 0, 0, NULL,
                                       GPGME_CREATE_CERT | GPGME_CREATE_SIGN),
                   ==, 0);
  g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);
  fingerprint = g_strdup (gpgme_op_genkey_result (engine->ctx)->fpr);
  key = engine_get_key (engine, fingerprint, 1);
  g_assert_cmpint (gpgme_op_createsubkey (engine->ctx, key, "cv25519", 0, 0, GPGME_CREATE_ENCR),
                   ==, 0);
  g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);
  g_assert_cmpint (gpgme_op_setexpire (engine->ctx, key, 86400 * 30, "*", 0), ==, 0);
  g_assert_cmpint (gpgme_op_setexpire (engine->ctx, key, 86400 * 30, NULL, 0), ==, 0);
  g_assert_cmpint (gpgme_op_adduid (engine->ctx, key, "B <b@example.org>", 0), ==, 0);
  g_assert_cmpint (gpgme_op_export (engine->ctx, fingerprint, GPGME_EXPORT_MODE_SECRET, secret),
                   ==, 0);
  g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);

  gpgme_data_seek (secret, 0, SEEK_SET);
  g_assert_cmpint (gpgme_op_import (second->ctx, secret), ==, 0);
  g_assert_cmpint (gpgme_op_import_result (second->ctx)->secret_imported, ==, 1);
  g_assert_cmpstr (engine_get_last_status (second), ==, LAST_LINE_OK);

  gpgme_data_new_from_mem (&text, "text", 4, 1);
  g_assert_cmpint (gpgme_op_sign (second->ctx, text, signature, GPGME_SIG_MODE_DETACH), ==, 0);
  gpgme_data_seek (text, 0, SEEK_SET);
  gpgme_data_seek (signature, 0, SEEK_SET);
  g_assert_cmpint (gpgme_op_verify (engine->ctx, signature, text, NULL), ==, 0);
  g_assert_cmpint (gpgme_op_verify_result (engine->ctx)->signatures->status, ==, 0);
  g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);

  g_assert_cmpint (gpgme_op_delete_ext (engine->ctx, key,
                                        GPGME_DELETE_ALLOW_SECRET | GPGME_DELETE_FORCE),
                   ==, 0);
  g_assert_cmpstr (engine_get_last_status (engine), ==, LAST_LINE_OK);

  gpgme_key_unref (key);
  gpgme_data_release (secret);
  gpgme_data_release (text);
  gpgme_data_release (signature);
}

static void
test_cancelled_engine_ends (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                        "A <a@example.org>", NULL);
  g_autoptr (Engine) engine = engine_new_real (home);
  g_autoptr (GpgmeLoop) loop = gpgme_loop_new (engine->ctx);
  Feed feed = { .total = G_MAXSIZE };
  gpgme_key_t keys[2] = { engine_get_key (engine, fingerprint, 0), NULL };
  gint64 deadline;
  gpgme_data_t in = NULL, out = NULL;

  gpgme_loop_attach (loop);
  gpgme_data_new_from_cbs (&in, &feed_callbacks, &feed);
  gpgme_data_new_from_cbs (&out, &sink_callbacks, NULL);
  g_assert_cmpint (gpgme_op_encrypt_start (engine->ctx, keys,
                                           GPGME_ENCRYPT_ALWAYS_TRUST
                                               | GPGME_ENCRYPT_NO_COMPRESS,
                                           in, out),
                   ==, 0);
  while (feed.given < 4 * 1024 * 1024)
    gpgme_loop_iterate (loop);
  g_assert_cmpint (find_gpg (home->path), >, 0);
  g_assert_cmpint (gpgme_cancel (engine->ctx), ==, 0);
  g_assert_cmpint (gpgme_err_code (gpgme_loop_get_error (loop)), ==, GPG_ERR_CANCELED);

  deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  while (find_gpg (home->path) > 0)
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);

  gpgme_data_release (in);
  gpgme_data_release (out);
  gpgme_key_unref (keys[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  signal (SIGPIPE, SIG_IGN);
  gpgme_check_version (NULL);

  g_test_add_func ("/guard/gpgme/damaged-ocb-is-an-error", test_damaged_ocb_is_an_error);
  g_test_add_func ("/guard/gpgme/intact-ocb-is-decrypted", test_intact_ocb_is_decrypted);
  g_test_add_func ("/guard/gpgme/killed-encryption-is-an-error",
                   test_killed_encryption_is_an_error);
  g_test_add_func ("/guard/gpgme/killed-encryption-is-an-error-in-an-own-loop",
                   test_killed_encryption_is_an_error_in_an_own_loop);
  g_test_add_func ("/guard/gpgme/engine-that-quits-early-is-an-error-at-once",
                   test_engine_that_quits_early_is_an_error_at_once);
  g_test_add_func ("/guard/gpgme/lying-engine-is-an-error", test_lying_engine_is_an_error);
  g_test_add_func ("/guard/gpgme/options-file-changes-nothing",
                   test_options_file_changes_nothing);
  g_test_add_func ("/guard/gpgme/broken-engine-is-no-empty-keyring",
                   test_broken_engine_is_no_empty_keyring);
  g_test_add_func ("/guard/gpgme/missing-engine-has-version-one",
                   test_missing_engine_has_version_one);
  g_test_add_func ("/guard/gpgme/keys-that-are-not-there-are-no-failure",
                   test_keys_that_are_not_there_are_no_failure);
  g_test_add_func ("/guard/gpgme/damaged-keyring-is-no-empty-one",
                   test_damaged_keyring_is_no_empty_one);
  g_test_add_func ("/guard/gpgme/unknown-signer-is-told-from-damage",
                   test_unknown_signer_is_told_from_damage);
  g_test_add_func ("/guard/gpgme/keys-are-made-changed-and-moved",
                   test_keys_are_made_changed_and_moved);
  g_test_add_func ("/guard/gpgme/cancelled-engine-ends", test_cancelled_engine_ends);

  return g_test_run ();
}
