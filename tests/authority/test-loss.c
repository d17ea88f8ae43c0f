/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that were lost or revoked: how it becomes known, and what no longer counts from then on. */
#include "config.h"

#include "case-fixture.h"

#include "spare-error.h"

#include <string.h>

/* Alice's certificate as anybody finds it on a key server after she has revoked it, and the revocation alone. */
static GBytes *
make_revoked (CaseFixture *f, Person *owner, GBytes **revocation)
{
  g_autoptr (SpareTestHome) elsewhere = spare_test_home_new ();
  g_autoptr (GBytes) certificate = spare_test_export (owner->dir, owner->fingerprint);
  g_autoptr (GBytes) alone = NULL;
  g_autoptr (GError) error = NULL;

  alone = spare_home_dup_revocation_sync (owner->home, owner->fingerprint, NULL, &error);
  g_assert_no_error (error);
  spare_test_import (elsewhere, certificate);
  spare_test_import (elsewhere, alone);
  if (revocation != NULL)
    *revocation = g_steal_pointer (&alone);
  return spare_test_export (elsewhere, owner->fingerprint);
}

static char *
put (CaseFixture *f, const char *name, GBytes *octets)
{
  g_autofree char *path = g_build_filename (f->stick, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, g_bytes_get_data (octets, NULL),
                       (gssize) g_bytes_get_size (octets), &error);
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

/* A deposit of nothing that shows @certificate, armored. */
static char *
write_showing (CaseFixture *f, Person *named, GBytes *certificate)
{
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_DEPOSIT, named->fingerprint,
                                        f->authority.fingerprint);
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  g_autoptr (GBytes)
      armored = spare_test_gpg_filter (named->dir, certificate, "--enarmor", NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (armored, NULL),
                                     g_bytes_get_size (armored));
  g_autoptr (GString) block = g_string_new (text);

  g_string_replace (block, "PGP ARMORED FILE", "PGP PUBLIC KEY BLOCK", 0);
  header->certificate = g_strdup (block->str);
  return case_fixture_write (f, named, header, lines);
}

static SpareRegistryOwner *
get_owner (CaseFixture *f, Person *person)
{
  g_autoptr (GError) error = NULL;
  SpareRegistryOwner *owner = spare_registry_get_owner (spare_authority_get_registry (
                                                            f->authority.authority),
                                                        person->fingerprint, &error);

  g_assert_no_error (error);
  return owner;
}

static void
assert_loss (CaseFixture *f, Person *person, SpareLossKind kind, guint rows)
{
  g_autoptr (SpareRegistryOwner) owner = get_owner (f, person);

  g_assert_cmpint (owner->lost, ==, kind);
  g_assert_cmpuint (case_fixture_count_events (f, "owner.loss"), ==, rows);
  if (kind == SPARE_LOSS_NONE)
    return;
  /* By the authority's clock, whatever date the revocation has. */
  g_assert_cmpint (owner->lost_since, ==, authority_fixture_now);
  g_assert_cmpint (owner->lost_time, ==, authority_fixture_now);
}

/* But for the row that a refused bundle leaves. */
static void
assert_protected (CaseFixture *f, guint64 but)
{
  g_autoptr (GError) error = NULL;
  guint64 n = G_MAXUINT64;

  spare_audit_get_n_unprotected (spare_authority_get_audit (f->authority.authority), &n,
                                 &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, <=, but);
}

static void
deposit (CaseFixture *f, GBytes *file, const char *serial)
{
  g_autofree char *path = case_fixture_deposit_file (f, f->alice, file, serial);

  case_fixture_import_done (f, path, 1);
}

static void
assert_verdict (CaseFixture *f, GBytes *file, SpareVerdict verdict)
{
  g_autofree char *path = NULL;
  g_autofree char *id = NULL;
  g_autoptr (SpareCase) shown = NULL;

  authority_fixture_now += 60;
  path = case_fixture_request_file (f, f->alice_new, f->alice->fingerprint, file);
  id = case_fixture_import_case (f, path);
  shown = case_fixture_get (f, id);
  g_assert_cmpint (((SpareCaseFile *) g_ptr_array_index (shown->files, 0))->verdict, ==,
                   verdict);
}

