/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A home's life: its folder, its agent, its settings, its end. */
#include "config.h"

#include "memory-stream.h"
#include "spare-agent-private.h"
#include "spare-child-private.h"
#include "spare-decryption.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-home.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ada[] = "Ada Lovelace <ada@example.org>";

static char *
make_folder (const char *name)
{
  g_autofree char *parent = g_strdup ("/tmp/skt-XXXXXX");
  char *path;

  g_assert_nonnull (g_mkdtemp_full (parent, 0700));
  path = g_build_filename (parent, name, NULL);
  return path;
}

static void
remove_folder (char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);

  spare_test_remove_tree (parent);
  g_free (path);
}

static char *
find_socket (SpareHome *home)
{
  g_autoptr (GError) error = NULL;
  char *socket_path = spare_home_dup_agent_socket_private (home, &error);

  g_assert_no_error (error);
  g_assert_true (spare_agent_is_answering (socket_path));
  return socket_path;
}

/* The agent answers the request to end before it is gone. */
static void
assert_ends (const char *socket_path)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (spare_agent_is_answering (socket_path) && g_get_monotonic_time () < deadline)
    g_thread_yield ();
  g_assert_false (spare_agent_is_answering (socket_path));
}

static void
test_own (void)
{
  char *path = make_folder ("home");
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, path);
  g_autofree char *conf = g_build_filename (path, "gpg-agent.conf", NULL);
  g_autofree char *text = NULL;
  g_autofree char *socket_path = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_false (spare_home_exists (home));
  spare_home_prepare_sync (home, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (spare_home_exists (home));
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0700);
  g_assert_true (g_file_get_contents (conf, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "default-cache-ttl 0\n"));
  g_assert_nonnull (strstr (text, "max-cache-ttl 0\n"));
  g_assert_nonnull (strstr (text, "s2k-count 65536\n"));
  socket_path = find_socket (home);
  g_clear_object (&home);
  assert_ends (socket_path);
  remove_folder (path);
}

static void
test_shared (void)
{
  char *path = make_folder ("home");
  g_autoptr (SpareHome) one = spare_home_new (SPARE_HOME_OWN, path);
  g_autoptr (SpareHome) other = spare_home_new (SPARE_HOME_OWN, path);
  g_autofree char *socket_path = find_socket (one);
  g_autofree char *same = find_socket (other);

  g_assert_cmpstr (socket_path, ==, same);
  g_clear_object (&one);
  g_assert_true (spare_agent_is_answering (socket_path));
  g_clear_object (&other);
  assert_ends (socket_path);
  remove_folder (path);
}

static void
test_mode (void)
{
  char *path = make_folder ("home");
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, path);
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_cmpint (g_mkdir (path, 0777), ==, 0);
  g_assert_cmpint (g_chmod (path, 0777), ==, 0);
  spare_home_prepare_sync (home, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0700);
  g_clear_object (&home);
  remove_folder (path);
}

