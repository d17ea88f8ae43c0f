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
      g_autofree char *padding = g_strnfill (self->padding, 'x');

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
  result = g_test_run ();
  bundle_fixture_tear_down (&fixture);
  return result;
}
