/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of PKESKs and of key packets, row by row, without gpg. */
#include "config.h"

#include "spare-test-octets.h"

#include "spare-error.h"
#include "spare-pkesk.h"

#include <string.h>

static const struct
{
  const char *reason;
  const char *words; /* algorithm and what follows */
  const char *verdict;
} rows[] = {
  { "RSA", "01 0010 8001", "ok" },
  { "RSA, encrypt only", "02 0010 8001", "ok" },
  { "RSA, sign only", "03 0010 8001", "unsupported" },
  { "DSA", "11 0010 8001", "unsupported" },
  { "EdDSA", "16 0010 8001", "unsupported" },
  { "X25519 in a v3 packet", "19 0010 8001", "unsupported" },
  { "algorithm 0", "00 0010 8001", "unsupported" },
  { "algorithm 255", "ff 0010 8001", "unsupported" },
  { "nothing", "01", "damaged" },
  { "half a count of bits", "01 00", "damaged" },
  { "a count of bits alone", "01 0010", "damaged" },
  { "no bits", "01 0000", "damaged" },
  { "one bit", "01 0001 01", "ok" },
  { "fewer bits than counted", "01 0010 7fff", "damaged" },
  { "more bits than counted", "01 000f 8001", "damaged" },
  { "a leading zero octet", "01 0018 008001", "damaged" },
  { "65535 bits", "01 ffff 80", "damaged" },
  { "longer than the packet", "01 0011 8001", "damaged" },
  { "an octet behind", "01 0010 8001 00", "damaged" },
  { "ElGamal", "10 0010 8001 0008 80", "ok" },
  { "ElGamal with one number", "10 0010 8001", "damaged" },
  { "ElGamal with three", "10 0010 8001 0008 80 0008 80", "damaged" },
  { "cv25519", "12 0107 40 11*32 18 aa*24", "ok" },
  { "cv25519, the top bit set", "12 0107 40 11*31 91 18 aa*24", "damaged" },
  { "cv25519 with a wrong prefix", "12 0107 41 11*32 18 aa*24", "damaged" },
  { "cv25519 without a prefix", "12 00fd 11*32 18 aa*24", "damaged" },
  { "cv25519, an octet short", "12 00ff 40 11*31 18 aa*24", "damaged" },
  { "nistp256", "12 0203 04 11*64 30 aa*48", "ok" },
  { "nistp384", "12 0303 04 11*96 30 aa*48", "ok" },
  { "nistp521", "12 0423 04 11*132 30 aa*48", "ok" },
  { "brainpoolP512r1", "12 0403 04 11*128 30 aa*48", "ok" },
  { "a point of no curve", "12 0213 04 11*66 30 aa*48", "damaged" },
  { "a compressed point", "12 0102 02 11*32 30 aa*48", "damaged" },
  { "no wrapped key", "12 0107 40 11*32", "damaged" },
  { "a wrapped key of nothing", "12 0107 40 11*32 00", "damaged" },
  { "a wrapped key of one octet", "12 0107 40 11*32 01 aa", "damaged" },
  { "a wrapped key of 16", "12 0107 40 11*32 10 aa*16", "damaged" },
  { "a wrapped key of 56", "12 0107 40 11*32 38 aa*56", "ok" },
  { "a wrapped key of 64", "12 0107 40 11*32 40 aa*64", "damaged" },
  { "a wrapped key of 25", "12 0107 40 11*32 19 aa*25", "damaged" },
  { "a wrapped key of 255", "12 0107 40 11*32 ff aa*255", "damaged" },
  { "a wrapped key cut short", "12 0107 40 11*32 18 aa*23", "damaged" },
  { "an octet behind the wrapped key", "12 0107 40 11*32 18 aa*25", "damaged" },
};

