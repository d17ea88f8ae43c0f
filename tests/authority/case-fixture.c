/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners of files and their bundles, for the authority's tests: all made by stock gpg and by what escrow/ writes, since
 * what the owner's side is built of is not to be seen from here. */
#include "config.h"

#include "case-fixture.h"

#include "spare-bundle-reader.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-grant-record.h"
#include "spare-json-line.h"
#include "spare-proof.h"
#include "spare-session-key.h"

#include <glib/gstdio.h>
#include <string.h>

static SpareKey *
get_key (SpareHome *home, const char *fingerprint)
{
  g_autoptr (GError) error = NULL;
  SpareKey *key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
  return key;
}

Person *
case_fixture_add_person (CaseFixture *f, SpareTestKeyKind kind, const char *user_id)
{
  Person *self = g_new0 (Person, 1);

  self->dir = spare_test_home_new ();
  spare_test_import (self->dir, f->certificate);
  self->fingerprint = spare_test_create_key (self->dir, kind, user_id, NULL);
  self->fingerprints = spare_test_list_fingerprints (self->dir, self->fingerprint);
  self->home = spare_home_new (SPARE_HOME_OWN, self->dir->path);
  return self;
}

void
person_free (Person *self)
{
  if (self == NULL)
    return;
  spare_home_shut_down (self->home);
  g_object_unref (self->home);
  spare_test_home_free (self->dir);
  g_free (self->fingerprint);
  g_strfreev (self->fingerprints);
  g_free (self);
}

static void
find_subkeys (CaseFixture *f)
{
  g_autoptr (SpareKey) key = spare_authority_dup_key (f->authority.authority);
  const SpareSubkey *oldest = spare_key_pick_oldest_encryption_subkey (key, AUTHORITY_EPOCH);
  const SpareSubkey *newest = spare_key_pick_newest_encryption_subkey (key, AUTHORITY_EPOCH);

  g_assert_true (oldest != newest);
  f->escrow = g_strdup (oldest->fingerprint);
  f->transport = g_strdup (newest->fingerprint);
}

void
case_fixture_set_up (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  authority_fixture_set_up (&f->authority, data);
  f->stick = g_build_filename (f->authority.folder, "stick", NULL);
  g_assert_cmpint (g_mkdir (f->stick, 0700), ==, 0);
  f->certificate = spare_authority_export_certificate_sync (f->authority.authority, NULL,
                                                            &error);
  g_assert_no_error (error);
  find_subkeys (f);
  f->alice = case_fixture_add_person (f, SPARE_TEST_KEY_DEFAULT,
                                      "Alice Example <alice@example.org>");
  f->alice_new = case_fixture_add_person (f, SPARE_TEST_KEY_DEFAULT,
                                          "Alice Example <alice@example.org>");
  f->mallory = case_fixture_add_person (f, SPARE_TEST_KEY_DEFAULT,
                                        "Mallory <mallory@example.org>");
}

void
case_fixture_tear_down (CaseFixture *f, gconstpointer data)
{
  person_free (f->alice);
  person_free (f->alice_new);
  person_free (f->mallory);
  g_bytes_unref (f->certificate);
  g_free (f->escrow);
  g_free (f->transport);
  g_free (f->stick);
  authority_fixture_tear_down (&f->authority, data);
}

GBytes *
case_fixture_encrypt (CaseFixture *f, Person *owner, const char *subkey, const char *text)
{
  g_autoptr (GBytes) plain = g_bytes_new (text, strlen (text));
  g_autofree char *recipient = g_strconcat (subkey, "!", NULL);

  return spare_test_gpg_filter (owner->dir, plain, "--trust-model", "always", "--encrypt", "-z",
                                "0", "-r", owner->fingerprint, "-r", recipient, NULL);
}

static SpareEsk *
find_esk (const SpareHead *head, const char *fingerprint)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (spare_esk_matches_fingerprint (spare_head_get_esk (head, i), fingerprint))
      return spare_head_get_esk (head, i);
  return NULL;
}

static SpareHead *
read_head (GBytes *file)
{
  g_autoptr (GError) error = NULL;
  SpareHead *head = spare_head_new_from_bytes (file, &error);

  g_assert_no_error (error);
  g_assert_true (spare_head_is_encrypted (head));
  return head;
}

