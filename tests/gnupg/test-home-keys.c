/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a home says about its keys, against what stock gpg put there. */
#include "config.h"

#include "engine-child.h"
#include "spare-agent-private.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-home.h"
#include "spare-test-gpg.h"
#include "spare-user-id.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char ada[] = "Ada Lovelace <ada@example.org>";

static SpareHome *
open_home (SpareTestHome *from)
{
  return spare_home_new (SPARE_HOME_OWN, from->path);
}

static void
test_lists (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (stock, fingerprint);
  g_autoptr (SpareHome) home = open_home (stock);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, TRUE, NULL, &error);
  const SpareSubkey *primary, *subkey;
  SpareKey *key;

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  key = keys->pdata[0];
  g_assert_cmpstr (spare_key_get_fingerprint (key), ==, fingerprint);
  g_assert_cmpstr (spare_key_get_user_id (key), ==, ada);
  g_assert_cmpuint (spare_key_get_n_subkeys (key), ==, 2);
  primary = spare_key_get_subkey (key, 0);
  subkey = spare_key_get_subkey (key, 1);
  g_assert_cmpstr (subkey->fingerprint, ==, fingerprints[1]);
  g_assert_cmpstr (primary->algorithm_nick, ==, "ed25519");
  g_assert_cmpstr (subkey->algorithm_nick, ==, "cv25519");
  g_assert_cmpuint (primary->algorithm, ==, 22);
  g_assert_cmpuint (subkey->algorithm, ==, 18);
  g_assert_true (primary->can_sign && primary->can_certify && !primary->can_encrypt);
  g_assert_true (subkey->can_encrypt && !subkey->can_sign && !subkey->is_adsk);
  g_assert_true (primary->has_secret && subkey->has_secret);
  g_assert_nonnull (subkey->keygrip);
  g_assert_cmpuint (strlen (subkey->keygrip), ==, 40);
  g_assert_true (
      g_str_has_suffix (fingerprints[1],
                        g_strdup_printf ("%016" G_GINT64_MODIFIER "X", subkey->key_id)));
}

/* quality F7: each kind, with the state that a person is told and what is picked. */
static void
test_states (void)
{
  static const struct
  {
    SpareTestKeyKind kind;
    SpareKeyState encrypts, signs;
    const char *words; /* in the description of the first */
  } rows[] = {
    { SPARE_TEST_KEY_DEFAULT, SPARE_KEY_USABLE, SPARE_KEY_USABLE, "can be used" },
    { SPARE_TEST_KEY_SIGN_ONLY, SPARE_KEY_CANNOT_ENCRYPT, SPARE_KEY_USABLE, "signing only" },
    { SPARE_TEST_KEY_EXPIRED, SPARE_KEY_EXPIRED, SPARE_KEY_EXPIRED,
      "expired on 31 December 2020" },
    { SPARE_TEST_KEY_REVOKED, SPARE_KEY_REVOKED, SPARE_KEY_REVOKED, "revoked" },
    { SPARE_TEST_KEY_DISABLED, SPARE_KEY_DISABLED, SPARE_KEY_DISABLED, "switched off" },
    { SPARE_TEST_KEY_NOT_YET_VALID, SPARE_KEY_NOT_YET_VALID, SPARE_KEY_NOT_YET_VALID,
      "clock of this computer looks wrong" },
    { SPARE_TEST_KEY_TWO_SUBKEYS, SPARE_KEY_USABLE, SPARE_KEY_USABLE, "can be used" },
    { SPARE_TEST_KEY_EXPIRED_SUBKEY, SPARE_KEY_EXPIRED, SPARE_KEY_USABLE, "expired on" },
    { SPARE_TEST_KEY_REVOKED_SUBKEY, SPARE_KEY_CANNOT_ENCRYPT, SPARE_KEY_USABLE, "revoked" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SpareTestHome) stock = spare_test_home_new ();
      g_autofree char *fingerprint = spare_test_create_key (stock, rows[i].kind, ada, NULL);
      gint64 now = g_get_real_time () / G_USEC_PER_SEC; /* not before the key was made */
      g_autoptr (SpareHome) home = open_home (stock);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareKey)
          key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);
      g_autofree char *words = NULL;

      g_assert_no_error (error);
      words = spare_key_state_describe (spare_key_get_encryption_state (key, now), key);
      g_test_message ("%d: %s", rows[i].kind, words);
      g_assert_cmpint (spare_key_get_encryption_state (key, now), ==, rows[i].encrypts);
      g_assert_cmpint (spare_key_get_signing_state (key, now), ==, rows[i].signs);
      g_assert_nonnull (strstr (words, rows[i].words));
      g_assert_cmpint (spare_key_pick_newest_encryption_subkey (key, now) != NULL, ==,
                       rows[i].encrypts == SPARE_KEY_USABLE);
      g_assert_cmpint (spare_key_pick_oldest_encryption_subkey (key, now) != NULL, ==,
                       rows[i].encrypts == SPARE_KEY_USABLE);
    }
}

