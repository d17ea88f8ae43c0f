/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decryption gives all of an intact message or nothing at all, whatever gpg claims; and says who signed. Messages
 * are made by stock gpg, and damaged here. */
#include "config.h"

#include "engine-child.h"
#include "memory-stream.h"
#include "spare-decryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-test-gpg.h"

#include <string.h>

static SpareTestHome *reader_home, *sender_home;
static char *reader_key, *sender_key;

typedef struct
{
  SpareHome *home;
  guint64 cap;
  guint patience;
  GCancellable *cancellable;
} Fixture;

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  self->home = spare_home_new_with_engine (SPARE_HOME_OWN, reader_home->path, TEST_GUARD);
  self->cap = G_MAXUINT64;
  self->patience = 10;
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->home);
}

static GBytes *
make_text (gsize size)
{
  guint8 *octets = g_malloc (size + 1);
  guint32 state = 2463534242u;

  for (gsize i = 0; i < size; i++)
    {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      octets[i] = (guint8) state;
    }
  return g_bytes_new_take (octets, size);
}

static GBytes *
encrypt_to (const char *recipient, GBytes *plain)
{
  return spare_test_gpg_filter (sender_home, plain, "--trust-model", "always", "-z", "0",
                                "--encrypt", "--recipient", recipient, NULL);
}

static SpareDecryption *
decrypt_memory (Fixture *self, MemoryStream *memory, GError **error)
{
  SpareStream stream = memory_stream_get (memory);

  stream.patience = self->patience;
  return spare_decrypt_sync (self->home, &stream, self->cap, self->cancellable, error);
}

static SpareDecryption *
decrypt (Fixture *self, GBytes *message, GBytes **plain)
{
  g_autoptr (GError) error = NULL;
  g_auto (MemoryStream) memory;
  SpareDecryption *decryption;

  memory_stream_init (&memory, message);
  decryption = decrypt_memory (self, &memory, &error);
  g_assert_no_error (error);
  g_assert_nonnull (decryption);
  *plain = memory_stream_dup_output (&memory);
  return decryption;
}

static GError *
fail_to_decrypt (Fixture *self, GBytes *message)
{
  GError *error = NULL;
  g_auto (MemoryStream) memory;
  SpareDecryption *decryption;

  memory_stream_init (&memory, message);
  decryption = decrypt_memory (self, &memory, &error);
  g_assert_null (decryption);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

static void
assert_fails (Fixture *self, GBytes *message, SpareErrorCode code)
{
  g_autoptr (GError) error = fail_to_decrypt (self, message);

  g_assert_error (error, SPARE_ERROR, (int) code);
}

static void
assert_opens (Fixture *self, GBytes *message, GBytes *expected)
{
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (SpareDecryption) decryption = decrypt (self, message, &plain);

  g_assert_cmpuint (g_bytes_get_size (plain), ==, g_bytes_get_size (expected));
  g_assert_true (g_bytes_equal (plain, expected));
  g_assert_nonnull (decryption->head);
}

static GBytes *
flip (GBytes *message, gsize position)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (message, &size);
  guint8 *copy = g_memdup2 (octets, size);

  g_assert_cmpuint (position, <, size);
  copy[position] ^= 1;
  return g_bytes_new_take (copy, size);
}

static GBytes *
join (GBytes *a, GBytes *b)
{
  GByteArray *both = g_byte_array_new ();

  g_byte_array_append (both, g_bytes_get_data (a, NULL), (guint) g_bytes_get_size (a));
  g_byte_array_append (both, g_bytes_get_data (b, NULL), (guint) g_bytes_get_size (b));
  return g_byte_array_free_to_bytes (both);
}

/* --- Intact --- */

static void
test_sizes (Fixture *self, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 8191, 65536, 5 * 1024 * 1024 + 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) plain = make_text (sizes[i]);
      g_autoptr (GBytes) message = encrypt_to (reader_key, plain);

      assert_opens (self, message, plain);
    }
}

static void
test_short_reads (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (20000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);
  g_autoptr (SpareDecryption) decryption = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (MemoryStream) memory;

  memory_stream_init (&memory, message);
  memory.read_max = 3;
  decryption = decrypt_memory (self, &memory, &error);
  g_assert_no_error (error);
  opened = memory_stream_dup_output (&memory);
  g_assert_true (g_bytes_equal (opened, plain));
  g_assert_false (decryption->two_passes);
  g_assert_cmpuint (decryption->signatures->len, ==, 0);
}

