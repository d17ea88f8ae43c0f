/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that session keys are handed over to: what is weak, of another kind, or no key at all is refused, each for its
 * reason. */
#include "config.h"

#include "spare-test-octets.h"

#include "spare-error.h"
#include "spare-wrap-key.h"

#include <gcrypt.h>
#include <string.h>

#define KEY     "04 5f000000 "
#define N       "0800 80 11*254 01 "
#define E       "0011 010001 "
#define CV25519 "12 0a 2b060104019755010501 0107 40 "
#define KDF     " 03010807"
#define U9      "09 00*31"

static const struct
{
  const char *reason;
  const char *key; /* from the algorithm on */
  const char *verdict;
  const char *nick;
} rows[] = {
  { "RSA", "01 " N E, "ok", "rsa2048" },
  { "RSA, encrypt only", "02 " N E, "ok", "rsa2048" },
  { "RSA of 3072 bits", "01 0c00 80 11*382 01 " E, "ok", "rsa3072" },
  { "RSA of 8192 bits", "01 2000 80 11*1022 01 " E, "ok", "rsa8192" },
  { "RSA with the exponent 3", "01 " N "0002 03", "ok", "rsa2048" },
  { "RSA of 2047 bits", "01 07ff 40 11*254 01 " E, "unsupported", NULL },
  { "RSA of 1024 bits", "01 0400 80 11*126 01 " E, "unsupported", NULL },
  { "RSA of 8193 bits", "01 2001 01 11*1023 01 " E, "unsupported", NULL },
  { "RSA, sign only", "03 " N E, "unsupported", NULL },
  { "an even modulus", "01 0800 80 11*254 02 " E, "damaged", NULL },
  { "a modulus with a leading zero", "01 0808 00 80 11*254 01 " E, "damaged", NULL },
  { "the exponent 1", "01 " N "0001 01", "damaged", NULL },
  { "the exponent 0", "01 " N "0000", "damaged", NULL },
  { "an even exponent", "01 " N "0011 010000", "damaged", NULL },
  { "an exponent of 256 bits", "01 " N "0100 81*32", "ok", "rsa2048" },
  { "an exponent of 257 bits", "01 " N "0101 01 81*32", "damaged", NULL },
  { "no exponent", "01 " N, "damaged", NULL },
  { "an octet behind the exponent", "01 " N E "00", "damaged", NULL },
  { "ElGamal", "10 " N "0002 02 0008 81", "ok", "elg2048" },
  { "ElGamal of 1024 bits", "10 0400 80 11*126 01 0002 02 0008 81", "unsupported", NULL },
  { "ElGamal, sign and encrypt", "14 " N "0002 02 0008 81", "unsupported", NULL },
  { "ElGamal with the base 1", "10 " N "0001 01 0008 81", "damaged", NULL },
  { "ElGamal with the base p - 1", "10 " N "0800 80 11*254 00 0008 81", "damaged", NULL },
  { "ElGamal with the public value 1", "10 " N "0002 02 0001 01", "damaged", NULL },
  { "ElGamal with the public value p - 1", "10 " N "0002 02 0800 80 11*254 00", "damaged",
    NULL },
  { "ElGamal with the public value p - 2", "10 " N "0002 02 0800 80 11*253 10 ff", "ok",
    "elg2048" },
  { "ElGamal with the public value p", "10 " N "0002 02 0800 80 11*254 01", "damaged", NULL },
  { "ElGamal with a public value above p", "10 " N "0002 02 0800 80 11*254 03", "damaged",
    NULL },
  { "ElGamal with a longer public value", "10 " N "0002 02 0801 01 11*256", "damaged", NULL },
  { "ElGamal without a public value", "10 " N "0002 02", "damaged", NULL },
  { "cv25519", CV25519 U9 KDF, "ok", "cv25519" },
  { "cv25519 with SHA-512 and AES-256", CV25519 U9 " 03010a09", "ok", "cv25519" },
  { "a KDF with SHA-1", CV25519 U9 " 03010207", "unsupported", NULL },
  { "a KDF with SHA-224", CV25519 U9 " 03010b07", "unsupported", NULL },
  { "a KDF with 3DES", CV25519 U9 " 03010802", "unsupported", NULL },
  { "a KDF with Camellia", CV25519 U9 " 0301080b", "unsupported", NULL },
  { "no KDF", CV25519 U9, "damaged", NULL },
  { "an octet behind the KDF", CV25519 U9 KDF "00", "damaged", NULL },
  { "u = 0", CV25519 "00*32" KDF, "damaged", NULL },
  { "u = 1", CV25519 "01 00*31" KDF, "damaged", NULL },
  { "u = 2", CV25519 "02 00*31" KDF, "ok", "cv25519" },
  { "u of order 8",
    CV25519 "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800" KDF, "damaged",
    NULL },
  { "the other u of order 8",
    CV25519 "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157" KDF, "damaged",
    NULL },
  { "u = p - 1", CV25519 "ec ff*30 7f" KDF, "damaged", NULL },
  { "u = p - 2", CV25519 "eb ff*30 7f" KDF, "ok", "cv25519" },
  { "u = p", CV25519 "ed ff*30 7f" KDF, "damaged", NULL },
  { "u = p + 1", CV25519 "ee ff*30 7f" KDF, "damaged", NULL },
  { "u = p + 18", CV25519 "ff*31 7f" KDF, "damaged", NULL },
  { "u with the top bit set", CV25519 "09 00*30 80" KDF, "damaged", NULL },
  { "u of all ones", CV25519 "ff*32" KDF, "damaged", NULL },
  { "u with another prefix", "12 0a 2b060104019755010501 0107 41 09 00*31" KDF, "damaged",
    NULL },
  { "u without a prefix", "12 0a 2b060104019755010501 00fc 09 00*31" KDF, "damaged", NULL },
  { "u of 31 octets", "12 0a 2b060104019755010501 00ff 40 09 00*30" KDF, "damaged", NULL },
  { "u of 33 octets", "12 0a 2b060104019755010501 010f 40 09 00*32" KDF, "damaged", NULL },
  { "X448 by ECDH", "12 03 2b656f 01c7 40 09 00*55" KDF, "unsupported", NULL },
  { "secp256k1", "12 05 2b8104000a 0203 04 11*64" KDF, "unsupported", NULL },
  { "DSA", "11 " N "0002 02 0002 02 0002 02", "unsupported", NULL },
  { "ECDSA", "13 08 2a8648ce3d030107 0203 04 11*64", "unsupported", NULL },
  { "EdDSA", "16 09 2b06010401da470f01 0107 40 11*32", "unsupported", NULL },
  { "X25519", "19 09 00*31", "unsupported", NULL },
  { "X448", "1a 09 00*55", "unsupported", NULL },
  { "Ed25519", "1b 11*32", "unsupported", NULL },
  { "Kyber of LibrePGP", "08 09 00*55", "unsupported", NULL },
  { "ML-KEM", "23 09 00*55", "unsupported", NULL },
  { "a private algorithm", "64 11", "unsupported", NULL },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *words = g_strconcat (KEY, rows[i].key, NULL);
      g_autoptr (GBytes) body = spare_test_octets (words);
      g_autoptr (GBytes) certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY, "");
      g_autofree char *fingerprint = spare_test_fingerprint (body);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareWrapKey) key = spare_wrap_key_new (certificate, fingerprint, &error);

      g_test_message ("%s", rows[i].reason);
      g_assert_cmpstr (key != NULL ? "ok" : spare_test_error_word (error), ==, rows[i].verdict);
      if (key != NULL)
        {
          g_autoptr (SpareWrapKey) again = spare_wrap_key_ref (key);
          g_autofree char *key_id = g_strdup_printf ("%016" G_GINT64_MODIFIER "X",
                                                     spare_wrap_key_get_key_id (again));

          g_assert_cmpstr (spare_wrap_key_get_nick (again), ==, rows[i].nick);
          g_assert_cmpstr (spare_wrap_key_get_fingerprint (key), ==, fingerprint);
          g_assert_cmpstr (key_id, ==, fingerprint + 24);
          g_assert_cmpuint (spare_wrap_key_get_algorithm (key), ==,
                            ((const guint8 *) g_bytes_get_data (body, NULL))[5]);
        }
    }
}