/* Time is the caller's: a key that is good today was not yet made before, and is over afterwards. */
static void
test_time (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_EXPIRED, ada,
                                                        NULL);
  g_autoptr (SpareHome) home = open_home (stock);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);
  const gint64 made = 1577836800; /* 2020-01-01 */

  g_assert_no_error (error);
  g_assert_cmpint (spare_key_get_encryption_state (key, made - 1), ==, SPARE_KEY_NOT_YET_VALID);
  g_assert_cmpint (spare_key_get_encryption_state (key, made + 86400), ==, SPARE_KEY_USABLE);
  g_assert_cmpint (spare_key_get_encryption_state (key, spare_key_get_expiry (key)), ==,
                   SPARE_KEY_EXPIRED);
}

static void
test_two_subkeys (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_TWO_SUBKEYS, ada,
                                                        NULL);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (stock, fingerprint);
  g_autoptr (SpareHome) home = open_home (stock);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GPtrArray) adsks = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (spare_key_pick_oldest_encryption_subkey (key, now)->fingerprint, ==,
                   fingerprints[1]);
  g_assert_cmpstr (spare_key_pick_newest_encryption_subkey (key, now)->fingerprint, ==,
                   fingerprints[2]);
  adsks = spare_key_pick_adsks (key, now);
  g_assert_cmpuint (adsks->len, ==, 0);
}

/* A key is had by the whole fingerprint of its primary key, and by nothing else that gpg would take. */
static void
test_by_fingerprint (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (stock, fingerprint);
  g_autofree char *lower = g_ascii_strdown (fingerprint, -1);
  g_autofree char *bang = g_strconcat (fingerprint, "!", NULL);
  const char *const others[] = { "Ada",
                                 "ada@example.org",
                                 fingerprint + 24,
                                 fingerprints[1],
                                 lower,
                                 bang,
                                 "",
                                 "--list-keys",
                                 "0",
                                 NULL };
  g_autoptr (SpareHome) home = open_home (stock);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error);
  g_autoptr (SpareKey) by_id = NULL;

  g_assert_no_error (error);
  for (gsize i = 0; others[i]; i++)
    {
      g_autoptr (SpareKey) none = spare_home_get_key_sync (home, others[i], TRUE, NULL, &error);

      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
      g_assert_null (none);
      g_clear_error (&error);
    }
  by_id = spare_home_find_key_by_id_sync (home, spare_key_get_subkey (key, 1)->key_id, TRUE,
                                          NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_key_get_fingerprint (by_id), ==, fingerprint);
  g_clear_object (&by_id);
  by_id = spare_home_find_key_by_id_sync (home, 0x0123456789abcdef, TRUE, NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
}

/* --- The agent dies --- */

/* What is left of an agent: it greets a few that connect, then it is gone, with its socket or without. */
typedef struct
{
  char *socket_path;
  int fd;
  int n_greeted;
  gboolean takes_socket;
} LastBreath;

static gpointer
last_breath_thread (gpointer data)
{
  LastBreath *breath = data;

  for (int i = 0; i < breath->n_greeted; i++)
    {
      int fd = accept (breath->fd, NULL, NULL);

      g_assert_cmpint (fd, >=, 0);
      g_assert_cmpint (send (fd, "OK last words\n", 14, MSG_NOSIGNAL), ==, 14);
      if (i + 1 == breath->n_greeted)
        {
          close (breath->fd);
          if (breath->takes_socket)
            g_unlink (breath->socket_path);
        }
      close (fd);
    }
  return NULL;
}

static void
test_dying_agent (void)
{
  static const struct
  {
    int n_greeted;
    gboolean takes_socket;
    const char *reason;
  } rows[] = {
    { 1, TRUE, "gpg finds no socket" },
    { 1, FALSE, "gpg finds a socket that nobody listens at" },
    { 2, TRUE, "gpg is greeted, then alone" },
    { 2, FALSE, "the same, the socket stays" },
  };
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_autoptr (SpareHome) home = open_home (stock);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *socket_path = spare_home_dup_agent_socket_private (home, &error);
      struct sockaddr_un address = { .sun_family = AF_UNIX };
      LastBreath breath = { socket_path, socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                            rows[i].n_greeted, rows[i].takes_socket };
      g_autoptr (SpareKey) key = NULL;
      GThread *thread;

      g_test_message ("%s", rows[i].reason);
      g_assert_no_error (error);
      spare_agent_kill (socket_path);
      g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path);
      g_assert_no_errno (bind (breath.fd, (struct sockaddr *) &address, sizeof address));
      g_assert_no_errno (listen (breath.fd, 1));
      thread = g_thread_new ("last breath", last_breath_thread, &breath);
      key = spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error);
      g_thread_join (thread);
      g_assert_no_error (error);
      g_assert_true (spare_key_has_secret (key));
    }
}

