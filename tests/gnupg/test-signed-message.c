/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message that was opened counts as one key's word for one purpose, or it does not count. The attacker has stock gpg, the
 * sender's old signatures and a few lines of code; the reader opens with a session key, in a home that holds one
 * certificate. */
#include "config.h"

#include "hand-made.h"
#include "memory-stream.h"
#include "spare-decryption.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-test-gpg.h"

#include <string.h>

#define NAME    "bundle@sparekey.org"
#define PURPOSE "1:deposit:0123456789ABCDEF0123456789ABCDEF01234567"
#define OTHER   "1:approval:0123456789ABCDEF0123456789ABCDEF01234567"
#define SIGNED  NAME "=" PURPOSE
#define TEXT    "{\"sparekey\":1}\n"

static SpareTestHome *sender_files, *reader_files;
static char *sender, *stranger, *outdated, *withdrawn, *reader;
static SpareHome *sender_home, *reader_home;
static GBytes *text, *model, *before_withdrawal;
static SpareSessionKey *model_key;

typedef struct
{
  SpareHome *scratch; /* of the reader: holds certificates alone */
} Fixture;

static SpareHome *
open_home (SpareTestHome *files)
{
  return spare_home_new_with_engine (SPARE_HOME_OWN, files->path, TEST_GUARD);
}

static void
trust (Fixture *self, const char *fingerprint)
{
  g_autoptr (GBytes) certificate = spare_test_export (sender_files, fingerprint);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_import_certificate_sync (self->scratch, certificate,
                                                                 fingerprint, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->scratch = spare_home_new_scratch (&error);
  g_assert_no_error (error);
  trust (self, sender);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->scratch);
}

/* --- Parts --- */

/* One-pass signature, literal, signature: a stream of packets as stock gpg makes it. */
#define sign(...)                                                                              \
  spare_test_gpg_filter (sender_files, text, "-z", "0", "--sign", "--local-user", __VA_ARGS__, \
                         NULL)

static GBytes *
store (void)
{
  g_autoptr (GBytes) forged = g_bytes_new_static ("{\"forged\":1}\n", 13);

  return spare_test_gpg_filter (sender_files, forged, "-z", "0", "--store", NULL);
}

static GBytes *
make_good (void)
{
  return sign (sender, "--sig-notation", SIGNED);
}

static GBytes *
seal (GBytes *inner)
{
  return hand_made_seal (model, model_key, inner);
}

