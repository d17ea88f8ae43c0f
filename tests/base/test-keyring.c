/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keyring: a real gnome-keyring on a private bus, and services that misbehave where a real one can't. */
#include "config.h"

#include "spare-error.h"
#include "spare-keyring.h"
#include "spare-test-bus.h"

#include <string.h>

#define FPR      "0123456789ABCDEF0123456789ABCDEF01234567"
#define OTHER    "FEDCBA9876543210FEDCBA9876543210FEDCBA98"
#define FAKE_FPR "0000000000000000000000000000000000000000"
/* Short limits, so that a test of hanging does not hang; long enough for a loaded machine otherwise. */
#define SOON 700
#define LATE 15000

static SpareTestBus *bus;

static SpareKeyring *
patient (void)
{
  return spare_keyring_new_with_limits (LATE, LATE);
}

static void
store (SpareKeyring *keyring, const char *fingerprint, SpareKeyringKind kind, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) secret = spare_secret_new_copy (text, strlen (text), &error);

  g_assert_no_error (error);
  spare_keyring_store_sync (keyring, fingerprint, kind, "Spare Key – Alice", secret,
                            SPARE_KEYRING_NO_PROMPT, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_holds (SpareKeyring *keyring,
              const char *fingerprint,
              SpareKeyringKind kind,
              const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret)
      secret = spare_keyring_lookup_sync (keyring, fingerprint, kind, SPARE_KEYRING_NO_PROMPT,
                                          NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (spare_secret_get_data (secret), spare_secret_get_size (secret), text,
                   strlen (text));
}

static void
assert_lookup_fails (SpareKeyring *keyring,
                     const char *fingerprint,
                     SpareKeyringFlags flags,
                     int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret)
      secret = spare_keyring_lookup_sync (keyring, fingerprint, SPARE_KEYRING_PASSPHRASE, flags,
                                          NULL, &error);

  g_assert_error (error, SPARE_ERROR, code);
  g_assert_null (secret);
}

static void
assert_state (SpareKeyring *keyring, SpareKeyringState expected)
{
  g_autoptr (GError) error = NULL;
  SpareKeyringState state;

  spare_keyring_probe_sync (keyring, NULL, &state, &error);
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, expected);
}

static guint
count_items (SpareKeyring *keyring)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = spare_keyring_search_all_sync (keyring, NULL, &error);

  g_assert_no_error (error);
  return items->len;
}

static void
start_fake (const char *mode)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "fake-secret-service.py", NULL);
  const char *argv[] = { "/usr/bin/python3", script, mode, NULL };

  spare_test_bus_stop_keyring (bus);
  spare_test_bus_spawn (bus, "org.freedesktop.secrets", argv);
}

static void
test_round_trip (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (SpareSecret) big = NULL;
  g_autoptr (SpareSecret) back = NULL;
  g_autofree char *octets = g_malloc (65536);

  spare_test_bus_start_keyring (bus);
  assert_state (keyring, SPARE_KEYRING_AVAILABLE);
  g_assert_cmpuint (count_items (keyring), ==, 0);
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "correct horse");
  store (keyring, FPR, SPARE_KEYRING_REVOCATION, "revocation");
  store (keyring, OTHER, SPARE_KEYRING_PASSPHRASE, "battery staple");

  memset (octets, 'k', 65536);
  big = spare_secret_new_copy (octets, 65536, &error);
  spare_keyring_store_sync (keyring, FPR, SPARE_KEYRING_SECRET_KEY, "key", big,
                            SPARE_KEYRING_NO_PROMPT, NULL, &error);
  g_assert_no_error (error);
  back = spare_keyring_lookup_sync (keyring, FPR, SPARE_KEYRING_SECRET_KEY,
                                    SPARE_KEYRING_NO_PROMPT, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (spare_secret_equal (big, back));

  assert_holds (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "correct horse");
  assert_holds (keyring, "0123456789abcdef0123456789abcdef01234567", SPARE_KEYRING_PASSPHRASE,
                "correct horse");
  assert_holds (keyring, FPR, SPARE_KEYRING_REVOCATION, "revocation");
  assert_holds (keyring, OTHER, SPARE_KEYRING_PASSPHRASE, "battery staple");
  g_assert_cmpuint (count_items (keyring), ==, 4);

  items = spare_keyring_search_all_sync (keyring, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < items->len; i++)
    {
      SpareKeyringItem *item = items->pdata[i];

      g_assert_false (item->locked);
      g_assert_true (g_str_equal (item->fingerprint, FPR)
                     || g_str_equal (item->fingerprint, OTHER));
      g_assert_nonnull (item->label);
    }
}