static void
test_armor (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (100000);
  g_autoptr (GBytes)
      message = spare_test_gpg_filter (sender_home, plain, "--trust-model", "always", "--armor",
                                       "--encrypt", "--recipient", reader_key, NULL);

  assert_opens (self, message, plain);
}

static void
test_hidden_recipient (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (1000);
  g_autoptr (GBytes)
      message = spare_test_gpg_filter (sender_home, plain, "--trust-model", "always",
                                       "--encrypt", "--hidden-recipient", reader_key, NULL);
  g_autoptr (GBytes)
      foreign = spare_test_gpg_filter (sender_home, plain, "--trust-model", "always",
                                       "--encrypt", "--hidden-recipient", sender_key, NULL);

  assert_opens (self, message, plain);
  assert_fails (self, foreign, SPARE_ERROR_NO_KEY);
}

/* Every file with a backup authority has a recipient whose secret key is not here: that is not why it fails. */
static void
test_damage_among_recipients (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (100000);
  g_autoptr (GBytes)
      message = spare_test_gpg_filter (sender_home, plain, "--trust-model", "always", "-z", "0",
                                       "--encrypt", "--recipient", sender_key, "--recipient",
                                       reader_key, NULL);
  const gsize size = g_bytes_get_size (message);
  const gsize positions[] = { size / 2, size - 100, size - 5 };

  assert_opens (self, message, plain);
  for (gsize i = 0; i < G_N_ELEMENTS (positions); i++)
    {
      g_autoptr (GBytes) bad = flip (message, positions[i]);

      assert_fails (self, bad, SPARE_ERROR_DAMAGED);
    }
}

/* gpg tries the newest subkey first, fails, goes on, succeeds, and exits with 2 as for a damaged OCB message. */
static void
test_hidden_among_subkeys (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *key = spare_test_create_key (home, SPARE_TEST_KEY_TWO_SUBKEYS,
                                                "two <two@example.org>", NULL);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (home, key);
  g_autoptr (SpareHome)
      opened = spare_home_new_with_engine (SPARE_HOME_OWN, home->path, TEST_GUARD);
  g_autoptr (GBytes) plain = make_text (100000);

  g_set_object (&self->home, opened);
  for (guint i = 1; i <= 2; i++)
    {
      g_autofree char *recipient = g_strconcat (fingerprints[i], "!", NULL);
      g_autoptr (GBytes)
          message = spare_test_gpg_filter (home, plain, "--trust-model", "always", "-z", "0",
                                           "--encrypt", "--hidden-recipient", recipient, NULL);
      g_autoptr (GBytes)
          signed_message = spare_test_gpg_filter (home, plain, "--trust-model", "always",
                                                  "--sign", "--encrypt", "--hidden-recipient",
                                                  recipient, NULL);
      g_autoptr (GBytes) bad = flip (message, g_bytes_get_size (message) - 1);

      assert_opens (self, message, plain);
      assert_opens (self, signed_message, plain);
      assert_fails (self, bad, SPARE_ERROR_DAMAGED);
    }
}

/* F1: on gpg 2.2.40 all of these are DECRYPTION_OKAY and GOODMDC. */
static void
test_ocb (Fixture *self, gconstpointer data)
{
  static const char *const damaged[] = {
    "cut-16", "cut-half",          "final-tag",          "last-chunk-tag",
    "middle", "without-final-tag", "without-last-chunks"
  };
  static const char *const intact[] = { "intact", "reframed" };
  g_autofree char *secret = g_build_filename (TEST_VECTORS, "ocb", "secret-key.asc", NULL);
  g_autofree char *text = g_build_filename (TEST_VECTORS, "ocb", "plain.txt", NULL);
  g_autoptr (GBytes) plain = NULL;
  char *octets;
  gsize size;

  g_free (spare_test_gpg (reader_home, "--import", secret, NULL));
  g_assert_true (g_file_get_contents (text, &octets, &size, NULL));
  plain = g_bytes_new_take (octets, size);

  for (gsize i = 0; i < G_N_ELEMENTS (intact) + G_N_ELEMENTS (damaged); i++)
    {
      gboolean good = i < G_N_ELEMENTS (intact);
      const char *name = good ? intact[i] : damaged[i - G_N_ELEMENTS (intact)];
      g_autofree char *file = g_strconcat (name, ".gpg", NULL);
      g_autofree char *path = g_build_filename (TEST_VECTORS, "ocb", file, NULL);
      g_autoptr (GBytes) message = NULL;

      g_test_message ("%s", name);
      g_assert_true (g_file_get_contents (path, &octets, &size, NULL));
      message = g_bytes_new_take (octets, size);
      if (good)
        assert_opens (self, message, plain);
      else
        assert_fails (self, message, SPARE_ERROR_DAMAGED);
    }
}