/* Cut anywhere, a key is no key. */
static void
test_cut (void)
{
  static const char *const keys[] = { KEY "01 " N E, KEY "10 " N "0002 02 0008 81",
                                      KEY CV25519 U9 KDF };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GBytes) whole = spare_test_octets (keys[i]);

      for (gsize n = 6; n < g_bytes_get_size (whole); n++)
        {
          g_autoptr (GBytes) body = spare_test_cut (whole, n);
          g_autoptr (GBytes)
              certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY, "");
          g_autofree char *fingerprint = spare_test_fingerprint (body);
          g_autoptr (GError) error = NULL;

          g_assert_null (spare_wrap_key_new (certificate, fingerprint, &error));
          g_assert_cmpstr (spare_test_error_word (error), ==, "damaged");
        }
    }
}

/* --- Points of the other curves --- */

static const struct
{
  const char *nick;
  const char *engine_name;
} curves[] = {
  { "nistp256", "NIST P-256" },
  { "nistp384", "NIST P-384" },
  { "nistp521", "NIST P-521" },
  { "brainpoolP256r1", "brainpoolP256r1" },
  { "brainpoolP384r1", "brainpoolP384r1" },
  { "brainpoolP512r1", "brainpoolP512r1" },
};

static void
print (gcry_mpi_t number, guint8 *octets, gsize length)
{
  gsize n;

  memset (octets, 0, length);
  g_assert_cmpint (gcry_mpi_print (GCRYMPI_FMT_USG, NULL, 0, &n, number), ==, 0);
  g_assert_cmpuint (n, <=, length);
  g_assert_cmpint (gcry_mpi_print (GCRYMPI_FMT_USG, octets + length - n, n, &n, number), ==, 0);
}

