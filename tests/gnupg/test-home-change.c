/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making, moving and changing keys; stock gpg is asked whether it is so. */
#include "config.h"

#include "memory-stream.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-home.h"
#include "spare-test-gpg.h"

#include <string.h>

static const char ada[] = "Ada Lovelace <ada@example.org>";

typedef struct
{
  SpareTestHome *folder;
  SpareHome *home;
  SpareSecret *passphrase; /* what the passphrase function answers */
  GError *failure;         /* or fails with */
  guint n_asked;
  char *asked_for;
} Fixture;

static SpareSecret *
passphrase_cb (const char *fingerprint,
               gboolean was_wrong,
               GCancellable *cancellable,
               gpointer user_data,
               GError **error)
{
  Fixture *fixture = user_data;

  fixture->n_asked++;
  g_free (fixture->asked_for);
  fixture->asked_for = g_strdup (fingerprint);
  if (fixture->failure != NULL)
    {
      g_propagate_error (error, g_error_copy (fixture->failure));
      return NULL;
    }
  return spare_secret_ref (fixture->passphrase);
}

static SpareSecret *
secret (const char *text)
{
  g_autoptr (GError) error = NULL;
  SpareSecret *result = spare_secret_new_copy (text, strlen (text), &error);

  g_assert_no_error (error);
  return result;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = spare_test_home_new ();
  fixture->home = spare_home_new (SPARE_HOME_OWN, fixture->folder->path);
  fixture->passphrase = secret ("correct horse battery staple");
  spare_home_set_passphrase_func (fixture->home, passphrase_cb, fixture, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->home);
  g_clear_pointer (&fixture->folder, spare_test_home_free);
  g_clear_pointer (&fixture->passphrase, spare_secret_unref);
  g_clear_error (&fixture->failure);
  g_clear_pointer (&fixture->asked_for, g_free);
}

static char *
create (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  char *fingerprint = spare_home_create_key_sync (fixture->home, ada, NULL, 0,
                                                  fixture->passphrase, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (spare_fingerprint_is_valid (fingerprint));
  return fingerprint;
}

/* Whether the secret key in the home opens a message to it with this passphrase: stock gpg's word. */
static gboolean
opens_with (Fixture *fixture, const char *fingerprint, const char *passphrase)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("hello", 5);
  g_autoptr (GBytes) message = spare_test_gpg_filter (fixture->folder, plain, "--trust-model",
                                                      "always", "-r", fingerprint, "-e", NULL);

  return spare_test_gpg_full (fixture->folder, message, NULL, NULL, "--passphrase", passphrase,
                              "-d", NULL)
         == 0;
}

