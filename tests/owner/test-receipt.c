/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipts: what they move, and what is not believed. */
#include "config.h"

#include "deposit-fixture.h"

#include "spare-error.h"
#include "spare-receipt-record.h"
#include "spare-receipt.h"

#include <glib/gstdio.h>

#define COUNT_KEPT "SELECT count(*) FROM deposits WHERE octets IS NOT NULL"

/* What the authority got. */
typedef struct
{
  char *deposit;      /* id */
  GPtrArray *records; /* of SpareDepositRecord */
} Taken;

static void
taken_clear (Taken *self)
{
  g_free (self->deposit);
  g_ptr_array_unref (self->records);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Taken, taken_clear)

static void
take (DepositFixture *f, Taken *taken)
{
  g_autoptr (GPtrArray) written = deposit_fixture_export (f, NULL);
  const SpareWrittenBundle *bundle = g_ptr_array_index (written, 0);
  guint n_proven;

  g_assert_cmpuint (written->len, ==, 1);
  taken->deposit = g_strdup (bundle->id);
  taken->records = deposit_fixture_read_records (f, bundle->path, f->owner_key, &n_proven);
}

static GPtrArray *
new_lines (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
}

static void
add_line (GPtrArray *lines,
          const char *serial,
          const char *sha256,
          const char *deposit,
          gboolean proven)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareReceiptRecord)
      record = spare_receipt_record_new (serial, sha256, deposit, proven, &error);

  g_assert_no_error (error);
  g_ptr_array_add (lines, spare_receipt_record_to_json (record));
}

static SpareBundleHeader *
new_header (DepositFixture *f)
{
  SpareBundleHeader *header = spare_bundle_header_new (SPARE_BUNDLE_RECEIPT, f->authority,
                                                       f->owner_key);
  JsonObject *checkpoint = json_object_new ();

  json_object_set_int_member (checkpoint, "sequence", 7);
  json_object_set_object_member (header->fields, "checkpoint", checkpoint);
  return header;
}

/* A receipt for all of @taken. */
static char *
make_receipt (DepositFixture *f, const Taken *taken, gboolean proven)
{
  g_autoptr (GPtrArray) lines = new_lines ();

  for (guint i = 0; i < taken->records->len; i++)
    {
      const SpareDepositRecord *record = g_ptr_array_index (taken->records, i);

      add_line (lines, record->serial, record->sha256, taken->deposit, proven);
    }
  return deposit_fixture_answer (f, new_header (f), f->authority, f->owner_key, lines);
}

