/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bundles between two who mean well: what is written is what is read, stock gpg agrees, and what goes wrong on the way
 * leaves nothing behind. */
#include "config.h"

#include "bundle-fixture.h"
#include "spare-error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

static BundleFixture fixture;

/* --- Records --- */

typedef struct
{
  guint n;    /* of records to come */
  guint done; /* of those that went out */
  guint fail_at;
  gsize padding;
  GCancellable *cancellable;
  guint cancel_at;
} Records;

/* As hard to compress as packets are. */
static char *
make_padding (guint seed, gsize length)
{
  char *padding = g_malloc (length + 1);
  guint32 state = 2463534242u + seed;

  for (gsize i = 0; i < length; i++)
    {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      padding[i] = (char) ('0' + (state >> 8) % 64);
      if (padding[i] == '\\')
        padding[i] = '-';
    }
  padding[length] = '\0';
  return padding;
}

static JsonObject *
next_record (gpointer data, GError **error)
{
  Records *self = data;
  g_autoptr (JsonObject) record = NULL;

  if (self->done == self->n)
    return NULL;
  self->done++;
  if (self->fail_at > 0 && self->done == self->fail_at)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "the database is busy");
      return NULL;
    }
  if (self->cancel_at > 0 && self->done == self->cancel_at)
    g_cancellable_cancel (self->cancellable);
  record = json_object_new ();
  spare_json_set_uint64 (record, "serial", self->done);
  json_object_set_string_member (record, "name",
                                 "Gehälter \"2026\"\n\t\\ \360\237\224\221.gpg");
  if (self->padding > 0)
    {
      g_autofree char *padding = make_padding (self->done, self->padding);

      json_object_set_string_member (record, "padding", padding);
    }
  return g_steal_pointer (&record);
}

static void
assert_records (SpareBundle *bundle, guint n)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (spare_bundle_get_n_records (bundle), ==, n);
  for (guint i = 1; i <= n + 1; i++)
    {
      g_autoptr (JsonObject) record = NULL;

      g_assert_true (spare_bundle_next_sync (bundle, &record, &error));
      g_assert_no_error (error);
      if (i > n)
        {
          g_assert_null (record);
          break;
        }
      g_assert_nonnull (record);
      g_assert_cmpint (json_object_get_int_member (record, "serial"), ==, i);
      g_assert_cmpstr (json_object_get_string_member (record, "name"), ==,
                       "Gehälter \"2026\"\n\t\\ \360\237\224\221.gpg");
    }
}

static GBytes *
write_bundle (SpareBundleHeader *header, guint n)
{
  const SpareBundleParties parties = bundle_fixture_get_parties (&fixture);
  Records records = { .n = n };
  guint n_records = 0;
  g_autoptr (GError) error = NULL;
  GBytes *octets = spare_bundle_write_bytes_sync (&parties, header, next_record, &records,
                                                  &n_records, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (octets);
  g_assert_cmpuint (n_records, ==, n);
  return octets;
}

static SpareBundle *
read_bundle (GBytes *octets, const SpareBundleExpectation *expectation)
{
  g_autoptr (GError) error = NULL;
  SpareBundle *bundle = spare_bundle_open_bytes_sync (octets, expectation, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (bundle);
  return bundle;
}

/* --- Tests --- */

static void
test_every_type (gconstpointer data)
{
  SpareBundleType type = (SpareBundleType) GPOINTER_TO_UINT (data);
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (type, fixture.owner_key, fixture.authority_key);
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GBytes) octets = NULL;
  g_autofree char *sha256 = NULL;
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (header->fields, "reason", "Platte kaputt");
  octets = write_bundle (header, 3);
  g_assert_nonnull (header->certificate);
  expectation.types = SPARE_BUNDLE_MASK (type);
  sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);

  {
    g_autoptr (SpareBundle) bundle = read_bundle (octets, &expectation);
    const SpareBundleHeader *read = spare_bundle_get_header (bundle);

    g_assert_cmpint (read->type, ==, type);
    g_assert_cmpstr (read->id, ==, header->id);
    g_assert_cmpint (read->created, ==, header->created);
    g_assert_cmpstr (read->from, ==, fixture.owner_key);
    g_assert_cmpstr (read->to, ==, fixture.authority_key);
    g_assert_cmpstr (read->certificate, ==, header->certificate);
    g_assert_cmpuint (json_object_get_size (read->fields), ==, 1);
    g_assert_cmpstr (json_object_get_string_member (read->fields, "reason"), ==,
                     "Platte kaputt");
    g_assert_cmpstr (spare_bundle_get_sha256 (bundle), ==, sha256);
    g_assert_cmpuint (spare_bundle_get_size (bundle), ==, g_bytes_get_size (octets));
    g_assert_cmpstr (spare_key_get_fingerprint (spare_bundle_get_sender (bundle)), ==,
                     fixture.owner_key);
    assert_records (bundle, 3);
    g_assert_true (spare_bundle_rewind (bundle, &error));
    assert_records (bundle, 3);
  }
  bundle_fixture_assert_nothing_left (&fixture);
}

