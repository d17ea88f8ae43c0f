/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of results, and when compression is worth it. */

#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "spare-compression.h"
#include "spare-target.h"

typedef struct
{
  const char *input;
  gboolean folder; /* encryption: is a folder; decryption: unpack */
  const char *directory;
  const char *expected;
  const char *reason;
} Row;

static const Row encryptions[] = {
  { "/a/report.pdf", FALSE, NULL, "/a/report.pdf.gpg", "beside the input" },
  { "/a/report.pdf", FALSE, "/out", "/out/report.pdf.gpg", "the folder that was asked for" },
  { "/a/Photos", TRUE, NULL, "/a/Photos.tar.gpg", "a folder is one archive" },
  { "/a/Photos/", TRUE, NULL, "/a/Photos.tar.gpg", "a slash at the end changes nothing" },
  { "/a/x.gpg", FALSE, NULL, "/a/x.gpg.gpg", "encrypting an encrypted file again, as asked" },
  { "/a/-r", FALSE, NULL, "/a/-r.gpg", "a name is no option" },
  { "/a/\xff", FALSE, NULL, "/a/\xff.gpg", "octets are kept" },
};

static const Row decryptions[] = {
  { "/a/report.pdf.gpg", TRUE, NULL, "/a/report.pdf", "the ending goes" },
  { "/a/report.pdf.PGP", TRUE, NULL, "/a/report.pdf", "in whatever case" },
  { "/a/mail.asc", TRUE, NULL, "/a/mail", "armor" },
  { "/a/Photos.tar.gpg", TRUE, NULL, "/a/Photos", "unpacked to the folder's name" },
  { "/a/Photos.tar.gpg", FALSE, NULL, "/a/Photos.tar", "not unpacked: the archive" },
  { "/a/.gpg", TRUE, NULL, "/a/.gpg.decrypted", "an ending alone is a name" },
  { "/a/message", TRUE, NULL, "/a/message.decrypted",
    "without an ending the name can't be reused" },
  { "/a/x.gpg", TRUE, "/out", "/out/x", "the folder that was asked for" },
};

static void
test_encryption (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (encryptions); i++)
    {
      const Row *row = &encryptions[i];
      g_autofree char *found = spare_target_for_encryption (row->input, row->folder, NULL,
                                                            row->directory);

      g_test_message ("%s", row->reason);
      g_assert_cmpstr (found, ==, row->expected);
    }
}

static void
test_decryption (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (decryptions); i++)
    {
      const Row *row = &decryptions[i];
      gboolean unpack = row->folder && spare_target_names_archive (row->input);
      g_autofree char *found = spare_target_for_decryption (row->input, unpack, NULL,
                                                            row->directory);

      g_test_message ("%s", row->reason);
      g_assert_cmpstr (found, ==, row->expected);
    }
}

static void
test_exact_output (void)
{
  g_autofree char *one = spare_target_for_encryption ("/a/b", TRUE, "/x/y", "/out");
  g_autofree char *two = spare_target_for_decryption ("/a/b.gpg", TRUE, "/x/y", "/out");

  g_assert_cmpstr (one, ==, "/x/y");
  g_assert_cmpstr (two, ==, "/x/y");
}

static gboolean
gains (const guint8 *octets, gsize size)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("sk-gain-XXXXXX", &path, NULL);
  gboolean result;

  g_assert_cmpint (write (fd, octets, size), ==, (gssize) size);
  result = spare_compression_gains (fd, size);
  close (fd);
  g_unlink (path);
  return result;
}

static void
test_compression (void)
{
  const gsize size = 200000;
  g_autofree guint8 *octets = g_malloc (size);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  for (gsize i = 0; i < size; i++)
    octets[i] = (guint8) "the quick brown fox jumps over the lazy dog "[i % 44];
  g_assert_true (gains (octets, size));
  g_assert_false (gains (octets, 100));
  for (gsize i = 0; i < size; i++)
    octets[i] = (guint8) g_rand_int (random);
  g_assert_false (gains (octets, size));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/target/an-encrypted-file-is-named-after-its-input", test_encryption);
  g_test_add_func ("/target/a-decrypted-file-loses-its-ending", test_decryption);
  g_test_add_func ("/target/an-exact-output-is-taken-as-it-is", test_exact_output);
  g_test_add_func ("/compression/only-where-it-gains", test_compression);
  return g_test_run ();
}
