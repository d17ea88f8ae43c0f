/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs appear whole or not at all: on real file systems, full ones, read-only ones, with each system call
 * failing or being the last. As `test-output --child …` the program is its own victim. */
#include "config.h"

#include "spare-error.h"
#include "spare-output-dir.h"
#include "spare-output-place-private.h"
#include "spare-process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD      "what was there before"
#define CHUNK    65536
#define N_CHUNKS 8

static const char *program;

/* ---- what is there ---- */

static char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("skout-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
drop_folder (char *folder)
{
  g_autofree char *above = g_path_get_dirname (folder);
  g_autofree char *name = g_path_get_basename (folder);
  g_autoptr (GError) error = NULL;
  int fd = open (above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  spare_output_dir_remove_tree (fd, name, &error);
  g_assert_no_error (error);
  close (fd);
  g_free (folder);
}

typedef char Folder;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, drop_folder)

/* All names in a folder, sorted, hidden ones too. */
static char *
list (const char *folder)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, (GCompareFunc) g_strcmp0);
  for (guint i = 1; i < names->len; i++)
    if (strcmp (names->pdata[i - 1], names->pdata[i]) > 0)
      {
        gpointer swap = names->pdata[i];

        names->pdata[i] = names->pdata[i - 1];
        names->pdata[i - 1] = swap;
        i = 0;
      }
  g_ptr_array_add (names, NULL);
  return g_strjoinv ("|", (char **) names->pdata);
}

#define assert_lists(folder, expected)       \
  G_STMT_START                               \
  {                                          \
    g_autofree char *listed = list (folder); \
    g_assert_cmpstr (listed, ==, expected);  \
  }                                          \
  G_STMT_END

static void
assert_holds (const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  gsize length;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (text, length, expected, strlen (expected));
}

/* Not g_file_set_contents(): its temporary has a longer name. */
static void
put (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
  close (fd);
}

static gboolean
write_out (const char *target,
           SpareConflict conflict,
           goffset hint,
           const char *text,
           char **final_path,
           GError **error)
{
  g_autoptr (SpareOutput) output = spare_output_open (target, conflict, hint, error);

  return output != NULL && spare_output_write (output, text, strlen (text), error)
         && spare_output_publish (output, SPARE_PUBLISH_NONE, final_path, error);
}

/* ---- the ordinary ---- */

static void
test_whole (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "a.gpg", NULL);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutput) output = NULL;
  struct stat st;
  char back[3];

  output = spare_output_open (target, SPARE_CONFLICT_FAIL, 6, &error);
  g_assert_no_error (error);
  spare_output_write (output, "gar", 3, &error);
  spare_output_reset (output, &error);
  spare_output_write (output, "one", 3, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  g_assert_cmpint (pread (spare_output_get_fd (output), back, 3, 0), ==, 3);
  g_assert_cmpmem (back, 3, "one", 3);
  spare_output_write (output, "two", 3, &error);
  g_assert_no_error (error);
  spare_output_publish (output, SPARE_PUBLISH_NONE, &path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, target);
  g_assert_cmpint (spare_output_get_size (output), ==, 6);
  g_clear_pointer (&output, spare_output_free);
  assert_holds (target, "onetwo");
  assert_lists (folder, "a.gpg");
  g_assert_cmpint (stat (target, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 07777, ==, 0600);
}

static void
test_discarded (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "a.gpg", NULL);
  g_autoptr (GError) error = NULL;
  SpareOutput *output = spare_output_open (target, SPARE_CONFLICT_FAIL, 0, &error);

  g_assert_no_error (error);
  spare_output_write (output, "x", 1, &error);
  spare_output_sync (output, &error);
  g_assert_no_error (error);
  spare_output_free (output);
  assert_lists (folder, "");
}

