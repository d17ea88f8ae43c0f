/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's folder: made whole or not at all, opened by one process, believed only as a whole. */
#include "config.h"

#include "authority-fixture.h"

#include "spare-error.h"
#include "spare-small-file.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANNA "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static SpareSecret *
make_passphrase (void)
{
  return spare_secret_new_copy (AUTHORITY_PASSPHRASE, strlen (AUTHORITY_PASSPHRASE), NULL);
}

static void
assert_no_authority (const char *directory)
{
  const char *const names[] = { "authority.ini", "creating",   "gnupg",
                                "registry.db",   "policy.ini", "revocation.asc" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (directory, names[i], NULL);

      g_test_message ("%s", names[i]);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

static void
test_made (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareKey) key = spare_authority_dup_key (f->authority);
  g_autoptr (GPtrArray) escrow = spare_key_list_escrow_subkeys (key);
  g_autoptr (SpareAuthorityPolicy) policy = NULL;
  g_autofree char *revocation = spare_authority_dup_revocation_path (f->authority);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (spare_authority_get_fingerprint (f->authority), ==, f->fingerprint);
  g_assert_cmpuint (escrow->len, >=, 1);
  g_assert_true (spare_key_pick_newest_encryption_subkey (key, G_MAXINT32)
                 != spare_key_pick_oldest_encryption_subkey (key, G_MAXINT32));
  g_assert_true (g_file_test (revocation, G_FILE_TEST_EXISTS));
  policy = spare_authority_dup_policy (f->authority, &error);
  g_assert_no_error (error);
  g_assert_nonnull (spare_authority_policy_find_officer (policy, f->fingerprint));
}

static void
test_twice (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareAuthority) other = NULL;
  g_autoptr (SpareSecret) passphrase = make_passphrase ();
  g_autoptr (GError) error = NULL;

  authority_fixture_drop (f);
  other = authority_fixture_new_object (f);
  g_assert_null (spare_authority_create_sync (other, "Another", "b@example.org", passphrase,
                                              NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  authority_fixture_open (f);
}

/* A folder without its marker is somebody's loss. */
static void
test_marker_lost (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *marker = authority_fixture_path (f, "authority.ini");
  g_autofree char *registry = authority_fixture_path (f, "registry.db");
  g_autoptr (SpareAuthority) other = NULL;
  g_autoptr (SpareSecret) passphrase = make_passphrase ();
  g_autoptr (GError) error = NULL;

  authority_fixture_drop (f);
  g_assert_cmpint (g_unlink (marker), ==, 0);
  other = authority_fixture_new_object (f);
  g_assert_false (spare_authority_exists (other));
  g_assert_false (spare_authority_open_sync (other, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP);
  g_clear_error (&error);
  g_assert_null (spare_authority_create_sync (other, "Another", "b@example.org", passphrase,
                                              NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_true (g_file_test (registry, G_FILE_TEST_EXISTS));
}

static void
test_half_made (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *marker = authority_fixture_path (f, "authority.ini");
  g_autofree char *creating = authority_fixture_path (f, "creating");
  g_autoptr (SpareAuthority) other = NULL;
  g_autoptr (SpareSecret) passphrase = make_passphrase ();
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  authority_fixture_drop (f);
  g_assert_cmpint (g_unlink (marker), ==, 0);
  g_assert_true (g_file_set_contents (creating, "", 0, NULL));
  other = authority_fixture_new_object (f);
  fingerprint = spare_authority_create_sync (other, "Another", "b@example.org", passphrase,
                                             NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fingerprint, !=, f->fingerprint);
  g_assert_false (g_file_test (creating, G_FILE_TEST_EXISTS));
  g_assert_true (spare_authority_open_sync (other, NULL, &error));
  g_assert_no_error (error);
}

static void
test_bad_policy (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *directory = g_build_filename (f->folder, "b", NULL);
  g_autofree char *path = g_build_filename (f->folder, "policy.ini", NULL);
  g_autoptr (SpareAuthority) other = spare_authority_new_for (directory, TEST_GUARD, NULL);
  g_autoptr (SpareSecret) passphrase = make_passphrase ();
  g_autoptr (SpareSecret) empty = spare_secret_new_copy ("", 0, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "[Recovery]\nApprovalsMatched=3\n", -1, NULL));
  g_assert_null (spare_authority_create_sync (other, "Another", "b@example.org", passphrase,
                                              path, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);
  assert_no_authority (directory);

  g_assert_null (spare_authority_create_sync (other, "Another", "b@example.org", empty, NULL,
                                              NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
  assert_no_authority (directory);
}

/* Flock knows no process: a second object has a description of its own, as a second process has. */
static void
test_locked (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareAuthority) other = authority_fixture_new_object (f);
  g_autoptr (GError) error = NULL;
  pid_t child;
  int status = 0;

  g_assert_false (spare_authority_open_sync (other, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
  g_assert_nonnull (strstr (error->message, "open elsewhere"));
  g_assert_cmpint (spare_error_get_exit_status (error), ==, 7);

  child = fork ();
  if (child == 0)
    _exit (spare_authority_open_sync (other, NULL, NULL) ? 1 : 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);

  spare_authority_close_sync (f->authority, NULL, NULL);
  g_clear_error (&error);
  g_assert_true (spare_authority_open_sync (other, NULL, &error));
  g_assert_no_error (error);
}

typedef struct
{
  const char *path;
  const char *sql;  /* run on the registry, or */
  const char *name; /* a file that is removed */
  const char *text; /* or overwritten */
} Missing;

static const Missing missings[] = {
  { "/authority/a registry that is gone is not made anew", NULL, "registry.db", NULL },
  { "/authority/an empty registry is not taken for the one of before", NULL, "registry.db",
    "" },
  { "/authority/a registry of another authority is refused",
    "UPDATE meta SET value = '" ANNA "' WHERE name = 'authority'", NULL, NULL },
  { "/authority/a registry of a newer version is refused", "PRAGMA user_version = 99", NULL,
    NULL },
  { "/authority/a registry that is no database is refused", NULL, "registry.db",
    "This is not a database, and it is long enough to be looked at as one: it has more than a "
    "hundred octets of text in it, which SQLite reads as a header." },
  { "/authority/a marker that is damaged is refused", NULL, "authority.ini", "[Authority]\n" },
};

static void
test_missing (AuthorityFixture *f, gconstpointer data)
{
  const Missing *missing = data;
  g_autofree char *path = missing->name != NULL ? authority_fixture_path (f, missing->name)
                                                : NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (SpareAuthority) other = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_before = 0;
  gsize n_after = 0;
  g_autofree char *registry = authority_fixture_path (f, "registry.db");

  authority_fixture_drop (f);
  if (missing->sql != NULL)
    authority_fixture_sql (f, missing->sql);
  else if (missing->text != NULL)
    g_assert_true (g_file_set_contents (path, missing->text, -1, NULL));
  else
    g_assert_cmpint (g_unlink (path), ==, 0);
  g_file_get_contents (registry, &before, &n_before, NULL);

  other = authority_fixture_new_object (f);
  g_assert_false (spare_authority_open_sync (other, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
  g_assert_false (spare_authority_is_open (other));
  if (n_before > 0)
    {
      g_file_get_contents (registry, &after, &n_after, NULL);
      g_assert_cmpmem (before, n_before, after, n_after);
    }
}

/* --- Policy --- */

static void
set_policy (AuthorityFixture *f, const char *text, GError **error)
{
  g_autoptr (GBytes) octets = g_bytes_new (text, strlen (text));

  spare_authority_set_policy_sync (f->authority, octets, NULL, error);
}

static void
test_policy_set (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareAuthorityPolicy) policy = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GError) error = NULL;
  guint64 unprotected = 1;

  set_policy (f, "[Recovery]\nApprovalsMatched=7\n", &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);
  set_policy (f, "[Recovery]\nWaitingHours=3\n", &error);
  g_assert_no_error (error);
  policy = spare_authority_dup_policy (f->authority, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (spare_authority_policy_get_rules (policy)->waiting_hours, ==, 3);
  rows = spare_audit_list (spare_authority_get_audit (f->authority), "policy.set", 0, 0, NULL);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_true (spare_audit_get_n_unprotected (spare_authority_get_audit (f->authority),
                                                &unprotected, NULL));
  g_assert_cmpuint (unprotected, ==, 0);
}

static void
test_policy_edited (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *path = authority_fixture_path (f, "policy.ini");
  g_autoptr (SpareAuthorityPolicy) policy = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "[Recovery]\nUnmatched=allow\n", -1, NULL));
  g_assert_null (spare_authority_dup_policy (f->authority, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);

  /* Nor with its text in the registry. */
  authority_fixture_drop (f);
  authority_fixture_sql (f, "UPDATE meta SET value = '[Recovery]\nUnmatched=allow\n'"
                            " WHERE name = 'policy'");
  authority_fixture_open (f);
  g_assert_null (spare_authority_dup_policy (f->authority, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);

  set_policy (f, "[Recovery]\nUnmatched=allow\n", &error);
  g_assert_no_error (error);
  policy = spare_authority_dup_policy (f->authority, &error);
  g_assert_no_error (error);
}

/* As after a death between the row and the file, and as after somebody put an older file back. */
static void
test_policy_older (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *path = authority_fixture_path (f, "policy.ini");
  g_autofree char *old = NULL;
  g_autoptr (SpareAuthorityPolicy) policy = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (path, &old, NULL, NULL));
  set_policy (f, "[Recovery]\nWaitingHours=3\n", &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, old, -1, NULL));
  policy = spare_authority_dup_policy (f->authority, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (spare_authority_policy_get_rules (policy)->waiting_hours, ==, 3);
}

/* --- People --- */

static void
test_enrolled (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryOwner) owner = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_authority_enroll_sync (f->authority, ANNA, " ", "seen", NULL, NULL));
  g_assert_false (
      spare_authority_enroll_sync (f->authority, "BB", "phone", "seen", NULL, NULL));
  g_assert_true (
      spare_authority_enroll_sync (f->authority, ANNA, "phone 12", "passport", NULL, &error));
  g_assert_no_error (error);
  owner = spare_registry_get_owner (spare_authority_get_registry (f->authority), ANNA, &error);
  g_assert_no_error (error);
  g_assert_true (owner->enrolled);
  g_assert_cmpstr (owner->contact, ==, "phone 12");
}

static const Missing forgeries[] = {
  { "/authority/a changed contact makes nobody enrolled",
    "UPDATE owners SET contact = 'phone 13'", NULL, NULL },
  { "/authority/changed evidence makes nobody enrolled", "UPDATE owners SET evidence = 'x'",
    NULL, NULL },
  { "/authority/an enrolment of somebody else makes nobody enrolled",
    "INSERT INTO owners (fingerprint, user_id, first_seen, contact, evidence, enrolled_time,"
    " enrolled_sequence) SELECT 'CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC', '', 1, contact,"
    " evidence, enrolled_time, enrolled_sequence FROM owners;"
    "DELETE FROM owners WHERE fingerprint = '" ANNA "'",
    NULL, NULL },
  { "/authority/another row of the log makes nobody enrolled",
    "UPDATE owners SET enrolled_sequence = 1", NULL, NULL },
};

static void
test_enrolment_forged (AuthorityFixture *f, gconstpointer data)
{
  const Missing *forgery = data;
  g_autoptr (GPtrArray) owners = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (
      spare_authority_enroll_sync (f->authority, ANNA, "phone 12", "passport", NULL, &error));
  authority_fixture_drop (f);
  authority_fixture_sql (f, forgery->sql);
  authority_fixture_open (f);
  owners = spare_registry_list_owners (spare_authority_get_registry (f->authority), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (owners->len, ==, 1);
  g_assert_false (((SpareRegistryOwner *) g_ptr_array_index (owners, 0))->enrolled);
}

static void
test_loss (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryOwner) owner = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (spare_authority_report_loss_sync (f->authority, ANNA, SPARE_LOSS_LOST,
                                                   AUTHORITY_EPOCH - 100, NULL, &error));
  authority_fixture_now += 50;
  g_assert_true (spare_authority_report_loss_sync (f->authority, ANNA, SPARE_LOSS_STOLEN,
                                                   AUTHORITY_EPOCH - 10, NULL, &error));
  owner = spare_registry_get_owner (spare_authority_get_registry (f->authority), ANNA, &error);
  g_assert_no_error (error);
  g_assert_cmpint (owner->lost, ==, SPARE_LOSS_STOLEN);
  g_assert_cmpint (owner->lost_since, ==, AUTHORITY_EPOCH - 100);
  g_assert_cmpint (owner->lost_time, ==, AUTHORITY_EPOCH);
}

/* --- Files --- */

static gboolean
fill_cb (SpareWriteFunc write, gpointer write_data, gpointer user_data, GError **error)
{
  return write (write_data, user_data, strlen (user_data), error);
}

static void
test_kept (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "bundle", -1);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_authority_find_bundle_sync (f->authority, hash, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (spare_authority_keep_bundle_sync (f->authority, hash, fill_cb,
                                                    (gpointer) "other", &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED);
  g_clear_error (&error);
  for (guint i = 0; i < 2; i++)
    g_assert_true (spare_authority_keep_bundle_sync (f->authority, hash, fill_cb,
                                                     (gpointer) "bundle", NULL));
  path = spare_authority_find_bundle_sync (f->authority, hash, &error);
  g_assert_no_error (error);

  g_assert_true (g_file_set_contents (path, "bundlE", -1, NULL));
  g_assert_null (spare_authority_find_bundle_sync (f->authority, hash, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_certificate (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareTestHome) elsewhere = spare_test_home_new ();
  g_autofree char *anna = spare_test_create_key (elsewhere, SPARE_TEST_KEY_DEFAULT,
                                                 "Anna <a@example.org>", NULL);
  g_autoptr (GBytes) certificate = spare_test_export (elsewhere, anna);
  g_autoptr (GBytes) secret = spare_test_export_secret (elsewhere, anna, NULL);
  g_autoptr (GBytes) kept = NULL;
  g_autoptr (GPtrArray) secrets = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_authority_add_certificate_sync (f->authority, secret, NULL, NULL));
  g_assert_null (spare_authority_dup_certificate (f->authority, anna, NULL));
  fingerprint = spare_authority_add_certificate_sync (f->authority, certificate, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fingerprint, ==, anna);
  kept = spare_authority_dup_certificate (f->authority, anna, &error);
  g_assert_no_error (error);
  secrets = spare_home_list_keys_sync (spare_authority_get_home (f->authority), TRUE, NULL,
                                       NULL);
  g_assert_cmpuint (secrets->len, ==, 1);
}

static void
test_closed (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint64 n = 1;

  authority_fixture_append (f, "test.event");
  g_assert_true (spare_authority_close_sync (f->authority, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (f->asked, >=, 1);
  g_assert_true (spare_authority_open_sync (f->authority, NULL, &error));
  g_assert_true (
      spare_audit_get_n_unprotected (spare_authority_get_audit (f->authority), &n, NULL));
  g_assert_cmpuint (n, ==, 0);

  /* Nothing new: nobody is asked. */
  f->asked = 0;
  g_assert_true (spare_authority_close_sync (f->authority, NULL, &error));
  g_assert_cmpuint (f->asked, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func)                                                     \
  g_test_add (path, AuthorityFixture, NULL, authority_fixture_set_up, func, \
              authority_fixture_tear_down)
  for (guint i = 0; i < G_N_ELEMENTS (missings); i++)
    g_test_add (missings[i].path, AuthorityFixture, &missings[i], authority_fixture_set_up,
                test_missing, authority_fixture_tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (forgeries); i++)
    g_test_add (forgeries[i].path, AuthorityFixture, &forgeries[i], authority_fixture_set_up,
                test_enrolment_forged, authority_fixture_tear_down);
  ADD ("/authority/is not made where there is one", test_twice);
  ADD ("/authority/without its marker nothing of it is cleared away", test_marker_lost);
  ADD ("/authority/what a dead process left half made is cleared away", test_half_made);
  ADD ("/authority/a failure leaves nothing of it", test_bad_policy);
  ADD ("/authority/is open in one process at a time", test_locked);
  ADD ("/authority/a policy edited by hand is not in force", test_policy_edited);
  ADD ("/authority/an older policy put back is replaced by the one in force",
       test_policy_older);
  ADD ("/authority/kept octets have their hash", test_kept);
  ADD ("/authority/certificates come without secret keys", test_certificate);
  ADD ("/authority/the earliest report of a loss counts", test_loss);
  ADD ("/authority/an owner is enrolled with contact and evidence", test_enrolled);
  ADD ("/authority/a policy is set with its row in the log", test_policy_set);
  ADD ("/authority/closing signs what is new", test_closed);
  ADD ("/authority/has all its parts", test_made);
  return g_test_run ();
}
