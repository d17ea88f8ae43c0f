/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of bundles: what is written is read back, and nothing else passes. */
#include "config.h"

#include "record-sample.h"

#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-grant-record.h"
#include "spare-json-line.h"
#include "spare-receipt-record.h"
#include "spare-request-record.h"
#include "spare-transfer-record.h"

#include <string.h>

typedef struct
{
  const char *reason;
  const char *find;
  const char *replacement;
} Forgery;

/* Whether a reader takes the object; the error is checked here. */
typedef gboolean (*Reads) (JsonObject *object);

static gboolean
judge (gpointer record, const GError *error)
{
  if (record != NULL)
    {
      g_assert_no_error (error);
      return TRUE;
    }
  /* A version octet that is not known may be a newer one's. */
  if (!g_error_matches (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
    g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  return FALSE;
}

#define READS(type)                                                     \
  static gboolean reads_##type (JsonObject *object)                     \
  {                                                                     \
    g_autoptr (GError) error = NULL;                                    \
    gpointer record = spare_##type##_record_from_json (object, &error); \
    gboolean taken = judge (record, error);                             \
                                                                        \
    spare_##type##_record_free (record);                                \
    return taken;                                                       \
  }

READS (deposit)
READS (receipt)
READS (request)
READS (grant)
READS (transfer)

static void
try_forgeries (JsonObject *object, const Forgery *forgeries, gsize n, Reads reads)
{
  g_assert_true (reads (object));
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *line = sample_forge (object, forgeries[i].find,
                                            forgeries[i].replacement);
      g_autoptr (JsonObject) forged = sample_parse (line);

      g_test_message ("%s", forgeries[i].reason);
      g_assert_false (reads (forged));
    }
}

static char *
write_again (JsonObject *object)
{
  g_autoptr (JsonObject) held = object;

  return spare_json_line_write (held);
}

static void
test_deposit_round (void)
{
  static const char *const names[] = { "report.pdf", "Grüße 😀.odt",          "caf\xe9.txt",
                                       "\xff\xfe",   "new\nline\t\"quote\"", "-rf",
                                       "x\\x41\xe9" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (SpareDepositRecord) record = sample_deposit (names[i], i % 2 == 0);
      g_autoptr (JsonObject) object = spare_deposit_record_to_json (record);
      g_autofree char *line = spare_json_line_write (object);
      g_autoptr (JsonObject) read = sample_parse (line);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareDepositRecord) again = spare_deposit_record_from_json (read, &error);
      g_autofree char *second = NULL;

      g_assert_no_error (error);
      second = write_again (spare_deposit_record_to_json (again));
      g_assert_cmpstr (again->name, ==, names[i]);
      g_assert_cmpstr (second, ==, line);
      g_assert_cmpint (again->has_proof, ==, i % 2 == 0);
      g_assert_cmpmem (again->proof, 32, record->proof, 32);
      g_assert_true (g_bytes_equal (again->packet, record->packet));
      g_assert_cmpstr (again->file_id, ==, spare_head_get_file_id (again->head));
      g_assert_cmpint (again->created, ==, 1795000000);
      g_assert_cmpuint (again->size, ==, 123456);
    }
}

/* As in design.md section 6, member by member. */
static void
test_deposit_wire (void)
{
  g_autoptr (SpareDepositRecord) record = sample_deposit ("report.pdf", FALSE);
  g_autoptr (JsonObject) object = spare_deposit_record_to_json (record);
  g_autofree char *line = spare_json_line_write (object);
  g_autofree char *packet = g_base64_encode (g_bytes_get_data (record->packet, NULL),
                                             g_bytes_get_size (record->packet));
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, record->packet);
  g_autofree char *expected =
      g_strdup_printf ("{\"serial\":\"" SAMPLE_SERIAL "\",\"created\":\"2026-11-18T11:06:40Z\","
                       "\"description\":\"for the tax office\","
                       "\"file\":{\"name\":\"report.pdf\",\"size\":123456,\"id\":\"%s\"},"
                       "\"key\":{\"subkey\":\"" SAMPLE_SUBKEY "\",\"algorithm\":\"cv25519\","
                       "\"cipher\":\"AES256\"},"
                       "\"packet\":\"%s\",\"sha256\":\"%s\"}",
                       record->file_id, packet, sha256);

  g_assert_cmpstr (line, ==, expected);
}

