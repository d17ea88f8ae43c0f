/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escrow packets: one form and no other. And the splice of heads, which the same octets go through. */
#include "config.h"

#include "spare-test-octets.h"

#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-splitter.h"

#include <gio/gio.h>
#include <string.h>

#define P3       "c10e 03 1112131415161718 01 0010 8001 "
#define P6       "c11c 06 15 04 22*20 19 33*4 "
#define S4       "c304 04090008 "
#define HEAD1    "d213 01 a0*18 "
#define HEAD2    "d224 02090206 b0*32 "
#define HEAD_OCB "d413 01090210 b0*15 "

static const struct
{
  const char *reason;
  const char *words;
  const char *verdict;
} rows[] = {
  { "SEIPD v1", P3 HEAD1, "ok" },
  { "OCB", P3 HEAD_OCB, "ok" },
  { "SEIPD v2", P6 HEAD2, "ok" },
  { "the PKESK in the old format, as gpg writes it",
    "840e 03 1112131415161718 01 0010 8001 " HEAD1, "ok" },
  { "the PKESK in the old format with four octets of length",
    "86 0000000e 03 1112131415161718 01 0010 8001 " HEAD1, "damaged" },
  { "the PKESK in the old format with two, where one does",
    "85 000e 03 1112131415161718 01 0010 8001 " HEAD1, "damaged" },
  { "the PKESK in the new format with five",
    "c1ff 0000000e 03 1112131415161718 01 0010 8001 " HEAD1, "damaged" },
  { "a long PKESK in the old format", "85 010c 03 1112131415161718 01 0800 80*256 " HEAD1,
    "ok" },
  { "a long PKESK in the new format", "c1c04c 03 1112131415161718 01 0800 80*256 " HEAD1,
    "ok" },
  { "a PKESK for a key that it does not name", "c10e 03 00*8 01 0010 8001 " HEAD1,
    "unsupported" },
  { "a PKESK v6 for a key that it does not name", "c107 06 00 19 33*4 " HEAD2, "unsupported" },
  { "a PKESK of an algorithm that is not known", "c10e 03 1112131415161718 63 0010 8001 " HEAD1,
    "unsupported" },
  { "a number with a leading zero", "c10f 03 1112131415161718 01 0018 008001 " HEAD1,
    "damaged" },
  { "an octet behind the number", "c10f 03 1112131415161718 01 0010 8001 00 " HEAD1,
    "damaged" },
  { "cv25519", "845e 03 1112131415161718 12 0107 40 11*32 30 aa*48 " HEAD1, "ok" },
  { "cv25519 with the top bit set",
    "845e 03 1112131415161718 12 0107 40 11*31 91 30 aa*48 " HEAD1, "damaged" },
  { "nothing", "", "not-encrypted" },
  { "one octet", "00", "not-encrypted" },
  { "no PKESK", HEAD1, "damaged" },
  { "two PKESKs", P3 P3 HEAD1, "damaged" },
  { "a password", S4 HEAD1, "unsupported" },
  { "a PKESK of an unknown version", "c10e 04 1112131415161718 01 0010 8001 " HEAD1,
    "unsupported" },
  { "v6 before SEIPD v1", P6 HEAD1, "unsupported" },
  { "v6 before OCB", P6 HEAD_OCB, "unsupported" },
  { "v3 before SEIPD v2", P3 HEAD2, "unsupported" },
  { "a marker first", "ca03 'PGP' " P3 HEAD1, "damaged" },
  { "a marker between", P3 "ca03 'PGP' " HEAD1, "damaged" },
  { "padding between", P3 "d500 " HEAD1, "damaged" },
  { "an octet behind", P3 HEAD1 "00", "damaged" },
  { "a packet behind", P3 HEAD1 "c100", "damaged" },
  { "an octet more in the data head", P3 "d214 01 a0*19 ", "damaged" },
  { "an octet less", P3 "d212 01 a0*17 ", "damaged" },
  { "the data head in a longer length", P3 "d2ff00000013 01 a0*18 ", "damaged" },
  { "the data head in partial lengths", P3 "d2e4 01 a0*15 03 a0*3 ", "damaged" },
  { "the data head without its last length", P3 "d2e4 01 a0*15 e1 a0*2 e0 a0 ", "damaged" },
  { "unprotected data", P3 "c912 a0*18 ", "unsupported" },
  { "EAX", P3 "d414 01090110 b0*16 ", "unsupported" },
  { "an unknown data packet", P3 "d203 090000 ", "unsupported" },
  { "literal data", "cb07 62 00 00*4 78 ", "not-encrypted" },
  { "armored", "'-----BEGIN PGP MESSAGE-----' 0a0a", "damaged" },
  { "longer than any", P3 HEAD1 "00*9000", "damaged" },
};

