/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encryption is to exactly those who were asked for, whole, or it is an error: held against stock gpg, against hostile
 * configuration, killed and fake engines. */
#include "config.h"

#include "engine-child.h"
#include "memory-stream.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-recipient-files-private.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <string.h>

/* The owner's home knows the authority's certificate; the authority's own home opens what is made for it. */
static SpareTestHome *owner_home, *authority_home;
static char *owner_key, *authority_key;

typedef struct
{
  SpareHome *home;
  SpareKey *owner, *authority;
  SpareRecipient recipients[2];
  SpareEncryptionRequest request;
} Fixture;

static SpareKey *
get_key (SpareHome *home, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  SpareKey *key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
  return key;
}

static void
fixture_set_up_with (Fixture *self, const char *guard)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (SpareHome)
      lister = spare_home_new_with_engine (SPARE_HOME_OWN, owner_home->path, TEST_GUARD);

  self->home = spare_home_new_with_engine (SPARE_HOME_OWN, owner_home->path, guard);
  self->owner = get_key (lister, owner_key);
  self->authority = get_key (lister, authority_key);
  self->recipients[0] = (SpareRecipient){
    self->owner, spare_key_pick_newest_encryption_subkey (self->owner, now)
  };
  self->recipients[1] = (SpareRecipient){
    self->authority, spare_key_pick_newest_encryption_subkey (self->authority, now)
  };
  self->request = (SpareEncryptionRequest){
    .recipients = self->recipients,
    .n_recipients = 2,
    .size = G_MAXUINT64,
  };
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  fixture_set_up_with (self, TEST_GUARD);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->home);
  g_clear_object (&self->owner);
  g_clear_object (&self->authority);
}

/* Octets that don't compress, alike in every run. */
static GBytes *
make_noise (gsize size)
{
  guint8 *octets = g_malloc (size + 4);
  guint32 state = 2463534242u;

  for (gsize i = 0; i < size; i += 4)
    {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      memcpy (octets + i, &state, 4);
    }
  return g_bytes_new_take (octets, size);
}

static void
assert_same (GBytes *a, GBytes *b)
{
  g_assert_cmpuint (g_bytes_get_size (a), ==, g_bytes_get_size (b));
  g_assert_true (g_bytes_equal (a, b));
}

static GBytes *
encrypt (Fixture *self, GBytes *plain, SpareHead **head)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) made = NULL;
  g_auto (MemoryStream) memory;
  SpareStream stream;

  memory_stream_init (&memory, plain);
  stream = memory_stream_get (&memory);
  made = spare_encrypt_sync (self->home, &self->request, &stream, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (made);
  if (head != NULL)
    *head = g_steal_pointer (&made);
  return memory_stream_dup_output (&memory);
}

/* The keyring, away until the first try has failed of that. */
static char *keyring_path, *keyring_away;

static gboolean
put_keyring_back_cb (gpointer user_data, GError **error)
{
  MemoryStream *memory = user_data;

  g_assert_cmpint (g_rename (keyring_away, keyring_path), ==, 0);
  return memory_stream_get (memory).rewind_input (memory, error);
}

static void
test_keyring_away_for_a_moment (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (1000);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_auto (MemoryStream) memory;
  SpareStream stream;

  keyring_path = g_build_filename (owner_home->path, "pubring.kbx", NULL);
  keyring_away = g_build_filename (owner_home->path, "pubring.kbx.away", NULL);
  g_assert_cmpint (g_rename (keyring_path, keyring_away), ==, 0);
  memory_stream_init (&memory, plain);
  stream = memory_stream_get (&memory);
  g_assert_true (stream.input == &memory);
  stream.rewind_input = put_keyring_back_cb;
  head = spare_encrypt_sync (self->home, &self->request, &stream, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (head);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 2);
  g_free (keyring_path);
  g_free (keyring_away);
}

