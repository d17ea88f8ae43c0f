/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What approvals sign: one form, and a hash that changes with everything. */
#include "config.h"

#include "record-sample.h"

#include "spare-error.h"
#include "spare-manifest.h"

#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FILE_1 "11111111111111111111111111111111"
#define FILE_2 "22222222222222222222222222222222"
#define FILE_3 "33333333333333333333333333333333"
#define PERSON "Ada \"Lovelace\" <ada@example.org>\t\\ ünd"

static SpareManifest *
sample (void)
{
  SpareManifest *self = spare_manifest_new ();

  self->case_id = g_strdup ("C-17");
  self->request_sha256 = g_strdup (HASH_A);
  self->old_fingerprint = g_strdup (SAMPLE_OWNER);
  self->person = g_strdup (PERSON);
  self->key = g_strdup (SAMPLE_SUBKEY);
  self->subkey = g_strdup (SAMPLE_OWNER);
  self->policy_sha256 = g_strdup (HASH_B);
  self->expires = 1795000000;
  spare_manifest_add_evidence (self, "new-key", HASH_A);
  spare_manifest_add_evidence (self, "document", HASH_B);
  spare_manifest_add_file (self, FILE_2, SAMPLE_SERIAL, HASH_A, SPARE_VERDICT_MATCHED);
  spare_manifest_add_file (self, FILE_1, NULL, HASH_B, SPARE_VERDICT_UNSURE);
  return self;
}

static char *
text_of (const SpareManifest *self)
{
  g_autoptr (GBytes) octets = spare_manifest_serialize (self);

  return g_strndup (g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));
}

static void
test_form (void)
{
  g_autoptr (SpareManifest) self = sample ();
  g_autofree char *text = text_of (self);

  g_assert_cmpstr (text, ==,
                   "{\"manifest\":1,\"case\":\"C-17\",\"request-sha256\":\"" HASH_A
                   "\",\"old\":\"" SAMPLE_OWNER
                   "\",\"person\":\"Ada \\\"Lovelace\\\" <ada@example.org>\\u0009\\\\ "
                   "ünd\",\"key\":\"" SAMPLE_SUBKEY "\",\"subkey\":\"" SAMPLE_OWNER
                   "\",\"policy-sha256\":\"" HASH_B "\",\"expires\":\"2026-11-18T11:06:40Z\"}\n"
                   "{\"check\":\"document\",\"sha256\":\"" HASH_B "\"}\n"
                   "{\"check\":\"new-key\",\"sha256\":\"" HASH_A "\"}\n"
                   "{\"file\":\"" FILE_1 "\",\"serial\":\"\",\"sha256\":\"" HASH_B
                   "\",\"verdict\":\"unsure\"}\n"
                   "{\"file\":\"" FILE_2 "\",\"serial\":\"" SAMPLE_SERIAL
                   "\",\"sha256\":\"" HASH_A "\",\"verdict\":\"matched\"}\n"
                   "{\"records\":4}\n");
}

static void
test_round (void)
{
  g_autoptr (SpareManifest) self = sample ();
  g_autoptr (GBytes) octets = spare_manifest_serialize (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareManifest) again = spare_manifest_parse (octets, &error);
  g_autoptr (GBytes) second = NULL;
  SpareManifestFile *file;

  g_assert_no_error (error);
  second = spare_manifest_serialize (again);
  g_assert_true (g_bytes_equal (second, octets));
  g_assert_cmpstr (again->person, ==, PERSON);
  g_assert_cmpstr (again->old_fingerprint, ==, SAMPLE_OWNER);
  g_assert_cmpint (again->expires, ==, 1795000000);
  g_assert_cmpuint (again->files->len, ==, 2);
  g_assert_cmpuint (again->evidence->len, ==, 2);
  file = g_ptr_array_index (again->files, 0);
  g_assert_cmpstr (file->file_id, ==, FILE_1);
  g_assert_cmpint (file->verdict, ==, SPARE_VERDICT_UNSURE);
}

static void
test_order (void)
{
  g_autoptr (SpareManifest) one = sample ();
  g_autoptr (SpareManifest) other = sample ();
  g_autofree char *expected = NULL;
  g_autofree char *text = NULL;

  spare_manifest_add_file (one, FILE_3, SAMPLE_SERIAL, HASH_A, SPARE_VERDICT_MATCHED);
  spare_manifest_add_file (one, FILE_3, SAMPLE_SERIAL, HASH_B, SPARE_VERDICT_MATCHED);
  spare_manifest_add_file (other, FILE_3, SAMPLE_SERIAL, HASH_B, SPARE_VERDICT_MATCHED);
  spare_manifest_add_file (other, FILE_3, SAMPLE_SERIAL, HASH_A, SPARE_VERDICT_MATCHED);
  expected = text_of (one);
  text = text_of (other);
  g_assert_cmpstr (text, ==, expected);
}

