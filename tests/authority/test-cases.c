/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases from the request to the grant, and all that must not lead to one. */
#include "config.h"

#include "case-fixture.h"

#include "spare-approval.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-packet-export.h"
#include "spare-pkesk-build.h"
#include "spare-proof.h"
#include "spare-quick-check.h"
#include "spare-rotation.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECRET "What the lake took."

/* A deposited file and a case for it, enrolled and identified. */
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
story_deposit (CaseFixture *f, Story *story)
{
  g_autofree char *deposit = NULL;

  story->file = case_fixture_encrypt (f, f->alice, f->escrow, SECRET);
  deposit = case_fixture_deposit_file (f, f->alice, story->file, "ALICE-0001-1");
  case_fixture_import_done (f, deposit, 1);
}

static void
story_request (CaseFixture *f, Story *story)
{
  g_autofree char *request = case_fixture_request_file (f, f->alice_new, f->alice->fingerprint,
                                                        story->file);

  story->id = case_fixture_import_case (f, request);
}

static void
story_until_ready (CaseFixture *f, Story *story)
{
  story_deposit (f, story);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  story_request (f, story);
  case_fixture_identify (f, story->id, f->alice_new);
  case_fixture_approve (f, story->id);
}

static void
assert_state (CaseFixture *f, const char *id, SpareCaseState state)
{
  g_autoptr (SpareCase) shown = case_fixture_get (f, id);

  g_assert_cmpstr (spare_case_state_to_string (shown->state), ==,
                   spare_case_state_to_string (state));
}

static void
assert_verdict (CaseFixture *f, const char *id, SpareVerdict verdict)
{
  g_autoptr (SpareCase) shown = case_fixture_get (f, id);
  const SpareCaseFile *file = g_ptr_array_index (shown->files, 0);

  g_assert_cmpint (file->verdict, ==, verdict);
  g_assert_nonnull (file->why);
}

static void
test_straight (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareGrantResult) grant = NULL;
  g_autofree char *plain = NULL;

  story_deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  story_request (f, &story);
  assert_state (f, story.id, SPARE_CASE_IDENTITY);
  assert_verdict (f, story.id, SPARE_VERDICT_MATCHED);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  case_fixture_identify (f, story.id, f->alice_new);
  assert_state (f, story.id, SPARE_CASE_APPROVAL);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  case_fixture_approve (f, story.id);
  assert_state (f, story.id, SPARE_CASE_READY);
  grant = case_fixture_recover (f, story.id);
  g_assert_cmpuint (grant->n_records, ==, 1);
  g_assert_cmpuint (grant->left_out->len, ==, 0);
  g_assert_false (grant->again);
  assert_state (f, story.id, SPARE_CASE_GRANTED);
  plain = case_fixture_open_with_grant (f, f->alice_new, grant->path, story.file);
  g_assert_cmpstr (plain, ==, SECRET);
}

/* --- Edited rows --- */

typedef struct
{
  const char *why;
  const char *sql;
} Edit;

/* Whoever can write to the database sets what he wants to be true. */
static const Edit skipping[] = {
  { "a state in a column", "UPDATE cases SET answer_kind = 'approved'" },
  { "an approval of nobody",
    "INSERT INTO case_approvals SELECT id, 'ab' || substr (request, 3), key FROM cases" },
  { "a request that passes for an approval",
    "INSERT INTO case_approvals SELECT id, request, key FROM cases" },
  { "identity that nobody signed",
    "INSERT OR REPLACE INTO attestations SELECT 'identity/' || id || '/document',"
    " CAST ('{\"sparekey\":1,\"subject\":\"identity/' || id || '/document\",\"evidence\":\"x\","
    "\"time\":\"2031-01-01T00:00:00Z\"}' AS BLOB), (SELECT signature FROM attestations LIMIT 1)"
    " FROM cases" },
};

static void
test_edit_skips_nothing (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  story_deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  story_request (f, &story);
  for (guint i = 0; i < G_N_ELEMENTS (skipping); i++)
    {
      g_test_message ("%s", skipping[i].why);
      authority_fixture_sql (&f->authority, skipping[i].sql);
      case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
    }
}

static void
test_straight_after_ready (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareGrantResult) grant = NULL;
  g_autoptr (SpareGrantResult) again = NULL;

  story_until_ready (f, &story);
  grant = case_fixture_recover (f, story.id);
  g_assert_cmpint (g_unlink (grant->path), ==, 0);
  again = case_fixture_recover (f, story.id);
  g_assert_true (again->again);
  g_assert_cmpstr (again->id, ==, grant->id);
  g_assert_cmpstr (again->path, ==, grant->path);
  g_assert_cmpuint (case_fixture_count_events (f, "case.grant"), ==, 1);
}