/* How it failed; the caller frees it. @memory's call may be set. */
static GError *
fail_to_encrypt (Fixture *self, MemoryStream *memory, guint patience, GCancellable *cancellable)
{
  GError *error = NULL;
  SpareStream stream = memory_stream_get (memory);
  SpareHead *head;

  if (patience != 0)
    stream.patience = patience;
  head = spare_encrypt_sync (self->home, &self->request, &stream, cancellable, &error);
  g_assert_null (head);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

static void
test_stock_gpg_opens (Fixture *self, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 511, 65536, 5 * 1024 * 1024 + 3 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) plain = make_noise (sizes[i]);
      g_autoptr (GBytes) message = NULL;
      g_autoptr (GBytes) owners = NULL;
      g_autoptr (GBytes) authoritys = NULL;

      self->request.size = sizes[i];
      message = encrypt (self, plain, NULL);
      owners = spare_test_gpg_filter (owner_home, message, "--decrypt", NULL);
      authoritys = spare_test_gpg_filter (authority_home, message, "--decrypt", NULL);
      assert_same (owners, plain);
      assert_same (authoritys, plain);
    }
}

static void
test_short_reads (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (20000);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_auto (MemoryStream) memory;
  SpareStream stream;

  memory_stream_init (&memory, plain);
  memory.read_max = 7;
  stream = memory_stream_get (&memory);
  head = spare_encrypt_sync (self->home, &self->request, &stream, NULL, &error);
  g_assert_no_error (error);
  message = memory_stream_dup_output (&memory);
  opened = spare_test_gpg_filter (owner_home, message, "--decrypt", NULL);
  assert_same (opened, plain);
}

static void
test_compression (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *zeros = g_malloc0 (1024 * 1024);
  g_autoptr (GBytes) plain = g_bytes_new (zeros, 1024 * 1024);
  g_autoptr (GBytes) uncompressed = encrypt (self, plain, NULL);
  g_autoptr (GBytes) compressed = NULL;
  g_autoptr (GBytes) opened = NULL;

  self->request.compress = TRUE;
  compressed = encrypt (self, plain, NULL);
  opened = spare_test_gpg_filter (owner_home, compressed, "--decrypt", NULL);
  assert_same (opened, plain);
  g_assert_cmpuint (g_bytes_get_size (uncompressed), >, 1024 * 1024);
  g_assert_cmpuint (g_bytes_get_size (compressed), <, 20000);
}

static void
test_packets (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (1000);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) message = encrypt (self, plain, &head);
  g_autoptr (GBytes)
      listing = spare_test_gpg_filter (owner_home, message, "--list-packets", NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (listing, NULL),
                                     g_bytes_get_size (listing));
  guint n = 0;

  for (const char *p = text; (p = strstr (p, ":pubkey enc packet:")) != NULL; p++)
    n++;
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const char *fingerprint = self->recipients[i].subkey->fingerprint;

      g_assert_nonnull (strstr (text, fingerprint + 24));
      g_assert_true (
          spare_esk_matches_fingerprint (spare_head_get_esk (head, 0), fingerprint)
          || spare_esk_matches_fingerprint (spare_head_get_esk (head, 1), fingerprint));
    }
  g_assert_nonnull (strstr (text, "mdc_method: 2"));
  g_assert_null (strstr (text, ":compressed packet:"));
}

static gboolean
is_authoritys_cb (const SpareEsk *esk, gpointer user_data)
{
  Fixture *self = user_data;

  return spare_esk_matches_fingerprint (esk, self->recipients[1].subkey->fingerprint);
}

static void
test_dropped (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (300000);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareHead) published = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_autoptr (GError) error = NULL;

  self->request.drop = is_authoritys_cb;
  self->request.drop_data = self;
  message = encrypt (self, plain, &head);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 2);

  published = spare_head_new_from_bytes (message, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (spare_head_get_n_esks (published), ==, 1);
  g_assert_cmpstr (spare_head_get_file_id (published), ==, spare_head_get_file_id (head));

  opened = spare_test_gpg_filter (owner_home, message, "--decrypt", NULL);
  assert_same (opened, plain);
  g_assert_cmpint (spare_test_gpg_full (authority_home, message, NULL, NULL, "--decrypt", NULL),
                   !=, 0);
}