static void
prove (CaseFixture *f,
       Person *prover,
       const char *owner,
       const SpareHead *head,
       const char *serial,
       guint8 *proof)
{
  g_autoptr (SpareKey) key = get_key (prover->home, prover->fingerprint);
  g_autoptr (SpareSessionKeyOpener) opener = spare_session_key_opener_new (prover->home, key);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSessionKey) session = NULL;

  for (guint i = 0; session == NULL && i < spare_head_get_n_esks (head); i++)
    if (spare_key_find_key_id (key, spare_esk_get_key_id (spare_head_get_esk (head, i)))
        != NULL)
      {
        session = spare_session_key_opener_open_sync (opener, spare_head_get_esk (head, i),
                                                      head, NULL, &error);
        g_assert_no_error (error);
      }
  g_assert_nonnull (session);
  spare_proof_compute (session->secret, owner, f->authority.fingerprint, serial, head, proof,
                       &error);
  g_assert_no_error (error);
}

SpareDepositRecord *
case_fixture_make_record (CaseFixture *f,
                          Person *prover,
                          const char *owner,
                          GBytes *file,
                          const char *serial)
{
  g_autoptr (SpareHead) head = read_head (file);
  SpareEsk *esk = find_esk (head, f->escrow);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) packet = NULL;
  guint8 proof[SPARE_PROOF_LENGTH] = { 0 };
  const char *subkey = f->escrow;
  SpareDepositRecord *record;

  if (esk == NULL)
    {
      esk = find_esk (head, f->transport);
      subkey = f->transport;
    }
  packet = spare_escrow_packet_build (esk, head, &error);
  g_assert_no_error (error);
  if (prover != NULL)
    prove (f, prover, owner, head, serial, proof);
  record = spare_deposit_record_new (serial, AUTHORITY_EPOCH - 100, "A letter", "letter.txt",
                                     g_bytes_get_size (file), subkey, "cv25519", "AES256",
                                     packet, prover != NULL ? proof : NULL, &error);
  g_assert_no_error (error);
  return record;
}

static JsonObject *
next_line_cb (gpointer user_data, GError **error)
{
  GPtrArray *lines = user_data;

  return lines->len > 0 ? g_ptr_array_steal_index (lines, 0) : NULL;
}

char *
case_fixture_write (CaseFixture *f, Person *from, SpareBundleHeader *header, GPtrArray *lines)
{
  g_autoptr (SpareKey) receiver = get_key (from->home, f->authority.fingerprint);
  const SpareBundleParties parties = {
    .home = from->home,
    .signing_home = from->home,
    .signer = from->fingerprint,
    .receiver = receiver,
  };
  g_autoptr (GError) error = NULL;
  char *path = spare_bundle_write_file_sync (&parties, header, next_line_cb, lines, f->stick,
                                             NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return path;
}

char *
case_fixture_write_deposit (CaseFixture *f, Person *owner, GPtrArray *records)
{
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_DEPOSIT, owner->fingerprint,
                                        f->authority.fingerprint);
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();

  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (lines, spare_deposit_record_to_json (g_ptr_array_index (records, i)));
  return case_fixture_write (f, owner, header, lines);
}

char *
case_fixture_deposit_file (CaseFixture *f, Person *owner, GBytes *file, const char *serial)
{
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_deposit_record_free);

  g_ptr_array_add (records,
                   case_fixture_make_record (f, owner, owner->fingerprint, file, serial));
  return case_fixture_write_deposit (f, owner, records);
}

SpareRequestRecord *
case_fixture_ask_for (CaseFixture *f, GBytes *file, const char *name)
{
  g_autoptr (SpareHead) head = read_head (file);
  g_autoptr (GError) error = NULL;
  SpareEsk *esk = find_esk (head, f->escrow);
  SpareRequestRecord *record;

  if (esk == NULL)
    esk = find_esk (head, f->transport);
  record = spare_request_record_new (name, g_bytes_get_size (file), head, esk, &error);
  g_assert_no_error (error);
  return record;
}