static void
test_no_folder (void)
{
  char *path = make_folder ("home");
  g_autoptr (SpareHome) in_the_way = spare_home_new (SPARE_HOME_OWN, path);
  g_autoptr (SpareHome) nowhere = spare_home_new (SPARE_HOME_OWN, "/proc/self/sparekey");
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  g_assert_false (spare_home_prepare_sync (in_the_way, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  g_assert_false (spare_home_prepare_sync (nowhere, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  remove_folder (path);
}

/* A folder of somebody else, in which this user may not write. */
static void
test_read_only (void)
{
  char *path = make_folder ("home");
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, path);
  g_autoptr (GError) error = NULL;
  gboolean prepared;

  if (geteuid () != 0)
    {
      g_test_skip ("only root can become somebody else");
      remove_folder (path);
      return;
    }
  g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  g_assert_cmpint (g_chmod (parent, 0755), ==, 0);
  g_assert_cmpint (seteuid (65534), ==, 0);
  prepared = spare_home_prepare_sync (home, NULL, &error);
  g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_false (prepared);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  remove_folder (path);
}

static void
test_long_path (void)
{
  char *path = make_folder (
      "a-folder-with-a-name/that-is-much-longer-than-a-socket-address-would-ever-take/"
      "and-then-some-more-of-it-to-be-quite-sure/home");
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) passphrase = spare_secret_new_copy ("words", 5, NULL);
  g_autofree char *fingerprint = NULL;
  g_autofree char *socket_path = NULL;
  g_autofree char *sockets = NULL;

  g_assert_cmpuint (strlen (path), >, 120);
  fingerprint = spare_home_create_key_sync (home, ada, NULL, 0, passphrase, NULL, &error);
  g_assert_no_error (error);
  socket_path = find_socket (home);
  sockets = g_path_get_dirname (socket_path);
  g_assert_false (g_str_has_prefix (socket_path, path));
  g_clear_object (&home);
  assert_ends (socket_path);
  g_assert_false (g_file_test (sockets, G_FILE_TEST_EXISTS));
  /* And once more, with what the first left behind. */
  home = spare_home_new (SPARE_HOME_OWN, path);
  g_assert_nonnull (spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error));
  g_assert_no_error (error);
  g_clear_object (&home);
  remove_folder (path);
}

static void
test_scratch (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHome) home = spare_home_new_scratch (&error);
  g_autofree char *path = NULL;
  g_autofree char *socket_path = NULL;
  g_autofree char *fingerprint = NULL;
  struct stat info;

  g_assert_no_error (error);
  path = g_strdup (spare_home_get_path (home));
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0700);
  fingerprint = spare_home_create_key_sync (home, ada, NULL, 0, NULL, NULL, &error);
  g_assert_no_error (error);
  socket_path = find_socket (home);
  g_clear_object (&home);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  assert_ends (socket_path);
}

/* Removing a scratch home touches nothing that a link in it points to. */
static void
test_scratch_links (void)
{
  g_autoptr (GError) error = NULL;
  char *outside = make_folder ("outside");
  g_autofree char *file = g_build_filename (outside, "file", NULL);
  g_autoptr (SpareHome) home = spare_home_new_scratch (&error);
  g_autofree char *link_path = g_build_filename (spare_home_get_path (home), "link", NULL);

  g_assert_cmpint (g_mkdir (outside, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_assert_cmpint (symlink (outside, link_path), ==, 0);
  g_clear_object (&home);
  g_assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
  remove_folder (outside);
}

/* quality F6: lines that make stock gpg drop, redirect or change what it writes. */
static void
test_hostile_conf (void)
{
  static const char gpg_conf[] = "dry-run\n"
                                 "armor\n"
                                 "default-new-key-algo rsa1024\n"
                                 "cert-digest-algo SHA1\n"
                                 "keyring /nonexistent\n"
                                 "no-such-option\n"
                                 "quick-random\n";
  static const char agent_conf[] = "no-allow-loopback-pinentry\n"
                                   "default-cache-ttl 99999\n"
                                   "max-cache-ttl 99999\n"
                                   "pinentry-program /nonexistent\n";
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();
  g_autofree char *gpg_path = spare_test_home_build (folder, "gpg.conf");
  g_autofree char *agent_path = spare_test_home_build (folder, "gpg-agent.conf");
  g_autoptr (SpareSecret) passphrase = spare_secret_new_copy ("words", 5, NULL);
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, folder->path);
  g_autofree char *fingerprint = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (gpg_path, gpg_conf, -1, NULL));
  g_assert_true (g_file_set_contents (agent_path, agent_conf, -1, NULL));
  fingerprint = spare_home_create_key_sync (home, ada, NULL, 0, passphrase, NULL, &error);
  g_assert_no_error (error);
  key = spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_key_get_subkey (key, 0)->algorithm_nick, ==, "ed25519");
  octets = spare_home_export_sync (home, fingerprint, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (*(const guint8 *) g_bytes_get_data (octets, NULL), ==, 0x98);
  g_assert_true (g_file_get_contents (agent_path, &text, NULL, NULL));
  g_assert_null (strstr (text, "99999"));
}

/* --- The agent dies --- */

typedef struct
{
  SpareTestHome *folder;
  guint n_asked;
} Killer;

static SpareSecret *
kill_and_answer_cb (const char *fingerprint,
                    gboolean was_wrong,
                    GCancellable *cancellable,
                    gpointer user_data,
                    GError **error)
{
  Killer *killer = user_data;

  if (killer->n_asked++ == 0)
    spare_test_home_kill_agent (killer->folder);
  return spare_secret_new_copy ("words", 5, error);
}

