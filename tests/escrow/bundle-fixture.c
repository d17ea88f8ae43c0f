/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bundle-fixture.h"

#include "spare-engine.h"

#include <glib/gstdio.h>
#include <string.h>

static char *temporary;

void
bundle_fixture_begin (void)
{
  temporary = g_strdup ("/tmp/skb-XXXXXX");
  g_assert_nonnull (g_mkdtemp_full (temporary, 0700));
  g_setenv ("TMPDIR", temporary, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", temporary, TRUE);
}

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
introduce (SpareTestHome *home, SpareTestHome *from, const char *fingerprint)
{
  g_autoptr (GBytes) certificate = spare_test_export (from, fingerprint);

  spare_test_import (home, certificate);
}

void
bundle_fixture_set_up (BundleFixture *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (spare_engine_init_with_guard (TEST_GUARD, &error));
  g_assert_no_error (error);
  self->folder = g_strdup (temporary);
  self->spool = g_build_filename (temporary, "spool", NULL);
  self->owner_home = spare_test_home_new ();
  self->authority_home = spare_test_home_new ();
  self->attacker_home = spare_test_home_new ();
  self->owner_key = spare_test_create_key (self->owner_home, SPARE_TEST_KEY_DEFAULT,
                                           "Ada <ada@example.org>", NULL);
  self->authority_key = spare_test_create_key (self->authority_home, SPARE_TEST_KEY_TWO_SUBKEYS,
                                               "Backup <backup@example.org>", NULL);
  self->attacker_key = spare_test_create_key (self->attacker_home, SPARE_TEST_KEY_DEFAULT,
                                              "Ada <ada@example.org>", NULL);
  introduce (self->owner_home, self->authority_home, self->authority_key);
  introduce (self->attacker_home, self->authority_home, self->authority_key);
  introduce (self->attacker_home, self->owner_home, self->owner_key);
  self->owner = spare_home_new (SPARE_HOME_OWN, self->owner_home->path);
  self->authority = spare_home_new (SPARE_HOME_OWN, self->authority_home->path);
  self->receiver = get_key (self->owner, self->authority_key);
  self->me = get_key (self->authority, self->authority_key);
}

void
bundle_fixture_tear_down (BundleFixture *self)
{
  g_clear_object (&self->receiver);
  g_clear_object (&self->me);
  g_clear_object (&self->owner);
  g_clear_object (&self->authority);
  g_clear_pointer (&self->owner_home, spare_test_home_free);
  g_clear_pointer (&self->authority_home, spare_test_home_free);
  g_clear_pointer (&self->attacker_home, spare_test_home_free);
  g_clear_pointer (&self->owner_key, g_free);
  g_clear_pointer (&self->authority_key, g_free);
  g_clear_pointer (&self->attacker_key, g_free);
  spare_test_remove_tree (self->folder);
  g_clear_pointer (&self->spool, g_free);
  g_clear_pointer (&self->folder, g_free);
}

SpareBundleParties
bundle_fixture_get_parties (BundleFixture *self)
{
  return (SpareBundleParties){
    .home = self->owner,
    .signing_home = self->owner,
    .signer = self->owner_key,
    .receiver = self->receiver,
  };
}

SpareBundleExpectation
bundle_fixture_get_expectation (BundleFixture *self)
{
  return (SpareBundleExpectation){
    .home = self->authority,
    .me = self->me,
    .types = SPARE_BUNDLE_ANY,
    .spool = self->spool,
  };
}

char *
bundle_fixture_dup_certificate (SpareTestHome *home, const char *fingerprint)
{
  g_autoptr (GBytes) octets = spare_test_export (home, fingerprint);
  gsize size;
  const char *text = g_bytes_get_data (octets, &size);

  return g_strndup (text, size);
}

SpareBundleHeader *
bundle_fixture_new_header (BundleFixture *self, SpareBundleType type)
{
  SpareBundleHeader *header = spare_bundle_header_new (type, self->owner_key,
                                                       self->authority_key);

  header->certificate = bundle_fixture_dup_certificate (self->owner_home, self->owner_key);
  return header;
}

static guint
count_entries (const char *folder, const char *prefix)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, prefix))
      n++;
  return n;
}

/* An agent or a gpg that has one of our scratch homes. */
static guint
count_processes (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  g_autofree char *wanted = g_build_filename (folder, "sparekey-", NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "cmdline", NULL);
      g_autofree char *line = NULL;
      gsize length;

      if (g_ascii_isdigit (*name) && g_file_get_contents (path, &line, &length, NULL)
          && length > 0 && memmem (line, length, wanted, strlen (wanted)) != NULL)
        n++;
    }
  return n;
}

void
bundle_fixture_assert_nothing_left (BundleFixture *self)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  g_assert_cmpuint (count_entries (self->spool, ""), ==, 0);
  g_assert_cmpuint (count_entries (self->folder, "sparekey-"), ==, 0);
  while (count_processes (self->folder) > 0 && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  g_assert_cmpuint (count_processes (self->folder), ==, 0);
}
