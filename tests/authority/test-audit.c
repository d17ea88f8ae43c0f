/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log: whoever changes it behind the authority's back is found out, by the program and by stock tools. */
#include "config.h"

#include "authority-fixture.h"

#include "spare-audit.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <string.h>

#define ROWS 9 /* two of the making, seven more; the checkpoint stands at row 9 */

static SpareAuditVerification *
verify (AuthorityFixture *f, JsonObject *anchor)
{
  g_autoptr (GError) error = NULL;
  SpareAuditVerification *result = spare_audit_verify_sync (spare_authority_get_audit (
                                                                f->authority),
                                                            anchor, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (result);
  return result;
}

/* Up to @to rows, a checkpoint at the end. */
static void
fill (AuthorityFixture *f, gint64 to)
{
  while (authority_fixture_append (f, "test.event") < to)
    ;
  authority_fixture_checkpoint (f);
}

static void
test_whole (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareAuditVerification) result = NULL;

  fill (f, ROWS);
  result = verify (f, NULL);
  g_assert_cmpstr (result->why, ==, NULL);
  g_assert_true (result->valid);
  g_assert_true (result->anchor_ok);
  g_assert_cmpint (result->first_bad, ==, 0);
  g_assert_cmpuint (result->rows, ==, ROWS);
  g_assert_cmpuint (result->unprotected, ==, 0);
}

static void
test_unprotected (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareAuditVerification) result = NULL;

  fill (f, ROWS);
  authority_fixture_append (f, "test.late");
  authority_fixture_append (f, "test.late");
  result = verify (f, NULL);
  g_assert_true (result->valid);
  g_assert_cmpuint (result->unprotected, ==, 2);
}

typedef struct
{
  const char *path; /* of the test */
  const char *sql;
  gint64 first_bad;
} Tampering;

static const Tampering tamperings[] = {
  { "/audit/a row whose text was changed is named",
    "UPDATE audit SET text = replace (text, 'test.event', 'test.evenT') WHERE sequence = 5",
    5 },
  { "/audit/a row whose time was changed is named",
    "UPDATE audit SET text = replace (text, '2031-', '2032-') WHERE sequence = 5", 5 },
  { "/audit/a row whose actor was changed is named",
    "UPDATE audit SET text = replace (text, '\"program\"', '\"nobody\"') WHERE sequence = 5",
    5 },
  { "/audit/a row whose detail was changed is named",
    "UPDATE audit SET text = replace (text, '{}', '{\"a\":1}') WHERE sequence = 5", 5 },
  { "/audit/a row whose hash was changed is named",
    "UPDATE audit SET hash = replace (hash, substr (hash, 1, 8), '00000000') WHERE sequence = "
    "5",
    5 },
  { "/audit/a row whose text is no JSON is named",
    "UPDATE audit SET text = 'gone' WHERE sequence = 5", 5 },
  { "/audit/a row that is looked up by another time is named",
    "UPDATE audit SET time = '2001-01-01T00:00:00Z' WHERE sequence = 5", 5 },
  { "/audit/a row that is looked up by another event is named",
    "UPDATE audit SET event = 'x' WHERE sequence = 5", 5 },
  { "/audit/the first row is covered too",
    "UPDATE audit SET text = replace (text, '2031-', '2030-') WHERE sequence = 1", 1 },
  { "/audit/the last row is covered too",
    "UPDATE audit SET text = replace (text, '2031-', '2030-') WHERE sequence = 9", 9 },
  { "/audit/a row that was removed is named", "DELETE FROM audit WHERE sequence = 5", 5 },
  { "/audit/the first row removed is named", "DELETE FROM audit WHERE sequence = 1", 1 },
  { "/audit/a row removed and the others moved up is named",
    "DELETE FROM audit WHERE sequence = 5;"
    "UPDATE audit SET sequence = sequence - 1 WHERE sequence > 5",
    5 },
  { "/audit/the first of two rows that were swapped is named",
    "UPDATE audit SET sequence = 100 WHERE sequence = 4;"
    "UPDATE audit SET sequence = 4 WHERE sequence = 6;"
    "UPDATE audit SET sequence = 6 WHERE sequence = 100",
    4 },
  { "/audit/a row that was slipped in at the end is named",
    "INSERT INTO audit (sequence, text, hash, time, event) SELECT 10, text, hash, time, event "
    "FROM audit WHERE sequence "
    "= 5",
    10 },
  { "/audit/a row that was slipped in before the first is named",
    "INSERT INTO audit (sequence, text, hash, time, event) SELECT 0, text, hash, time, event "
    "FROM audit WHERE sequence = "
    "5",
    1 },
  { "/audit/a log that was cut short before its checkpoint is found",
    "DELETE FROM audit WHERE sequence > 7", 8 },
  { "/audit/a log that is empty while others name its rows is found", "DELETE FROM audit", 1 },
  { "/audit/a checkpoint with another text is found",
    "UPDATE checkpoints SET text = replace (text, '2031-', '2030-') WHERE sequence = 9", 9 },
  { "/audit/a checkpoint with another signature is found",
    "UPDATE checkpoints SET signature = (SELECT signature FROM checkpoints WHERE sequence = 2)"
    " WHERE sequence = 9",
    9 },
  { "/audit/an old checkpoint with another signature is found by the one after it",
    "UPDATE checkpoints SET signature = (SELECT signature FROM checkpoints WHERE sequence = 9)"
    " WHERE sequence = 2",
    9 },
  { "/audit/an old checkpoint that was removed is found by the one after it",
    "DELETE FROM checkpoints WHERE sequence = 2", 9 },
};