static SpareSessionKey *
find_session_key (GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (reader_home, reader, TRUE, NULL, &error);
  g_autoptr (SpareSessionKeyOpener) opener = spare_session_key_opener_new (reader_home, key);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (message, &error);
  SpareSessionKey *found = spare_session_key_opener_open_sync (opener,
                                                               spare_head_get_esk (head, 0),
                                                               head, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (found);
  return found;
}

static SpareDecryption *
open_with (Fixture *self,
           const SpareSessionKey *key,
           GBytes *message,
           GBytes **plain,
           GError **error)
{
  g_auto (MemoryStream) memory;
  SpareStream stream;
  SpareDecryption *decryption;

  memory_stream_init (&memory, message);
  stream = memory_stream_get (&memory);
  decryption = spare_decrypt_with_session_key_sync (self->scratch, key, &stream, G_MAXUINT64,
                                                    NULL, error);
  if (plain != NULL)
    *plain = memory_stream_dup_output (&memory);
  return decryption;
}

static SpareDecryption *
open_well (Fixture *self, GBytes *message, GBytes **plain)
{
  g_autoptr (SpareSessionKey) key = find_session_key (message);
  g_autoptr (GError) error = NULL;
  SpareDecryption *decryption = open_with (self, key, message, plain, &error);

  g_assert_no_error (error);
  g_assert_nonnull (decryption);
  return decryption;
}

static void
assert_accepted (Fixture *self, GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (SpareDecryption) decryption = open_well (self, message, &plain);

  spare_decryption_is_signed_only_by (decryption, sender, NAME, PURPOSE, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (plain, text));
}

/* Already when it is opened, or when it is asked whose word it is. */
static void
assert_refused (Fixture *self, const char *signer, GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSessionKey) key = find_session_key (message);
  g_autoptr (SpareDecryption) decryption = open_with (self, key, message, NULL, &error);

  if (decryption != NULL)
    g_assert_false (
        spare_decryption_is_signed_only_by (decryption, signer, NAME, PURPOSE, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_test_message ("%s: %s", decryption ? "asked" : "opened", error->message);
}

static void
assert_inner_refused (Fixture *self, GBytes *inner)
{
  g_autoptr (GBytes) message = seal (inner);

  assert_refused (self, sender, message);
}

/* --- What is refused --- */

static void
test_unsigned_beside (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) good = make_good ();
  g_autoptr (GBytes) forged = store ();
  g_autoptr (GBytes) hidden = hand_made_compressed (forged);
  g_autoptr (GBytes) wrapped = hand_made_compressed (good);
  g_autoptr (GBytes) fine = seal (good);
  g_autoptr (GBytes) fine_wrapped = seal (wrapped);
  g_autoptr (GBytes) before = hand_made_join (forged, good, NULL);
  g_autoptr (GBytes) after = hand_made_join (good, forged, NULL);
  g_autoptr (GBytes) hidden_before = hand_made_join (hidden, good, NULL);
  g_autoptr (GBytes) hidden_after = hand_made_join (good, hidden, NULL);
  g_autoptr (GBytes) beside_wrapped = hand_made_join (forged, wrapped, NULL);
  g_autoptr (GBytes) both_wrapped = hand_made_compressed (before);

  /* The hand that makes the others makes this one too. */
  assert_accepted (self, fine);
  assert_accepted (self, fine_wrapped);
  assert_inner_refused (self, before);
  assert_inner_refused (self, after);
  assert_inner_refused (self, hidden_before);
  assert_inner_refused (self, hidden_after);
  assert_inner_refused (self, beside_wrapped);
  assert_inner_refused (self, both_wrapped);
}

static void
test_unsigned (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) forged = store ();
  g_autoptr (GBytes)
      detached = spare_test_gpg_filter (sender_files, text, "--detach-sign", "--local-user",
                                        sender, "--sig-notation", SIGNED, NULL);
  g_autoptr (GBytes) behind = hand_made_join (forged, detached, NULL);
  g_autoptr (GBytes) ahead = hand_made_join (detached, forged, NULL);

  assert_inner_refused (self, forged);
  assert_inner_refused (self, behind);
  assert_inner_refused (self, ahead);
  assert_inner_refused (self, detached);
}

static void
test_two_signatures (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) both = sign (sender, "--local-user", stranger, "--sig-notation", SIGNED);
  g_autoptr (GBytes) good = make_good ();
  g_autoptr (GBytes) twice = hand_made_join (good, good, NULL);

  /* Whether the second signer is known or not. */
  assert_inner_refused (self, both);
  assert_inner_refused (self, twice);
  trust (self, stranger);
  assert_inner_refused (self, both);
}

static void
test_other_signer (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) other = sign (stranger, "--sig-notation", SIGNED);

  assert_inner_refused (self, other);
  trust (self, stranger);
  assert_inner_refused (self, other);
}

/* A text that the sender once signed, for whatever reason, and what he signed for another purpose. */
static void
test_purpose (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) none = sign (sender);
  g_autoptr (GBytes) other = sign (sender, "--sig-notation", NAME "=" OTHER);
  g_autoptr (GBytes) longer = sign (sender, "--sig-notation", SIGNED "0");
  g_autoptr (GBytes) name = sign (sender, "--sig-notation", "bundle@example.org=" PURPOSE);
  g_autoptr (GBytes)
      two = sign (sender, "--sig-notation", SIGNED, "--sig-notation", NAME "=" OTHER);
  g_autoptr (GBytes) same = sign (sender, "--sig-notation", SIGNED, "--sig-notation", SIGNED);
  g_autoptr (GBytes) critical = sign (sender, "--sig-notation", "!" SIGNED);
  g_autoptr (GBytes)
      beside = sign (sender, "--sig-notation", "x@example.org=y", "--sig-notation", SIGNED,
                     "--sig-policy-url", "https://example.org/");
  g_autoptr (GBytes) fine = seal (beside);

  assert_inner_refused (self, none);
  assert_inner_refused (self, other);
  assert_inner_refused (self, longer);
  assert_inner_refused (self, name);
  assert_inner_refused (self, two);
  assert_inner_refused (self, same);
  assert_inner_refused (self, critical);
  assert_accepted (self, fine);
}

