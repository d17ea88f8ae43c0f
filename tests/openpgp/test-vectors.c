/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that others made: of RFC 9580's appendix, of RNP's tests, in formats that the gpg at hand does not write. */
#include "config.h"

#include "spare-test-octets.h"

static const struct
{
  const char *file;
  const char *head;
  const char *read;
  const char *strict;
} rows[] = {
  { "rnp/RFC9580/A.10.5.v6_skesk_ocb.asc", "password seipd2 1", "ok", "not-encrypted" },
  { "rnp/RFC9580/A.12.1.v4-skesk-argon2-aes128.asc", "password seipd1 1", "ok",
    "not-encrypted" },
  { "rnp/RFC9580/A.3.transferable-pubkey-v6.asc", "public", "not-encrypted", "not-encrypted" },
  { "rnp/RFC9580/A.4.transferable-seckey-v6.asc", "secret", "not-encrypted", "not-encrypted" },
  { "rnp/RFC9580/A.6.-sample-cleartext-signed-message.asc", "signature", "not-encrypted",
    "not-encrypted" },
  { "rnp/RFC9580/A.7.-sample-inline-signed-message.asc", "signature", "not-encrypted",
    "not-encrypted" },
  { "rnp/RFC9580/A.8.5-v6pkesk-v2seipd", "encrypted seipd2 1", "ok", "not-encrypted" },
  { "rnp/RFC9580/A.9.5.v6_skesk_eax.asc", "password seipd2 1", "ok", "not-encrypted" },
  { "rnp/test_fuzz_dump/abrt-5093675862917120", "secret", "not-encrypted", "not-encrypted" },
  { "rnp/test_fuzz_dump/timeout-6057122298462208", "secret", "not-encrypted", "not-encrypted" },
  { "rnp/test_fuzz_dump/timeout-6462239459115008", "compressed", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_messages/message.txt.enc-3key-2p", "encrypted seipd1 5", "ok", "unsupported" },
  { "rnp/test_messages/message.txt.enc-aead-eax", "encrypted eax 2", "ok", "unsupported" },
  { "rnp/test_messages/message.txt.enc-aead-ocb", "password ocb 1", "ok", "unsupported" },
  { "rnp/test_messages/message.txt.enc-hidden-1", "encrypted seipd1 2", "ok", "ok" },
  { "rnp/test_messages/message.txt.enc-hidden-2", "encrypted seipd1 2", "ok", "ok" },
  { "rnp/test_messages/message.txt.enc-malf-1", "encrypted eax 1", "ok", "ok" },
  { "rnp/test_messages/message.txt.enc-mdc", "encrypted seipd1 1", "ok", "ok" },
  { "rnp/test_messages/message.txt.enc-no-mdc", "encrypted sed 1", "ok", "unsupported" },
  { "rnp/test_messages/message.txt.enc-wrong-alg", "encrypted eax 1", "ok", "ok" },
  { "rnp/test_messages/message.txt.literal", "literal", "not-encrypted", "not-encrypted" },
  { "rnp/test_messages/message.txt.marker", "encrypted seipd1 1", "ok", "ok" },
  { "rnp/test_messages/message.txt.marker.asc", "encrypted seipd1 1", "ok", "not-encrypted" },
  { "rnp/test_messages/message.txt.marker.malf", "plain", "not-encrypted", "not-encrypted" },
  { "rnp/test_messages/message.txt.pkesk-skesk-v10", "encrypted seipd1 4", "ok",
    "unsupported" },
  { "rnp/test_messages/message.txt.pkesk-skesk-v10-only", "encrypted seipd1 2", "ok",
    "unsupported" },
  { "rnp/test_partial_length/message.txt.partial-1g", "compressed", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_partial_length/message.txt.partial-256", "signature", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_partial_length/message.txt.partial-zero-last", "signature", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_stream_armor/blank_line_with_whitespace.asc", "public", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_stream_armor/ecc-25519-pub-bad-crc.asc", "public", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_stream_armor/empty_header_line.asc", "public", "not-encrypted", "not-encrypted" },
  { "rnp/test_stream_armor/extra_line_before_trailer.asc", "public", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_stream_armor/too_short_header.asc", "plain", "not-encrypted", "not-encrypted" },
  { "rnp/test_stream_armor/wrong_chars_base64_1.asc", "public", "not-encrypted",
    "not-encrypted" },
  { "rnp/test_stream_armor/wrong_chars_header.asc", "plain", "not-encrypted", "not-encrypted" },
  { "rnp/test_stream_armor/wrong_header_line.asc", "damaged", "damaged", "not-encrypted" },
  { "ocb/cut-16.gpg", "encrypted ocb 1", "damaged", "damaged" },
  { "ocb/cut-half.gpg", "encrypted ocb 1", "damaged", "damaged" },
  { "ocb/intact.gpg", "encrypted ocb 1", "ok", "ok" },
  { "ocb/reframed.gpg", "encrypted ocb 1", "ok", "ok" },
  { "ocb/middle.gpg", "encrypted ocb 1", "ok", "ok" },
};

static const SpareTestCut cuts[] = { 0, 1, -1, -2 };

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (cuts); j++)
      {
        g_autoptr (GBytes) octets = spare_test_file (rows[i].file);
        g_autofree char *head = spare_test_head_verdict (octets, cuts[j]);
        g_autofree char *read = spare_test_walk_verdict (octets, SPARE_WALKER_READ, cuts[j]);
        g_autofree char *strict = spare_test_walk_verdict (octets, SPARE_WALKER_STRICT,
                                                           cuts[j]);

        g_test_message ("%s", rows[i].file);
        g_assert_cmpstr (head, ==, rows[i].head);
        g_assert_cmpstr (read, ==, rows[i].read);
        g_assert_cmpstr (strict, ==, rows[i].strict);
      }
}

/* RFC 9580 appendix A.8: the recipient is the subkey of the certificate of appendix A.3. */
static void
test_rfc9580 (void)
{
  g_autoptr (GBytes) octets = spare_test_file ("rnp/RFC9580/A.8.5-v6pkesk-v2seipd");
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (octets, NULL);
  SpareEsk *esk = spare_head_get_esk (head, 0);
  g_autofree char *nick = spare_esk_dup_algorithm_nick (esk);

  g_assert_cmpstr (spare_esk_get_fingerprint (esk), ==,
                   "12C83F1E706F6308FE151A417743A1F033790E93E9978488D1DB378DA9930885");
  g_assert_cmphex (spare_esk_get_key_id (esk), ==, 0x12c83f1e706f6308);
  g_assert_cmpstr (nick, ==, "x25519");
  g_assert_cmpuint (spare_head_get_cipher (head), ==, 7);
  g_assert_cmpuint (spare_head_get_aead (head), ==, SPARE_AEAD_OCB);
  g_assert_cmpuint (spare_head_get_chunk_octet (head), ==, 6);
}

/* The same data in other lengths is the same file. */
static void
test_reframed (void)
{
  g_autoptr (GBytes) one = spare_test_file ("ocb/intact.gpg");
  g_autoptr (GBytes) other = spare_test_file ("ocb/reframed.gpg");
  g_autoptr (SpareHead) one_head = spare_head_new_from_bytes (one, NULL);
  g_autoptr (SpareHead) other_head = spare_head_new_from_bytes (other, NULL);

  g_assert_false (g_bytes_equal (one, other));
  g_assert_nonnull (spare_head_get_file_id (one_head));
  g_assert_cmpstr (spare_head_get_file_id (one_head), ==, spare_head_get_file_id (other_head));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/vectors/messages made elsewhere are told apart", test_rows);
  g_test_add_func ("/vectors/the recipient of RFC 9580's message is read", test_rfc9580);
  g_test_add_func ("/vectors/the file id does not depend on the lengths", test_reframed);

  return g_test_run ();
}