/* --- Claims --- */

static void
test_not_enrolled (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  story_deposit (f, &story);
  story_request (f, &story);
  assert_verdict (f, story.id, SPARE_VERDICT_UNMATCHED);
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  assert_state (f, story.id, SPARE_CASE_READY);
}

static void
test_deposited_late (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autofree char *deposit = NULL;

  story.file = case_fixture_encrypt (f, f->alice, f->escrow, SECRET);
  case_fixture_enroll (f, f->alice);
  story_request (f, &story);
  authority_fixture_now += 60;
  deposit = case_fixture_deposit_file (f, f->alice, story.file, "ALICE-0001-1");
  case_fixture_import_done (f, deposit, 1);
  assert_verdict (f, story.id, SPARE_VERDICT_UNMATCHED);
}

static void
report_loss (CaseFixture *f, gint64 since)
{
  g_autoptr (GError) error = NULL;

  spare_authority_report_loss_sync (f->authority.authority, f->alice->fingerprint,
                                    SPARE_LOSS_STOLEN, since, NULL, &error);
  g_assert_no_error (error);
}

static void
test_deposited_by_thief (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  case_fixture_enroll (f, f->alice);
  report_loss (f, authority_fixture_now);
  authority_fixture_now += 60;
  story_deposit (f, &story);
  authority_fixture_now += 60;
  story_request (f, &story);
  assert_verdict (f, story.id, SPARE_VERDICT_UNMATCHED);
  /* Whoever hides the report in the tables: the log has it. */
  authority_fixture_sql (&f->authority,
                         "UPDATE owners SET lost = 'none', lost_since = 0, lost_time = 0,"
                         " lost_sequence = 0");
  assert_verdict (f, story.id, SPARE_VERDICT_MATCHED);
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  assert_state (f, story.id, SPARE_CASE_READY);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static void
test_deposited_before_theft (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  story_deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  report_loss (f, authority_fixture_now);
  story_request (f, &story);
  assert_verdict (f, story.id, SPARE_VERDICT_MATCHED);
}

/* Mallory asks for Alice's file, in his own name and in hers. */
static void
test_not_his (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autofree char *request = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareCase) shown = NULL;

  story_deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  case_fixture_enroll (f, f->mallory);
  authority_fixture_now += 60;
  request = case_fixture_request_file (f, f->alice_new, f->mallory->fingerprint, story.file);
  story.id = case_fixture_import_case (f, request);
  assert_verdict (f, story.id, SPARE_VERDICT_UNMATCHED);
  g_clear_pointer (&story.id, g_free);

  /* The new key is swapped: the person reads her own, and only that one would do. */
  g_free (request);
  request = case_fixture_request_file (f, f->mallory, f->alice->fingerprint, story.file);
  story.id = case_fixture_import_case (f, request);
  assert_verdict (f, story.id, SPARE_VERDICT_MATCHED);
  shown = spare_case_identify_sync (f->authority.authority, story.id, "new-key",
                                    f->alice_new->fingerprint, NULL, &error);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_assert_null (shown);
  g_assert_cmpuint (case_fixture_count_events (f, "case.identity.denied"), ==, 1);
  assert_state (f, story.id, SPARE_CASE_IDENTITY);
}

/* A packet with the data head of @file and a session key that Mallory knows: its quick check passes after some 65536
 * tries, and its proof is good. */
static SpareDepositRecord *
forge_record (CaseFixture *f, GBytes *file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (file, &error);
  g_autoptr (SpareWrapKey) wrap = spare_wrap_key_new (f->certificate, f->escrow, &error);
  g_autoptr (SpareSecret) secret = NULL;
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (GBytes) packet = NULL;
  guint8 proof[SPARE_PROOF_LENGTH];
  guint8 octets[32] = { 0 };

  g_assert_no_error (error);
  for (guint64 n = 0; secret == NULL; n++)
    {
      g_autoptr (SpareSecret) tried = NULL;

      memcpy (octets, &n, sizeof n);
      tried = spare_secret_new_copy (octets, sizeof octets, NULL);
      if (spare_quick_check (head, 9, tried) != SPARE_QUICK_NO)
        secret = g_steal_pointer (&tried);
    }
  esk = spare_pkesk_build (wrap, 9, secret, &error);
  g_assert_no_error (error);
  packet = spare_escrow_packet_build (esk, head, &error);
  g_assert_no_error (error);
  spare_proof_compute (secret, f->mallory->fingerprint, f->authority.fingerprint, "MALLORY-1-1",
                       head, proof, &error);
  g_assert_no_error (error);
  return spare_deposit_record_new ("MALLORY-1-1", AUTHORITY_EPOCH, "", "letter", 40, f->escrow,
                                   "cv25519", "AES256", packet, proof, &error);
}