/* Signed by the key all the same: whoever has stolen it hides the revocation from his gpg. */
static void
test_in_bundle (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) before = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GBytes) after = case_fixture_encrypt (f, f->alice, f->escrow, "After.");
  g_autoptr (GBytes) revoked = make_revoked (f, f->alice, NULL);
  g_autofree char *path = NULL;

  case_fixture_enroll (f, f->alice);
  deposit (f, before, "ALICE-0001-1");
  authority_fixture_now += 60;
  path = write_showing (f, f->alice, revoked);
  case_fixture_import_refused (f, path);
  assert_loss (f, f->alice, SPARE_LOSS_REVOKED, 1);
  assert_protected (f, 1);

  /* And once only. */
  case_fixture_import_refused (f, path);
  g_assert_cmpuint (case_fixture_count_events (f, "owner.loss"), ==, 1);

  /* A certificate that does not show it: taken in, and no proof of anything. */
  authority_fixture_now += 60;
  deposit (f, after, "ALICE-0001-2");
  assert_verdict (f, after, SPARE_VERDICT_UNMATCHED);
  assert_verdict (f, before, SPARE_VERDICT_MATCHED);
}

static void
test_alone (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GBytes) alone = NULL;
  g_autoptr (GBytes) revoked = make_revoked (f, f->alice, &alone);
  g_autoptr (GBytes) strange = NULL;
  g_autoptr (GBytes) other = make_revoked (f, f->mallory, &strange);
  g_autofree char *path = put (f, "revocation.asc", alone);
  g_autofree char *stranger = put (f, "strange.asc", strange);
  g_autoptr (SpareImportResult) result = NULL;
  g_autoptr (SpareImportResult) again = NULL;

  /* Nobody here has this key. */
  case_fixture_import_refused (f, path);
  deposit (f, file, "ALICE-0001-1");
  case_fixture_import_refused (f, stranger);
  assert_loss (f, f->alice, SPARE_LOSS_NONE, 0);

  result = case_fixture_import (f, path);
  g_assert_no_error (result->error);
  g_assert_cmpstr (result->type, ==, "revocation");
  g_assert_cmpstr (result->id, ==, f->alice->fingerprint);
  g_assert_cmpuint (result->n_new, ==, 1);
  assert_loss (f, f->alice, SPARE_LOSS_REVOKED, 1);
  assert_protected (f, 0);

  again = case_fixture_import (f, path);
  g_assert_no_error (again->error);
  g_assert_cmpuint (again->n_known, ==, 1);
  assert_loss (f, f->alice, SPARE_LOSS_REVOKED, 1);
}

/* Where the octets are that the signature does not cover: the number of the issuer and the beginning of the hash, as hints, and
 * how many bits the first number has. In a packet as gpg writes it. */
static void
find_hints (GBytes *packet, gsize *from, gsize *to)
{
  const guint8 *octets = g_bytes_get_data (packet, NULL);
  gsize body = (octets[0] & 3) == 0 ? 2 : 3;

  g_assert_cmpuint (octets[0] & 0xfc, ==, 0x88);
  *from = body + 6 + ((gsize) octets[body + 4] << 8 | octets[body + 5]);
  *to = *from + 2 + ((gsize) octets[*from] << 8 | octets[*from + 1]) + 4;
}

/* Changed by one octet, cut, or a signature of another kind. */
static void
test_forged (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GBytes) alone = NULL;
  g_autoptr (GBytes) revoked = make_revoked (f, f->alice, &alone);
  g_autoptr (GBytes) binary = spare_test_gpg_filter (f->alice->dir, alone, "--dearmor", NULL);
  g_autoptr (GBytes) plain = g_bytes_new_static ("I take it back.", 15);
  g_autoptr (GBytes) text = spare_test_gpg_filter (f->alice->dir, plain, "--detach-sign", NULL);
  gsize size = g_bytes_get_size (binary);
  gsize from, to;

  find_hints (binary, &from, &to);
  deposit (f, file, "ALICE-0001-1");
  for (gsize at = 2; at < size; at += at < from ? 5 : 11)
    {
      g_autofree guint8 *octets = g_memdup2 (g_bytes_get_data (binary, NULL), size);
      g_autoptr (GBytes) changed = NULL;
      g_autofree char *path = NULL;

      if (at >= from && at < to)
        continue;
      octets[at] ^= 1;
      changed = g_bytes_new_take (g_steal_pointer (&octets), size);
      path = put (f, "forged", changed);
      case_fixture_import_refused (f, path);
    }
  for (gsize part = 1; part < size; part += 7)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (binary, 0, part);
      g_autofree char *path = put (f, "cut", cut);

      case_fixture_import_refused (f, path);
    }
  {
    g_autofree char *path = put (f, "text.sig", text);

    case_fixture_import_refused (f, path);
  }
  assert_loss (f, f->alice, SPARE_LOSS_NONE, 0);
}

