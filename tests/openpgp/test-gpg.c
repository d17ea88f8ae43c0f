/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Held against stock gpg: what it writes is read and split rightly, and what is made here it opens. */
#include "config.h"

#include "spare-test-gpg.h"
#include "spare-test-octets.h"

#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-pkesk.h"

#include <string.h>

typedef struct
{
  SpareTestHome *home;
  char *owner;
  char *authority;
  char *owner_subkey;
  char *authority_subkey;
} Fixture;

/* gpg 2.4 writes ciphers with blocks of 8 octets only when told twice; 2.2 does not know the word. */
static const char *
old_ciphers (void)
{
  const char *argv[] = { "gpg", "--dump-options", NULL };
  g_autofree char *options = NULL;
  g_autoptr (GError) error = NULL;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &options, NULL,
                NULL, &error);
  g_assert_no_error (error);
  return strstr (options, "--allow-old-cipher-algos") != NULL ? "--allow-old-cipher-algos"
                                                              : "--batch";
}

static void
add_key (SpareTestHome *home,
         SpareTestKeyKind kind,
         const char *user_id,
         char **primary,
         char **subkey)
{
  g_auto (GStrv) fingerprints = NULL;

  *primary = spare_test_create_key (home, kind, user_id, NULL);
  fingerprints = spare_test_list_fingerprints (home, *primary);
  *subkey = g_strdup (fingerprints[1]);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->home = spare_test_home_new ();
  add_key (f->home, SPARE_TEST_KEY_DEFAULT, "owner@example.org", &f->owner, &f->owner_subkey);
  add_key (f->home, SPARE_TEST_KEY_RSA, "authority@example.org", &f->authority,
           &f->authority_subkey);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_free (f->owner);
  g_free (f->authority);
  g_free (f->owner_subkey);
  g_free (f->authority_subkey);
  spare_test_home_free (f->home);
}

/* Octets that don't compress, the same each time. */
static GBytes *
make_plain (gsize size)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint8 *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) g_rand_int (rand);
  return g_bytes_new_take (data, size);
}

static GBytes *
encrypt (Fixture *f, gsize size)
{
  g_autoptr (GBytes) plain = make_plain (size);

  return spare_test_gpg_filter (f->home, plain, "--trust-model", "always", "--compress-algo",
                                "none", "--encrypt", "-r", f->owner, "-r", f->authority, NULL);
}

static SpareHead *
read_head (GBytes *octets)
{
  g_autoptr (GError) error = NULL;
  SpareHead *head = spare_head_new_from_bytes (octets, &error);

  g_assert_no_error (error);
  return head;
}

static SpareEsk *
find_esk (SpareHead *head, const char *fingerprint)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (spare_esk_matches_fingerprint (spare_head_get_esk (head, i), fingerprint))
      return spare_head_get_esk (head, i);
  g_assert_not_reached ();
}

static gboolean
matches_cb (const SpareEsk *esk, gpointer user_data)
{
  return spare_esk_matches_fingerprint (esk, user_data);
}

static gboolean
any_cb (const SpareEsk *esk, gpointer user_data)
{
  return TRUE;
}

static GBytes *
split_off (GBytes *message, const char *fingerprint, SpareHead **head)
{
  GByteArray *output = g_byte_array_new ();
  g_autofree char *verdict = spare_test_split_verdict (message, -9, matches_cb,
                                                       (gpointer) fingerprint, output, head);

  g_assert_cmpstr (verdict, ==, "ok");
  return g_byte_array_free_to_bytes (output);
}

static void
assert_opens (SpareTestHome *home, GBytes *message, gsize size)
{
  g_autoptr (GBytes) plain = make_plain (size);
  g_autoptr (GBytes) opened = spare_test_gpg_filter (home, message, "--decrypt", NULL);

  g_assert_true (g_bytes_equal (plain, opened));
}

static char *
show_session_key (SpareTestHome *home, GBytes *message)
{
  const char *mark = "session key: '";
  g_autofree char *text = NULL;
  char *found;

  spare_test_gpg_full (home, message, NULL, &text, "--show-session-key", "--decrypt", NULL);
  found = strstr (text, mark);
  g_assert_nonnull (found);
  found += strlen (mark);
  return g_strndup (found, strcspn (found, "'"));
}

