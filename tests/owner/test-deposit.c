/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deposits: signed when a batch ends, handed over whole or not at all, with what is left out said. */
#include "config.h"

#include "deposit-fixture.h"

#include "spare-error.h"
#include "spare-job-queue.h"

#include <glib/gstdio.h>

static char *self_path;

#define COUNT_DEPOSITS "SELECT count(*) FROM deposits"
#define COUNT_KEPT     "SELECT count(*) FROM deposits WHERE octets IS NOT NULL"

static const SpareWrittenBundle *
get_written (GPtrArray *written, guint i)
{
  g_assert_cmpuint (i, <, written->len);
  return g_ptr_array_index (written, i);
}

static const GError *
get_reason (GPtrArray *left_out, guint i)
{
  g_assert_cmpuint (i, <, left_out->len);
  return ((SpareLeftOut *) g_ptr_array_index (left_out, i))->error;
}

static void
test_batch (DepositFixture *f, gconstpointer data)
{
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);

  g_assert_cmpint (deposit_fixture_sql (f, COUNT_KEPT), ==, 1);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT n_records FROM deposits"), ==, 2);
  deposit_fixture_assert_states (f, 2, 0, 0);

  /* Nothing new: nothing signed again. */
  g_assert_true (spare_deposit_sign_sync (f->o.owner, NULL, NULL));
  g_assert_cmpint (deposit_fixture_sql (f, COUNT_DEPOSITS), ==, 1);
}

/* Stock gpg, the authority's own: exit 0, the signature good, the lines as they must be. */
static void
test_stock_gpg (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GBytes) certificate = spare_owner_export_key_sync (f->o.owner, NULL, NULL, &error);
  g_auto (GStrv) lines = NULL;
  g_autofree char *text = NULL;
  g_autofree char *said = NULL;
  char *contents;
  gsize length;

  g_assert_no_error (error);
  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "größe.txt", NULL);
  written = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (written->len, ==, 1);
  g_assert_cmpstr (get_written (written, 0)->to, ==, f->authority);
  g_assert_cmpuint (get_written (written, 0)->n_records, ==, 1);
  g_assert_true (
      g_file_get_contents (get_written (written, 0)->path, &contents, &length, NULL));
  octets = g_bytes_new_take (contents, length);

  spare_test_import (f->o.elsewhere, certificate);
  g_assert_cmpint (spare_test_gpg_full (f->o.elsewhere, octets, &plain, &said, "--decrypt",
                                        NULL),
                   ==, 0);
  g_assert_nonnull (strstr (said, "Good signature"));
  text = g_strndup (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
  lines = g_strsplit (text, "\n", -1);
  entries = deposit_fixture_list (f);
  g_assert_nonnull (strstr (lines[0], "\"type\":\"deposit\""));
  g_assert_nonnull (strstr (lines[0], f->owner_key));
  g_assert_nonnull (
      strstr (lines[1], ((SpareOutboxEntry *) g_ptr_array_index (entries, 0))->serial));
  g_assert_nonnull (strstr (lines[1], "größe.txt"));
  g_assert_cmpstr (lines[2], ==, "{\"records\":1}");
}

static void
test_merged (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) records = NULL;
  guint n_proven = 0;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "c.txt", NULL);
  g_assert_cmpint (deposit_fixture_sql (f, COUNT_KEPT), ==, 2);

  written = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (written->len, ==, 1);
  records = deposit_fixture_read_records (f, get_written (written, 0)->path, f->owner_key,
                                          &n_proven);
  g_assert_cmpuint (records->len, ==, 3);
  g_assert_cmpuint (n_proven, ==, 3);
  g_assert_cmpuint (get_written (written, 0)->n_records, ==, 3);
  deposit_fixture_assert_states (f, 0, 3, 0);
  /* The merged one has it all. */
  g_assert_cmpint (deposit_fixture_sql (f, COUNT_KEPT), ==, 1);

  again = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (again->len, ==, 0);
}