static void
test_store_again (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "first");
  store (keyring, OTHER, SPARE_KEYRING_PASSPHRASE, "other");
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "second");
  assert_holds (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "second");
  assert_holds (keyring, OTHER, SPARE_KEYRING_PASSPHRASE, "other");
  g_assert_cmpuint (count_items (keyring), ==, 2);
  /* It is on disk, not just in the service's memory. */
  spare_test_bus_unlock_keyring (bus);
  assert_holds (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "second");
}

static void
test_not_found (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_REVOCATION, "of another kind");
  assert_lookup_fails (keyring, FPR, SPARE_KEYRING_PROMPT, SPARE_ERROR_NO_KEY);
  g_assert_false (spare_keyring_remove_sync (keyring, FPR, SPARE_KEYRING_PASSPHRASE,
                                             SPARE_KEYRING_PROMPT, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_cmpuint (count_items (keyring), ==, 1);
}

static void
test_remove (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "mine");
  store (keyring, FPR, SPARE_KEYRING_REVOCATION, "stays");
  store (keyring, OTHER, SPARE_KEYRING_PASSPHRASE, "stays too");
  spare_keyring_remove_sync (keyring, FPR, SPARE_KEYRING_PASSPHRASE, SPARE_KEYRING_NO_PROMPT,
                             NULL, &error);
  g_assert_no_error (error);
  assert_lookup_fails (keyring, FPR, SPARE_KEYRING_NO_PROMPT, SPARE_ERROR_NO_KEY);
  g_assert_cmpuint (count_items (keyring), ==, 2);
}

/* F9: locked without a prompter looks the same as "not found" to libsecret's lookup. */
static void
test_locked (gconstpointer after_restart)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (SpareKeyring) plain = spare_keyring_new ();
  g_autoptr (SpareSecret) secret = spare_secret_new_copy ("x", 1, NULL);
  g_autoptr (GError) error = NULL;

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "behind a lock");
  if (GPOINTER_TO_INT (after_restart))
    spare_test_bus_restart_locked_keyring (bus);
  else
    spare_test_bus_lock_keyring (bus);

  assert_state (keyring, SPARE_KEYRING_LOCKED);
  assert_lookup_fails (plain, FPR, SPARE_KEYRING_NO_PROMPT, SPARE_ERROR_KEYRING_LOCKED);
  assert_lookup_fails (plain, FPR, SPARE_KEYRING_PROMPT, SPARE_ERROR_KEYRING_LOCKED);
  assert_lookup_fails (plain, OTHER, SPARE_KEYRING_NO_PROMPT, SPARE_ERROR_KEYRING_LOCKED);
  assert_lookup_fails (plain, OTHER, SPARE_KEYRING_PROMPT, SPARE_ERROR_KEYRING_LOCKED);
  g_assert_false (spare_keyring_unlock_sync (plain, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
  g_clear_error (&error);
  for (int prompt = 0; prompt < 2; prompt++)
    {
      SpareKeyringFlags flags = prompt ? SPARE_KEYRING_PROMPT : SPARE_KEYRING_NO_PROMPT;

      g_assert_false (spare_keyring_store_sync (plain, FPR, SPARE_KEYRING_PASSPHRASE, "x",
                                                secret, flags, NULL, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
      g_clear_error (&error);
      g_assert_false (spare_keyring_remove_sync (plain, FPR, SPARE_KEYRING_PASSPHRASE, flags,
                                                 NULL, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
      g_clear_error (&error);
    }

  spare_test_bus_unlock_keyring (bus);
  assert_holds (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "behind a lock");
  g_assert_cmpuint (count_items (keyring), ==, 1);
}

static void
test_locked_list (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = NULL;
  SpareKeyringItem *item;

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_SECRET_KEY, "key");
  spare_test_bus_lock_keyring (bus);
  items = spare_keyring_search_all_sync (keyring, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (items->len, ==, 1);
  item = items->pdata[0];
  g_assert_cmpstr (item->fingerprint, ==, FPR);
  g_assert_cmpint (item->kind, ==, SPARE_KEYRING_SECRET_KEY);
  g_assert_true (item->locked);
}

static void
test_locked_list_after_restart (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = NULL;

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_SECRET_KEY, "key");
  spare_test_bus_restart_locked_keyring (bus);
  items = spare_keyring_search_all_sync (keyring, NULL, &error);
  /* Whatever a keyring that was not open yet shows, it is never an empty list. */
  if (items == NULL)
    g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
  else
    g_assert_cmpuint (items->len, ==, 1);
}

static void
test_dismissed (void)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "fake-prompter.py", NULL);
  const char *argv[] = { "/usr/bin/python3", script, NULL };
  g_autoptr (SpareKeyring) keyring = patient ();
  GPid prompter;

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "behind a lock");
  spare_test_bus_lock_keyring (bus);
  prompter = spare_test_bus_spawn (bus, "org.gnome.keyring.SystemPrompter", argv);
  assert_lookup_fails (keyring, FPR, SPARE_KEYRING_PROMPT, SPARE_ERROR_KEYRING_DISMISSED);
  assert_lookup_fails (keyring, FPR, SPARE_KEYRING_NO_PROMPT, SPARE_ERROR_KEYRING_LOCKED);
  spare_test_bus_kill (bus, prompter);
  spare_test_bus_unlock_keyring (bus);
  assert_holds (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "behind a lock");
}

static void
test_missing (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = NULL;

  spare_test_bus_stop_keyring (bus);
  assert_state (keyring, SPARE_KEYRING_MISSING);
  assert_lookup_fails (keyring, FPR, SPARE_KEYRING_PROMPT, SPARE_ERROR_KEYRING_MISSING);
  items = spare_keyring_search_all_sync (keyring, NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING);
  g_assert_null (items);
}

static void
test_no_bus (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (SpareKeyring) keyring = patient ();

      assert_state (keyring, SPARE_KEYRING_MISSING);
      assert_lookup_fails (keyring, FPR, SPARE_KEYRING_PROMPT, SPARE_ERROR_KEYRING_MISSING);
      return;
    }
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_test_trap_subprocess (NULL, 100 * G_USEC_PER_SEC, 0);
  g_test_trap_assert_passed ();
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  g_test_trap_subprocess (NULL, 100 * G_USEC_PER_SEC, 0);
  g_test_trap_assert_passed ();
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", spare_test_bus_get_address (bus), TRUE);
}