/* The curve's base point, and the field's prime. */
static void
get_base (guint index, const SpareCurve *curve, guint8 *point, guint8 *prime)
{
  gcry_ctx_t context;
  gcry_mpi_t x, y, p;

  g_assert_cmpint (gcry_mpi_ec_new (&context, NULL, curves[index].engine_name), ==, 0);
  x = gcry_mpi_ec_get_mpi ("g.x", context, 1);
  y = gcry_mpi_ec_get_mpi ("g.y", context, 1);
  p = gcry_mpi_ec_get_mpi ("p", context, 1);
  point[0] = 0x04;
  print (x, point + 1, curve->coordinate);
  print (y, point + 1 + curve->coordinate, curve->coordinate);
  print (p, prime, curve->coordinate);
  gcry_mpi_release (x);
  gcry_mpi_release (y);
  gcry_mpi_release (p);
  gcry_ctx_release (context);
}

static void
assert_point (const SpareCurve *curve, const guint8 *point, gsize length, gboolean good)
{
  /* In memory of its own: a sanitizer sees what is read too much. */
  g_autofree guint8 *copy = g_memdup2 (point, length);

  g_assert_true (spare_curve_verify_point (curve, copy, length) == good);
}

static void
test_points (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    {
      const SpareCurve *curve = spare_curve_find_nick (curves[i].nick);
      gsize n = curve->coordinate;
      guint8 base[SPARE_CURVE_POINT_MAX + 1] = { 0 };
      guint8 prime[SPARE_CURVE_COORDINATE_MAX];
      guint8 point[SPARE_CURVE_POINT_MAX];

      g_assert_true (spare_secret_init (NULL));
      get_base (i, curve, base, prime);
      assert_point (curve, base, 1 + 2 * n, TRUE);
      assert_point (curve, base, 2 * n, FALSE);
      assert_point (curve, base, 2 + 2 * n, FALSE);
      assert_point (curve, base, 1 + n, FALSE);

      /* Any bit of it changed. */
      for (gsize bit = 0; bit < 8 * (1 + 2 * n); bit += 13)
        {
          memcpy (point, base, sizeof point);
          point[bit / 8] ^= (guint8) (1 << (bit % 8));
          assert_point (curve, point, 1 + 2 * n, FALSE);
        }
      /* (0, 0), (p, y), (x, p), all ones, compressed. */
      memset (point, 0, sizeof point);
      point[0] = 0x04;
      assert_point (curve, point, 1 + 2 * n, FALSE);
      memcpy (point, base, sizeof point);
      memcpy (point + 1, prime, n);
      assert_point (curve, point, 1 + 2 * n, FALSE);
      memcpy (point, base, sizeof point);
      memcpy (point + 1 + n, prime, n);
      assert_point (curve, point, 1 + 2 * n, FALSE);
      memset (point + 1, 0xff, 2 * n);
      assert_point (curve, point, 1 + 2 * n, FALSE);
      memcpy (point, base, sizeof point);
      point[0] = 0x02 | (base[2 * n] & 1);
      assert_point (curve, point, 1 + n, FALSE);
      point[0] = 0x06;
      assert_point (curve, point, 1 + 2 * n, FALSE);
    }
}