/* --- Damaged --- */

static void
test_flips (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (3000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (message, NULL);
  gsize size = g_bytes_get_size (message);
  gsize offset = spare_head_get_data_offset (head);

  /* From the container's version octet on. What is before names the key, and is another error. */
  for (gsize position = offset + 3; position<size; position += position> size - 44 ? 3 : 331)
    {
      g_autoptr (GBytes) bad = flip (message, position);
      g_autoptr (GError) error = fail_to_decrypt (self, bad);

      g_assert_true (error->domain == SPARE_ERROR);
      if (position > offset + 3)
        g_assert_cmpint (error->code, ==, SPARE_ERROR_DAMAGED);
    }
}

static void
test_flips_in_the_head (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (300);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (message, NULL);
  gsize offset = spare_head_get_data_offset (head);

  for (gsize position = 0; position < offset + 4; position += 5)
    {
      g_autoptr (GBytes) bad = flip (message, position);
      g_autoptr (GError) error = fail_to_decrypt (self, bad);

      g_assert_true (error->domain == SPARE_ERROR);
    }
}

static void
test_truncations (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (30000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);
  gsize size = g_bytes_get_size (message);

  for (gsize missing = 1; missing < size; missing += missing < 30 ? 3 : 2713)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (message, 0, size - missing);
      g_autoptr (GError) error = fail_to_decrypt (self, cut);

      g_assert_true (error->domain == SPARE_ERROR);
      if (size - missing > 500)
        g_assert_cmpint (error->code, ==, SPARE_ERROR_DAMAGED);
    }
}

static void
test_more_behind (Fixture *self, gconstpointer data)
{
  static const gsize lengths[] = { 1, 5, 512, 100000 };
  g_autoptr (GBytes) plain = make_text (2000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);
  g_autoptr (GBytes) twice = join (message, message);

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GBytes) garbage = make_text (lengths[i]);
      g_autoptr (GBytes) longer = join (message, garbage);

      assert_fails (self, longer, SPARE_ERROR_DAMAGED);
    }
  assert_fails (self, twice, SPARE_ERROR_DAMAGED);
}

static void
test_foreign_session_key (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (2000);
  g_autoptr (GBytes) a = encrypt_to (reader_key, plain);
  g_autoptr (GBytes) b = encrypt_to (reader_key, plain);
  g_autoptr (SpareHead) head_a = spare_head_new_from_bytes (a, NULL);
  g_autoptr (SpareHead) head_b = spare_head_new_from_bytes (b, NULL);
  gsize offset_a = spare_head_get_data_offset (head_a);
  gsize offset_b = spare_head_get_data_offset (head_b);
  g_autoptr (GBytes) front = g_bytes_new_from_bytes (a, 0, offset_a);
  g_autoptr (GBytes)
      back = g_bytes_new_from_bytes (b, offset_b, g_bytes_get_size (b) - offset_b);
  g_autoptr (GBytes) mixed = join (front, back);

  assert_fails (self, mixed, SPARE_ERROR_DAMAGED);
}

static void
test_not_for_us (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (2000);
  g_autoptr (GBytes) message = encrypt_to (sender_key, plain);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (sender_home, sender_key);
  g_autoptr (GError) error = fail_to_decrypt (self, message);

  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_nonnull (strstr (error->message, fingerprints[1] + 24));
}