static void
test_chosen_head (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_auto (Story) hers = { NULL };
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_deposit_record_free);
  g_autofree char *deposit = NULL;
  g_autofree char *request = NULL;
  g_autoptr (SpareGrantResult) grant = NULL;
  Person *mallory_new = case_fixture_add_person (f, SPARE_TEST_KEY_DEFAULT,
                                                 "Mallory <mallory@example.org>");

  story.file = case_fixture_encrypt (f, f->alice, f->escrow, SECRET);
  g_ptr_array_add (records, forge_record (f, story.file));
  deposit = case_fixture_write_deposit (f, f->mallory, records);
  case_fixture_import_done (f, deposit, 1);
  case_fixture_enroll (f, f->mallory);
  authority_fixture_now += 60;
  /* The request carries Alice's packet, as it stands in her file. */
  request = case_fixture_request_file (f, mallory_new, f->mallory->fingerprint, story.file);
  story.id = case_fixture_import_case (f, request);
  assert_verdict (f, story.id, SPARE_VERDICT_MATCHED);
  case_fixture_identify (f, story.id, mallory_new);
  case_fixture_approve (f, story.id);
  grant = case_fixture_recover (f, story.id);
  /* He gets his own session key back, and no other. */
  g_assert_false (case_fixture_grant_opens (f, mallory_new, grant->path, story.file));
  person_free (mallory_new);
}

static void
test_two_owners (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_deposit_record_free);
  g_autofree char *deposit = NULL;

  story_deposit (f, &story);
  g_ptr_array_add (records, forge_record (f, story.file));
  deposit = case_fixture_write_deposit (f, f->mallory, records);
  case_fixture_import_done (f, deposit, 1);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  story_request (f, &story);
  assert_verdict (f, story.id, SPARE_VERDICT_UNSURE);
}

/* --- Policy --- */

typedef void (*ChangeFunc) (SpareAuthorityRules *rules, gpointer data);

static void
change_policy (CaseFixture *f, ChangeFunc change, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareAuthorityPolicy)
      policy = spare_authority_dup_policy (f->authority.authority, &error);
  g_autoptr (SpareAuthorityRules) rules = NULL;
  g_autoptr (GBytes) ini = NULL;

  g_assert_no_error (error);
  rules = spare_authority_rules_copy (spare_authority_policy_get_rules (policy));
  change (rules, data);
  ini = spare_authority_rules_serialize (rules, f->authority.fingerprint);
  spare_authority_set_policy_sync (f->authority.authority, ini, NULL, &error);
  g_assert_no_error (error);
}

static void
allow_unmatched (SpareAuthorityRules *rules, gpointer data)
{
  rules->allow_unmatched = TRUE;
}

static void
wait_a_day (SpareAuthorityRules *rules, gpointer data)
{
  rules->waiting_hours = 24;
}

static void
add_officer (SpareAuthorityRules *rules, gpointer data)
{
  const Person *person = data;
  const char *const fingerprints[] = { person->fingerprint, NULL };

  g_ptr_array_add (rules->officers, spare_officer_new ("Bob Officer", fingerprints));
  rules->approvals_matched = 2;
}

static void
test_unmatched_allowed (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareGrantResult) grant = NULL;
  g_autofree char *plain = NULL;

  change_policy (f, allow_unmatched, NULL);
  story.file = case_fixture_encrypt (f, f->alice, f->escrow, SECRET);
  story_request (f, &story);
  assert_verdict (f, story.id, SPARE_VERDICT_UNMATCHED);
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  grant = case_fixture_recover (f, story.id);
  plain = case_fixture_open_with_grant (f, f->alice_new, grant->path, story.file);
  g_assert_cmpstr (plain, ==, SECRET);
}