static void
test_public_is_not_secret (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_autoptr (GBytes) certificate = spare_test_export (stock, fingerprint);
  g_autoptr (SpareHome) home = open_home (other);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (SpareKey) secret = NULL;
  g_autoptr (GPtrArray) secrets = NULL;

  spare_test_import (other, certificate);
  key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (spare_key_has_secret (key));
  secret = spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_clear_error (&error);
  secrets = spare_home_list_keys_sync (home, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (secrets->len, ==, 0);
}

static void
test_empty (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autoptr (SpareHome) home = open_home (stock);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 0);
}

/* --- Engines that die, hang and lie (quality F8) --- */

static char *
find_fake (const char *kind)
{
  return g_build_filename (TEST_FAKE_GUARDS, kind, "sparekey-gpg", NULL);
}

static void
test_bad_engines (void)
{
  static const char *const kinds[] = { "missing", "exits-1",      "crashes",
                                       "garbage", "half-listing", "half-line" };
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = find_fake (kinds[i]);
      g_autoptr (SpareHome)
          home = spare_home_new_with_engine (SPARE_HOME_OWN, stock->path, guard);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, FALSE, NULL, &error);
      g_autoptr (SpareKey) key = NULL;

      g_test_message ("%s: %s", kinds[i], error ? error->message : "believed");
      g_assert_null (keys);
      g_assert_nonnull (error);
      if (i < 4)
        g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
      g_clear_error (&error);
      /* "Not here" would be a lie. */
      key = spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error);
      g_assert_null (key);
      g_assert_nonnull (error);
      g_assert_false (g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY));
    }
}

typedef struct
{
  SpareTestHome *home;
  const char *program; /* the name that the fake engine runs under */
  GCancellable *cancellable;
} Canceller;

/* As soon as the engine is there, it hangs. */
static gpointer
cancel_thread (gpointer data)
{
  Canceller *canceller = data;
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gboolean there = FALSE;

  while (!there && g_get_monotonic_time () < deadline)
    {
      g_autoptr (GArray)
          engines = engine_child_find (canceller->home->path, canceller->program);

      there = engines->len > 0;
      g_thread_yield ();
    }
  g_cancellable_cancel (canceller->cancellable);
  return GINT_TO_POINTER (there);
}

static void
test_hanging_engine (void)
{
  static const char *const kinds[] = { "hangs", "deaf" };
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = find_fake (kinds[i]);
      g_autoptr (SpareHome)
          home = spare_home_new_with_engine (SPARE_HOME_OWN, stock->path, guard);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      Canceller canceller = { stock, kinds[i], cancellable };
      GThread *thread = g_thread_new ("cancel", cancel_thread, &canceller);
      g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, FALSE, cancellable, &error);

      g_assert_nonnull (g_thread_join (thread));
      g_assert_null (keys);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_true (engine_child_wait_gone (stock->path, kinds[i], 60));
      g_assert_true (engine_child_wait_gone (stock->path, "sparekey-gpg", 60));
    }
}