static SpareEsk *
make_esk (const char *words)
{
  g_autofree char *body_words = g_strconcat ("03 1112131415161718 ", words, NULL);
  g_autoptr (GBytes) body = spare_test_octets (body_words);
  g_autoptr (GByteArray) packet = g_byte_array_new ();
  guint8 header[SPARE_PACKET_HEADER_MAX];
  g_autoptr (GError) error = NULL;
  SpareEsk *esk;

  g_byte_array_append (packet, header,
                       (guint) spare_packet_write_header (1, (guint32) g_bytes_get_size (body),
                                                          header));
  g_byte_array_append (packet, g_bytes_get_data (body, NULL), (guint) g_bytes_get_size (body));
  esk = spare_esk_new_from_packet (packet->data, packet->len, &error);
  g_assert_no_error (error);
  return esk;
}

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SpareEsk) esk = make_esk (rows[i].words);
      g_autoptr (GError) error = NULL;
      g_autoptr (SparePkesk) pkesk = spare_pkesk_new (esk, &error);

      g_test_message ("%s", rows[i].reason);
      g_assert_cmpstr (pkesk != NULL ? "ok" : spare_test_error_word (error), ==,
                       rows[i].verdict);
      if (pkesk != NULL)
        {
          g_autoptr (SparePkesk) again = spare_pkesk_ref (pkesk);

          g_assert_true (spare_pkesk_get_esk (again) == esk);
        }
    }
}

static void
test_esk (void)
{
  static const struct
  {
    const char *words;
    guint64 key_id;
    gboolean hidden;
    const char *nick;
  } table[] = {
    { "c10e 03 1112131415161718 01 0010 8001", 0x1112131415161718, FALSE, "rsa32" },
    { "c10e 03 00*8 01 0010 8001", 0, TRUE, "rsa32" },
    { "c10a 03 1112131415161718 01", 0x1112131415161718, FALSE, "rsa" },
    { "c10e 03 1112131415161718 63 0010 8001", 0x1112131415161718, FALSE, "unknown" },
    { "c102 ff00", 0, FALSE, "unknown" },
    { "c304 04090008", 0, FALSE, "password" },
    { "c11c 06 15 04 22*12 a1a2a3a4a5a6a7a8 19 33*4", 0xa1a2a3a4a5a6a7a8, FALSE, "x25519" },
    { "c126 06 21 06 a1a2a3a4a5a6a7a8 22*24 19 33*2", 0xa1a2a3a4a5a6a7a8, FALSE, "x25519" },
    { "c105 06 00 19 3333", 0, TRUE, "x25519" },
    { "c150 03 1112131415161718 12 0203 04 11*64 30 aa*2", 0x1112131415161718, FALSE, "ecdh" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (table[i].words);
      gsize length;
      const guint8 *data = g_bytes_get_data (octets, &length);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareEsk) esk = spare_esk_new_from_packet (data, length, &error);
      g_autofree char *nick = NULL;

      g_test_message ("%s", table[i].words);
      g_assert_no_error (error);
      nick = spare_esk_dup_algorithm_nick (esk);
      g_assert_cmphex (spare_esk_get_key_id (esk), ==, table[i].key_id);
      g_assert_cmpint (spare_esk_is_hidden (esk), ==, table[i].hidden);
      g_assert_cmpstr (nick, ==, table[i].nick);
      g_assert_true (g_bytes_equal (spare_esk_get_packet (esk), octets));
      g_assert_null (spare_esk_new_from_packet (data, length - 1, NULL));
    }
}

static void
test_matching (void)
{
  g_autoptr (SpareEsk) v3 = make_esk ("01 0010 8001");
  g_autoptr (GBytes)
      octets = spare_test_octets ("c126 06 21 06 a1a2a3a4a5a6a7a8 22*24 19 33*2");
  g_autoptr (GBytes) hidden_octets = spare_test_octets ("c10e 03 00*8 01 0010 8001");
  g_autoptr (SpareEsk) v6 = spare_esk_new_from_packet (g_bytes_get_data (octets, NULL),
                                                       g_bytes_get_size (octets), NULL);
  g_autoptr (SpareEsk)
      hidden = spare_esk_new_from_packet (g_bytes_get_data (hidden_octets, NULL),
                                          g_bytes_get_size (hidden_octets), NULL);
  const char
      *v6_fingerprint = "A1A2A3A4A5A6A7A8222222222222222222222222222222222222222222222222";

  g_assert_true (
      spare_esk_matches_fingerprint (v3, "0000000000000000000000001112131415161718"));
  g_assert_false (
      spare_esk_matches_fingerprint (v3, "0000000000000000000000001112131415161719"));
  g_assert_false (spare_esk_matches_fingerprint (v3, "1112131415161718"));
  g_assert_false (spare_esk_matches_fingerprint (v3, ""));
  g_assert_cmpstr (spare_esk_get_fingerprint (v6), ==, v6_fingerprint);
  g_assert_true (spare_esk_matches_fingerprint (v6, v6_fingerprint));
  g_assert_false (
      spare_esk_matches_fingerprint (v6, "0000000000000000000000001112131415161718"));
  g_assert_false (
      spare_esk_matches_fingerprint (hidden, "0000000000000000000000000000000000000000"));
}

