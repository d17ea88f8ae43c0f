/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others bring to the authority: taken in whole, or refused and logged. */
#include "config.h"

#include "case-fixture.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-receipts.h"

#include <glib/gstdio.h>
#include <string.h>

static GPtrArray *
list_packets (CaseFixture *f)
{
  const SpareRegistryQuery query = { .oldest_first = TRUE };
  g_autoptr (GError) error = NULL;
  GPtrArray *packets = spare_registry_list_packets (spare_authority_get_registry (
                                                        f->authority.authority),
                                                    &query, &error);

  g_assert_no_error (error);
  return packets;
}

static void
assert_packet (CaseFixture *f, guint position, Person *owner, gboolean proven)
{
  g_autoptr (GPtrArray) packets = list_packets (f);
  const SpareRegistryPacket *packet;

  g_assert_cmpuint (packets->len, >, position);
  packet = g_ptr_array_index (packets, position);
  g_assert_cmpstr (packet->owner, ==, owner->fingerprint);
  g_assert_cmpint (packet->proven, ==, proven);
}

static char *
deposit_record (CaseFixture *f, Person *owner, SpareDepositRecord *record)
{
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_deposit_record_free);

  g_ptr_array_add (records, record);
  return case_fixture_write_deposit (f, owner, records);
}

static void
test_twice (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *first = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");
  g_autofree char *second = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");

  case_fixture_import_done (f, first, 1);
  case_fixture_import_done (f, first, 0);
  case_fixture_import_done (f, second, 0);
  assert_packet (f, 0, f->alice, TRUE);
}

static void
test_borrowed (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *stolen = deposit_record (f, f->mallory,
                                            case_fixture_make_record (f, NULL,
                                                                      f->mallory->fingerprint,
                                                                      file, "MALLORY-1-1"));
  /* The proof that Alice made, for herself, is no proof for Mallory. */
  g_autofree char *copied = deposit_record (f, f->mallory,
                                            case_fixture_make_record (f, f->alice,
                                                                      f->alice->fingerprint,
                                                                      file, "MALLORY-1-1"));
  g_autofree char *own = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");

  case_fixture_import_done (f, stolen, 1);
  assert_packet (f, 0, f->mallory, FALSE);
  case_fixture_import_done (f, copied, 0);
  assert_packet (f, 0, f->mallory, FALSE);
  case_fixture_import_done (f, own, 1);
  assert_packet (f, 1, f->alice, TRUE);
}

/* The top bit of the point on Curve25519 has no meaning for the agent, so the packet still opens, and has another
 * SHA-256. */
static void
test_top_bit (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autoptr (SpareDepositRecord)
      record = case_fixture_make_record (f, f->alice, f->mallory->fingerprint, file,
                                         "MALLORY-1-1");
  gsize size;
  g_autofree guint8 *octets = g_memdup2 (g_bytes_get_data (record->packet, NULL),
                                         g_bytes_get_size (record->packet));
  g_autoptr (GBytes) flipped = NULL;
  g_autoptr (GError) error = NULL;
  SpareDepositRecord *forged;
  g_autofree char *path = NULL;

  size = g_bytes_get_size (record->packet);
  octets[2 + 10 + 2 + 32] ^= 0x80;
  flipped = g_bytes_new (octets, size);
  forged = spare_deposit_record_new ("MALLORY-1-1", record->created, "", "letter", 10,
                                     record->subkey, "cv25519", "AES256", flipped,
                                     record->proof, &error);
  /* Either it is no packet at all, or one that proves nothing. */
  if (forged == NULL)
    return;
  path = deposit_record (f, f->mallory, forged);
  case_fixture_import_done (f, path, 1);
  assert_packet (f, 0, f->mallory, FALSE);
}

static void
test_transport (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->transport, "One letter.");
  g_autofree char *path = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");

  case_fixture_import_done (f, path, 1);
  assert_packet (f, 0, f->alice, FALSE);
}

static void
test_conflict (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autoptr (GBytes) other = case_fixture_encrypt (f, f->alice, f->escrow, "Another letter.");
  g_autofree char *first = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");
  g_autofree char *second = case_fixture_deposit_file (f, f->alice, other, "ALICE-0001-1");
  g_autoptr (GPtrArray) packets = NULL;

  case_fixture_import_done (f, first, 1);
  case_fixture_import_done (f, second, 1);
  packets = list_packets (f);
  g_assert_cmpuint (packets->len, ==, 2);
  for (guint i = 0; i < packets->len; i++)
    g_assert_true (((SpareRegistryPacket *) g_ptr_array_index (packets, i))->conflict);
}

static void
write_part (const char *from, const char *to, gsize size)
{
  g_autofree char *octets = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (from, &octets, &length, NULL));
  g_assert_true (g_file_set_contents (to, octets, (gssize) MIN (size, length), NULL));
}

static void
test_refused (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *whole = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");
  g_autofree char *part = g_build_filename (f->stick, "part.sparekey", NULL);
  g_autofree char *note = g_build_filename (f->stick, "note.sparekey", NULL);
  g_autofree char *plain = g_build_filename (f->stick, "plain.sparekey", NULL);
  g_autoptr (SpareBundleHeader)
      grant = spare_bundle_header_new (SPARE_BUNDLE_GRANT, f->alice->fingerprint,
                                       f->authority.fingerprint);
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();
  g_autofree char *backwards = case_fixture_write (f, f->alice, grant, nothing);

  for (gsize size = 1; size < 700; size += 233)
    {
      write_part (whole, part, size);
      case_fixture_import_refused (f, part);
    }
  g_assert_true (g_file_set_contents (note, g_bytes_get_data (file, NULL),
                                      (gssize) g_bytes_get_size (file), NULL));
  case_fixture_import_refused (f, note);
  g_assert_true (g_file_set_contents (plain, "{\"sparekey\":1}", -1, NULL));
  case_fixture_import_refused (f, plain);
  case_fixture_import_refused (f, backwards);
}