static void
test_no_default (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (SpareSecret) secret = spare_secret_new_copy ("x", 1, NULL);
  g_autoptr (GError) error = NULL;

  spare_test_bus_start_bare_keyring (bus);
  assert_state (keyring, SPARE_KEYRING_NO_COLLECTION);
  assert_lookup_fails (keyring, FPR, SPARE_KEYRING_PROMPT, SPARE_ERROR_KEYRING_MISSING);
  g_assert_false (spare_keyring_store_sync (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "x", secret,
                                            SPARE_KEYRING_PROMPT, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING);
  assert_state (keyring, SPARE_KEYRING_NO_COLLECTION);
}

typedef struct
{
  const char *mode;
  const char *sentence;
  int code;
} Misbehaviour;

static void
test_misbehaviour (gconstpointer data)
{
  const Misbehaviour *row = data;
  /* An answer, be it a bad one, may take its time on a busy machine. */
  int limit = row->code == SPARE_ERROR_KEYRING_GONE ? SOON : LATE;
  g_autoptr (SpareKeyring) keyring = spare_keyring_new_with_limits (limit, limit);
  gint64 start;

  start_fake (row->mode);
  start = g_get_monotonic_time ();
  assert_lookup_fails (keyring, FAKE_FPR, SPARE_KEYRING_PROMPT, row->code);
  /* Not when the bus gives up, which is after 25 s. */
  g_assert_cmpint (g_get_monotonic_time () - start, <, LATE * 1000);
  spare_test_bus_stop_keyring (bus);
}

static void
test_wrong_type (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) secret = NULL;

  start_fake ("wrong-type");
  secret = spare_keyring_lookup_sync (keyring, FAKE_FPR, SPARE_KEYRING_PASSPHRASE,
                                      SPARE_KEYRING_PROMPT, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_secret_get_text (secret), ==, "found");
}