static void
test_agent_dies_between (void)
{
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, folder->path);
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = spare_home_create_key_sync (home, ada, NULL, 0, NULL, NULL,
                                                             &error);
  g_autoptr (SpareKey) key = NULL;

  g_assert_no_error (error);
  spare_test_home_kill_agent (folder);
  key = spare_home_get_key_sync (home, fingerprint, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (spare_key_has_secret (key));
}

static void
test_agent_dies_midway (void)
{
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();
  g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, folder->path);
  g_autofree char *fingerprint = spare_test_create_key (folder, SPARE_TEST_KEY_DEFAULT, ada,
                                                        "words");
  Killer killer = { folder, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) exported = NULL;

  spare_home_set_passphrase_func (home, kill_and_answer_cb, &killer, NULL);
  exported = spare_home_export_secret_sync (home, fingerprint, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (killer.n_asked, >=, 2);
}

/* --- The person's own home --- */

static GBytes *
sign_and_encrypt (SpareHome *own, SpareHome *personal, const char *fingerprint)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("hello", 5);
  g_auto (MemoryStream) memory = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (own, fingerprint, FALSE, NULL, &error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  SpareRecipient recipient = { key, spare_key_pick_newest_encryption_subkey (key, now) };
  SpareEncryptionRequest request = {
    .recipients = &recipient,
    .n_recipients = 1,
    .signing_home = personal,
    .signer = fingerprint,
    .size = 5,
  };
  SpareStream stream;
  g_autoptr (SpareHead) head = NULL;

  memory_stream_init (&memory, plain);
  stream = memory_stream_get (&memory);
  head = spare_encrypt_sync (own, &request, &stream, NULL, &error);
  g_assert_no_error (error);
  return memory_stream_dup_output (&memory);
}