static void
test_tampering (AuthorityFixture *f, gconstpointer data)
{
  const Tampering *tampering = data;
  g_autoptr (SpareAuditVerification) result = NULL;

  fill (f, ROWS);
  authority_fixture_drop (f);
  authority_fixture_sql (f, tampering->sql);
  authority_fixture_open (f);
  result = verify (f, NULL);
  g_assert_false (result->valid);
  g_assert_nonnull (result->why);
  g_assert_cmpint (result->first_bad, ==, tampering->first_bad);
}

/* Who has no key can still make all hashes fit; the checkpoint then does not. */
static void
test_rewritten (AuthorityFixture *f, gconstpointer data)
{
  SpareRegistry *registry = spare_authority_get_registry (f->authority);
  g_autoptr (SpareAuditVerification) result = NULL;
  g_autoptr (GError) error = NULL;

  fill (f, ROWS);
  authority_fixture_drop (f);
  authority_fixture_sql (f, "CREATE TABLE kept AS SELECT * FROM checkpoints;"
                            "DELETE FROM audit WHERE sequence > 4; DELETE FROM checkpoints");
  authority_fixture_open (f);
  registry = spare_authority_get_registry (f->authority);
  for (guint i = 5; i <= ROWS; i++)
    {
      spare_registry_begin (registry, &error);
      g_assert_no_error (error);
      spare_audit_append (spare_authority_get_audit (f->authority), "test.forged", NULL, NULL,
                          NULL, &error);
      g_assert_no_error (error);
      spare_registry_commit (registry, &error);
      g_assert_no_error (error);
    }
  authority_fixture_drop (f);
  authority_fixture_sql (f, "INSERT INTO checkpoints SELECT * FROM kept; DROP TABLE kept");
  authority_fixture_open (f);
  result = verify (f, NULL);
  g_assert_false (result->valid);
  g_assert_cmpint (result->first_bad, ==, ROWS);
}

