/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a session key belongs to a file: on files that stock gpg made, and on those that only vectors have. */
#include "config.h"

#include "spare-test-gpg.h"
#include "spare-test-octets.h"

#include "spare-armor-reader.h"
#include "spare-data-head.h"
#include "spare-quick-check.h"

#include <string.h>

/* A file of the vectors, its session key, and the body of its data packet after the data head. */
typedef struct
{
  SpareHead *head;
  guint cipher;
  SpareSecret *key;
  GByteArray *body;
} Sample;

static SpareSecret *
new_key (const char *hex)
{
  g_autoptr (GBytes) octets = spare_test_octets (hex);
  g_autoptr (GError) error = NULL;
  SpareSecret *key = spare_secret_new_copy (g_bytes_get_data (octets, NULL),
                                            g_bytes_get_size (octets), &error);

  g_assert_no_error (error);
  return key;
}

/* The same key with one bit changed. */
static SpareSecret *
new_wrong_key (SpareSecret *key, guint bit)
{
  g_autofree guint8 *octets = g_memdup2 (spare_secret_get_data (key),
                                         spare_secret_get_size (key));

  octets[bit / 8] ^= (guint8) (1 << bit % 8);
  return spare_secret_new_copy (octets, spare_secret_get_size (key), NULL);
}

/* A key of octets that have nothing to do with the file. */
static SpareSecret *
new_other_key (gsize length, guint seed)
{
  guint8 octets[32];

  for (guint i = 0; i < sizeof octets; i++)
    octets[i] = (guint8) (i * 29 + seed * 101 + 7);
  return spare_secret_new_copy (octets, length, NULL);
}

/* "9:HEX", as gpg shows it. */
static void
read_session_key (const char *text, guint *cipher, SpareSecret **key)
{
  const char *colon = strchr (text, ':');
  g_autofree char *hex = NULL;

  g_assert_nonnull (colon);
  *cipher = (guint) g_ascii_strtoull (text, NULL, 10);
  hex = g_strndup (colon + 1, strspn (colon + 1, "0123456789ABCDEFabcdef"));
  *key = new_key (hex);
}

/* gpg 2.4 writes ciphers with blocks of 8 octets only when told twice; 2.2 does not know the word. */
static const char *
old_ciphers (void)
{
  const char *argv[] = { "gpg", "--dump-options", NULL };
  g_autofree char *options = NULL;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &options, NULL,
                NULL, NULL);
  return strstr (options, "--allow-old-cipher-algos") != NULL ? "--allow-old-cipher-algos"
                                                              : "--batch";
}

static void
show_session_key (SpareTestHome *home, GBytes *octets, guint *cipher, SpareSecret **key)
{
  g_autofree char *said = NULL;
  const char *place;
  int status = spare_test_gpg_full (home, octets, NULL, &said, "--show-session-key",
                                    "--decrypt", NULL);

  g_assert_cmpint (status, ==, 0);
  place = strstr (said, "session key: ");
  g_assert_nonnull (place);
  read_session_key (place + strlen ("session key: ") + 1, cipher, key);
}

static void
test_gpg (void)
{
  static const struct
  {
    const char *name;
    guint id;
  } ciphers[] = {
    { "AES", 7 },          { "AES192", 8 },       { "AES256", 9 },       { "TWOFISH", 10 },
    { "CAMELLIA128", 11 }, { "CAMELLIA192", 12 }, { "CAMELLIA256", 13 }, { "3DES", 2 },
    { "CAST5", 3 },        { "BLOWFISH", 4 },
  };
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *primary = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                    "owner@example.org", NULL);
  g_autoptr (GBytes) plain = g_bytes_new_static ("some text", 9);

  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    {
      g_autoptr (GBytes)
          octets = spare_test_gpg_filter (home, plain, "--trust-model", "always", "--rfc4880",
                                          old_ciphers (), "--cipher-algo", ciphers[i].name,
                                          "--encrypt", "-r", primary, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareHead) head = spare_head_new_from_bytes (octets, &error);
      g_autoptr (SpareHead) bare = NULL;
      g_autoptr (SpareSecret) key = NULL;
      g_autoptr (SpareSecret) cut = NULL;
      guint cipher, n_fits = 0;

      g_assert_no_error (error);
      g_test_message ("%s", ciphers[i].name);
      show_session_key (home, octets, &cipher, &key);
      g_assert_cmpuint (cipher, ==, ciphers[i].id);
      g_assert_cmpint (spare_quick_check (head, cipher, key), ==, SPARE_QUICK_YES);
      bare = spare_head_new_from_data_head (18, spare_head_get_data_head (head), &error);
      g_assert_no_error (error);
      g_assert_cmpint (spare_quick_check (bare, cipher, key), ==, SPARE_QUICK_YES);
      g_assert_cmpstr (spare_head_get_file_id (bare), ==, spare_head_get_file_id (head));

      /* Of 64 wrong keys one may fit by chance, once in a thousand runs; two, once in two million. */
      for (guint seed = 0; seed < 64; seed++)
        {
          g_autoptr (SpareSecret) wrong = new_other_key (spare_secret_get_size (key), seed);

          n_fits += spare_quick_check (head, cipher, wrong) == SPARE_QUICK_YES;
        }
      g_assert_cmpuint (n_fits, <=, 1);
      cut = spare_secret_new_copy (spare_secret_get_data (key), spare_secret_get_size (key) - 1,
                                   NULL);
      g_assert_cmpint (spare_quick_check (head, cipher, cut), ==, SPARE_QUICK_NO);
    }
}