static const gsize sizes[] = { 0, 1, 100, 191, 5000, 8192, 70000, 1048576 };

static void
test_reads (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) message = encrypt (f, sizes[i]);
      g_autoptr (GBytes)
          listing = spare_test_gpg_filter (f->home, message, "--list-packets", NULL);
      g_autofree char *text = g_strndup (g_bytes_get_data (listing, NULL),
                                         g_bytes_get_size (listing));
      g_autoptr (SpareHead) head = read_head (message);
      g_autofree char *walked = spare_test_walk_verdict (message, SPARE_WALKER_STRICT, -4);
      const char *at = text;

      g_assert_cmpstr (walked, ==, "ok");
      g_assert_cmpstr (spare_head_get_format (head), ==, "seipd1");
      g_assert_cmpuint (spare_head_get_n_esks (head), ==, 2);
      g_assert_false (spare_head_has_hidden (head));
      for (guint j = 0; j < 2; j++)
        {
          at = strstr (at, "keyid ") + strlen ("keyid ");
          g_assert_cmphex (g_ascii_strtoull (at, NULL, 16), ==,
                           spare_esk_get_key_id (spare_head_get_esk (head, j)));
        }
      find_esk (head, f->owner_subkey);
      find_esk (head, f->authority_subkey);
    }
}

static void
test_names (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) message = encrypt (f, 10);
  g_autoptr (SpareHead) head = read_head (message);
  g_autofree char *owner = spare_esk_dup_algorithm_nick (find_esk (head, f->owner_subkey));
  g_autofree char *authority = spare_esk_dup_algorithm_nick (
      find_esk (head, f->authority_subkey));

  g_assert_cmpstr (owner, ==, "cv25519");
  g_assert_cmpstr (authority, ==, "rsa2048");
}

static void
test_detached (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) message = encrypt (f, sizes[i]);
      g_autoptr (SpareHead) original = NULL;
      g_autoptr (GBytes) left = split_off (message, f->authority_subkey, &original);
      g_autoptr (SpareHead) head = read_head (left);
      g_autofree char *before = show_session_key (f->home, message);
      g_autofree char *after = show_session_key (f->home, left);

      g_assert_cmpuint (spare_head_get_n_esks (head), ==, 1);
      g_assert_true (
          spare_esk_matches_fingerprint (spare_head_get_esk (head, 0), f->owner_subkey));
      g_assert_cmpuint (spare_head_get_n_esks (original), ==, 2);
      g_assert_cmpstr (spare_head_get_file_id (head), ==, spare_head_get_file_id (original));
      g_assert_cmpstr (before, ==, after);
      assert_opens (f->home, left, sizes[i]);
    }
}

static GBytes *
join (SpareHead *head, GBytes *message, SpareEsk *esk)
{
  g_autoptr (GBytes) start = spare_head_splice (head, &esk, 1, NULL, NULL, NULL);
  gsize offset = spare_head_get_data_offset (head);
  GByteArray *joined = g_byte_array_new ();

  g_byte_array_append (joined, g_bytes_get_data (start, NULL),
                       (guint) g_bytes_get_size (start));
  g_byte_array_append (joined, (const guint8 *) g_bytes_get_data (message, NULL) + offset,
                       (guint) (g_bytes_get_size (message) - offset));
  return g_byte_array_free_to_bytes (joined);
}

