/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See owner-fixture.h. */
#include "config.h"

#include "owner-fixture.h"

#include "memory-stream.h"
#include "spare-decryption.h"
#include "spare-engine.h"

#include <glib/gstdio.h>

#define MESSAGE "Only the owner reads this."

SpareTestBus *owner_fixture_bus;

static void
make_owner (OwnerFixture *f)
{
  /* Seconds, milliseconds: short enough for a test of a hanging service. */
  g_autoptr (SpareKeyring) keyring = spare_keyring_new_with_limits (5000, 5000);

  f->owner = g_object_new (SPARE_TYPE_OWNER, "data-directory", f->data, "policy-path",
                           f->policy, "guard-path", TEST_GUARD, "keyring", keyring,
                           "personal-home", f->personal->path, NULL);
}

void
owner_fixture_set_up (OwnerFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (spare_engine_init_with_guard (TEST_GUARD, &error));
  g_assert_no_error (error);
  f->folder = g_dir_make_tmp ("sko-XXXXXX", &error);
  g_assert_no_error (error);
  f->data = g_build_filename (f->folder, "d", NULL);
  f->policy = g_build_filename (f->folder, "policy.ini", NULL);
  f->personal = spare_test_home_new ();
  f->elsewhere = spare_test_home_new ();
  spare_test_bus_start_keyring (owner_fixture_bus);
  make_owner (f);
}

static gboolean
wake_up_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* A thread that did an operation may hold the owner for a moment longer than the operation lasts. */
static void
drop_owner (OwnerFixture *f)
{
  gpointer left = f->owner;
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  guint tick = g_timeout_add (10, wake_up_cb, NULL);

  g_object_add_weak_pointer (left, &left);
  g_object_unref (f->owner);
  f->owner = NULL;
  while (g_atomic_pointer_get (&left) != NULL && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (tick);
  g_assert_null (left);
}

void
owner_fixture_tear_down (OwnerFixture *f, gconstpointer data)
{
  drop_owner (f);
  spare_test_bus_stop_keyring (owner_fixture_bus);
  spare_test_home_free (f->personal);
  spare_test_home_free (f->elsewhere);
  spare_test_remove_tree (f->folder);
  g_free (f->policy);
  g_free (f->data);
  g_free (f->folder);
}

void
owner_fixture_restart (OwnerFixture *f)
{
  drop_owner (f);
  make_owner (f);
}

void
owner_fixture_open (OwnerFixture *f)
{
  g_autoptr (GError) error = NULL;

  spare_owner_open_sync (f->owner, NULL, &error);
  g_assert_no_error (error);
}

char *
owner_fixture_create (OwnerFixture *f)
{
  g_autoptr (GError) error = NULL;
  char *fingerprint = spare_owner_create_key_sync (f->owner, "Alice Ölsson",
                                                   "alice@example.org", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (fingerprint);
  return fingerprint;
}

GBytes *
owner_fixture_encrypt (OwnerFixture *f, GBytes *certificate, const char *fingerprint)
{
  g_autoptr (GBytes) plain = g_bytes_new_static (MESSAGE, strlen (MESSAGE));

  spare_test_import (f->elsewhere, certificate);
  return spare_test_gpg_filter (f->elsewhere, plain, "--trust-model", "always", "--encrypt",
                                "-r", fingerprint, NULL);
}

GError *
owner_fixture_try_open (OwnerFixture *f, GBytes *message)
{
  g_autoptr (GPtrArray) homes = spare_owner_dup_decryption_homes (f->owner);
  g_auto (MemoryStream) memory;
  g_autoptr (SpareDecryption) decryption = NULL;
  g_autoptr (GBytes) got = NULL;
  SpareStream stream;
  GError *error = NULL;

  memory_stream_init (&memory, message);
  stream = memory_stream_get (&memory);
  decryption = spare_decrypt_sync (g_ptr_array_index (homes, 0), &stream, 65536, NULL, &error);
  if (decryption == NULL)
    {
      g_assert_nonnull (error);
      return error;
    }
  got = memory_stream_dup_output (&memory);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), MESSAGE,
                   strlen (MESSAGE));
  return NULL;
}

void
owner_fixture_assert_opens (OwnerFixture *f, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes)
      certificate = spare_owner_export_key_sync (f->owner, fingerprint, NULL, &error);
  g_autoptr (GBytes) message = NULL;

  g_assert_no_error (error);
  message = owner_fixture_encrypt (f, certificate, fingerprint);
  error = owner_fixture_try_open (f, message);
  g_assert_no_error (error);
}

guint
owner_fixture_count_items (OwnerFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      items = spare_keyring_search_all_sync (spare_owner_get_keyring (f->owner), NULL, &error);

  g_assert_no_error (error);
  return items->len;
}

char *
owner_fixture_path (OwnerFixture *f, const char *name)
{
  return g_build_filename (f->data, name, NULL);
}

gboolean
owner_fixture_exists (OwnerFixture *f, const char *name)
{
  g_autofree char *path = owner_fixture_path (f, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

void
owner_fixture_start_fake_keyring (const char *mode)
{
  const char *argv[] = { "/usr/bin/python3", TEST_FAKE_KEYRING, mode, NULL };

  spare_test_bus_stop_keyring (owner_fixture_bus);
  spare_test_bus_spawn (owner_fixture_bus, "org.freedesktop.secrets", argv);
}