/* The stick was lost: all that has no receipt goes out once more. */
static void
test_again (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  first = deposit_fixture_export (f, NULL);
  g_assert_cmpint (g_unlink (get_written (first, 0)->path), ==, 0);
  second = spare_deposit_export_sync (f->o.owner, f->stick, NULL, SPARE_DEPOSIT_AGAIN,
                                      &left_out, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second->len, ==, 1);
  g_assert_cmpuint (get_written (second, 0)->n_records, ==, 1);
  deposit_fixture_assert_states (f, 0, 1, 0);
}

static void
test_locked (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) records = NULL;
  const SpareOutboxEntry *entry;
  guint n_proven = 0;

  spare_test_bus_lock_keyring (owner_fixture_bus);
  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "a.txt", NULL);
  before = deposit_fixture_list (f);
  entry = g_ptr_array_index (before, 0);
  g_assert_false (entry->has_proof);
  g_assert_nonnull (entry->own_esk);
  g_assert_cmpint (deposit_fixture_sql (f, COUNT_DEPOSITS), ==, 0);

  /* Open again: the proof and the signature are made up for. */
  spare_test_bus_unlock_keyring (owner_fixture_bus);
  written = deposit_fixture_export (f, NULL);
  records = deposit_fixture_read_records (f, get_written (written, 0)->path, f->owner_key,
                                          &n_proven);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (n_proven, ==, 1);
  entries = deposit_fixture_list (f);
  entry = g_ptr_array_index (entries, 0);
  g_assert_true (entry->has_proof);
  g_assert_null (entry->own_esk);
  g_assert_cmpstr (entry->cipher, ==, "AES256");
}

/* Locked at the export: what was signed before goes out as it is, the rest stays and is said. */
static void
test_locked_export (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autofree char *second = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  spare_test_bus_lock_keyring (owner_fixture_bus);
  second = deposit_fixture_encrypt_alone (f, "b.txt");
  written = deposit_fixture_export (f, &left_out);
  g_assert_cmpuint (written->len, ==, 1);
  g_assert_cmpuint (get_written (written, 0)->n_records, ==, 1);
  g_assert_cmpuint (left_out->len, ==, 1);
  g_test_message ("%s", get_reason (left_out, 0)->message);
  g_assert_error ((GError *) get_reason (left_out, 0), SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED);
  deposit_fixture_assert_states (f, 1, 1, 0);
}

static void
lose_key (DepositFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *next = spare_owner_create_key_sync (f->o.owner, "Alice Ölsson",
                                                       "alice@example.org", NULL, NULL, &error);

  g_assert_no_error (error);
  spare_owner_use_key_sync (f->o.owner, next, NULL, &error);
  g_assert_no_error (error);
  spare_owner_delete_key_sync (f->o.owner, f->owner_key, NULL, &error);
  g_assert_no_error (error);
}

static void
test_lost_key (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) two = NULL;
  guint n_one = 0, n_two = 0;

  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "a.txt", "b.txt", NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "c.txt", NULL);
  lose_key (f);

  written = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (written->len, ==, 2);
  one = deposit_fixture_read_records (f, get_written (written, 0)->path, f->owner_key, &n_one);
  two = deposit_fixture_read_records (f, get_written (written, 1)->path, f->owner_key, &n_two);
  g_assert_cmpuint (one->len + two->len, ==, 3);
  g_assert_cmpuint (n_one + n_two, ==, 3);
  deposit_fixture_assert_states (f, 0, 3, 0);
}