static void
test_anchor (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) anchor = NULL;
  g_autoptr (SpareAuditVerification) good = NULL;
  g_autoptr (SpareAuditVerification) cut = NULL;
  g_autofree char *path = authority_fixture_path (f, "registry.db");
  g_autofree char *old = NULL;
  gsize size = 0;
  g_autoptr (GError) error = NULL;

  authority_fixture_drop (f);
  g_file_get_contents (path, &old, &size, &error);
  g_assert_no_error (error);
  authority_fixture_open (f);
  fill (f, ROWS);
  anchor = spare_audit_dup_checkpoint_json (spare_authority_get_audit (f->authority), &error);
  g_assert_no_error (error);
  good = verify (f, anchor);
  g_assert_true (good->valid);
  g_assert_true (good->anchor_ok);

  /* The whole file of before: all of it fits, but for what the owner was told. */
  authority_fixture_drop (f);
  g_file_set_contents (path, old, (gssize) size, &error);
  g_assert_no_error (error);
  authority_fixture_open (f);
  cut = verify (f, NULL);
  g_assert_true (cut->valid);
  g_clear_pointer (&cut, spare_audit_verification_free);
  cut = verify (f, anchor);
  g_assert_false (cut->valid);
  g_assert_false (cut->anchor_ok);
  g_assert_cmpint (cut->first_bad, ==, 3);

  /* And with other rows since. */
  g_clear_pointer (&cut, spare_audit_verification_free);
  authority_fixture_now += 60;
  fill (f, ROWS + 1);
  cut = verify (f, anchor);
  g_assert_false (cut->valid);
  g_assert_false (cut->anchor_ok);
  g_assert_cmpint (cut->first_bad, ==, ROWS);
}

