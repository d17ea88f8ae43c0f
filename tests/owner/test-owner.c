/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the owner's side, and making and taking in keys: with what is there, what was lost, and what fails. */
#include "config.h"

#include "owner-fixture.h"

#include "spare-engine.h"
#include "spare-error.h"

#include <glib/gstdio.h>

#define NOBODY "0000000000000000000000000000000000000000"

static void
assert_state (OwnerFixture *f, SpareOwnerState state)
{
  g_assert_cmpint (spare_owner_get_state (f->owner), ==, state);
}

static void
assert_open_fails (OwnerFixture *f, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_owner_open_sync (f->owner, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SPARE_ERROR, code);
  assert_state (f, SPARE_OWNER_CLOSED);
}

static void
assert_create_fails (OwnerFixture *f, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      spare_owner_create_key_sync (f->owner, "A", "a@example.org", NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SPARE_ERROR, code);
  g_assert_nonnull (strstr (error->message, "othing was changed"));
  g_assert_false (owner_fixture_exists (f, "owner.ini"));
}

static guint
count_secret_keys (OwnerFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      keys = spare_home_list_keys_sync (spare_owner_get_home (f->owner), TRUE, NULL, &error);

  g_assert_no_error (error);
  return keys->len;
}

static void
lose (OwnerFixture *f, const char *name)
{
  g_autofree char *path = owner_fixture_path (f, name);

  spare_test_remove_tree (path);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_create (OwnerFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  SpareOwnedKey *owned;

  owner_fixture_open (f);
  assert_state (f, SPARE_OWNER_NEEDS_KEY);
  g_assert_null (spare_owner_dup_key (f->owner));
  fingerprint = owner_fixture_create (f);
  assert_state (f, SPARE_OWNER_NEEDS_AUTHORITY);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 3);

  key = spare_owner_dup_key (f->owner);
  g_assert_cmpstr (spare_key_get_fingerprint (key), ==, fingerprint);
  g_assert_cmpstr (spare_key_get_user_id (key), ==, "Alice Ölsson <alice@example.org>");
  g_assert_cmpint (spare_key_get_expiry (key), ==, 0);
  keys = spare_owner_list_keys_sync (f->owner, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  owned = g_ptr_array_index (keys, 0);
  g_assert_true (owned->is_default);
  g_assert_cmpint (owned->source, ==, SPARE_KEY_SOURCE_KEYRING);
  owner_fixture_assert_opens (f, fingerprint);

  owner_fixture_restart (f);
  owner_fixture_open (f);
  assert_state (f, SPARE_OWNER_NEEDS_AUTHORITY);
  owner_fixture_assert_opens (f, fingerprint);
}

static void
test_not_required (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;

  g_file_set_contents (f->policy, "[Escrow]\nRequired=false\n", -1, NULL);
  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  assert_state (f, SPARE_OWNER_READY);
}

static void
test_home_lost (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  spare_owner_close (f->owner);
  lose (f, "gnupg");

  owner_fixture_restart (f);
  owner_fixture_open (f);
  assert_state (f, SPARE_OWNER_NEEDS_AUTHORITY);
  owner_fixture_assert_opens (f, fingerprint);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 3);
}

/* The whole data folder: the keyring's one key is adopted, none is made. */
static void
test_data_lost (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;
  g_autoptr (SpareKey) key = NULL;

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  spare_owner_close (f->owner);
  spare_test_remove_tree (f->data);

  owner_fixture_restart (f);
  owner_fixture_open (f);
  key = spare_owner_dup_key (f->owner);
  g_assert_cmpstr (spare_key_get_fingerprint (key), ==, fingerprint);
  owner_fixture_assert_opens (f, fingerprint);
}

static void
test_damaged_choice (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *ini = NULL;

  owner_fixture_open (f);
  ini = owner_fixture_path (f, "owner.ini");
  g_file_set_contents (ini, "[Owner]\nFingerprint=12\n", -1, NULL);
  owner_fixture_restart (f);
  assert_open_fails (f, SPARE_ERROR_FAILED);
}

