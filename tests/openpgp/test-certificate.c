/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates that come from outside: one and nothing else. */
#include "config.h"

#include "spare-test-octets.h"

#include "spare-certificate.h"
#include "spare-error.h"

#include <string.h>

#define KEY    SPARE_TEST_PRIMARY
#define UID    "cd01 41 "
#define SIG    "c201 04 "
#define SUBKEY "ce0d 04 5f000000 01 0010 8001 0001 01 "

static const struct
{
  const char *reason;
  const char *words;
  const char *verdict;
} rows[] = {
  { "a certificate", KEY UID SIG SUBKEY SIG, "ok" },
  { "a key in the old format, as gpg writes it",
    "98 0d 04 5f000000 01 0010 8001 0001 01 b401 41 8801 04", "ok" },
  { "a key alone", KEY, "ok" },
  { "a photograph", KEY UID SIG "d102 0101" SIG, "ok" },
  { "a subkey of version 5", KEY UID "ce0d 05 5f000000 01 0010 8001 0001 01", "ok" },
  { "nothing", "", "damaged" },
  { "one octet", "c6", "damaged" },
  { "a user id first", UID KEY, "damaged" },
  { "a subkey first", SUBKEY, "damaged" },
  { "a signature first", SIG KEY, "damaged" },
  { "two certificates", KEY UID SIG KEY UID SIG, "damaged" },
  { "two keys", KEY KEY, "damaged" },
  { "a secret key", "c50d 04 5f000000 01 0010 8001 0001 01", "damaged" },
  { "a secret key behind", KEY UID SIG "c50d 04 5f000000 01 0010 8001 0001 01", "damaged" },
  { "a secret subkey behind", KEY UID SIG "c70d 04 5f000000 01 0010 8001 0001 01", "damaged" },
  { "a secret subkey in the old format", KEY UID SIG "9c0d 04 5f000000 01 0010 8001 0001 01",
    "damaged" },
  { "a marker", "ca03 'PGP' " KEY, "damaged" },
  { "a marker behind", KEY "ca03 'PGP' ", "damaged" },
  { "padding", KEY "d502 0000", "damaged" },
  { "gpg's own trust packet", KEY "cc02 0000", "damaged" },
  { "a private packet", KEY "fc02 0000", "damaged" },
  { "literal data", KEY "cb07 62 00 00*4 78", "damaged" },
  { "compressed data", KEY "c802 0100", "damaged" },
  { "encrypted data", KEY "c10e 03 1112131415161718 01 0010 8001", "damaged" },
  { "an octet behind", KEY UID "00", "damaged" },
  { "a packet that is cut short", KEY "cd05 41", "damaged" },
  { "a partial length", KEY "cde0 41 00", "damaged" },
  { "an indeterminate length", KEY "b7 41", "damaged" },
  { "an empty key", "c600", "damaged" },
  { "a key without material", "c606 04 5f000000 01", "damaged" },
  { "a key of version 2", "c60d 02 5f000000 01 0010 8001 0001 01", "damaged" },
  { "a key of version 3", "c60f 03 5f000000 0000 01 0010 8001 0001 01", "damaged" },
  { "a key of version 5", "c60d 05 5f000000 01 0010 8001 0001 01", "unsupported" },
  { "a key of version 6", "c60d 06 5f000000 01 0010 8001 0001 01", "unsupported" },
  { "a key of more than 16 KiB", "c6ff00004001 04 5f000000 01 00*16379", "damaged" },
  { "text", "'-----BEGIN'", "damaged" },
  { "a message", "'-----BEGIN PGP MESSAGE-----' 0a0a", "damaged" },
};

#define LIMIT (64 * 1024)

/* As a word; and nothing is written on failure. */
static const char *
check (GBytes *octets, gsize limit, char **fingerprint)
{
  g_autoptr (GError) error = NULL;
  char *found = NULL;

  if (!spare_certificate_check_single (octets, limit, &found, &error))
    {
      g_assert_null (found);
      return spare_test_error_word (error);
    }
  g_assert_no_error (error);
  if (fingerprint != NULL)
    *fingerprint = g_strdup (found);
  g_free (found);
  return "ok";
}

static GBytes *
armor (GBytes *octets, const char *before, const char *label, const char *behind)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (octets, &length);
  g_autofree char *base64 = g_base64_encode (data, length);
  char *text = g_strdup_printf ("%s-----BEGIN PGP %s-----\n\n%s\n-----END PGP %s-----\n%s",
                                before, label, base64, label, behind);

  return g_bytes_new_take (text, strlen (text));
}

/* The same verdict with an armor and without. */
static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) octets = spare_test_octets (rows[i].words);
      g_autoptr (GBytes) armored = armor (octets, "", "PUBLIC KEY BLOCK", "");

      g_test_message ("%s", rows[i].reason);
      g_assert_cmpstr (check (octets, LIMIT, NULL), ==, rows[i].verdict);
      g_assert_cmpstr (check (armored, LIMIT, NULL), ==, rows[i].verdict);
    }
}

