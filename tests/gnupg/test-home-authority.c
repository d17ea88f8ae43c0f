/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's home: a key of two encryption subkeys, protected by a passphrase that a person types, which is remembered
 * until the home is locked. The person is a passphrase function, or a pinentry of five lines. */
#include "config.h"

#include "memory-stream.h"
#include "spare-decryption.h"
#include "spare-detached-signature.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-session-key.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#define GOOD "good passphrase, typed by a person"
#define NAME "checkpoint@sparekey.org"

static const char user_id[] = "Authority <authority@example.org>";

typedef struct
{
  SpareTestHome *files;
  SpareHome *home;
  const char *answer; /* of the passphrase function; NULL: dismissed */
  guint n_asked;
} Fixture;

static SpareSecret *
answer_cb (const char *fingerprint,
           gboolean was_wrong,
           GCancellable *cancellable,
           gpointer user_data,
           GError **error)
{
  Fixture *self = user_data;

  self->n_asked++;
  if (self->answer != NULL)
    return spare_secret_new_copy (self->answer, strlen (self->answer), error);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED, "no");
  return NULL;
}

/* --- The person --- */

/* Adds to the agent's settings, which it reads again when it is told to forget. */
static void
add_setting (Fixture *self, const char *line)
{
  g_autofree char *conf = spare_test_home_build (self->files, "gpg-agent.conf");
  g_autofree char *old = NULL;
  g_autofree char *more = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (conf, &old, NULL, &error);
  g_assert_no_error (error);
  if (strstr (old, line) == NULL)
    {
      more = g_strconcat (old, line, "\n", NULL);
      g_file_set_contents (conf, more, -1, &error);
      g_assert_no_error (error);
    }
  spare_home_lock (self->home);
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->files = spare_test_home_new ();
  self->home = spare_home_new_with_engine (SPARE_HOME_AUTHORITY, self->files->path, TEST_GUARD);
  self->answer = GOOD;
  spare_home_prepare_sync (self->home, NULL, &error);
  g_assert_no_error (error);
  /* Full hashing takes a second for each passphrase here. */
  add_setting (self, "s2k-count 65536");
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->home);
  g_clear_pointer (&self->files, spare_test_home_free);
}

static void
answer_by_function (Fixture *self)
{
  spare_home_set_passphrase_func (self->home, answer_cb, self, NULL);
}

/* It types what stands in the file `answer` and adds a line to the file `asked` each time. */
static void
answer_by_pinentry (Fixture *self, const char *answer)
{
  g_autofree char *script = spare_test_home_build (self->files, "pinentry");
  g_autofree char *answer_path = spare_test_home_build (self->files, "answer");
  g_autofree char *text = NULL;
  g_autofree char *setting = g_strconcat ("pinentry-program ", script, NULL);
  g_autoptr (GError) error = NULL;

  text =
      g_strdup_printf ("#!/bin/sh\n"
                       "echo OK\n"
                       "while read -r line; do\n"
                       "  case $line in\n"
                       "    GETPIN*) echo x >>'%s/asked'; echo \"D $(cat '%s')\"; echo OK ;;\n"
                       "    SETREPEAT*) echo 'ERR 83886355 no' ;;\n"
                       "    BYE*) echo OK; exit ;;\n"
                       "    *) echo OK ;;\n"
                       "  esac\n"
                       "done\n",
                       self->files->path, answer_path);
  g_file_set_contents (answer_path, answer, -1, &error);
  g_assert_no_error (error);
  if (!g_file_test (script, G_FILE_TEST_EXISTS))
    g_file_set_contents (script, text, -1, &error);
  g_assert_no_error (error);
  g_chmod (script, 0700);
  add_setting (self, setting);
}

static guint
count_pinentries (Fixture *self)
{
  g_autofree char *path = spare_test_home_build (self->files, "asked");
  g_autofree char *text = NULL;
  gsize length = 0;

  g_file_get_contents (path, &text, &length, NULL);
  g_unlink (path);
  return (guint) length / 2;
}

/* --- The key --- */

static SpareSecret *
secret (const char *text)
{
  g_autoptr (GError) error = NULL;
  SpareSecret *made = spare_secret_new_copy (text, strlen (text), &error);

  g_assert_no_error (error);
  return made;
}