/* An owner has several. One that he got after the log was rewritten fits it, and says nothing for it. */
static void
test_anchors (AuthorityFixture *f, gconstpointer data)
{
  SpareAudit *audit = spare_authority_get_audit (f->authority);
  g_autoptr (GPtrArray)
      anchors = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (SpareAuditVerification) good = NULL;
  g_autoptr (SpareAuditVerification) bad = NULL;
  g_autofree char *path = authority_fixture_path (f, "registry.db");
  g_autofree char *old = NULL;
  gsize size = 0;
  g_autoptr (GError) error = NULL;

  fill (f, ROWS);
  g_ptr_array_add (anchors, spare_audit_dup_checkpoint_json (audit, &error));
  authority_fixture_drop (f);
  g_file_get_contents (path, &old, &size, &error);
  g_assert_no_error (error);
  authority_fixture_open (f);
  fill (f, ROWS + 2);
  audit = spare_authority_get_audit (f->authority);
  g_ptr_array_add (anchors, spare_audit_dup_checkpoint_json (audit, &error));
  good = spare_audit_verify_against_sync (audit, anchors, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (good->valid);
  g_assert_true (good->anchor_ok);
  g_assert_cmpuint (good->anchors, ==, 2);

  /* Back, and on in another way. */
  authority_fixture_drop (f);
  g_file_set_contents (path, old, (gssize) size, &error);
  g_assert_no_error (error);
  authority_fixture_open (f);
  authority_fixture_now += 60;
  fill (f, ROWS + 4);
  audit = spare_authority_get_audit (f->authority);
  g_ptr_array_add (anchors, spare_audit_dup_checkpoint_json (audit, &error));
  bad = spare_audit_verify_against_sync (audit, anchors, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (bad->valid);
  g_assert_false (bad->anchor_ok);
  g_assert_cmpuint (bad->anchors, ==, 3);
  g_assert_cmpint (bad->first_bad, ==, ROWS + 2);
}

static void
test_forged_anchor (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) anchor = NULL;
  g_autoptr (SpareAuditVerification) result = NULL;
  g_autoptr (GError) error = NULL;

  fill (f, ROWS);
  anchor = spare_audit_dup_checkpoint_json (spare_authority_get_audit (f->authority), &error);
  g_assert_no_error (error);
  json_object_set_int_member (anchor, "sequence", 8);
  result = verify (f, anchor);
  g_assert_false (result->anchor_ok);
  g_assert_false (result->valid);
}

static void
test_rolled_back (AuthorityFixture *f, gconstpointer data)
{
  SpareRegistry *registry = spare_authority_get_registry (f->authority);
  SpareAudit *audit = spare_authority_get_audit (f->authority);
  g_autoptr (SpareAuditVerification) result = NULL;
  g_autoptr (GError) error = NULL;

  spare_registry_begin (registry, &error);
  g_assert_no_error (error);
  spare_audit_append (audit, "test.never", NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  spare_registry_rollback (registry);
  g_assert_cmpint (authority_fixture_append (f, "test.event"), ==, 3);
  result = verify (f, NULL);
  g_assert_true (result->valid);
}

static void
test_backwards (AuthorityFixture *f, gconstpointer data)
{
  SpareAudit *audit = spare_authority_get_audit (f->authority);
  g_autoptr (GError) error = NULL;

  g_assert_true (spare_audit_check_clock (audit, NULL));
  authority_fixture_now -= 299;
  g_assert_true (spare_audit_check_clock (audit, NULL));
  authority_fixture_now -= 2;
  g_assert_false (spare_audit_check_clock (audit, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);

  /* What is denied meanwhile is logged, and makes the clock no better. */
  g_assert_true (spare_authority_log_denied_sync (f->authority, "case.recover", NULL, "clock"));
  g_assert_false (spare_audit_check_clock (audit, NULL));
  authority_fixture_now = AUTHORITY_EPOCH;
  g_assert_true (spare_audit_check_clock (audit, NULL));
}

/* A row of ten years ahead, and the clock is right again. */
static void
test_confirmed (AuthorityFixture *f, gconstpointer data)
{
  SpareAudit *audit = spare_authority_get_audit (f->authority);
  g_autoptr (SpareAuditVerification) result = NULL;
  g_autoptr (GError) error = NULL;
  guint64 unprotected = 1;

  /* Nothing to confirm. */
  g_assert_false (spare_audit_confirm_clock_sync (audit, "Ben", NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_clear_error (&error);

  authority_fixture_now += 10 * 365 * 86400;
  authority_fixture_append (f, "test.event");
  authority_fixture_now = AUTHORITY_EPOCH + 60;
  g_assert_false (spare_audit_check_clock (audit, NULL));
  g_assert_false (spare_audit_confirm_clock_sync (audit, "  ", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  /* Not without the passphrase. */
  spare_authority_lock (f->authority);
  f->deny = TRUE;
  g_assert_false (spare_audit_confirm_clock_sync (audit, "Ben", NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  f->deny = FALSE;
  g_assert_false (spare_audit_check_clock (audit, NULL));

  spare_audit_confirm_clock_sync (audit, "Ben", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (spare_audit_check_clock (audit, NULL));
  spare_audit_get_n_unprotected (audit, &unprotected, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (unprotected, ==, 0);
  result = verify (f, NULL);
  g_assert_true (result->valid);
  g_assert_cmpstr (result->clock_rows, ==, "4");

  /* From there on the clock is held against what follows. */
  authority_fixture_now -= 86400;
  g_assert_false (spare_audit_check_clock (audit, NULL));
  authority_fixture_now += 86400 + 400;
  authority_fixture_append (f, "test.event");
  authority_fixture_now -= 400;
  g_assert_false (spare_audit_check_clock (audit, NULL));
}

/* A row that says so and that nobody signed. */
static void
test_confirmed_by_nobody (AuthorityFixture *f, gconstpointer data)
{
  authority_fixture_now += 10 * 365 * 86400;
  authority_fixture_append (f, "test.event");
  authority_fixture_now = AUTHORITY_EPOCH + 60;
  authority_fixture_append (f, SPARE_AUDIT_CLOCK);
  g_assert_false (spare_audit_check_clock (spare_authority_get_audit (f->authority), NULL));
}

static void
test_denied_passphrase (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareAuditVerification) result = NULL;
  g_autoptr (GError) error = NULL;

  authority_fixture_append (f, "test.event");
  spare_authority_lock (f->authority);
  f->deny = TRUE;
  g_assert_false (
      spare_audit_checkpoint_sync (spare_authority_get_audit (f->authority), NULL, &error));
  g_assert_nonnull (error);
  f->deny = FALSE;
  result = verify (f, NULL);
  g_assert_true (result->valid);
  g_assert_cmpuint (result->unprotected, ==, 1);
}

static void
test_search (AuthorityFixture *f, gconstpointer data)
{
  SpareAudit *audit = spare_authority_get_audit (f->authority);
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) hostile = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (
      spare_authority_log_denied_sync (f->authority, "case.recover", NULL, "100% no_"));
  all = spare_audit_list (audit, NULL, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 3);
  g_assert_cmpint (((SpareAuditRow *) g_ptr_array_index (all, 0))->sequence, ==, 3);
  found = spare_audit_list (audit, "% NO_", 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 1);
  hostile = spare_audit_list (audit, "%%\\_'\"", 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hostile->len, ==, 0);
}

/* --- Stock tools --- */

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  g_string_append_len (user_data, (const char *) octets, (gssize) size);
  return TRUE;
}

typedef struct
{
  char *certificate, *log;
} Script;

static void
export_all (AuthorityFixture *f, Script *script)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows = 0;

  spare_audit_export_sync (spare_authority_get_audit (f->authority), write_cb, text, &rows,
                           NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows, >, 0);
  certificate = spare_authority_export_certificate_sync (f->authority, NULL, &error);
  g_assert_no_error (error);
  script->certificate = g_build_filename (f->folder, "authority.asc", NULL);
  script->log = g_build_filename (f->folder, "log.jsonl", NULL);
  g_file_set_contents (script->certificate, g_bytes_get_data (certificate, NULL),
                       (gssize) g_bytes_get_size (certificate), &error);
  g_assert_no_error (error);
  g_file_set_contents (script->log, text->str, (gssize) text->len, &error);
  g_assert_no_error (error);
}

static int
run_script (AuthorityFixture *f, Script *script, char **output)
{
  const char *const argv[] = { "sh",           TEST_VERIFY_AUDIT,
                               f->fingerprint, script->certificate,
                               script->log,    NULL };
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, output, NULL,
                &status, &error);
  g_assert_no_error (error);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void
edit (Script *script, const char *from, const char *to)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) changed = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (script->log, &text, NULL, &error);
  g_assert_no_error (error);
  changed = g_string_new (text);
  g_assert_cmpuint (g_string_replace (changed, from, to, 1), ==, 1);
  g_file_set_contents (script->log, changed->str, -1, &error);
  g_assert_no_error (error);
}

static void
test_stock_tools (AuthorityFixture *f, gconstpointer data)
{
  Script script = { 0 };
  g_autofree char *good = NULL;
  g_autofree char *bad = NULL;
  g_autofree char *cut = NULL;

  fill (f, 4);
  fill (f, ROWS);
  authority_fixture_append (f, "test.late");
  export_all (f, &script);
  g_assert_cmpint (run_script (f, &script, &good), ==, 0);
  g_assert_nonnull (strstr (good, "10 rows"));
  g_assert_nonnull (strstr (good, "1 row"));

  edit (&script, "\"sequence\":7,", "\"sequence\":7, ");
  g_assert_cmpint (run_script (f, &script, &bad), ==, 1);
  g_assert_nonnull (strstr (bad, "row 7"));

  export_all (f, &script);
  edit (&script, "\"signature\":\"-----BEGIN PGP SIGNATURE-----\\n", "\"signature\":\"");
  g_assert_cmpint (run_script (f, &script, &cut), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func)                                                     \
  g_test_add (path, AuthorityFixture, NULL, authority_fixture_set_up, func, \
              authority_fixture_tear_down)
  for (guint i = 0; i < G_N_ELEMENTS (tamperings); i++)
    g_test_add (tamperings[i].path, AuthorityFixture, &tamperings[i], authority_fixture_set_up,
                test_tampering, authority_fixture_tear_down);
  ADD ("/audit/a log that was rewritten with fitting hashes does not fit its checkpoint",
       test_rewritten);
  ADD ("/audit/an older log that was put back does not fit what an owner was told",
       test_anchor);
  ADD ("/audit/of several anchors each must fit", test_anchors);
  ADD ("/audit/an anchor that the authority did not sign is refused", test_forged_anchor);
  ADD ("/audit/a clock that goes back makes intake wait", test_backwards);
  ADD ("/audit/a clock that is confirmed without a signature still waits",
       test_confirmed_by_nobody);
  ADD ("/audit/a clock that an officer confirms after a row of a later time is believed",
       test_confirmed);
  ADD ("/audit/a dismissed passphrase leaves rows unprotected, not lost",
       test_denied_passphrase);
  ADD ("/audit/a row that was rolled back leaves no gap", test_rolled_back);
  ADD ("/audit/rows after the last checkpoint are told", test_unprotected);
  ADD ("/audit/a whole log is valid", test_whole);
  ADD ("/audit/any text is searched for as it stands", test_search);
  ADD ("/audit/stock tools verify an export and name a changed row", test_stock_tools);
  return g_test_run ();
}
