/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Folders as archives: what goes in comes out, and nothing comes out where it shouldn't. */

#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "spare-archive-reader.h"
#include "spare-archive-writer.h"
#include "spare-error.h"
#include "spare-folder-walk.h"
#include "spare-output-dir.h"

typedef struct
{
  char *folder; /* of this test */
  char *input;  /* what is archived */
  char *output; /* where it is unpacked */
  int archive_fd;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sk-archive-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->input = g_build_filename (fixture->folder, "My Photos", NULL);
  fixture->output = g_build_filename (fixture->folder, "out", NULL);
  g_assert_cmpint (g_mkdir (fixture->input, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (fixture->output, 0700), ==, 0);
  fixture->archive_fd = open (fixture->folder, O_TMPFILE | O_RDWR, 0600);
  g_assert_cmpint (fixture->archive_fd, >=, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  close (fixture->archive_fd);
  spare_output_dir_remove_tree (AT_FDCWD, fixture->folder, &error);
  g_assert_no_error (error);
  g_free (fixture->folder);
  g_free (fixture->input);
  g_free (fixture->output);
}

static void
put_file (const char *folder, const char *name, const char *content, gssize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, content, length, &error);
  g_assert_no_error (error);
}

static void
assert_file (const char *folder, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &found, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, content);
}

static guint
count_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Pulls the archive in parts of @part octets. */
static gboolean
archive_input (Fixture *fixture, gsize part, guint *left_out, GError **error)
{
  g_autoptr (SpareArchiveWriter) writer = spare_archive_writer_new (fixture->input, error);
  g_autofree guint8 *buffer = g_malloc (part);
  gssize got;

  if (writer == NULL)
    return FALSE;
  while ((got = spare_archive_writer_read (writer, buffer, part, error)) > 0)
    g_assert_cmpint (write (fixture->archive_fd, buffer, (gsize) got), ==, got);
  if (left_out != NULL)
    *left_out = spare_archive_writer_get_n_left_out (writer);
  return got == 0;
}