static void
test_out_of_date (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) expired_key = sign (outdated, "--faked-system-time", "20200601T000000",
                                         "--sig-notation", SIGNED);
  g_autoptr (GBytes) expired_key_message = seal (expired_key);
  g_autoptr (GBytes) revoked_key_message = seal (before_withdrawal);
  g_autoptr (GBytes)
      expired = sign (sender, "--default-sig-expire", "seconds=1", "--sig-notation", SIGNED);
  gint64 deadline = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
  gint64 made = g_get_real_time ();

  trust (self, outdated);
  assert_refused (self, outdated, expired_key_message);
  trust (self, withdrawn);
  assert_refused (self, withdrawn, revoked_key_message);
  while (g_get_real_time () < made + 2 * G_USEC_PER_SEC && g_get_monotonic_time () < deadline)
    g_usleep (20000);
  assert_inner_refused (self, expired);
}

/* Text mode leaves line ends open; SHA-1 can be made to collide. */
static void
test_ways_of_signing (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) loose = sign (sender, "--textmode", "--sig-notation", SIGNED);
  g_autoptr (GBytes) weak = sign (sender, "--digest-algo", "SHA1", "--sig-notation", SIGNED);

  assert_inner_refused (self, loose);
  assert_inner_refused (self, weak);
}

