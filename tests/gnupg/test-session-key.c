/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session key that comes out of a PKESK is the one that stock gpg shows, for each algorithm; and an agent that dies,
 * hangs or refuses is told apart. */
#include "config.h"

#include "engine-child.h"
#include "spare-agent-session-private.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-session-key.h"
#include "spare-test-gpg.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  SpareTestHome *files;
  SpareHome *home;
  char *fingerprint;
  SpareKey *key;
} Fixture;

static void
fixture_set_up_kind (Fixture *self, SpareTestKeyKind kind, const char *passphrase)
{
  g_autoptr (GError) error = NULL;

  self->files = spare_test_home_new ();
  self->fingerprint = spare_test_create_key (self->files, kind, "owner <owner@example.org>",
                                             passphrase);
  self->home = spare_home_new_with_engine (SPARE_HOME_OWN, self->files->path, TEST_GUARD);
  self->key = spare_home_get_key_sync (self->home, self->fingerprint, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (self->key);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->key);
  g_clear_object (&self->home);
  g_clear_pointer (&self->fingerprint, g_free);
  g_clear_pointer (&self->files, spare_test_home_free);
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  fixture_set_up_kind (self, SPARE_TEST_KEY_DEFAULT, NULL);
}

static GBytes *
make_message (Fixture *self, const char *option)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("something to keep", 17);

  return spare_test_gpg_filter (self->files, plain, "--trust-model", "always", "--encrypt",
                                option, self->fingerprint, NULL);
}

static SpareHead *
get_head (GBytes *message)
{
  g_autoptr (GError) error = NULL;
  SpareHead *head = spare_head_new_from_bytes (message, &error);

  g_assert_no_error (error);
  return head;
}

/* As stock gpg writes it: "9:0123…". */
static char *
show_session_key (Fixture *self, GBytes *message, const char *passphrase)
{
  static const char mark[] = "session key: '";
  g_autofree char *words = NULL;
  const char *start;

  /* Its exit status is 2 when it tried another key of a hidden recipient first. */
  spare_test_gpg_full (self->files, message, NULL, &words, "--passphrase", passphrase,
                       "--show-session-key", "--decrypt", NULL);
  start = strstr (words, mark);
  g_assert_nonnull (start);
  start += sizeof mark - 1;
  return g_strndup (start, strcspn (start, "'"));
}

static void
assert_is (SpareSessionKey *key, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%u:", key->cipher);
  for (gsize i = 0; i < spare_secret_get_size (key->secret); i++)
    g_string_append_printf (text, "%02X", spare_secret_get_data (key->secret)[i]);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
assert_opens (Fixture *self,
              SpareSessionKeyOpener *opener,
              GBytes *message,
              const char *passphrase)
{
  g_autoptr (SpareHead) head = get_head (message);
  g_autofree char *expected = show_session_key (self, message, passphrase);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSessionKey)
      key = spare_session_key_opener_open_sync (opener, spare_head_get_esk (head, 0), head,
                                                NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
  assert_is (key, expected);
}

static GError *
fail_to_open (SpareSessionKeyOpener *opener,
              const SpareEsk *esk,
              const SpareHead *head,
              GCancellable *cancellable)
{
  GError *error = NULL;
  SpareSessionKey *key = spare_session_key_opener_open_sync (opener, esk, head, cancellable,
                                                             &error);

  g_assert_null (key);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

static void
test_algorithm (gconstpointer data)
{
  SpareTestKeyKind kind = (SpareTestKeyKind) GPOINTER_TO_INT (data);
  g_autoptr (SpareSessionKeyOpener) opener = NULL;
  Fixture self = { NULL };

  fixture_set_up_kind (&self, kind, NULL);
  opener = spare_session_key_opener_new (self.home, self.key);
  /* Several, since leading zero octets are rare. */
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GBytes) message = make_message (&self, "--recipient");

      assert_opens (&self, opener, message, "");
    }
  {
    g_autoptr (GBytes) message = make_message (&self, "--recipient");

    /* The other way, and back. */
    spare_session_key_opener_set_by_gpg (opener, TRUE);
    assert_opens (&self, opener, message, "");
    spare_session_key_opener_set_by_gpg (opener, FALSE);
    assert_opens (&self, opener, message, "");
  }
  g_clear_object (&opener);
  fixture_tear_down (&self, NULL);
}

static void
test_hidden (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) message = make_message (self, "--hidden-recipient");
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->home, self->key);

  assert_opens (self, opener, message, "");
}

