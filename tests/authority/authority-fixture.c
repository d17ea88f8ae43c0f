/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An authority for tests: real gpg, a real registry, a clock that tests set. */
#include "config.h"

#include "authority-fixture.h"

#include "spare-engine.h"
#include "spare-secret.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

gint64 authority_fixture_now = AUTHORITY_EPOCH;

static char *template; /* a folder with an authority that is never opened */
static char *template_fingerprint;

static gint64
clock_cb (void)
{
  return authority_fixture_now != 0 ? authority_fixture_now
                                    : g_get_real_time () / G_USEC_PER_SEC;
}

static SpareSecret *
passphrase_cb (const char *fingerprint,
               gboolean was_wrong,
               GCancellable *cancellable,
               gpointer user_data,
               GError **error)
{
  AuthorityFixture *f = user_data;

  f->asked++;
  if (!f->deny && !was_wrong)
    return spare_secret_new_copy (AUTHORITY_PASSPHRASE, strlen (AUTHORITY_PASSPHRASE), error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "dismissed");
  return NULL;
}

static void
remove_template (void)
{
  if (template != NULL)
    spare_test_remove_tree (template);
}

static void
make_template (void)
{
  g_autoptr (SpareAuthority) authority = NULL;
  g_autoptr (SpareSecret) passphrase = NULL;
  g_autofree char *directory = NULL;
  g_autoptr (GError) error = NULL;

  template = g_strdup ("/tmp/spt.XXXXXX");
  g_assert_nonnull (g_mkdtemp (template));
  atexit (remove_template);
  directory = g_build_filename (template, "a", NULL);
  authority = spare_authority_new_for (directory, TEST_GUARD, clock_cb);
  passphrase = spare_secret_new_copy (AUTHORITY_PASSPHRASE, strlen (AUTHORITY_PASSPHRASE),
                                      &error);
  g_assert_no_error (error);
  template_fingerprint = spare_authority_create_sync (authority, "Backup Authority",
                                                      "authority@example.org", passphrase, NULL,
                                                      NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (template_fingerprint);
}

static void
copy_template (const char *to)
{
  g_autofree char *from = g_build_filename (template, "a", NULL);
  g_autofree char *sockets = g_strdup_printf ("find '%s' -type s -delete", from);
  const char *const argv[] = { "cp", "-a", from, to, NULL };
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_spawn_command_line_sync (sockets, NULL, NULL, NULL, NULL);
  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               NULL, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

SpareAuthority *
authority_fixture_new_object (AuthorityFixture *f)
{
  SpareAuthority *authority = spare_authority_new_for (f->directory, TEST_GUARD, clock_cb);

  spare_authority_set_passphrase_func (authority, passphrase_cb, f, NULL);
  return authority;
}

void
authority_fixture_open (AuthorityFixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (f->authority);
  f->authority = authority_fixture_new_object (f);
  spare_authority_open_sync (f->authority, NULL, &error);
  g_assert_no_error (error);
}

void
authority_fixture_drop (AuthorityFixture *f)
{
  g_assert_finalize_object (f->authority);
  f->authority = NULL;
}

void
authority_fixture_set_up (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  authority_fixture_now = AUTHORITY_EPOCH;
  g_assert_true (spare_secret_init (&error));
  g_assert_true (spare_engine_init_with_guard (TEST_GUARD, &error));
  g_assert_no_error (error);
  if (template == NULL)
    make_template ();

  f->folder = g_strdup ("/tmp/spa.XXXXXX");
  g_assert_nonnull (g_mkdtemp (f->folder));
  f->directory = g_build_filename (f->folder, "a", NULL);
  f->fingerprint = g_strdup (template_fingerprint);
  copy_template (f->directory);
  authority_fixture_open (f);
}

void
authority_fixture_tear_down (AuthorityFixture *f, gconstpointer data)
{
  if (f->authority != NULL)
    authority_fixture_drop (f);
  spare_test_remove_tree (f->folder);
  g_free (f->folder);
  g_free (f->directory);
  g_free (f->fingerprint);
}

char *
authority_fixture_path (AuthorityFixture *f, const char *name)
{
  return g_build_filename (f->directory, name, NULL);
}

void
authority_fixture_sql (AuthorityFixture *f, const char *sql)
{
  g_autofree char *path = authority_fixture_path (f, "registry.db");
  sqlite3 *handle = NULL;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  if (sqlite3_exec (handle, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error ("%s: %s", sql, message);
  sqlite3_close (handle);
}

gint64
authority_fixture_append (AuthorityFixture *f, const char *event)
{
  SpareRegistry *registry = spare_authority_get_registry (f->authority);
  SpareAudit *audit = spare_authority_get_audit (f->authority);
  g_autoptr (GError) error = NULL;
  gint64 sequence = 0;

  spare_registry_begin (registry, &error);
  g_assert_no_error (error);
  spare_audit_append (audit, event, NULL, NULL, &sequence, &error);
  g_assert_no_error (error);
  spare_registry_commit (registry, &error);
  g_assert_no_error (error);
  return sequence;
}

void
authority_fixture_checkpoint (AuthorityFixture *f)
{
  g_autoptr (GError) error = NULL;

  spare_audit_checkpoint_sync (spare_authority_get_audit (f->authority), NULL, &error);
  g_assert_no_error (error);
}

static char *
make_hash (const char *owner, guint number)
{
  g_autofree char *text = g_strdup_printf ("%s %u", owner, number);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

SpareRegistryPacket *
authority_fixture_make_packet (const char *owner, guint number)
{
  SpareRegistryPacket *packet = spare_registry_packet_new ();

  packet->owner = g_strdup (owner);
  packet->sha256 = make_hash (owner, number);
  packet->serial = g_strdup_printf ("%.8s-7F3A-%u", owner, number);
  packet->file_id = g_strndup (packet->sha256, 32);
  packet->tag = 18;
  packet->data_head = g_bytes_new_static ("head", 4);
  packet->packet = g_bytes_new_static ("packet", 6);
  packet->created = AUTHORITY_EPOCH - 60;
  packet->description = g_strdup_printf ("Draft number %u", number);
  packet->name = g_strdup_printf ("report-%u.pdf", number);
  packet->size = 1000 + number;
  packet->subkey = g_strdup (owner);
  packet->algorithm = g_strdup ("cv25519");
  packet->cipher = g_strdup ("AES256");
  packet->proven = TRUE;
  packet->bundle = make_hash (owner, 0);
  packet->deposit = g_strdup ("11111111-2222-4333-8444-555555555555");
  packet->intake = AUTHORITY_EPOCH;
  packet->sequence = 1;
  return packet;
}

void
authority_fixture_add_owner (AuthorityFixture *f, const char *owner, const char *user_id)
{
  SpareRegistry *registry = spare_authority_get_registry (f->authority);
  g_autoptr (SpareRegistryBundle) bundle = spare_registry_bundle_new ();
  g_autoptr (GError) error = NULL;

  bundle->sha256 = make_hash (owner, 0);
  bundle->id = g_strdup ("11111111-2222-4333-8444-555555555555");
  bundle->type = g_strdup ("deposit");
  bundle->sender = g_strdup (owner);
  bundle->receiver = g_strdup (f->fingerprint);
  bundle->received = AUTHORITY_EPOCH;
  bundle->sequence = 1;
  bundle->size = 100;
  spare_registry_begin (registry, &error);
  g_assert_no_error (error);
  spare_registry_note_owner (registry, owner, user_id, NULL, AUTHORITY_EPOCH, NULL, &error);
  g_assert_no_error (error);
  spare_registry_add_bundle (registry, bundle, &error);
  g_assert_no_error (error);
  spare_registry_commit (registry, &error);
  g_assert_no_error (error);
}