static void
test_old_subkey (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (other, SPARE_TEST_KEY_TWO_SUBKEYS,
                                                        "two <two@example.org>", NULL);
  g_autoptr (SpareHome)
      home = spare_home_new_with_engine (SPARE_HOME_OWN, other->path, TEST_GUARD);
  g_autoptr (SpareKey) key = get_key (home, fingerprint);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const SpareSubkey *older = spare_key_pick_oldest_encryption_subkey (key, now);
  const SpareSubkey *newer = spare_key_pick_newest_encryption_subkey (key, now);
  g_autoptr (GBytes) plain = make_noise (10);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) message = NULL;

  g_assert_cmpstr (older->fingerprint, !=, newer->fingerprint);
  g_set_object (&self->home, home);
  self->recipients[0] = (SpareRecipient){ key, older };
  self->request.n_recipients = 1;
  message = encrypt (self, plain, &head);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 1);
  g_assert_true (
      spare_esk_matches_fingerprint (spare_head_get_esk (head, 0), older->fingerprint));
}

static void
test_unusable_keys (Fixture *self, gconstpointer data)
{
  static const struct
  {
    SpareTestKeyKind kind;
    const char *why;
  } rows[] = {
    { SPARE_TEST_KEY_EXPIRED, "expired: gpg says 'all subkeys are expired or revoked'" },
    { SPARE_TEST_KEY_REVOKED, "revoked" },
    { SPARE_TEST_KEY_DISABLED, "disabled: gpg encrypts to it without a word" },
    { SPARE_TEST_KEY_NOT_YET_VALID, "made in the future: the clock is wrong" },
    { SPARE_TEST_KEY_SIGN_ONLY, "can't encrypt" },
    { SPARE_TEST_KEY_EXPIRED_SUBKEY, "the only subkey is expired" },
    { SPARE_TEST_KEY_REVOKED_SUBKEY, "the only subkey is revoked" },
  };
  g_autoptr (GBytes) plain = make_noise (1000);
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autoptr (SpareHome)
      home = spare_home_new_with_engine (SPARE_HOME_OWN, other->path, TEST_GUARD);

  g_set_object (&self->home, home);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("key %u <k%u@example.org>", (guint) i,
                                               (guint) i);
      g_autofree char *fingerprint = spare_test_create_key (other, rows[i].kind, name, NULL);
      g_autoptr (SpareKey) key = get_key (home, fingerprint);
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;
      guint last = spare_key_get_n_subkeys (key) - 1;

      g_test_message ("%s", rows[i].why);
      memory_stream_init (&memory, plain);
      self->recipients[0] = (SpareRecipient){ key, spare_key_get_subkey (key, last) };
      self->request.n_recipients = 1;
      error = fail_to_encrypt (self, &memory, 0, NULL);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
      g_assert_cmpuint (memory.output->len, ==, 0);
      g_assert_cmpuint (memory.position, ==, 0);
    }
}

static void
test_nobody (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (10);
  g_autoptr (GError) error = NULL;
  g_auto (MemoryStream) memory;

  memory_stream_init (&memory, plain);
  self->request.n_recipients = 0;
  error = fail_to_encrypt (self, &memory, 0, NULL);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

/* F6: a gpg.conf that redirects, hides, empties or weakens. */
static void
test_hostile_configuration (Fixture *self, gconstpointer data)
{
  const char *lines[] = { NULL,
                          "dry-run",
                          "rfc2440",
                          "throw-keyids",
                          "armor",
                          "cipher-algo 3DES",
                          "default-recipient-self",
                          "textmode",
                          "hidden-encrypt-to 0x00",
                          "no-literal",
                          "compress-level 9" };
  g_autofree char *conf = spare_test_home_build (owner_home, "gpg.conf");
  g_autofree char *group = g_strdup_printf ("group %s=%s\ngroup %s!=%s\n", authority_key,
                                            owner_key, self->recipients[1].subkey->fingerprint,
                                            owner_key);
  g_autoptr (GBytes) plain = make_noise (3000);

  lines[0] = group;
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GBytes) message = NULL;
      g_autoptr (GBytes) opened = NULL;
      g_autoptr (SpareHead) head = NULL;

      g_assert_true (g_file_set_contents (conf, lines[i], -1, NULL));
      message = encrypt (self, plain, &head);
      g_assert_true (g_file_set_contents (conf, "", -1, NULL));
      opened = spare_test_gpg_filter (authority_home, message, "--decrypt", NULL);
      assert_same (opened, plain);
      g_assert_false (spare_head_has_hidden (head));
      g_assert_false (spare_head_is_armored (head));
    }
}