static void
test_second_subkey (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareSessionKeyOpener) opener = NULL;
  g_auto (GStrv) all = NULL;

  fixture_tear_down (self, NULL);
  fixture_set_up_kind (self, SPARE_TEST_KEY_TWO_SUBKEYS, NULL);
  opener = spare_session_key_opener_new (self->home, self->key);
  all = spare_test_list_fingerprints (self->files, self->fingerprint);
  for (guint i = 1; i <= 2; i++)
    {
      g_autofree char *recipient = g_strconcat (all[i], "!", NULL);
      g_autoptr (GBytes) plain = g_bytes_new_static ("x", 1);
      g_autoptr (GBytes)
          message = spare_test_gpg_filter (self->files, plain, "--trust-model", "always",
                                           "--encrypt", "--recipient", recipient, NULL);
      g_autoptr (GBytes)
          hidden = spare_test_gpg_filter (self->files, plain, "--trust-model", "always",
                                          "--encrypt", "--hidden-recipient", recipient, NULL);

      assert_opens (self, opener, message, "");
      assert_opens (self, opener, hidden, "");
    }
}

static void
test_for_others (Fixture *self, gconstpointer data)
{
  Fixture other = { NULL };
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) hidden = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareHead) hidden_head = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) hidden_error = NULL;
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->home, self->key);

  fixture_set_up_kind (&other, SPARE_TEST_KEY_DEFAULT, NULL);
  message = make_message (&other, "--recipient");
  hidden = make_message (&other, "--hidden-recipient");
  head = get_head (message);
  hidden_head = get_head (hidden);
  error = fail_to_open (opener, spare_head_get_esk (head, 0), head, NULL);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  hidden_error = fail_to_open (opener, spare_head_get_esk (hidden_head, 0), hidden_head, NULL);
  g_assert_error (hidden_error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  fixture_tear_down (&other, NULL);
}

/* The certificate is listed, but the secret key is not in the home. */
static void
test_secret_gone (Fixture *self, gconstpointer data)
{
  static const SpareTestKeyKind kinds[] = { SPARE_TEST_KEY_DEFAULT, SPARE_TEST_KEY_RSA };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (SpareSessionKeyOpener) opener = NULL;
      g_autoptr (GBytes) message = NULL;
      g_autoptr (SpareHead) head = NULL;
      g_autoptr (GError) error = NULL;

      fixture_tear_down (self, NULL);
      fixture_set_up_kind (self, kinds[i], NULL);
      message = make_message (self, "--recipient");
      head = get_head (message);
      opener = spare_session_key_opener_new (self->home, self->key);
      g_free (spare_test_gpg (self->files, "--delete-secret-keys", self->fingerprint, NULL));
      error = fail_to_open (opener, spare_head_get_esk (head, 0), head, NULL);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
    }
}

static void
test_damaged (Fixture *self, gconstpointer data)
{
  static const SpareTestKeyKind kinds[] = { SPARE_TEST_KEY_DEFAULT, SPARE_TEST_KEY_RSA };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (SpareSessionKeyOpener) opener = NULL;
      g_autoptr (GBytes) message = NULL;
      g_autoptr (GBytes) packet = NULL;
      g_autoptr (SpareHead) head = NULL;
      gsize size;

      fixture_tear_down (self, NULL);
      fixture_set_up_kind (self, kinds[i], NULL);
      message = make_message (self, "--recipient");
      head = get_head (message);
      opener = spare_session_key_opener_new (self->home, self->key);
      packet = g_bytes_ref (spare_esk_get_packet (spare_head_get_esk (head, 0)));
      size = g_bytes_get_size (packet);
      for (gsize position = size - 1; position > size - 40; position -= 13)
        {
          g_autofree guint8 *octets = g_memdup2 (g_bytes_get_data (packet, NULL), size);
          g_autoptr (SpareEsk) esk = NULL;
          g_autoptr (GError) error = NULL;

          octets[position] ^= 1;
          esk = spare_esk_new_from_packet (octets, size, &error);
          g_assert_no_error (error);
          error = fail_to_open (opener, esk, head, NULL);
          /* gpg 2.4 takes a damaged one for RSA for one that was made for another key. */
          if (kinds[i] != SPARE_TEST_KEY_RSA
              || !g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY))
            g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
        }
      /* And the connection is as good as before. */
      assert_opens (self, opener, message, "");
    }
}

static void
test_agent_dies (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) message = make_message (self, "--recipient");
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->home, self->key);

  for (guint i = 0; i < 3; i++)
    {
      assert_opens (self, opener, message, "");
      spare_test_home_kill_agent (self->files);
      g_assert_true (engine_child_wait_gone (self->files->path, "gpg-agent", 60));
    }
}