/* What is encrypted to the transport key: mail, or somebody's deposit. */
static void
test_unmatched_transport (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  change_policy (f, allow_unmatched, NULL);
  story.file = case_fixture_encrypt (f, f->alice, f->transport, SECRET);
  story_request (f, &story);
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static void
test_waiting (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareGrantResult) grant = NULL;

  change_policy (f, wait_a_day, NULL);
  story_until_ready (f, &story);
  assert_state (f, story.id, SPARE_CASE_WAITING);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  authority_fixture_now += 24 * 3600 - 1;
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  authority_fixture_now += 1;
  grant = case_fixture_recover (f, story.id);
  g_assert_cmpuint (grant->n_records, ==, 1);
}

static void
test_expired (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  story_until_ready (f, &story);
  authority_fixture_now += 31 * 24 * 3600;
  assert_state (f, story.id, SPARE_CASE_EXPIRED);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static void
test_refused (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) refusal = NULL;

  story_until_ready (f, &story);
  refusal = spare_case_refuse_sync (f->authority.authority, story.id, SPARE_REFUSAL_REFUSED,
                                    "It was not her.", f->stick, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_test (refusal->path, G_FILE_TEST_IS_REGULAR));
  assert_state (f, story.id, SPARE_CASE_REFUSED);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  authority_fixture_sql (&f->authority, "UPDATE cases SET answer = NULL, answer_kind = NULL");
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

/* --- Approvals --- */

static void
approve_fails (CaseFixture *f, const char *id, Person *officer)
{
  g_autoptr (GError) error = NULL;
  guint denied = case_fixture_count_events (f, "case.approve.denied");
  SpareCase *shown = spare_case_approve_sync (f->authority.authority, id,
                                              officer != NULL ? officer->home
                                                              : spare_authority_get_home (
                                                                  f->authority.authority),
                                              officer != NULL ? officer->fingerprint
                                                              : f->authority.fingerprint,
                                              NULL, &error);

  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_assert_null (shown);
  g_assert_cmpuint (case_fixture_count_events (f, "case.approve.denied"), ==, denied + 1);
}

static void
test_approvers (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };

  story_deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  change_policy (f, add_officer, f->alice); /* the old key is an officer's */
  authority_fixture_now += 60;
  story_request (f, &story);
  approve_fails (f, story.id, NULL); /* before the checks are done */
  case_fixture_identify (f, story.id, f->alice_new);
  approve_fails (f, story.id, f->mallory);
  approve_fails (f, story.id, f->alice);
  case_fixture_approve (f, story.id);
  approve_fails (f, story.id, NULL); /* the same once more */
  assert_state (f, story.id, SPARE_CASE_APPROVAL);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static void
allow_none (SpareAuthorityRules *rules, gpointer data)
{
  rules->expiry_days = 60;
}

static void
test_void (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareCase) shown = NULL;

  story_until_ready (f, &story);
  shown = spare_case_identify_sync (f->authority.authority, story.id, "document",
                                    "Another passport", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (shown->state, ==, SPARE_CASE_APPROVAL);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
  case_fixture_approve (f, story.id);
  assert_state (f, story.id, SPARE_CASE_READY);
  change_policy (f, allow_none, NULL);
  assert_state (f, story.id, SPARE_CASE_APPROVAL);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static gboolean
agree_cb (const SpareApprovalQuestion *question, gpointer user_data)
{
  g_assert_cmpstr (question->manifest->key, ==, user_data);
  return TRUE;
}

static char *
answer_remotely (CaseFixture *f, Person *officer, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) homes = g_ptr_array_new ();
  g_autoptr (GPtrArray) asked = NULL;
  g_autoptr (SpareWrittenBundle) approval = NULL;

  g_ptr_array_add (homes, officer->home);
  asked = spare_case_ask_sync (f->authority.authority, id, f->stick, homes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (asked->len, ==, 1);
  approval = spare_approval_answer_sync (homes,
                                         ((SpareWrittenBundle *) g_ptr_array_index (asked, 0))
                                             ->path,
                                         f->authority.fingerprint, f->stick, agree_cb,
                                         f->alice_new->fingerprint, NULL, &error);
  g_assert_no_error (error);
  return g_strdup (approval->path);
}

static void
test_remote (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_auto (Story) other = { NULL };
  Person *bob = case_fixture_add_person (f, SPARE_TEST_KEY_DEFAULT, "Bob <bob@example.org>");
  g_autofree char *approval = NULL;
  g_autofree char *stale = NULL;
  g_autoptr (SpareGrantResult) grant = NULL;
  g_autoptr (SpareCase) shown = NULL;

  change_policy (f, add_officer, bob);
  story_until_ready (f, &story);
  assert_state (f, story.id, SPARE_CASE_APPROVAL);
  approval = answer_remotely (f, bob, story.id);
  case_fixture_import_done (f, approval, 1);
  case_fixture_import_done (f, approval, 0);
  shown = case_fixture_get (f, story.id);
  g_assert_cmpuint (shown->n_approved, ==, 2);
  g_assert_cmpint (shown->state, ==, SPARE_CASE_READY);

  /* An approval of another case, whose manifest has changed since. */
  other.file = case_fixture_encrypt (f, f->alice, f->escrow, "Another");
  story_request (f, &other);
  case_fixture_identify (f, other.id, f->alice_new);
  stale = answer_remotely (f, bob, other.id);
  authority_fixture_now += 60;
  case_fixture_identify (f, other.id, f->alice_new);
  case_fixture_import_refused (f, stale);

  grant = case_fixture_recover (f, story.id);
  g_assert_cmpuint (grant->n_records, ==, 1);
  person_free (bob);
}

/* --- Edited rows, before the officers look --- */

static void
test_edit_verdict (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_deposit_record_free);
  g_autofree char *deposit = NULL;
  g_autofree char *request = NULL;

  /* Mallory's deposit of Alice's packet is merely held. */
  story.file = case_fixture_encrypt (f, f->alice, f->escrow, SECRET);
  g_ptr_array_add (records, case_fixture_make_record (f, NULL, f->mallory->fingerprint,
                                                      story.file, "MALLORY-1-1"));
  deposit = case_fixture_write_deposit (f, f->mallory, records);
  case_fixture_import_done (f, deposit, 1);
  case_fixture_enroll (f, f->mallory);
  authority_fixture_now += 60;
  request = case_fixture_request_file (f, f->alice_new, f->mallory->fingerprint, story.file);
  story.id = case_fixture_import_case (f, request);
  authority_fixture_sql (&f->authority, "UPDATE packets SET proven = 1");
  assert_verdict (f, story.id, SPARE_VERDICT_MATCHED);
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  assert_state (f, story.id, SPARE_CASE_READY);
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

static const Edit swaps[] = {
  { "another key", "UPDATE cases SET key = (SELECT fingerprint FROM owners LIMIT 1)" },
  { "another request", "UPDATE cases SET request = 'ab' || substr (request, 3)" },
  { "an owner who is enrolled by a row",
    "UPDATE owners SET contact = '+666', evidence = 'none'" },
  { "packets that came in long ago",
    "UPDATE packets SET bundle = (SELECT request FROM cases)" },
  { "statements that are gone", "DELETE FROM attestations WHERE subject LIKE 'bundle/%'" },
};

static void
test_edit_facts (CaseFixture *f, gconstpointer data)
{
  const Edit *edit = data;
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;
  SpareGrantResult *grant;

  g_test_message ("%s", edit->why);
  story_until_ready (f, &story);
  authority_fixture_sql (&f->authority, edit->sql);
  grant = spare_case_recover_sync (f->authority.authority, story.id, f->stick, NULL, NULL,
                                   &error);
  g_assert_null (grant);
  g_assert_nonnull (error);
  g_assert_true (error->domain == SPARE_ERROR);
  g_assert_cmpuint (case_fixture_count_events (f, "case.grant"), ==, 0);
}

static void
test_edit_policy (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autofree char *path = authority_fixture_path (&f->authority, "policy.ini");
  g_autofree char *text = NULL;
  g_autofree char *edited = NULL;

  story_deposit (f, &story);
  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  story_request (f, &story);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  edited = g_strconcat (text, "\n# Checks=\n", NULL);
  g_assert_true (g_file_set_contents (path, edited, -1, NULL));
  case_fixture_recover_fails (f, story.id, SPARE_ERROR_POLICY);
}

/* --- What else leaves --- */

static void
test_rotation (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareRotationResult) rotated = NULL;
  g_autoptr (SpareRotationResult) again = NULL;
  g_autoptr (SpareDrillResult) drill = NULL;
  g_autoptr (SpareGrantResult) grant = NULL;
  g_autofree char *plain = NULL;

  story_deposit (f, &story);
  rotated = spare_authority_rotate_sync (f->authority.authority, f->transport, NULL, NULL,
                                         &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rotated->n_done, ==, 1);
  again = spare_authority_rotate_sync (f->authority.authority, f->transport, NULL, NULL,
                                       &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->n_before, ==, 1);
  drill = spare_authority_drill_sync (f->authority.authority, 0, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (drill->n_tried, ==, 1);
  g_assert_cmpuint (drill->n_opened, ==, 1);

  case_fixture_enroll (f, f->alice);
  authority_fixture_now += 60;
  story_request (f, &story);
  case_fixture_identify (f, story.id, f->alice_new);
  case_fixture_approve (f, story.id);
  grant = case_fixture_recover (f, story.id);
  plain = case_fixture_open_with_grant (f, f->alice_new, grant->path, story.file);
  g_assert_cmpstr (plain, ==, SECRET);
}

static void
test_export (CaseFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (GError) error = NULL;
  const SparePacketSelection all = { NULL };
  g_autoptr (GPtrArray) raw = NULL;
  g_autoptr (GPtrArray) transfer = NULL;
  const SpareWrittenBundle *written;
  Person *elsewhere = case_fixture_add_person (f, SPARE_TEST_KEY_TWO_SUBKEYS,
                                               "Elsewhere <e@example.org>");
  g_autoptr (GBytes) certificate = spare_test_export (elsewhere->dir, elsewhere->fingerprint);
  g_autofree char *added = NULL;

  story_deposit (f, &story);
  raw = spare_authority_export_sync (f->authority.authority, &all, NULL, f->stick, NULL, NULL,
                                     &error);
  g_assert_no_error (error);
  g_assert_cmpuint (raw->len, ==, 1);
  written = g_ptr_array_index (raw, 0);
  g_assert_cmpstr (written->id, ==, "ALICE-0001-1");
  g_assert_true (g_file_test (written->path, G_FILE_TEST_IS_REGULAR));

  added = spare_authority_add_certificate_sync (f->authority.authority, certificate, NULL,
                                                &error);
  g_assert_no_error (error);
  transfer = spare_authority_export_sync (f->authority.authority, &all, elsewhere->fingerprint,
                                          f->stick, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (transfer->len, ==, 1);
  written = g_ptr_array_index (transfer, 0);
  g_assert_cmpuint (written->n_records, ==, 1);
  g_assert_cmpstr (written->to, ==, elsewhere->fingerprint);
  g_assert_cmpuint (case_fixture_count_events (f, "packets.export"), ==, 2);
  person_free (elsewhere);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func)                                                     \
  g_test_add ("/cases/" path, CaseFixture, NULL, case_fixture_set_up, func, \
              case_fixture_tear_down)
  ADD ("a deposited file comes back to its owner", test_straight);
  ADD ("the same grant is delivered again", test_straight_after_ready);
  ADD ("no edited row skips a step", test_edit_skips_nothing);
  ADD ("a claim of nobody who is enrolled is unmatched", test_not_enrolled);
  ADD ("a deposit after the request is too late", test_deposited_late);
  ADD ("a deposit after the key was reported stolen is too late", test_deposited_by_thief);
  ADD ("a deposit before the theft counts", test_deposited_before_theft);
  ADD ("nobody gets another's file by his own or a swapped key", test_not_his);
  ADD ("a chosen data head brings back nothing but its maker's key", test_chosen_head);
  ADD ("two owners of one data head make it unsure", test_two_owners);
  ADD ("an unmatched claim is granted where policy allows it", test_unmatched_allowed);
  ADD ("a packet for the transport key is never opened for a request",
       test_unmatched_transport);
  ADD ("the waiting hours begin with the last approval", test_waiting);
  ADD ("an old case can't be granted", test_expired);
  ADD ("a refused case stays refused, whatever the tables say", test_refused);
  ADD ("strangers, the requester and the same officer twice can't approve", test_approvers);
  ADD ("any change voids approvals", test_void);
  ADD ("an officer far away approves on a stick", test_remote);
  ADD ("an edited verdict grants nothing", test_edit_verdict);
  ADD ("an edited policy stops cases", test_edit_policy);
  ADD ("packets wrapped anew still open", test_rotation);
  ADD ("packets leave raw or for another authority", test_export);
  for (guint i = 0; i < G_N_ELEMENTS (swaps); i++)
    {
      g_autofree char *path = g_strdup_printf ("/cases/edited rows change no facts/%u", i + 1);

      g_test_add (path, CaseFixture, &swaps[i], case_fixture_set_up, test_edit_facts,
                  case_fixture_tear_down);
    }
#undef ADD
  return g_test_run ();
}