static char *
write_engine (SpareTestHome *folder, const char *name, const char *script)
{
  char *path = spare_test_home_build (folder, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_versions (void)
{
  static const struct
  {
    const char *answer;
    gboolean healthy;
  } rows[] = {
    { "gpg (GnuPG) 2.2.40", TRUE },
    { "gpg (GnuPG) 2.4.7", TRUE },
    { "gpg (GnuPG) 2.5.1-beta12", TRUE },
    { "gpg (GnuPG) 10.0.0", TRUE },
    { "gpg (GnuPG) 2.2.39", FALSE },
    { "gpg (GnuPG) 2.1.99", FALSE },
    { "gpg (GnuPG) 1.4.23", FALSE },
    { "gpg (GnuPG) 1.0.0", FALSE },
    { "gpg (GnuPG) two", FALSE },
    { "sequoia 2.4.0", FALSE },
    { "", FALSE },
  };
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("engine-%" G_GSIZE_FORMAT, i);
      g_autofree char *script = g_strdup_printf ("#!/bin/sh\necho '%s'\necho more\n",
                                                 rows[i].answer);
      g_autofree char *path = write_engine (folder, name, script);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (spare_engine_check_health (path, &error), ==, rows[i].healthy);
      if (!rows[i].healthy)
        g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
    }
  g_assert_true (spare_engine_is_at_least (2, 2, 40));
  g_assert_false (spare_engine_is_at_least (99, 0, 0));
}

static void
test_hanging_version (void)
{
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();
  g_autofree char *path = write_engine (folder, "engine", "#!/bin/sh\nexec sleep 300\n");
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_engine_check_health (path, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 150 * G_USEC_PER_SEC);
}

/* --- Words --- */

static void
test_fingerprints (void)
{
  static const struct
  {
    const char *text, *result;
  } rows[] = {
    { "0123456789ABCDEF0123456789ABCDEF01234567", "0123456789ABCDEF0123456789ABCDEF01234567" },
    { "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567",
      "0123456789ABCDEF0123456789ABCDEF01234567" },
    { "0x0123456789abcdef0123456789abcdef01234567",
      "0123456789ABCDEF0123456789ABCDEF01234567" },
    { " 01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67\n",
      "0123456789ABCDEF0123456789ABCDEF01234567" },
    { "0123\302\2404567 89ab cdef 0123  4567 89ab cdef 0123 4567",
      "0123456789ABCDEF0123456789ABCDEF01234567" },
    { "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
      "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF" },
    { "0123456789ABCDEF0123456789ABCDEF0123456", NULL },
    { "0123456789ABCDEF0123456789ABCDEF012345678", NULL },
    { "0123456789ABCDEF", NULL },
    { "0123456789ABCDEF0123456789ABCDEF0123456G", NULL },
    { "0123456789ABCDEF0123456789ABCDEF01234567!", NULL },
    { "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0", NULL },
    { "", NULL },
    { NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *result = spare_fingerprint_normalize (rows[i].text);

      g_assert_cmpstr (result, ==, rows[i].result);
      g_assert_cmpint (spare_fingerprint_is_valid (rows[i].text), ==,
                       g_strcmp0 (rows[i].text, rows[i].result) == 0 && rows[i].text != NULL);
    }
}

static void
test_user_ids (void)
{
  static const struct
  {
    const char *name, *email, *result;
  } rows[] = {
    { "Ada Lovelace", "ada@example.org", "Ada Lovelace <ada@example.org>" },
    { " Ada ", " ada@example.org\n", "Ada <ada@example.org>" },
    { "Ada", NULL, "Ada" },
    { NULL, "ada@example.org", "ada@example.org" },
    { "\346\235\216 \346\230\216", "li@example.org",
      "\346\235\216 \346\230\216 <li@example.org>" },
    { NULL, NULL, NULL },
    { "", " ", NULL },
    { "Ada", "nobody", NULL },
    { "Ada", "a@b@c", NULL },
    { "Ada", "a b@c", NULL },
    { "Ada", "a@b>", NULL },
    { "Ada <x", "a@b", NULL },
    { "Ada\nUid", "a@b", NULL },
    { "Ada \342\200\256x", "a@b", NULL },
    { "Ada \342\200\213x", "a@b", NULL },
    { "Ada\377", "a@b", NULL },
  };
  g_autofree char *long_name = g_strnfill (3000, 'a');
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *result = spare_user_id_build (rows[i].name, rows[i].email, &error);

      g_assert_cmpstr (result, ==, rows[i].result);
      if (result == NULL)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_null (spare_user_id_build (long_name, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

#define ADD(path, test) g_test_add_func ("/gnupg/keys/" path, test)
  ADD ("lists-a-key-as-stock-gpg-made-it", test_lists);
  ADD ("each-state-is-told-apart", test_states);
  ADD ("a-state-is-that-of-the-time-asked-for", test_time);
  ADD ("of-two-encryption-subkeys-the-newest-and-the-oldest-are-found", test_two_subkeys);
  ADD ("a-key-is-had-by-its-whole-fingerprint-only", test_by_fingerprint);
  ADD ("a-dying-agent-takes-no-secret-key-with-it", test_dying_agent);
  ADD ("a-public-key-is-no-secret-key", test_public_is_not_secret);
  ADD ("an-empty-home-has-no-keys", test_empty);
  ADD ("a-bad-engine-is-no-empty-home", test_bad_engines);
  ADD ("a-hanging-engine-can-be-left", test_hanging_engine);
  ADD ("an-old-or-strange-engine-is-refused", test_versions);
  ADD ("an-engine-that-does-not-say-its-version-is-given-up", test_hanging_version);
  ADD ("fingerprints-are-read-as-people-write-them", test_fingerprints);
  ADD ("user-ids-are-plain-text", test_user_ids);
#undef ADD
  return g_test_run ();
}