static void
test_taken (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "a.gpg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutput) output = NULL;
  char *path = (char *) "untouched";

  output = spare_output_open (target, SPARE_CONFLICT_FAIL, 0, &error);
  g_assert_no_error (error);
  put (target, OLD);
  /* Known beforehand. */
  g_assert_false (write_out (target, SPARE_CONFLICT_FAIL, 0, "new", &path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  /* And when the name was taken meanwhile. */
  spare_output_write (output, "new", 3, &error);
  g_assert_false (spare_output_publish (output, SPARE_PUBLISH_NONE, &path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpstr (path, ==, "untouched");
  assert_holds (target, OLD);
  assert_lists (folder, "a.gpg");
}

static void
test_rename (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "a.tar.gpg", NULL);

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = NULL;
      g_autofree char *text = g_strdup_printf ("%d", i);

      write_out (target, SPARE_CONFLICT_RENAME, 0, text, &path, &error);
      g_assert_no_error (error);
      assert_holds (path, text);
    }
  assert_holds (target, "0");
  assert_lists (folder, "a (2).tar.gpg|a (3).tar.gpg|a.tar.gpg");
}

static void
test_replace (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "a.gpg", NULL);
  g_autofree char *second = g_build_filename (folder, "b.gpg", NULL);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  put (target, OLD);
  g_assert_cmpint (link (target, second), ==, 0);
  write_out (target, SPARE_CONFLICT_REPLACE, 0, "new", &path, &error);
  g_assert_no_error (error);
  assert_holds (target, "new");
  /* The other name of the old file keeps it. */
  assert_holds (second, OLD);
  assert_lists (folder, "a.gpg|b.gpg");
}

static void
test_never_replaced (void)
{
  static const char *const kinds[] = { "folder", "link", "dangling link", "pipe" };

  for (gsize kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
    for (int late = 0; late < 2; late++)
      {
        g_autoptr (Folder) folder = make_folder ();
        g_autofree char *target = g_build_filename (folder, "t", NULL);
        g_autofree char *victim = g_build_filename (folder, "victim", NULL);
        g_autoptr (GError) error = NULL;
        g_autoptr (SpareOutput) output = NULL;
        struct stat before, after;

        put (victim, OLD);
        if (late)
          output = spare_output_open (target, SPARE_CONFLICT_REPLACE, 0, &error);
        g_assert_no_error (error);
        if (kind == 0)
          g_assert_cmpint (g_mkdir (target, 0700), ==, 0);
        else if (kind == 3)
          g_assert_cmpint (mkfifo (target, 0600), ==, 0);
        else
          g_assert_cmpint (symlink (kind == 1 ? "victim" : "nowhere", target), ==, 0);
        g_assert_cmpint (lstat (target, &before), ==, 0);
        if (late)
          g_assert_false (spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, &error));
        else
          g_assert_false (write_out (target, SPARE_CONFLICT_REPLACE, 0, "new", NULL, &error));
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
        g_clear_pointer (&output, spare_output_free);
        g_assert_cmpint (lstat (target, &after), ==, 0);
        g_assert_cmpuint (before.st_ino, ==, after.st_ino);
        assert_holds (victim, OLD);
        assert_lists (folder, "t|victim");
      }
}

static void
test_names (void)
{
  static const char *const names[] = { " ",
                                       "a b",
                                       "new\nline",
                                       "-r",
                                       "%s%n",
                                       "<b>bold",
                                       "\xe2\x80\xae"
                                       "gpg.txt",
                                       "\xff\xfe invalid",
                                       ".hidden",
                                       "trailing.",
                                       "$(x) `y` 'z' \"q\"",
                                       "\x1b[31mred",
                                       "*?[a]",
                                       "~",
                                       "\xf0\x9f\x94\x91.gpg" };
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *longest = g_strnfill (255, 'n');
  g_autofree char *too_long = g_strnfill (256, 'n');
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i <= G_N_ELEMENTS (names); i++)
    {
      g_autofree char *target = g_build_filename (folder,
                                                  i < G_N_ELEMENTS (names) ? names[i] : longest,
                                                  NULL);
      g_autofree char *path = NULL;

      for (int replace = 0; replace < 2; replace++)
        {
          g_clear_pointer (&path, g_free);
          write_out (target, replace ? SPARE_CONFLICT_REPLACE : SPARE_CONFLICT_FAIL, 0,
                     replace ? "new" : "old", &path, &error);
          g_assert_no_error (error);
        }
      g_assert_cmpstr (path, ==, target);
      assert_holds (target, "new");
      g_assert_cmpint (g_unlink (target), ==, 0);
    }
  {
    g_autofree char *target = g_build_filename (folder, too_long, NULL);

    g_assert_false (write_out (target, SPARE_CONFLICT_FAIL, 0, "x", NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
    g_clear_error (&error);
  }
  {
    g_autofree char *target = g_build_filename (folder, longest, NULL);

    put (target, OLD);
    g_assert_false (write_out (target, SPARE_CONFLICT_RENAME, 0, "x", NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
    assert_holds (target, OLD);
    assert_lists (folder, longest);
  }
}

static void
test_numbers (void)
{
  static const struct
  {
    const char *name;
    const char *expected;
    const char *why;
  } rows[] = {
    { "a", "a (2)", "no suffix" },
    { "a.gpg", "a (2).gpg", "one suffix" },
    { "a.txt.gpg", "a (2).txt.gpg", "what it is, and that it is encrypted" },
    { "a.tar.gz.gpg", "a (2).tar.gz.gpg", "an archive's suffix is two" },
    { "a.tar.gz", "a (2).tar.gz", "also when not encrypted" },
    { "a.b.c.gpg", "a.b (2).c.gpg", "only one that says what it is" },
    { "v1.2 report.txt.gpg", "v1.2 report (2).txt.gpg", "a version is no suffix" },
    { "report.2024.gpg", "report.2024 (2).gpg", "a year is no suffix" },
    { ".gpg", ".gpg (2)", "a hidden name is not all suffix" },
    { ".bashrc.gpg", ".bashrc (2).gpg", "nor here" },
    { "a.", "a. (2)", "a dot at the end is no suffix" },
    { "Dr. Who letter.gpg", "Dr. Who letter (2).gpg", "nor is a sentence" },
    { "\xff.gpg", "\xff (2).gpg", "any octets" },
    { "A.TXT.GPG", "A (2).TXT.GPG", "upper case" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = spare_output_place_number_name (rows[i].name, 2);

      g_test_message ("%s", rows[i].why);
      g_assert_cmpstr (name, ==, rows[i].expected);
    }
}

static void
test_no_folder (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *missing = g_build_filename (folder, "missing", "a", NULL);
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autofree char *in_file = g_build_filename (file, "a", NULL);
  static const char *const nameless[] = { "", "/", ".", "..", "/tmp/..", "/tmp/" };
  g_autoptr (GError) error = NULL;

  put (file, OLD);
  g_assert_false (write_out (missing, SPARE_CONFLICT_FAIL, 0, "x", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (write_out (in_file, SPARE_CONFLICT_FAIL, 0, "x", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  for (gsize i = 0; i < G_N_ELEMENTS (nameless); i++)
    {
      g_clear_error (&error);
      g_assert_false (write_out (nameless[i], SPARE_CONFLICT_FAIL, 0, "x", NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME);
    }
}

static void
test_swapped (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *here = g_build_filename (folder, "here", NULL);
  g_autofree char *away = g_build_filename (folder, "away", NULL);
  g_autofree char *target = g_build_filename (here, "a", NULL);

  for (int replace = 0; replace < 2; replace++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareOutput) output = NULL;

      g_assert_cmpint (g_mkdir (here, 0700), ==, 0);
      output = spare_output_open (target,
                                  replace ? SPARE_CONFLICT_REPLACE : SPARE_CONFLICT_FAIL, 0,
                                  &error);
      g_assert_no_error (error);
      spare_output_write (output, "x", 1, &error);
      g_assert_cmpint (g_rename (here, away), ==, 0);
      g_assert_cmpint (g_mkdir (here, 0700), ==, 0);
      g_assert_false (spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
      assert_lists (here, "");
      assert_lists (away, "");
      g_assert_cmpint (g_rmdir (here), ==, 0);
      g_assert_cmpint (g_rmdir (away), ==, 0);
    }
}

static void
test_limits (void)
{
  static const struct
  {
    guint64 type;
    guint64 available;
    goffset size;
    int code; /* of SPARE_ERROR, or minus that of G_IO_ERROR */
    const char *why;
  } rows[] = {
    { 0x4d44, G_MAXUINT64, 4294967295, 0, "FAT takes 4 GiB less one octet" },
    { 0x4d44, G_MAXUINT64, 4294967296, SPARE_ERROR_TOO_LARGE, "FAT does not take 4 GiB" },
    { 0xef53, G_MAXUINT64, 4294967296, 0, "others do" },
    { 0xef53, 1000000, 1000000, -G_IO_ERROR_NO_SPACE, "just the size is not enough" },
    { 0xef53, 1020000 + 1048576, 1000000, 0, "with two percent and a mebibyte it is" },
    { 0xef53, 1020000 + 1048575, 1000000, -G_IO_ERROR_NO_SPACE, "one octet less is not" },
    { 0xef53, 1, G_MAXINT64, -G_IO_ERROR_NO_SPACE, "no overflow" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean fits = spare_output_place_check_limits ("F", rows[i].type, rows[i].available,
                                                       rows[i].size, &error);

      g_test_message ("%s", rows[i].why);
      g_assert_cmpint (fits, ==, rows[i].code == 0);
      if (rows[i].code > 0)
        g_assert_error (error, SPARE_ERROR, rows[i].code);
      else if (rows[i].code < 0)
        g_assert_error (error, G_IO_ERROR, -rows[i].code);
    }
}

/* ---- full and read-only file systems, in a mount namespace of the subprocess's own ---- */

static void
in_own_mounts (void (*body) (const char *folder), const char *options)
{
  g_autoptr (Folder) folder = NULL;

  if (!g_test_subprocess ())
    {
      if (geteuid () != 0)
        {
          g_test_skip ("needs root to mount a small file system");
          return;
        }
      g_test_trap_subprocess (NULL, 60 * G_USEC_PER_SEC, 0);
      g_test_trap_assert_passed ();
      return;
    }

  g_assert_cmpint (unshare (CLONE_NEWNS), ==, 0);
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
  folder = make_folder ();
  g_assert_cmpint (mount ("tmpfs", folder, "tmpfs", 0, options), ==, 0);
  body (folder);
  g_assert_cmpint (umount2 (folder, MNT_DETACH), ==, 0);
}

static void
full (const char *folder)
{
  g_autofree char *target = g_build_filename (folder, "a", NULL);
  g_autofree char *octets = g_malloc0 (CHUNK);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutput) output = NULL;
  gboolean written = TRUE;

  output = spare_output_open (target, SPARE_CONFLICT_FAIL, 5000000, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, "MB more"));
  g_clear_error (&error);
  put (target, OLD);
  for (int replace = 0; replace < 2; replace++)
    {
      output = spare_output_open (target,
                                  replace ? SPARE_CONFLICT_REPLACE : SPARE_CONFLICT_RENAME, 0,
                                  &error);
      g_assert_no_error (error);
      for (int i = 0; i < 100 && written; i++)
        written = spare_output_write (output, octets, CHUNK, &error);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_clear_error (&error);
      /* A caller that does not listen is not let through. */
      g_assert_false (spare_output_write (output, "x", 1, NULL));
      g_assert_false (spare_output_sync (output, NULL));
      g_assert_false (spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, NULL));
      g_clear_pointer (&output, spare_output_free);
      written = TRUE;
    }
  assert_holds (target, OLD);
  assert_lists (folder, "a");
}

static void
test_full (void)
{
  in_own_mounts (full, "size=1m");
}

static void
no_inodes (const char *folder)
{
  g_autofree char *first = g_build_filename (folder, "first", NULL);
  g_autofree char *target = g_build_filename (folder, "a", NULL);
  g_autoptr (GError) error = NULL;

  put (first, OLD);
  g_assert_false (write_out (target, SPARE_CONFLICT_FAIL, 0, "x", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  assert_lists (folder, "first");
}

static void
test_no_inodes (void)
{
  in_own_mounts (no_inodes, "nr_inodes=2");
}

static void
read_only (const char *folder)
{
  g_autofree char *target = g_build_filename (folder, "a", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutputDir) dir = NULL;

  g_assert_cmpint (mount (NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  g_assert_false (write_out (target, SPARE_CONFLICT_FAIL, 0, "x", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
  g_clear_error (&error);
  dir = spare_output_dir_open (target, SPARE_CONFLICT_FAIL, 0, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
}

static void
test_read_only (void)
{
  in_own_mounts (read_only, "size=1m");
}

/* ---- as somebody without privileges, hardened as the programs are ---- */

static void
test_unprivileged (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *above = g_path_get_dirname (folder);
  g_autofree char *closed = g_build_filename (folder, "closed", NULL);
  g_autofree char *open_ = g_build_filename (folder, "open", NULL);
  g_autofree char *target = g_build_filename (open_, "a", NULL);
  g_autofree char *forbidden = g_build_filename (closed, "a", NULL);
  pid_t child;
  int status;

  if (geteuid () != 0)
    {
      g_test_skip ("needs root to become somebody else");
      return;
    }
  g_assert_cmpint (chmod (folder, 0755), ==, 0);
  /* Newer GLib puts temporary folders into a closed one of the test's own. */
  if (!g_str_equal (above, "/tmp"))
    g_assert_cmpint (chmod (above, 0755), ==, 0);
  g_assert_cmpint (g_mkdir (closed, 0755), ==, 0);
  g_assert_cmpint (g_mkdir (open_, 0700), ==, 0);
  g_assert_cmpint (chown (open_, 65534, 65534), ==, 0);
  child = fork ();
  if (child == 0)
    {
      g_autoptr (GError) error = NULL;

      if (setgid (65534) != 0 || setuid (65534) != 0 || !spare_process_harden (NULL))
        _exit (2);
      if (!write_out (target, SPARE_CONFLICT_FAIL, 0, "x", NULL, NULL))
        _exit (3);
      write_out (forbidden, SPARE_CONFLICT_FAIL, 0, "x", NULL, &error);
      _exit (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ? 0 : 4);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  assert_holds (target, "x");
  assert_lists (closed, "");
}

/* ---- folders ---- */

static void
test_dir (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "docs.v1", NULL);
  g_autofree char *inside = g_build_filename (target, "f", NULL);

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = NULL;
      g_autofree char *file = NULL;
      g_autoptr (SpareOutputDir)
          dir = spare_output_dir_open (target,
                                       i < 2 ? SPARE_CONFLICT_RENAME : SPARE_CONFLICT_FAIL, 0,
                                       &error);

      if (i == 2)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
          break;
        }
      g_assert_no_error (error);
      file = g_build_filename (spare_output_dir_get_path (dir), "f", NULL);
      put (file, "in it");
      if (i == 0)
        g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
      spare_output_dir_publish (dir, SPARE_PUBLISH_NONE, &path, &error);
      g_assert_no_error (error);
    }
  assert_holds (inside, "in it");
  assert_lists (folder, "docs.v1|docs.v1 (2)");
}

static void
test_dir_discarded (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "docs", NULL);
  g_autofree char *victims = g_build_filename (folder, "victims", NULL);
  g_autofree char *victim = g_build_filename (victims, "v", NULL);
  g_autoptr (GError) error = NULL;
  SpareOutputDir *dir;
  int fd;

  g_assert_cmpint (g_mkdir (victims, 0700), ==, 0);
  put (victim, OLD);
  dir = spare_output_dir_open (target, SPARE_CONFLICT_FAIL, 0, &error);
  g_assert_no_error (error);
  fd = dup (spare_output_dir_get_fd (dir));
  g_assert_cmpint (symlinkat (victims, fd, "link"), ==, 0);
  g_assert_cmpint (mkdirat (fd, ".0", 0700), ==, 0);
  g_assert_cmpint (mkdirat (fd, "closed", 0700), ==, 0);
  g_assert_cmpint (mkdirat (fd, "closed/full", 0700), ==, 0);
  g_assert_cmpint (symlinkat (victims, fd, "closed/full/link"), ==, 0);
  g_assert_cmpint (fchmodat (fd, "closed/full", 0, 0), ==, 0);
  g_assert_cmpint (fchmodat (fd, "closed", 0, 0), ==, 0);
  /* Deeper than there are descriptors, and than a path is long. */
  for (int i = 0; i < 1200; i++)
    {
      int next;

      g_assert_cmpint (mkdirat (fd, "deep", 0700), ==, 0);
      g_assert_cmpint (mkdirat (fd, "beside", 0700), ==, 0);
      next = openat (fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (next, >=, 0);
      close (fd);
      fd = next;
    }
  close (fd);
  spare_output_dir_free (dir);
  assert_holds (victim, OLD);
  assert_lists (folder, "victims");
}

/* ---- what crashes leave ---- */

static char *
inflight_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "sparekey", "inflight", NULL);
}

static void
test_clean_up (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *target = g_build_filename (folder, "docs", NULL);
  g_autofree char *notes = inflight_folder ();
  g_autoptr (GError) error = NULL;
  guint n = 99;
  int ready[2];
  char octet;
  pid_t child;

  g_assert_cmpint (pipe (ready), ==, 0);
  child = fork ();
  if (child == 0)
    {
      SpareOutputDir *dir = spare_output_dir_open (target, SPARE_CONFLICT_FAIL, 0, NULL);

      if (dir == NULL || mkdirat (spare_output_dir_get_fd (dir), "in", 0700) != 0
          || write (ready[1], "x", 1) != 1)
        _exit (1);
      while (TRUE)
        pause ();
    }
  g_assert_cmpint (read (ready[0], &octet, 1), ==, 1);
  /* While it lives, it is left alone. */
  spare_output_clean_up (&n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  spare_output_clean_up (&n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 1);
  assert_lists (folder, "");
  assert_lists (notes, "");
  close (ready[0]);
  close (ready[1]);
}

static void
test_forged_notes (void)
{
  static const char *const forged[] = {
    "",
    "sparekey-inflight 1",
    "sparekey-inflight 1|file|%s|victim|",
    "sparekey-inflight 1|file|%s|../victim.0123456789abcdef.part|",
    "sparekey-inflight 1|file|%s|.v.fedcba9876543210.part|",
    "sparekey-inflight 1|file|%s|.d.0123456789abcdef.part|",
    "sparekey-inflight 1|dir|%s|.link.0123456789abcdef.part|",
    "sparekey-inflight 1|file|%s|.cut.0123456789abcdef.part",
    "sparekey-inflight 2|file|%s|.cut.0123456789abcdef.part|",
    "sparekey-inflight 1|file|%s|.gone.0123456789abcdef.part|victim|1|",
  };
  static const char *const files[] = { "victim", ".v.fedcba9876543210.part",
                                       ".cut.0123456789abcdef.part" };
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *notes = inflight_folder ();
  g_autofree char *note = g_build_filename (notes, "0123456789abcdef", NULL);
  g_autofree char *dir = g_build_filename (folder, ".d.0123456789abcdef.part", NULL);
  g_autofree char *link = g_build_filename (folder, ".link.0123456789abcdef.part", NULL);
  g_autofree char *before = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);

      put (path, i == 0 ? "" : OLD);
    }
  g_assert_cmpint (g_mkdir (dir, 0700), ==, 0);
  g_assert_cmpint (symlink (dir, link), ==, 0);
  before = list (folder);
  g_mkdir_with_parents (notes, 0700);
  for (gsize i = 0; i < G_N_ELEMENTS (forged); i++)
    {
      g_autofree char *text = g_strdup_printf (forged[i], folder);
      gsize length = strlen (text);
      g_autoptr (GError) error = NULL;
      guint n = 99;

      g_strdelimit (text, "|", '\0');
      g_file_set_contents (note, text, (gssize) length, &error);
      g_assert_no_error (error);
      spare_output_clean_up (&n, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (n, ==, 0);
      assert_lists (folder, before);
      assert_lists (notes, "");
    }
}

static void
test_medium_away (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *notes = inflight_folder ();
  g_autofree char *note = g_build_filename (notes, "0123456789abcdef", NULL);
  g_autofree char *medium = g_build_filename (folder, "medium", NULL);
  g_autofree char *part = g_build_filename (medium, ".a.0123456789abcdef.part", NULL);
  g_autofree char
      *text = g_strdup_printf ("sparekey-inflight 1|file|%s|.a.0123456789abcdef.part|", medium);
  gsize length = strlen (text);
  g_autoptr (GError) error = NULL;
  guint n;

  g_mkdir_with_parents (notes, 0700);
  g_strdelimit (text, "|", '\0');
  g_file_set_contents (note, text, (gssize) length, &error);
  spare_output_clean_up (&n, &error);
  g_assert_cmpuint (n, ==, 0);
  assert_lists (notes, "0123456789abcdef");
  g_assert_cmpint (g_mkdir (medium, 0700), ==, 0);
  put (part, "half");
  spare_output_clean_up (&n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 1);
  assert_lists (medium, "");
  assert_lists (notes, "");
}

/* ---- the program as its own victim ---- */

static guint8
octet_at (gsize i)
{
  return (guint8) (i * 31 + i / 251);
}

static int
child_main (const char *target, SpareConflict conflict)
{
  g_autoptr (SpareOutput) output = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree guint8 *octets = g_malloc (CHUNK);
  gboolean good;

  output = spare_output_open (target, conflict, CHUNK * N_CHUNKS, &error);
  good = output != NULL;
  for (gsize i = 0; good && i < N_CHUNKS; i++)
    {
      for (gsize k = 0; k < CHUNK; k++)
        octets[k] = octet_at (i * CHUNK + k);
      good = spare_output_write (output, octets, CHUNK, &error);
    }
  good = good && spare_output_publish (output, SPARE_PUBLISH_NONE, &path, &error);
  g_print ("%s", good ? "done" : spare_error_get_nick (error));

  return good ? 0 : 1;
}

/* Nothing, the old file, or the whole new one. Returns whether it is the new one. */
static gboolean
assert_nothing_or_whole (const char *target, gboolean had_old)
{
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (target, &text, &length, NULL))
    {
      g_assert_false (had_old);
      return FALSE;
    }
  if (had_old && length == strlen (OLD) && memcmp (text, OLD, length) == 0)
    return FALSE;
  g_assert_cmpuint (length, ==, CHUNK * N_CHUNKS);
  for (gsize i = 0; i < length; i++)
    if ((guint8) text[i] != octet_at (i))
      g_error ("octet %" G_GSIZE_FORMAT " is wrong", i);

  return TRUE;
}

static char *
run_child (const char *folder,
           const char *target,
           gboolean replace,
           const char *injection,
           int *status)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *state = g_strconcat ("XDG_STATE_HOME=", folder, "/state", NULL);
  g_autofree char *trace = NULL;
  g_autofree char *inject = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;

  g_ptr_array_add (argv, (char *) "env");
  g_ptr_array_add (argv, state);
  if (injection != NULL)
    {
      g_autofree char *call = g_strndup (injection, strcspn (injection, ":"));

      trace = g_strconcat ("trace=", call, NULL);
      inject = g_strconcat ("inject=", injection, NULL);
      for (gsize i = 0; i < 9; i++)
        {
          const char *const strace[] = { "strace", "-f",  "-qq", "-o",  "/dev/null",
                                         "-e",     trace, "-e",  inject };

          g_ptr_array_add (argv, (char *) strace[i]);
        }
    }
  g_ptr_array_add (argv, (char *) program);
  g_ptr_array_add (argv, (char *) "--child");
  g_ptr_array_add (argv, (char *) target);
  g_ptr_array_add (argv, (char *) (replace ? "2" : "0"));
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                NULL, status, &error);
  g_assert_no_error (error);

  return output;
}

/* The next start. */
static void
clean_up_after (const char *folder)
{
  g_autofree char *state = g_strconcat ("XDG_STATE_HOME=", folder, "/state", NULL);
  const char *argv[] = { "env", state, program, "--clean-up", NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

static gboolean
skip_without (const char *tool)
{
  g_autofree char *path = g_find_program_in_path (tool);
  g_autofree char *reason = g_strconcat ("needs ", tool, NULL);

  if (path == NULL)
    g_test_skip (reason);
  return path == NULL;
}

/* Kills the child at each of its system calls in turn, with the target in @place. */
static void
kill_everywhere (const char *folder, const char *place, gboolean replace)
{
  static const char *const calls[] = { "openat", "pwrite64",  "write",    "fsync",
                                       "linkat", "renameat2", "renameat", "unlinkat",
                                       "unlink", "ftruncate" };
  g_autofree char *target = g_build_filename (place, "out.gpg", NULL);
  guint n_killed = 0, n_whole = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    for (int when = 1; when < 100; when++)
      {
        g_autofree char *injection = g_strdup_printf ("%s:signal=KILL:when=%d", calls[i], when);
        g_autofree char *output = NULL;
        gboolean whole;
        int status;

        g_unlink (target);
        if (replace)
          put (target, OLD);
        output = run_child (folder, target, replace, injection, &status);
        whole = assert_nothing_or_whole (target, replace);
        clean_up_after (folder);
        g_assert_cmpint (assert_nothing_or_whole (target, replace), ==, whole);
        assert_lists (place, whole || replace ? "out.gpg" : "");
        if (g_strcmp0 (output, "done") == 0)
          {
            g_assert_true (whole);
            break;
          }
        n_killed++;
        n_whole += whole ? 1 : 0;
      }
  g_test_message ("killed %u times, %u of them after the output was whole", n_killed, n_whole);
  /* Else the injection did nothing. */
  g_assert_cmpuint (n_killed, >, 20);
}

static void
test_killed (gconstpointer replace)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *place = g_build_filename (folder, "place", NULL);

  if (skip_without ("strace"))
    return;
  g_assert_cmpint (g_mkdir (place, 0700), ==, 0);
  kill_everywhere (folder, place, GPOINTER_TO_INT (replace));
}

static gboolean
run_tool (const char *const *argv)
{
  int status;

  return g_spawn_sync (NULL, (char **) argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                       &status, NULL)
         && status == 0;
}

/* A file system without unnamed files and without RENAME_NOREPLACE. */
static void
test_killed_named (gconstpointer replace)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *below = g_build_filename (folder, "below", NULL);
  g_autofree char *place = g_build_filename (folder, "place", NULL);
  const char *mount_argv[] = { "bindfs", below, place, NULL };
  const char *umount_argv[] = { "fusermount3", "-u", place, NULL };
  const char *umount2_argv[] = { "fusermount", "-u", place, NULL };

  if (skip_without ("strace") || skip_without ("bindfs"))
    return;
  g_assert_cmpint (g_mkdir (below, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (place, 0700), ==, 0);
  if (!run_tool (mount_argv))
    {
      g_test_skip ("FUSE does not work here");
      return;
    }
  kill_everywhere (folder, place, GPOINTER_TO_INT (replace));
  g_assert_true (run_tool (umount_argv) || run_tool (umount2_argv));
}

static void
test_call_fails (void)
{
  static const struct
  {
    const char *injection;
    gboolean replace;
    const char *nick;
    gboolean whole;
  } rows[] = {
    { "pwrite64:error=ENOSPC:when=3", FALSE, "no-space", FALSE },
    { "pwrite64:error=EDQUOT:when=3", TRUE, "no-space", FALSE },
    { "pwrite64:error=EFBIG:when=2", FALSE, "too-large", FALSE },
    { "pwrite64:error=EIO:when=8", TRUE, "failed", FALSE },
    { "pwrite64:error=EROFS:when=1", FALSE, "read-only", FALSE },
    { "pwrite64:error=EINTR:when=2", FALSE, "done", TRUE },
    { "pwrite64:error=EAGAIN:when=2", FALSE, "done", TRUE },
    { "pwrite64:retval=0:when=2", FALSE, "no-space", FALSE },
    { "fsync:error=EIO:when=1", FALSE, "failed", FALSE },
    { "fsync:error=EIO:when=2", FALSE, "output-unsure", TRUE },
    { "fsync:error=EINVAL:when=2", FALSE, "done", TRUE },
    { "ftruncate:error=EIO:when=1", FALSE, "failed", FALSE },
    { "linkat:error=EACCES:when=1", FALSE, "permission-denied", FALSE },
    { "linkat:error=EROFS:when=1", FALSE, "read-only", FALSE },
    { "renameat2:error=EINVAL:when=1", TRUE, "done", TRUE },
    { "renameat2:error=EIO:when=1", TRUE, "failed", FALSE },
    { "fallocate:error=ENOSPC:when=1", FALSE, "done", TRUE },
  };
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *place = g_build_filename (folder, "place", NULL);
  g_autofree char *target = g_build_filename (place, "out.gpg", NULL);

  if (skip_without ("strace"))
    return;
  g_assert_cmpint (g_mkdir (place, 0700), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *output = NULL;
      gboolean whole;
      int status;

      g_test_message ("%s", rows[i].injection);
      g_unlink (target);
      if (rows[i].replace)
        put (target, OLD);
      output = run_child (folder, target, rows[i].replace, rows[i].injection, &status);
      whole = assert_nothing_or_whole (target, rows[i].replace);
      g_assert_cmpstr (output, ==, rows[i].nick);
      g_assert_cmpint (whole, ==, rows[i].whole);
      assert_lists (place, whole || rows[i].replace ? "out.gpg" : "");
    }
}

static void
test_killed_any_time (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *place = g_build_filename (folder, "place", NULL);
  g_autofree char *target = g_build_filename (place, "out.gpg", NULL);

  g_assert_cmpint (g_mkdir (place, 0700), ==, 0);
  for (int i = 0; i < 60; i++)
    {
      gboolean replace = i % 2 == 1;
      pid_t child;

      g_unlink (target);
      if (replace)
        put (target, OLD);
      child = fork ();
      if (child == 0)
        {
          const char *argv[] = { program, "--child", target, replace ? "2" : "0", NULL };

          close (1);
          execv (program, (char **) argv);
          _exit (127);
        }
      {
        struct pollfd ended = { (int) syscall (SYS_pidfd_open, child, 0), POLLIN, 0 };
        struct timespec limit = { 0, g_random_int_range (0, 12000000) };

        /* Its end, or a deadline drawn by lot. */
        ppoll (&ended, 1, &limit, NULL);
        close (ended.fd);
      }
      kill (child, SIGKILL);
      g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
      assert_nothing_or_whole (target, replace);
    }
}

int
main (int argc, char *argv[])
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);

  program = self;
  if (argc == 4 && g_str_equal (argv[1], "--child"))
    return child_main (argv[2], (SpareConflict) atoi (argv[3]));
  if (argc == 2 && g_str_equal (argv[1], "--clean-up"))
    return spare_output_clean_up (NULL, NULL) ? 0 : 1;
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (!g_test_quick ())
    {
      g_test_add_data_func ("/output/killed-at-any-call-leaves-nothing-or-the-whole",
                            GINT_TO_POINTER (FALSE), test_killed);
      g_test_add_data_func ("/output/killed-at-any-call-leaves-the-old-or-the-new",
                            GINT_TO_POINTER (TRUE), test_killed);
      g_test_add_data_func ("/output/killed-at-any-call-with-named-temporaries-too",
                            GINT_TO_POINTER (FALSE), test_killed_named);
      g_test_add_data_func ("/output/killed-at-any-call-replacing-with-named-temporaries-too",
                            GINT_TO_POINTER (TRUE), test_killed_named);
      g_test_add_func ("/output/killed-at-any-time-leaves-nothing-or-the-whole",
                       test_killed_any_time);
      return g_test_run ();
    }
  g_test_add_func ("/output/appears-whole-and-private", test_whole);
  g_test_add_func ("/output/discarded-leaves-nothing", test_discarded);
  g_test_add_func ("/output/a-taken-name-is-untouched", test_taken);
  g_test_add_func ("/output/a-taken-name-gets-a-number", test_rename);
  g_test_add_func ("/output/numbers-go-before-the-suffixes", test_numbers);
  g_test_add_func ("/output/replaces-what-was-agreed", test_replace);
  g_test_add_func ("/output/never-replaces-folders-links-and-pipes", test_never_replaced);
  g_test_add_func ("/output/takes-any-name-that-the-system-takes", test_names);
  g_test_add_func ("/output/says-that-there-is-no-such-folder", test_no_folder);
  g_test_add_func ("/output/notices-that-the-folder-was-swapped", test_swapped);
  g_test_add_func ("/output/knows-the-limits-beforehand", test_limits);
  g_test_add_func ("/output/a-full-disk-changes-nothing", test_full);
  g_test_add_func ("/output/no-inodes-left-changes-nothing", test_no_inodes);
  g_test_add_func ("/output/a-read-only-folder-is-said-to-be-one", test_read_only);
  g_test_add_func ("/output/works-without-privileges-and-hardened", test_unprivileged);
  g_test_add_func ("/output/any-failing-call-leaves-nothing-or-the-whole", test_call_fails);
  g_test_add_func ("/output/a-folder-appears-whole-and-replaces-nothing", test_dir);
  g_test_add_func ("/output/a-discarded-folder-takes-nothing-else-with-it", test_dir_discarded);
  g_test_add_func ("/output/what-a-crash-left-goes-and-what-lives-stays", test_clean_up);
  g_test_add_func ("/output/a-forged-note-removes-nothing", test_forged_notes);
  g_test_add_func ("/output/what-lies-on-a-medium-that-is-away-goes-later", test_medium_away);

  return g_test_run ();
}
