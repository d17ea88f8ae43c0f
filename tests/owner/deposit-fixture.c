/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See deposit-fixture.h. */
#include "config.h"

#include "deposit-fixture.h"

#include "spare-encrypt-file.h"
#include "spare-job-queue.h"
#include "spare-session-key.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdarg.h>

char *
deposit_fixture_trust_new_authority (DepositFixture *f, char **escrow_subkey)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (SparePinOffer) offer = NULL;
  char *fingerprint = spare_test_create_key (f->o.elsewhere, SPARE_TEST_KEY_TWO_SUBKEYS,
                                             "Notary <notary@example.org>", NULL);

  certificate = spare_test_export (f->o.elsewhere, fingerprint);
  offer = spare_owner_examine_authority_sync (f->o.owner, certificate, NULL, &error);
  g_assert_no_error (error);
  if (escrow_subkey != NULL)
    *escrow_subkey = g_strdup (offer->escrow->fingerprint);
  spare_owner_trust_authority_sync (f->o.owner, offer, fingerprint, NULL, &error);
  g_assert_no_error (error);
  return fingerprint;
}

void
deposit_fixture_set_up (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  owner_fixture_set_up (&f->o, data);
  owner_fixture_open (&f->o);
  f->owner_key = owner_fixture_create (&f->o);
  f->authority = deposit_fixture_trust_new_authority (f, &f->escrow_subkey);
  f->office = spare_home_new_with_engine (SPARE_HOME_PERSONAL, f->o.elsewhere->path,
                                          TEST_GUARD);
  f->office_key = spare_home_get_key_sync (f->office, f->authority, TRUE, NULL, &error);
  g_assert_no_error (error);
  f->stick = g_build_filename (f->o.folder, "stick", NULL);
  f->files = g_build_filename (f->o.folder, "files", NULL);
  g_assert_cmpint (g_mkdir (f->stick, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (f->files, 0700), ==, 0);
}

void
deposit_fixture_tear_down (DepositFixture *f, gconstpointer data)
{
  g_clear_object (&f->office_key);
  g_clear_object (&f->office);
  owner_fixture_tear_down (&f->o, data);
  g_free (f->owner_key);
  g_free (f->authority);
  g_free (f->escrow_subkey);
  g_free (f->stick);
  g_free (f->files);
}

char *
deposit_fixture_write (DepositFixture *f, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (f->files, name, NULL);

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

void
deposit_fixture_encrypt (DepositFixture *f, SpareEscrowMode mode, ...)
{
  g_autoptr (SpareJobQueue) queue = spare_job_queue_new (f->o.owner);
  g_autoptr (SpareJobOptions) options = spare_job_options_new ();
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  SpareJobCounts counts;
  const char *name;
  va_list names;
  guint n;

  va_start (names, mode);
  while ((name = va_arg (names, const char *)) != NULL)
    g_ptr_array_add (paths, deposit_fixture_write (f, name, name));
  va_end (names);
  n = paths->len;
  g_ptr_array_add (paths, NULL);

  options->mode_given = TRUE;
  options->mode = mode;
  spare_job_queue_add (queue, (const char *const *) paths->pdata, SPARE_JOB_ENCRYPT, options);
  spare_job_queue_drain (queue);
  spare_job_queue_get_counts (queue, &counts);
  g_assert_cmpuint (counts.done, ==, n);
  g_assert_no_error ((GError *) spare_job_queue_get_deposit_error (queue));
}

char *
deposit_fixture_encrypt_alone (DepositFixture *f, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = deposit_fixture_write (f, name, name);
  const SpareEncryptionWishes wishes = { 0 };
  const SpareEncryptFile what = { .input = path };
  g_autoptr (SpareEncryptionPlan)
      plan = spare_encryption_plan_new_sync (f->o.owner, &wishes, NULL, &error);
  g_autoptr (SpareFileResult) result = NULL;
  SpareTrashed *trashed = NULL;

  g_assert_no_error (error);
  result = spare_encrypt_file_sync (f->o.owner, plan, &what, NULL, NULL, &trashed, &error);
  g_assert_no_error (error);
  return g_strdup (result->output);
}

GPtrArray *
deposit_fixture_export (DepositFixture *f, GPtrArray **left_out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ignored = NULL;
  GPtrArray *written = spare_deposit_export_sync (f->o.owner, f->stick, NULL,
                                                  SPARE_DEPOSIT_NONE,
                                                  left_out != NULL ? left_out : &ignored, NULL,
                                                  NULL, &error);

  g_assert_no_error (error);
  if (left_out == NULL)
    {
      for (guint i = 0; i < ignored->len; i++)
        g_test_message ("%s",
                        ((SpareLeftOut *) g_ptr_array_index (ignored, i))->error->message);
      g_assert_cmpuint (ignored->len, ==, 0);
    }
  return written;
}

GPtrArray *
deposit_fixture_list (DepositFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      newest = spare_outbox_list_sync (spare_owner_get_outbox (f->o.owner), -1, 0, 0, &error);
  GPtrArray *oldest = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_outbox_entry_free);

  g_assert_no_error (error);
  for (guint i = newest->len; i > 0; i--)
    g_ptr_array_add (oldest, spare_outbox_entry_copy (g_ptr_array_index (newest, i - 1)));
  return oldest;
}

void
deposit_fixture_assert_states (DepositFixture *f,
                               guint pending,
                               guint exported,
                               guint acknowledged)
{
  g_autoptr (GError) error = NULL;
  guint counts[3];

  spare_outbox_count_sync (spare_owner_get_outbox (f->o.owner), counts, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (counts[SPARE_OUTBOX_PENDING], ==, pending);
  g_assert_cmpuint (counts[SPARE_OUTBOX_EXPORTED], ==, exported);
  g_assert_cmpuint (counts[SPARE_OUTBOX_ACKNOWLEDGED], ==, acknowledged);
}

gint64
deposit_fixture_sql (DepositFixture *f, const char *sql)
{
  g_autofree char *path = owner_fixture_path (&f->o, "outbox.db");
  sqlite3 *handle;
  sqlite3_stmt *stmt;
  gint64 found = 0;
  int rc;

  g_assert_cmpint (sqlite3_open (path, &handle), ==, SQLITE_OK);
  if (sqlite3_prepare_v2 (handle, sql, -1, &stmt, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (handle));
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    found = sqlite3_column_int64 (stmt, 0);
  else
    g_assert_cmpint (rc, ==, SQLITE_DONE);
  sqlite3_finalize (stmt);
  sqlite3_close (handle);
  return found;
}

SpareBundle *
deposit_fixture_open (DepositFixture *f, const char *path)
{
  g_autoptr (GError) error = NULL;
  const SpareBundleExpectation expectation = {
    .home = f->office,
    .me = f->office_key,
    .types = SPARE_BUNDLE_ANY,
    .spool = f->o.folder,
  };
  SpareBundle *bundle = spare_bundle_open_sync (path, &expectation, NULL, NULL, &error);

  g_assert_no_error (error);
  return bundle;
}

static void
verify_proof (DepositFixture *f,
              SpareSessionKeyOpener *opener,
              const SpareDepositRecord *record,
              const char *from)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSessionKey)
      key = spare_session_key_opener_open_sync (opener, record->esk, record->head, NULL,
                                                &error);

  g_assert_no_error (error);
  g_assert_true (spare_proof_verify (key->secret, from, f->authority, record->serial,
                                     record->head, record->proof));
}

GPtrArray *
deposit_fixture_read_records (DepositFixture *f,
                              const char *path,
                              const char *from,
                              guint *n_proven)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareBundle) bundle = deposit_fixture_open (f, path);
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (f->office, f->office_key);
  GPtrArray *records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) spare_deposit_record_free);

  g_assert_cmpint (spare_bundle_get_header (bundle)->type, ==, SPARE_BUNDLE_DEPOSIT);
  g_assert_cmpstr (spare_bundle_get_header (bundle)->from, ==, from);
  *n_proven = 0;
  for (;;)
    {
      g_autoptr (JsonObject) line = NULL;
      SpareDepositRecord *record;

      spare_bundle_next_sync (bundle, &line, &error);
      g_assert_no_error (error);
      if (line == NULL)
        return records;
      record = spare_deposit_record_from_json (line, &error);
      g_assert_no_error (error);
      g_ptr_array_add (records, record);
      if (record->has_proof)
        {
          verify_proof (f, opener, record, from);
          (*n_proven)++;
        }
    }
}