typedef struct
{
  const char *passphrase; /* NULL: fails */
  const char *better;     /* after a wrong one */
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
  const char *text = was_wrong ? asker->better : asker->passphrase;

  asker->n_asked++;
  if (text != NULL)
    return spare_secret_new_copy (text, strlen (text), error);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED, "dismissed");
  return NULL;
}

static void
test_passphrases (Fixture *self, gconstpointer data)
{
  static const SpareTestKeyKind kinds[] = { SPARE_TEST_KEY_DEFAULT, SPARE_TEST_KEY_RSA };
  static const char good[] = "open%0A sesame \xc3\xa4";

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (SpareSessionKeyOpener) opener = NULL;
      g_autoptr (GBytes) message = NULL;
      g_autoptr (SpareHead) head = NULL;
      g_autoptr (GError) none = NULL;
      g_autoptr (GError) wrong = NULL;
      Asker asker = { NULL };

      fixture_tear_down (self, NULL);
      fixture_set_up_kind (self, kinds[i], good);
      spare_home_set_passphrase_func (self->home, ask_cb, &asker, NULL);
      message = make_message (self, "--recipient");
      head = get_head (message);
      opener = spare_session_key_opener_new (self->home, self->key);

      none = fail_to_open (opener, spare_head_get_esk (head, 0), head, NULL);
      g_assert_error (none, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED);
      g_assert_cmpuint (asker.n_asked, ==, 1);

      asker = (Asker){ .passphrase = good };
      assert_opens (self, opener, message, good);
      assert_opens (self, opener, message, good);
      g_assert_cmpuint (asker.n_asked, ==, 2);

      asker = (Asker){ .passphrase = "bad", .better = "worse" };
      wrong = fail_to_open (opener, spare_head_get_esk (head, 0), head, NULL);
      g_assert_error (wrong, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
    }
}

/* Points that the secret key must not be multiplied with: all but the point is as gpg made it. Whether the agent was
 * asked is seen by who had to give it the passphrase. */
static void
test_bad_points (Fixture *self, gconstpointer data)
{
  static const SpareTestKeyKind kinds[] = { SPARE_TEST_KEY_DEFAULT, SPARE_TEST_KEY_NISTP256 };
  /* In the packet, behind header, version, key id, algorithm, and the point's bits and prefix. */
  const gsize offset = 2 + 1 + 8 + 1 + 2 + 1;

  for (gsize i = 0; i < 2 * G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (SpareSessionKeyOpener) opener = NULL;
      g_autoptr (GBytes) message = NULL;
      g_autoptr (SpareHead) head = NULL;
      g_autoptr (SpareEsk) esk = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *octets = NULL;
      Asker asker = { .passphrase = "sesame" };
      GBytes *packet;

      fixture_tear_down (self, NULL);
      fixture_set_up_kind (self, kinds[i / 2], "sesame");
      spare_home_set_passphrase_func (self->home, ask_cb, &asker, NULL);
      message = make_message (self, "--recipient");
      head = get_head (message);
      opener = spare_session_key_opener_new (self->home, self->key);
      packet = spare_esk_get_packet (spare_head_get_esk (head, 0));
      octets = g_memdup2 (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
      memset (octets + offset, 0, 32);
      octets[offset] = i % 2 != 0;
      esk = spare_esk_new_from_packet (octets, g_bytes_get_size (packet), &error);
      g_assert_no_error (error);
      error = fail_to_open (opener, esk, head, NULL);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
      g_assert_cmpuint (asker.n_asked, ==, 0);
      assert_opens (self, opener, message, "sesame");
      g_assert_cmpuint (asker.n_asked, ==, 1);
    }
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) message = make_message (self, "--recipient");
  g_autoptr (SpareHead) head = get_head (message);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->home, self->key);

  g_cancellable_cancel (cancellable);
  error = fail_to_open (opener, spare_head_get_esk (head, 0), head, cancellable);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- An agent that is none --- */

typedef struct
{
  GSocket *socket;
  char *path;
  const char *words; /* what it says to everybody, NULL: nothing */
  gboolean hangs_up;
} FakeAgent;

static gpointer
fake_agent_thread (gpointer data)
{
  FakeAgent *self = data;
  g_autoptr (GSocket) peer = g_socket_accept (self->socket, NULL, NULL);
  char waste[4096];

  g_assert_nonnull (peer);
  if (self->words != NULL)
    g_socket_send (peer, self->words, strlen (self->words), NULL, NULL);
  if (!self->hangs_up)
    while (g_socket_receive (peer, waste, sizeof waste, NULL, NULL) > 0)
      ;
  return NULL;
}

