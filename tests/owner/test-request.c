/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "I lost my key": which files are found and asked for, what the request carries, and how it is answered. */
#include "config.h"

#include "deposit-fixture.h"

#include "spare-error.h"
#include "spare-request-record.h"
#include "spare-request.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* Another key is in use; the certificate of the old one is still known. Returns the new fingerprint. */
static char *
replace_key (DepositFixture *f)
{
  g_autoptr (GError) error = NULL;
  char *next = spare_owner_create_key_sync (f->o.owner, "Alice Ölsson", "alice@example.org",
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  spare_owner_use_key_sync (f->o.owner, next, NULL, &error);
  g_assert_no_error (error);
  return next;
}

/* The owner's key is gone, its certificate too. */
static char *
lose_key (DepositFixture *f)
{
  g_autoptr (GError) error = NULL;
  char *next = replace_key (f);

  spare_owner_delete_key_sync (f->o.owner, f->owner_key, NULL, &error);
  g_assert_no_error (error);
  return next;
}

static SpareWrittenBundle *
make (DepositFixture *f, const char *old, GPtrArray **left_out, GError **error, ...)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  SpareRequestWishes wishes = { .reason = " The disk died. ", .old_fingerprint = old };
  const char *path;
  va_list list;

  va_start (list, error);
  while ((path = va_arg (list, const char *)) != NULL)
    g_ptr_array_add (paths, (gpointer) path);
  va_end (list);
  g_ptr_array_add (paths, NULL);
  wishes.paths = (const char *const *) paths->pdata;
  return spare_request_make_sync (f->o.owner, &wishes, f->stick, left_out, NULL, NULL, error);
}

static const SpareLeftOut *
get_left_out (GPtrArray *left_out, guint i)
{
  g_assert_cmpuint (i, <, left_out->len);
  return g_ptr_array_index (left_out, i);
}

/* The records by the file's name. */
static GHashTable *
read_records (DepositFixture *f, const char *path, const char *from)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareBundle) bundle = deposit_fixture_open (f, path);
  GHashTable *records = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify) spare_request_record_free);

  g_assert_cmpint (spare_bundle_get_header (bundle)->type, ==, SPARE_BUNDLE_REQUEST);
  g_assert_cmpstr (spare_bundle_get_header (bundle)->from, ==, from);
  for (;;)
    {
      g_autoptr (JsonObject) line = NULL;
      SpareRequestRecord *record;

      spare_bundle_next_sync (bundle, &line, &error);
      g_assert_no_error (error);
      if (line == NULL)
        return records;
      record = spare_request_record_from_json (line, &error);
      g_assert_no_error (error);
      g_hash_table_insert (records, g_strdup (record->name), record);
    }
}