static void
test_other_kinds (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("plain text, not a message\n", 26);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) password = spare_test_gpg_filter (sender_home, plain, "--passphrase", "x",
                                                       "--symmetric", NULL);
  g_autoptr (GBytes)
      both = spare_test_gpg_filter (sender_home, plain, "--trust-model", "always",
                                    "--passphrase", "x", "--symmetric", "--encrypt",
                                    "--recipient", sender_key, NULL);
  g_autoptr (GBytes) unprotected = spare_test_gpg_filter (sender_home, plain, "--trust-model",
                                                          "always", "--rfc2440", "--encrypt",
                                                          "--recipient", reader_key, NULL);
  g_autoptr (GBytes) literal = spare_test_gpg_filter (sender_home, plain, "--store", NULL);
  g_autoptr (GBytes) certificate = spare_test_export (sender_home, sender_key);

  assert_fails (self, plain, SPARE_ERROR_NOT_ENCRYPTED);
  assert_fails (self, nothing, SPARE_ERROR_NOT_ENCRYPTED);
  assert_fails (self, literal, SPARE_ERROR_NOT_ENCRYPTED);
  assert_fails (self, certificate, SPARE_ERROR_NOT_ENCRYPTED);
  assert_fails (self, password, SPARE_ERROR_UNSUPPORTED);
  assert_fails (self, unprotected, SPARE_ERROR_UNSUPPORTED);
  assert_fails (self, both, SPARE_ERROR_NO_KEY);
}

static void
test_bomb (Fixture *self, gconstpointer data)
{
  gsize size = 64 * 1024 * 1024;
  g_autofree guint8 *zeros = g_malloc0 (size);
  g_autoptr (GBytes) plain = g_bytes_new (zeros, size);
  g_autoptr (GBytes)
      bomb = spare_test_gpg_filter (sender_home, plain, "--trust-model", "always", "-z", "9",
                                    "--encrypt", "--recipient", reader_key, NULL);
  g_auto (MemoryStream) memory;
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  memory_stream_init (&memory, bomb);
  self->cap = 1024 * 1024;
  g_assert_null (decrypt_memory (self, &memory, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE);
  g_assert_cmpuint (memory.output->len, <=, self->cap);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);

  self->cap = size;
  assert_opens (self, bomb, plain);
  self->cap = size - 1;
  assert_fails (self, bomb, SPARE_ERROR_TOO_LARGE);
}

/* --- Signatures --- */

static SpareSignature *
decrypt_signed (Fixture *self, GBytes *message, GBytes *plain, gboolean two_passes)
{
  g_autoptr (GBytes) opened = NULL;
  g_autoptr (SpareDecryption) decryption = decrypt (self, message, &opened);

  g_assert_true (g_bytes_equal (opened, plain));
  g_assert_cmpint (decryption->two_passes, ==, two_passes);
  g_assert_cmpuint (decryption->signatures->len, ==, 1);
  return g_ptr_array_steal_index (decryption->signatures, 0);
}

static GBytes *
sign_and_encrypt (SpareTestHome *home, const char *signer, GBytes *plain)
{
  return spare_test_gpg_filter (home, plain, "--trust-model", "always", "--local-user", signer,
                                "--sign", "--encrypt", "--recipient", reader_key, NULL);
}

static void
test_signatures (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) signers = spare_test_home_new ();
  g_autofree char *signer = spare_test_create_key (signers, SPARE_TEST_KEY_DEFAULT,
                                                   "Sïgner <signer@example.org>", NULL);
  g_autoptr (GBytes) reader_certificate = spare_test_export (reader_home, reader_key);
  g_autoptr (GBytes) certificate = spare_test_export (signers, signer);
  g_autoptr (GBytes) plain = make_text (200000);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (SpareSignature) unknown = NULL;
  g_autoptr (SpareSignature) good = NULL;
  g_autoptr (SpareSignature) revoked = NULL;
  g_autofree char *revocation = NULL;
  g_autofree char *command = NULL;
  g_autofree char *file = g_strconcat (signer, ".rev", NULL);
  g_autofree char *path = g_build_filename (signers->path, "openpgp-revocs.d", file, NULL);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  spare_test_import (signers, reader_certificate);
  message = sign_and_encrypt (signers, signer, plain);

  unknown = decrypt_signed (self, message, plain, TRUE);
  g_assert_cmpint (unknown->status, ==, SPARE_SIGNATURE_UNKNOWN_KEY);
  g_assert_null (unknown->user_id);
  g_assert_true (g_str_has_suffix (signer, unknown->fingerprint)
                 || g_str_equal (signer, unknown->fingerprint));

  spare_test_import (reader_home, certificate);
  good = decrypt_signed (self, message, plain, FALSE);
  g_assert_cmpint (good->status, ==, SPARE_SIGNATURE_GOOD);
  g_assert_cmpstr (good->fingerprint, ==, signer);
  g_assert_cmpstr (good->user_id, ==, "Sïgner <signer@example.org>");
  g_assert_cmpint (ABS (good->created - now), <, 120);

  /* The revocation that gpg keeps ready, made valid by taking the colon out. */
  g_assert_true (g_file_get_contents (path, &revocation, NULL, NULL));
  command = g_strdup (strstr (revocation, ":-----BEGIN") + 1);
  {
    g_autoptr (GBytes) octets = g_bytes_new (command, strlen (command));

    spare_test_import (reader_home, octets);
  }
  revoked = decrypt_signed (self, message, plain, FALSE);
  g_assert_cmpint (revoked->status, ==, SPARE_SIGNATURE_REVOKED_KEY);
  g_assert_cmpstr (revoked->fingerprint, ==, signer);
}