static void
test_spliced_back (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) message = encrypt (f, 70000);
  g_autoptr (SpareHead) original = NULL;
  g_autoptr (GBytes) left = split_off (message, f->owner_subkey, &original);
  g_autoptr (SpareHead) head = read_head (left);
  g_autoptr (GBytes) joined = join (head, left, find_esk (original, f->owner_subkey));
  g_autoptr (GError) error = NULL;

  g_assert_true (g_bytes_equal (joined, message));
  g_assert_null (spare_head_splice (original, NULL, 0, any_cb, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

/* The authority has nothing but the packet; the owner nothing but the file without the authority's PKESK. */
static void
test_escrow (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) message = encrypt (f, 70000);
  g_autoptr (SpareHead) original = NULL;
  g_autoptr (GBytes) left = split_off (message, f->authority_subkey, &original);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes)
      packet = spare_escrow_packet_build (find_esk (original, f->authority_subkey), original,
                                          &error);
  g_autoptr (GBytes) secret = spare_test_export_secret (f->home, f->authority, NULL);
  g_autoptr (SpareTestHome) office = spare_test_home_new ();
  g_autoptr (SpareTestHome) empty = spare_test_home_new ();
  g_autoptr (GBytes) plain = make_plain (70000);
  g_autoptr (GBytes) opened = NULL;
  g_autofree char *expected = show_session_key (f->home, message);
  g_autofree char *session_key = NULL;

  g_assert_no_error (error);
  spare_test_import (office, secret);
  session_key = show_session_key (office, packet);
  g_assert_cmpstr (session_key, ==, expected);
  opened = spare_test_gpg_filter (empty, left, "--override-session-key", session_key,
                                  "--decrypt", NULL);
  g_assert_true (g_bytes_equal (opened, plain));
}

static void
test_kinds (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *reason;
    const char *arguments;
    const char *head;
    const char *read;
    const char *strict;
  } rows[] = {
    { "a hidden recipient", "--encrypt -R owner@example.org", "encrypted seipd1 1", "ok",
      "ok" },
    { "one hidden, one not", "--encrypt -R owner@example.org -r authority@example.org",
      "encrypted seipd1 2", "ok", "ok" },
    { "a password", "--symmetric --passphrase x", "password seipd1 1", "ok", "unsupported" },
    { "a password and a key", "--symmetric --passphrase x --encrypt -r owner@example.org",
      "encrypted seipd1 2", "ok", "unsupported" },
    { "signed and encrypted", "--sign --encrypt -r owner@example.org", "encrypted seipd1 1",
      "ok", "ok" },
    { "compressed and encrypted", "-z 9 --encrypt -r owner@example.org", "encrypted seipd1 1",
      "ok", "ok" },
    { "no integrity protection",
      "--rfc2440 --cipher-algo CAST5 --encrypt -r authority@example.org", "encrypted sed 1",
      "ok", "unsupported" },
    { "a cipher of 8 octets a block", "--cipher-algo 3DES --encrypt -r owner@example.org",
      "encrypted seipd1 1", "ok", "ok" },
    { "armored", "--armor --encrypt -r owner@example.org", "encrypted seipd1 1", "ok",
      "not-encrypted" },
    { "armored with headers",
      "--armor --comment a:b --emit-version --encrypt -r owner@example.org",
      "encrypted seipd1 1", "ok", "not-encrypted" },
    { "signed", "-z 6 --sign", "compressed", "not-encrypted", "not-encrypted" },
    { "signed, not compressed", "-z 0 --sign", "signature", "not-encrypted", "not-encrypted" },
    { "signed, armored", "-z 6 --armor --sign", "compressed", "not-encrypted",
      "not-encrypted" },
    { "signed in the clear", "--clearsign", "signature", "not-encrypted", "not-encrypted" },
    { "a detached signature", "--detach-sign", "signature", "not-encrypted", "not-encrypted" },
    { "a detached signature, armored", "--armor --detach-sign", "signature", "not-encrypted",
      "not-encrypted" },
    { "stored", "-z 0 --store", "literal", "not-encrypted", "not-encrypted" },
    { "a certificate", "--export owner@example.org", "public", "not-encrypted",
      "not-encrypted" },
    { "a certificate, armored", "--armor --export owner@example.org", "public", "not-encrypted",
      "not-encrypted" },
    { "a secret key", "--export-secret-keys owner@example.org", "secret", "not-encrypted",
      "not-encrypted" },
    { "an armored file of no type", "--enarmor", "compressed", "not-encrypted",
      "not-encrypted" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (GStrv) arguments = g_strsplit (rows[i].arguments, " ", -1);
      g_autoptr (GBytes) plain = spare_test_octets ("a3 01 aa*20000");
      g_autoptr (GBytes) message = NULL;
      g_autofree char *head = NULL;
      g_autofree char *read = NULL;
      g_autofree char *strict = NULL;
      const char *a[10] = { NULL };

      for (guint j = 0; arguments[j] != NULL; j++)
        a[j] = arguments[j];
      message = spare_test_gpg_filter (f->home, plain, old_ciphers (), "--trust-model",
                                       "always", a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7],
                                       a[8], NULL);
      head = spare_test_head_verdict (message, -3);
      read = spare_test_walk_verdict (message, SPARE_WALKER_READ, -3);
      strict = spare_test_walk_verdict (message, SPARE_WALKER_STRICT, -3);
      g_test_message ("%s", rows[i].reason);
      g_assert_cmpstr (head, ==, rows[i].head);
      g_assert_cmpstr (read, ==, rows[i].read);
      g_assert_cmpstr (strict, ==, rows[i].strict);
    }
}

