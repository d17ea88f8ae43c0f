/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new pair of subkeys for the same authority: what was made for the old pair still opens, and what was mail stays mail. */
#include "config.h"

#include "case-fixture.h"

#include "spare-authority-renew.h"
#include "spare-error.h"
#include "spare-rotation.h"

#include <string.h>

static SpareRenewal *
renew (CaseFixture *f)
{
  g_autoptr (GError) error = NULL;
  SpareRenewal *renewal = spare_authority_renew_sync (f->authority.authority, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (renewal);
  return renewal;
}

/* What owners get. */
static void
hand_out (CaseFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes)
      certificate = spare_authority_export_certificate_sync (f->authority.authority, NULL,
                                                             &error);

  g_assert_no_error (error);
  spare_test_import (f->alice->dir, certificate);
  spare_test_import (f->alice_new->dir, certificate);
}

static guint
count_subkeys (CaseFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (spare_authority_get_home (f->authority.authority),
                                     f->authority.fingerprint, TRUE, NULL, &error);

  g_assert_no_error (error);
  return spare_key_get_n_subkeys (key);
}

static void
rotate (CaseFixture *f, const char *to, guint64 done, guint64 before, guint64 failed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareRotationResult)
      result = spare_authority_rotate_sync (f->authority.authority, to, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (result->n_done, ==, done);
  g_assert_cmpuint (result->n_before, ==, before);
  g_assert_cmpuint (result->n_failed, ==, failed);
}

static gboolean
newest_is_proven (CaseFixture *f)
{
  const SpareRegistryQuery query = { .limit = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) packets = spare_registry_list_packets (spare_authority_get_registry (
                                                                   f->authority.authority),
                                                               &query, &error);

  g_assert_no_error (error);
  return ((SpareRegistryPacket *) g_ptr_array_index (packets, 0))->proven;
}

static void
deposit (CaseFixture *f, GBytes *file, const char *serial, gboolean proven)
{
  g_autofree char *path = case_fixture_deposit_file (f, f->alice, file, serial);

  case_fixture_import_done (f, path, 1);
  g_assert_cmpint (newest_is_proven (f), ==, proven);
}

static void
assert_given_back (CaseFixture *f, GBytes *file, const char *text)
{
  g_autofree char *path = NULL;
  g_autofree char *id = NULL;
  g_autoptr (SpareGrantResult) result = NULL;
  g_autofree char *plain = NULL;

  authority_fixture_now += 60;
  path = case_fixture_request_file (f, f->alice_new, f->alice->fingerprint, file);
  id = case_fixture_import_case (f, path);
  case_fixture_identify (f, id, f->alice_new);
  case_fixture_approve (f, id);
  result = case_fixture_recover (f, id);
  plain = case_fixture_open_with_grant (f, f->alice_new, result->path, file);
  g_assert_cmpstr (plain, ==, text);
}

static void
test_denied (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint before = count_subkeys (f);

  spare_authority_lock (f->authority.authority);
  f->authority.deny = TRUE;
  g_assert_null (spare_authority_renew_sync (f->authority.authority, NULL, &error));
  g_assert_nonnull (error);
  f->authority.deny = FALSE;
  g_assert_cmpuint (count_subkeys (f), ==, before);
  g_assert_cmpuint (case_fixture_count_events (f, "authority.subkeys"), ==, 0);
  g_assert_cmpuint (case_fixture_count_events (f, "authority.subkeys.intent"), ==, 1);
}

