/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PKESKs that are built here, opened again: many of each kind, since a number with a leading zero is rare. The other
 * half of each exchange is libgcrypt's, in the way that gpg-agent goes. */
#include "config.h"

#include "spare-test-octets.h"

#include "spare-cipher.h"
#include "spare-error.h"
#include "spare-pkesk-build.h"

#include <gcrypt.h>
#include <string.h>

/* So many of each kind; of some, more until each kind of leading zero was seen. The slow ones share their code with
 * those. */
#define BUILDS_MIN 20
#define BUILDS_MAX 20000

static const guint8 cipher_ids[] = { 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13 };

static SpareSecret *
make_session_key (guint cipher)
{
  guint8 *octets;
  gsize length = spare_cipher_get_key_length (cipher);
  SpareSecret *key = spare_secret_new_sized (length, &octets, NULL);

  gcry_create_nonce (octets, length);
  return key;
}

static void
append_octet (GByteArray *array, guint octet)
{
  guint8 octets[1] = { (guint8) octet };

  g_byte_array_append (array, octets, 1);
}

/* An MPI of these octets; leading zeros are dropped. */
static void
append_mpi (GByteArray *array, const guint8 *octets, gsize length)
{
  guint bits;

  while (length > 0 && octets[0] == 0)
    {
      octets++;
      length--;
    }
  bits = (guint) (8 * length) - 8 + g_bit_storage (octets[0]);
  append_octet (array, bits >> 8);
  append_octet (array, bits & 0xff);
  g_byte_array_append (array, octets, (guint) length);
}

static GByteArray *
begin_key (guint algorithm)
{
  static const guint8 fixed[] = { 4, 0x5f, 0, 0, 0 };
  GByteArray *body = g_byte_array_new ();

  g_byte_array_append (body, fixed, sizeof fixed);
  append_octet (body, algorithm);
  return body;
}

static SpareWrapKey *
end_key (GByteArray *body, SpareKdf *kdf)
{
  g_autoptr (GBytes) octets = g_byte_array_free_to_bytes (body);
  g_autoptr (GBytes) certificate = spare_test_certificate (octets, SPARE_TEST_PRIMARY, "");
  g_autofree char *fingerprint = spare_test_fingerprint (octets);
  g_autoptr (GError) error = NULL;
  SpareWrapKey *key = spare_wrap_key_new (certificate, fingerprint, &error);

  g_assert_no_error (error);
  if (kdf != NULL)
    {
      g_assert_true (spare_certificate_find_kdf (certificate, fingerprint, kdf, &error));
      g_assert_no_error (error);
    }
  return key;
}

static gcry_sexp_t
find (gcry_sexp_t list, const char *name)
{
  gcry_sexp_t found = gcry_sexp_find_token (list, name, 0);

  g_assert_nonnull (found);
  return found;
}

static void
append_number (GByteArray *body, gcry_sexp_t list, const char *name)
{
  gcry_sexp_t found = find (list, name);
  gsize length;
  const char *octets = gcry_sexp_nth_data (found, 1, &length);

  append_mpi (body, (const guint8 *) octets, length);
  gcry_sexp_release (found);
}

static gcry_sexp_t
generate (const char *parameters)
{
  gcry_sexp_t expression, key;

  g_assert_true (spare_secret_init (NULL));
  g_assert_cmpint (gcry_sexp_new (&expression, parameters, 0, 1), ==, 0);
  g_assert_cmpint (gcry_pk_genkey (&key, expression), ==, 0);
  gcry_sexp_release (expression);
  return key;
}

/* What the secret key makes of the expression: its value, or the whole. */
static SpareSecret *
open_raw (gcry_sexp_t pair, gcry_sexp_t data)
{
  gcry_sexp_t secret = find (pair, "private-key");
  gcry_sexp_t opened, value;
  gsize length;
  const char *octets;
  SpareSecret *result;

  g_assert_cmpint (gcry_pk_decrypt (&opened, data, secret), ==, 0);
  value = gcry_sexp_find_token (opened, "value", 0);
  octets = gcry_sexp_nth_data (value != NULL ? value : opened, value != NULL ? 1 : 0, &length);
  result = spare_secret_new_copy (octets, length, NULL);
  gcry_sexp_release (value);
  gcry_sexp_release (opened);
  gcry_sexp_release (data);
  gcry_sexp_release (secret);
  return result;
}

static SparePkesk *
build (const SpareWrapKey *key, guint cipher, SpareSecret *session_key, GHashTable *seen)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareEsk) esk = spare_pkesk_build (key, cipher, session_key, &error);
  SparePkesk *pkesk;
  gsize length;
  const guint8 *number;

  g_assert_no_error (error);
  g_assert_cmphex (spare_esk_get_key_id (esk), ==, spare_wrap_key_get_key_id (key));
  pkesk = spare_pkesk_new (esk, &error);
  g_assert_no_error (error);
  /* No ephemeral, no padding, is used twice. */
  number = spare_pkesk_get_mpi (pkesk, 0, &length);
  g_assert_true (g_hash_table_add (seen, g_bytes_new (number, length)));
  return pkesk;
}