static char *
find_keygrip (SpareTestHome *home, const char *subkey)
{
  g_autofree char *argument = g_strconcat (subkey, "!", NULL);
  g_autofree char *listing = spare_test_gpg (home, "--with-colons", "--with-keygrip",
                                             "--list-keys", argument, NULL);
  const char *at = strstr (listing, subkey);

  g_assert_nonnull (at);
  at = strstr (at, "\ngrp:::::::::") + strlen ("\ngrp:::::::::");
  return g_strndup (at, 40);
}

/* Asks the agent for the shared point, as Spare Key will do by Assuan. */
static SpareSecret *
get_shared_point (SpareTestHome *home, const char *subkey, const SparePkesk *pkesk)
{
  g_autofree char *grip = find_keygrip (home, subkey);
  g_autofree char *set_key = g_strdup_printf ("SETKEY %s", grip);
  g_autofree char *in = spare_test_home_build (home, "ciphertext");
  g_autofree char *out = spare_test_home_build (home, "point");
  g_autofree char *inquire = g_strdup_printf ("/definqfile CIPHERTEXT %s", in);
  g_autofree char *answer_to = g_strdup_printf ("/datafile %s", out);
  const char *argv[] = { "gpg-connect-agent", "--homedir", home->path, set_key, inquire,
                         answer_to,           "PKDECRYPT", "/bye",     NULL };
  g_autoptr (GString) expression = g_string_new ("(enc-val(ecdh(s #00#)(e #");
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  SpareSecret *point;
  gsize length, n;
  const guint8 *ephemeral = spare_pkesk_get_ephemeral (pkesk, &length);
  char *end;

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (expression, "%02X", ephemeral[i]);
  g_string_append (expression, "#)))");
  g_file_set_contents (in, expression->str, -1, NULL);
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                NULL, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_file_get_contents (out, &answer, &length, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (answer, "(5:value"));
  n = (gsize) g_ascii_strtoull (answer + strlen ("(5:value"), &end, 10);
  g_assert_cmpuint (n, <, length);
  point = spare_secret_new_copy (end + 1, n, &error);
  g_assert_no_error (error);
  return point;
}

static char *
format_session_key (guint cipher, SpareSecret *key)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u:", cipher);
  for (gsize i = 0; i < spare_secret_get_size (key); i++)
    g_string_append_printf (text, "%02X", spare_secret_get_data (key)[i]);
  return g_string_free (text, FALSE);
}