/* @data: whether the trust database is there yet. */
static void
test_personal_is_not_written (gconstpointer data)
{
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();
  g_autoptr (SpareTestHome) own_folder = spare_test_home_new ();
  g_autoptr (SpareHome) personal = spare_home_new (SPARE_HOME_PERSONAL, folder->path);
  g_autoptr (SpareHome) own = spare_home_new (SPARE_HOME_OWN, own_folder->path);
  g_autofree char *fingerprint = spare_test_create_key (folder, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_autoptr (GBytes) certificate = spare_test_export (folder, fingerprint);
  g_autofree char *trustdb = spare_test_home_build (folder, "trustdb.gpg");
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (GBytes) exported = NULL;
  g_autoptr (GBytes) message = NULL;
  g_auto (MemoryStream) memory = { 0 };
  SpareStream stream;
  g_autoptr (SpareDecryption) decryption = NULL;

  if (!GPOINTER_TO_INT (data))
    g_unlink (trustdb);
  imported = spare_home_import_sync (own, certificate, FALSE, NULL, &error);
  g_assert_no_error (error);

  before = spare_test_hash_tree (folder->path);
  keys = spare_home_list_keys_sync (personal, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  exported = spare_home_export_sync (personal, fingerprint, 0, NULL, &error);
  g_assert_no_error (error);
  message = sign_and_encrypt (own, personal, fingerprint);
  memory_stream_init (&memory, message);
  stream = memory_stream_get (&memory);
  decryption = spare_decrypt_sync (personal, &stream, G_MAXUINT64, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (decryption->signatures->len, ==, 1);
  after = spare_test_hash_tree (folder->path);
  g_assert_cmpstr (before, ==, after);
  /* Nor is the person's agent ended. */
  {
    g_autofree char *socket_path = find_socket (personal);

    g_clear_object (&personal);
    g_assert_true (spare_agent_is_answering (socket_path));
  }
}

/* gpg 2.2 knows nothing of it and goes on; 2.4 needs the daemon, which the guard doesn't let it start. */
static void
test_personal_with_daemon (void)
{
  g_autoptr (SpareTestHome) folder = spare_test_home_new ();
  g_autofree char *conf = spare_test_home_build (folder, "common.conf");
  g_autofree char *fingerprint = NULL;
  g_autoptr (SpareHome) personal = spare_home_new (SPARE_HOME_PERSONAL, folder->path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = NULL;

  g_assert_true (g_file_set_contents (conf, "# mine\n use-keyboxd \n", -1, NULL));
  fingerprint = spare_test_create_key (folder, SPARE_TEST_KEY_DEFAULT, ada, NULL);
  spare_test_home_kill_agent (folder);
  key = spare_home_get_key_sync (personal, fingerprint, TRUE, NULL, &error);
  g_assert_no_error (error);
}

static void
test_personal_is_not_made (void)
{
  char *path = make_folder ("none");
  g_autoptr (SpareHome) personal = spare_home_new (SPARE_HOME_PERSONAL, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (personal, TRUE, NULL, &error);
  g_autoptr (SpareKey) key = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 0);
  key = spare_home_get_key_sync (personal, "0123456789ABCDEF0123456789ABCDEF01234567", TRUE,
                                 NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  remove_folder (path);
}

/* --- Helper programs --- */

static void
test_child (void)
{
  static const struct
  {
    const char *script;
    const char *output; /* NULL: fails */
    int status;
    SpareErrorCode code;
    guint seconds; /* 0: as many as a busy machine takes */
  } rows[] = {
    { "cat <&0; echo; cat <&3", "in\nsecret\n", 0, 0 },
    { "exit 3", NULL, 3, SPARE_ERROR_ENGINE },
    { "kill -SEGV $$", NULL, -1, SPARE_ERROR_ENGINE },
    { "head -c 100000 /dev/zero", NULL, -1, SPARE_ERROR_TOO_LARGE },
    { "sleep 60", NULL, -1, SPARE_ERROR_ENGINE, 1 },
    { "sleep 3 & echo early", "early\n", 0, 0 }, /* a daemon keeps the pipe */
    { "echo ${LD_PRELOAD-none} ${GNUPGHOME-none}", "none none\n", 0, 0 },
  };
  g_autoptr (SpareSecret) secret = spare_secret_new_copy ("secret", 6, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *const argv[] = { "/bin/sh", "-c", rows[i].script, NULL };
      const SpareChild child = { .argv = argv,
                                 .input = "in",
                                 .secret = secret,
                                 .clean = TRUE,
                                 .seconds = rows[i].seconds > 0 ? rows[i].seconds : 60,
                                 .output_max = 1000 };
      g_autoptr (GError) error = NULL;
      int status;
      g_autoptr (GBytes) output = spare_child_run_sync (&child, &status, NULL, &error);

      g_test_message ("%s", rows[i].script);
      g_assert_cmpint (status, ==, rows[i].status);
      if (rows[i].output == NULL)
        {
          g_assert_error (error, SPARE_ERROR, (int) rows[i].code);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (output, NULL), g_bytes_get_size (output),
                       rows[i].output, strlen (rows[i].output));
    }
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

#define ADD(path, test) g_test_add_func ("/gnupg/home/" path, test)
  ADD ("the-own-home-is-private-and-its-agent-ends-with-it", test_own);
  ADD ("the-agent-stays-while-somebody-uses-the-home", test_shared);
  ADD ("an-open-home-is-closed-to-others", test_mode);
  ADD ("a-home-that-can-t-be-made-is-an-error", test_no_folder);
  ADD ("a-home-of-somebody-else-is-an-error", test_read_only);
  ADD ("a-path-too-long-for-a-socket-works", test_long_path);
  ADD ("a-scratch-home-is-gone-with-its-object", test_scratch);
  ADD ("removing-a-scratch-home-follows-no-link", test_scratch_links);
  ADD ("hostile-settings-in-the-own-home-change-nothing", test_hostile_conf);
  ADD ("an-agent-that-died-is-started-again", test_agent_dies_between);
  ADD ("an-agent-that-dies-midway-costs-one-repetition", test_agent_dies_midway);
  ADD ("the-person-s-home-that-is-not-there-is-not-made", test_personal_is_not_made);
  ADD ("the-person-s-keys-may-be-kept-by-a-daemon", test_personal_with_daemon);
  ADD ("a-helper-program-ends-in-time-and-tells-how", test_child);
#undef ADD
  g_test_add_data_func ("/gnupg/home/the-person-s-home-is-never-written", GINT_TO_POINTER (1),
                        test_personal_is_not_written);
  g_test_add_data_func ("/gnupg/home/the-person-s-home-gets-no-trust-database",
                        GINT_TO_POINTER (0), test_personal_is_not_written);
  return g_test_run ();
}
