/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PKESKs built here, held against stock gpg: a file that was encrypted to one key is opened with another, for which
 * a PKESK was put into its head; the file's data stay as they are. */
#include "config.h"

#include "spare-test-gpg.h"
#include "spare-test-octets.h"

#include "spare-error.h"
#include "spare-pkesk-build.h"

#include <string.h>

typedef struct
{
  SpareTestHome *old_home;
  SpareTestHome *new_home;
  char *old_key;
  const char *old_ciphers;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *options = NULL;

  f->old_home = spare_test_home_new ();
  f->new_home = spare_test_home_new ();
  f->old_key = spare_test_create_key (f->old_home, SPARE_TEST_KEY_DEFAULT, "old@example.org",
                                      NULL);
  /* gpg 2.4 writes ciphers with blocks of 8 octets only when told twice; 2.2 does not know the word. */
  options = spare_test_gpg (f->old_home, "--dump-options", NULL);
  f->old_ciphers = strstr (options, "--allow-old-cipher-algos") != NULL
                       ? "--allow-old-cipher-algos"
                       : "--batch";
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  spare_test_home_free (f->old_home);
  spare_test_home_free (f->new_home);
  g_free (f->old_key);
}

static GBytes *
encrypt (Fixture *f, const char *cipher, GBytes *plain)
{
  return spare_test_gpg_filter (f->old_home, plain, "--trust-model", "always", "--cipher-algo",
                                cipher, f->old_ciphers, "--encrypt", "-r", f->old_key, NULL);
}

/* "9:0123…", as stock gpg says. */
static SpareSecret *
read_session_key (Fixture *f, GBytes *message, guint *cipher)
{
  static const char mark[] = "session key: '";
  g_autofree char *words = NULL;
  char *start, *end;
  guint8 octets[64];
  gsize length = 0;
  g_autoptr (GError) error = NULL;
  SpareSecret *key;

  spare_test_gpg_full (f->old_home, message, NULL, &words, "--show-session-key", "--decrypt",
                       NULL);
  start = strstr (words, mark);
  g_assert_nonnull (start);
  *cipher = (guint) g_ascii_strtoull (start + sizeof mark - 1, &end, 10);
  for (end++; g_ascii_isxdigit (end[0]) && length < sizeof octets; end += 2)
    octets[length++] = (guint8) (g_ascii_xdigit_value (end[0]) << 4
                                 | g_ascii_xdigit_value (end[1]));
  key = spare_secret_new_copy (octets, length, &error);
  g_assert_no_error (error);
  return key;
}

static gboolean
all_cb (const SpareEsk *esk, gpointer user_data)
{
  return TRUE;
}

static GBytes *
splice (GBytes *message, SpareEsk *esk, SpareEskPredicate remove)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = spare_head_new_from_bytes (message, &error);
  g_autoptr (GBytes) octets = NULL;
  GByteArray *spliced = g_byte_array_new ();
  gsize offset;

  g_assert_no_error (error);
  octets = spare_head_splice (head, &esk, 1, remove, NULL, &error);
  g_assert_no_error (error);
  offset = spare_head_get_data_offset (head);
  g_byte_array_append (spliced, g_bytes_get_data (octets, NULL),
                       (guint) g_bytes_get_size (octets));
  g_byte_array_append (spliced, (const guint8 *) g_bytes_get_data (message, NULL) + offset,
                       (guint) (g_bytes_get_size (message) - offset));
  return g_byte_array_free_to_bytes (spliced);
}

/* Hands the message over to the subkey, and lets stock gpg open it in a home without the old key. */
static void
hand_over (Fixture *f, const char *primary, const char *subkey, const char *cipher_name)
{
  g_autoptr (GBytes) plain = g_bytes_new_static ("something to keep", 17);
  g_autoptr (GBytes) message = encrypt (f, cipher_name, plain);
  g_autoptr (GBytes) certificate = spare_test_export (f->new_home, primary);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrapKey) key = spare_wrap_key_new (certificate, subkey, &error);
  guint cipher;
  g_autoptr (SpareSecret) session_key = read_session_key (f, message, &cipher);
  SpareEskPredicate removes[] = { all_cb, NULL };

  g_assert_no_error (error);
  g_assert_cmpstr (spare_wrap_key_get_fingerprint (key), ==, subkey);
  for (guint i = 0; i < G_N_ELEMENTS (removes); i++)
    {
      g_autoptr (SpareEsk) esk = spare_pkesk_build (key, cipher, session_key, &error);
      g_autoptr (GBytes) handed = NULL;
      g_autoptr (GBytes) opened = NULL;

      g_assert_no_error (error);
      g_assert_true (spare_esk_matches_fingerprint (esk, subkey));
      handed = splice (message, esk, removes[i]);
      g_assert_cmpint (spare_test_gpg_full (f->old_home, handed, NULL, NULL, "--decrypt", NULL)
                           == 0,
                       ==, removes[i] == NULL);
      opened = spare_test_gpg_filter (f->new_home, handed, "--decrypt", NULL);
      g_assert_true (g_bytes_equal (opened, plain));
    }
}

static void
test_kind (Fixture *f, gconstpointer data)
{
  static const char *const ciphers[] = { "AES256", "AES",     "AES192",      "3DES",
                                         "CAST5",  "TWOFISH", "CAMELLIA256", "BLOWFISH" };
  const char *kind = data;
  gboolean cv25519 = g_str_equal (kind, "cv25519");
  gboolean rsa = g_str_equal (kind, "rsa2048");
  g_auto (GStrv) fingerprints = NULL;

  g_free (spare_test_gpg (f->new_home, "--passphrase", "", "--quick-generate-key",
                          "new@example.org", "ed25519", "sign", "never", NULL));
  fingerprints = spare_test_list_fingerprints (f->new_home, "new@example.org");
  g_free (spare_test_gpg (f->new_home, "--passphrase", "", "--quick-add-key", fingerprints[0],
                          kind, "encr", "never", NULL));
  g_clear_pointer (&fingerprints, g_strfreev);
  fingerprints = spare_test_list_fingerprints (f->new_home, "new@example.org");
  for (guint i = 0; i < (cv25519 || rsa ? G_N_ELEMENTS (ciphers) : 2); i++)
    hand_over (f, fingerprints[0], fingerprints[1], ciphers[i]);
}

int
main (int argc, char **argv)
{
  static const char *const kinds[] = {
    "cv25519",         "nistp256",        "nistp384", "nistp521", "brainpoolP256r1",
    "brainpoolP384r1", "brainpoolP512r1", "rsa2048",  "rsa3072",  "elg2048",
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/handover/a file opens with the new key alone, by %s", kinds[i]);

      g_test_add (path, Fixture, kinds[i], set_up, test_kind, tear_down);
    }

  return g_test_run ();
}