/* Changes in what goes in that must not give a key. */
static void
check_refusals (const SparePkesk *pkesk, const SpareKdf *kdf, SpareSecret *point)
{
  SpareKdf other = *kdf;
  guint cipher = 12345;
  gsize size = spare_secret_get_size (point);
  guint8 *octets;
  g_autoptr (SpareSecret) zeros = spare_secret_new_sized (size, &octets, NULL);
  g_autoptr (SpareSecret)
      shorter = spare_secret_new_copy (spare_secret_get_data (point), size - 2, NULL);
  SpareSecret *wrong_points[] = { zeros, shorter };
  g_autoptr (GError) error = NULL;

  octets[0] = spare_secret_get_data (point)[0];
  for (guint i = 0; i < G_N_ELEMENTS (wrong_points); i++)
    {
      g_assert_null (spare_pkesk_ecdh_unwrap (pkesk, kdf, wrong_points[i], &cipher, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
      g_clear_error (&error);
    }
  other.fingerprint[19] ^= 1;
  g_assert_null (spare_pkesk_ecdh_unwrap (pkesk, &other, point, &cipher, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_clear_error (&error);
  other = *kdf;
  other.curve = spare_curve_find_nick (g_str_equal (kdf->curve->nick, "nistp384") ? "nistp256"
                                                                                  : "nistp384");
  g_assert_null (spare_pkesk_ecdh_unwrap (pkesk, &other, point, &cipher, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_clear_error (&error);
  other = *kdf;
  other.hash = 2;
  g_assert_null (spare_pkesk_ecdh_unwrap (pkesk, &other, point, &cipher, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_assert_cmpuint (cipher, ==, 12345);
}

/* The x coordinate alone, as some cards answer. */
static void
check_bare_coordinate (const SparePkesk *pkesk,
                       const SpareKdf *kdf,
                       SpareSecret *point,
                       SpareSecret *expected)
{
  g_autoptr (SpareSecret) x = spare_secret_new_copy (spare_secret_get_data (point) + 1,
                                                     kdf->curve->coordinate, NULL);
  guint cipher;
  g_autoptr (SpareSecret) key = spare_pkesk_ecdh_unwrap (pkesk, kdf, x, &cipher, NULL);

  g_assert_true (spare_secret_equal (key, expected));
}

static void
check_unwrap (SpareTestHome *home,
              const char *curve,
              const char *primary,
              const char *subkey,
              const char *cipher_name)
{
  g_autoptr (GBytes) plain = make_plain (10);
  g_autoptr (GBytes)
      message = spare_test_gpg_filter (home, plain, old_ciphers (), "--trust-model", "always",
                                       "--cipher-algo", cipher_name, "--encrypt", "-r", primary,
                                       NULL);
  g_autoptr (GBytes) certificate = spare_test_export (home, primary);
  g_autofree char *expected = show_session_key (home, message);
  g_autofree char *session_key = NULL;
  g_autoptr (SpareHead) head = read_head (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePkesk) pkesk = spare_pkesk_new (find_esk (head, subkey), &error);
  g_autoptr (SpareSecret) point = NULL;
  g_autoptr (SpareSecret) key = NULL;
  SpareKdf kdf;
  guint cipher;

  g_assert_no_error (error);
  spare_certificate_find_kdf (certificate, subkey, &kdf, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kdf.curve->nick, ==, curve);
  point = get_shared_point (home, subkey, pkesk);
  key = spare_pkesk_ecdh_unwrap (pkesk, &kdf, point, &cipher, &error);
  g_assert_no_error (error);
  session_key = format_session_key (cipher, key);
  g_assert_cmpstr (session_key, ==, expected);
  check_refusals (pkesk, &kdf, point);
  check_bare_coordinate (pkesk, &kdf, point, key);
}

static void
test_unwrap (gconstpointer data)
{
  const char *curve = data;
  static const char *const ciphers[] = { "AES256", "AES",     "AES192",     "3DES",
                                         "CAST5",  "TWOFISH", "CAMELLIA128" };
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  gboolean cv25519 = g_str_equal (curve, "cv25519");
  g_autofree char *listing = NULL;
  g_auto (GStrv) fingerprints = NULL;

  g_free (spare_test_gpg (home, "--passphrase", "", "--quick-generate-key", "u@example.org",
                          cv25519 ? "ed25519" : curve, "sign", "never", NULL));
  fingerprints = spare_test_list_fingerprints (home, "u@example.org");
  g_free (spare_test_gpg (home, "--passphrase", "", "--quick-add-key", fingerprints[0], curve,
                          "encr", "never", NULL));
  g_clear_pointer (&fingerprints, g_strfreev);
  fingerprints = spare_test_list_fingerprints (home, "u@example.org");
  for (guint i = 0; i < (cv25519 ? G_N_ELEMENTS (ciphers) : 2); i++)
    check_unwrap (home, curve, fingerprints[0], fingerprints[1], ciphers[i]);
}

static void
test_other_subkeys (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) owner = spare_test_export (f->home, f->owner);
  g_autoptr (GBytes) authority = spare_test_export (f->home, f->authority);
  g_autoptr (GBytes) secret = spare_test_export_secret (f->home, f->owner, NULL);
  g_autoptr (GBytes) message = encrypt (f, 10);
  g_autoptr (SpareHead) head = read_head (message);
  g_autoptr (SparePkesk) rsa = spare_pkesk_new (find_esk (head, f->authority_subkey), NULL);
  g_autoptr (SpareSecret) point = spare_secret_new_copy ("x", 1, NULL);
  g_autoptr (GError) error = NULL;
  SpareKdf kdf = { 0 };
  gsize length;
  guint cipher;

  spare_pkesk_get_mpi (rsa, 0, &length);
  g_assert_cmpuint (length, >, 200);
  g_assert_cmpuint (spare_pkesk_get_n_mpis (rsa), ==, 1);
  g_assert_null (spare_pkesk_get_ephemeral (rsa, &length));
  g_assert_null (spare_pkesk_get_wrapped (rsa, &length));
  g_assert_null (spare_pkesk_ecdh_unwrap (rsa, &kdf, point, &cipher, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_clear_error (&error);

  g_assert_false (spare_certificate_find_kdf (authority, f->authority_subkey, &kdf, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (spare_certificate_find_kdf (owner, f->authority_subkey, &kdf, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_clear_error (&error);
  g_assert_false (spare_certificate_find_kdf (secret, f->owner_subkey, &kdf, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_elgamal (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (GBytes)
      parameters = g_bytes_new_static ("Key-Type: DSA\nKey-Length: 1024\nSubkey-Type: "
                                       "ELG-E\nSubkey-Length: 1024\n"
                                       "Name-Email: u@example.org\n%no-protection\n%commit\n",
                                       119);
  g_autoptr (GBytes) plain = make_plain (10);
  g_autoptr (GBytes)
      none = spare_test_gpg_filter (home, parameters, "--full-generate-key", NULL);
  g_autoptr (GBytes) message = spare_test_gpg_filter (home, plain, "--trust-model", "always",
                                                      "--encrypt", "-r", "u@example.org", NULL);
  g_autoptr (SpareHead) head = read_head (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePkesk) pkesk = spare_pkesk_new (spare_head_get_esk (head, 0), &error);
  g_autofree char *nick = spare_esk_dup_algorithm_nick (spare_head_get_esk (head, 0));

  g_assert_no_error (error);
  g_assert_cmpuint (spare_pkesk_get_n_mpis (pkesk), ==, 2);
  g_assert_cmpstr (nick, ==, "elg1024");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *curve;
    const char *path;
  } curves[] = {
    { "cv25519", "/gpg/a session key unwraps as gpg says, by cv25519" },
    { "nistp256", "/gpg/a session key unwraps as gpg says, by nistp256" },
    { "nistp384", "/gpg/a session key unwraps as gpg says, by nistp384" },
    { "nistp521", "/gpg/a session key unwraps as gpg says, by nistp521" },
    { "brainpoolP256r1", "/gpg/a session key unwraps as gpg says, by brainpoolP256r1" },
    { "brainpoolP384r1", "/gpg/a session key unwraps as gpg says, by brainpoolP384r1" },
    { "brainpoolP512r1", "/gpg/a session key unwraps as gpg says, by brainpoolP512r1" },
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  ADD ("/gpg/recipients are those that gpg lists", test_reads);
  ADD ("/gpg/algorithms are named as gpg names them", test_names);
  ADD ("/gpg/a message without the authority's packet opens with the owner's key",
       test_detached);
  ADD ("/gpg/a packet put back gives the same octets, and the last is never taken",
       test_spliced_back);
  ADD ("/gpg/an escrow packet gives the session key, which opens the file", test_escrow);
  ADD ("/gpg/everything that gpg writes is told apart", test_kinds);
  ADD ("/gpg/subkeys without ECDH are refused", test_other_subkeys);
#undef ADD
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    g_test_add_data_func (curves[i].path, curves[i].curve, test_unwrap);
  g_test_add_func ("/gpg/an ElGamal packet is read", test_elgamal);

  return g_test_run ();
}