static void
test_expired_signer (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) signers = spare_test_home_new ();
  g_autofree char *signer = spare_test_create_key (signers, SPARE_TEST_KEY_EXPIRED,
                                                   "old <old@example.org>", NULL);
  g_autoptr (GBytes) reader_certificate = spare_test_export (reader_home, reader_key);
  g_autoptr (GBytes) certificate = spare_test_export (signers, signer);
  g_autoptr (GBytes) plain = make_text (1000);
  g_autoptr (GBytes) signed_then = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (SpareSignature) signature = NULL;

  /* Signed when the key was good; encrypted today. */
  signed_then = spare_test_gpg_filter (signers, plain, "--faked-system-time", "20200601T000000",
                                       "--local-user", signer, "--sign", NULL);
  spare_test_import (reader_home, certificate);
  message = spare_test_gpg_filter (sender_home, signed_then, "--trust-model", "always",
                                   "--no-literal", "--encrypt", "--recipient", reader_key,
                                   NULL);
  signature = decrypt_signed (self, message, plain, FALSE);
  g_assert_cmpint (signature->status, ==, SPARE_SIGNATURE_EXPIRED_KEY);
  g_assert_cmpstr (signature->fingerprint, ==, signer);
}

static void
test_bad_signature (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (1000);
  g_autoptr (GBytes) certificate = spare_test_export (sender_home, sender_key);
  g_autoptr (GBytes) words = NULL;
  g_autoptr (GBytes) changed = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) good = NULL;

  spare_test_import (reader_home, certificate);
  words = spare_test_gpg_filter (sender_home, plain, "-z", "0", "--sign", NULL);
  changed = flip (words, 500);
  good = spare_test_gpg_filter (sender_home, words, "--trust-model", "always", "--no-literal",
                                "-z", "0", "--encrypt", "--recipient", reader_key, NULL);
  message = spare_test_gpg_filter (sender_home, changed, "--trust-model", "always",
                                   "--no-literal", "-z", "0", "--encrypt", "--recipient",
                                   reader_key, NULL);
  assert_opens (self, good, plain);
  assert_fails (self, message, SPARE_ERROR_DAMAGED);
}

/* A damaged message with a signature that can't be checked: the second pass must see it. */
static void
test_damage_under_unknown_signature (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) signers = spare_test_home_new ();
  g_autofree char *signer = spare_test_create_key (signers, SPARE_TEST_KEY_DEFAULT,
                                                   "stranger <s@example.org>", NULL);
  g_autoptr (GBytes) reader_certificate = spare_test_export (reader_home, reader_key);
  g_autoptr (GBytes) plain = make_text (20000);
  g_autoptr (GBytes) message = NULL;
  gsize size;

  spare_test_import (signers, reader_certificate);
  message = sign_and_encrypt (signers, signer, plain);
  size = g_bytes_get_size (message);
  for (gsize position = size - 1; position > size - 30; position -= 5)
    {
      g_autoptr (GBytes) bad = flip (message, position);

      assert_fails (self, bad, SPARE_ERROR_DAMAGED);
    }
}

/* --- Passphrases --- */

typedef struct
{
  const char *fingerprint;
  const char *passphrase; /* NULL: fails */
  guint n_asked;
} Asker;