static void
test_nicks (void)
{
  static const struct
  {
    guint algorithm;
    guint bits;
    const char *oid;
    const char *nick;
  } table[] = {
    { 1, 3072, NULL, "rsa3072" },
    { 3, 0, NULL, "rsa" },
    { 16, 2048, NULL, "elg2048" },
    { 17, 1024, NULL, "dsa1024" },
    { 18, 0, "2b060104019755010501", "cv25519" },
    { 18, 0, "2a8648ce3d030107", "nistp256" },
    { 18, 0, "2b81040022", "nistp384" },
    { 19, 0, "2b81040023", "nistp521" },
    { 18, 0, "2b2403030208010107", "brainpoolP256r1" },
    { 18, 0, "2b240303020801010b", "brainpoolP384r1" },
    { 18, 0, "2b240303020801010d", "brainpoolP512r1" },
    { 22, 0, "2b06010401da470f01", "ed25519" },
    { 19, 0, "2b8104000a", "secp256k1" },
    { 18, 0, "2b656f", "cv448" },
    { 22, 0, "2b6571", "ed448" },
    { 18, 0, "2b81040099", "ecdh" },
    { 19, 0, NULL, "ecdsa" },
    { 22, 0, NULL, "eddsa" },
    { 25, 0, NULL, "x25519" },
    { 26, 0, NULL, "x448" },
    { 27, 0, NULL, "ed25519" },
    { 28, 0, NULL, "ed448" },
    { 99, 0, NULL, "unknown" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GBytes) oid = table[i].oid != NULL ? spare_test_octets (table[i].oid) : NULL;
      g_autofree char *nick = spare_key_algorithm_nick (table[i].algorithm, table[i].bits,
                                                        oid != NULL
                                                            ? g_bytes_get_data (oid, NULL)
                                                            : NULL,
                                                        oid != NULL ? g_bytes_get_size (oid)
                                                                    : 0);

      g_assert_cmpstr (nick, ==, table[i].nick);
    }
  g_assert_null (spare_curve_find_nick ("cv448"));
}

/* Key packets: the fingerprint asked for is computed by GLib, not by the code under test. */
#define KEY     "04 5f000000 "
#define CV25519 "0a 2b060104019755010501 0107 40 11*32 "

static const struct
{
  const char *reason;
  const char *subkey; /* body */
  const char *verdict;
} certificates[] = {
  { "cv25519", KEY "12 " CV25519 "03010807", "ok" },
  { "SHA-512 and AES-256", KEY "12 " CV25519 "03010a09", "ok" },
  { "SHA-1", KEY "12 " CV25519 "03010207", "unsupported" },
  { "SHA-224", KEY "12 " CV25519 "03010b07", "unsupported" },
  { "3DES", KEY "12 " CV25519 "03010802", "unsupported" },
  { "Twofish", KEY "12 " CV25519 "0301080a", "unsupported" },
  { "KDF parameters of another version", KEY "12 " CV25519 "03020807", "damaged" },
  { "KDF parameters too short", KEY "12 " CV25519 "030108", "damaged" },
  { "KDF parameters too long", KEY "12 " CV25519 "0301080700", "damaged" },
  { "no KDF parameters", KEY "12 " CV25519, "damaged" },
  { "no point", KEY "12 0a 2b060104019755010501", "damaged" },
  { "a point of another form", KEY "12 0a 2b060104019755010501 0203 04 11*64 03010807",
    "damaged" },
  { "no OID", KEY "12 00 0107 40 11*32 03010807", "damaged" },
  { "OID length reserved", KEY "12 ff 2b*255 0107 40 11*32 03010807", "damaged" },
  { "OID past the end", KEY "12 20 2b06", "damaged" },
  { "nothing behind the algorithm", KEY "12", "damaged" },
  { "another curve", KEY "12 03 2b656f 0107 40 11*32 03010807", "unsupported" },
  { "another algorithm", KEY "01 0010 8001 0001 01", "unsupported" },
};