static void
test_cancelled (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *path = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint rows = case_fixture_count_events (f, "bundle.import");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) packets = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (
      spare_authority_import_sync (f->authority.authority, path, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  packets = list_packets (f);
  g_assert_cmpuint (packets->len, ==, 0);
  g_assert_cmpuint (case_fixture_count_events (f, "bundle.import"), ==, rows);
}

static GPtrArray *
write_receipts (CaseFixture *f)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *written = spare_authority_write_receipts_sync (f->authority.authority, f->stick,
                                                            NULL, NULL, &error);

  g_assert_no_error (error);
  return written;
}

static void
test_receipts (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *own = case_fixture_deposit_file (f, f->alice, file, "ALICE-0001-1");
  g_autofree char *stolen = deposit_record (f, f->mallory,
                                            case_fixture_make_record (f, NULL,
                                                                      f->mallory->fingerprint,
                                                                      file, "MALLORY-1-1"));
  g_autoptr (GPtrArray) written = NULL;
  g_autoptr (GPtrArray) again = NULL;

  case_fixture_import_done (f, own, 1);
  case_fixture_import_done (f, stolen, 1);
  written = write_receipts (f);
  g_assert_cmpuint (written->len, ==, 2);
  for (guint i = 0; i < written->len; i++)
    {
      const SpareWrittenBundle *receipt = g_ptr_array_index (written, i);

      g_assert_cmpint (receipt->type, ==, SPARE_BUNDLE_RECEIPT);
      g_assert_cmpuint (receipt->n_records, ==, 1);
      g_assert_true (g_file_test (receipt->path, G_FILE_TEST_IS_REGULAR));
    }
  again = write_receipts (f);
  g_assert_cmpuint (again->len, ==, 0);
}

static void
test_request_twice (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *request = case_fixture_request_file (f, f->alice_new, f->alice->fingerprint,
                                                        file);
  g_autofree char *first = case_fixture_import_case (f, request);
  g_autofree char *second = case_fixture_import_case (f, request);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) cases = spare_case_list_sync (f->authority.authority, NULL, &error);

  g_assert_cmpstr (first, ==, second);
  g_assert_no_error (error);
  g_assert_cmpuint (cases->len, ==, 1);
}

static void
test_bad_requests (CaseFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, "One letter.");
  g_autofree char *itself = case_fixture_request_file (f, f->alice, f->alice->fingerprint,
                                                       file);
  g_autofree char *authority = case_fixture_request_file (f, f->alice_new,
                                                          f->authority.fingerprint, file);
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();
  g_autofree char *empty = case_fixture_write_request (f, f->alice_new, f->alice->fingerprint,
                                                       nothing);

  case_fixture_import_refused (f, itself);
  case_fixture_import_refused (f, authority);
  case_fixture_import_refused (f, empty);
}

/* So many that the key is copied for them. */
#define MANY 12

static char *
deposit_many (CaseFixture *f, const char *letter)
{
  g_autoptr (GPtrArray)
      records = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_deposit_record_free);

  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GBytes) file = case_fixture_encrypt (f, f->alice, f->escrow, letter);
      g_autofree char *serial = g_strdup_printf ("ALICE-%s-%u", letter, i);

      g_ptr_array_add (records, case_fixture_make_record (f, f->alice, f->alice->fingerprint,
                                                          file, serial));
    }
  return case_fixture_write_deposit (f, f->alice, records);
}

static void
assert_all_proven (CaseFixture *f, guint n)
{
  g_autoptr (GPtrArray) packets = list_packets (f);

  g_assert_cmpuint (packets->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_true (((const SpareRegistryPacket *) g_ptr_array_index (packets, i))->proven);
}

static void
test_many (CaseFixture *f, gconstpointer data)
{
  g_autofree char *first = deposit_many (f, "one");
  g_autofree char *second = deposit_many (f, "two");
  guint asked;

  case_fixture_import_done (f, first, MANY);
  assert_all_proven (f, MANY);

  /* By now the agent knows the passphrase of each part: who asks is the copy. */
  asked = f->authority.asked;
  f->authority.deny = TRUE;
  case_fixture_import_done (f, second, MANY);
  g_assert_cmpuint (f->authority.asked, ==, asked + 1);
  assert_all_proven (f, 2 * MANY);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func)                                                      \
  g_test_add ("/intake/" path, CaseFixture, NULL, case_fixture_set_up, func, \
              case_fixture_tear_down)
  ADD ("what is cut, foreign or of another kind is refused and logged", test_refused);
  ADD ("a cancelled import leaves nothing", test_cancelled);
  ADD ("a request for nothing, for the same key or the authority's is refused",
       test_bad_requests);
  ADD ("a deposit of somebody else's packet is merely held", test_borrowed);
  ADD ("a packet with the point's top bit flipped proves nothing", test_top_bit);
  ADD ("a packet for the transport key is merely held", test_transport);
  ADD ("the same deposit again changes nothing", test_twice);
  ADD ("two packets of one serial are both kept and flagged", test_conflict);
  ADD ("a long deposit goes on when nobody types the passphrase for a copy of the key",
       test_many);
  ADD ("each owner gets one receipt, once", test_receipts);
  ADD ("the same request again is the same case", test_request_twice);
#undef ADD
  return g_test_run ();
}