static void
assert_fake_fails (Fixture *self, const char *words, gboolean hangs_up)
{
  FakeAgent agent = { .words = words, .hangs_up = hangs_up };
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (SpareAgentSession) session = NULL;
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("(1:x)", 5);
  g_autoptr (GError) error = NULL;
  gpgme_error_t refusal = 0;
  gint64 began = g_get_monotonic_time ();
  GThread *thread;

  agent.path = spare_test_home_build (self->files, "S.fake");
  agent.socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                               G_SOCKET_PROTOCOL_DEFAULT, NULL);
  address = g_unix_socket_address_new (agent.path);
  g_assert_true (g_socket_bind (agent.socket, address, TRUE, NULL));
  g_assert_true (g_socket_listen (agent.socket, NULL));
  thread = g_thread_new ("agent", fake_agent_thread, &agent);

  session = spare_agent_session_connect (agent.path, TRUE, 200, NULL, &error);
  if (session != NULL)
    g_assert_null (
        spare_agent_session_decrypt (session, "0123", ciphertext, NULL, &refusal, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);

  g_clear_pointer (&session, spare_agent_session_free);
  g_thread_join (thread);
  g_object_unref (agent.socket);
  g_unlink (agent.path);
  g_free (agent.path);
}

static void
test_fake_agents (Fixture *self, gconstpointer data)
{
  g_autofree char *endless = g_strnfill (100000, 'x');

  assert_fake_fails (self, NULL, FALSE);
  assert_fake_fails (self, NULL, TRUE);
  assert_fake_fails (self, "OK\n", FALSE);
  assert_fake_fails (self, "OK\n", TRUE);
  assert_fake_fails (self, "OK\nOK\nOK\nD (5:value9999999:x\nOK\n", TRUE);
  assert_fake_fails (self, "OK\nOK\nOK\nD (5:value2:x\nOK\n", TRUE);
  assert_fake_fails (self, "OK\nOK\nOK\nD %\nOK\n", TRUE);
  assert_fake_fails (self, "OK\nOK\nOK\nD\nOK\n", TRUE);
  assert_fake_fails (self, "OK\nOK\nOK\nOK\n", TRUE);
  assert_fake_fails (self, endless, TRUE);
}

/* Measured at 0.6 ms; the bound is far, for a busy machine. */
static void
test_many (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) message = make_message (self, "--recipient");
  g_autoptr (SpareHead) head = get_head (message);
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->home, self->key);
  gint64 began = g_get_monotonic_time ();
  gint64 spent;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareSessionKey)
          key = spare_session_key_opener_open_sync (opener, spare_head_get_esk (head, 0), head,
                                                    NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (key);
    }
  spent = g_get_monotonic_time () - began;
  g_test_minimized_result ((double) spent / 200, "%.0f us a session key", (double) spent / 200);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    SpareTestKeyKind kind;
  } algorithms[] = {
    { "/session-key/of-cv25519-is-that-of-stock-gpg", SPARE_TEST_KEY_DEFAULT },
    { "/session-key/of-rsa2048-is-that-of-stock-gpg", SPARE_TEST_KEY_RSA },
    { "/session-key/of-nistp256-is-that-of-stock-gpg", SPARE_TEST_KEY_NISTP256 },
    { "/session-key/of-nistp384-is-that-of-stock-gpg", SPARE_TEST_KEY_NISTP384 },
    { "/session-key/of-nistp521-is-that-of-stock-gpg", SPARE_TEST_KEY_NISTP521 },
    { "/session-key/of-brainpoolP256-is-that-of-stock-gpg", SPARE_TEST_KEY_BRAINPOOLP256 },
  };
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "of-a-hidden-recipient-is-found", test_hidden },
    { "of-either-subkey-is-found", test_second_subkey },
    { "for-others-is-no-key", test_for_others },
    { "without-the-secret-key-is-no-key", test_secret_gone },
    { "in-a-damaged-packet-is-damage", test_damaged },
    { "opens-again-after-the-agent-died", test_agent_dies },
    { "takes-the-passphrase-functions-word", test_passphrases },
    { "is-not-asked-for-with-a-point-that-gives-keys-away", test_bad_points },
    { "can-be-cancelled", test_cancelled },
    { "is-not-waited-for-when-the-agent-is-none", test_fake_agents },
    { "comes-without-a-process", test_many },
  };
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    g_test_add_data_func (algorithms[i].path, GINT_TO_POINTER (algorithms[i].kind),
                          test_algorithm);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/session-key/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }
  return g_test_run ();
}