static char *
create (Fixture *self)
{
  g_autoptr (SpareSecret) passphrase = secret (GOOD);
  g_autoptr (GError) error = NULL;
  char *fingerprint = spare_home_create_authority_key_sync (self->home, user_id, passphrase,
                                                            NULL, &error);

  g_assert_no_error (error);
  g_assert_true (spare_fingerprint_is_valid (fingerprint));
  return fingerprint;
}

static SpareKey *
get_key (Fixture *self, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  SpareKey *key = spare_home_get_key_sync (self->home, fingerprint, TRUE, NULL, &error);

  g_assert_no_error (error);
  return key;
}

static guint
count_files (Fixture *self, const char *folder)
{
  g_autofree char *path = spare_test_home_build (self->files, folder);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
assert_empty (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) secrets = spare_home_list_keys_sync (self->home, TRUE, NULL, &error);
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (self->home, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (secrets->len, ==, 0);
  g_assert_cmpuint (keys->len, ==, 0);
  g_assert_cmpuint (count_files (self, "openpgp-revocs.d"), ==, 0);
}

static void
test_refuses (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareSecret) empty = secret ("");
  g_autoptr (SpareSecret) good = secret (GOOD);
  g_autoptr (SpareHome) personal = spare_home_new_with_engine (SPARE_HOME_PERSONAL,
                                                               self->files->path, TEST_GUARD);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (
      spare_home_create_authority_key_sync (self->home, user_id, empty, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  g_assert_null (spare_home_create_authority_key_sync (self->home, "a\nb", good, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (spare_home_create_authority_key_sync (personal, user_id, good, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_cancellable_cancel (cancelled);
  g_assert_null (
      spare_home_create_authority_key_sync (self->home, user_id, good, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_empty (self);
}

typedef struct
{
  Fixture *fixture;
  GCancellable *cancellable;
} Canceller;

/* As soon as the primary key is there. */
static gpointer
cancel_thread (gpointer data)
{
  Canceller *self = data;
  gint64 deadline = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  while (count_files (self->fixture, "openpgp-revocs.d") == 0
         && g_get_monotonic_time () < deadline)
    g_usleep (5000);
  g_cancellable_cancel (self->cancellable);
  return NULL;
}

/* FALSE: on a busy machine the thread came too late, and the key is whole. */
static gboolean
cancel_half_way (Fixture *self)
{
  g_autoptr (SpareSecret) good = secret (GOOD);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Canceller canceller = { self, cancellable };
  GThread *thread = g_thread_new ("cancel", cancel_thread, &canceller);
  g_autofree char *fingerprint = spare_home_create_authority_key_sync (self->home, user_id,
                                                                       good, cancellable,
                                                                       &error);

  g_thread_join (thread);
  if (fingerprint != NULL)
    return FALSE;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_empty (self);
  return TRUE;
}

static void
test_cancelled_half_way (Fixture *self, gconstpointer data)
{
  guint tries = 0;

  while (!cancel_half_way (self))
    {
      g_assert_cmpuint (++tries, <, 10);
      fixture_tear_down (self, NULL);
      fixture_set_up (self, NULL);
    }
}

/* The key id of the only PKESK that stock gpg makes for @recipient. */
static guint64
encrypt_by_stock_gpg (Fixture *self, const char *recipient, GBytes **message)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("for the authority", 17);
  g_autoptr (GBytes)
      made = spare_test_gpg_filter (self->files, plain, "--trust-model", "always", "--encrypt",
                                    "--recipient", recipient, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (made, &error);
  guint64 key_id;

  g_assert_no_error (error);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 1);
  key_id = spare_esk_get_key_id (spare_head_get_esk (head, 0));
  if (message != NULL)
    *message = g_steal_pointer (&made);
  return key_id;
}

static void
test_created (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autoptr (SpareKey) key = get_key (self, fingerprint);
  g_autoptr (GPtrArray) escrow = spare_key_list_escrow_subkeys (key);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) revocation = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC + 5;
  const SpareSubkey *primary = spare_key_get_subkey (key, 0);
  const SpareSubkey *oldest = spare_key_pick_oldest_encryption_subkey (key, now);
  const SpareSubkey *newest = spare_key_pick_newest_encryption_subkey (key, now);

  g_assert_cmpuint (spare_key_get_n_subkeys (key), ==, 3);
  g_assert_cmpstr (spare_key_get_user_id (key), ==, user_id);
  g_assert_cmpstr (primary->algorithm_nick, ==, "ed25519");
  g_assert_true (primary->can_certify && primary->can_sign && !primary->can_encrypt);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (spare_key_get_subkey (key, i)->expires, ==, 0);
      g_assert_true (spare_key_get_subkey (key, i)->has_secret);
    }
  g_assert_true (oldest == spare_key_get_subkey (key, 1));
  g_assert_true (newest == spare_key_get_subkey (key, 2));
  g_assert_cmpstr (oldest->algorithm_nick, ==, "cv25519");
  g_assert_cmpstr (newest->algorithm_nick, ==, "cv25519");
  g_assert_cmpint (oldest->created, <, newest->created);
  g_assert_cmpuint (escrow->len, ==, 1);
  g_assert_true (g_ptr_array_index (escrow, 0) == oldest);

  g_assert_cmphex (encrypt_by_stock_gpg (self, fingerprint, NULL), ==, newest->key_id);

  revocation = spare_home_dup_revocation_sync (self->home, fingerprint, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (revocation);
}

/* The engine's full hashing, a memory of minutes. */
static void
test_settings (Fixture *self, gconstpointer data)
{
  g_autofree char *folder = spare_test_home_build (self->files, "other");
  g_autofree char *conf = g_build_filename (folder, "gpg-agent.conf", NULL);
  g_autoptr (SpareHome)
      home = spare_home_new_with_engine (SPARE_HOME_AUTHORITY, folder, TEST_GUARD);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  spare_home_prepare_sync (home, NULL, &error);
  g_assert_no_error (error);
  g_file_get_contents (conf, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (strstr (text, "s2k-count"));
  g_assert_nonnull (strstr (text, "\ndefault-cache-ttl 600\n"));
  g_assert_nonnull (strstr (text, "\nmax-cache-ttl 3600\n"));
}

/* --- The passphrase --- */

static gboolean
decrypt (Fixture *self, const char *fingerprint, GError **error)
{
  g_autoptr (GBytes) message = NULL;
  g_auto (MemoryStream) memory;
  g_autoptr (SpareDecryption) decryption = NULL;
  SpareStream stream;

  encrypt_by_stock_gpg (self, fingerprint, &message);
  memory_stream_init (&memory, message);
  stream = memory_stream_get (&memory);
  decryption = spare_decrypt_sync (self->home, &stream, G_MAXUINT64, NULL, error);
  return decryption != NULL;
}

static gboolean
open_session_key (Fixture *self, const char *fingerprint, GError **error)
{
  g_autoptr (GBytes) message = NULL;
  g_autoptr (SpareKey) key = get_key (self, fingerprint);
  g_autoptr (SpareSessionKeyOpener) opener = spare_session_key_opener_new (self->home, key);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareSessionKey) session_key = NULL;

  encrypt_by_stock_gpg (self, fingerprint, &message);
  head = spare_head_new_from_bytes (message, NULL);
  session_key = spare_session_key_opener_open_sync (opener, spare_head_get_esk (head, 0), head,
                                                    NULL, error);
  return session_key != NULL;
}

static gboolean
sign (Fixture *self, const char *fingerprint, GError **error)
{
  g_autoptr (GBytes) text = g_bytes_new_static ("row 64\n", 7);
  g_autoptr (GBytes) signature = spare_sign_detached_sync (self->home, fingerprint, text, NAME,
                                                           "1:x", NULL, error);

  return signature != NULL;
}

static gboolean
sign_and_encrypt (Fixture *self, const char *fingerprint, GError **error)
{
  g_autoptr (GBytes) text = g_bytes_new_static ("a grant\n", 8);
  g_autoptr (SpareKey) key = get_key (self, fingerprint);
  g_autoptr (SpareHead) head = NULL;
  g_auto (MemoryStream) memory;
  SpareStream stream;
  SpareRecipient recipient = { .key = key, .subkey = spare_key_get_subkey (key, 1) };
  SpareEncryptionRequest request = {
    .recipients = &recipient,
    .n_recipients = 1,
    .signing_home = self->home,
    .signer = fingerprint,
    .notation_name = NAME,
    .notation_value = "1:x",
    .size = 8,
  };

  memory_stream_init (&memory, text);
  stream = memory_stream_get (&memory);
  head = spare_encrypt_sync (self->home, &request, &stream, NULL, error);
  return head != NULL;
}

typedef gboolean (*Use) (Fixture *self, const char *fingerprint, GError **error);

static const Use uses[] = { decrypt, open_session_key, sign, sign_and_encrypt };

/* How often the person was asked meanwhile. */
static guint
use_well (Fixture *self, Use use, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  gboolean good;

  self->n_asked = 0;
  count_pinentries (self);
  good = use (self, fingerprint, &error);
  g_assert_no_error (error);
  g_assert_true (good);
  return self->n_asked + count_pinentries (self);
}

static void
assert_bad_passphrase (Fixture *self, Use use, const char *fingerprint, guint most)
{
  g_autoptr (GError) error = NULL;
  guint n;

  spare_home_lock (self->home);
  self->n_asked = 0;
  count_pinentries (self);
  g_assert_false (use (self, fingerprint, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  n = self->n_asked + count_pinentries (self);
  g_test_message ("asked %u times: %s", n, error->message);
  g_assert_cmpuint (n, >=, 1);
  g_assert_cmpuint (n, <=, most);
}

static void
assert_asks_once_until_locked (Fixture *self, const char *fingerprint)
{
  for (gsize i = 0; i < G_N_ELEMENTS (uses); i++)
    {
      spare_home_lock (self->home);
      g_assert_cmpuint (use_well (self, uses[i], fingerprint), ==, 1);
      g_assert_cmpuint (use_well (self, uses[i], fingerprint), ==, 0);
      spare_home_lock (self->home);
      g_assert_cmpuint (use_well (self, uses[i], fingerprint), ==, 1);
    }
}

static void
test_by_function (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);

  answer_by_function (self);
  assert_asks_once_until_locked (self, fingerprint);
  self->answer = "bad";
  for (gsize i = 0; i < G_N_ELEMENTS (uses); i++)
    assert_bad_passphrase (self, uses[i], fingerprint, 3);
}

static void
test_dismissed (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);

  answer_by_function (self);
  self->answer = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (uses); i++)
    {
      g_autoptr (GError) error = NULL;

      spare_home_lock (self->home);
      g_assert_false (uses[i](self, fingerprint, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED);
    }
}

static void
test_by_pinentry (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);

  answer_by_pinentry (self, GOOD);
  assert_asks_once_until_locked (self, fingerprint);
  answer_by_pinentry (self, "bad");
  for (gsize i = 0; i < G_N_ELEMENTS (uses); i++)
    assert_bad_passphrase (self, uses[i], fingerprint, 3);
}

/* Of the one that opens many packets, too, whose connection to the agent stays. */
static void
test_lock_between_packets (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autoptr (SpareKey) key = get_key (self, fingerprint);
  g_autoptr (SpareSessionKeyOpener) opener = spare_session_key_opener_new (self->home, key);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (SpareHead) head = NULL;

  encrypt_by_stock_gpg (self, fingerprint, &message);
  head = spare_head_new_from_bytes (message, NULL);
  answer_by_function (self);
  spare_home_lock (self->home);
  for (guint i = 1; i <= 3; i++)
    {
      for (guint j = 0; j < 3; j++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (SpareSessionKey)
              session_key = spare_session_key_opener_open_sync (opener,
                                                                spare_head_get_esk (head, 0),
                                                                head, NULL, &error);

          g_assert_no_error (error);
          g_assert_nonnull (session_key);
        }
      g_assert_cmpuint (self->n_asked, ==, i);
      spare_home_lock (self->home);
    }
}

static void
test_created_by_pinentry (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  answer_by_pinentry (self, GOOD);
  fingerprint = spare_home_create_authority_key_sync (self->home, user_id, NULL, NULL, &error);
  g_assert_no_error (error);
  /* Typed and typed again, for the primary key and both subkeys together. */
  g_assert_cmpuint (count_pinentries (self), ==, 2);
  answer_by_function (self);
  assert_asks_once_until_locked (self, fingerprint);
}

/* --- Found out beforehand --- */

static void
assert_fits (Fixture *self, SpareKey *key, const char *text, gboolean fits)
{
  g_autoptr (SpareSecret) passphrase = secret (text);
  g_autoptr (GError) error = NULL;

  if (spare_home_check_passphrase_sync (self->home, key, passphrase, NULL, &error) == fits
      && fits)
    return;
  g_assert_false (fits);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
}

static void
test_checked (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autoptr (SpareKey) key = get_key (self, fingerprint);

  answer_by_function (self);
  spare_home_lock (self->home);
  assert_fits (self, key, "bad", FALSE);
  assert_fits (self, key, GOOD, TRUE);
  g_assert_cmpuint (self->n_asked, ==, 0);
  g_assert_cmpuint (use_well (self, decrypt, fingerprint), ==, 1);
  /* What the agent remembers makes no other one right. */
  assert_fits (self, key, "bad", FALSE);
}

/* --- More subkeys --- */

static void
test_subkey_added (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autoptr (SpareSecret) bad = secret ("bad");
  g_autoptr (SpareSecret) good = secret (GOOD);
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autoptr (SpareKey) before = NULL;
  g_autoptr (SpareKey) after = NULL;

  g_assert_null (
      spare_home_add_encryption_subkey_sync (self->home, fingerprint, bad, NULL, &error));
  /* gpg 2.2 does not say why. */
  if (!g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE))
    g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);
  before = get_key (self, fingerprint);
  g_assert_cmpuint (spare_key_get_n_subkeys (before), ==, 3);

  first = spare_home_add_encryption_subkey_sync (self->home, fingerprint, good, NULL, &error);
  g_assert_no_error (error);
  answer_by_function (self);
  second = spare_home_add_encryption_subkey_sync (self->home, fingerprint, NULL, NULL, &error);
  g_assert_no_error (error);
  after = get_key (self, fingerprint);
  g_assert_cmpuint (spare_key_get_n_subkeys (after), ==, 5);
  g_assert_cmpstr (spare_key_get_subkey (after, 3)->fingerprint, ==, first);
  g_assert_cmpstr (spare_key_get_subkey (after, 4)->fingerprint, ==, second);
  g_assert_cmphex (encrypt_by_stock_gpg (self, fingerprint, NULL), ==,
                   spare_key_get_subkey (after, 4)->key_id);

  /* They are protected as the others are. */
  spare_home_lock (self->home);
  g_assert_cmpuint (use_well (self, decrypt, fingerprint), ==, 1);
}

/* --- A quick copy --- */

static guint
count_quick_homes (void)
{
  g_autoptr (GDir) listing = g_dir_open (g_get_tmp_dir (), 0, NULL);
  const char *name;
  guint n = 0;

  while (listing != NULL && (name = g_dir_read_name (listing)) != NULL)
    n += g_str_has_prefix (name, "sparekey-quick-");
  return n;
}

static SpareHome *
copy_quick (Fixture *self, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  SpareHome *copy = spare_home_copy_quick_sync (self->home, fingerprint, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (copy);
  return copy;
}

/* Uses the copy in the place of the home. */
static gboolean
use_copy (Fixture *self, SpareHome *copy, Use use, const char *fingerprint, GError **error)
{
  SpareHome *home = self->home;
  gboolean good;

  self->home = copy;
  good = use (self, fingerprint, error);
  self->home = home;
  return good;
}

/* In the agent's own files (GnuPG's agent/keyformat.txt): octets that are hashed for each use. */
static void
assert_hashes_briefly (const char *folder)
{
  g_autofree char *keys = g_build_filename (folder, "private-keys-v1.d", NULL);
  g_autoptr (GDir) listing = g_dir_open (keys, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (listing);
  while ((name = g_dir_read_name (listing)) != NULL)
    {
      g_autofree char *path = g_build_filename (keys, name, NULL);
      g_autofree char *text = NULL;
      gsize size = 0;

      g_file_get_contents (path, &text, &size, NULL);
      g_assert_nonnull (memmem (text, size, "65536", 5));
      n++;
    }
  g_assert_cmpuint (n, ==, 2);
}

static void
test_quick (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autofree char *folder = NULL;
  g_autofree char *conf = NULL;
  g_autofree char *text = NULL;
  g_autoptr (SpareHome) copy = NULL;
  g_autoptr (GError) error = NULL;

  answer_by_function (self);
  copy = copy_quick (self, fingerprint);
  g_assert_cmpuint (self->n_asked, ==, 1);
  self->answer = NULL;
  spare_home_lock (self->home);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (use_copy (self, copy, open_session_key, fingerprint, &error));
      g_assert_no_error (error);
      g_assert_true (use_copy (self, copy, decrypt, fingerprint, &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (self->n_asked, ==, 1);

  /* Only what opens packets. */
  g_assert_false (use_copy (self, copy, sign, fingerprint, &error));
  g_assert_nonnull (error);

  folder = g_strdup (spare_home_get_path (copy));
  assert_hashes_briefly (folder);
  conf = g_build_filename (folder, "gpg-agent.conf", NULL);
  g_file_get_contents (conf, &text, NULL, NULL);
  g_assert_nonnull (strstr (text, "\ns2k-count 65536\n"));
  g_clear_object (&copy);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  self->answer = GOOD;
  g_assert_cmpuint (use_well (self, decrypt, fingerprint), ==, 1);
}

static void
test_quick_refused (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autoptr (GError) error = NULL;

  answer_by_function (self);
  self->answer = "bad";
  g_assert_null (spare_home_copy_quick_sync (self->home, fingerprint, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  self->answer = NULL;
  g_assert_null (spare_home_copy_quick_sync (self->home, fingerprint, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED);
  g_clear_error (&error);
  g_assert_cmpuint (count_quick_homes (), ==, 0);
  self->answer = GOOD;
  g_assert_cmpuint (use_well (self, decrypt, fingerprint), ==, 1);
}

static void
test_quick_by_pinentry (Fixture *self, gconstpointer data)
{
  g_autofree char *fingerprint = create (self);
  g_autoptr (SpareHome) copy = NULL;
  g_autoptr (GError) error = NULL;

  answer_by_pinentry (self, "bad");
  count_pinentries (self);
  g_assert_null (spare_home_copy_quick_sync (self->home, fingerprint, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  g_clear_error (&error);
  g_assert_cmpuint (count_pinentries (self), ==, 3);
  answer_by_pinentry (self, GOOD);
  copy = copy_quick (self, fingerprint);
  g_assert_cmpuint (count_pinentries (self), ==, 1);
  g_assert_true (use_copy (self, copy, open_session_key, fingerprint, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_pinentries (self), ==, 0);
}

/* As a killed process leaves it; whose process lives, stays. */
static void
test_quick_left (Fixture *self, gconstpointer data)
{
  const struct utimbuf old = { 1000000000, 1000000000 };
  g_autofree char *fingerprint = create (self);
  g_autofree char *left = g_build_filename (g_get_tmp_dir (), "sparekey-quick-l", NULL);
  g_autofree char *lock = g_build_filename (left, "spare-key.lock", NULL);
  g_autoptr (SpareHome) copy = NULL;
  g_autoptr (SpareHome) other = NULL;
  g_autoptr (GError) error = NULL;

  answer_by_function (self);
  g_assert_cmpint (g_mkdir_with_parents (left, 0700), ==, 0);
  g_file_set_contents (lock, "", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_utime (left, (struct utimbuf *) &old), ==, 0);
  copy = copy_quick (self, fingerprint);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_utime (spare_home_get_path (copy), (struct utimbuf *) &old), ==, 0);
  other = copy_quick (self, fingerprint);
  g_assert_cmpuint (count_quick_homes (), ==, 2);
  g_assert_true (use_copy (self, copy, open_session_key, fingerprint, &error));
  g_assert_no_error (error);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "makes-no-key-that-could-not-be-used", test_refuses },
    { "keeps-no-half-of-a-key", test_cancelled_half_way },
    { "asks-again-after-a-wrong-passphrase-but-not-for-ever", test_by_function },
    { "tells-beforehand-whether-a-passphrase-is-right", test_checked },
    { "takes-the-passphrase-function-s-word", test_dismissed },
    { "asks-by-pinentry-where-there-is-no-function", test_by_pinentry },
    { "forgets-in-the-middle-of-a-batch", test_lock_between_packets },
    { "hashes-fully-and-remembers-for-minutes", test_settings },
    { "makes-a-key-whose-transport-subkey-stock-gpg-picks", test_created },
    { "asks-once-for-the-passphrase-of-a-new-key", test_created_by_pinentry },
    { "adds-subkeys-that-are-newer-than-all", test_subkey_added },
    { "lends-its-subkeys-to-a-quick-copy-in-memory", test_quick },
    { "lends-nothing-to-who-does-not-know-the-passphrase", test_quick_refused },
    { "asks-by-pinentry-before-it-is-copied", test_quick_by_pinentry },
    { "clears-away-the-copies-of-the-dead", test_quick_left },
  };
  g_autoptr (GError) error = NULL;
  char temporary[] = "/tmp/skXXXXXX";
  int result;

  /* For this program alone; the isolated runtime folder's path is too long for sockets. */
  g_assert_nonnull (g_mkdtemp (temporary));
  g_setenv ("TMPDIR", temporary, TRUE);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/home-authority/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }
  result = g_test_run ();
  g_assert_cmpint (g_rmdir (temporary), ==, 0);
  return result;
}