static JsonObject *
next_line_cb (gpointer user_data, GError **error)
{
  GPtrArray *lines = user_data;

  return lines->len > 0 ? g_ptr_array_steal_index (lines, 0) : NULL;
}

char *
deposit_fixture_answer (DepositFixture *f,
                        SpareBundleHeader *header,
                        const char *from,
                        const char *to,
                        GPtrArray *lines)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareBundleHeader) owned = header;
  g_autoptr (GBytes) certificate = spare_owner_export_key_sync (f->o.owner, to, NULL, &error);
  g_autoptr (SpareKey) receiver = NULL;
  SpareBundleParties parties = {
    .home = f->office,
    .signing_home = f->office,
    .signer = from,
  };
  char *path;
  guint n;

  g_assert_no_error (error);
  spare_test_import (f->o.elsewhere, certificate);
  receiver = spare_home_get_key_sync (f->office, to, FALSE, NULL, &error);
  g_assert_no_error (error);
  parties.receiver = receiver;
  path = spare_bundle_write_file_sync (&parties, header, next_line_cb, lines, f->stick, &n,
                                       NULL, NULL, &error);
  g_assert_no_error (error);
  return path;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
deposit_fixture_list_stick (DepositFixture *f)
{
  g_autoptr (GDir) dir = g_dir_open (f->stick, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}