static void
test_locked (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GBytes) message = NULL;

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  certificate = spare_owner_export_key_sync (f->owner, fingerprint, NULL, &error);
  message = owner_fixture_encrypt (f, certificate, fingerprint);

  /* Not cached anywhere: the next decryption needs the keyring. */
  spare_test_bus_lock_keyring (owner_fixture_bus);
  error = owner_fixture_try_open (f, message);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
  g_clear_error (&error);

  /* Opening needs no secret while the home is there… */
  owner_fixture_restart (f);
  owner_fixture_open (f);
  assert_state (f, SPARE_OWNER_NEEDS_AUTHORITY);
  spare_owner_close (f->owner);

  /* …and one when it is lost: an error of its own, and no second key. */
  lose (f, "gnupg");
  owner_fixture_restart (f);
  assert_open_fails (f, SPARE_ERROR_KEYRING_LOCKED);

  spare_test_bus_unlock_keyring (owner_fixture_bus);
  owner_fixture_open (f);
  error = owner_fixture_try_open (f, message);
  g_assert_no_error (error);
}

static void
test_first_locked (OwnerFixture *f, gconstpointer data)
{
  spare_test_bus_lock_keyring (owner_fixture_bus);
  assert_open_fails (f, SPARE_ERROR_KEYRING_LOCKED);
  assert_create_fails (f, SPARE_ERROR_KEYRING_LOCKED);
  g_assert_cmpuint (count_secret_keys (f), ==, 0);
}

static void
test_no_service (OwnerFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = spare_test_create_key (f->personal, SPARE_TEST_KEY_DEFAULT,
                                                        "Alice <a@example.org>", NULL);

  spare_test_bus_stop_keyring (owner_fixture_bus);
  assert_open_fails (f, SPARE_ERROR_KEYRING_MISSING);
  assert_create_fails (f, SPARE_ERROR_KEYRING_MISSING);

  /* The person's own GnuPG needs no keyring of ours. */
  g_assert_true (spare_owner_use_key_sync (f->owner, fingerprint, NULL, &error));
  g_assert_no_error (error);
  assert_state (f, SPARE_OWNER_NEEDS_AUTHORITY);
  owner_fixture_restart (f);
  owner_fixture_open (f);
}

static void
test_no_collection (OwnerFixture *f, gconstpointer data)
{
  spare_test_bus_start_bare_keyring (owner_fixture_bus);
  assert_open_fails (f, SPARE_ERROR_KEYRING_MISSING);
  assert_create_fails (f, SPARE_ERROR_KEYRING_MISSING);
}

static void
test_dies_in_prompt (OwnerFixture *f, gconstpointer data)
{
  owner_fixture_start_fake_keyring ("die-in-prompt");
  assert_open_fails (f, SPARE_ERROR_KEYRING_GONE);
  g_assert_cmpuint (count_secret_keys (f), ==, 0);
  g_assert_false (owner_fixture_exists (f, "owner.ini"));
}

static void
test_forgets (OwnerFixture *f, gconstpointer data)
{
  owner_fixture_open (f);
  owner_fixture_start_fake_keyring ("forget");
  assert_create_fails (f, SPARE_ERROR_KEYRING_GONE);
  assert_state (f, SPARE_OWNER_NEEDS_KEY);
  g_assert_cmpuint (count_secret_keys (f), ==, 0);
}

/* The last step but one fails: keyring and home are as before. */
static void
test_take_back (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *certificates = owner_fixture_path (f, "certificates");
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  g_file_set_contents (certificates, "in the way", -1, NULL);
  g_assert_null (
      spare_owner_create_key_sync (f->owner, "A", "a@example.org", NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "othing was changed"));
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 0);
  g_assert_cmpuint (count_secret_keys (f), ==, 0);
  g_assert_false (owner_fixture_exists (f, "owner.ini"));
  assert_state (f, SPARE_OWNER_NEEDS_KEY);

  g_assert_cmpint (g_unlink (certificates), ==, 0);
  g_free (owner_fixture_create (f));
}