/* A coordinate and it plus p are one to the curve's equation: only one of the two ways to write it is taken. On nistp521
 * x + p always has the size of a coordinate; on brainpoolP256r1 the base point's y + p has. */
static void
test_unreduced (void)
{
  static const struct
  {
    guint index;
    gboolean y;
  } table[] = { { 2, FALSE }, { 2, TRUE }, { 3, TRUE } };

  g_assert_true (spare_secret_init (NULL));
  for (guint row = 0; row < G_N_ELEMENTS (table); row++)
    {
      const SpareCurve *curve = spare_curve_find_nick (curves[table[row].index].nick);
      guint8 point[SPARE_CURVE_POINT_MAX], prime[SPARE_CURVE_COORDINATE_MAX];
      guint8 *coordinate = point + 1 + (table[row].y ? curve->coordinate : 0);
      guint carry = 0;

      get_base (table[row].index, curve, point, prime);
      for (gsize i = curve->coordinate; i-- > 0;)
        {
          carry += (guint) coordinate[i] + prime[i];
          coordinate[i] = (guint8) carry;
          carry >>= 8;
        }
      g_assert_cmpuint (carry, ==, 0);
      assert_point (curve, point, curve->point, FALSE);
    }
}

/* The five points that are refused are all there are: eight times any of them is nothing, eight times another is not. */
static void
test_small_order (void)
{
  const SpareCurve *curve = spare_curve_find_nick ("cv25519");
  gcry_ctx_t context;
  gcry_mpi_t eight;
  guint n_bad = 0;

  g_assert_true (spare_secret_init (NULL));
  g_assert_cmpint (gcry_mpi_ec_new (&context, NULL, "Curve25519"), ==, 0);
  eight = gcry_mpi_set_ui (NULL, 8);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (rows[i].key);
      const guint8 *data = g_bytes_get_data (octets, NULL);
      guint8 reversed[32];
      gcry_mpi_t u, x;
      gcry_mpi_point_t point, product;
      gboolean nothing;

      /* The rows with a point that has the form. */
      if (!g_str_has_prefix (rows[i].key, CV25519)
          || !spare_curve_check_point (curve, data + 14, 33)
          || (data[46] == 0x7f && data[15] >= 0xed))
        continue;
      for (guint j = 0; j < 32; j++)
        reversed[j] = data[46 - j];
      g_assert_cmpint (gcry_mpi_scan (&u, GCRYMPI_FMT_USG, reversed, 32, NULL), ==, 0);
      point = gcry_mpi_point_set (NULL, u, NULL, GCRYMPI_CONST_ONE);
      product = gcry_mpi_point_new (0);
      x = gcry_mpi_new (0);
      gcry_mpi_ec_mul (product, eight, point, context);
      nothing = gcry_mpi_ec_get_affine (x, NULL, product, context) != 0;
      g_assert_true (nothing == !spare_curve_verify_point (curve, data + 14, 33));
      n_bad += nothing;
      gcry_mpi_release (u);
      gcry_mpi_release (x);
      gcry_mpi_point_release (point);
      gcry_mpi_point_release (product);
    }
  g_assert_cmpuint (n_bad, ==, 5);
  gcry_mpi_release (eight);
  gcry_ctx_release (context);
}

/* --- Which subkey --- */

static void
test_fingerprints (void)
{
  g_autoptr (GBytes) body = spare_test_octets (KEY CV25519 U9 KDF);
  g_autoptr (GBytes) certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY, "");
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);
  g_autofree char *fingerprint = spare_test_fingerprint (body);
  g_autofree char *lower = g_ascii_strdown (fingerprint, -1);
  g_autofree char *newer = g_strconcat (fingerprint, fingerprint + 16, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrapKey) key = spare_wrap_key_new (certificate, lower, &error);
  const struct
  {
    GBytes *certificate;
    const char *fingerprint;
    const char *verdict;
  } table[] = {
    { certificate, newer, "unsupported" },
    { certificate, "", "no-key" },
    { certificate, fingerprint + 24, "no-key" },
    { certificate, "0000000000000000000000000000000000000000", "no-key" },
    { nothing, fingerprint, "damaged" },
    { body, fingerprint, "damaged" },
  };

  g_assert_no_error (error);
  g_assert_cmpstr (spare_wrap_key_get_fingerprint (key), ==, fingerprint);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_assert_null (spare_wrap_key_new (table[i].certificate, table[i].fingerprint, &error));
      g_assert_cmpstr (spare_error_get_nick (error), ==, table[i].verdict);
      g_clear_error (&error);
    }
}

