/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the registry that were changed while it was closed, and what others send to be in the way: what is granted, to
 * whom and by which rules rests on what was signed. */
#include "config.h"

#include "case-fixture.h"

#include "spare-bundle-reader.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-packet-export.h"
#include "spare-transfer-record.h"

#include <string.h>

#define STRANGER "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

/* A deposited file and a request for it. */
typedef struct
{
  GBytes *file;
  char *id;
} Story;

static void
story_clear (Story *self)
{
  g_clear_pointer (&self->file, g_bytes_unref);
  g_clear_pointer (&self->id, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Story, story_clear)

static void
deposit (CaseFixture *f, Story *story)
{
  g_autofree char *path = NULL;

  if (story->file == NULL)
    story->file = case_fixture_encrypt (f, f->alice, f->escrow, "The lake.");
  path = case_fixture_deposit_file (f, f->alice, story->file, "ALICE-0001-1");
  case_fixture_import_done (f, path, 1);
}

static void
request (CaseFixture *f, Story *story)
{
  g_autofree char *path = NULL;

  authority_fixture_now += 60;
  path = case_fixture_request_file (f, f->alice_new, f->alice->fingerprint, story->file);
  story->id = case_fixture_import_case (f, path);
}

static void
assert_verdict (CaseFixture *f, const Story *story, SpareVerdict verdict)
{
  g_autoptr (SpareCase) shown = case_fixture_get (f, story->id);
  const SpareCaseFile *file = g_ptr_array_index (shown->files, 0);

  g_assert_cmpint (file->verdict, ==, verdict);
}

/* Runs @sql as somebody who has the file while nobody looks. */
static void
edit (CaseFixture *f, const char *sql)
{
  authority_fixture_drop (&f->authority);
  authority_fixture_sql (&f->authority, sql);
  authority_fixture_open (&f->authority);
}

/* A row as anybody can make it who has the file: its hash fits, and nobody signed it. Returns its number. */
static gint64
slip_in (CaseFixture *f, const char *event, const char *json, const char *sql)
{
  SpareRegistry *registry = spare_authority_get_registry (f->authority.authority);
  g_autoptr (JsonObject) detail = spare_json_line_parse (json, strlen (json), NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = NULL;
  gint64 sequence = 0;

  g_assert_nonnull (detail);
  spare_registry_begin (registry, &error);
  g_assert_no_error (error);
  spare_audit_append (spare_authority_get_audit (f->authority.authority), event,
                      f->authority.fingerprint, detail, &sequence, &error);
  g_assert_no_error (error);
  spare_registry_commit (registry, &error);
  g_assert_no_error (error);
  whole = g_strdup_printf ("%s; UPDATE owners SET enrolled_sequence = %" G_GINT64_FORMAT
                           " WHERE enrolled_sequence = -1",
                           sql, sequence);
  edit (f, whole);
  return sequence;
}

/* --- Owners --- */

static void
test_unknown_old_key (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) cases = NULL;
  g_autoptr (GError) error = NULL;

  story.file = case_fixture_encrypt (f, f->alice, f->escrow, "The lake.");
  path = case_fixture_request_file (f, f->mallory, STRANGER, story.file);
  story.id = case_fixture_import_case (f, path);
  cases = spare_case_list_sync (f->authority.authority, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cases->len, ==, 1);
  assert_verdict (f, &story, SPARE_VERDICT_UNMATCHED);
}

static void
test_enrolment_slipped_in (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autofree char *contact = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "My phone", -1);
  g_autofree char *evidence = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "Seen", -1);
  g_autofree char *json = NULL;
  g_autofree char *sql = NULL;
  g_autoptr (SpareCase) shown = NULL;

  deposit (f, &story);
  request (f, &story);
  json = g_strdup_printf ("{\"owner\":\"%s\",\"contact-sha256\":\"%s\",\"evidence-sha256\":"
                          "\"%s\"}",
                          f->alice->fingerprint, contact, evidence);
  sql = g_strdup_printf ("UPDATE owners SET contact = 'My phone', evidence = 'Seen',"
                         " enrolled_time = 1924992000, enrolled_sequence = -1"
                         " WHERE fingerprint = '%s'",
                         f->alice->fingerprint);
  slip_in (f, "owner.enroll", json, sql);
  assert_verdict (f, &story, SPARE_VERDICT_UNMATCHED);
  shown = case_fixture_get (f, story.id);
  g_assert_false (shown->owner_enrolled);
  g_assert_null (shown->contact);
}