static char *
parse (GBytes *octets)
{
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GBytes) rebuilt = NULL;
  g_autoptr (GError) error = NULL;

  if (!spare_escrow_packet_parse (octets, &esk, &head, &error))
    {
      g_assert_null (esk);
      g_assert_null (head);
      return g_strdup (spare_test_error_word (error));
    }
  rebuilt = spare_escrow_packet_build (esk, head, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (rebuilt, octets));
  return g_strdup ("ok");
}

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (rows[i].words);
      g_autofree char *verdict = parse (octets);

      g_test_message ("%s", rows[i].reason);
      g_assert_cmpstr (verdict, ==, rows[i].verdict);
      for (gsize n = 0; g_str_equal (verdict, "ok") && n < g_bytes_get_size (octets); n++)
        {
          g_autoptr (GBytes) cut = spare_test_cut (octets, n);
          g_autofree char *cut_verdict = parse (cut);

          g_assert_cmpstr (cut_verdict, !=, "ok");
        }
    }
}

static void
test_armored (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (P3 HEAD1);
  g_autofree char *base64 = g_base64_encode (g_bytes_get_data (octets, NULL),
                                             g_bytes_get_size (octets));
  g_autofree char
      *text = g_strdup_printf ("-----BEGIN PGP MESSAGE-----\n\n%s\n-----END PGP MESSAGE-----\n",
                               base64);
  g_autoptr (GBytes) armored = g_bytes_new (text, strlen (text));
  g_autofree char *verdict = parse (armored);

  g_assert_cmpstr (verdict, ==, "damaged");
}

/* The file id as design.md section 2 defines it; the tag octet is the number of the tag. */
static void
test_file_id (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (P3 HEAD1);
  g_autoptr (GBytes) preimage = spare_test_octets ("12 01 a0*18");
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, preimage);
  g_autoptr (SpareHead) head = NULL;

  g_assert_true (spare_escrow_packet_parse (octets, NULL, &head, NULL));
  g_assert_cmpuint (strlen (spare_head_get_file_id (head)), ==, 32);
  g_assert_true (g_str_has_prefix (hash, spare_head_get_file_id (head)));
}

