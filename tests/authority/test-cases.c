/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases from the request to the grant, and all that must not lead to one. */
#include "config.h"

#include "case-fixture.h"

#include "spare-error.h"

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
#undef ADD
  return g_test_run ();
}