/* Neither a key nor a deposit signed by it is left: the packet goes out under the present key, unproven, and that is said. */
static void
test_orphan (DepositFixture *f, gconstpointer data)
{
  g_autofree char *path = deposit_fixture_encrypt_alone (f, "a.txt");
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (SpareKey) present = NULL;
  guint n_proven = 1;

  lose_key (f);
  present = spare_owner_dup_key (f->o.owner);
  written = deposit_fixture_export (f, &left_out);
  g_assert_cmpuint (written->len, ==, 1);
  records = deposit_fixture_read_records (f, get_written (written, 0)->path,
                                          spare_key_get_fingerprint (present), &n_proven);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (n_proven, ==, 0);
  g_assert_cmpuint (left_out->len, ==, 1);
  g_test_message ("%s", get_reason (left_out, 0)->message);
  g_assert_error ((GError *) get_reason (left_out, 0), SPARE_ERROR, SPARE_ERROR_NO_KEY);
  deposit_fixture_assert_states (f, 0, 1, 0);
}

static void
check_destination (DepositFixture *f, const char *to)
{
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_deposit_export_sync (f->o.owner, to, NULL, SPARE_DEPOSIT_NONE, &left_out,
                                            NULL, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  deposit_fixture_assert_states (f, 1, 0, 0);
}

static void
test_bad_destination (DepositFixture *f, gconstpointer data)
{
  g_autofree char *gone = g_build_filename (f->o.folder, "gone", NULL);
  g_autofree char *file = g_build_filename (f->files, "a.txt", NULL);
  g_autoptr (GPtrArray) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  check_destination (f, gone);
  check_destination (f, file);
  check_destination (f, "no-such-scheme://host/folder");

  written = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (written->len, ==, 1);
}

/* Killed after the bundle was kept; killed after it was written but before that was noted. */
static void
test_interrupted (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) names = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "c.txt", NULL);
  first = deposit_fixture_export (f, NULL);
  deposit_fixture_sql (f, "UPDATE packets SET state = 0, place = NULL, exported = NULL");
  deposit_fixture_sql (f, "UPDATE deposits SET place = NULL, exported = NULL");
  owner_fixture_restart (&f->o);
  owner_fixture_open (&f->o);

  second = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (second->len, ==, 1);
  g_assert_cmpstr (get_written (second, 0)->id, ==, get_written (first, 0)->id);
  names = deposit_fixture_list_stick (f);
  g_assert_cmpuint (names->len, ==, 1);
  deposit_fixture_assert_states (f, 0, 3, 0);
}

/* Whatever the outbox claims is on the stick. */
static void
assert_claims (DepositFixture *f)
{
  g_autoptr (GPtrArray) entries = deposit_fixture_list (f);
  g_autoptr (GPtrArray) names = deposit_fixture_list_stick (f);
  g_autoptr (GHashTable) there = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (f->stick, g_ptr_array_index (names, i), NULL);
      g_autoptr (GPtrArray) records = NULL;
      guint n_proven;

      if (!g_str_has_suffix (path, ".sparekey"))
        continue;
      records = deposit_fixture_read_records (f, path, f->owner_key, &n_proven);
      for (guint j = 0; j < records->len; j++)
        g_hash_table_add (there, g_strdup (((SpareDepositRecord *) records->pdata[j])->serial));
    }
  for (guint i = 0; i < entries->len; i++)
    {
      const SpareOutboxEntry *entry = g_ptr_array_index (entries, i);

      if (entry->state != SPARE_OUTBOX_PENDING)
        g_assert_true (g_hash_table_contains (there, entry->serial));
    }
}

/* The export in a process of its own, to be killed. */
static int
run_child (char **argv)
{
  g_autoptr (SpareOwner)
      owner = g_object_new (SPARE_TYPE_OWNER, "data-directory", argv[2], "policy-path", argv[3],
                            "guard-path", TEST_GUARD, "personal-home", argv[4], NULL);
  g_autoptr (GPtrArray) left_out = NULL;

  if (!spare_owner_open_sync (owner, NULL, NULL))
    return 1;
  /* From now on it may be killed. */
  puts ("ready");
  fflush (stdout);
  g_ptr_array_unref (spare_deposit_export_sync (owner, argv[5], NULL, SPARE_DEPOSIT_NONE,
                                                &left_out, NULL, NULL, NULL));
  return 0;
}