static void
test_enrolment_of_before (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;

  deposit (f, &story);
  spare_authority_enroll_sync (f->authority.authority, f->alice->fingerprint, "Old phone",
                               "Seen", NULL, &error);
  g_assert_no_error (error);
  edit (f, "CREATE TABLE kept_owners AS SELECT * FROM owners;"
           "CREATE TABLE kept AS SELECT * FROM attestations");
  case_fixture_enroll (f, f->alice);
  request (f, &story);
  assert_verdict (f, &story, SPARE_VERDICT_MATCHED);
  edit (f,
        "UPDATE owners SET (contact, evidence, enrolled_sequence) = (SELECT contact,"
        " evidence, enrolled_sequence FROM kept_owners k"
        "  WHERE k.fingerprint = owners.fingerprint);"
        "INSERT OR REPLACE INTO attestations SELECT * FROM kept WHERE subject LIKE 'owner/%'");
  assert_verdict (f, &story, SPARE_VERDICT_UNMATCHED);
}

static void
test_person (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareCase) before = NULL;
  g_autoptr (SpareCase) after = NULL;

  deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  request (f, &story);
  before = case_fixture_get (f, story.id);
  edit (f, "UPDATE owners SET user_id = 'Mallory <mallory@example.org>'");
  after = case_fixture_get (f, story.id);
  g_assert_cmpstr (after->person, ==, before->person);
  g_assert_null (strstr (after->person, "Mallory"));
}