/* Whatever the engine delivers, what it said about it counts. */
static void
test_counts (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) good = make_good ();
  g_autoptr (GBytes) message = seal (good);
  g_autoptr (SpareDecryption) decryption = open_well (self, message, NULL);
  const SpareDecryption fine = *decryption;
  const SpareDecryption rows[] = {
    { fine.head, fine.signatures, TRUE, 1, 1 },  { fine.head, fine.signatures, FALSE, 0, 1 },
    { fine.head, fine.signatures, FALSE, 2, 1 }, { fine.head, fine.signatures, FALSE, 1, 2 },
    { fine.head, fine.signatures, FALSE, 1, 0 },
  };

  g_assert_true (spare_decryption_is_signed_only_by (&fine, sender, NAME, PURPOSE, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (
          spare_decryption_is_signed_only_by (&rows[i], sender, NAME, PURPOSE, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
    }
}

/* --- What is accepted, and what is told of it --- */

static SpareEncryptionRequest
make_request (SpareRecipient *recipient)
{
  return (SpareEncryptionRequest){
    .recipients = recipient,
    .n_recipients = 1,
    .signing_home = sender_home,
    .signer = sender,
    .notation_name = NAME,
    .notation_value = PURPOSE,
    .size = G_MAXUINT64,
  };
}

static GBytes *
encrypt (SpareHome *home, const SpareEncryptionRequest *request, GError **error)
{
  g_auto (MemoryStream) memory;
  SpareStream stream;
  g_autoptr (SpareHead) head = NULL;

  memory_stream_init (&memory, text);
  stream = memory_stream_get (&memory);
  head = spare_encrypt_sync (home, request, &stream, NULL, error);
  return head != NULL ? memory_stream_dup_output (&memory) : NULL;
}

/* The sender's secret key is in one home, the reader's certificate in another. */
static void
test_bundle (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHome) certificates = spare_home_new_scratch (&error);
  g_autoptr (GBytes) certificate = spare_test_export (reader_files, reader);
  g_autoptr (SpareKey) key = spare_home_import_certificate_sync (certificates, certificate,
                                                                 reader, NULL, &error);
  SpareRecipient recipient = {
    .key = key,
    .subkey = spare_key_pick_newest_encryption_subkey (key,
                                                       g_get_real_time () / G_USEC_PER_SEC),
  };
  SpareEncryptionRequest request = make_request (&recipient);
  g_autoptr (GBytes) message = encrypt (certificates, &request, &error);
  g_autoptr (SpareDecryption) decryption = NULL;
  g_autoptr (GBytes) plain = NULL;
  const SpareSignature *signature;
  const SpareNotation *notation;

  g_assert_no_error (error);
  assert_accepted (self, message);

  decryption = open_well (self, message, &plain);
  g_assert_cmpuint (decryption->n_plaintexts, ==, 1);
  g_assert_cmpuint (decryption->n_signatures, ==, 1);
  g_assert_false (decryption->two_passes);
  g_assert_cmpuint (decryption->signatures->len, ==, 1);
  signature = g_ptr_array_index (decryption->signatures, 0);
  g_assert_cmpint (signature->status, ==, SPARE_SIGNATURE_GOOD);
  g_assert_cmpstr (signature->fingerprint, ==, sender);
  g_assert_cmpstr (signature->subkey_fingerprint, ==, sender);
  g_assert_cmpint (signature->type, ==, 0);
  g_assert_cmpuint (signature->notations->len, ==, 1);
  notation = g_ptr_array_index (signature->notations, 0);
  g_assert_cmpstr (notation->name, ==, NAME);
  g_assert_cmpstr (notation->value, ==, PURPOSE);
  g_assert_false (notation->critical);
}

/* Stock gpg reads it too: a critical notation would be a bad signature to it. */
static void
test_stock_gpg (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (reader_home, reader, FALSE, NULL, &error);
  SpareRecipient recipient = { .key = key, .subkey = spare_key_get_subkey (key, 1) };
  SpareEncryptionRequest request = make_request (&recipient);
  g_autoptr (GBytes) message = encrypt (reader_home, &request, &error);
  g_autoptr (GBytes) certificate = spare_test_export (sender_files, sender);
  g_autoptr (GBytes) plain = NULL;
  g_autofree char *words = NULL;

  g_assert_no_error (error);
  spare_test_import (reader_files, certificate);
  g_assert_cmpint (spare_test_gpg_full (reader_files, message, &plain, &words, "--status-fd",
                                        "2", "--decrypt", NULL),
                   ==, 0);
  g_assert_true (g_bytes_equal (plain, text));
  g_assert_nonnull (strstr (words, "[GNUPG:] GOODSIG"));
  g_assert_nonnull (strstr (words, "[GNUPG:] NOTATION_NAME " NAME));
  g_assert_nonnull (strstr (words, "[GNUPG:] NOTATION_DATA " PURPOSE));
}

/* What hash we sign with is not for the certificate of the reader to choose. */
static void
test_strong_hash (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareTestHome) files = spare_test_home_new ();
  g_autofree char *log = spare_test_gpg (files, "--passphrase", "", "--default-preference-list",
                                         "AES256 SHA1", "--quick-generate-key",
                                         "weak <weak@example.org>", "rsa2048", "sign,cert,encr",
                                         "0", NULL);
  g_autoptr (SpareHome) home = open_home (files);
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, FALSE, NULL, &error);
  SpareKey *key = g_ptr_array_index (keys, 0);
  SpareRecipient recipient = { .key = key, .subkey = spare_key_get_subkey (key, 0) };
  SpareEncryptionRequest request = make_request (&recipient);
  g_autoptr (GBytes) message = encrypt (home, &request, &error);
  g_autoptr (GBytes) certificate = spare_test_export (sender_files, sender);
  g_autofree char *words = NULL;

  g_assert_no_error (error);
  spare_test_import (files, certificate);
  spare_test_gpg_full (files, message, NULL, &words, "--status-fd", "2", "--decrypt", NULL);
  g_assert_nonnull (strstr (words, "[GNUPG:] GOODSIG"));
  g_assert_nonnull (strstr (words, " 10 00 "));
}