static gboolean
kill_cb (gpointer user_data)
{
  g_subprocess_force_exit (user_data);
  return G_SOURCE_REMOVE;
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  *(gboolean *) user_data = TRUE;
}

/* @milliseconds: from where the export begins to the kill, if it has not ended before. */
static void
kill_export (DepositFixture *f, guint milliseconds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess)
      child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, self_path, "--child",
                                f->o.data, f->o.policy, f->o.personal->path, f->stick, NULL);
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *line = NULL;
  gboolean ended = FALSE;

  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "ready");
  g_timeout_add_full (G_PRIORITY_DEFAULT, milliseconds, kill_cb, g_object_ref (child),
                      g_object_unref);
  g_subprocess_wait_async (child, NULL, ended_cb, &ended);
  while (!ended)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_crash (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "c.txt", NULL);
  for (guint i = 0; i < 8; i++)
    {
      kill_export (f, 10 + i * 40);
      assert_claims (f);
    }
  written = deposit_fixture_export (f, &left_out);
  g_assert_cmpuint (left_out->len, ==, 0);
  deposit_fixture_assert_states (f, 0, 3, 0);
  assert_claims (f);
}

/* --- Files that are named --- */

/* Stock gpg's, as on another computer: for the owner and for the authority's key for files. */
static char *
encrypt_elsewhere (DepositFixture *f, const char *name, gboolean to_owner, const char *subkey)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) certificate = spare_owner_export_key_sync (f->o.owner, NULL, NULL, &error);
  g_autoptr (GBytes) plain = g_bytes_new_static ("from elsewhere", 14);
  g_autoptr (GBytes) message = NULL;
  g_autofree char *recipient = subkey != NULL ? g_strconcat (subkey, "!", NULL) : NULL;
  char *path = g_build_filename (f->files, name, NULL);

  g_assert_no_error (error);
  spare_test_import (f->o.elsewhere, certificate);
  message = spare_test_gpg_filter (f->o.elsewhere, plain, "--trust-model", "always",
                                   "--encrypt", "-r", to_owner ? f->owner_key : recipient, "-r",
                                   recipient != NULL ? recipient : f->owner_key, NULL);
  g_file_set_contents (path, g_bytes_get_data (message, NULL),
                       (gssize) g_bytes_get_size (message), &error);
  g_assert_no_error (error);
  return path;
}

static GPtrArray *
export_files (DepositFixture *f, GPtrArray **left_out, ...)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  GPtrArray *written;
  const char *path;
  va_list paths;

  va_start (paths, left_out);
  while ((path = va_arg (paths, const char *)) != NULL)
    g_ptr_array_add (files, (gpointer) path);
  va_end (paths);
  g_ptr_array_add (files, NULL);
  written = spare_deposit_export_sync (f->o.owner, f->stick, (const char *const *) files->pdata,
                                       SPARE_DEPOSIT_NONE, left_out, NULL, NULL, &error);
  g_assert_no_error (error);
  return written;
}

static void
test_file_from_elsewhere (DepositFixture *f, gconstpointer data)
{
  g_autofree char *path = encrypt_elsewhere (f, "from elsewhere.pdf.gpg", TRUE,
                                             f->escrow_subkey);
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) again_left_out = NULL;
  g_autoptr (GPtrArray) written = export_files (f, &left_out, path, NULL);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) records = NULL;
  guint n_proven = 0;

  g_assert_cmpuint (left_out->len, ==, 0);
  records = deposit_fixture_read_records (f, get_written (written, 0)->path, f->owner_key,
                                          &n_proven);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (n_proven, ==, 1);
  g_assert_cmpstr (((SpareDepositRecord *) records->pdata[0])->name, ==, "from elsewhere.pdf");
  deposit_fixture_assert_states (f, 0, 1, 0);

  /* Named again, twice: the row that is there, once. */
  again = export_files (f, &again_left_out, path, path, NULL);
  g_assert_cmpuint (again->len, ==, 1);
  g_assert_cmpuint (get_written (again, 0)->n_records, ==, 1);
  deposit_fixture_assert_states (f, 0, 1, 0);
}