static GHashTable *
seen_new (void)
{
  return g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                NULL);
}

/* --- ECDH --- */

static SpareWrapKey *
make_ecdh_key (gcry_sexp_t pair,
               const SpareCurve *curve,
               guint hash,
               guint cipher,
               SpareKdf *kdf)
{
  GByteArray *body = begin_key (SPARE_ALGORITHM_ECDH);

  append_octet (body, curve->oid_length);
  g_byte_array_append (body, curve->oid, curve->oid_length);
  append_number (body, pair, "q");
  append_octet (body, 3);
  append_octet (body, 1);
  append_octet (body, hash);
  append_octet (body, cipher);
  return end_key (body, kdf);
}

/* Which coordinates of a point begin (as numbers) with a zero octet. */
static gboolean
has_zero (const SpareCurve *curve, const guint8 *point, gboolean x_alone)
{
  if (curve->prefix == 0x40)
    return point[32] == 0;
  return point[1] == 0 || (!x_alone && point[1 + curve->coordinate] == 0);
}

static void
test_ecdh (gconstpointer data)
{
  const SpareCurve *curve = spare_curve_find_nick (data);
  gboolean cv25519 = curve->prefix == 0x40;
  gboolean patient = cv25519 || g_str_has_prefix (curve->nick, "nistp");
  g_autofree char *parameters =
      g_strdup_printf ("(genkey (ecc (curve %s) (flags transient-key%s)))",
                       cv25519 ? "Curve25519" : curve->nick, cv25519 ? " djb-tweak comp" : "");
  gcry_sexp_t pair = generate (parameters);
  g_autoptr (GHashTable) seen = seen_new ();
  gboolean zero_ephemeral = FALSE, zero_shared = FALSE;
  guint n;

  for (n = 0; n < BUILDS_MIN || (patient && (n < 100 || !zero_ephemeral || !zero_shared)); n++)
    {
      SpareKdf kdf = { 0 };
      g_autoptr (SpareWrapKey)
          key = make_ecdh_key (pair, curve, 8 + n % 3, 7 + n / 3 % 3, &kdf);
      guint cipher = cipher_ids[n % G_N_ELEMENTS (cipher_ids)], found = 0;
      g_autoptr (SpareSecret) session_key = make_session_key (cipher);
      g_autoptr (SparePkesk) pkesk = build (key, cipher, session_key, seen);
      g_autoptr (SpareSecret) shared = NULL;
      g_autoptr (SpareSecret) opened = NULL;
      g_autoptr (GError) error = NULL;
      gcry_sexp_t expression;
      gsize length;
      const guint8 *ephemeral = spare_pkesk_get_ephemeral (pkesk, &length);

      g_assert_cmpuint (n, <, BUILDS_MAX);
      g_assert_cmpuint (length, ==, curve->point);
      g_assert_cmpint (gcry_sexp_build (&expression, NULL, "(enc-val (ecdh (e %b)))",
                                        (int) length, ephemeral),
                       ==, 0);
      shared = open_raw (pair, expression);
      opened = spare_pkesk_ecdh_unwrap (pkesk, &kdf, shared, &found, &error);
      g_assert_no_error (error);
      g_assert_true (spare_secret_equal (opened, session_key));
      g_assert_cmpuint (found, ==, cipher);
      /* The length tells nothing of the cipher. */
      spare_pkesk_get_wrapped (pkesk, &length);
      g_assert_cmpuint (length, ==, 48);
      zero_ephemeral |= has_zero (curve, ephemeral, FALSE);
      zero_shared |= has_zero (curve, spare_secret_get_data (shared), TRUE);
    }
  g_test_message ("%u builds", n);
  gcry_sexp_release (pair);
}

/* --- RSA and ElGamal --- */

/* PKCS #1 v1.5 without its first octet, which a number does not have. */
static void
assert_encoding (SpareSecret *encoded, gsize length, guint cipher, SpareSecret *session_key)
{
  const guint8 *octets = spare_secret_get_data (encoded);
  const guint8 *key = spare_secret_get_data (session_key);
  gsize key_length = spare_secret_get_size (session_key);
  gsize separator = length - 1 - key_length - 4;
  guint sum = 0;

  g_assert_cmpuint (spare_secret_get_size (encoded), ==, length - 1);
  g_assert_cmphex (octets[0], ==, 2);
  for (gsize i = 1; i < separator; i++)
    g_assert_cmphex (octets[i], !=, 0);
  g_assert_cmphex (octets[separator], ==, 0);
  g_assert_cmpuint (octets[separator + 1], ==, cipher);
  g_assert_cmpmem (octets + separator + 2, key_length, key, key_length);
  for (gsize i = 0; i < key_length; i++)
    sum += key[i];
  g_assert_cmphex (octets[length - 3], ==, sum >> 8 & 0xff);
  g_assert_cmphex (octets[length - 2], ==, sum & 0xff);
}