static gboolean
unpack (Fixture *fixture, guint *left_out, GError **error)
{
  guint n = 0;
  int fd = open (fixture->output, O_RDONLY | O_DIRECTORY);
  gboolean good = spare_archive_unpack_sync (fixture->archive_fd, fd, &n, NULL, error);

  close (fd);
  if (left_out != NULL)
    *left_out = n;
  return good;
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
  g_autofree char *link = g_build_filename (fixture->input, "link", NULL);
  g_autofree char *script = g_build_filename (fixture->input, "a/b/c.txt", NULL);
  g_autofree char *out_link = g_build_filename (fixture->output, "link", NULL);
  g_autofree char *out_script = g_build_filename (fixture->output, "a/b/c.txt", NULL);
  g_autofree char *out_empty = g_build_filename (fixture->output, "empty folder", NULL);
  g_autofree char *empty = g_build_filename (fixture->input, "empty folder", NULL);
  g_autofree char *target = NULL;
  g_autoptr (GError) error = NULL;
  const struct timespec times[2] = { { 1000000, 5 }, { 1234567890, 123456789 } };
  struct stat status;

  put_file (fixture->input, "a/b/c.txt", "deep", -1);
  put_file (fixture->input, "empty", "", 0);
  put_file (fixture->input, "ünï \n newline", "odd", -1);
  put_file (fixture->input, "\xff\xfe no utf-8", "octets", -1);
  put_file (fixture->input, "-r", "dash", -1);
  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  g_assert_cmpint (symlink ("a/b", link), ==, 0);
  g_assert_cmpint (g_chmod (script, 0750), ==, 0);
  g_assert_cmpint (utimensat (AT_FDCWD, script, times, 0), ==, 0);

  archive_input (fixture, GPOINTER_TO_SIZE (data), NULL, &error);
  g_assert_no_error (error);
  unpack (fixture, NULL, &error);
  g_assert_no_error (error);

  assert_file (fixture->output, "a/b/c.txt", "deep");
  assert_file (fixture->output, "empty", "");
  assert_file (fixture->output, "ünï \n newline", "odd");
  assert_file (fixture->output, "\xff\xfe no utf-8", "octets");
  assert_file (fixture->output, "-r", "dash");
  g_assert_true (g_file_test (out_empty, G_FILE_TEST_IS_DIR));
  target = g_file_read_link (out_link, &error);
  g_assert_cmpstr (target, ==, "a/b");
  g_assert_cmpint (stat (out_script, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0750);
  g_assert_cmpint (status.st_mtim.tv_sec, ==, 1234567890);
  g_assert_cmpint (count_entries (fixture->output), ==, 7);
}

static void
test_round_trip_in_a_text_locale (Fixture *fixture, gconstpointer data)
{
  setlocale (LC_ALL, "C.UTF-8");
  test_round_trip (fixture, data);
  setlocale (LC_ALL, "C");
}

static void
test_link_loop (Fixture *fixture, gconstpointer data)
{
  g_autofree char *link = g_build_filename (fixture->input, "loop", NULL);
  g_autofree char *out = g_build_filename (fixture->output, "loop", NULL);
  g_autoptr (GError) error = NULL;

  put_file (fixture->input, "file", "x", -1);
  g_assert_cmpint (symlink (".", link), ==, 0);
  archive_input (fixture, 4096, NULL, &error);
  g_assert_no_error (error);
  unpack (fixture, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_test (out, G_FILE_TEST_IS_SYMLINK));
  g_assert_cmpint (count_entries (fixture->output), ==, 2);
}

static void
test_special_files_are_counted (Fixture *fixture, gconstpointer data)
{
  g_autofree char *pipe_path = g_build_filename (fixture->input, "pipe", NULL);
  g_autoptr (GError) error = NULL;
  guint left_out = 0;

  put_file (fixture->input, "file", "x", -1);
  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  archive_input (fixture, 4096, &left_out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (left_out, ==, 1);
  unpack (fixture, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (count_entries (fixture->output), ==, 1);
}

static void
test_unreadable_file_ends_it (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->input, "secret", NULL);
  g_autoptr (GError) error = NULL;

  put_file (fixture->input, "secret", "x", -1);
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  if (access (path, R_OK) == 0)
    {
      g_test_skip ("root reads everything");
      return;
    }
  g_assert_false (archive_input (fixture, 4096, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static void
test_shrinking_file_ends_it (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->input, "log", NULL);
  g_autofree char *content = g_strnfill (2 * 1024 * 1024, 'x');
  g_autoptr (SpareArchiveWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  guint8 buffer[4096];
  gssize got = 1;

  put_file (fixture->input, "log", content, -1);
  writer = spare_archive_writer_new (fixture->input, &error);
  g_assert_no_error (error);
  /* Into the file, then it is cut. */
  while (spare_archive_writer_get_read (writer) == 0 && got > 0)
    got = spare_archive_writer_read (writer, buffer, sizeof buffer, &error);
  g_assert_no_error (error);
  g_assert_cmpint (truncate (path, 1000), ==, 0);
  while (got > 0)
    got = spare_archive_writer_read (writer, buffer, sizeof buffer, &error);
  g_assert_cmpint (got, ==, -1);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED);
}

static void
test_gpgtar_reads_it (Fixture *fixture, gconstpointer data)
{
  g_autofree char *gpgtar = g_find_program_in_path ("tar");
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", getpid (), fixture->archive_fd);
  g_autofree char *listing = NULL;
  g_autoptr (GError) error = NULL;
  const char *argv[] = { gpgtar, "-tf", path, NULL };
  g_autofree char *long_name = g_strnfill (180, 'l');

  put_file (fixture->input, long_name, "x", -1);
  archive_input (fixture, 4096, NULL, &error);
  g_assert_no_error (error);
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &listing, NULL, NULL,
                &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (listing, "My Photos/"));
  g_assert_nonnull (strstr (listing, long_name));
}

/* Archives made by somebody else. */

typedef struct
{
  const char *path;
  int type;
  const char *target; /* of a symbolic link */
  const char *hard;   /* target of a hard link */
  const char *content;
} Entry;

typedef struct
{
  const char *name;
  const char *reason;
  Entry entries[4];
} Hostile;

static void
write_archive (int fd, const Entry *entries, guint n)
{
  struct archive *archive = archive_write_new ();

  archive_write_set_format_pax_restricted (archive);
  g_assert_cmpint (archive_write_open_fd (archive, fd), ==, ARCHIVE_OK);
  for (guint i = 0; i < n && entries[i].path != NULL; i++)
    {
      struct archive_entry *entry = archive_entry_new ();
      gsize size = entries[i].content != NULL ? strlen (entries[i].content) : 0;

      archive_entry_set_pathname (entry, entries[i].path);
      archive_entry_set_filetype (entry, (unsigned) entries[i].type);
      archive_entry_set_perm (entry, 06755);
      archive_entry_set_size (entry, (la_int64_t) size);
      if (entries[i].target != NULL)
        archive_entry_set_symlink (entry, entries[i].target);
      if (entries[i].hard != NULL)
        archive_entry_set_hardlink (entry, entries[i].hard);
      g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
      if (size > 0)
        g_assert_cmpint (archive_write_data (archive, entries[i].content, size), ==,
                         (la_ssize_t) size);
      archive_entry_free (entry);
    }
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_write_free (archive);
}

static const Hostile hostile[] = {
  { "absolute", "a name from the root", { { "/tmp/sk-evil", AE_IFREG, NULL, NULL, "x" } } },
  { "dotdot", "a name that leads up", { { "a/../../evil", AE_IFREG, NULL, NULL, "x" } } },
  { "through-file",
    "a folder where a file is",
    { { "t/a", AE_IFREG, NULL, NULL, "x" }, { "t/a/b", AE_IFREG, NULL, NULL, "x" } } },
  { "twice",
    "a name that is there already",
    { { "t/a", AE_IFREG, NULL, NULL, "x" }, { "t/a", AE_IFREG, NULL, NULL, "y" } } },
  { "hard-link-out",
    "a hard link to what is outside",
    { { "t/a", AE_IFREG, NULL, "/etc/passwd", NULL } } },
  { "hard-link-up",
    "a hard link that leads up",
    { { "t/a", AE_IFREG, NULL, "../../../../etc/passwd", NULL } } },
};

static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  const Hostile *row = data;
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", row->reason);
  write_archive (fixture->archive_fd, row->entries, G_N_ELEMENTS (row->entries));
  g_assert_false (unpack (fixture, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_assert_false (g_file_test ("/tmp/sk-evil", G_FILE_TEST_EXISTS));
  g_assert_cmpint (count_entries (fixture->folder), ==, 2);
}

static void
test_nothing_is_written_through_a_link (Fixture *fixture, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (fixture->folder, "outside", NULL);
  const Entry entries[] = {
    { "t/link", AE_IFLNK, outside, NULL, NULL },
    { "t/link/evil", AE_IFREG, NULL, NULL, "x" },
  };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (outside, 0700), ==, 0);
  write_archive (fixture->archive_fd, entries, G_N_ELEMENTS (entries));
  g_assert_false (unpack (fixture, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_assert_cmpint (count_entries (outside), ==, 0);
}

static void
test_special_bits_and_devices_are_dropped (Fixture *fixture, gconstpointer data)
{
  const Entry entries[] = {
    { "t/program", AE_IFREG, NULL, NULL, "x" },
    { "t/pipe", AE_IFIFO, NULL, NULL, NULL },
    { "t/copy", AE_IFREG, NULL, "t/program", NULL },
  };
  g_autofree char *program = g_build_filename (fixture->output, "program", NULL);
  g_autoptr (GError) error = NULL;
  struct stat status;
  guint left_out = 0;

  write_archive (fixture->archive_fd, entries, G_N_ELEMENTS (entries));
  unpack (fixture, &left_out, &error);
  g_assert_no_error (error);
  g_assert_cmpint (stat (program, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0755);
  g_assert_cmpuint (left_out, ==, 1);
  assert_file (fixture->output, "copy", "x");
}

static void
test_several_tops_stay (Fixture *fixture, gconstpointer data)
{
  const Entry entries[] = {
    { "one/a", AE_IFREG, NULL, NULL, "1" },
    { "two", AE_IFREG, NULL, NULL, "2" },
  };
  g_autoptr (GError) error = NULL;

  write_archive (fixture->archive_fd, entries, G_N_ELEMENTS (entries));
  unpack (fixture, NULL, &error);
  g_assert_no_error (error);
  assert_file (fixture->output, "one/a", "1");
  assert_file (fixture->output, "two", "2");
}

static void
test_no_archive (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char text[] = "this is a letter and no archive at all";

  g_assert_cmpint (write (fixture->archive_fd, text, sizeof text), ==, sizeof text);
  g_assert_false (unpack (fixture, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_cut_archive (Fixture *fixture, gconstpointer data)
{
  g_autofree char *content = g_strnfill (100000, 'x');
  g_autoptr (GError) error = NULL;

  put_file (fixture->input, "big", content, -1);
  archive_input (fixture, 4096, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ftruncate (fixture->archive_fd, 50000), ==, 0);
  g_assert_false (unpack (fixture, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_measure (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n_files;
  guint64 octets;

  put_file (fixture->input, "a/b", "12345", -1);
  put_file (fixture->input, "c", "123", -1);
  spare_folder_measure_sync (fixture->input, &n_files, &octets, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_files, ==, 2);
  g_assert_cmpuint (octets, ==, 8);
}

static void
add (const char *path, gconstpointer data, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add ("/archive/what-goes-in-comes-out", GSIZE_TO_POINTER (65536), test_round_trip);
  add ("/archive/what-goes-in-comes-out-one-octet-at-a-time", GSIZE_TO_POINTER (1),
       test_round_trip);
  add ("/archive/what-goes-in-comes-out-in-a-text-locale", GSIZE_TO_POINTER (4096),
       test_round_trip_in_a_text_locale);
  add ("/archive/a-loop-of-links-is-just-a-link", NULL, test_link_loop);
  add ("/archive/pipes-are-left-out-and-counted", NULL, test_special_files_are_counted);
  add ("/archive/a-file-that-cannot-be-read-ends-it", NULL, test_unreadable_file_ends_it);
  add ("/archive/a-file-that-shrinks-ends-it", NULL, test_shrinking_file_ends_it);
  add ("/archive/stock-tar-reads-it", NULL, test_gpgtar_reads_it);
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      g_autofree char *path = g_strconcat ("/archive/refused/", hostile[i].name, NULL);

      add (path, &hostile[i], test_hostile);
    }
  add ("/archive/nothing-is-written-through-a-link", NULL,
       test_nothing_is_written_through_a_link);
  add ("/archive/special-bits-and-devices-are-dropped", NULL,
       test_special_bits_and_devices_are_dropped);
  add ("/archive/several-things-at-the-top-stay-so", NULL, test_several_tops_stay);
  add ("/archive/what-is-no-archive-is-refused", NULL, test_no_archive);
  add ("/archive/a-cut-archive-is-refused", NULL, test_cut_archive);
  add ("/archive/a-folder-is-measured", NULL, test_measure);
  return g_test_run ();
}