/* The comparison after the fact must be able to fail. */
static void
test_wrong_recipients_are_seen (Fixture *self, gconstpointer data)
{
  static const guint64 nobody = G_GUINT64_CONSTANT (0x0123456789abcdef);
  g_autoptr (GBytes) plain = make_noise (1000);
  g_autoptr (GError) error = NULL;
  g_auto (MemoryStream) memory;

  memory_stream_init (&memory, plain);
  self->request.extra_key_ids = &nobody;
  self->request.n_extra_key_ids = 1;
  error = fail_to_encrypt (self, &memory, 0, NULL);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
}

static void
test_same_recipient_twice (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (1000);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) message = NULL;

  self->recipients[1] = self->recipients[0];
  message = encrypt (self, plain, &head);
  g_assert_cmpuint (spare_head_get_n_esks (head), ==, 1);
}

static void
test_size (Fixture *self, gconstpointer data)
{
  static const guint64 sizes[] = { 0, 999, 1001 };
  g_autoptr (GBytes) plain = make_noise (1000);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;

      memory_stream_init (&memory, plain);
      self->request.size = sizes[i];
      error = fail_to_encrypt (self, &memory, 0, NULL);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED);
    }
}

static void
test_stream_errors (Fixture *self, gconstpointer data)
{
  static const guint64 places[] = { 0, 1, 100000, 2000000 };
  g_autoptr (GBytes) plain = make_noise (3000000);

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GError) read_error = NULL;
      g_autoptr (GError) write_error = NULL;
      g_auto (MemoryStream) reader;
      g_auto (MemoryStream) writer;

      memory_stream_init (&reader, plain);
      reader.fail_read_at = places[i];
      read_error = fail_to_encrypt (self, &reader, 0, NULL);
      g_assert_error (read_error, G_IO_ERROR, G_IO_ERROR_NOT_MOUNTED);

      memory_stream_init (&writer, plain);
      writer.fail_write_at = places[i];
      write_error = fail_to_encrypt (self, &writer, 0, NULL);
      g_assert_error (write_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
    }
  g_assert_true (engine_child_wait_gone (owner_home->path, "gpg", 60));
}

static void
kill_gpg_cb (gpointer user_data)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  /* The pipe takes much before gpg has even begun. */
  while (engine_child_kill (owner_home->path, "gpg") == 0)
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
}

/* F2 and F3: what GPGME alone calls success, or spins on for ever. */
static void
test_killed_gpg (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (4 * 1024 * 1024);

  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;

      memory_stream_init (&memory, plain);
      if (i % 2 == 0)
        memory.call_at = 200000 + i * 400000;
      else
        memory.call_at_written = 200000 + i * 400000;
      memory.call = kill_gpg_cb;
      error = fail_to_encrypt (self, &memory, 0, NULL);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE);
      g_assert_null (memory.call);
    }
}

static void
test_fake_engines (Fixture *self, gconstpointer data)
{
  static const char *const kinds[] = { "missing",     "exits-1",   "crashes",   "garbage",
                                       "spews",       "half-line", "dies-late", "lies",
                                       "quits-early", "hangs" };
  g_autoptr (GBytes) plain = make_noise (2000000);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = g_build_filename (TEST_FAKE_GUARDS, kinds[i], "sparekey-gpg",
                                                 NULL);
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;
      gint64 began;

      g_test_message ("%s", kinds[i]);
      fixture_tear_down (self, NULL);
      fixture_set_up_with (self, guard);
      memory_stream_init (&memory, plain);
      began = g_get_monotonic_time ();
      error = fail_to_encrypt (self, &memory, 1, NULL);
      g_assert_true (error->domain == SPARE_ERROR);
      g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);
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
  static const guint64 places[] = { 0, 1, 70000, 1000000, 3999999 };
  g_autoptr (GBytes) plain = make_noise (4000000);

  for (gsize i = 0; i < 2 * G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;
      gint64 began = g_get_monotonic_time ();

      memory_stream_init (&memory, plain);
      if (i % 2 == 0)
        memory.call_at = places[i / 2];
      else
        memory.call_at_written = places[i / 2];
      memory.call = cancel_cb;
      memory.call_data = cancellable;
      error = fail_to_encrypt (self, &memory, 0, cancellable);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);
    }
  g_assert_true (engine_child_wait_gone (owner_home->path, "gpg", 60));
}

