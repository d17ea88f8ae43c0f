/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with the owner's keys, with other people's certificates and with the authority's. */
#include "config.h"

#include "owner-fixture.h"

#include "spare-engine.h"
#include "spare-error.h"

#include <glib/gstdio.h>

static SpareOwnedKey *
find (GPtrArray *keys, const char *fingerprint)
{
  for (guint i = 0; i < keys->len; i++)
    {
      SpareOwnedKey *owned = g_ptr_array_index (keys, i);

      if (strcmp (spare_key_get_fingerprint (owned->key), fingerprint) == 0)
        return owned;
    }
  return NULL;
}

static GPtrArray *
list (OwnerFixture *f)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *keys = spare_owner_list_keys_sync (f->owner, NULL, &error);

  g_assert_no_error (error);
  return keys;
}

static void
lose_home (OwnerFixture *f)
{
  g_autofree char *path = owner_fixture_path (f, "gnupg");

  spare_owner_close (f->owner);
  spare_test_remove_tree (path);
  owner_fixture_restart (f);
  owner_fixture_open (f);
}

static SpareKeyState
encryption_state (OwnerFixture *f)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (f->owner);

  return spare_key_get_encryption_state (key, g_get_real_time () / G_USEC_PER_SEC);
}

static void
test_use_gnupg (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = spare_test_create_key (f->personal, SPARE_TEST_KEY_DEFAULT,
                                                        "Alice <a@example.org>", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (SpareHome) home = NULL;
  g_autoptr (GPtrArray) recipients = NULL;
  g_autoptr (GError) error = NULL;

  spare_test_home_kill_agent (f->personal);
  before = spare_test_hash_tree (f->personal->path);
  owner_fixture_open (f);
  g_assert_cmpint (spare_owner_get_state (f->owner), ==, SPARE_OWNER_NEEDS_KEY);
  g_assert_true (spare_owner_use_key_sync (f->owner, fingerprint, NULL, &error));
  g_assert_no_error (error);
  keys = list (f);
  g_assert_cmpuint (keys->len, ==, 1);
  g_assert_cmpint (find (keys, fingerprint)->source, ==, SPARE_KEY_SOURCE_GNUPG);
  g_assert_true (find (keys, fingerprint)->is_default);
  home = spare_owner_dup_key_home (f->owner);
  g_assert_cmpint (spare_home_get_kind (home), ==, SPARE_HOME_PERSONAL);
  owner_fixture_assert_opens (f, fingerprint);

  /* Nothing of it is anybody else's, and nothing of it is in the keyring. */
  recipients = spare_owner_list_recipients_sync (f->owner, NULL, &error);
  g_assert_cmpuint (recipients->len, ==, 0);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 0);
  after = spare_test_hash_tree (f->personal->path);
  g_assert_cmpstr (before, ==, after);

  lose_home (f);
  owner_fixture_assert_opens (f, fingerprint);

  g_assert_false (spare_owner_delete_key_sync (f->owner, fingerprint, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (spare_owner_revoke_key_sync (f->owner, fingerprint, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
}

static void
test_two_keys (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GPtrArray) rebuilt = NULL;
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  first = owner_fixture_create (f);
  second = owner_fixture_create (f);
  keys = list (f);
  g_assert_cmpuint (keys->len, ==, 2);
  g_assert_true (find (keys, second)->is_default);
  owner_fixture_assert_opens (f, first);

  /* Old files need the first one after the home was lost, too. */
  lose_home (f);
  rebuilt = list (f);
  g_assert_cmpuint (rebuilt->len, ==, 2);
  owner_fixture_assert_opens (f, first);

  g_assert_false (spare_owner_delete_key_sync (f->owner, second, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 6);
  g_assert_true (spare_owner_use_key_sync (f->owner, first, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (spare_owner_delete_key_sync (f->owner, second, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 3);
  left = list (f);
  g_assert_cmpuint (left->len, ==, 1);
  owner_fixture_assert_opens (f, first);

  g_assert_false (spare_owner_use_key_sync (f->owner, second, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
}

static void
test_export (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;
  g_autoptr (SpareSecret) passphrase = spare_secret_new_copy ("sesame", 6, NULL);
  g_autoptr (SpareSecret) empty = spare_secret_new_copy ("", 0, NULL);
  g_autoptr (SpareSecret) armored = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  g_assert_null (
      spare_owner_export_secret_key_sync (f->owner, fingerprint, empty, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  armored = spare_owner_export_secret_key_sync (f->owner, fingerprint, passphrase, NULL,
                                                &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (spare_secret_get_text (armored), "-----BEGIN PGP PRIVATE"));

  /* Stock gpg opens a message with it, under the passphrase given and no other. */
  certificate = spare_owner_export_key_sync (f->owner, NULL, NULL, &error);
  message = owner_fixture_encrypt (f, certificate, fingerprint);
  octets = g_bytes_new (spare_secret_get_data (armored), spare_secret_get_size (armored));
  spare_test_import (f->personal, octets);
  g_assert_cmpint (spare_test_gpg_full (f->personal, message, NULL, NULL, "--passphrase",
                                        "simsim", "--decrypt", NULL),
                   !=, 0);
  g_assert_cmpint (spare_test_gpg_full (f->personal, message, NULL, NULL, "--passphrase",
                                        "sesame", "--decrypt", NULL),
                   ==, 0);
  /* What is stored is as before. */
  owner_fixture_assert_opens (f, fingerprint);
}

static void
test_extend (OwnerFixture *f, gconstpointer data)
{
  const gint64 until = g_get_real_time () / G_USEC_PER_SEC + 400 * 24 * 60 * 60;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (SpareKey) rebuilt = NULL;

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  g_assert_false (spare_owner_extend_key_sync (f->owner, fingerprint, 1000, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_true (spare_owner_extend_key_sync (f->owner, fingerprint, until, NULL, &error));
  g_assert_no_error (error);
  key = spare_owner_dup_key (f->owner);
  g_assert_cmpint (ABS (spare_key_get_expiry (key) - until), <, 120);

  lose_home (f);
  rebuilt = spare_owner_dup_key (f->owner);
  g_assert_cmpint (ABS (spare_key_get_expiry (rebuilt) - until), <, 120);
  owner_fixture_assert_opens (f, fingerprint);
}

static void
test_revoke (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GBytes) message = NULL;

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  certificate = spare_owner_export_key_sync (f->owner, fingerprint, NULL, &error);
  message = owner_fixture_encrypt (f, certificate, fingerprint);
  g_assert_true (spare_owner_revoke_key_sync (f->owner, fingerprint, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (encryption_state (f), ==, SPARE_KEY_REVOKED);

  /* Old files open, also after the home was lost, where it stays revoked. */
  error = owner_fixture_try_open (f, message);
  g_assert_no_error (error);
  lose_home (f);
  g_assert_cmpint (encryption_state (f), ==, SPARE_KEY_REVOKED);
  error = owner_fixture_try_open (f, message);
  g_assert_no_error (error);
}

static void
test_recipients (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *mine = NULL;
  g_autofree char *bob = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_DEFAULT,
                                                "Bob <b@example.org>", NULL);
  g_autofree char *carol = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_RSA,
                                                  "Carol <c@example.org>", NULL);
  g_autofree char *both_text = spare_test_gpg (f->elsewhere, "--armor", "--export", NULL);
  g_autoptr (GBytes) both = g_bytes_new (both_text, strlen (both_text));
  g_autoptr (GBytes) secret = spare_test_export_secret (f->elsewhere, bob, NULL);
  g_autoptr (GBytes) own = NULL;
  g_autoptr (GPtrArray) added = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  mine = owner_fixture_create (f);
  own = spare_owner_export_key_sync (f->owner, mine, NULL, NULL);
  g_assert_null (spare_owner_import_recipients_sync (f->owner, secret, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);
  g_assert_null (spare_owner_import_recipients_sync (f->owner, own, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);

  added = spare_owner_import_recipients_sync (f->owner, both, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (added->len, ==, 2);
  lose_home (f);
  found = spare_owner_list_recipients_sync (f->owner, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 2);

  g_assert_false (spare_owner_remove_recipient_sync (f->owner, mine, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_clear_error (&error);
  g_assert_true (spare_owner_remove_recipient_sync (f->owner, bob, NULL, &error));
  g_assert_no_error (error);
  left = spare_owner_list_recipients_sync (f->owner, NULL, &error);
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_cmpstr (spare_key_get_fingerprint (g_ptr_array_index (left, 0)), ==, carol);
}

static void
test_find_by_id (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *mine = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (SpareKey) found = NULL;

  owner_fixture_open (f);
  mine = owner_fixture_create (f);
  key = spare_owner_dup_key (f->owner);
  found = spare_owner_find_key_by_id_sync (f->owner, spare_key_get_subkey (key, 1)->key_id,
                                           NULL);
  g_assert_cmpstr (spare_key_get_fingerprint (found), ==, mine);
  g_assert_null (spare_owner_find_key_by_id_sync (f->owner,
                                                  G_GUINT64_CONSTANT (0x1234567890ABCDEF),
                                                  NULL));
}

static void
test_authority (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *mine = NULL;
  g_autofree char *authority = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_TWO_SUBKEYS,
                                                      "Backup <s@example.org>", NULL);
  g_autoptr (GBytes) certificate = spare_test_export (f->elsewhere, authority);
  g_autoptr (GBytes) own = NULL;
  g_autoptr (SparePinOffer) offer = NULL;
  g_autoptr (SparePinOffer) self_offer = NULL;
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  mine = owner_fixture_create (f);
  own = spare_owner_export_key_sync (f->owner, mine, NULL, NULL);
  self_offer = spare_owner_examine_authority_sync (f->owner, own, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (spare_owner_trust_authority_sync (f->owner, self_offer, mine, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_cmpint (spare_owner_get_state (f->owner), ==, SPARE_OWNER_NEEDS_AUTHORITY);

  offer = spare_owner_examine_authority_sync (f->owner, certificate, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (spare_owner_trust_authority_sync (f->owner, offer, authority, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (spare_owner_get_state (f->owner), ==, SPARE_OWNER_READY);

  /* The authority is nobody's recipient. */
  g_assert_null (spare_owner_import_recipients_sync (f->owner, certificate, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);

  lose_home (f);
  g_assert_cmpint (spare_owner_get_state (f->owner), ==, SPARE_OWNER_READY);
  g_assert_cmpint (spare_pin_get_state (spare_owner_get_pin (f->owner)), ==, SPARE_PIN_USABLE);
}

/* The administrator chooses while the window is open. */
static void
test_policy_changes (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *mine = NULL;
  g_autofree char *authority = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_TWO_SUBKEYS,
                                                      "Backup <s@example.org>", NULL);
  g_autofree char *text = spare_test_gpg (f->elsewhere, "--armor", "--export", authority, NULL);
  g_autofree char *path = g_build_filename (f->folder, "managed.asc", NULL);
  g_autofree char *policy_text = g_strdup_printf ("[Escrow]\nAuthority=%s\nAuthorityKey=%s\n",
                                                  authority, path);
  g_autoptr (SparePolicy) policy = NULL;
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  mine = owner_fixture_create (f);
  g_file_set_contents (path, text, -1, NULL);
  g_file_set_contents (f->policy, policy_text, -1, NULL);
  policy = spare_owner_dup_policy (f->owner, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_pin_get_fingerprint (spare_owner_get_pin (f->owner)), ==, authority);
  g_assert_true (spare_pin_is_managed (spare_owner_get_pin (f->owner)));
  g_assert_cmpint (spare_owner_get_state (f->owner), ==, SPARE_OWNER_READY);
}

static void
test_adsk (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *mine = NULL;
  g_autofree char *authority = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_TWO_SUBKEYS,
                                                      "Backup <s@example.org>", NULL);
  g_autoptr (GBytes) certificate = spare_test_export (f->elsewhere, authority);
  g_autoptr (SparePinOffer) offer = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GPtrArray) bound = NULL;
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  mine = owner_fixture_create (f);
  offer = spare_owner_examine_authority_sync (f->owner, certificate, NULL, &error);
  g_assert_true (spare_owner_trust_authority_sync (f->owner, offer, authority, NULL, &error));
  if (!spare_engine_is_at_least (2, 4, 1))
    {
      g_assert_false (spare_owner_set_adsk_sync (f->owner, TRUE, NULL, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
      return;
    }

  g_assert_true (spare_owner_set_adsk_sync (f->owner, TRUE, NULL, &error));
  g_assert_no_error (error);
  lose_home (f);
  key = spare_owner_dup_key (f->owner);
  bound = spare_key_pick_adsks (key, g_get_real_time () / G_USEC_PER_SEC);
  g_assert_cmpuint (bound->len, ==, 1);
  g_assert_cmpstr (((const SpareSubkey *) g_ptr_array_index (bound, 0))->fingerprint, ==,
                   offer->escrow->fingerprint);
}

#define ADD(path, test)                                                            \
  g_test_add ("/owner-keys/" path, OwnerFixture, NULL, owner_fixture_set_up, test, \
              owner_fixture_tear_down)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_assert_true (spare_secret_init (NULL));
  owner_fixture_bus = spare_test_bus_new ();

  ADD ("a-key-of-the-persons-own-gnupg-is-used-where-it-is", test_use_gnupg);
  ADD ("the-key-in-use-can-not-be-deleted-another-can", test_two_keys);
  ADD ("a-copy-opens-under-its-passphrase-elsewhere", test_export);
  ADD ("an-extension-outlives-the-home", test_extend);
  ADD ("a-revocation-outlives-the-home-and-old-files-open", test_revoke);
  ADD ("recipients-are-other-people-and-outlive-the-home", test_recipients);
  ADD ("a-key-id-gets-its-name", test_find_by_id);
  ADD ("the-authority-is-somebody-else-and-outlives-the-home", test_authority);
  ADD ("the-policy-is-followed-while-the-window-is-open", test_policy_changes);
  ADD ("the-authority-is-bound-where-the-engine-can", test_adsk);

  result = g_test_run ();
  spare_test_bus_free (owner_fixture_bus);
  return result;
}