SpareBundleHeader *
case_fixture_request_header (CaseFixture *f, Person *owner, const char *old)
{
  SpareBundleHeader *header = spare_bundle_header_new (SPARE_BUNDLE_REQUEST, owner->fingerprint,
                                                       f->authority.fingerprint);

  if (old != NULL)
    json_object_set_string_member (header->fields, "old", old);
  json_object_set_string_member (header->fields, "reason", "The laptop fell into a lake.");
  json_object_set_string_member (header->fields, "lost", "lost");
  return header;
}

char *
case_fixture_write_request (CaseFixture *f, Person *owner, const char *old, GPtrArray *records)
{
  g_autoptr (SpareBundleHeader) header = case_fixture_request_header (f, owner, old);
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();

  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (lines, spare_request_record_to_json (g_ptr_array_index (records, i)));
  return case_fixture_write (f, owner, header, lines);
}

char *
case_fixture_request_file (CaseFixture *f, Person *owner, const char *old, GBytes *file)
{
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_request_record_free);

  g_ptr_array_add (records, case_fixture_ask_for (f, file, "letter.txt.gpg"));
  return case_fixture_write_request (f, owner, old, records);
}

/* --- At the authority --- */

SpareImportResult *
case_fixture_import (CaseFixture *f, const char *path)
{
  g_autoptr (GError) error = NULL;
  SpareImportResult *result = spare_authority_import_sync (f->authority.authority, path, NULL,
                                                           NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (result);
  return result;
}

void
case_fixture_import_done (CaseFixture *f, const char *path, guint64 n_new)
{
  g_autoptr (SpareImportResult) result = case_fixture_import (f, path);

  g_assert_no_error (result->error);
  g_assert_cmpint (result->status, ==, SPARE_IMPORT_DONE);
  g_assert_cmpuint (result->n_new, ==, n_new);
}

char *
case_fixture_import_case (CaseFixture *f, const char *path)
{
  g_autoptr (SpareImportResult) result = case_fixture_import (f, path);

  g_assert_no_error (result->error);
  g_assert_cmpint (result->status, ==, SPARE_IMPORT_DONE);
  g_assert_nonnull (result->case_id);
  return g_strdup (result->case_id);
}

static guint64
count_packets (CaseFixture *f)
{
  const SpareRegistryQuery query = { 0 };
  guint64 count = 0;
  g_autoptr (GError) error = NULL;

  spare_registry_count_packets (spare_authority_get_registry (f->authority.authority), &query,
                                &count, &error);
  g_assert_no_error (error);
  return count;
}

static guint
count_cases (CaseFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) cases = spare_case_list_sync (f->authority.authority, NULL, &error);

  g_assert_no_error (error);
  return cases->len;
}

void
case_fixture_import_refused (CaseFixture *f, const char *path)
{
  guint64 packets = count_packets (f);
  guint cases = count_cases (f);
  guint denied = case_fixture_count_events (f, "bundle.import.denied");
  g_autoptr (SpareImportResult) result = case_fixture_import (f, path);

  g_assert_cmpint (result->status, ==, SPARE_IMPORT_REFUSED);
  g_assert_nonnull (result->error);
  g_assert_cmpuint (count_packets (f), ==, packets);
  g_assert_cmpuint (count_cases (f), ==, cases);
  g_assert_cmpuint (case_fixture_count_events (f, "bundle.import.denied"), ==, denied + 1);
}

guint
case_fixture_count_events (CaseFixture *f, const char *event)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      rows = spare_audit_list (spare_authority_get_audit (f->authority.authority), NULL, 0,
                               10000, &error);
  guint n = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    n += g_str_equal (((SpareAuditRow *) g_ptr_array_index (rows, i))->event, event);
  return n;
}

void
case_fixture_enroll (CaseFixture *f, Person *owner)
{
  g_autoptr (GError) error = NULL;

  spare_authority_enroll_sync (f->authority.authority, owner->fingerprint, "+41 44 000 00 00",
                               "Passport seen", NULL, &error);
  g_assert_no_error (error);
}