static void
test_fingerprint (void)
{
  g_autoptr (GBytes) body = spare_test_octets ("04 5f000000 01 0010 8001 0001 01");
  g_autoptr (GBytes) octets = spare_test_octets (KEY UID SIG SUBKEY SIG);
  g_autofree char *expected = spare_test_fingerprint (body);
  g_autofree char *fingerprint = NULL;

  g_assert_cmpstr (check (octets, LIMIT, &fingerprint), ==, "ok");
  g_assert_cmpstr (fingerprint, ==, expected);
  g_assert_true (spare_certificate_check_single (octets, LIMIT, NULL, NULL));
}

static void
test_list (void)
{
  g_autoptr (GBytes) body = spare_test_octets ("04 5f000000 01 0010 8001 0001 01");
  g_autoptr (GBytes) octets = spare_test_octets (KEY UID SIG SUBKEY SIG);
  g_autoptr (GBytes) cut = spare_test_cut (octets, 20);
  g_autofree char *expected = spare_test_fingerprint (body);
  g_auto (GStrv) keys = spare_certificate_list_keys (octets, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (g_strv_length (keys), ==, 2);
  g_assert_cmpstr (keys[0], ==, expected);
  g_assert_cmpuint (strlen (keys[1]), ==, 40);
  g_assert_null (spare_certificate_list_keys (cut, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_armor (void)
{
  static const struct
  {
    const char *reason;
    const char *before;
    const char *label;
    const char *behind;
    const char *verdict;
  } table[] = {
    { "white space around", "\n \t\r\n", "PUBLIC KEY BLOCK", "\n  \n", "ok" },
    { "a secret key's label", "", "PRIVATE KEY BLOCK", "", "damaged" },
    { "a message's label", "", "MESSAGE", "", "damaged" },
    { "an unknown label", "", "PUBLIC KEY BLOCK, PART 1/2", "", "damaged" },
    { "text before", "Hello\n", "PUBLIC KEY BLOCK", "", "damaged" },
    { "text behind", "", "PUBLIC KEY BLOCK", "Hello\n", "damaged" },
    { "a byte order mark", "\xef\xbb\xbf", "PUBLIC KEY BLOCK", "", "damaged" },
    { "a second block", "", "PUBLIC KEY BLOCK",
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxgE=\n-----END PGP PUBLIC KEY BLOCK-----\n",
      "damaged" },
  };
  g_autoptr (GBytes) octets = spare_test_octets (KEY UID SIG);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GBytes)
          armored = armor (octets, table[i].before, table[i].label, table[i].behind);

      g_test_message ("%s", table[i].reason);
      g_assert_cmpstr (check (armored, LIMIT, NULL), ==, table[i].verdict);
    }
}

/* One octet more than allowed is too much, counted as they come. */
static void
test_limit (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (KEY UID SIG);
  g_autoptr (GBytes) armored = armor (octets, "", "PUBLIC KEY BLOCK", "");
  GBytes *both[] = { octets, armored };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    {
      gsize length = g_bytes_get_size (both[i]);

      g_assert_cmpstr (check (both[i], length, NULL), ==, "ok");
      g_assert_cmpstr (check (both[i], length - 1, NULL), ==, "damaged");
    }
}

static void
test_checksum (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (KEY);
  g_autofree char *base64 = g_base64_encode (g_bytes_get_data (octets, NULL),
                                             g_bytes_get_size (octets));
  char *text = g_strdup_printf ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n%s\n=AAAA\n"
                                "-----END PGP PUBLIC KEY BLOCK-----\n",
                                base64);
  g_autoptr (GBytes) armored = g_bytes_new_take (text, strlen (text));

  g_assert_cmpstr (check (armored, LIMIT, NULL), ==, "damaged");
}

/* Cut anywhere but between packets, it is none. */
static void
test_cut (void)
{
  g_autoptr (GBytes) octets = spare_test_octets (KEY UID SIG SUBKEY SIG);
  static const gsize ends[] = { 15, 18, 21, 36, 39 };

  for (gsize n = 0; n <= g_bytes_get_size (octets); n++)
    {
      g_autoptr (GBytes) cut = spare_test_cut (octets, n);
      gboolean whole = FALSE;

      for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
        whole |= ends[i] == n;
      g_assert_cmpstr (check (cut, LIMIT, NULL), ==, whole ? "ok" : "damaged");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/certificate/one and nothing else is taken", test_rows);
  g_test_add_func ("/certificate/the fingerprint is computed here", test_fingerprint);
  g_test_add_func ("/certificate/all keys are named, the primary first", test_list);
  g_test_add_func ("/certificate/an armor has nothing around it", test_armor);
  g_test_add_func ("/certificate/an armor with a wrong checksum is refused", test_checksum);
  g_test_add_func ("/certificate/the limit is kept to the octet", test_limit);
  g_test_add_func ("/certificate/one that is cut short is refused", test_cut);

  return g_test_run ();
}