static void
test_folder (DepositFixture *f, gconstpointer data)
{
  g_autofree char *deep = g_build_filename (f->files, "x", "y", NULL);
  g_autofree char *moved = g_build_filename (deep, "no suffix", NULL);
  g_autofree char *from = g_build_filename (f->files, "b.txt.gpg", NULL);
  g_autofree char *key = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  g_autoptr (GHashTable) records = NULL;
  g_autoptr (GPtrArray) requests = NULL;
  g_autoptr (GPtrArray) files = NULL;
  const SpareRequestRecord *embedded, *detached;
  const SpareRequest *request;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);
  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "c.txt", NULL);
  g_assert_cmpint (g_mkdir_with_parents (deep, 0700), ==, 0);
  g_assert_cmpint (g_rename (from, moved), ==, 0);
  key = lose_key (f);
  /* Of the new key: that needs no recovery. */
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "new.txt", NULL);

  written = make (f, NULL, &left_out, &error, f->files, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (left_out->len, ==, 0);
  g_assert_cmpuint (written->n_records, ==, 3);
  records = read_records (f, written->path, key);
  g_assert_cmpuint (g_hash_table_size (records), ==, 3);
  embedded = g_hash_table_lookup (records, "no suffix");
  detached = g_hash_table_lookup (records, "c.txt.gpg");
  g_assert_nonnull (embedded);
  g_assert_nonnull (embedded->esk);
  g_assert_true (spare_esk_matches_fingerprint (embedded->esk, f->escrow_subkey));
  g_assert_cmpuint (g_strv_length (embedded->key_ids), ==, 2);
  g_assert_nonnull (detached);
  g_assert_null (detached->esk);

  requests = spare_request_list_sync (f->o.owner, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (requests->len, ==, 1);
  request = g_ptr_array_index (requests, 0);
  g_assert_cmpstr (request->id, ==, written->id);
  g_assert_cmpstr (request->old, ==, f->owner_key);
  g_assert_cmpstr (request->key, ==, key);
  g_assert_cmpstr (request->reason, ==, "The disk died.");
  g_assert_cmpstr (request->place, ==, f->stick);
  g_assert_cmpuint (request->n_files, ==, 3);
  g_assert_cmpint (request->state, ==, SPARE_REQUEST_OPEN);
  files = spare_request_list_files_sync (f->o.owner, request->id, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (files->len, ==, 3);
  for (guint i = 0; i < files->len; i++)
    {
      const SpareRequestFile *file = g_ptr_array_index (files, i);

      if (strcmp (file->path, moved) == 0)
        {
          g_assert_cmpstr (file->file_id, ==, embedded->file_id);
          g_assert_true (g_bytes_equal (file->data_head, embedded->data_head));
          g_assert_nonnull (file->esk);
        }
    }
}

/* The header says who, which key, why; the hash is of the octets as they lie there. */
static void
test_header (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (SpareRequest) request = NULL;
  const char *const paths[] = { f->files, NULL };
  const SpareRequestWishes wishes = {
    .reason = "Stolen laptop",
    .stolen = TRUE,
    .since = 1795339800,
    .paths = paths,
  };
  JsonObject *fields;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = lose_key (f);
  written = spare_request_make_sync (f->o.owner, &wishes, f->stick, &left_out, NULL, NULL,
                                     &error);
  g_assert_no_error (error);
  bundle = deposit_fixture_open (f, written->path);
  fields = spare_bundle_get_header (bundle)->fields;
  g_assert_cmpstr (json_object_get_string_member (fields, "old"), ==, f->owner_key);
  g_assert_cmpstr (json_object_get_string_member (fields, "reason"), ==, "Stolen laptop");
  g_assert_cmpstr (json_object_get_string_member (fields, "lost"), ==, "stolen");
  g_assert_cmpstr (json_object_get_string_member (fields, "since"), ==, "2026-11-22T09:30:00Z");
  request = spare_request_find_sync (f->o.owner, written->id, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (request->sha256, ==, spare_bundle_get_sha256 (bundle));
  g_assert_true (request->stolen);
  g_assert_cmpint (request->since, ==, 1795339800);
}

static void
test_left_out (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autofree char *plain = deposit_fixture_write (f, "plain.txt", "not encrypted");
  g_autofree char *bundle = deposit_fixture_write (f, "x.sparekey", "a message");
  g_autofree char *missing = g_build_filename (f->files, "missing", NULL);
  g_autofree char *mine = g_build_filename (f->files, "new.txt.gpg", NULL);
  g_autofree char *good = g_build_filename (f->files, "a.txt.gpg", NULL);
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) of_folder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  g_autoptr (SpareWrittenBundle) nothing = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = lose_key (f);
  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "new.txt", NULL);

  written = make (f, NULL, &left_out, &error, plain, missing, bundle, mine, good, good, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (written->n_records, ==, 1);
  g_assert_cmpuint (left_out->len, ==, 4);
  g_assert_cmpstr (get_left_out (left_out, 0)->path, ==, plain);
  g_assert_error (get_left_out (left_out, 0)->error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
  g_assert_error (get_left_out (left_out, 1)->error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_error (get_left_out (left_out, 2)->error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
  g_assert_cmpstr (get_left_out (left_out, 3)->path, ==, mine);
  g_assert_error (get_left_out (left_out, 3)->error, SPARE_ERROR, SPARE_ERROR_FAILED);

  /* Nothing to ask for: no request, and no error. */
  nothing = make (f, NULL, &of_folder, &error, mine, NULL);
  g_assert_no_error (error);
  g_assert_null (nothing);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT count(*) FROM requests"), ==, 1);
}

/* What can't be read in a folder is named, and the rest is asked for: a file cut short, one that only is called so. */
static void
test_unreadable (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autofree char *cut = NULL;
  g_autofree char *lie = deposit_fixture_write (f, "lie.gpg", "not encrypted");
  g_autofree char *plain = deposit_fixture_write (f, "plain.txt", "not encrypted");
  g_autofree char *good = g_build_filename (f->files, "a.txt.gpg", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  gsize length;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  g_assert_true (g_file_get_contents (good, &contents, &length, NULL));
  cut = deposit_fixture_write (f, "cut.gpg", "");
  g_assert_true (g_file_set_contents (cut, contents, 60, NULL));
  key = lose_key (f);
  written = make (f, NULL, &left_out, &error, f->files, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (written->n_records, ==, 1);
  g_assert_cmpuint (left_out->len, ==, 2);
  g_assert_cmpstr (get_left_out (left_out, 0)->path, ==, cut);
  g_test_message ("%s", get_left_out (left_out, 0)->error->message);
  g_assert_cmpstr (get_left_out (left_out, 1)->path, ==, lie);
  g_assert_error (get_left_out (left_out, 1)->error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
}

/* Stock gpg's file for somebody else altogether. */
static char *
encrypt_for_others (DepositFixture *f, const char *name)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("secret", 6);
  g_autofree char *bob = spare_test_create_key (f->o.elsewhere, SPARE_TEST_KEY_DEFAULT,
                                                "Bob <bob@example.org>", NULL);
  g_autoptr (GBytes) message = spare_test_gpg_filter (f->o.elsewhere, plain, "--trust-model",
                                                      "always", "--encrypt", "-r", bob, NULL);
  char *path = g_build_filename (f->files, name, NULL);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (message, NULL),
                                      (gssize) g_bytes_get_size (message), NULL));
  return path;
}

/* While the certificate of the lost key is known, other people's files are not told of. */
static void
test_foreign (DepositFixture *f, gconstpointer data)
{
  g_autofree char *foreign = encrypt_for_others (f, "bobs.gpg");
  g_autofree char *key = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = replace_key (f);
  written = make (f, f->owner_key, &left_out, &error, f->files, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (written->n_records, ==, 1);
  g_assert_cmpuint (left_out->len, ==, 1);
  g_assert_cmpstr (get_left_out (left_out, 0)->path, ==, foreign);
  g_assert_error (get_left_out (left_out, 0)->error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
}

/* The outbox is lost: the heads name a key whose certificate is here. */
static void
test_guess (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  g_autoptr (SpareRequest) request = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = replace_key (f);
  deposit_fixture_sql (f, "DELETE FROM packets");
  written = make (f, NULL, &left_out, &error, f->files, NULL);
  g_assert_no_error (error);
  request = spare_request_find_sync (f->o.owner, written->id, &error);
  g_assert_cmpstr (request->old, ==, f->owner_key);
}

/* The outbox is lost and the certificate too: the person has to say. */
static void
test_no_guess (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) two = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) named = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = lose_key (f);
  deposit_fixture_sql (f, "DELETE FROM packets");
  g_assert_null (make (f, NULL, &one, &error, f->files, NULL));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  named = make (f, f->owner_key, &two, &error, f->files, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (named->n_records, ==, 1);
}

static void
assert_not_made (DepositFixture *f,
                 const SpareRequestWishes *wishes,
                 const char *to,
                 GQuark domain,
                 int code)
{
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (
      spare_request_make_sync (f->o.owner, wishes, to, &left_out, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, domain, code);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT count(*) FROM requests"), ==, 0);
}

static void
test_refused (DepositFixture *f, gconstpointer data)
{
  g_autofree char *gone = g_build_filename (f->o.folder, "gone", NULL);
  g_autofree char *key = NULL;
  g_autofree char *huge = g_strnfill (5000, 'x');
  const char *const paths[] = { f->files, NULL };
  SpareRequestWishes wishes = { .reason = " ", .paths = paths };

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = lose_key (f);
  assert_not_made (f, &wishes, f->stick, SPARE_ERROR, SPARE_ERROR_FAILED);
  wishes.reason = huge;
  assert_not_made (f, &wishes, f->stick, SPARE_ERROR, SPARE_ERROR_FAILED);
  wishes.reason = "lost";
  wishes.old_fingerprint = "8AD58320";
  assert_not_made (f, &wishes, f->stick, SPARE_ERROR, SPARE_ERROR_FAILED);
  wishes.old_fingerprint = key;
  assert_not_made (f, &wishes, f->stick, SPARE_ERROR, SPARE_ERROR_FAILED);
  /* A place that isn't there: as if it had never been made. */
  wishes.old_fingerprint = NULL;
  assert_not_made (f, &wishes, gone, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static char *
make_refusal (DepositFixture *f, const char *key, const char *id, const char *sha256)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  g_autofree char *case_id = g_uuid_string_random ();
  SpareBundleHeader *header = spare_bundle_header_new (SPARE_BUNDLE_REFUSAL, f->authority, key);
  JsonObject *checkpoint = json_object_new ();

  json_object_set_string_member (header->fields, "case", case_id);
  json_object_set_string_member (header->fields, "request", id);
  json_object_set_string_member (header->fields, "request-sha256", sha256);
  json_object_set_string_member (header->fields, "reason", "Nobody knows you here.");
  json_object_set_string_member (header->fields, "kind", "refused");
  json_object_set_int_member (checkpoint, "sequence", 8);
  json_object_set_object_member (header->fields, "checkpoint", checkpoint);
  return deposit_fixture_answer (f, header, f->authority, key, lines);
}

static void
assert_no_refusal (DepositFixture *f, const char *path, int code)
{
  g_autoptr (GError) error = NULL;
  SpareRequest *request = NULL;

  g_assert_false (spare_refusal_apply_sync (f->o.owner, path, &request, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, code);
  g_assert_null (request);
}

static void
test_refusal (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autofree char *other_id = g_uuid_string_random ();
  g_autofree char *other_hash = g_strnfill (64, 'a');
  g_autofree char *wrong_id = NULL;
  g_autofree char *wrong_hash = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  g_autoptr (SpareRequest) before = NULL;
  g_autoptr (SpareRequest) after = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = lose_key (f);
  written = make (f, NULL, &left_out, &error, f->files, NULL);
  g_assert_no_error (error);
  before = spare_request_find_sync (f->o.owner, written->id, &error);
  g_assert_no_error (error);

  wrong_id = make_refusal (f, key, other_id, before->sha256);
  wrong_hash = make_refusal (f, key, before->id, other_hash);
  path = make_refusal (f, key, before->id, before->sha256);
  assert_no_refusal (f, wrong_id, SPARE_ERROR_DAMAGED);
  assert_no_refusal (f, wrong_hash, SPARE_ERROR_DAMAGED);
  assert_no_refusal (f, written->path, SPARE_ERROR_NO_KEY);
  /* What is not believed leaves no witness either. */
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT count (*) FROM checkpoints"), ==, 0);
  g_assert_true (spare_refusal_apply_sync (f->o.owner, path, &after, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (after->state, ==, SPARE_REQUEST_REFUSED);
  g_assert_cmpstr (after->answer_text, ==, "Nobody knows you here.");
  g_assert_cmpint (after->answered, >, 0);

  g_assert_cmpint (deposit_fixture_sql (f, "SELECT sequence FROM checkpoints WHERE kind = "
                                           "'refusal'"),
                   ==, 8);

  /* Once. */
  assert_no_refusal (f, path, SPARE_ERROR_FAILED);
  g_assert_false (spare_request_close_sync (f->o.owner, written->id, SPARE_REQUEST_GRANTED,
                                            other_id, NULL, NULL));
}

/* Ten thousand files in a minute at the most; more than half of the time goes to making them. */
static void
test_many (DepositFixture *f, gconstpointer data)
{
  g_autofree char *key = NULL;
  g_autofree char *path = g_build_filename (f->files, "a.txt.gpg", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  gint64 start;
  gsize length;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *copy = g_strdup_printf ("%s/%u", f->files, i);
      FILE *stream = fopen (copy, "w");

      g_assert_cmpuint (fwrite (contents, 1, length, stream), ==, length);
      g_assert_cmpint (fclose (stream), ==, 0);
    }
  key = lose_key (f);
  start = g_get_monotonic_time ();
  written = make (f, NULL, &left_out, &error, f->files, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (written->n_records, ==, 10001);
  g_test_message ("%" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - start) / 1000);
  if (g_test_perf ())
    g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_async (DepositFixture *f, gconstpointer data)
{
  const char *const paths[] = { f->files, NULL };
  const SpareRequestWishes wishes = { .reason = "lost", .paths = paths };
  g_autofree char *key = NULL;
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  key = lose_key (f);
  spare_request_make_async (f->o.owner, &wishes, f->stick, NULL, NULL, answered_cb, &answer);
  while (answer == NULL)
    g_main_context_iteration (NULL, TRUE);
  written = spare_request_make_finish (f->o.owner, answer, &left_out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (written->n_records, ==, 1);
}

#define ADD(path, test)                                                             \
  g_test_add ("/request/" path, DepositFixture, NULL, deposit_fixture_set_up, test, \
              deposit_fixture_tear_down)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  owner_fixture_bus = spare_test_bus_new ();
  ADD ("finds-files-by-their-heads-whatever-their-names", test_folder);
  ADD ("says-who-asks-for-what-and-why", test_header);
  ADD ("what-is-not-asked-for-is-named-with-the-reason", test_left_out);
  ADD ("what-can-not-be-read-is-named-and-the-rest-goes-on", test_unreadable);
  ADD ("tells-nothing-of-other-peoples-files", test_foreign);
  ADD ("tells-the-lost-key-from-the-files", test_guess);
  ADD ("asks-for-the-lost-key-when-nothing-tells-it", test_no_guess);
  ADD ("that-can-not-be-made-leaves-nothing", test_refused);
  ADD ("is-refused-once-by-the-authority-alone", test_refusal);
  ADD ("of-ten-thousand-files-is-made", test_many);
  ADD ("works-without-blocking-the-window", test_async);
  status = g_test_run ();
  spare_test_bus_free (owner_fixture_bus);
  return status;
}
