/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The proof that goes with an escrow packet, against a message that is put together here by hand. */

#include "config.h"

#include <string.h>

#include "spare-escrow-packet.h"
#include "spare-proof.h"

#define OWNER     "8AD58320C0FFEE00112233445566778899AABBCC"
#define AUTHORITY "9F2C71B04E8D33A160C71B5ED2047A99C3F018E6"
#define SERIAL    "8AD58320-7F3A-42"

static SpareHead *
new_head (guint8 last)
{
  /* A PKESK for a hidden RSA key, then the head of a SEIPD v1 packet that runs on. */
  GByteArray *octets = g_byte_array_new ();
  const guint8 pkesk[] = { 0xc1, 14, 3, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 9, 1, 0xff };
  guint8 data[2 + 60] = { 0xd2, 60, 1 };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  SpareHead *head;

  for (guint i = 3; i < sizeof data; i++)
    data[i] = (guint8) i;
  data[20] = last;
  g_byte_array_append (octets, pkesk, sizeof pkesk);
  g_byte_array_append (octets, data, sizeof data);
  bytes = g_byte_array_free_to_bytes (octets);
  head = spare_head_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  return head;
}

static SpareSecret *
new_key (void)
{
  guint8 key[32];
  g_autoptr (GError) error = NULL;
  SpareSecret *secret;

  for (guint i = 0; i < sizeof key; i++)
    key[i] = (guint8) (0xa0 + i);
  secret = spare_secret_new_copy (key, sizeof key, &error);
  g_assert_no_error (error);
  return secret;
}

static void
append_field (GByteArray *message, const void *octets, guint size)
{
  const guint8 length[4] = { 0, 0, 0, (guint8) size };

  g_byte_array_append (message, length, 4);
  g_byte_array_append (message, octets, size);
}

static void
append_hex (GByteArray *message, const char *hex)
{
  guint8 octets[20];

  for (guint i = 0; i < 20; i++)
    octets[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) * 16
                          + g_ascii_xdigit_value (hex[2 * i + 1]));
  append_field (message, octets, 20);
}

static void
test_value (void)
{
  g_autoptr (SpareHead) head = new_head (1);
  g_autoptr (SpareSecret) key = new_key ();
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GHmac) hmac = NULL;
  g_autoptr (GError) error = NULL;
  const guint8 tag = 18;
  guint8 data_head[19] = { 1 };
  guint8 expected[32], proof[SPARE_PROOF_LENGTH];
  gsize length = sizeof expected;

  for (guint i = 1; i < 19; i++)
    data_head[i] = (guint8) (i + 2);
  data_head[18] = 1;
  append_field (message, "sparekey-proof-1", 16);
  append_hex (message, OWNER);
  append_hex (message, AUTHORITY);
  append_field (message, SERIAL, strlen (SERIAL));
  append_field (message, &tag, 1);
  append_field (message, data_head, sizeof data_head);
  hmac = g_hmac_new (G_CHECKSUM_SHA256, spare_secret_get_data (key),
                     spare_secret_get_size (key));
  g_hmac_update (hmac, message->data, message->len);
  g_hmac_get_digest (hmac, expected, &length);

  spare_proof_compute (key, OWNER, AUTHORITY, SERIAL, head, proof, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (proof, sizeof proof, expected, sizeof expected);
}

static void
test_every_field_counts (void)
{
  g_autoptr (SpareHead) head = new_head (1);
  g_autoptr (SpareHead) other_head = new_head (2);
  g_autoptr (SpareSecret) key = new_key ();
  g_autoptr (GError) error = NULL;
  guint8 proofs[5][SPARE_PROOF_LENGTH];

  spare_proof_compute (key, OWNER, AUTHORITY, SERIAL, head, proofs[0], &error);
  spare_proof_compute (key, AUTHORITY, AUTHORITY, SERIAL, head, proofs[1], &error);
  spare_proof_compute (key, OWNER, OWNER, SERIAL, head, proofs[2], &error);
  spare_proof_compute (key, OWNER, AUTHORITY, "8AD58320-7F3A-43", head, proofs[3], &error);
  spare_proof_compute (key, OWNER, AUTHORITY, SERIAL, other_head, proofs[4], &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 5; i++)
    for (guint j = i + 1; j < 5; j++)
      g_assert_cmpint (memcmp (proofs[i], proofs[j], SPARE_PROOF_LENGTH), !=, 0);
}

static void
test_a_name_is_no_fingerprint (void)
{
  g_autoptr (SpareHead) head = new_head (1);
  g_autoptr (SpareSecret) key = new_key ();
  g_autoptr (GError) error = NULL;
  guint8 proof[SPARE_PROOF_LENGTH] = { 0 };

  g_assert_false (spare_proof_compute (key, "Ada", AUTHORITY, SERIAL, head, proof, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (proof[0], ==, 0);
}

static void
test_verify (void)
{
  g_autoptr (SpareHead) head = new_head (1);
  g_autoptr (SpareHead) other_head = new_head (2);
  g_autoptr (SpareSecret) key = new_key ();
  g_autoptr (SpareSecret) other_key = spare_secret_new_copy ("another key", 11, NULL);
  g_autoptr (GError) error = NULL;
  guint8 proof[SPARE_PROOF_LENGTH];

  spare_proof_compute (key, OWNER, AUTHORITY, SERIAL, head, proof, &error);
  g_assert_no_error (error);
  g_assert_true (spare_proof_verify (key, OWNER, AUTHORITY, SERIAL, head, proof));
  g_assert_false (spare_proof_verify (other_key, OWNER, AUTHORITY, SERIAL, head, proof));
  g_assert_false (spare_proof_verify (key, AUTHORITY, AUTHORITY, SERIAL, head, proof));
  g_assert_false (spare_proof_verify (key, OWNER, OWNER, SERIAL, head, proof));
  g_assert_false (spare_proof_verify (key, OWNER, AUTHORITY, "8AD58320-7F3A-43", head, proof));
  g_assert_false (spare_proof_verify (key, OWNER, AUTHORITY, SERIAL, other_head, proof));
  g_assert_false (spare_proof_verify (key, "Ada", AUTHORITY, SERIAL, head, proof));
  for (guint i = 0; i < SPARE_PROOF_LENGTH; i++)
    {
      proof[i] ^= 1;
      g_assert_false (spare_proof_verify (key, OWNER, AUTHORITY, SERIAL, head, proof));
      proof[i] ^= 1;
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/proof/is-the-hmac-of-its-six-fields", test_value);
  g_test_add_func ("/proof/changes-with-every-field", test_every_field_counts);
  g_test_add_func ("/proof/a-name-is-no-fingerprint", test_a_name_is_no_fingerprint);
  g_test_add_func ("/proof/verifies-unchanged-and-with-its-own-fields-alone", test_verify);
  return g_test_run ();
}