static void
test_certificates (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (certificates); i++)
    {
      g_autoptr (GBytes) body = spare_test_octets (certificates[i].subkey);
      g_autoptr (GBytes)
          certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY "cd01 41 ", "c201 04");
      g_autofree char *fingerprint = spare_test_fingerprint (body);
      g_autoptr (GError) error = NULL;
      SpareKdf kdf = { 0 };
      gboolean found = spare_certificate_find_kdf (certificate, fingerprint, &kdf, &error);

      g_test_message ("%s", certificates[i].reason);
      g_assert_cmpstr (found ? "ok" : spare_test_error_word (error), ==,
                       certificates[i].verdict);
      g_assert_true (found == (kdf.curve != NULL));
      for (gsize n = 0; n < g_bytes_get_size (certificate); n++)
        {
          g_autoptr (GBytes) cut = spare_test_cut (certificate, n);

          if (spare_certificate_find_kdf (cut, fingerprint, &kdf, NULL))
            g_assert_cmpuint (n, >=, g_bytes_get_size (certificate) - 3);
        }
    }
}

static void
test_not_certificates (void)
{
  static const struct
  {
    const char *reason;
    const char *before;
    const char *behind;
    const char *verdict;
  } table[] = {
    { "no primary key", "", "", "damaged" },
    { "a user id first", "cd01 41 ", "", "damaged" },
    { "two primary keys", SPARE_TEST_PRIMARY SPARE_TEST_PRIMARY, "", "damaged" },
    { "a secret subkey", SPARE_TEST_PRIMARY "c703 040000 ", "", "damaged" },
    { "a secret key", "c503 040000 ", "", "damaged" },
    { "a partial length", SPARE_TEST_PRIMARY "cde0 41 00 ", "", "damaged" },
    { "no header", SPARE_TEST_PRIMARY "41 ", "", "damaged" },
    { "a key of version 6 is passed over", SPARE_TEST_PRIMARY "ce07 06*7 ", "", "ok" },
    { "an empty key is passed over", SPARE_TEST_PRIMARY "ce00 ", "", "ok" },
    { "more than 1 MiB", SPARE_TEST_PRIMARY "cdff00100000 00*1048576 ", "", "damaged" },
  };
  g_autoptr (GBytes) body = spare_test_octets (certificates[0].subkey);
  g_autofree char *fingerprint = spare_test_fingerprint (body);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GBytes)
          certificate = spare_test_certificate (body, table[i].before, table[i].behind);
      g_autoptr (GError) error = NULL;
      SpareKdf kdf;
      gboolean found = spare_certificate_find_kdf (certificate, fingerprint, &kdf, &error);

      g_test_message ("%s", table[i].reason);
      g_assert_cmpstr (found ? "ok" : spare_test_error_word (error), ==, table[i].verdict);
    }
}

static void
test_not_fingerprints (void)
{
  static const char *const texts[] = { "",
                                       "11",
                                       "1112131415161718",
                                       "g000000000000000000000000000000000000000",
                                       "000000000000000000000000000000000000000g",
                                       "00000000000000000000000000000000000000000" };
  g_autoptr (GBytes) body = spare_test_octets (certificates[0].subkey);
  g_autoptr (GBytes) certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY, "");
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;
  SpareKdf kdf;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_false (spare_certificate_find_kdf (certificate, texts[i], &kdf, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
      g_clear_error (&error);
    }
  g_assert_false (spare_certificate_find_kdf (empty, texts[0], &kdf, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/pkesk/each algorithm has one form", test_rows);
  g_test_add_func ("/esk/recipients are told as far as the packet says", test_esk);
  g_test_add_func ("/esk/a fingerprint matches as a whole, never by its end", test_matching);
  g_test_add_func ("/curve/kinds of keys are named as gpg names them", test_nicks);
  g_test_add_func ("/certificate/each subkey is read, or refused for a reason",
                   test_certificates);
  g_test_add_func ("/certificate/what is none is refused", test_not_certificates);
  g_test_add_func ("/certificate/only whole fingerprints count", test_not_fingerprints);

  return g_test_run ();
}