static void
test_cancelled (OwnerFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  owner_fixture_open (f);
  g_cancellable_cancel (cancellable);
  g_assert_null (
      spare_owner_create_key_sync (f->owner, "A", "a@example.org", NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 0);
}

static void
test_engines (OwnerFixture *f, gconstpointer data)
{
  const char *const kinds[] = { "missing", "crashes", "garbage", "exits-1" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = g_build_filename (TEST_FAKE_GUARDS, kinds[i], "sparekey-gpg",
                                                 NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareOwner)
          owner = g_object_new (SPARE_TYPE_OWNER, "data-directory", f->data, "policy-path",
                                f->policy, "guard-path", guard, "personal-home",
                                f->personal->path, NULL);

      g_test_message ("%s", kinds[i]);
      g_assert_false (spare_owner_open_sync (owner, NULL, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
      g_assert_cmpint (spare_owner_get_state (owner), ==, SPARE_OWNER_CLOSED);
    }
}

/* A damaged outbox or policy stops encryption, not the opening: decrypting needs neither. */
static void
test_still_opens (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;
  g_autofree char *outbox = owner_fixture_path (f, "outbox.db");
  g_autoptr (GError) error = NULL;
  guint counts[3];

  owner_fixture_open (f);
  fingerprint = owner_fixture_create (f);
  owner_fixture_restart (f);
  g_file_set_contents (outbox, "this is no database, and long enough to tell", -1, NULL);
  g_file_set_contents (f->policy, "[Escrow]\nMode=sometimes\n", -1, NULL);
  owner_fixture_open (f);
  owner_fixture_assert_opens (f, fingerprint);

  g_assert_null (spare_owner_dup_policy (f->owner, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);
  g_assert_false (spare_outbox_count_sync (spare_owner_get_outbox (f->owner), counts, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
}

static SpareSecret *
secret (const char *text)
{
  return spare_secret_new_copy (text, strlen (text), NULL);
}

static void
test_import (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_DEFAULT,
                                                        "Alice <a@example.org>", "sesame");
  g_autoptr (GBytes) file = spare_test_export_secret (f->elsewhere, fingerprint, "sesame");
  g_autoptr (SpareSecret) wrong = secret ("simsim");
  g_autoptr (SpareSecret) right = secret ("sesame");
  g_autoptr (GError) error = NULL;
  g_autofree char *imported = NULL;

  owner_fixture_open (f);
  g_assert_null (spare_owner_import_key_sync (f->owner, file, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  g_assert_null (spare_owner_import_key_sync (f->owner, file, wrong, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 0);
  assert_state (f, SPARE_OWNER_NEEDS_KEY);

  imported = spare_owner_import_key_sync (f->owner, file, right, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (imported, ==, fingerprint);
  assert_state (f, SPARE_OWNER_NEEDS_AUTHORITY);
  owner_fixture_assert_opens (f, fingerprint);

  g_assert_null (spare_owner_import_key_sync (f->owner, file, right, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
}

static void
test_import_unprotected (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *fingerprint = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_RSA,
                                                        "Alice <a@example.org>", NULL);
  g_autoptr (GBytes) file = spare_test_export_secret (f->elsewhere, fingerprint, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *imported = NULL;

  owner_fixture_open (f);
  imported = spare_owner_import_key_sync (f->owner, file, NULL, NULL, &error);
  g_assert_no_error (error);
  owner_fixture_assert_opens (f, fingerprint);
}

/* An old key is for old files: it does not take the place of the one in use. */
static void
test_import_second (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *mine = NULL;
  g_autofree char *old = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_EXPIRED,
                                                "Alice <a@example.org>", NULL);
  g_autoptr (GBytes) file = spare_test_export_secret (f->elsewhere, old, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *imported = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GPtrArray) keys = NULL;

  owner_fixture_open (f);
  mine = owner_fixture_create (f);
  imported = spare_owner_import_key_sync (f->owner, file, NULL, NULL, &error);
  g_assert_no_error (error);
  key = spare_owner_dup_key (f->owner);
  g_assert_cmpstr (spare_key_get_fingerprint (key), ==, mine);
  keys = spare_owner_list_keys_sync (f->owner, NULL, &error);
  g_assert_cmpuint (keys->len, ==, 2);

  g_assert_false (spare_owner_use_key_sync (f->owner, old, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

static void
test_import_wrong_files (OwnerFixture *f, gconstpointer data)
{
  g_autofree char *one = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_DEFAULT,
                                                "One <1@example.org>", NULL);
  g_autofree char *two = spare_test_create_key (f->elsewhere, SPARE_TEST_KEY_DEFAULT,
                                                "Two <2@example.org>", NULL);
  g_autoptr (GBytes) public_part = spare_test_export (f->elsewhere, one);
  g_autoptr (GBytes) first = spare_test_export_secret (f->elsewhere, one, NULL);
  g_autoptr (GBytes) second = spare_test_export_secret (f->elsewhere, two, NULL);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("not a key", 9);
  g_autoptr (GByteArray) joined = g_byte_array_new ();
  g_autoptr (GBytes) both = NULL;
  g_autoptr (GError) error = NULL;

  g_byte_array_append (joined, g_bytes_get_data (first, NULL),
                       (guint) g_bytes_get_size (first));
  g_byte_array_append (joined, g_bytes_get_data (second, NULL),
                       (guint) g_bytes_get_size (second));
  both = g_byte_array_free_to_bytes (g_steal_pointer (&joined));

  owner_fixture_open (f);
  g_assert_null (spare_owner_import_key_sync (f->owner, public_part, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (spare_owner_import_key_sync (f->owner, both, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (spare_owner_import_key_sync (f->owner, garbage, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_assert_cmpuint (owner_fixture_count_items (f), ==, 0);
  g_assert_cmpuint (count_secret_keys (f), ==, 0);
}

typedef struct
{
  GAsyncResult *result;
  guint told;
} Waiting;

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Waiting *) data)->result = g_object_ref (result);
}

static void
changed_cb (SpareOwner *owner, Waiting *waiting)
{
  waiting->told++;
}

static void
wait_for (Waiting *waiting)
{
  g_clear_object (&waiting->result);
  while (waiting->result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_async (OwnerFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  Waiting waiting = { NULL, 0 };

  g_signal_connect (f->owner, "changed", G_CALLBACK (changed_cb), &waiting);
  spare_owner_open_async (f->owner, NULL, done_cb, &waiting);
  wait_for (&waiting);
  g_assert_true (spare_owner_open_finish (f->owner, waiting.result, &error));
  g_assert_no_error (error);
  assert_state (f, SPARE_OWNER_NEEDS_KEY);

  spare_owner_create_key_async (f->owner, "Alice", "alice@example.org", NULL, NULL, done_cb,
                                &waiting);
  wait_for (&waiting);
  fingerprint = spare_owner_create_key_finish (f->owner, waiting.result, &error);
  g_assert_no_error (error);

  spare_owner_list_keys_async (f->owner, NULL, done_cb, &waiting);
  wait_for (&waiting);
  keys = spare_owner_list_keys_finish (f->owner, waiting.result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  g_clear_object (&waiting.result);
  g_assert_cmpuint (waiting.told, >=, 2);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_signal_handlers_disconnect_by_data (f->owner, &waiting);
}

#define ADD(path, test)                                                       \
  g_test_add ("/owner/" path, OwnerFixture, NULL, owner_fixture_set_up, test, \
              owner_fixture_tear_down)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_assert_true (spare_secret_init (NULL));
  owner_fixture_bus = spare_test_bus_new ();

  ADD ("makes-a-key-that-opens-what-stock-gpg-encrypts", test_create);
  ADD ("needs-no-authority-where-policy-wants-none", test_not_required);
  ADD ("decrypts-as-before-when-its-home-was-lost", test_home_lost);
  ADD ("adopts-the-keyrings-key-when-all-else-was-lost", test_data_lost);
  ADD ("says-when-the-note-of-the-key-is-damaged", test_damaged_choice);
  ADD ("a-locked-keyring-locks-the-files-and-is-said", test_locked);
  ADD ("locked-at-the-first-start-makes-no-key", test_first_locked);
  ADD ("without-a-keyring-service-makes-no-key", test_no_service);
  ADD ("without-a-default-keyring-makes-no-key", test_no_collection);
  ADD ("survives-a-keyring-that-dies-while-it-asks", test_dies_in_prompt);
  ADD ("leaves-nothing-when-the-keyring-forgets", test_forgets);
  ADD ("takes-everything-back-when-a-late-step-fails", test_take_back);
  ADD ("leaves-nothing-when-cancelled", test_cancelled);
  ADD ("never-takes-a-broken-engine-for-no-key", test_engines);
  ADD ("opens-with-a-damaged-outbox-and-policy", test_still_opens);
  ADD ("imports-a-key-with-its-passphrase-only", test_import);
  ADD ("imports-an-unprotected-key", test_import_unprotected);
  ADD ("imports-an-expired-key-beside-the-one-in-use", test_import_second);
  ADD ("imports-nothing-but-one-secret-key", test_import_wrong_files);
  ADD ("works-without-blocking-the-window", test_async);

  result = g_test_run ();
  spare_test_bus_free (owner_fixture_bus);
  return result;
}