static void
test_in_certificate (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GBytes) good = spare_test_export (f->alice->dir, f->alice->fingerprint);
  g_autoptr (GBytes) revoked = make_revoked (f, f->alice, NULL);
  g_autofree char *before = put (f, "alice.asc", good);
  g_autofree char *path = put (f, "revoked.asc", revoked);

  deposit (f, file, "ALICE-0001-1");
  case_fixture_import_done (f, before, 1);
  assert_loss (f, f->alice, SPARE_LOSS_NONE, 0);
  case_fixture_import_done (f, path, 1);
  assert_loss (f, f->alice, SPARE_LOSS_REVOKED, 1);
  assert_protected (f, 0);
}

/* Anybody can leave out the part of a certificate that extends it, so an expiry tells nothing. */
static void
test_expired (CaseFixture *f, gconstpointer data)
{
  g_autoptr (SpareTestHome) elsewhere = spare_test_home_new ();
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GBytes)
      secret = spare_test_export_secret (f->alice->dir, f->alice->fingerprint, NULL);
  g_autoptr (GBytes) expired = NULL;
  g_autofree char *log = NULL;
  g_autofree char *path = NULL;

  deposit (f, file, "ALICE-0001-1");
  spare_test_import (elsewhere, secret);
  log = spare_test_gpg (elsewhere, "--faked-system-time", "20360101T000000",
                        "--quick-set-expire", f->alice->fingerprint, "2036-01-02", NULL);
  expired = spare_test_export (elsewhere, f->alice->fingerprint);
  path = write_showing (f, f->alice, expired);
  g_free (g_steal_pointer (&log));
  {
    g_autoptr (SpareImportResult) result = case_fixture_import (f, path);

    g_assert_nonnull (result);
  }
  assert_loss (f, f->alice, SPARE_LOSS_NONE, 0);
}

/* An officer's word: as grave as any, so it is signed at once. */
static void
test_reported (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GError) error = NULL;

  deposit (f, file, "ALICE-0001-1");
  spare_authority_report_loss_sync (f->authority.authority, f->alice->fingerprint,
                                    SPARE_LOSS_LOST, authority_fixture_now, NULL, &error);
  g_assert_no_error (error);
  assert_loss (f, f->alice, SPARE_LOSS_LOST, 1);
  assert_protected (f, 0);
}

/* The passphrase is not given: the loss stands, and the error says so. */
static void
test_unsigned (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autoptr (GError) error = NULL;

  deposit (f, file, "ALICE-0001-1");
  spare_authority_lock (f->authority.authority);
  f->authority.deny = TRUE;
  g_assert_false (spare_authority_report_loss_sync (f->authority.authority,
                                                    f->alice->fingerprint, SPARE_LOSS_STOLEN,
                                                    authority_fixture_now, NULL, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "is done"));
  f->authority.deny = FALSE;
  assert_loss (f, f->alice, SPARE_LOSS_STOLEN, 1);
}

/* The same octets again: nothing changes but the log. */
static void
test_known (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "Before.");
  g_autofree char *path = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");

  case_fixture_import_done (f, path, 1);
  g_assert_cmpuint (case_fixture_count_events (f, "bundle.known"), ==, 0);
  case_fixture_import_done (f, path, 0);
  g_assert_cmpuint (case_fixture_count_events (f, "bundle.import"), ==, 1);
  g_assert_cmpuint (case_fixture_count_events (f, "bundle.known"), ==, 1);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (CaseFixture *f, gconstpointer data);
  } rows[] = {
    { "/loss/a forged revocation revokes nothing", test_forged },
    { "/loss/an expired certificate is no loss", test_expired },
    { "/loss/a loss stands when the log can not be signed, and that is said", test_unsigned },
    { "/loss/a revoked key in a refused bundle is believed, and what comes later not matched",
      test_in_bundle },
    { "/loss/a revocation alone is believed from anybody, once", test_alone },
    { "/loss/a certificate of an owner that is revoked is believed", test_in_certificate },
    { "/loss/a reported loss is signed at once", test_reported },
    { "/loss/a bundle that is brought again leaves a row in the log", test_known },
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add (rows[i].path, CaseFixture, NULL, case_fixture_set_up, rows[i].test,
                case_fixture_tear_down);
  return g_test_run ();
}
