/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every reader of src/core/openpgp on any octets, and what must hold of them all: the verdict does not depend on the
 * pieces, what passes the walker passes the splitter unchanged, a part split off and put back gives what was
 * there, and an escrow packet is what its parts make.
 *
 * Built and run by build-aux/fuzz, not by Meson. What it finds becomes a row of tests/openpgp. */
#include "config.h"

#include "../openpgp/spare-test-octets.h"

#include "spare-armor-reader.h"
#include "spare-escrow-packet.h"
#include "spare-pkesk-build.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
drop_first_cb (const SpareEsk *esk, gpointer user_data)
{
  int *n = user_data;

  return (*n)++ == 0;
}

static void
check_pkesk (SpareEsk *esk)
{
  static const guint8 octets[133] = { 0x40, 9 };
  SpareKdf kdf = { spare_curve_find_nick ("cv25519"), 8, 7, { 0 } };
  g_autoptr (SparePkesk) pkesk = spare_pkesk_new (esk, NULL);
  g_autoptr (SpareSecret) point = spare_secret_new_copy (octets, 33, NULL);
  g_autofree char *nick = spare_esk_dup_algorithm_nick (esk);
  guint cipher;

  if (pkesk != NULL)
    {
      g_autoptr (SpareSecret) key = spare_pkesk_ecdh_unwrap (pkesk, &kdf, point, &cipher, NULL);

      g_assert_null (key);
    }
}

static void
check_join (GBytes *octets)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareHead) rest = NULL;
  g_autoptr (GBytes) left = NULL;
  g_autoptr (GBytes) joined = NULL;
  g_autofree char *verdict = NULL;
  int n = 0;
  SpareEsk *first;

  verdict = spare_test_split_verdict (octets, 0, drop_first_cb, &n, output, &head);
  if (n < 2)
    return;
  g_assert_cmpstr (verdict, ==, "ok");
  left = g_bytes_new (output->data, output->len);
  rest = spare_head_new_from_bytes (left, NULL);
  first = spare_head_get_esk (head, 0);
  joined = spare_head_splice (rest, &first, 1, NULL, NULL, NULL);
  g_assert_cmpuint (g_bytes_get_size (joined), ==, spare_head_get_data_offset (head));
  g_assert_cmpstr (spare_head_get_file_id (rest), ==, spare_head_get_file_id (head));
}

static void
check_passes (GBytes *octets)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autofree char *verdict = spare_test_split_verdict (octets, -2, NULL, NULL, output, NULL);
  g_autofree char *walked = spare_test_walk_verdict (octets, SPARE_WALKER_STRICT, 0);

  g_assert_cmpstr (verdict, ==, walked);
  if (g_str_equal (walked, "ok"))
    {
      g_assert_cmpmem (output->data, output->len, g_bytes_get_data (octets, NULL),
                       g_bytes_get_size (octets));
      check_join (octets);
    }
}

static void
check_cuts (GBytes *octets)
{
  SpareTestCut cuts[] = { 1, -1 };
  g_autofree char *head = spare_test_head_verdict (octets, 0);
  g_autofree char *read = spare_test_walk_verdict (octets, SPARE_WALKER_READ, 0);

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autofree char *cut_head = spare_test_head_verdict (octets, cuts[i]);
      g_autofree char *cut_read = spare_test_walk_verdict (octets, SPARE_WALKER_READ, cuts[i]);

      g_assert_cmpstr (cut_head, ==, head);
      g_assert_cmpstr (cut_read, ==, read);
    }
}

static void
check_packet (GBytes *octets)
{
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) rebuilt = NULL;

  if (!spare_escrow_packet_parse (octets, &esk, &head, NULL))
    return;
  rebuilt = spare_escrow_packet_build (esk, head, NULL);
  g_assert_true (g_bytes_equal (rebuilt, octets));
}

/* The octets as the inside of a subkey: what is taken as a key, can be handed over to. */
static void
check_key (GBytes *octets)
{
  static const guint8 zeros[32];
  g_autoptr (GBytes) certificate = spare_test_certificate (octets, SPARE_TEST_PRIMARY, "");
  g_autofree char *fingerprint = spare_test_fingerprint (octets);
  g_autoptr (SpareWrapKey) key = spare_wrap_key_new (certificate, fingerprint, NULL);
  g_autoptr (SpareSecret) session_key = NULL;
  g_autoptr (SpareEsk) esk = NULL;

  if (key == NULL || spare_wrap_key_get_algorithm (key) != SPARE_ALGORITHM_ECDH)
    return;
  session_key = spare_secret_new_copy (zeros, sizeof zeros, NULL);
  esk = spare_pkesk_build (key, 9, session_key, NULL);
  g_assert_nonnull (esk);
}

static void
check_certificate (GBytes *octets)
{
  g_autofree char *fingerprint = NULL;
  SpareKdf kdf;

  if (spare_certificate_check_single (octets, 65536, &fingerprint, NULL))
    g_assert_cmpuint (strlen (fingerprint), ==, 40);
  else
    g_assert_null (fingerprint);
  spare_certificate_find_kdf (octets, "0000000000000000000000000000000000000000", &kdf, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) octets = g_bytes_new (data, size);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (octets, NULL);
  g_autoptr (SpareArmorReader) reader = spare_armor_reader_new ();
  g_autoptr (GByteArray) output = g_byte_array_new ();

  check_cuts (octets);
  check_passes (octets);
  check_packet (octets);
  for (guint i = 0; head != NULL && i < spare_head_get_n_esks (head); i++)
    check_pkesk (spare_head_get_esk (head, i));
  check_certificate (octets);
  check_key (octets);
  if (spare_armor_reader_feed (reader, data, size, output, NULL))
    spare_armor_reader_finish (reader, NULL);
  g_assert_cmpuint (output->len, <=, size);
  return 0;
}
