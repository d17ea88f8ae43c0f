/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Heads are changed and files stay whole: stock gpg opens what comes out, and what is refused stays as it was. */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "spare-error.h"
#include "spare-inspection.h"
#include "spare-splice.h"
#include "spare-test-gpg.h"

#define SIZE (300 * 1000)

/* Two keys for all tests; files of its own for each. */
static SpareTestHome *home;
static char *alice, *bob;

typedef struct
{
  char *folder;
  char *path;
  GBytes *plain;
} Fixture;

static GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *octets;
  gsize length;

  g_file_get_contents (path, &octets, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (octets, length);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  gboolean armored = GPOINTER_TO_INT (data);
  g_autoptr (GBytes) encrypted = NULL;
  g_autoptr (GError) error = NULL;
  guint8 *plain = g_malloc (SIZE);

  for (gsize i = 0; i < SIZE; i++)
    plain[i] = (guint8) (g_test_rand_int () & 0xff);
  fixture->plain = g_bytes_new_take (plain, SIZE);
  fixture->folder = g_dir_make_tmp ("sk-splice-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, armored ? "a.asc" : "a.gpg", NULL);
  encrypted = spare_test_gpg_filter (home, fixture->plain, "--trust-model", "always", "-r",
                                     alice, "-r", bob, "--compress-algo", "none",
                                     armored ? "--armor" : "--no-armor", "--encrypt", NULL);
  g_file_set_contents (fixture->path, g_bytes_get_data (encrypted, NULL),
                       (gssize) g_bytes_get_size (encrypted), &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  spare_test_remove_tree (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_bytes_unref (fixture->plain);
}

/* Whether the secret key of @fingerprint, alone, opens the file and gives what was put in. */
static gboolean
opens (Fixture *fixture, const char *fingerprint)
{
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autoptr (GBytes) secret = spare_test_export_secret (home, fingerprint, NULL);
  g_autoptr (GBytes) plain = NULL;

  spare_test_import (other, secret);
  return spare_test_gpg_full (other, NULL, &plain, NULL, "--decrypt", fixture->path, NULL) == 0
         && g_bytes_equal (plain, fixture->plain);
}

static SpareHead *
head_of (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  SpareHead *head = NULL;

  spare_head_read_sync (fixture->path, &head, &error);
  g_assert_no_error (error);
  return head;
}

/* The one session key of @head that is for a subkey of @fingerprint. */
static SpareEsk *
esk_for (const SpareHead *head, const char *fingerprint)
{
  g_auto (GStrv) subkeys = spare_test_list_fingerprints (home, fingerprint);

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    for (guint j = 0; subkeys[j] != NULL; j++)
      if (spare_esk_matches_fingerprint (spare_head_get_esk (head, i), subkeys[j]))
        return spare_head_get_esk (head, i);
  return NULL;
}

static gboolean
is_esk_cb (const SpareEsk *esk, gpointer user_data)
{
  return g_bytes_equal (spare_esk_get_packet (esk), spare_esk_get_packet (user_data));
}

static gboolean
all_cb (const SpareEsk *esk, gpointer user_data)
{
  return TRUE;
}

static void
assert_nothing_else (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  g_assert_cmpuint (n, ==, 1);
}

static void
remove_esk (Fixture *fixture, SpareEsk *esk)
{
  const SpareSplice splice = { .remove = is_esk_cb, .remove_data = esk };
  gboolean changed = FALSE;
  g_autoptr (GError) error = NULL;

  spare_splice_file_sync (fixture->path, &splice, &changed, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (changed);
}

static void
test_there_and_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) before = head_of (fixture);
  g_autoptr (SpareHead) after = NULL;
  SpareEsk *bobs = esk_for (before, bob);
  SpareEsk *const prepend[] = { bobs };
  const SpareSplice splice = { .tag = spare_head_get_container_tag (before),
                               .data_head = spare_head_get_data_head (before),
                               .prepend = prepend,
                               .n_prepend = 1 };
  gboolean changed = FALSE;
  g_autoptr (GError) error = NULL;

  g_assert_true (opens (fixture, bob));
  remove_esk (fixture, bobs);
  g_assert_false (opens (fixture, bob));
  g_assert_true (opens (fixture, alice));

  spare_splice_file_sync (fixture->path, &splice, &changed, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (changed);
  g_assert_true (opens (fixture, bob));
  g_assert_true (opens (fixture, alice));
  after = head_of (fixture);
  g_assert_true (is_esk_cb (spare_head_get_esk (after, 0), bobs));
  g_assert_cmpstr (spare_head_get_file_id (after), ==, spare_head_get_file_id (before));
  assert_nothing_else (fixture);
}

static void
test_twice (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  SpareEsk *const prepend[] = { esk_for (head, bob) };
  const SpareSplice splice = { .prepend = prepend, .n_prepend = 1 };
  struct stat before, after;
  gboolean changed = TRUE;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (stat (fixture->path, &before), ==, 0);
  spare_splice_file_sync (fixture->path, &splice, &changed, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (changed);
  g_assert_cmpint (stat (fixture->path, &after), ==, 0);
  g_assert_cmpuint (before.st_ino, ==, after.st_ino);
}

static void
assert_refused (Fixture *fixture, const SpareSplice *splice, GQuark domain, int code)
{
  g_autofree char *before = spare_test_hash_tree (fixture->folder);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_splice_file_sync (fixture->path, splice, NULL, NULL, NULL, &error));
  g_assert_error (error, domain, code);
  after = spare_test_hash_tree (fixture->folder);
  g_assert_cmpstr (before, ==, after);
}

static void
test_other_data (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  GBytes *data_head = spare_head_get_data_head (head);
  g_autofree guint8 *octets = g_memdup2 (g_bytes_get_data (data_head, NULL),
                                         g_bytes_get_size (data_head));
  g_autoptr (GBytes) other = NULL;
  SpareSplice splice = { .tag = spare_head_get_container_tag (head),
                         .remove = is_esk_cb,
                         .remove_data = esk_for (head, bob) };

  octets[g_bytes_get_size (data_head) - 1] ^= 1;
  other = g_bytes_new (octets, g_bytes_get_size (data_head));
  splice.data_head = other;
  assert_refused (fixture, &splice, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  splice.data_head = data_head;
  splice.tag = splice.tag == 18 ? 20 : 18;
  assert_refused (fixture, &splice, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_nobody (Fixture *fixture, gconstpointer data)
{
  const SpareSplice splice = { .remove = all_cb };

  assert_refused (fixture, &splice, SPARE_ERROR, SPARE_ERROR_FAILED);
}

static void
test_plain_file (Fixture *fixture, gconstpointer data)
{
  const SpareSplice splice = { .remove = all_cb };
  g_autoptr (GError) error = NULL;

  g_file_set_contents (fixture->path, "just words\n", -1, &error);
  g_assert_no_error (error);
  assert_refused (fixture, &splice, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED);
}

static gboolean
refuse_cb (const SpareHead *head,
           int fd,
           GCancellable *cancellable,
           gpointer data,
           GError **error)
{
  struct stat *seen = data;

  g_assert_cmpint (fstat (fd, seen), ==, 0);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY, "no");
  return FALSE;
}

static void
test_check (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  struct stat seen = { 0 };
  const SpareSplice splice = { .remove = is_esk_cb,
                               .remove_data = esk_for (head, bob),
                               .check = refuse_cb,
                               .check_data = &seen };

  assert_refused (fixture, &splice, SPARE_ERROR, SPARE_ERROR_NO_KEY);
  g_assert_cmpint (seen.st_size, >, SIZE);
}

static void
test_hard_link (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  g_autofree char *second = g_build_filename (fixture->folder, "second.gpg", NULL);
  const SpareSplice splice = { .remove = is_esk_cb, .remove_data = esk_for (head, bob) };

  g_assert_cmpint (link (fixture->path, second), ==, 0);
  assert_refused (fixture, &splice, SPARE_ERROR, SPARE_ERROR_FAILED);
}

static void
test_link (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  g_autofree char *link = g_build_filename (fixture->folder, "link.gpg", NULL);
  const SpareSplice splice = { .remove = is_esk_cb, .remove_data = esk_for (head, bob) };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink ("a.gpg", link), ==, 0);
  spare_splice_file_sync (link, &splice, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_IS_SYMLINK));
  g_assert_false (opens (fixture, bob));
}

static void
test_attributes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  char value[8] = "";
  struct stat after;
  gboolean has_attributes;

  g_assert_cmpint (g_chmod (fixture->path, 0640), ==, 0);
  has_attributes = setxattr (fixture->path, "user.note", "mine", 4, 0) == 0;
  remove_esk (fixture, esk_for (head, bob));
  g_assert_cmpint (stat (fixture->path, &after), ==, 0);
  g_assert_cmpuint (after.st_mode & 0777, ==, 0640);
  if (has_attributes)
    {
      g_assert_cmpint (getxattr (fixture->path, "user.note", value, sizeof value), ==, 4);
      g_assert_cmpstr (value, ==, "mine");
    }
}

static gboolean
swap_cb (const SpareHead *head,
         int fd,
         GCancellable *cancellable,
         gpointer data,
         GError **error)
{
  Fixture *fixture = data;
  g_autofree char *other = g_strconcat (fixture->folder, "/other", NULL);

  g_file_set_contents (other, "somebody else's", -1, NULL);
  g_assert_cmpint (g_rename (other, fixture->path), ==, 0);
  return TRUE;
}

static void
test_replaced_meanwhile (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareHead) head = head_of (fixture);
  const SpareSplice splice = { .remove = is_esk_cb,
                               .remove_data = esk_for (head, bob),
                               .check = swap_cb,
                               .check_data = fixture };
  g_autoptr (GBytes) left = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_splice_file_sync (fixture->path, &splice, NULL, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED);
  left = read_file (fixture->path);
  g_assert_cmpmem (g_bytes_get_data (left, NULL), g_bytes_get_size (left), "somebody else's",
                   15);
  assert_nothing_else (fixture);
}

#define ADD(path, armored, function) \
  g_test_add (path, Fixture, GINT_TO_POINTER (armored), set_up, function, tear_down)

int
main (int argc, char **argv)
{
  int status;

  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  home = spare_test_home_new ();
  alice = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT, "Alice <alice@example.org>",
                                 NULL);
  bob = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT, "Bob <bob@example.org>", NULL);

  ADD ("/splice/data-that-begins-differently-is-refused", FALSE, test_other_data);
  ADD ("/splice/somebody-must-be-able-to-open-it", FALSE, test_nobody);
  ADD ("/splice/a-plain-file-is-refused", FALSE, test_plain_file);
  ADD ("/splice/the-caller-has-the-last-word", FALSE, test_check);
  ADD ("/splice/a-file-with-hard-links-is-refused", FALSE, test_hard_link);
  ADD ("/splice/a-file-that-took-the-name-meanwhile-stays", FALSE, test_replaced_meanwhile);
  ADD ("/splice/a-recipient-goes-and-comes-back", FALSE, test_there_and_back);
  ADD ("/splice/a-recipient-goes-and-comes-back-in-armor", TRUE, test_there_and_back);
  ADD ("/splice/a-second-time-changes-nothing", FALSE, test_twice);
  ADD ("/splice/a-link-keeps-pointing-to-the-file", FALSE, test_link);
  ADD ("/splice/permissions-and-attributes-stay", FALSE, test_attributes);
  status = g_test_run ();

  g_clear_pointer (&home, spare_test_home_free);
  g_free (alice);
  g_free (bob);
  return status;
}