static void
test_bad_notations (Fixture *self, gconstpointer data)
{
  static const char *const rows[][2] = {
    { "bundle", PURPOSE },    /* no domain */
    { "a=b@c.org", PURPOSE }, /* gpg splits at the first "=" */
    { NAME, "1:deposit:%k" }, /* gpg expands it */
    { NAME, "1:deposit\nx" }, /* another line */
    { NAME, "" },             /* gpg takes none */
    { NAME, "1:dépôt:0" },    /* not ASCII */
    { NAME, NULL },           /* no value at all */
    { "b ü@c.org", PURPOSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareKey)
          key = spare_home_get_key_sync (reader_home, reader, FALSE, NULL, NULL);
      SpareRecipient recipient = { .key = key, .subkey = spare_key_get_subkey (key, 1) };
      SpareEncryptionRequest request = make_request (&recipient);

      request.notation_name = rows[i][0];
      request.notation_value = rows[i][1];
      g_assert_null (encrypt (reader_home, &request, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

/* --- The given session key --- */

static void
assert_does_not_open (Fixture *self, const SpareSessionKey *key, GBytes *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (open_with (self, key, message, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_test_message ("%s", error->message);
}

static GBytes *
flip (GBytes *message, gsize from_end)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (message, &size);
  guint8 *copy = g_memdup2 (octets, size);

  copy[size - from_end] ^= 1;
  return g_bytes_new_take (copy, size);
}

static void
test_session_keys (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) good = make_good ();
  g_autoptr (GBytes) message = seal (good);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (message, 0, g_bytes_get_size (message) - 1);
  g_autoptr (GBytes) longer = hand_made_join (message, text, NULL);
  guint8 octets[32] = { 1 };
  SpareSessionKey wrong = { .cipher = 9,
                            .secret = spare_secret_new_copy (octets, sizeof octets, NULL) };

  assert_does_not_open (self, &wrong, message);
  assert_does_not_open (self, model_key, cut);
  assert_does_not_open (self, model_key, longer);
  for (gsize from_end = 1; from_end < 120; from_end += 23)
    {
      g_autoptr (GBytes) bad = flip (message, from_end);

      assert_does_not_open (self, model_key, bad);
    }
  spare_secret_unref (wrong.secret);
}

/* With the key at hand it does not matter to whom a file was encrypted: its PKESK may be gone. */
static void
test_without_pkesk (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) good = make_good ();
  g_autoptr (GBytes) message = seal (good);
  g_autoptr (GError) error = NULL;
  gsize skip;
  g_autoptr (GBytes) bare = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (SpareDecryption) decryption = NULL;
  const guint8 *octets = g_bytes_get_data (message, NULL);

  /* A PKESK of cv25519 as gpg writes it: old format, one octet of length. */
  g_assert_cmpuint (octets[0], ==, 0x84);
  skip = 2 + octets[1];
  bare = g_bytes_new_from_bytes (message, skip, g_bytes_get_size (message) - skip);
  decryption = open_with (self, model_key, bare, &plain, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (plain, text));
}

/* Who wants the beginning alone stops with an error of his own. */
static void
test_start_only (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (3000000), 3000000);
  g_autoptr (GBytes)
      message = spare_test_gpg_filter (sender_files, zeros, "-z", "0", "--trust-model",
                                       "always", "--sign", "--local-user", sender, "--encrypt",
                                       "--recipient", reader, NULL);
  g_autoptr (SpareSessionKey) key = find_session_key (message);
  const guint64 places[] = { 0, 1, 100000 };

  for (gsize i = 0; i < 2 * G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;
      SpareStream stream;
      SpareDecryption *decryption;

      memory_stream_init (&memory, message);
      memory.fail_write_at = places[i / 2];
      stream = memory_stream_get (&memory);
      if (i % 2 == 0)
        decryption = spare_decrypt_with_session_key_sync (self->scratch, key, &stream,
                                                          G_MAXUINT64, NULL, &error);
      else
        decryption = spare_decrypt_sync (reader_home, &stream, G_MAXUINT64, NULL, &error);
      g_assert_null (decryption);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_assert_cmpstr (error->message, ==, "disk full");
    }
}

/* --- All of it --- */

static void
make_keys (void)
{
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GBytes) revocation = NULL;
  g_autoptr (GError) error = NULL;

  sender_files = spare_test_home_new ();
  reader_files = spare_test_home_new ();
  sender = spare_test_create_key (sender_files, SPARE_TEST_KEY_SIGN_ONLY,
                                  "sender <s@example.org>", NULL);
  stranger = spare_test_create_key (sender_files, SPARE_TEST_KEY_SIGN_ONLY,
                                    "stranger <x@example.org>", NULL);
  outdated = spare_test_create_key (sender_files, SPARE_TEST_KEY_EXPIRED,
                                    "outdated <o@example.org>", NULL);
  withdrawn = spare_test_create_key (sender_files, SPARE_TEST_KEY_DEFAULT,
                                     "withdrawn <w@example.org>", NULL);
  reader = spare_test_create_key (reader_files, SPARE_TEST_KEY_DEFAULT,
                                  "reader <r@example.org>", NULL);
  sender_home = open_home (sender_files);
  reader_home = open_home (reader_files);
  text = g_bytes_new_static (TEXT, strlen (TEXT));

  before_withdrawal = sign (withdrawn, "--sig-notation", SIGNED);
  revocation = spare_home_dup_revocation_sync (sender_home, withdrawn, NULL, &error);
  g_assert_no_error (error);
  spare_home_revoke_sync (sender_home, withdrawn, revocation, NULL, &error);
  g_assert_no_error (error);

  certificate = spare_test_export (reader_files, reader);
  spare_test_import (sender_files, certificate);
  model = spare_test_gpg_filter (sender_files, text, "--trust-model", "always", "--encrypt",
                                 "--recipient", reader, NULL);
  model_key = find_session_key (model);
}

static void
drop_keys (void)
{
  g_clear_object (&sender_home);
  g_clear_object (&reader_home);
  g_clear_pointer (&model_key, spare_session_key_free);
  g_clear_pointer (&model, g_bytes_unref);
  g_clear_pointer (&before_withdrawal, g_bytes_unref);
  g_clear_pointer (&text, g_bytes_unref);
  g_clear_pointer (&sender, g_free);
  g_clear_pointer (&stranger, g_free);
  g_clear_pointer (&outdated, g_free);
  g_clear_pointer (&withdrawn, g_free);
  g_clear_pointer (&reader, g_free);
  g_clear_pointer (&sender_files, spare_test_home_free);
  g_clear_pointer (&reader_files, spare_test_home_free);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "with-unsigned-data-beside-signed-data-is-refused", test_unsigned_beside },
    { "without-a-signature-over-it-is-refused", test_unsigned },
    { "with-two-signatures-is-refused", test_two_signatures },
    { "of-another-key-is-refused", test_other_signer },
    { "signed-for-another-purpose-is-refused", test_purpose },
    { "of-an-expired-or-revoked-key-is-refused", test_out_of_date },
    { "signed-loosely-or-weakly-is-refused", test_ways_of_signing },
    { "counts-what-the-engine-told", test_counts },
    { "is-made-and-read-across-homes", test_bundle },
    { "is-read-by-stock-gpg", test_stock_gpg },
    { "is-signed-with-a-strong-hash-whatever-the-reader-s-key-says", test_strong_hash },
    { "is-not-made-with-a-notation-that-gpg-would-change", test_bad_notations },
    { "opens-with-its-session-key-only-whole", test_session_keys },
    { "opens-with-its-session-key-without-a-pkesk", test_without_pkesk },
    { "stops-with-the-reader-s-own-error", test_start_only },
  };
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);
  make_keys ();

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/signed-message/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }
  result = g_test_run ();
  drop_keys ();
  return result;
}