static void
test_stock_gpg (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (GBytes) certificate = spare_test_export (fixture.owner_home, fixture.owner_key);
  g_autoptr (GBytes) octets = write_bundle (header, 2);
  g_autoptr (GBytes) text = NULL;
  g_autofree char *words = NULL, *copy = NULL, *notation = NULL;
  g_auto (GStrv) lines = NULL;

  spare_test_import (fixture.authority_home, certificate);
  g_assert_cmpint (spare_test_gpg_full (fixture.authority_home, octets, &text, &words,
                                        "--verify-options", "show-notations", "--decrypt",
                                        NULL),
                   ==, 0);
  g_assert_nonnull (strstr (words, "Good signature from \"Ada <ada@example.org>\""));
  notation = g_strdup_printf ("bundle@sparekey.org=1:deposit:%s", fixture.authority_key);
  g_assert_nonnull (strstr (words, notation));
  copy = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  lines = g_strsplit (copy, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 5);
  g_assert_true (g_str_has_prefix (lines[0], "{\"sparekey\":1,\"type\":\"deposit\",\"id\":\""));
  g_assert_true (g_str_has_prefix (lines[1], "{\"serial\":1,"));
  g_assert_cmpstr (lines[3], ==, "{\"records\":2}");
  g_assert_cmpstr (lines[4], ==, "");
}

/* --- To a file --- */

static void
test_file (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_REQUEST);
  const SpareBundleParties parties = bundle_fixture_get_parties (&fixture);
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autofree char *folder = g_build_filename (fixture.folder, "stick", NULL);
  g_autofree char *name = spare_bundle_header_dup_file_name (header);
  g_autofree char *path = NULL, *sha256 = NULL, *base = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;
  Records records = { .n = 5 };
  guint n_records = 0;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  path = spare_bundle_write_file_sync (&parties, header, next_record, &records, folder,
                                       &n_records, &sha256, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_records, ==, 5);
  base = g_path_get_basename (path);
  g_assert_cmpstr (base, ==, name);
  g_assert_true (g_str_has_prefix (name, "request-"));
  g_assert_true (g_str_has_suffix (name, ".sparekey"));
  g_assert_cmpuint (strlen (name), ==, strlen ("request-0123456789abcdef.sparekey"));
  written = spare_written_bundle_new (path, header, n_records);
  g_assert_cmpstr (written->id, ==, header->id);
  g_assert_cmpstr (written->to, ==, fixture.authority_key);

  bundle = spare_bundle_open_sync (path, &expectation, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_bundle_get_sha256 (bundle), ==, sha256);
  /* What was verified stays, whatever becomes of the stick. */
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  assert_records (bundle, 5);
}

static gboolean
append_cb (gpointer data, const guint8 *octets, gsize size, GError **error)
{
  g_byte_array_append (data, octets, (guint) size);
  return TRUE;
}