static void
test_hidden (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (SpareSecret) secret = NULL;

  start_fake ("hide");
  assert_lookup_fails (keyring, FAKE_FPR, SPARE_KEYRING_NO_PROMPT, SPARE_ERROR_KEYRING_LOCKED);
  items = spare_keyring_search_all_sync (keyring, NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
  g_clear_error (&error);
  secret = spare_keyring_lookup_sync (keyring, FAKE_FPR, SPARE_KEYRING_PASSPHRASE,
                                      SPARE_KEYRING_PROMPT, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_secret_get_text (secret), ==, "found");
}

static void
test_reads_back (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (SpareSecret) secret = spare_secret_new_copy ("x", 1, NULL);
  g_autoptr (GError) error = NULL;

  start_fake ("forget");
  g_assert_false (spare_keyring_store_sync (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "x", secret,
                                            SPARE_KEYRING_NO_PROMPT, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_KEYRING_GONE);
}

static void
took_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **taken = user_data;

  g_assert_null (*taken);
  *taken = g_object_ref (result);
}

static gboolean
cancel_cb (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_cancel (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start;

  start_fake ("hang-in-prompt");
  start = g_get_monotonic_time ();
  spare_keyring_lookup_async (keyring, FAKE_FPR, SPARE_KEYRING_PASSPHRASE, SPARE_KEYRING_PROMPT,
                              cancellable, took_result_cb, &result);
  g_timeout_add (200, cancel_cb, cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (spare_keyring_lookup_finish (keyring, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, LATE * 1000);
}

static gpointer
lookup_thread (gpointer user_data)
{
  g_autoptr (SpareSecret) secret = NULL;

  for (int i = 0; i < 5; i++)
    assert_holds (user_data, FPR, SPARE_KEYRING_PASSPHRASE, "from all sides");

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) secret = NULL;
  GThread *threads[4];

  spare_test_bus_start_keyring (bus);
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "from all sides");
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("lookup", lookup_thread, keyring);
  spare_keyring_lookup_async (keyring, FPR, SPARE_KEYRING_PASSPHRASE, SPARE_KEYRING_NO_PROMPT,
                              NULL, took_result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  secret = spare_keyring_lookup_finish (keyring, result, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
}

static SpareSecret *
lookup_held (SpareKeyring *keyring, const char *fingerprint, GError **error)
{
  return spare_keyring_lookup_held_sync (keyring, fingerprint, SPARE_KEYRING_PASSPHRASE,
                                         SPARE_KEYRING_NO_PROMPT, NULL, error);
}

static void
assert_held (SpareKeyring *keyring, const char *fingerprint, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) secret = lookup_held (keyring, fingerprint, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (spare_secret_get_data (secret), spare_secret_get_size (secret), text,
                   strlen (text));
}

static void
assert_held_fails (SpareKeyring *keyring, const char *fingerprint, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSecret) secret = lookup_held (keyring, fingerprint, &error);

  g_assert_error (error, SPARE_ERROR, code);
  g_assert_null (secret);
}

static void
test_held (void)
{
  g_autoptr (SpareKeyring) keyring = patient ();
  g_autoptr (GError) error = NULL;

  spare_test_bus_start_keyring (bus);
  g_assert_false (spare_keyring_forget_held (keyring));
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "correct horse");
  store (keyring, OTHER, SPARE_KEYRING_PASSPHRASE, "battery staple");
  assert_held (keyring, FPR, "correct horse");
  assert_held (keyring, FPR, "correct horse");
  /* Never that of another key. */
  assert_held (keyring, OTHER, "battery staple");
  assert_held (keyring, FPR, "correct horse");
  g_assert_true (spare_keyring_forget_held (keyring));
  g_assert_false (spare_keyring_forget_held (keyring));

  /* At once, not after a while. */
  assert_held (keyring, FPR, "correct horse");
  spare_test_bus_lock_keyring (bus);
  assert_held_fails (keyring, FPR, SPARE_ERROR_KEYRING_LOCKED);
  g_assert_false (spare_keyring_forget_held (keyring));
  spare_test_bus_unlock_keyring (bus);
  assert_held (keyring, FPR, "correct horse");

  /* What was stored since is what is read. */
  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "another");
  assert_held (keyring, FPR, "another");
  spare_keyring_remove_sync (keyring, FPR, SPARE_KEYRING_PASSPHRASE, SPARE_KEYRING_NO_PROMPT,
                             NULL, &error);
  g_assert_no_error (error);
  assert_held_fails (keyring, FPR, SPARE_ERROR_NO_KEY);

  /* Removed, or changed, behind our back. */
  assert_held (keyring, OTHER, "battery staple");
  {
    g_autoptr (SpareKeyring) elsewhere = patient ();

    spare_keyring_remove_sync (elsewhere, OTHER, SPARE_KEYRING_PASSPHRASE,
                               SPARE_KEYRING_NO_PROMPT, NULL, &error);
    g_assert_no_error (error);
  }
  assert_held_fails (keyring, OTHER, SPARE_ERROR_NO_KEY);

  store (keyring, FPR, SPARE_KEYRING_PASSPHRASE, "once more");
  assert_held (keyring, FPR, "once more");
  spare_test_bus_stop_keyring (bus);
  assert_held_fails (keyring, FPR, SPARE_ERROR_KEYRING_MISSING);
}

int
main (int argc, char *argv[])
{
  static const Misbehaviour rows[] = {
    { "hang-in-call", "a-service-that-never-answers-is-gone", SPARE_ERROR_KEYRING_GONE },
    { "hang-in-session", "a-service-that-opens-no-session-is-gone", SPARE_ERROR_KEYRING_GONE },
    { "hang-in-prompt", "a-prompt-that-never-ends-is-given-up", SPARE_ERROR_KEYRING_GONE },
    { "die-in-prompt", "a-service-that-dies-while-it-prompts-is-gone",
      SPARE_ERROR_KEYRING_GONE },
    { "wrong-signal", "a-prompt-that-ends-with-nonsense-is-gone", SPARE_ERROR_KEYRING_GONE },
    { "dismiss", "a-prompt-dismissed-elsewhere-is-dismissed", SPARE_ERROR_KEYRING_DISMISSED },
    { "still-locked", "a-prompt-that-unlocks-nothing-is-locked", SPARE_ERROR_KEYRING_LOCKED },
  };
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  if (!g_test_subprocess ())
    bus = spare_test_bus_new ();

  g_test_add_func ("/keyring/what-is-stored-reads-back", test_round_trip);
  g_test_add_func ("/keyring/storing-again-replaces-only-its-own-kind", test_store_again);
  g_test_add_func ("/keyring/not-found-is-said-of-an-open-keyring", test_not_found);
  g_test_add_func ("/keyring/removing-takes-only-what-was-named", test_remove);
  g_test_add_data_func ("/keyring/locked-without-prompter-is-locked-not-absent",
                        GINT_TO_POINTER (FALSE), test_locked);
  g_test_add_data_func ("/keyring/locked-since-login-is-locked-not-absent",
                        GINT_TO_POINTER (TRUE), test_locked);
  g_test_add_func ("/keyring/locked-items-are-listed-without-asking", test_locked_list);
  g_test_add_func ("/keyring/locked-since-login-is-never-an-empty-list",
                   test_locked_list_after_restart);
  g_test_add_func ("/keyring/a-dismissed-prompt-is-said-to-be-one", test_dismissed);
  g_test_add_func ("/keyring/no-service-is-said-to-be-missing", test_missing);
  g_test_add_func ("/keyring/no-bus-is-said-to-be-missing", test_no_bus);
  g_test_add_func ("/keyring/no-default-keyring-is-said-and-none-is-made", test_no_default);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/keyring/", rows[i].sentence, NULL);

      g_test_add_data_func (path, &rows[i], test_misbehaviour);
    }
  g_test_add_func ("/keyring/a-prompt-with-a-result-of-the-wrong-type-still-unlocks",
                   test_wrong_type);
  g_test_add_func ("/keyring/a-keyring-that-hides-what-is-locked-is-locked-not-empty",
                   test_hidden);
  g_test_add_func ("/keyring/what-does-not-read-back-is-not-stored", test_reads_back);
  g_test_add_func ("/keyring/a-held-secret-goes-with-the-lock-the-item-and-the-service",
                   test_held);
  g_test_add_func ("/keyring/cancelling-ends-a-prompt-at-once", test_cancel);
  g_test_add_func ("/keyring/threads-and-the-main-context-can-ask-at-once", test_threads);

  status = g_test_run ();
  g_clear_pointer (&bus, spare_test_bus_free);
  return status;
}