static void
test_deposit_forged (void)
{
  static const Forgery forgeries[] = {
    { "another serial's form", "8AD58320-7F3A-42", "8AD58320 7F3A 42" },
    { "no serial", "\"" SAMPLE_SERIAL "\"", "\"\"" },
    { "a serial that is a path", SAMPLE_SERIAL, "../../x" },
    { "a time without a zone", "2026-11-18T11:06:40Z", "2026-11-18T11:06:40" },
    { "a time that is a number", "\"2026-11-18T11:06:40Z\"", "1795000000" },
    { "a size below nothing", ":123456", ":-1" },
    { "a size in text", ":123456", ":\"123456\"" },
    { "half an octet", ":123456", ":123456.5" },
    { "a name that is a path", "report.pdf", "../report.pdf" },
    { "a name that is a folder", "report.pdf", ".." },
    { "no name", "report.pdf", "" },
    { "another file's id", "\"id\":\"",
      "\"id\":\"00000000000000000000000000000000\",\"x\":\"" },
    { "another subkey than the packet's", "C0FFEE\",", "C0FFEF\"," },
    { "a subkey in small letters", "DEADBEEF", "deadbeef" },
    { "another hash", "\"sha256\":\"", "\"sha256\":\"" SAMPLE_SHA256 "\",\"x\":\"" },
    { "a packet with an octet behind", "\"packet\":\"", "\"packet\":\"AAAA" },
    { "a packet that is none", "\"packet\":\"", "\"packet\":\"AAAA\",\"x\":\"" },
    { "no packet", "\"packet\"", "\"packe\"" },
    { "an algorithm that is markup", "cv25519", "<b>" },
    { "a proof cut short", "a5a5\"}", "a5\"}" },
    { "a proof in capitals", "a5a5\"}", "A5A5\"}" },
    { "a proof that is null", "\"proof\":", "\"proof\":null,\"x\":" },
    { "a file that is a list", "\"file\":{", "\"file\":[],\"x\":{" },
  };
  g_autoptr (SpareDepositRecord) record = sample_deposit ("report.pdf", TRUE);
  g_autoptr (JsonObject) object = spare_deposit_record_to_json (record);

  try_forgeries (object, forgeries, G_N_ELEMENTS (forgeries), reads_deposit);
}

static void
test_name_bytes (void)
{
  static const Forgery forgeries[] = {
    { "octets that are text", "Y2Fm6S50eHQ=", "Y2FmLnR4dA==" },
    { "octets with a slash", "Y2Fm6S50eHQ=", "Y2Yv6Q==" },
    { "octets with a NUL", "Y2Fm6S50eHQ=", "6QBh" },
    { "no octets", "Y2Fm6S50eHQ=", "" },
    { "base64 with other last bits", "Y2Fm6S50eHQ=", "Y2Fm6S50eHR=" },
    { "base64 without its end", "Y2Fm6S50eHQ=", "Y2Fm6S50eHQ" },
    { "base64 with a blank", "Y2Fm6S50eHQ=", "Y2Fm 6S50eHQ=" },
  };
  g_autoptr (SpareDepositRecord) record = sample_deposit ("caf\xe9.txt", FALSE);
  g_autoptr (JsonObject) object = spare_deposit_record_to_json (record);
  JsonObject *file = json_object_get_object_member (object, "file");

  g_assert_cmpstr (json_object_get_string_member (file, "name"), ==, "caf\\xE9.txt");
  try_forgeries (object, forgeries, G_N_ELEMENTS (forgeries), reads_deposit);
}