static void
test_create (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint = create (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (fixture->home, fingerprint, TRUE, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (spare_key_get_n_subkeys (key), ==, 2);
  g_assert_cmpstr (spare_key_get_subkey (key, 0)->algorithm_nick, ==, "ed25519");
  g_assert_cmpstr (spare_key_get_subkey (key, 1)->algorithm_nick, ==, "cv25519");
  g_assert_cmpint (spare_key_get_expiry (key), ==, 0);
  g_assert_cmpstr (spare_key_get_user_id (key), ==, ada);
  g_assert_true (opens_with (fixture, fingerprint, "correct horse battery staple"));
  g_assert_false (opens_with (fixture, fingerprint, "wrong"));
  g_assert_cmpuint (fixture->n_asked, ==, 0);
}

static void
test_create_algorithms (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *name, *primary, *subkey;
  } rows[] = {
    { "nistp256", "nistp256", "nistp256" },
    { "brainpoolP256r1", "brainpoolP256r1", "brainpoolP256r1" },
    { "rsa2048", "rsa2048", "rsa2048" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 expires = g_get_real_time () / G_USEC_PER_SEC + 86400;
      g_autoptr (GError) error = NULL;
      g_autofree char *fingerprint = spare_home_create_key_sync (fixture->home, ada,
                                                                 rows[i].name, expires,
                                                                 fixture->passphrase, NULL,
                                                                 &error);
      g_autoptr (SpareKey) key = NULL;

      g_assert_no_error (error);
      key = spare_home_get_key_sync (fixture->home, fingerprint, TRUE, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (spare_key_get_subkey (key, 0)->algorithm_nick, ==, rows[i].primary);
      g_assert_cmpstr (spare_key_get_subkey (key, 1)->algorithm_nick, ==, rows[i].subkey);
      g_assert_cmpint (ABS (spare_key_get_expiry (key) - expires), <=, 60);
    }
}

static void
test_create_refuses (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *user_id, *algorithm;
    gint64 expires;
    gboolean unsupported;
  } rows[] = {
    { "", NULL, 0, FALSE },
    { "Eve\n[GNUPG:] KEY_CREATED", NULL, 0, FALSE },
    { "Eve \342\200\256gro.elpmaxe", NULL, 0, FALSE },
    { "Eve <a@b> <c@d>", NULL, 0, FALSE },
    { "Eve\377", NULL, 0, FALSE },
    { "Eve <nobody>", NULL, 0, FALSE },
    { ada, "dsa1024", 0, TRUE },
    { ada, "--yes", 0, TRUE },
    { ada, NULL, 1000, FALSE },
    { ada, NULL, -1, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *fingerprint = spare_home_create_key_sync (fixture->home, rows[i].user_id,
                                                                 rows[i].algorithm,
                                                                 rows[i].expires,
                                                                 fixture->passphrase, NULL,
                                                                 &error);

      g_assert_null (fingerprint);
      if (rows[i].unsupported)
        g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_export_import (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, other->path);
  g_autofree char *fingerprint = create (fixture);

  for (guint armor = 0; armor < 2; armor++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes)
          octets = spare_home_export_sync (fixture->home, fingerprint,
                                           SPARE_EXPORT_MINIMAL
                                               | (armor ? SPARE_EXPORT_ARMOR : 0),
                                           NULL, &error);
      g_autoptr (GPtrArray) found = NULL;

      g_assert_no_error (error);
      g_assert_cmpint (g_str_has_prefix (g_bytes_get_data (octets, NULL),
                                         "-----BEGIN PGP PUBLIC KEY"),
                       ==, armor);
      found = spare_home_import_sync (home, octets, FALSE, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (found->len, ==, 1);
      g_assert_cmpstr (found->pdata[0], ==, fingerprint);
    }
  g_assert_cmpuint (fixture->n_asked, ==, 0);
}

static void
test_secret_moves (Fixture *fixture, gconstpointer data)
{
  Fixture other = { 0 };
  g_autofree char *fingerprint = create (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret)
      exported = spare_home_export_secret_sync (fixture->home, fingerprint, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (
      g_str_has_prefix (spare_secret_get_text (exported), "-----BEGIN PGP PRIVATE KEY"));
  g_assert_cmpuint (fixture->n_asked, >, 0);
  g_assert_cmpstr (fixture->asked_for, ==, fingerprint);

  set_up (&other, NULL);
  spare_home_import_secret_sync (other.home, exported, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (other.n_asked, ==, 0);
  g_assert_true (opens_with (&other, fingerprint, "correct horse battery staple"));
  g_assert_false (opens_with (&other, fingerprint, "wrong"));
  tear_down (&other, NULL);
}

static void
test_secret_is_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        "words");
  g_autoptr (GBytes) octets = spare_test_export_secret (stock, fingerprint, "words");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      found = spare_home_import_sync (fixture->home, octets, FALSE, NULL, &error);
  g_autoptr (GPtrArray) keys = NULL;

  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_assert_null (found);
  g_clear_error (&error);
  keys = spare_home_list_keys_sync (fixture->home, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 0);

  g_clear_pointer (&found, g_ptr_array_unref);
  found = spare_home_import_sync (fixture->home, octets, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (opens_with (fixture, fingerprint, "words"));
}

static void
test_import_refuses (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_autoptr (GBytes) armored = spare_test_export (stock, fingerprint);
  g_autoptr (GBytes)
      binary = spare_test_gpg_filter (stock, NULL, "--export", fingerprint, NULL);
  g_autoptr (GBytes) plain = g_bytes_new_static ("hello", 5);
  g_autoptr (GBytes) message = spare_test_gpg_filter (stock, plain, "--trust-model", "always",
                                                      "-r", fingerprint, "-e", NULL);
  g_autoptr (GByteArray) flooded = g_byte_array_new ();
  g_autoptr (GByteArray) huge = g_byte_array_new ();
  static const guint8 signature[] = { 0x88, 0x02, 0x04, 0x10 };
  struct
  {
    const char *reason;
    const guint8 *octets;
    gsize size;
    SpareErrorCode code;
  } rows[] = {
    { "nothing", NULL, 0, SPARE_ERROR_DAMAGED },
    { "text", (const guint8 *) "hello", 5, SPARE_ERROR_DAMAGED },
    { "a message", NULL, 0, SPARE_ERROR_DAMAGED },
    { "cut armor", NULL, 0, SPARE_ERROR_DAMAGED },
    { "cut packets", NULL, 0, SPARE_ERROR_DAMAGED },
    { "flooded", NULL, 0, SPARE_ERROR_TOO_LARGE },
    { "huge", NULL, 0, SPARE_ERROR_TOO_LARGE },
  };

  g_byte_array_append (flooded, g_bytes_get_data (binary, NULL),
                       (guint) g_bytes_get_size (binary));
  for (guint i = 0; i < 1000; i++)
    g_byte_array_append (flooded, signature, sizeof signature);
  g_byte_array_append (huge, g_bytes_get_data (binary, NULL),
                       (guint) g_bytes_get_size (binary));
  g_byte_array_set_size (huge, 1024 * 1024 + 1);
  rows[2].octets = g_bytes_get_data (message, &rows[2].size);
  rows[3].octets = g_bytes_get_data (armored, &rows[3].size);
  rows[3].size -= 40;
  rows[4].octets = g_bytes_get_data (binary, &rows[4].size);
  rows[4].size -= 1;
  rows[5].octets = flooded->data;
  rows[5].size = flooded->len;
  rows[6].octets = huge->data;
  rows[6].size = huge->len;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) octets = g_bytes_new (rows[i].octets, rows[i].size);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray)
          found = spare_home_import_sync (fixture->home, octets, FALSE, NULL, &error);

      g_test_message ("%s: %s", rows[i].reason, error ? error->message : "taken");
      g_assert_null (found);
      g_assert_error (error, SPARE_ERROR, (int) rows[i].code);
    }
}

static void
test_change_passphrase (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint = create (fixture);
  g_autoptr (SpareSecret) after = secret ("another one entirely");
  g_autoptr (SpareSecret) wrong = secret ("wrong");
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_home_change_passphrase_sync (fixture->home, fingerprint, wrong, after,
                                                     NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  g_assert_true (opens_with (fixture, fingerprint, "correct horse battery staple"));

  spare_home_change_passphrase_sync (fixture->home, fingerprint, fixture->passphrase, after,
                                     NULL, &error);
  g_assert_no_error (error);
  g_assert_true (opens_with (fixture, fingerprint, "another one entirely"));
  g_assert_false (opens_with (fixture, fingerprint, "correct horse battery staple"));
}

static void
test_locked_keyring (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint = create (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) exported = NULL;

  fixture->failure = g_error_new_literal (SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED,
                                          "The keyring is locked.");
  exported = spare_home_export_secret_sync (fixture->home, fingerprint, NULL, &error);
  g_assert_null (exported);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
  g_assert_cmpstr (error->message, ==, "The keyring is locked.");
}

static void
test_delete (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint = create (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = NULL;

  g_assert_false (spare_home_delete_key_sync (fixture->home, fingerprint, FALSE, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  spare_home_delete_key_sync (fixture->home, fingerprint, TRUE, NULL, &error);
  g_assert_no_error (error);
  key = spare_home_get_key_sync (fixture->home, fingerprint, FALSE, NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
}

static void
test_extend (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint = spare_test_create_key (fixture->folder, SPARE_TEST_KEY_EXPIRED,
                                                        ada, "correct horse battery staple");
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 expires = now + 400 * 86400;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey)
      before = spare_home_get_key_sync (fixture->home, fingerprint, TRUE, NULL, &error);
  g_autoptr (SpareKey) after = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (spare_key_get_encryption_state (before, now), ==, SPARE_KEY_EXPIRED);
  spare_home_extend_key_sync (fixture->home, fingerprint, expires, NULL, &error);
  g_assert_no_error (error);
  after = spare_home_get_key_sync (fixture->home, fingerprint, TRUE, NULL, &error);
  g_assert_cmpint (spare_key_get_encryption_state (after, now), ==, SPARE_KEY_USABLE);
  g_assert_cmpint (ABS (spare_key_get_expiry (after) - expires), <=, 60);

  g_clear_object (&after);
  spare_home_extend_key_sync (fixture->home, fingerprint, 0, NULL, &error);
  g_assert_no_error (error);
  after = spare_home_get_key_sync (fixture->home, fingerprint, TRUE, NULL, &error);
  g_assert_cmpint (spare_key_get_expiry (after), ==, 0);
}

/* @data: whether gpg made the certificate with the key, or it has to be generated. */
static void
test_revoke (Fixture *fixture, gconstpointer data)
{
  gboolean imported = GPOINTER_TO_INT (data);
  g_autofree char *fingerprint = create (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) revocation = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autofree char *description = NULL;

  if (imported)
    {
      g_autofree char *folder = spare_test_home_build (fixture->folder, "openpgp-revocs.d");

      spare_test_remove_tree (folder);
    }
  revocation = spare_home_dup_revocation_sync (fixture->home, fingerprint, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->n_asked, ==, imported ? 1 : 0);
  spare_home_revoke_sync (fixture->home, fingerprint, revocation, NULL, &error);
  g_assert_no_error (error);
  key = spare_home_get_key_sync (fixture->home, fingerprint, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (spare_key_get_encryption_state (key, g_get_real_time () / G_USEC_PER_SEC),
                   ==, SPARE_KEY_REVOKED);
}

static void
test_revoke_other (Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = create (fixture);
  g_autofree char *other = create (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes)
      revocation = spare_home_dup_revocation_sync (fixture->home, one, NULL, &error);

  g_assert_no_error (error);
  g_assert_false (spare_home_revoke_sync (fixture->home, other, revocation, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

/* What is encrypted to a key with a bound subkey, as owner/ asks for it, holds exactly both. */
static void
assert_adsk_reads (Fixture *fixture, const char *one, const char *adsk)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (fixture->home, one, FALSE, NULL, &error);
  g_autoptr (GPtrArray) adsks = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) input = g_bytes_new_static ("letter", 6);
  g_auto (MemoryStream) memory = { 0 };
  SpareRecipient recipient = { 0 };
  SpareEncryptionRequest request = { .recipients = &recipient, .n_recipients = 1, .size = 6 };
  SpareStream stream;
  guint64 key_id;

  g_assert_no_error (error);
  adsks = spare_key_pick_adsks (key, now);
  g_assert_cmpuint (adsks->len, ==, 1);
  g_assert_cmpstr (((const SpareSubkey *) g_ptr_array_index (adsks, 0))->fingerprint, ==, adsk);
  key_id = ((const SpareSubkey *) g_ptr_array_index (adsks, 0))->key_id;
  recipient.key = key;
  recipient.subkey = spare_key_pick_newest_encryption_subkey (key, now);
  g_assert_cmpstr (recipient.subkey->fingerprint, !=, adsk);
  request.extra_key_ids = &key_id;
  request.n_extra_key_ids = 1;
  memory_stream_init (&memory, input);
  stream = memory_stream_get (&memory);
  head = spare_encrypt_sync (fixture->home, &request, &stream, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 2);
}

static void
test_adsk (Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = create (fixture);
  g_autofree char *other = create (fixture);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (fixture->folder, other);
  g_autoptr (GError) error = NULL;
  gboolean added = spare_home_add_adsk_sync (fixture->home, one, fingerprints[1], NULL, &error);

  if (!spare_engine_is_at_least (2, 4, 1))
    {
      g_assert_false (added);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
      return;
    }
  g_assert_no_error (error);
  assert_adsk_reads (fixture, one, fingerprints[1]);
}

static void
test_personal_is_not_changed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint = spare_test_create_key (fixture->folder, SPARE_TEST_KEY_DEFAULT,
                                                        ada, NULL);
  g_autoptr (SpareHome) personal = spare_home_new (SPARE_HOME_PERSONAL, fixture->folder->path);
  g_autoptr (GBytes) octets = spare_test_export (fixture->folder, fingerprint);
  g_autofree char *before = spare_test_hash_tree (fixture->folder->path);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

#define REFUSED(call)                                           \
  g_assert_false (call);                                        \
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED); \
  g_clear_error (&error)

  REFUSED (spare_home_create_key_sync (personal, ada, NULL, 0, NULL, NULL, &error) != NULL);
  REFUSED (spare_home_import_sync (personal, octets, FALSE, NULL, &error) != NULL);
  REFUSED (spare_home_delete_key_sync (personal, fingerprint, TRUE, NULL, &error));
  REFUSED (spare_home_extend_key_sync (personal, fingerprint, 0, NULL, &error));
  REFUSED (spare_home_change_passphrase_sync (personal, fingerprint, fixture->passphrase,
                                              fixture->passphrase, NULL, &error));
  REFUSED (spare_home_export_secret_sync (personal, fingerprint, NULL, &error) != NULL);
  REFUSED (spare_home_revoke_sync (personal, fingerprint, NULL, NULL, &error));
#undef REFUSED
  after = spare_test_hash_tree (fixture->folder->path);
  g_assert_cmpstr (before, ==, after);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

#define ADD(path, test, data) \
  g_test_add ("/gnupg/change/" path, Fixture, data, set_up, test, tear_down)

  ADD ("a-new-key-signs-encrypts-and-has-its-passphrase", test_create, NULL);
  ADD ("keys-of-other-kinds-are-made-as-wished", test_create_algorithms, NULL);
  ADD ("a-bad-name-kind-or-date-makes-no-key", test_create_refuses, NULL);
  ADD ("a-public-key-goes-out-and-in", test_export_import, NULL);
  ADD ("a-secret-key-moves-with-its-passphrase", test_secret_moves, NULL);
  ADD ("a-secret-key-is-refused-where-a-public-one-is-wanted", test_secret_is_refused, NULL);
  ADD ("what-is-no-key-or-flooded-is-refused", test_import_refuses, NULL);
  ADD ("a-passphrase-is-changed-on-all-parts", test_change_passphrase, NULL);
  ADD ("the-passphrase-function-s-error-is-the-error", test_locked_keyring, NULL);
  ADD ("a-key-is-removed-with-its-secret-part-only-if-asked", test_delete, NULL);
  ADD ("an-expired-key-is-extended-with-its-subkeys", test_extend, NULL);
  ADD ("a-key-is-revoked-with-the-certificate-made-with-it", test_revoke, NULL);
  ADD ("a-key-is-revoked-with-a-certificate-made-later", test_revoke, GINT_TO_POINTER (TRUE));
  ADD ("a-foreign-revocation-is-no-success", test_revoke_other, NULL);
  ADD ("an-additional-decryption-subkey-needs-a-newer-gpg", test_adsk, NULL);
  ADD ("the-person-s-own-keys-are-never-changed", test_personal_is_not_changed, NULL);
#undef ADD
  return g_test_run ();
}