/* Enrolled before there was a name: the name comes from the certificate then, and a changed one voids what was approved. */
static void
test_person_without_name (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  case_fixture_enroll (f, f->alice);
  deposit (f, &story);
  request (f, &story);
  edit (f, "UPDATE owners SET user_id = 'Mallory <mallory@example.org>'");
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

/* Opened while the clock ran ten years ahead: it does not stay open for as long, when an officer has set that right. */
static void
test_case_to_come (CaseFixture *f, gconstpointer data)
{
  SpareAudit *audit = spare_authority_get_audit (f->authority.authority);
  g_auto (Story) story = { NULL };
  g_autoptr (SpareCase) shown = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = authority_fixture_now;

  deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += (gint64) 10 * 365 * 86400;
  request (f, &story);
  authority_fixture_now = now + 120;
  spare_audit_confirm_clock_sync (audit, "Ben", NULL, &error);
  g_assert_no_error (error);
  shown = case_fixture_get (f, story.id);
  g_assert_cmpint (shown->state, ==, SPARE_CASE_EXPIRED);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

/* Whoever reads the file before its owner's deposit comes can bring any number of packets that begin like it. */
static void
test_flood (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autofree char *sql = NULL;

  deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  request (f, &story);
  sql = g_strdup_printf (
      "INSERT INTO owners (fingerprint, user_id, first_seen) VALUES ('" STRANGER "', '', 1);"
      "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
      "INSERT INTO packets (id, owner, sha256, serial, file_id, tag, data_head, packet, "
      "created,"
      " description, name, size, subkey, algorithm, cipher, proven, bundle, deposit, intake,"
      " sequence) SELECT -i, '" STRANGER "', printf ('%%064x', i), 'S' || i, file_id, tag,"
      " data_head, packet, created, description, name, size, subkey, algorithm, cipher, 0,"
      " bundle, deposit, 1, 0 FROM packets, n WHERE owner = '%s'",
      f->alice->fingerprint);
  edit (f, sql);
  assert_verdict (f, &story, SPARE_VERDICT_MATCHED);
}

/* --- The end of a case --- */

static void
grant (CaseFixture *f, Story *story)
{
  g_autoptr (SpareGrantResult) result = NULL;

  deposit (f, story);
  case_fixture_enroll (f, f->alice);
  request (f, story);
  case_fixture_identify (f, story->id, f->alice_new);
  case_fixture_approve (f, story->id);
  result = case_fixture_recover (f, story->id);
}

static const char *const false_grants[] = {
  "UPDATE cases SET answer_kind = 'grant'",
  "UPDATE cases SET answer_kind = 'grant', answer = '../../registry.db', answer_id = 'x'",
  "UPDATE cases SET answer_kind = 'grant', answer = request, answer_id = request_id,"
  " answer_name = 'grant-0000000000000000.sparekey'",
};

static void
test_grant_that_never_was (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  request (f, &story);
  for (guint i = 0; i < G_N_ELEMENTS (false_grants); i++)
    {
      edit (f, false_grants[i]);
      case_fixture_recover_fails (f, story.id, SPARE_ERROR_DAMAGED);
    }
}

static void
test_granted_once (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  grant (f, &story);
  edit (f, "UPDATE cases SET answer = NULL, answer_kind = NULL, answer_id = NULL,"
           " answer_name = NULL, answered = 0");
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static void
test_delivered_again (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareGrantResult) again = NULL;

  grant (f, &story);
  g_assert_cmpuint (case_fixture_count_events (f, "case.deliver"), ==, 0);
  again = case_fixture_recover (f, story.id);
  g_assert_true (again->again);
  g_assert_cmpuint (case_fixture_count_events (f, "case.deliver"), ==, 1);
}

static const char *const garbage[] = {
  "UPDATE cases SET request = ''",
  "UPDATE cases SET request = substr (request, 1, 32) || '../../../../../../../../..'",
  "UPDATE cases SET request = upper (request)",
};

static void
test_garbage (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  deposit (f, &story);
  request (f, &story);
  edit (f, "INSERT INTO case_approvals SELECT id, '../../policy.ini', 'nobody' FROM cases");
  assert_verdict (f, &story, SPARE_VERDICT_UNMATCHED);
  for (guint i = 0; i < G_N_ELEMENTS (garbage); i++)
    {
      edit (f, garbage[i]);
      case_fixture_recover_fails (f, story.id, SPARE_ERROR_DAMAGED);
    }
}

static void
test_refusal_denied (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;

  story.file = case_fixture_encrypt (f, f->alice, f->escrow, "The lake.");
  request (f, &story);
  g_assert_null (spare_case_refuse_sync (f->authority.authority, story.id,
                                         SPARE_REFUSAL_REFUSED, " ", NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_assert_cmpuint (case_fixture_count_events (f, "case.refuse.denied"), ==, 1);
  g_assert_cmpuint (case_fixture_count_events (f, "case.refuse"), ==, 0);
}

/* --- What leaves --- */

static gboolean
transfer_is_proven (CaseFixture *f, Person *elsewhere, const char *owner)
{
  const SparePacketSelection selection = { .owner = owner };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      written = spare_authority_export_sync (f->authority.authority, &selection,
                                             elsewhere->fingerprint, f->stick, NULL, NULL,
                                             &error);
  g_autoptr (SpareKey) key = NULL;
  SpareBundleExpectation expectation = {
    .home = elsewhere->home,
    .sender = f->authority.fingerprint,
    .sender_certificate = f->certificate,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_TRANSFER),
    .spool = f->authority.folder,
  };
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (SpareTransferRecord) record = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (written->len, ==, 1);
  key = spare_home_get_key_sync (elsewhere->home, elsewhere->fingerprint, TRUE, NULL, &error);
  g_assert_no_error (error);
  expectation.me = key;
  bundle = spare_bundle_open_sync (((SpareWrittenBundle *) g_ptr_array_index (written, 0))
                                       ->path,
                                   &expectation, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (spare_bundle_next_sync (bundle, &object, &error));
  record = spare_transfer_record_from_json (object, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (record->owner, ==, owner);
  return record->proven;
}

/* Whoever edits the table hands somebody else's packet over as his own, or an unproven one as proven. */
static void
test_transfer (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  Person *elsewhere = case_fixture_add_person (f, SPARE_TEST_KEY_TWO_SUBKEYS,
                                               "Elsewhere <e@example.org>");
  g_autoptr (GBytes) certificate = spare_test_export (elsewhere->dir, elsewhere->fingerprint);
  g_autofree char *added = NULL;
  g_autofree char *sql = NULL;
  g_autoptr (GError) error = NULL;

  deposit (f, &story);
  added = spare_authority_add_certificate_sync (f->authority.authority, certificate, NULL,
                                                &error);
  g_assert_no_error (error);
  g_assert_true (transfer_is_proven (f, elsewhere, f->alice->fingerprint));
  sql = g_strdup_printf ("INSERT INTO owners (fingerprint, user_id, first_seen) VALUES ('%s', "
                         "'Mallory', 1);"
                         "UPDATE packets SET owner = '%s'",
                         f->mallory->fingerprint, f->mallory->fingerprint);
  edit (f, sql);
  g_assert_false (transfer_is_proven (f, elsewhere, f->mallory->fingerprint));
  person_free (elsewhere);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func)                                                        \
  g_test_add ("/evidence/" path, CaseFixture, NULL, case_fixture_set_up, func, \
              case_fixture_tear_down)
  ADD ("a request that names a key nobody has seen is one more case", test_unknown_old_key);
  ADD ("an enrolment slipped into the log enrols nobody", test_enrolment_slipped_in);
  ADD ("an earlier enrolment put back enrols nobody", test_enrolment_of_before);
  ADD ("a case is about whom the officers enrolled", test_person);
  ADD ("without a name it is about whom the certificate names", test_person_without_name);
  ADD ("a case of a time to come is expired when the clock was set right", test_case_to_come);
  ADD ("a flood of other people's packets hides no deposit", test_flood);
  ADD ("a grant that the log does not have is not delivered", test_grant_that_never_was);
  ADD ("a granted case is not granted anew", test_granted_once);
  ADD ("a grant that leaves again is logged again", test_delivered_again);
  ADD ("rows that make no sense end in words", test_garbage);
  ADD ("a refusal that is denied is logged", test_refusal_denied);
  ADD ("a transfer says proven of what was, not of what a row says", test_transfer);
#undef ADD
  return g_test_run ();
}