typedef struct
{
  const char *program; /* the name that the fake engine runs under */
  GCancellable *cancellable;
} Canceller;

/* As soon as the engine does nothing any more. Returns whether it was seen so. */
static gpointer
cancel_when_asleep_thread (gpointer data)
{
  Canceller *self = data;
  gboolean asleep = engine_child_wait_asleep (owner_home->path, self->program, 60);

  g_cancellable_cancel (self->cancellable);
  return GINT_TO_POINTER (asleep);
}

static void
test_cancel_hung (Fixture *self, gconstpointer data)
{
  static const char *const kinds[] = { "hangs", "deaf" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = g_build_filename (TEST_FAKE_GUARDS, kinds[i], "sparekey-gpg",
                                                 NULL);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GBytes) plain = make_noise (2000000);
      g_autoptr (GError) error = NULL;
      g_auto (MemoryStream) memory;
      Canceller canceller = { kinds[i], cancellable };
      GThread *thread;
      gint64 began;

      fixture_tear_down (self, NULL);
      fixture_set_up_with (self, guard);
      memory_stream_init (&memory, plain);
      began = g_get_monotonic_time ();
      thread = g_thread_new ("cancel", cancel_when_asleep_thread, &canceller);
      error = fail_to_encrypt (self, &memory, 0, cancellable);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      /* The guard's own patience with a hung engine is 2 s; without cancelling it would be 120 s. The engine may take its time to
       * start. */
      g_assert_cmpint (g_get_monotonic_time () - began, <, 90 * G_USEC_PER_SEC);
      g_assert_true (GPOINTER_TO_INT (g_thread_join (thread)));
      g_assert_true (engine_child_wait_gone (owner_home->path, kinds[i], 60));
    }
}

static void
test_signed (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (100000);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_autofree char *words = NULL;

  self->request.signing_home = self->home;
  self->request.signer = owner_key;
  message = encrypt (self, plain, NULL);
  g_assert_cmpint (spare_test_gpg_full (owner_home, message, &opened, &words, "--status-fd",
                                        "2", "--decrypt", NULL),
                   ==, 0);
  assert_same (opened, plain);
  g_assert_nonnull (strstr (words, "GOODSIG"));
  g_assert_nonnull (strstr (words, owner_key));
}

/* The signing key's home is somebody's ~/.gnupg: it must not even learn who the recipients are. */
static void
test_signed_elsewhere (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) personal = spare_test_home_new ();
  g_autofree char *signer = spare_test_create_key (personal, SPARE_TEST_KEY_DEFAULT,
                                                   "person <person@example.org>", NULL);
  g_autoptr (SpareHome) signing_home = spare_home_new_with_engine (SPARE_HOME_PERSONAL,
                                                                   personal->path, TEST_GUARD);
  g_autoptr (GBytes) plain = make_noise (100000);
  g_autoptr (GBytes) certificate = spare_test_export (personal, signer);
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *words = NULL;

  before = spare_test_hash_tree (personal->path);
  self->request.signing_home = signing_home;
  self->request.signer = signer;
  message = encrypt (self, plain, NULL);
  after = spare_test_hash_tree (personal->path);
  g_assert_cmpstr (before, ==, after);

  spare_test_import (authority_home, certificate);
  g_assert_cmpint (spare_test_gpg_full (authority_home, message, &opened, &words, "--status-fd",
                                        "2", "--decrypt", NULL),
                   ==, 0);
  assert_same (opened, plain);
  g_assert_nonnull (strstr (words, "GOODSIG"));
  g_assert_nonnull (strstr (words, signer));
}