static SpareSecret *
ask_cb (const char *fingerprint,
        gboolean was_wrong,
        GCancellable *cancellable,
        gpointer user_data,
        GError **error)
{
  Asker *asker = user_data;

  g_assert_cmpstr (fingerprint, ==, asker->fingerprint);
  asker->n_asked++;
  if (asker->passphrase != NULL && asker->n_asked < 5)
    return spare_secret_new_copy (asker->passphrase, strlen (asker->passphrase), error);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED, "locked");
  return NULL;
}

static void
test_passphrases (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *key = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                "locked <locked@example.org>",
                                                "sesame 1%\xc3\xa4");
  g_autoptr (GBytes) certificate = spare_test_export (home, key);
  g_autoptr (GBytes) plain = make_text (1000);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (SpareHome)
      locked = spare_home_new_with_engine (SPARE_HOME_OWN, home->path, TEST_GUARD);
  Asker asker = { .fingerprint = key };

  spare_test_import (sender_home, certificate);
  message = encrypt_to (key, plain);
  g_set_object (&self->home, locked);

  assert_fails (self, message, SPARE_ERROR_BAD_PASSPHRASE);

  spare_home_set_passphrase_func (locked, ask_cb, &asker, NULL);
  assert_fails (self, message, SPARE_ERROR_KEYRING_LOCKED);
  g_assert_cmpuint (asker.n_asked, ==, 1);

  asker = (Asker){ .fingerprint = key, .passphrase = "sesame 1%\xc3\xa4" };
  assert_opens (self, message, plain);
  g_assert_cmpuint (asker.n_asked, ==, 1);

  asker = (Asker){ .fingerprint = key, .passphrase = "wrong" };
  assert_fails (self, message, SPARE_ERROR_BAD_PASSPHRASE);
}

/* --- Faults --- */

static void
kill_gpg_cb (gpointer user_data)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  /* The pipe takes much before gpg has even begun. */
  while (engine_child_kill (reader_home->path, "gpg") == 0)
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
}

static void
test_killed_gpg (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (4 * 1024 * 1024);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);

  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;

      memory_stream_init (&memory, message);
      if (i % 2 == 0)
        memory.call_at = 200000 + i * 400000;
      else
        memory.call_at_written = 200000 + i * 400000;
      memory.call = kill_gpg_cb;
      g_assert_null (decrypt_memory (self, &memory, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
    }
}

static void
kill_agent_cb (gpointer user_data)
{
  engine_child_kill (reader_home->path, "gpg-agent");
  g_assert_true (engine_child_wait_gone (reader_home->path, "gpg-agent", 60));
}

/* FI-04: the agent's death is not a missing key. */
static void
test_killed_agent (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_text (4 * 1024 * 1024);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);

  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (SpareDecryption) decryption = NULL;
      g_autoptr (GBytes) opened = NULL;
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;

      memory_stream_init (&memory, message);
      memory.call_at = i * 50000;
      memory.call = kill_agent_cb;
      decryption = decrypt_memory (self, &memory, &error);
      g_assert_no_error (error);
      opened = memory_stream_dup_output (&memory);
      g_assert_true (g_bytes_equal (opened, plain));
    }
}

static void
test_fake_engines (Fixture *self, gconstpointer data)
{
  static const char *const kinds[] = { "missing",     "exits-1",   "crashes",   "garbage",
                                       "spews",       "half-line", "dies-late", "lies",
                                       "quits-early", "hangs" };
  g_autoptr (GBytes) plain = make_text (2000000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = g_build_filename (TEST_FAKE_GUARDS, kinds[i], "sparekey-gpg",
                                                 NULL);
      gint64 began = g_get_monotonic_time ();
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", kinds[i]);
      fixture_tear_down (self, NULL);
      self->home = spare_home_new_with_engine (SPARE_HOME_OWN, reader_home->path, guard);
      self->patience = 1;
      error = fail_to_decrypt (self, message);
      /* Garbage and lies may look like damage; silence is none of the file's fault. */
      g_assert_true (error->domain == SPARE_ERROR);
      if (!g_str_equal (kinds[i], "garbage") && !g_str_equal (kinds[i], "lies"))
        g_assert_cmpint (error->code, ==, SPARE_ERROR_ENGINE);
      g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);
    }
}