static void
apply (DepositFixture *f, const char *path, SpareReceiptResult *result)
{
  g_autoptr (GError) error = NULL;

  spare_receipt_apply_sync (f->o.owner, path, result, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_refused (DepositFixture *f, const char *path, int code)
{
  g_autoptr (GError) error = NULL;
  SpareReceiptResult result = { 99, 99, 99, 99 };

  g_assert_false (spare_receipt_apply_sync (f->o.owner, path, &result, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SPARE_ERROR, code);
  g_assert_cmpuint (result.n_moved, ==, 99);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT count(*) FROM receipts"), ==, 0);
}

static void
test_moves (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  SpareReceiptResult result = { 0 };
  const SpareOutboxEntry *entry;

  deposit_fixture_encrypt (f, SPARE_ESCROW_DETACHED, "a.txt", "b.txt", NULL);
  take (f, &taken);
  path = make_receipt (f, &taken, TRUE);
  apply (f, path, &result);
  g_assert_cmpuint (result.n_moved, ==, 2);
  g_assert_cmpuint (result.n_known + result.n_unknown + result.n_held, ==, 0);
  deposit_fixture_assert_states (f, 0, 0, 2);

  /* Detached packets stay, the deposit needs to be kept no longer, the checkpoint is kept. */
  entries = deposit_fixture_list (f);
  entry = g_ptr_array_index (entries, 0);
  g_assert_nonnull (entry->packet);
  g_assert_cmpint (entry->verdict, ==, SPARE_OUTBOX_PROVEN);
  g_assert_cmpint (deposit_fixture_sql (f, COUNT_KEPT), ==, 0);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT json_extract (text, '$.sequence') FROM "
                                           "checkpoints WHERE kind = 'receipt'"),
                   ==, 7);

  /* Once more: nothing. */
  apply (f, path, &result);
  g_assert_cmpuint (result.n_moved, ==, 0);
  g_assert_cmpuint (result.n_known, ==, 2);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT count(*) FROM receipts"), ==, 1);
}

/* Held is a receipt too; proven later, it stays proven. */
static void
test_held (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autofree char *held = NULL;
  g_autofree char *proven = NULL;
  SpareReceiptResult result = { 0 };

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  held = make_receipt (f, &taken, FALSE);
  proven = make_receipt (f, &taken, TRUE);
  apply (f, held, &result);
  g_assert_cmpuint (result.n_moved, ==, 1);
  g_assert_cmpuint (result.n_held, ==, 1);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT proven FROM packets"), ==, 0);
  apply (f, proven, &result);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT proven FROM packets"), ==, 1);
  apply (f, held, &result);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT proven FROM packets"), ==, 1);
}

/* Serial, packet and deposit: each alone wrong moves nothing. */
static void
test_all_three (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autoptr (GPtrArray) lines = new_lines ();
  g_autofree char *other_id = g_uuid_string_random ();
  g_autofree char *other_hash = g_strnfill (64, 'a');
  g_autofree char *path = NULL;
  SpareReceiptResult result = { 0 };
  const SpareDepositRecord *one, *two;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", "b.txt", NULL);
  take (f, &taken);
  one = g_ptr_array_index (taken.records, 0);
  two = g_ptr_array_index (taken.records, 1);
  add_line (lines, one->serial, one->sha256, other_id, TRUE);
  add_line (lines, one->serial, other_hash, taken.deposit, TRUE);
  add_line (lines, one->serial, two->sha256, taken.deposit, TRUE);
  add_line (lines, "AAAAAAAA-0000-1", one->sha256, taken.deposit, TRUE);
  path = deposit_fixture_answer (f, new_header (f), f->authority, f->owner_key, lines);
  apply (f, path, &result);
  g_assert_cmpuint (result.n_moved, ==, 0);
  g_assert_cmpuint (result.n_unknown, ==, 4);
  deposit_fixture_assert_states (f, 0, 2, 0);
}

/* Killed between writing and noting it: the authority has it, the receipt says so. */
static void
test_pending (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autofree char *path = NULL;
  SpareReceiptResult result = { 0 };

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  deposit_fixture_sql (f, "UPDATE packets SET state = 0, exported = NULL");
  path = make_receipt (f, &taken, TRUE);
  apply (f, path, &result);
  g_assert_cmpuint (result.n_moved, ==, 1);
  deposit_fixture_assert_states (f, 0, 0, 1);
}

static void
test_forged (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autoptr (GPtrArray) lines = new_lines ();
  g_autofree char *mallory = NULL;
  g_autofree char *path = NULL;
  const SpareDepositRecord *record;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  record = g_ptr_array_index (taken.records, 0);
  add_line (lines, record->serial, record->sha256, taken.deposit, TRUE);
  mallory = spare_test_create_key (f->o.elsewhere, SPARE_TEST_KEY_DEFAULT,
                                   "Notary <notary@example.org>", NULL);
  path = deposit_fixture_answer (f,
                                 spare_bundle_header_new (SPARE_BUNDLE_RECEIPT, mallory,
                                                          f->owner_key),
                                 mallory, f->owner_key, lines);
  assert_refused (f, path, SPARE_ERROR_DAMAGED);
  deposit_fixture_assert_states (f, 0, 1, 0);
}

static void
test_damaged (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *plain = deposit_fixture_write (f, "plain.sparekey", "no message at all");
  gsize length;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  path = make_receipt (f, &taken, TRUE);
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  contents[length - 40] ^= 1;
  g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
  assert_refused (f, path, SPARE_ERROR_DAMAGED);
  g_assert_true (g_file_set_contents (path, contents, (gssize) length / 2, NULL));
  assert_refused (f, path, SPARE_ERROR_DAMAGED);
  assert_refused (f, plain, SPARE_ERROR_DAMAGED);
  deposit_fixture_assert_states (f, 0, 1, 0);
}

/* My own deposit, on the same stick, is no receipt; nor is it for me. */
static void
test_not_for_me (DepositFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  written = deposit_fixture_export (f, NULL);
  assert_refused (f, ((SpareWrittenBundle *) written->pdata[0])->path, SPARE_ERROR_NO_KEY);
}

/* A receipt for the key that deposited, after another one was taken into use. */
static void
test_old_key (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *next = NULL;
  SpareReceiptResult result = { 0 };

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  path = make_receipt (f, &taken, TRUE);
  next = spare_owner_create_key_sync (f->o.owner, "Alice", "a@example.org", NULL, NULL, &error);
  g_assert_no_error (error);
  spare_owner_use_key_sync (f->o.owner, next, NULL, &error);
  g_assert_no_error (error);
  apply (f, path, &result);
  g_assert_cmpuint (result.n_moved, ==, 1);
}

/* Withdrawn here since (the job was undone): known, and nothing happens. */
static void
test_withdrawn (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autofree char *path = NULL;
  SpareReceiptResult result = { 0 };

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  path = make_receipt (f, &taken, TRUE);
  deposit_fixture_sql (f, "DELETE FROM packets");
  apply (f, path, &result);
  g_assert_cmpuint (result.n_moved, ==, 0);
  g_assert_cmpuint (result.n_known, ==, 1);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_async (DepositFixture *f, gconstpointer data)
{
  g_auto (Taken) taken = { 0 };
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  SpareReceiptResult result = { 0 };

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  take (f, &taken);
  path = make_receipt (f, &taken, TRUE);
  spare_receipt_apply_async (f->o.owner, path, NULL, NULL, answered_cb, &answer);
  while (answer == NULL)
    g_main_context_iteration (NULL, TRUE);
  spare_receipt_apply_finish (f->o.owner, answer, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (result.n_moved, ==, 1);
}

#define ADD(path, test)                                                             \
  g_test_add ("/receipt/" path, DepositFixture, NULL, deposit_fixture_set_up, test, \
              deposit_fixture_tear_down)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  owner_fixture_bus = spare_test_bus_new ();
  ADD ("moves-the-outbox-on-once", test_moves);
  ADD ("held-is-acknowledged-and-proven-is-never-taken-back", test_held);
  ADD ("serial-packet-and-deposit-must-all-agree", test_all_three);
  ADD ("believes-what-was-written-before-it-was-noted", test_pending);
  ADD ("of-another-authority-is-refused", test_forged);
  ADD ("damaged-or-cut-short-is-refused", test_damaged);
  ADD ("what-is-not-for-me-is-refused", test_not_for_me);
  ADD ("for-an-older-key-of-mine-counts", test_old_key);
  ADD ("for-a-withdrawn-packet-does-nothing", test_withdrawn);
  ADD ("works-without-blocking-the-window", test_async);
  status = g_test_run ();
  spare_test_bus_free (owner_fixture_bus);
  return status;
}