static void
test_signer_missing (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) plain = make_noise (1000);
  g_autoptr (GError) error = NULL;
  g_auto (MemoryStream) memory;

  memory_stream_init (&memory, plain);
  self->request.signing_home = self->home;
  self->request.signer = authority_key; /* its certificate is here, its secret key is not */
  error = fail_to_encrypt (self, &memory, 0, NULL);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_cmpuint (memory.output->len, ==, 0);
}

static void
test_keep_subkey (Fixture *self, gconstpointer data)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (SpareTestHome) taker = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (home, SPARE_TEST_KEY_TWO_SUBKEYS,
                                                        "two <two@example.org>", NULL);
  g_auto (GStrv) all = spare_test_list_fingerprints (home, fingerprint);
  g_autoptr (GBytes) whole = spare_test_gpg_filter (home, NULL, "--export", fingerprint, NULL);
  g_autoptr (GBytes) kept = NULL;
  g_autoptr (GBytes) cut = NULL;
  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) cut_error = NULL;
  g_auto (GStrv) left = NULL;

  g_assert_cmpuint (g_strv_length (all), ==, 3);
  kept = spare_certificate_keep_subkey (whole, all[1], &error);
  g_assert_no_error (error);
  spare_test_import (taker, kept);
  left = spare_test_list_fingerprints (taker, fingerprint);
  g_assert_cmpuint (g_strv_length (left), ==, 2);
  g_assert_cmpstr (left[0], ==, all[0]);
  g_assert_cmpstr (left[1], ==, all[1]);

  nothing = spare_certificate_keep_subkey (whole, authority_key, &error);
  g_assert_null (nothing);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  cut = g_bytes_new_from_bytes (whole, 0, g_bytes_get_size (whole) - 1);
  g_assert_null (spare_certificate_keep_subkey (cut, all[1], &cut_error));
  g_assert_error (cut_error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
set_up_homes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) certificate = NULL;

  owner_home = spare_test_home_new ();
  authority_home = spare_test_home_new ();
  owner_key = spare_test_create_key (owner_home, SPARE_TEST_KEY_DEFAULT,
                                     "owner <owner@example.org>", NULL);
  authority_key = spare_test_create_key (authority_home, SPARE_TEST_KEY_DEFAULT,
                                         "authority <authority@example.org>", NULL);
  certificate = spare_test_export (authority_home, authority_key);
  spare_test_import (owner_home, certificate);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "stock-gpg-opens-it-with-each-key", test_stock_gpg_opens },
    { "reads-of-any-length-make-a-message", test_short_reads },
    { "is-compressed-only-on-request", test_compression },
    { "the-packets-are-those-of-the-recipients", test_packets },
    { "a-dropped-recipient-leaves-the-message-not-the-head", test_dropped },
    { "an-older-subkey-is-used-when-asked-for", test_old_subkey },
    { "unusable-keys-are-refused-before-a-word-is-read", test_unusable_keys },
    { "nobody-is-no-recipient", test_nobody },
    { "a-hostile-gpg-conf-changes-nothing", test_hostile_configuration },
    { "recipients-that-differ-from-the-request-are-an-error", test_wrong_recipients_are_seen },
    { "the-same-recipient-twice-is-one", test_same_recipient_twice },
    { "an-input-of-another-size-is-an-error", test_size },
    { "errors-of-the-stream-are-the-errors", test_stream_errors },
    { "a-keyring-that-is-away-for-a-moment-is-no-failure", test_keyring_away_for_a_moment },
    { "a-killed-gpg-is-no-success", test_killed_gpg },
    { "engines-that-die-hang-and-lie-are-errors", test_fake_engines },
    { "can-be-cancelled-at-any-octet", test_cancel },
    { "a-hung-engine-can-be-cancelled-at-once", test_cancel_hung },
    { "is-signed-by-the-key-asked-for", test_signed },
    { "signing-in-another-home-writes-nothing-there", test_signed_elsewhere },
    { "a-missing-signing-key-is-an-error", test_signer_missing },
    { "a-certificate-keeps-one-subkey", test_keep_subkey },
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
      g_autofree char *path = g_strconcat ("/encryption/", tests[i].path, NULL);

      g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);
    }
  status = g_test_run ();

  spare_test_home_free (owner_home);
  spare_test_home_free (authority_home);
  g_free (owner_key);
  g_free (authority_key);
  return status;
}