static void
test_stream_errors (Fixture *self, gconstpointer data)
{
  static const guint64 places[] = { 0, 100, 100000, 900000 };
  g_autoptr (GBytes) plain = make_text (1000000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GError) read_error = NULL;
      g_autoptr (GError) write_error = NULL;
      g_auto (MemoryStream) reader;
      g_auto (MemoryStream) writer;

      memory_stream_init (&reader, message);
      reader.fail_read_at = places[i];
      g_assert_null (decrypt_memory (self, &reader, &read_error));
      g_assert_error (read_error, G_IO_ERROR, G_IO_ERROR_NOT_MOUNTED);

      memory_stream_init (&writer, message);
      writer.fail_write_at = places[i];
      g_assert_null (decrypt_memory (self, &writer, &write_error));
      g_assert_error (write_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
    }
}

static void
cancel_cb (gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  static const guint64 places[] = { 0, 1, 70000, 1000000, 3900000 };
  g_autoptr (GBytes) plain = make_text (4000000);
  g_autoptr (GBytes) message = encrypt_to (reader_key, plain);

  for (gsize i = 0; i < 2 * G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;
      gint64 began = g_get_monotonic_time ();

      memory_stream_init (&memory, message);
      if (i % 2 == 0)
        memory.call_at = places[i / 2];
      else
        memory.call_at_written = places[i / 2];
      memory.call = cancel_cb;
      memory.call_data = cancellable;
      self->cancellable = cancellable;
      g_assert_null (decrypt_memory (self, &memory, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);
    }
  g_assert_true (engine_child_wait_gone (reader_home->path, "gpg", 60));
}

static void
set_up_homes (void)
{
  g_autoptr (GBytes) certificate = NULL;

  reader_home = spare_test_home_new ();
  sender_home = spare_test_home_new ();
  reader_key = spare_test_create_key (reader_home, SPARE_TEST_KEY_DEFAULT,
                                      "reader <reader@example.org>", NULL);
  sender_key = spare_test_create_key (sender_home, SPARE_TEST_KEY_DEFAULT,
                                      "sender <sender@example.org>", NULL);
  certificate = spare_test_export (reader_home, reader_key);
  spare_test_import (sender_home, certificate);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "what-stock-gpg-made-opens", test_sizes },
    { "reads-of-any-length-open-it", test_short_reads },
    { "armor-opens", test_armor },
    { "a-hidden-recipient-is-found", test_hidden_recipient },
    { "a-hidden-recipient-is-found-among-several-keys", test_hidden_among_subkeys },
    { "a-damaged-ocb-message-releases-nothing", test_ocb },
    { "a-damaged-message-for-several-is-damaged", test_damage_among_recipients },
    { "a-flipped-octet-releases-nothing", test_flips },
    { "a-flipped-octet-in-the-head-releases-nothing", test_flips_in_the_head },
    { "a-cut-message-releases-nothing", test_truncations },
    { "anything-behind-the-message-is-damage", test_more_behind },
    { "the-session-key-of-another-message-is-damage", test_foreign_session_key },
    { "a-message-for-others-names-their-keys", test_not_for_us },
    { "what-is-not-encrypted-to-a-key-is-refused-in-words", test_other_kinds },
    { "a-bomb-ends-at-the-cap", test_bomb },
    { "signatures-are-told-apart", test_signatures },
    { "the-signature-of-an-expired-key-is-told", test_expired_signer },
    { "a-bad-signature-releases-nothing", test_bad_signature },
    { "damage-under-an-unknown-signature-releases-nothing",
      test_damage_under_unknown_signature },
    { "the-passphrase-functions-error-is-the-error", test_passphrases },
    { "a-killed-gpg-is-no-success", test_killed_gpg },
    { "a-killed-agent-is-not-a-missing-key", test_killed_agent },
    { "engines-that-die-hang-and-lie-are-errors", test_fake_engines },
    { "errors-of-the-stream-are-the-errors", test_stream_errors },
    { "can-be-cancelled-at-any-octet", test_cancel },
  };
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  set_up_homes ();
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/decryption/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }
  status = g_test_run ();

  spare_test_home_free (reader_home);
  spare_test_home_free (sender_home);
  g_free (reader_key);
  g_free (sender_key);
  return status;
}