static void
test_rsa (gconstpointer data)
{
  guint bits = GPOINTER_TO_UINT (data);
  g_autofree char
      *parameters = g_strdup_printf ("(genkey (rsa (nbits 4:%u) (flags transient-key)))", bits);
  gcry_sexp_t pair = generate (parameters);
  GByteArray *body = begin_key (SPARE_ALGORITHM_RSA);
  g_autoptr (SpareWrapKey) key = NULL;
  g_autoptr (GHashTable) seen = seen_new ();
  gboolean zero = FALSE;
  guint n;

  append_number (body, pair, "n");
  append_number (body, pair, "e");
  key = end_key (body, NULL);
  g_assert_true (g_str_has_prefix (spare_wrap_key_get_nick (key), "rsa"));
  for (n = 0; n < BUILDS_MIN || (bits == 2048 && !zero); n++)
    {
      guint cipher = cipher_ids[n % G_N_ELEMENTS (cipher_ids)];
      g_autoptr (SpareSecret) session_key = make_session_key (cipher);
      g_autoptr (SparePkesk) pkesk = build (key, cipher, session_key, seen);
      g_autoptr (SpareSecret) opened = NULL;
      gcry_sexp_t expression;
      gsize length;
      const guint8 *number = spare_pkesk_get_mpi (pkesk, 0, &length);

      g_assert_cmpuint (n, <, BUILDS_MAX);
      g_assert_cmpint (gcry_sexp_build (&expression, NULL, "(enc-val (flags raw) (rsa (a %b)))",
                                        (int) length, number),
                       ==, 0);
      opened = open_raw (pair, expression);
      assert_encoding (opened, bits / 8, cipher, session_key);
      zero |= length < bits / 8;
    }
  g_test_message ("%u builds", n);
  gcry_sexp_release (pair);
}

/* A prime p with (p - 1) / 2 prime: the group of 2048 bits in RFC 3526 section 3. */
static const char group[] = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
                            "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
                            "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
                            "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
                            "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
                            "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
                            "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
                            "3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";

static void
append_printed (GByteArray *body, gcry_mpi_t number)
{
  guint8 octets[300];
  gsize length;

  g_assert_cmpint (gcry_mpi_print (GCRYMPI_FMT_USG, octets, sizeof octets, &length, number), ==,
                   0);
  append_mpi (body, octets, length);
}

static gcry_mpi_t
scan (const SparePkesk *pkesk, guint index)
{
  gsize length;
  const guint8 *octets = spare_pkesk_get_mpi (pkesk, index, &length);
  gcry_mpi_t number;

  g_assert_cmpint (gcry_mpi_scan (&number, GCRYMPI_FMT_USG, octets, length, NULL), ==, 0);
  return number;
}

/* b / a^x mod p, as octets. */
static SpareSecret *
open_elgamal (const SparePkesk *pkesk, gcry_mpi_t p, gcry_mpi_t x)
{
  gcry_mpi_t a = scan (pkesk, 0);
  gcry_mpi_t b = scan (pkesk, 1);
  guint8 octets[256];
  gsize length;

  gcry_mpi_powm (a, a, x, p);
  g_assert_cmpint (gcry_mpi_invm (a, a, p), !=, 0);
  gcry_mpi_mulm (b, b, a, p);
  g_assert_cmpint (gcry_mpi_print (GCRYMPI_FMT_USG, octets, sizeof octets, &length, b), ==, 0);
  gcry_mpi_release (a);
  gcry_mpi_release (b);
  return spare_secret_new_copy (octets, length, NULL);
}