/* Each step changes one thing; no two steps give the same hash. */
static void
change (SpareManifest *self, guint step)
{
  SpareManifestFile *file = g_ptr_array_index (self->files, 0);
  SpareManifestEvidence *evidence = g_ptr_array_index (self->evidence, 0);
  struct
  {
    char **text;
    const char *value;
  } texts[] = {
    { &self->case_id, "C-18" },       { &self->request_sha256, HASH_B },
    { &self->old_fingerprint, "" },   { &self->person, "Ada" },
    { &self->key, SAMPLE_OWNER },     { &self->subkey, SAMPLE_SUBKEY },
    { &self->policy_sha256, HASH_A }, { &file->file_id, FILE_3 },
    { &file->serial, "8AD58320-1" },  { &file->sha256, HASH_B },
    { &evidence->check, "callback" }, { &evidence->sha256, HASH_B },
  };

  if (step < G_N_ELEMENTS (texts))
    {
      g_free (*texts[step].text);
      *texts[step].text = g_strdup (texts[step].value);
    }
  else if (step == 12)
    self->expires++;
  else if (step == 13)
    file->verdict = SPARE_VERDICT_UNMATCHED;
  else if (step == 14)
    file->verdict = SPARE_VERDICT_UNSURE;
  else if (step == 15)
    g_ptr_array_remove_index (self->files, 0);
  else if (step == 16)
    g_ptr_array_remove_index (self->evidence, 0);
  else if (step == 17)
    spare_manifest_add_file (self, FILE_3, SAMPLE_SERIAL, HASH_A, SPARE_VERDICT_MATCHED);
  else if (step == 18)
    spare_manifest_add_evidence (self, "callback", HASH_A);
}

static void
test_hash (void)
{
  g_autoptr (GHashTable) hashes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint step = 0; step < 20; step++)
    {
      g_autoptr (SpareManifest) self = sample ();
      g_autoptr (GBytes) octets = NULL;
      g_autoptr (SpareManifest) again = NULL;
      g_autoptr (GError) error = NULL;

      change (self, step);
      octets = spare_manifest_serialize (self);
      again = spare_manifest_parse (octets, &error);
      g_assert_no_error (error);
      g_test_message ("step %u", step);
      g_assert_true (g_hash_table_add (hashes, spare_manifest_hash (octets)));
    }
}

static void
test_other_forms (void)
{
  static const struct
  {
    const char *reason;
    const char *find;
    const char *replacement;
  } rows[] = {
    { "a blank", "\"case\":", "\"case\": " },
    { "another escape of the same sign", "\\u0009", "\\t" },
    { "an escape that is not needed", "ünd", "\\u00fcnd" },
    { "members in another order", "\"manifest\":1,\"case\":\"C-17\"",
      "\"case\":\"C-17\",\"manifest\":1" },
    { "a member more", "\"case\"", "\"more\":1,\"case\"" },
    { "a higher version", "\"manifest\":1", "\"manifest\":2" },
    { "a count that is wrong", "{\"records\":4}", "{\"records\":3}" },
    { "no count", "{\"records\":4}\n", "" },
    { "a line after the count", "{\"records\":4}\n", "{\"records\":4}\n{\"records\":4}\n" },
    { "no last line feed", "{\"records\":4}\n", "{\"records\":4}" },
    { "an empty line", "{\"records\":4}\n", "\n{\"records\":4}\n" },
    { "lines in another order", "{\"check\":\"document\"", "{\"check\":\"zzz\"" },
    { "a check twice", "\"document\"", "\"new-key\"" },
    { "a file before a check", "{\"check\":\"new-key\",\"sha256\":\"" HASH_A "\"}\n", "" },
    { "a verdict of another case", "\"matched\"", "\"MATCHED\"" },
    { "matched without a source", SAMPLE_SERIAL, "" },
    { "a check in capitals", "\"document\"", "\"Document\"" },
    { "an old key that is none", "\"old\":\"8AD5", "\"old\":\"8ad5" },
    { "no case", "C-17", "" },
    { "carriage returns", "}\n", "}\r\n" },
  };
  g_autoptr (SpareManifest) self = sample ();
  g_autofree char *text = text_of (self);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *place = strstr (text, rows[i].find);
      g_autofree char *changed = NULL;
      g_autoptr (GBytes) octets = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].reason);
      g_assert_nonnull (place);
      changed = g_strdup_printf ("%.*s%s%s", (int) (place - text), text, rows[i].replacement,
                                 place + strlen (rows[i].find));
      octets = g_bytes_new (changed, strlen (changed));
      g_assert_null (spare_manifest_parse (octets, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
    }
}

static void
test_cut (void)
{
  g_autoptr (SpareManifest) self = sample ();
  g_autoptr (GBytes) octets = spare_manifest_serialize (self);
  gsize length = g_bytes_get_size (octets);

  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (octets, 0, i);

      g_assert_null (spare_manifest_parse (cut, NULL));
    }
}

static void
test_unfinished (void)
{
  g_autoptr (SpareManifest) self = spare_manifest_new ();
  g_autoptr (GBytes) octets = spare_manifest_serialize (self);
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_manifest_parse (octets, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/manifest/is-written-sign-by-sign", test_form);
  g_test_add_func ("/manifest/is-read-back-as-written", test_round);
  g_test_add_func ("/manifest/does-not-depend-on-the-order-it-was-made-in", test_order);
  g_test_add_func ("/manifest/any-change-gives-another-hash", test_hash);
  g_test_add_func ("/manifest/other-forms-of-the-same-are-refused", test_other_forms);
  g_test_add_func ("/manifest/cut-short-is-refused", test_cut);
  g_test_add_func ("/manifest/unfinished-is-refused", test_unfinished);
  return g_test_run ();
}