/* Who is refused is told what is unharmed and what to do. */
static void
test_words (void)
{
  g_autoptr (GBytes) body = spare_test_octets (KEY "19 09 00*31");
  g_autoptr (GBytes) certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY, "");
  g_autofree char *fingerprint = spare_test_fingerprint (body);
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_wrap_key_new (certificate, fingerprint, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "The files are unharmed."));
  g_assert_nonnull (strstr (error->message, "encrypt them anew"));
}

/* --- PKESKs from outside --- */

static void
test_check_pkesk (void)
{
  static const struct
  {
    const char *reason;
    const char *key;
    const char *algorithm;
    const char *specific;
    const char *verdict;
  } table[] = {
    { "cv25519", KEY CV25519 U9 KDF, "12", "0107 40 09 00*31 30 aa*48", "ok" },
    { "u of small order", KEY CV25519 U9 KDF, "12", "0107 40 00*32 30 aa*48", "damaged" },
    { "u not reduced", KEY CV25519 U9 KDF, "12", "0107 40 ff*31 7f 30 aa*48", "damaged" },
    { "a point of another curve", KEY CV25519 U9 KDF, "12", "0203 04 11*64 30 aa*48",
      "damaged" },
    { "RSA for ECDH", KEY CV25519 U9 KDF, "01", "0010 8001", "no-key" },
    { "RSA", KEY "01 " N E, "01", "0800 80 11*254 00", "ok" },
    { "RSA, a short one", KEY "01 " N E, "01", "0010 8001", "ok" },
    { "RSA, encrypt only", KEY "01 " N E, "02", "0010 8001", "no-key" },
    { "RSA, the modulus", KEY "01 " N E, "01", N, "damaged" },
    { "RSA above the modulus", KEY "01 " N E, "01", "0800 81 11*255", "damaged" },
    { "RSA longer than the modulus", KEY "01 " N E, "01", "0801 01 11*256", "damaged" },
    { "ElGamal", KEY "10 " N "0002 02 0008 81", "10", "0008 81 0010 8001", "ok" },
    { "ElGamal, the second above p", KEY "10 " N "0002 02 0008 81", "10",
      "0008 81 0800 81 11*255", "damaged" },
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (table); i++)
    {
      gboolean other = i % 2 != 0;
      g_autoptr (GBytes) body = spare_test_octets (table[i / 2].key);
      g_autoptr (GBytes) certificate = spare_test_certificate (body, SPARE_TEST_PRIMARY, "");
      g_autofree char *fingerprint = spare_test_fingerprint (body);
      g_autoptr (SpareWrapKey) key = spare_wrap_key_new (certificate, fingerprint, NULL);
      g_autofree char *words = g_strdup_printf ("03 %s %s %s",
                                                other ? "00*8" : fingerprint + 24,
                                                table[i / 2].algorithm, table[i / 2].specific);
      g_autoptr (GBytes) pkesk_body = spare_test_octets (words);
      g_autoptr (GBytes) packet = spare_test_packet (SPARE_PACKET_TAG_PKESK, pkesk_body);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareEsk) esk = spare_esk_new_from_packet (g_bytes_get_data (packet, NULL),
                                                            g_bytes_get_size (packet), &error);
      g_autoptr (SparePkesk) pkesk = spare_pkesk_new (esk, &error);
      gboolean good;

      g_test_message ("%s", table[i / 2].reason);
      g_assert_no_error (error);
      good = spare_wrap_key_check_pkesk (key, pkesk, &error);
      g_assert_cmpstr (good ? "ok" : spare_error_get_nick (error), ==,
                       other ? "no-key" : table[i / 2].verdict);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/wrap-key/each key is taken, or refused for a reason", test_rows);
  g_test_add_func ("/wrap-key/a key that is cut short is refused", test_cut);
  g_test_add_func ("/wrap-key/only whole fingerprints count", test_fingerprints);
  g_test_add_func ("/wrap-key/a refusal says what to do", test_words);
  g_test_add_func ("/wrap-key/a PKESK is for the key and in its one form", test_check_pkesk);
  g_test_add_func ("/curve/only points on the curve are taken", test_points);
  g_test_add_func ("/curve/one point has one form", test_unreduced);
  g_test_add_func ("/curve/points of small order are known", test_small_order);

  return g_test_run ();
}