static void
test_elgamal (void)
{
  GByteArray *body = begin_key (SPARE_ALGORITHM_ELGAMAL);
  g_autoptr (SpareWrapKey) key = NULL;
  g_autoptr (GHashTable) seen = seen_new ();
  gcry_mpi_t p, g, x, y;

  g_assert_true (spare_secret_init (NULL));
  g_assert_cmpint (gcry_mpi_scan (&p, GCRYMPI_FMT_HEX, group, 0, NULL), ==, 0);
  g_assert_cmpint (gcry_prime_check (p, 0), ==, 0);
  g = gcry_mpi_set_ui (NULL, 2);
  x = gcry_mpi_new (0);
  gcry_mpi_randomize (x, 256, GCRY_WEAK_RANDOM);
  y = gcry_mpi_new (0);
  gcry_mpi_powm (y, g, x, p);
  append_printed (body, p);
  append_printed (body, g);
  append_printed (body, y);
  key = end_key (body, NULL);
  for (guint n = 0; n < G_N_ELEMENTS (cipher_ids); n++)
    {
      guint cipher = cipher_ids[n];
      g_autoptr (SpareSecret) session_key = make_session_key (cipher);
      g_autoptr (SparePkesk) pkesk = build (key, cipher, session_key, seen);
      g_autoptr (SpareSecret) opened = open_elgamal (pkesk, p, x);

      assert_encoding (opened, 256, cipher, session_key);
    }
  gcry_mpi_release (p);
  gcry_mpi_release (g);
  gcry_mpi_release (x);
  gcry_mpi_release (y);
}

/* --- What is refused, and the packet --- */

static SpareWrapKey *
make_cv25519_key (void)
{
  GByteArray *body = begin_key (SPARE_ALGORITHM_ECDH);
  g_autoptr (GBytes)
      material = spare_test_octets ("0a 2b060104019755010501 0107 40 09 00*31 03010807");

  g_byte_array_append (body, g_bytes_get_data (material, NULL),
                       (guint) g_bytes_get_size (material));
  return end_key (body, NULL);
}

static void
test_lengths (void)
{
  g_autoptr (SpareWrapKey) key = make_cv25519_key ();

  for (guint cipher = 0; cipher < 300; cipher++)
    for (gsize length = 0; length <= 40; length++)
      {
        guint8 *octets;
        g_autoptr (SpareSecret) session_key = spare_secret_new_sized (length, &octets, NULL);
        gsize wanted = spare_cipher_get_key_length (cipher);
        g_autoptr (GError) error = NULL;
        g_autoptr (SpareEsk) esk = NULL;

        /* Each length with the ciphers that there are, a few with those that there aren't. */
        if (wanted == 0 && length % 16 != 0)
          continue;
        esk = spare_pkesk_build (key, cipher, session_key, &error);
        g_assert_cmpstr (esk != NULL ? "ok" : spare_test_error_word (error), ==,
                         wanted == 0        ? "unsupported"
                         : wanted == length ? "ok"
                                            : "damaged");
      }
}

static void
test_ciphers (void)
{
  guint n = 0;

  for (guint cipher = 0; cipher < 1000; cipher++)
    n += spare_cipher_get_key_length (cipher) != 0;
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (cipher_ids));
  g_assert_cmpuint (spare_cipher_get_key_length (9), ==, 32);
  g_assert_cmpuint (spare_cipher_get_key_length (7), ==, 16);
  g_assert_cmpuint (spare_cipher_get_key_length (2), ==, 24);
  g_assert_cmpuint (spare_cipher_get_key_length (G_MAXUINT32), ==, 0);
}

/* In the framing that gpg writes, and never longer than needed. */
static void
test_packet (void)
{
  g_autoptr (SpareWrapKey) key = make_cv25519_key ();
  g_autoptr (SpareSecret) session_key = make_session_key (9);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareEsk) esk = spare_pkesk_build (key, 9, session_key, &error);
  GBytes *packet;
  const guint8 *octets;

  g_assert_no_error (error);
  packet = spare_esk_get_packet (esk);
  octets = g_bytes_get_data (packet, NULL);
  g_assert_cmpuint (g_bytes_get_size (packet), ==, 2 + 10 + 2 + 33 + 1 + 48);
  g_assert_cmphex (octets[0], ==, 0x84);
  g_assert_cmphex (octets[1], ==, 10 + 2 + 33 + 1 + 48);
  g_assert_cmphex (octets[2], ==, 3);
  g_assert_cmphex (octets[11], ==, SPARE_ALGORITHM_ECDH);
}

int
main (int argc, char **argv)
{
  static const char *const curves[] = {
    "cv25519",         "nistp256",        "nistp384",        "nistp521",
    "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1",
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/build/a session key has the length of its cipher's", test_lengths);
  g_test_add_func ("/build/ciphers are known by their lengths", test_ciphers);
  g_test_add_func ("/build/the packet has the one form", test_packet);
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    {
      g_autofree char *path = g_strdup_printf ("/build/each opens again, by %s", curves[i]);

      g_test_add_data_func (path, curves[i], test_ecdh);
    }
  g_test_add_data_func ("/build/each opens again, by rsa2048", GUINT_TO_POINTER (2048),
                        test_rsa);
  g_test_add_data_func ("/build/each opens again, by rsa3072", GUINT_TO_POINTER (3072),
                        test_rsa);
  g_test_add_func ("/build/each opens again, by elg2048", test_elgamal);

  return g_test_run ();
}