void
case_fixture_identify (CaseFixture *f, const char *id, Person *new_key)
{
  const char *const checks[][2] = {
    { "document", "Passport X1234567" },
    { "callback", "Called at the number of the enrolment" },
    { "new-key", new_key->fingerprint },
  };

  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareCase)
          shown = spare_case_identify_sync (f->authority.authority, id, checks[i][0],
                                            checks[i][1], NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (shown);
    }
}

void
case_fixture_approve (CaseFixture *f, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareCase)
      shown = spare_case_approve_sync (f->authority.authority, id,
                                       spare_authority_get_home (f->authority.authority),
                                       f->authority.fingerprint, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (shown);
}

SpareCase *
case_fixture_get (CaseFixture *f, const char *id)
{
  g_autoptr (GError) error = NULL;
  SpareCase *shown = spare_case_get_sync (f->authority.authority, id, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (shown);
  return shown;
}

SpareGrantResult *
case_fixture_recover (CaseFixture *f, const char *id)
{
  g_autoptr (GError) error = NULL;
  SpareGrantResult *result = spare_case_recover_sync (f->authority.authority, id, f->stick,
                                                      NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (result);
  return result;
}

static guint
count_grants (CaseFixture *f)
{
  g_autoptr (GDir) dir = g_dir_open (f->stick, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, "grant-");
  return n;
}

void
case_fixture_recover_fails (CaseFixture *f, const char *id, int code)
{
  guint grants = count_grants (f);
  guint denied = case_fixture_count_events (f, "case.recover.denied");
  guint granted = case_fixture_count_events (f, "case.grant");
  g_autoptr (GError) error = NULL;
  SpareGrantResult *result = spare_case_recover_sync (f->authority.authority, id, f->stick,
                                                      NULL, NULL, &error);

  g_assert_error (error, SPARE_ERROR, code);
  g_assert_null (result);
  g_assert_cmpuint (count_grants (f), ==, grants);
  g_assert_cmpuint (case_fixture_count_events (f, "case.recover.denied"), ==, denied + 1);
  g_assert_cmpuint (case_fixture_count_events (f, "case.grant"), ==, granted);
}

/* --- Back at the owner --- */

static SpareGrantRecord *
read_grant (CaseFixture *f, Person *owner, const char *path)
{
  g_autoptr (SpareKey) key = get_key (owner->home, owner->fingerprint);
  const SpareBundleExpectation expectation = {
    .home = owner->home,
    .me = key,
    .sender = f->authority.fingerprint,
    .sender_certificate = f->certificate,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_GRANT),
    .spool = f->authority.folder,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareBundle)
      grant = spare_bundle_open_sync (path, &expectation, NULL, NULL, &error);
  g_autoptr (JsonObject) object = NULL;
  SpareGrantRecord *record;

  g_assert_no_error (error);
  spare_bundle_next_sync (grant, &object, &error);
  g_assert_no_error (error);
  g_assert_nonnull (object);
  record = spare_grant_record_from_json (object, &error);
  g_assert_no_error (error);
  return record;
}

static GBytes *
splice (CaseFixture *f, Person *owner, const char *grant, GBytes *file)
{
  g_autoptr (SpareGrantRecord) record = read_grant (f, owner, grant);
  GBytes *esk = spare_esk_get_packet (record->esk);
  g_autoptr (GByteArray) whole = g_byte_array_new ();

  g_byte_array_append (whole, g_bytes_get_data (esk, NULL), (guint) g_bytes_get_size (esk));
  g_byte_array_append (whole, g_bytes_get_data (file, NULL), (guint) g_bytes_get_size (file));
  return g_byte_array_free_to_bytes (g_steal_pointer (&whole));
}

gboolean
case_fixture_grant_opens (CaseFixture *f, Person *owner, const char *grant, GBytes *file)
{
  g_autoptr (GBytes) input = splice (f, owner, grant, file);

  return spare_test_gpg_full (owner->dir, input, NULL, NULL, "--decrypt", NULL) == 0;
}

char *
case_fixture_open_with_grant (CaseFixture *f, Person *owner, const char *grant, GBytes *file)
{
  g_autoptr (GBytes) input = splice (f, owner, grant, file);
  g_autoptr (GBytes) plain = spare_test_gpg_filter (owner->dir, input, "--decrypt", NULL);

  return g_strndup (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
}