static void
test_renewed (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) before = case_fixture_encrypt (f, f->alice, f->escrow, "Of before.");
  g_autoptr (GBytes) late = case_fixture_encrypt (f, f->alice, f->escrow, "Of before, late.");
  g_autoptr (GBytes) mail = case_fixture_encrypt (f, f->alice, f->transport, "Mail.");
  g_autoptr (GBytes) after = NULL;
  g_autoptr (GBytes) new_mail = NULL;
  g_autoptr (SpareRenewal) renewal = NULL;
  g_autoptr (GError) error = NULL;
  guint n_subkeys = count_subkeys (f);

  case_fixture_enroll (f, f->alice);
  deposit (f, before, "ALICE-0001-1", TRUE);
  renewal = renew (f);
  g_assert_cmpuint (count_subkeys (f), ==, n_subkeys + 2);
  g_assert_cmpstr (renewal->escrow, !=, f->escrow);
  g_assert_cmpstr (renewal->transport, !=, f->transport);
  g_assert_cmpuint (g_strv_length (renewal->retired), ==, 2);
  g_assert_true (g_strv_contains ((const char *const *) renewal->retired, f->escrow));
  g_assert_true (g_strv_contains ((const char *const *) renewal->retired, f->transport));
  g_assert_cmpuint (case_fixture_count_events (f, "authority.subkeys"), ==, 1);

  /* Not again at once: it could not be told later which of the two it was. Nothing is made then. */
  g_assert_null (spare_authority_renew_sync (f->authority.authority, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
  g_assert_cmpuint (count_subkeys (f), ==, n_subkeys + 2);

  /* What owners made with the old certificate comes on bundles for the old transport subkey, and both still open. Mail for
   * the old transport subkey is never opened as if it were escrowed, nor re-wrapped. */
  deposit (f, late, "ALICE-0001-2", TRUE);
  deposit (f, mail, "ALICE-0001-3", FALSE);

  rotate (f, renewal->escrow, 2, 0, 1);
  rotate (f, renewal->escrow, 0, 2, 1);

  hand_out (f);
  g_free (f->transport);
  f->transport = g_strdup (renewal->transport);
  new_mail = case_fixture_encrypt (f, f->alice, f->transport, "Mail.");
  deposit (f, new_mail, "ALICE-0001-4", FALSE);
  g_free (f->escrow);
  f->escrow = g_strdup (renewal->escrow);
  after = case_fixture_encrypt (f, f->alice, f->escrow, "Of after.");
  deposit (f, after, "ALICE-0001-5", TRUE);

  /* Opened anew, too: it is in the key, not in this object. */
  authority_fixture_drop (&f->authority);
  authority_fixture_open (&f->authority);
  assert_given_back (f, after, "Of after.");
}

static void
test_of_before (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Of before.");
  g_autoptr (SpareRenewal) renewal = NULL;

  case_fixture_enroll (f, f->alice);
  deposit (f, file, "ALICE-0001-1", TRUE);
  renewal = renew (f);
  rotate (f, renewal->escrow, 1, 0, 0);
  assert_given_back (f, file, "Of before.");
}

/* Ended after the first of the two: the next run makes the other one and no more. */
static void
test_stopped (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Of before.");
  g_autoptr (SpareRenewal) renewal = NULL;
  g_autofree char *half = NULL;
  g_autoptr (GError) error = NULL;
  guint n_subkeys = count_subkeys (f);

  half = spare_home_add_encryption_subkey_sync (spare_authority_get_home (
                                                    f->authority.authority),
                                                f->authority.fingerprint, NULL, NULL, &error);
  g_assert_no_error (error);
  renewal = renew (f);
  g_assert_cmpstr (renewal->escrow, ==, half);
  g_assert_cmpuint (count_subkeys (f), ==, n_subkeys + 2);
  deposit (f, file, "ALICE-0001-1", TRUE);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (CaseFixture *f, gconstpointer data);
  } rows[] = {
    { "/renew/without the passphrase no subkey is made and none retired", test_denied },
    { "/renew/one that was stopped is gone on with", test_stopped },
    { "/renew/the new pair is used, and the old pair still opens what was made for it",
      test_renewed },
    { "/renew/a file of before is given back", test_of_before },
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add (rows[i].path, CaseFixture, NULL, case_fixture_set_up, rows[i].test,
                case_fixture_tear_down);
  return g_test_run ();
}