/* Made by hand, so that a wrong key is always a wrong key. */
static void
test_fixed (void)
{
  /* AES-256 with the key 00 01 02 … 1f over the prefix a0 … af ae af, made by openssl. */
  static const char key_octets[] =
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  g_autoptr (GBytes) data_head = spare_test_octets ("015231a2158eec3977015a30c17183d92fe55d");
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = spare_head_new_from_data_head (18, data_head, &error);
  g_autoptr (SpareSecret) key = new_key (key_octets);

  g_assert_no_error (error);
  g_assert_cmpint (spare_quick_check (head, 9, key), ==, SPARE_QUICK_YES);
  for (guint bit = 0; bit < 256; bit++)
    {
      g_autoptr (SpareSecret) wrong = new_wrong_key (key, bit);

      g_assert_cmpint (spare_quick_check (head, 9, wrong), ==, SPARE_QUICK_NO);
    }
  /* Each of the two octets counts. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes)
          changed = spare_test_octets (i == 0 ? "015231a2158eec3977015a30c17183d92fe45d"
                                              : "015231a2158eec3977015a30c17183d92fe55c");
      g_autoptr (SpareHead) other = spare_head_new_from_data_head (18, changed, &error);

      g_assert_no_error (error);
      g_assert_cmpint (spare_quick_check (other, 9, key), ==, SPARE_QUICK_NO);
    }
  g_assert_cmpint (spare_quick_check (head, 10, key), ==, SPARE_QUICK_NO);
  g_assert_cmpint (spare_quick_check (head, 7, key), ==, SPARE_QUICK_NO);
  g_assert_cmpint (spare_quick_check (head, 0, key), ==, SPARE_QUICK_UNKNOWN);
  g_assert_cmpint (spare_quick_check (head, 99, key), ==, SPARE_QUICK_UNKNOWN);
  g_assert_cmpuint (spare_first_chunk_get_need (head), ==, 0);
  g_assert_cmpint (spare_first_chunk_check (head, 9, key, (const guint8 *) key_octets, 64), ==,
                   SPARE_QUICK_UNKNOWN);
}

/* The body of the data packet, its lengths taken out. */
static GByteArray *
read_body (GBytes *octets, const SpareHead *head)
{
  GByteArray *body = g_byte_array_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (octets, &length);
  gsize at = spare_head_get_data_offset (head);
  SparePacketHeader header;

  g_assert_cmpint (spare_packet_read_header (data + at, length - at, &header), ==,
                   SPARE_PACKET_OK);
  at += header.header_length;
  while (TRUE)
    {
      gboolean last = header.length_kind == SPARE_PACKET_LENGTH_DEFINITE;

      g_assert_cmpuint (header.length, <=, length - at);
      g_byte_array_append (body, data + at, (guint) header.length);
      at += header.length;
      if (last)
        break;
      g_assert_cmpint (spare_packet_read_length (data + at, length - at, &header), ==,
                       SPARE_PACKET_OK);
      at += header.header_length;
    }
  g_byte_array_remove_range (body, 0,
                             (guint) g_bytes_get_size (spare_head_get_data_head (head)));
  return body;
}

static void
sample_clear (Sample *sample)
{
  spare_head_unref (sample->head);
  spare_secret_unref (sample->key);
  g_byte_array_unref (sample->body);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sample, sample_clear)

static GBytes *
read_vector (const char *name)
{
  GBytes *octets = spare_test_file (name);
  gsize length;
  const guint8 *data = g_bytes_get_data (octets, &length);
  g_autoptr (SpareArmorReader) reader = NULL;
  GByteArray *binary;

  if (length == 0 || data[0] >= 0x80)
    return octets;
  reader = spare_armor_reader_new ();
  binary = g_byte_array_new ();
  g_assert_true (spare_armor_reader_feed (reader, data, length, binary, NULL));
  g_assert_true (spare_armor_reader_finish (reader, NULL));
  g_bytes_unref (octets);
  return g_byte_array_free_to_bytes (binary);
}

static void
sample_load (Sample *sample, const char *name, const char *session_key)
{
  g_autoptr (GBytes) octets = read_vector (name);
  g_autoptr (GError) error = NULL;

  sample->head = spare_head_new_from_bytes (octets, &error);
  g_assert_no_error (error);
  read_session_key (session_key, &sample->cipher, &sample->key);
  sample->body = read_body (octets, sample->head);
}

static SpareQuick
check_chunk (const Sample *sample, SpareSecret *key)
{
  gsize need = spare_first_chunk_get_need (sample->head);

  g_assert_cmpuint (need, >, 0);
  return spare_first_chunk_check (sample->head, sample->cipher, key, sample->body->data,
                                  MIN (sample->body->len, need));
}

/* What holds of each format with chunks. */
static void
check_sample (Sample *sample)
{
  gsize n_bits = 8 * spare_secret_get_size (sample->key);
  gsize chunk = MIN (sample->body->len, spare_first_chunk_get_need (sample->head)) - 32;

  g_assert_cmpint (spare_quick_check (sample->head, sample->cipher, sample->key), ==,
                   SPARE_QUICK_UNKNOWN);
  g_assert_cmpint (spare_quick_check (sample->head, 10, sample->key), ==, SPARE_QUICK_NO);
  g_assert_cmpint (check_chunk (sample, sample->key), ==, SPARE_QUICK_YES);
  for (guint bit = 0; bit < n_bits; bit += 5)
    {
      g_autoptr (SpareSecret) wrong = new_wrong_key (sample->key, bit);

      g_assert_cmpint (check_chunk (sample, wrong), ==, SPARE_QUICK_NO);
    }
  sample->body->data[chunk] ^= 1;
  g_assert_cmpint (check_chunk (sample, sample->key), ==, SPARE_QUICK_NO);
  sample->body->data[chunk] ^= 1;
  sample->body->data[0] ^= 1;
  g_assert_cmpint (check_chunk (sample, sample->key), ==, SPARE_QUICK_NO);
  sample->body->data[0] ^= 1;
  g_assert_cmpint (spare_first_chunk_check (sample->head, sample->cipher, sample->key,
                                            sample->body->data, 32),
                   ==, SPARE_QUICK_UNKNOWN);
}

static void
test_ocb (void)
{
  g_auto (Sample) sample = { NULL };

  sample_load (&sample, "ocb/intact.gpg",
               "9.2:34B502790F173ACECA05C77F4C3761C0FCF0B668F509A9650ECBC817AB225174");
  g_assert_cmpstr (spare_head_get_format (sample.head), ==, "ocb");
  check_sample (&sample);
}

/* RFC 9580 appendix A.8. */
static void
test_seipd2 (void)
{
  g_auto (Sample) sample = { NULL };

  sample_load (&sample, "rnp/RFC9580/A.8.5-v6pkesk-v2seipd",
               "7:dd708f6fa1ed65114d68d2343e7c2f1d");
  g_assert_cmpstr (spare_head_get_format (sample.head), ==, "seipd2");
  check_sample (&sample);
}

static void
test_data_head (void)
{
  static const struct
  {
    const char *reason;
    guint tag;
    const char *words;
    const char *verdict;
  } rows[] = {
    { "one octet short", 18, "01 aa*17", "damaged" },
    { "one octet more", 18, "01 aa*19", "damaged" },
    { "nothing", 18, "", "damaged" },
    { "far too long", 18, "01 aa*300", "damaged" },
    { "SEIPD v2 cut short", 18, "02 09 02 06 aa*31", "damaged" },
    { "SEIPD v2 whole", 18, "02 09 02 06 aa*32", "ok" },
    { "SEIPD v1 under OCB's tag", 20, "01 aa*18", "unsupported" },
    { "OCB", 20, "01 09 02 10 aa*15", "ok" },
    { "EAX", 20, "01 09 01 10 aa*16", "unsupported" },
    { "a higher version", 18, "09 aa*18", "unsupported" },
    { "a tag that has no data head", 9, "aa*18", "damaged" },
    { "a tag of another packet", 1, "03 aa*18", "damaged" },
    { "no tag", 0, "01 aa*18", "damaged" },
    { "a tag past all tags", 18 + 64, "01 aa*18", "damaged" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) data_head = spare_test_octets (rows[i].words);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareHead)
          head = spare_head_new_from_data_head (rows[i].tag, data_head, &error);

      g_test_message ("%s", rows[i].reason);
      g_assert_cmpstr (head != NULL ? "ok" : spare_test_error_word (error), ==,
                       rows[i].verdict);
      if (head != NULL)
        g_assert_true (g_bytes_equal (spare_head_get_data_head (head), data_head));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/quick-check/fits-what-gpg-encrypted-with-each-cipher", test_gpg);
  g_test_add_func ("/quick-check/a-key-with-one-bit-changed-does-not-fit", test_fixed);
  g_test_add_func ("/first-chunk/ocb-tells-the-right-key", test_ocb);
  g_test_add_func ("/first-chunk/seipd2-tells-the-right-key", test_seipd2);
  g_test_add_func ("/data-head/makes-a-head-of-what-escrow-knows-alone", test_data_head);
  return g_test_run ();
}