static void
test_fields (void)
{
  static const struct
  {
    const char *words;
    const char *format;
    guint tag, version, cipher, aead, chunk;
  } table[] = {
    { P3 HEAD1, "seipd1", 18, 1, 0, 0, 0 },
    { P6 HEAD2, "seipd2", 18, 2, 9, 2, 6 },
    { P3 HEAD_OCB, "ocb", 20, 1, 9, 2, 16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (table[i].words);
      g_autoptr (SpareHead) head = spare_head_new_from_bytes (octets, NULL);

      g_assert_cmpstr (spare_head_get_format (head), ==, table[i].format);
      g_assert_cmpuint (spare_head_get_container_tag (head), ==, table[i].tag);
      g_assert_cmpuint (spare_head_get_container_version (head), ==, table[i].version);
      g_assert_cmpuint (spare_head_get_cipher (head), ==, table[i].cipher);
      g_assert_cmpuint (spare_head_get_aead (head), ==, table[i].aead);
      g_assert_cmpuint (spare_head_get_chunk_octet (head), ==, table[i].chunk);
      g_assert_cmpuint (spare_head_get_length (head), ==, g_bytes_get_size (octets));
      g_assert_false (spare_head_is_armored (head));
      g_assert_false (spare_head_has_password (head));
    }
}

static gboolean
all_cb (const SpareEsk *esk, gpointer user_data)
{
  return TRUE;
}

static gboolean
password_cb (const SpareEsk *esk, gpointer user_data)
{
  return !spare_esk_is_public_key (esk);
}

static void
assert_splice (const char *words, SpareEsk *esk, SpareEskPredicate remove, const char *expected)
{
  g_autoptr (GBytes) octets = spare_test_octets (words);
  g_autoptr (GBytes) wanted = spare_test_octets (expected);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (octets, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes)
      spliced = spare_head_splice (head, &esk, esk != NULL, remove, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (spliced, wanted));
}

static void
test_splice (void)
{
  g_autoptr (GBytes) packet = spare_test_octets ("840e 03 99*8 01 0010 8001");
  gsize length;
  const guint8 *data = g_bytes_get_data (packet, &length);
  g_autoptr (SpareEsk) esk = spare_esk_new_from_packet (data, length, NULL);
#define NEW     "840e 03 99*8 01 0010 8001 "
#define MARKER  "ca03 'PGP' "
#define UNKNOWN "e802 0102 "

  assert_splice (P3 HEAD1, NULL, NULL, P3);
  assert_splice (P3 HEAD1, esk, NULL, NEW P3);
  assert_splice (P3 HEAD1, esk, all_cb, NEW);
  assert_splice (MARKER P3 UNKNOWN S4 HEAD1, NULL, password_cb, MARKER P3 UNKNOWN);
  assert_splice (MARKER P3 UNKNOWN S4 HEAD1, esk, all_cb, NEW MARKER UNKNOWN);
  assert_splice (HEAD1, NULL, all_cb, "");
  assert_splice (HEAD1, esk, all_cb, NEW);
}

static void
test_splice_refuses (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (P3 S4 HEAD1);
  g_autoptr (GBytes) plain = spare_test_octets ("9801 04");
  g_autoptr (GBytes) full = spare_test_octets ("c10e0311121314151617180100108001*1000 " HEAD1);
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (octets, NULL);
  g_autoptr (SpareHead) certificate = spare_head_new_from_bytes (plain, NULL);
  g_autoptr (SpareHead) full_head = spare_head_new_from_bytes (full, NULL);
  SpareEsk *esk = spare_head_get_esk (head, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_head_splice (head, NULL, 0, all_cb, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (spare_head_splice (certificate, &esk, 1, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
  g_clear_error (&error);
  g_assert_null (spare_head_splice (full_head, &esk, 1, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static gboolean
full_disk_cb (const guint8 *data, gsize length, gpointer user_data, GError **error)
{
  gsize *left = user_data;

  if (length <= *left)
    {
      *left -= length;
      return TRUE;
    }
  if (*left % 2 == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "The disk is full.");
  return FALSE;
}

/* Whether or not the output says why it failed, the splitter does, and stays failed. */
static void
test_output_fails (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (P3 "d221 01 a0*32");
  gsize length;
  const guint8 *data = g_bytes_get_data (octets, &length);

  for (gsize room = 0; room < length; room++)
    {
      gsize left = room;
      g_autoptr (SpareSplitter) splitter = spare_splitter_new (NULL, NULL, full_disk_cb, &left);
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) again = NULL;

      g_assert_false (spare_splitter_feed (splitter, data, length, &error));
      g_assert_true (g_error_matches (error, SPARE_ERROR, SPARE_ERROR_FAILED)
                     || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
      g_assert_false (spare_splitter_finish (splitter, &again));
      g_assert_error (again, SPARE_ERROR, SPARE_ERROR_FAILED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/escrow-packet/there is one form and no other", test_rows);
  g_test_add_func ("/escrow-packet/an armored one is refused", test_armored);
  g_test_add_func ("/escrow-packet/the file id is the hash of tag and data head", test_file_id);
  g_test_add_func ("/escrow-packet/the fields of the data head are read", test_fields);
  g_test_add_func ("/splice/all but what is named stays as it was", test_splice);
  g_test_add_func ("/splice/no head that nobody could open", test_splice_refuses);
  g_test_add_func ("/splitter/an output that fails is the end", test_output_fails);

  return g_test_run ();
}