static void
test_copy (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (GBytes) octets = write_bundle (header, 100);
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (SpareBundle) bundle = read_bundle (octets, &expectation);
  g_autoptr (GByteArray) copy = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (spare_bundle_copy_octets_sync (bundle, append_cb, copy, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (copy->data, copy->len, g_bytes_get_data (octets, NULL),
                   g_bytes_get_size (octets));
}

/* --- What fails on the way --- */

static void
assert_folder_is_empty (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  g_assert_nonnull (dir);
  g_assert_null (g_dir_read_name (dir));
}

/* Fails with the domain and code; leaves nothing in the folder. */
static void
fail_to_write (Records *records, GQuark domain, int code)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  const SpareBundleParties parties = bundle_fixture_get_parties (&fixture);
  g_autofree char *folder = g_build_filename (fixture.folder, "stick", NULL);
  g_autofree char *path = NULL, *sha256 = NULL;
  g_autoptr (GError) error = NULL;
  guint n_records = 77;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  path = spare_bundle_write_file_sync (&parties, header, next_record, records, folder,
                                       &n_records, &sha256, records->cancellable, &error);
  g_assert_null (path);
  g_assert_null (sha256);
  g_assert_cmpuint (n_records, ==, 77);
  g_assert_error (error, domain, code);
  g_test_message ("%s", error->message);
  assert_folder_is_empty (folder);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_source_fails (void)
{
  Records records = { .n = 1000, .fail_at = 700 };

  fail_to_write (&records, G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
test_writing_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Records records = { .n = 1000000, .cancel_at = 500, .cancellable = cancellable };

  fail_to_write (&records, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (records.done, <, 1000000);
}

static void
test_record_too_long (void)
{
  Records records = { .n = 3, .padding = SPARE_JSON_LINE_MAX };

  fail_to_write (&records, SPARE_ERROR, SPARE_ERROR_TOO_LARGE);
}

static JsonObject *
next_reserved (gpointer data, GError **error)
{
  JsonObject *record = json_object_new ();

  json_object_set_int_member (record, data, 1);
  return record;
}

static void
test_reserved_names (void)
{
  static const char *const names[] = { "sparekey", "records" };
  const SpareBundleParties parties = bundle_fixture_get_parties (&fixture);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (SpareBundleHeader)
          header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
      g_autoptr (GError) error = NULL;

      g_assert_null (spare_bundle_write_bytes_sync (&parties, header, next_reserved,
                                                    (gpointer) names[i], NULL, NULL, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
    }
}

static void
test_no_secret_key (void)
{
  g_autoptr (SpareHome) attacker = spare_home_new (SPARE_HOME_OWN, fixture.attacker_home->path);
  SpareBundleParties parties = bundle_fixture_get_parties (&fixture);
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (GError) error = NULL;

  parties.signing_home = attacker;
  g_assert_null (
      spare_bundle_write_bytes_sync (&parties, header, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
}

static void
test_receiver_unusable (void)
{
  static const SpareTestKeyKind kinds[] = { SPARE_TEST_KEY_EXPIRED, SPARE_TEST_KEY_REVOKED,
                                            SPARE_TEST_KEY_SIGN_ONLY };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (SpareTestHome) test_home = spare_test_home_new ();
      g_autofree char *key = spare_test_create_key (test_home, kinds[i],
                                                    "Bob <bob@example.org>", NULL);
      g_autoptr (SpareHome) home = spare_home_new (SPARE_HOME_OWN, test_home->path);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareKey) receiver = spare_home_get_key_sync (home, key, FALSE, NULL, &error);
      g_autoptr (SpareBundleHeader)
          header = spare_bundle_header_new (SPARE_BUNDLE_GRANT, fixture.owner_key, key);
      SpareBundleParties parties = bundle_fixture_get_parties (&fixture);

      g_assert_no_error (error);
      parties.home = home;
      parties.receiver = receiver;
      g_assert_null (
          spare_bundle_write_bytes_sync (&parties, header, NULL, NULL, NULL, NULL, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
      g_test_message ("%s", error->message);
    }
}

static void
fail_to_open (const char *path, GCancellable *cancellable, GQuark domain, int code)
{
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_bundle_open_sync (path, &expectation, NULL, cancellable, &error));
  g_assert_error (error, domain, code);
  g_test_message ("%s", error->message);
  bundle_fixture_assert_nothing_left (&fixture);
}

static void
test_no_file (void)
{
  g_autofree char *missing = g_build_filename (fixture.folder, "missing.sparekey", NULL);

  fail_to_open (missing, NULL, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  fail_to_open (fixture.folder, NULL, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  fail_to_open ("/dev/zero", NULL, SPARE_ERROR, SPARE_ERROR_NOT_A_FILE);
}

static void
test_opening_cancelled (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (GBytes) octets = write_bundle (header, 1);
  g_autofree char *path = g_build_filename (fixture.folder, "cancelled.sparekey", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (octets, NULL),
                                      (gssize) g_bytes_get_size (octets), NULL));
  g_cancellable_cancel (cancellable);
  fail_to_open (path, cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_huge_file (void)
{
  g_autofree char *path = g_build_filename (fixture.folder, "huge.sparekey", NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_cmpint (truncate (path, (off_t) SPARE_BUNDLE_MAX + 1), ==, 0);
  fail_to_open (path, NULL, SPARE_ERROR, SPARE_ERROR_TOO_LARGE);
  g_unlink (path);
}

/* --- Keys --- */

/* The authority's keys: the newest one gets bundles, an older one still opens them. */
static void
test_newest_subkey (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (GBytes) octets = write_bundle (header, 0);
  g_auto (GStrv)
      keys = spare_test_list_fingerprints (fixture.authority_home, fixture.authority_key);
  g_autofree char *words = NULL;
  g_autofree char *lines = g_strdup_printf (":pubkey enc packet: version 3, algo 18, keyid %s",
                                            keys[2] + 24);
  g_autoptr (GBytes) packets = NULL;

  g_assert_cmpuint (g_strv_length (keys), ==, 3);
  spare_test_gpg_full (fixture.attacker_home, octets, &packets, NULL, "--list-packets", NULL);
  words = g_strndup (g_bytes_get_data (packets, NULL), g_bytes_get_size (packets));
  g_assert_nonnull (strstr (words, lines));
  g_assert_null (strstr (words, keys[1] + 24));
}

static void
test_older_subkey (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (JsonObject) line = spare_bundle_header_to_json (header);
  g_autofree char *written = spare_json_line_write (line);
  g_autofree char *text = g_strconcat (written, "\n{\"records\":0}\n", NULL);
  g_autoptr (GBytes) plain = g_bytes_new (text, strlen (text));
  g_auto (GStrv)
      keys = spare_test_list_fingerprints (fixture.authority_home, fixture.authority_key);
  g_autofree char *recipient = g_strconcat (keys[1], "!", NULL);
  g_autofree char *notation = g_strdup_printf ("bundle@sparekey.org=1:deposit:%s",
                                               fixture.authority_key);
  g_autoptr (GBytes)
      octets = spare_test_gpg_filter (fixture.owner_home, plain, "--trust-model", "always",
                                      "--sig-notation", notation, "--sign", "--encrypt",
                                      "--recipient", recipient, NULL);
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (SpareBundle) bundle = read_bundle (octets, &expectation);

  g_assert_cmpuint (spare_bundle_get_n_records (bundle), ==, 0);
}

/* A receiver with RSA, whose session keys gpg itself opens; a signer with a subkey for signing, in a home of his own that
 * doesn't know the receiver. */
static void
test_other_keys (void)
{
  g_autoptr (SpareTestHome) signer_home = spare_test_home_new ();
  g_autoptr (SpareTestHome) rsa_home = spare_test_home_new ();
  g_autofree char *signer = spare_test_create_key (signer_home, SPARE_TEST_KEY_DEFAULT,
                                                   "Sue <sue@example.org>", NULL);
  g_autofree char *log = spare_test_gpg (signer_home, "--passphrase", "", "--quick-add-key",
                                         signer, "ed25519", "sign", "0", NULL);
  g_autofree char *rsa = spare_test_create_key (rsa_home, SPARE_TEST_KEY_RSA,
                                                "Rob <rob@example.org>", NULL);
  g_autoptr (SpareHome) signing = spare_home_new (SPARE_HOME_OWN, signer_home->path);
  g_autoptr (SpareHome) receiving = spare_home_new (SPARE_HOME_OWN, rsa_home->path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) receiver = spare_home_get_key_sync (receiving, rsa, FALSE, NULL, &error);
  const SpareBundleParties parties = {
    .home = receiving, .signing_home = signing, .signer = signer, .receiver = receiver
  };
  SpareBundleExpectation expectation = {
    .home = receiving, .me = receiver, .types = SPARE_BUNDLE_ANY, .spool = fixture.spool
  };
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_GRANT, signer, rsa);
  Records records = { .n = 4 };
  g_autoptr (GBytes) octets = spare_bundle_write_bytes_sync (&parties, header, next_record,
                                                             &records, NULL, NULL, &error);
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (GBytes) certificate = NULL;

  g_assert_no_error (error);
  bundle = read_bundle (octets, &expectation);
  assert_records (bundle, 4);
  g_clear_pointer (&bundle, spare_bundle_free);

  /* The certificate that was given counts, and the header's is not looked at. */
  certificate = spare_test_export (signer_home, signer);
  g_free (header->certificate);
  header->certificate = g_strdup ("nothing");
  g_clear_pointer (&octets, g_bytes_unref);
  records.done = 0;
  octets = spare_bundle_write_bytes_sync (&parties, header, next_record, &records, NULL, NULL,
                                          &error);
  g_assert_no_error (error);
  expectation.sender = signer;
  expectation.sender_certificate = certificate;
  bundle = read_bundle (octets, &expectation);
  assert_records (bundle, 4);
  g_assert_cmpstr (spare_key_get_fingerprint (spare_bundle_get_sender (bundle)), ==, signer);
  g_assert_cmpuint (g_bytes_get_size (spare_bundle_get_sender_certificate (bundle)), >, 100);
}

/* --- Many --- */

static glong
get_peak (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void
test_many (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  const SpareBundleParties parties = bundle_fixture_get_parties (&fixture);
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  Records records = { .n = 100000, .padding = 600 };
  g_autofree char *path = NULL;
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (GError) error = NULL;
  glong before = get_peak ();
  gint64 begin = g_get_monotonic_time ();

  path = spare_bundle_write_file_sync (&parties, header, next_record, &records, fixture.folder,
                                       NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("written after %.1f s", (double) (g_get_monotonic_time () - begin) / 1e6);
  bundle = spare_bundle_open_sync (path, &expectation, NULL, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("open after %.1f s", (double) (g_get_monotonic_time () - begin) / 1e6);
  assert_records (bundle, 100000);
  g_test_message ("read after %.1f s, %ld KiB more",
                  (double) (g_get_monotonic_time () - begin) / 1e6, get_peak () - before);
  g_assert_cmpint (get_peak () - before, <, 16 * 1024);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  int result;

  bundle_fixture_begin ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  bundle_fixture_set_up (&fixture);

  for (guint i = 0; i < SPARE_BUNDLE_N_TYPES; i++)
    {
      g_autofree char *path = g_strdup_printf ("/bundle/a-%s-is-read-as-it-was-written",
                                               spare_bundle_type_to_string (i));

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_every_type);
    }
  g_test_add_func ("/bundle/stock-gpg-opens-it-and-finds-the-signature-good", test_stock_gpg);
  g_test_add_func ("/bundle/a-file-is-whole-and-stays-readable-without-its-medium", test_file);
  g_test_add_func ("/bundle/its-octets-are-copied-as-they-came", test_copy);
  g_test_add_func ("/bundle/writing/nothing-is-left-when-the-records-fail", test_source_fails);
  g_test_add_func ("/bundle/writing/nothing-is-left-when-cancelled", test_writing_cancelled);
  g_test_add_func ("/bundle/writing/a-record-past-64-KiB-is-refused", test_record_too_long);
  g_test_add_func ("/bundle/writing/names-of-the-first-and-last-line-are-kept",
                   test_reserved_names);
  g_test_add_func ("/bundle/writing/needs-the-secret-key-of-the-signer", test_no_secret_key);
  g_test_add_func ("/bundle/writing/needs-a-receiver-who-can-open-it", test_receiver_unusable);
  g_test_add_func ("/bundle/opening/takes-files-only", test_no_file);
  g_test_add_func ("/bundle/opening/can-be-cancelled", test_opening_cancelled);
  g_test_add_func ("/bundle/opening/stops-at-512-MiB", test_huge_file);
  g_test_add_func ("/bundle/keys/the-newest-subkey-gets-it", test_newest_subkey);
  g_test_add_func ("/bundle/keys/an-older-subkey-opens-it-too", test_older_subkey);
  g_test_add_func ("/bundle/keys/RSA-a-signing-subkey-two-homes-a-known-sender",
                   test_other_keys);
  g_test_add_func ("/bundle/a-hundred-thousand-records-take-no-memory", test_many);
  result = g_test_run ();
  bundle_fixture_tear_down (&fixture);
  return result;
}