static void
test_deposit_limits (void)
{
  g_autoptr (GBytes) packet = sample_packet (SPARE_PACKET_TAG_OCB);
  g_autofree char *text = g_strnfill (SPARE_RECORD_DESCRIPTION_MAX, '\x01');
  g_autofree char *longer = g_strnfill (SPARE_RECORD_DESCRIPTION_MAX + 1, 'x');
  g_autofree char *name = g_strnfill (SPARE_RECORD_NAME_MAX, '\xff');
  g_autofree char *longer_name = g_strnfill (SPARE_RECORD_NAME_MAX + 1, 'x');
  g_autofree char *serial = g_strnfill (SPARE_RECORD_SERIAL_MAX, '9');
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareDepositRecord) record = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *line = NULL;

  record = spare_deposit_record_new (serial, 0, text, name, G_MAXINT64, SAMPLE_SUBKEY, NULL,
                                     NULL, packet, NULL, &error);
  g_assert_no_error (error);
  object = spare_deposit_record_to_json (record);
  line = spare_json_line_write (object);
  g_assert_cmpuint (strlen (line), <, SPARE_JSON_LINE_MAX / 2);
  g_assert_true (reads_deposit (object));

  g_assert_null (spare_deposit_record_new (SAMPLE_SERIAL, 0, longer, "n", 1, SAMPLE_SUBKEY, "",
                                           "", packet, NULL, NULL));
  g_assert_null (spare_deposit_record_new (SAMPLE_SERIAL, 0, "", longer_name, 1, SAMPLE_SUBKEY,
                                           "", "", packet, NULL, NULL));
  g_assert_null (spare_deposit_record_new (SAMPLE_SERIAL, -1, "", "n", 1, SAMPLE_SUBKEY, "", "",
                                           packet, NULL, NULL));
  g_assert_null (spare_deposit_record_new (SAMPLE_SERIAL, 0, "\xff", "n", 1, SAMPLE_SUBKEY, "",
                                           "", packet, NULL, NULL));
  g_assert_null (spare_deposit_record_new (SAMPLE_SERIAL, 0, "", "n", 1, SAMPLE_OWNER, "", "",
                                           packet, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_receipt (void)
{
  static const Forgery forgeries[] = {
    { "another verdict", "\"proven\"", "\"Proven\"" },
    { "an id that is none", SAMPLE_DEPOSIT, "6a1f1b6e" },
    { "an id in capitals", "6a1f1b6e", "6A1F1B6E" },
    { "a hash in capitals", "9f86d081", "9F86D081" },
    { "no hash", "\"sha256\"", "\"sha\"" },
    { "no serial", SAMPLE_SERIAL, "" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareReceiptRecord)
      record = spare_receipt_record_new (SAMPLE_SERIAL, SAMPLE_SHA256, SAMPLE_DEPOSIT, TRUE,
                                         &error);
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *line = NULL;

  g_assert_no_error (error);
  object = spare_receipt_record_to_json (record);
  line = spare_json_line_write (object);
  g_assert_cmpstr (line, ==,
                   "{\"serial\":\"" SAMPLE_SERIAL "\",\"sha256\":\"" SAMPLE_SHA256
                   "\",\"deposit\":\"" SAMPLE_DEPOSIT "\",\"verdict\":\"proven\"}");
  try_forgeries (object, forgeries, G_N_ELEMENTS (forgeries), reads_receipt);
}

static SpareRequestRecord *
sample_request (gboolean with_packet)
{
  g_autoptr (GBytes) packet = sample_packet (SPARE_PACKET_TAG_SEIPD);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (packet, &error);
  SpareRequestRecord *record = spare_request_record_new ("report.pdf.gpg", 4711, head,
                                                         with_packet
                                                             ? spare_head_get_esk (head, 0)
                                                             : NULL,
                                                         &error);

  g_assert_no_error (error);
  return record;
}

static void
test_request (void)
{
  static const Forgery forgeries[] = {
    { "another tag", "\"tag\":18", "\"tag\":20" },
    { "a tag that has no data head", "\"tag\":18", "\"tag\":9" },
    { "a head with an octet more", "\"head\":\"", "\"head\":\"AQAB" },
    { "another head", "\"head\":\"AQ", "\"head\":\"AR" },
    { "another file's id", "\"id\":\"",
      "\"id\":\"00000000000000000000000000000000\",\"x\":\"" },
    { "a key id in small letters", SAMPLE_KEY_ID, "deadbeef00c0ffee" },
    { "a key id too long", SAMPLE_KEY_ID, SAMPLE_KEY_ID "0" },
    { "a key id that is a number", "\"" SAMPLE_KEY_ID "\"", "1" },
    { "a packet that is none", "\"packet\":\"", "\"packet\":\"AAAA\",\"x\":\"" },
    { "two packets in one", "\"packet\":\"", "\"packet\":\"ygNQR1DK" },
    { "a packet for nobody that is named", "wV4D3q2+7wDA/+4S", "wV4DAAAAAAAAAAAS" },
    { "no name", "report.pdf.gpg", "" },
  };
  g_autoptr (SpareRequestRecord) record = sample_request (TRUE);
  g_autoptr (SpareRequestRecord) without = sample_request (FALSE);
  g_autoptr (JsonObject) object = spare_request_record_to_json (record);
  g_autoptr (JsonObject) bare = spare_request_record_to_json (without);
  g_autoptr (SpareRequestRecord) again = spare_request_record_from_json (object, NULL);
  g_autoptr (GBytes) expected = sample_packet (SPARE_PACKET_TAG_SEIPD);
  g_autoptr (GBytes) packet = NULL;
  g_autofree char *line = spare_json_line_write (object);
  g_autofree char *second = NULL;

  g_assert_nonnull (again);
  second = write_again (spare_request_record_to_json (again));
  g_assert_cmpstr (second, ==, line);
  g_assert_cmpstr (again->key_ids[0], ==, SAMPLE_KEY_ID);
  g_assert_null (again->key_ids[1]);
  packet = spare_request_record_dup_packet (again);
  g_assert_true (g_bytes_equal (packet, expected));
  g_assert_null (without->esk);
  g_assert_null (spare_request_record_dup_packet (without));
  g_assert_true (reads_request (bare));
  try_forgeries (object, forgeries, G_N_ELEMENTS (forgeries), reads_request);
}

static void
test_request_of_plain_file (void)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("hello", 5);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (plain, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_request_record_new ("hello", 5, head, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
}

static void
test_grant (void)
{
  static const Forgery forgeries[] = {
    { "matched without a source", SAMPLE_SERIAL, "" },
    { "another verdict", "\"matched\"", "\"unsure\"" },
    { "another head", "\"head\":\"AQ", "\"head\":\"AR" },
    { "another tag", "\"tag\":18", "\"tag\":20" },
    { "a tag past all octets", "\"tag\":18", "\"tag\":4294967314" },
    { "another file's id", "\"id\":\"",
      "\"id\":\"00000000000000000000000000000000\",\"x\":\"" },
    { "no packet", "\"pkesk\"", "\"pkes\"" },
    { "a packet with an octet before", "\"pkesk\":\"", "\"pkesk\":\"ygNQ" },
    { "a packet for nobody that is named", "wV4D3q2+7wDA/+4S", "wV4DAAAAAAAAAAAS" },
    { "no hash", SAMPLE_SHA256, "" },
  };
  g_autoptr (GBytes) data_head = sample_data_head (SPARE_PACKET_TAG_SEIPD);
  g_autoptr (SpareEsk) esk = sample_esk ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareGrantRecord)
      record = spare_grant_record_new (SPARE_PACKET_TAG_SEIPD, data_head, SAMPLE_SERIAL,
                                       SAMPLE_SHA256, TRUE, esk, &error);
  g_autoptr (SpareGrantRecord) again = NULL;
  g_autoptr (JsonObject) object = NULL;

  g_assert_no_error (error);
  object = spare_grant_record_to_json (record);
  again = spare_grant_record_from_json (object, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (again->data_head, data_head));
  g_assert_true (g_bytes_equal (spare_esk_get_packet (again->esk), spare_esk_get_packet (esk)));
  g_assert_true (again->matched);
  try_forgeries (object, forgeries, G_N_ELEMENTS (forgeries), reads_grant);
}

/* What came with the request has no serial, and can only be unmatched. */
static void
test_grant_without_deposit (void)
{
  g_autoptr (GBytes) data_head = sample_data_head (SPARE_PACKET_TAG_OCB);
  g_autoptr (SpareEsk) esk = sample_esk ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareGrantRecord)
      record = spare_grant_record_new (SPARE_PACKET_TAG_OCB, data_head, NULL, SAMPLE_SHA256,
                                       FALSE, esk, &error);
  g_autoptr (JsonObject) object = NULL;

  g_assert_no_error (error);
  object = spare_grant_record_to_json (record);
  g_assert_true (reads_grant (object));
  g_assert_null (spare_grant_record_new (SPARE_PACKET_TAG_OCB, data_head, NULL, SAMPLE_SHA256,
                                         TRUE, esk, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_transfer (void)
{
  static const Forgery forgeries[] = {
    { "another hash of the packet itself", "\"sha256\":\"",
      "\"sha256\":\"" SAMPLE_SHA256 "\",\"x\":\"" },
    { "an owner who is no fingerprint", SAMPLE_OWNER, "Ada" },
    { "proven, perhaps", "\"proven\":true", "\"proven\":1" },
    { "no intake", "\"intake\"", "\"intak\"" },
    { "no source", "\"source\"", "\"sourc\"" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareTransferRecord)
      record = spare_transfer_record_new (SAMPLE_OWNER, 1795000001, TRUE, SAMPLE_SHA256,
                                          "-----BEGIN…\n", sample_deposit ("report.pdf", TRUE),
                                          &error);
  g_autoptr (SpareTransferRecord) again = NULL;
  g_autoptr (JsonObject) object = NULL;

  g_assert_no_error (error);
  object = spare_transfer_record_to_json (record);
  g_assert_false (json_object_has_member (object, "proof"));
  again = spare_transfer_record_from_json (object, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->certificate, ==, record->certificate);
  g_assert_cmpint (again->intake, ==, 1795000001);
  try_forgeries (object, forgeries, G_N_ELEMENTS (forgeries), reads_transfer);

  json_object_set_string_member (
      object, "proof", "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
  g_clear_pointer (&again, spare_transfer_record_free);
  again = spare_transfer_record_from_json (object, &error);
  g_assert_no_error (error);
  g_assert_false (again->deposit->has_proof);
  g_assert_cmpuint (again->deposit->proof[0], ==, 0);
}

/* Whatever one octet of a line is changed to: either it is refused, or what was read is what the line says. */
static void
test_no_octet_is_believed (void)
{
  g_autoptr (SpareDepositRecord) record = sample_deposit ("report.pdf", FALSE);
  g_autoptr (JsonObject) object = spare_deposit_record_to_json (record);
  g_autofree char *line = spare_json_line_write (object);
  const char *packet = strstr (line, "\"packet\":\"") + 10;

  for (gsize i = (gsize) (packet - line); line[i] != '"'; i++)
    {
      char was = line[i];
      g_autoptr (JsonObject) forged = NULL;

      line[i] = was == 'A' ? 'B' : 'A';
      forged = sample_parse (line);
      g_assert_false (reads_deposit (forged));
      line[i] = was;
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/records/deposit/is-read-back-as-written", test_deposit_round);
  g_test_add_func ("/records/deposit/is-written-as-designed", test_deposit_wire);
  g_test_add_func ("/records/deposit/forged-is-refused", test_deposit_forged);
  g_test_add_func ("/records/deposit/changed-packet-is-refused", test_no_octet_is_believed);
  g_test_add_func ("/records/deposit/holds-the-longest-of-all-and-no-longer",
                   test_deposit_limits);
  g_test_add_func ("/records/name/octets-have-one-form", test_name_bytes);
  g_test_add_func ("/records/receipt/forged-is-refused", test_receipt);
  g_test_add_func ("/records/request/forged-is-refused", test_request);
  g_test_add_func ("/records/request/plain-file-has-none", test_request_of_plain_file);
  g_test_add_func ("/records/grant/forged-is-refused", test_grant);
  g_test_add_func ("/records/grant/without-a-deposit-is-never-matched",
                   test_grant_without_deposit);
  g_test_add_func ("/records/transfer/never-passes-for-a-deposit", test_transfer);
  return g_test_run ();
}