static void
test_own_files (DepositFixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->files, "a.txt.gpg", NULL);
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "a.txt", "b.txt", NULL);
  written = export_files (f, &left_out, path, NULL);
  g_assert_cmpuint (left_out->len, ==, 0);
  g_assert_cmpuint (get_written (written, 0)->n_records, ==, 1);
  deposit_fixture_assert_states (f, 1, 1, 0);
}

static void
test_useless_files (DepositFixture *f, gconstpointer data)
{
  g_autofree char *plain = deposit_fixture_write (f, "plain.txt", "not encrypted");
  g_autofree char *alone = encrypt_elsewhere (f, "mine alone.gpg", TRUE, NULL);
  g_autofree char *foreign = encrypt_elsewhere (f, "not mine.gpg", FALSE, f->escrow_subkey);
  g_autofree char *missing = g_build_filename (f->files, "missing.gpg", NULL);
  /* For the authority's key for bundles: that is no spare key of a file. */
  g_auto (GStrv) keys = spare_test_list_fingerprints (f->o.elsewhere, f->authority);
  const char *transport = strcmp (keys[1], f->escrow_subkey) == 0 ? keys[2] : keys[1];
  g_autofree char *mail = encrypt_elsewhere (f, "mail.gpg", TRUE, transport);
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray)
      written = export_files (f, &left_out, plain, alone, foreign, missing, mail, NULL);

  g_assert_cmpuint (written->len, ==, 0);
  g_assert_cmpuint (left_out->len, ==, 5);
  g_assert_error ((GError *) get_reason (left_out, 0), SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
  g_assert_error ((GError *) get_reason (left_out, 1), SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_error ((GError *) get_reason (left_out, 2), SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_error ((GError *) get_reason (left_out, 3), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_error ((GError *) get_reason (left_out, 4), SPARE_ERROR, SPARE_ERROR_NO_KEY);
  deposit_fixture_assert_states (f, 0, 0, 0);
}

/* --- Authorities, places, keys that ask --- */

static void
test_other_authority (DepositFixture *f, gconstpointer data)
{
  g_autofree char *second = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  second = deposit_fixture_trust_new_authority (f, NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "b.txt", NULL);
  written = deposit_fixture_export (f, &left_out);
  g_assert_cmpuint (written->len, ==, 1);
  g_assert_cmpstr (get_written (written, 0)->to, ==, second);
  g_assert_cmpuint (left_out->len, ==, 1);
  g_test_message ("%s", get_reason (left_out, 0)->message);
  g_assert_error ((GError *) get_reason (left_out, 0), SPARE_ERROR, SPARE_ERROR_POLICY);
  deposit_fixture_assert_states (f, 1, 1, 0);
}

static void
test_deposit_to (DepositFixture *f, gconstpointer data)
{
  g_autofree char *uri = g_filename_to_uri (f->stick, NULL, NULL);
  g_autofree char *nowhere = g_strconcat (uri, "-gone", NULL);
  g_autofree char *path = deposit_fixture_write (f, "b.txt", "b");
  const char *const paths[] = { path, NULL };
  g_autoptr (SpareJobQueue) queue = spare_job_queue_new (f->o.owner);
  g_autoptr (SpareJobOptions) options = spare_job_options_new ();
  g_autoptr (GPtrArray) names = NULL;
  SpareJobCounts counts;

  g_object_set (spare_owner_get_settings (f->o.owner), "deposit-to", uri, NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  deposit_fixture_assert_states (f, 0, 1, 0);
  names = deposit_fixture_list_stick (f);
  g_assert_cmpuint (names->len, ==, 1);

  /* A place that isn't there: the file is encrypted all the same, and it is said. */
  g_object_set (spare_owner_get_settings (f->o.owner), "deposit-to", nowhere, NULL);
  spare_job_queue_add (queue, paths, SPARE_JOB_ENCRYPT, options);
  spare_job_queue_drain (queue);
  spare_job_queue_get_counts (queue, &counts);
  g_assert_cmpuint (counts.done, ==, 1);
  g_assert_nonnull (spare_job_queue_get_deposit_error (queue));
  g_test_message ("%s", spare_job_queue_get_deposit_error (queue)->message);
  deposit_fixture_assert_states (f, 1, 1, 0);

  /* Back again: what waited goes along with the next. */
  g_object_set (spare_owner_get_settings (f->o.owner), "deposit-to", uri, NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "c.txt", NULL);
  deposit_fixture_assert_states (f, 0, 3, 0);
  g_object_set (spare_owner_get_settings (f->o.owner), "deposit-to", "", NULL);
}

/* The administrator's word stands above the preference. */
static void
test_deposit_to_policy (DepositFixture *f, gconstpointer data)
{
  g_autofree char *uri = g_filename_to_uri (f->stick, NULL, NULL);
  g_autofree char *ini = g_strdup_printf ("[Escrow]\nDepositTo=%s\n", uri);

  g_object_set (spare_owner_get_settings (f->o.owner), "deposit-to", "file:///nowhere", NULL);
  g_assert_true (g_file_set_contents (f->o.policy, ini, -1, NULL));
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  deposit_fixture_assert_states (f, 0, 1, 0);
  g_object_set (spare_owner_get_settings (f->o.owner), "deposit-to", "", NULL);
}

/* A key of the person's own GnuPG is not asked for at the end of a job, but when somebody exports. */
static void
test_own_gnupg (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = spare_test_create_key (f->o.personal, SPARE_TEST_KEY_DEFAULT,
                                                "Alice <alice@example.org>", NULL);
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) records = NULL;
  guint n_proven = 0;

  spare_owner_use_key_sync (f->o.owner, key, NULL, &error);
  g_assert_no_error (error);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  g_assert_cmpint (deposit_fixture_sql (f, COUNT_DEPOSITS), ==, 0);
  written = deposit_fixture_export (f, NULL);
  records = deposit_fixture_read_records (f, get_written (written, 0)->path, key, &n_proven);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (n_proven, ==, 1);
}

/* Two keys of the same person: a deposit each, by the key that made the packets. */
static void
test_two_keys (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = deposit_fixture_encrypt_alone (f, "a.txt");
  g_autofree char *second = NULL;
  g_autofree char *key = spare_owner_create_key_sync (f->o.owner, "Alice", "a@example.org",
                                                      NULL, NULL, &error);
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) two = NULL;
  guint n_proven = 0;

  g_assert_no_error (error);
  spare_owner_use_key_sync (f->o.owner, key, NULL, &error);
  g_assert_no_error (error);
  second = deposit_fixture_encrypt_alone (f, "b.txt");
  written = deposit_fixture_export (f, NULL);
  g_assert_cmpuint (written->len, ==, 2);
  one = deposit_fixture_read_records (f, get_written (written, 0)->path, f->owner_key,
                                      &n_proven);
  g_assert_cmpuint (n_proven, ==, 1);
  two = deposit_fixture_read_records (f, get_written (written, 1)->path, key, &n_proven);
  g_assert_cmpuint (n_proven, ==, 1);
  g_assert_cmpuint (one->len + two->len, ==, 2);
}

static void
test_overdue (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (SpareOverdue) before = NULL;
  g_autoptr (SpareOverdue) after = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);
  written = deposit_fixture_export (f, NULL);
  deposit_fixture_sql (f, "UPDATE packets SET exported = exported - 14 * 86400 + 60");
  before = spare_deposit_find_overdue_sync (f->o.owner, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (before->n_packets, ==, 0);
  g_assert_null (before->sentence);

  deposit_fixture_sql (f, "UPDATE packets SET exported = exported - 86400");
  after = spare_deposit_find_overdue_sync (f->o.owner, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (after->n_packets, ==, 2);
  g_test_message ("%s", after->sentence);
  g_assert_nonnull (strstr (after->sentence, "14 days"));
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_async (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GError) error = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  spare_deposit_export_async (f->o.owner, f->stick, NULL, SPARE_DEPOSIT_NONE, NULL, NULL,
                              answered_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  written = spare_deposit_export_finish (f->o.owner, result, &left_out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (written->len, ==, 1);
  g_assert_cmpuint (left_out->len, ==, 0);
}

static void
test_no_authority (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *pin = owner_fixture_path (&f->o, "authority.ini");

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  g_assert_cmpint (g_unlink (pin), ==, 0);
  owner_fixture_restart (&f->o);
  owner_fixture_open (&f->o);
  g_assert_null (spare_deposit_export_sync (f->o.owner, f->stick, NULL, SPARE_DEPOSIT_NONE,
                                            &left_out, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP);
  g_assert_true (spare_deposit_sign_sync (f->o.owner, NULL, NULL));
  deposit_fixture_assert_states (f, 1, 0, 0);
}

#define ADD(path, test)                                                             \
  g_test_add ("/deposit/" path, DepositFixture, NULL, deposit_fixture_set_up, test, \
              deposit_fixture_tear_down)

int
main (int argc, char **argv)
{
  int status;

  if (argc == 6 && strcmp (argv[1], "--child") == 0)
    return run_child (argv);

  self_path = g_canonicalize_filename (argv[0], NULL);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  owner_fixture_bus = spare_test_bus_new ();
  ADD ("a-batch-ends-with-a-signed-deposit-that-is-kept", test_batch);
  ADD ("stock-gpg-opens-it-and-finds-the-signature-good", test_stock_gpg);
  ADD ("several-batches-go-out-as-one-with-valid-proofs", test_merged);
  ADD ("what-was-exported-and-never-acknowledged-goes-out-again-when-asked", test_again);
  ADD ("a-locked-keyring-puts-proof-and-signature-off", test_locked);
  ADD ("locked-at-the-export-what-was-signed-goes-and-the-rest-is-said", test_locked_export);
  ADD ("after-the-key-is-lost-what-it-signed-goes-out-as-it-is", test_lost_key);
  ADD ("what-a-lost-key-never-signed-goes-out-unproven-and-is-said", test_orphan);
  ADD ("a-place-that-can-not-be-written-changes-nothing", test_bad_destination);
  ADD ("interrupted-before-it-was-noted-writes-the-same-octets-again", test_interrupted);
  ADD ("killed-anywhere-claims-nothing-that-is-not-there", test_crash);
  ADD ("a-file-from-elsewhere-is-deposited-from-its-head", test_file_from_elsewhere);
  ADD ("files-that-are-named-go-alone", test_own_files);
  ADD ("files-that-can-not-be-deposited-are-named-with-the-reason", test_useless_files);
  ADD ("packets-of-an-authority-no-longer-trusted-stay-and-are-said", test_other_authority);
  ADD ("each-batch-goes-to-the-place-that-is-set", test_deposit_to);
  ADD ("the-administrators-place-stands-above-the-preference", test_deposit_to_policy);
  ADD ("a-key-of-the-persons-own-gnupg-waits-for-the-export", test_own_gnupg);
  ADD ("two-keys-make-two-deposits", test_two_keys);
  ADD ("fourteen-days-without-a-receipt-are-worth-a-word", test_overdue);
  ADD ("works-without-blocking-the-window", test_async);
  ADD ("without-an-authority-nothing-goes-out", test_no_authority);
  status = g_test_run ();
  spare_test_bus_free (owner_fixture_bus);
  g_free (self_path);
  return status;
}
