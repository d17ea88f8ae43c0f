/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inputs: what is opened, what is refused, what is noticed; and originals in the trash. */
#include "config.h"

#include "spare-error.h"
#include "spare-source.h"
#include "spare-trash.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static char *
path_of (const char *name)
{
  return g_build_filename (g_get_user_data_dir (), name, NULL);
}

static void
put (const char *path, const char *text)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
assert_refused (const char *path, SpareSourceFlags flags, const char *nick, const char *word)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSource) source = spare_source_open (path, flags, &error);

  g_assert_null (source);
  g_assert_nonnull (error);
  g_assert_cmpstr (spare_error_get_nick (error), ==, nick);
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_reads (void)
{
  static const char *const names[] = { "a",  "new\nline", "-r",
                                       "%s", "\xff\xfe",  "\xe2\x80\xae x" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = path_of (names[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareSource) source = NULL;
      char back[10];

      put (path, "content");
      source = spare_source_open (path, SPARE_SOURCE_NONE, &error);
      g_assert_no_error (error);
      for (int again = 0; again < 2; again++)
        {
          g_assert_cmpint (spare_source_read (source, back, sizeof back, &error), ==, 7);
          g_assert_cmpmem (back, 7, "content", 7);
          g_assert_cmpint (spare_source_read (source, back, sizeof back, &error), ==, 0);
          g_assert_true (spare_source_rewind (source, &error));
        }
      g_assert_cmpint (spare_source_get_size (source), ==, 7);
      g_assert_cmpuint (spare_source_get_links (source), ==, 1);
      g_assert_cmpint (ABS (spare_source_get_modified (source) - g_get_real_time ()), <,
                       60 * G_USEC_PER_SEC);
      g_assert_cmpstr (spare_source_get_path (source), ==, path);
      g_assert_cmpint (fcntl (spare_source_get_fd (source), F_GETFL) & O_NONBLOCK, ==, 0);
      g_assert_true (spare_source_check_unchanged (source, &error));
      g_assert_no_error (error);
    }
}

static void
test_refused (void)
{
  g_autofree char *folder = path_of ("folder");
  g_autofree char *pipe_path = path_of ("pipe");
  g_autofree char *socket_path = path_of ("s");
  g_autofree char *file = path_of ("file");
  g_autofree char *link_path = path_of ("link");
  g_autofree char *dangling = path_of ("dangling");
  g_autofree char *loop = path_of ("loop");
  g_autofree char *to_pipe = path_of ("to-pipe");
  g_autofree char *missing = path_of ("missing");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  put (file, "x");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  g_assert_cmpint (symlink (file, link_path), ==, 0);
  g_assert_cmpint (symlink ("nowhere", dangling), ==, 0);
  g_assert_cmpint (symlink ("loop", loop), ==, 0);
  g_assert_cmpint (symlink ("pipe", to_pipe), ==, 0);
  g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path);
  if (strlen (socket_path) < sizeof address.sun_path)
    {
      g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
      assert_refused (socket_path, SPARE_SOURCE_NONE, "not-a-file", "socket");
    }
  close (fd);

  assert_refused (folder, SPARE_SOURCE_FOLLOW, "is-directory", "folder");
  assert_refused (pipe_path, SPARE_SOURCE_NONE, "not-a-file", "pipe");
  assert_refused ("/dev/zero", SPARE_SOURCE_NONE, "not-a-file", "device");
  assert_refused (link_path, SPARE_SOURCE_NONE, "not-a-file", "link");
  assert_refused (dangling, SPARE_SOURCE_FOLLOW, "not-a-file", "nowhere");
  assert_refused (loop, SPARE_SOURCE_FOLLOW, "not-a-file", "itself");
  assert_refused (to_pipe, SPARE_SOURCE_FOLLOW, "not-a-file", "pipe");
  assert_refused (missing, SPARE_SOURCE_NONE, "not-found", "no file");
  assert_refused ("", SPARE_SOURCE_NONE, "not-found", "no file");
}

static void
test_picked_link (void)
{
  g_autofree char *file = path_of ("file");
  g_autofree char *link_path = path_of ("link");
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSource) source = NULL;

  put (file, "x");
  g_assert_cmpint (symlink ("file", link_path), ==, 0);
  source = spare_source_open (link_path, SPARE_SOURCE_FOLLOW, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spare_source_get_path (source), ==, link_path);
  g_assert_cmpstr (spare_source_get_real_path (source), !=, link_path);
  g_assert_true (g_str_has_suffix (spare_source_get_real_path (source), "/file"));
  g_assert_true (spare_source_check_unchanged (source, &error));
}

static void
test_at (void)
{
  g_autofree char *file = path_of ("file");
  g_autofree char *link_path = path_of ("link");
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareSource) source = NULL;
  int fd = open (g_get_user_data_dir (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    {
      g_mkdir_with_parents (g_get_user_data_dir (), 0700);
      fd = open (g_get_user_data_dir (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
  put (file, "x");
  g_assert_cmpint (symlink ("file", link_path), ==, 0);
  g_assert_null (spare_source_open_at (fd, "link", link_path, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NOT_A_FILE);
  g_clear_error (&error);
  source = spare_source_open_at (fd, "file", file, &error);
  g_assert_no_error (error);
  close (fd);
  g_assert_true (spare_source_check_unchanged (source, &error));
}

static void
change (const char *path, int how)
{
  g_autofree char *other = g_strconcat (path, ".other", NULL);
  const struct timeval long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
  int fd;

  switch (how)
    {
    case 0: /* grows */
      fd = open (path, O_WRONLY | O_APPEND | O_CLOEXEC);
      g_assert_cmpint (write (fd, "y", 1), ==, 1);
      close (fd);
      break;
    case 1: /* shrinks */
      g_assert_cmpint (truncate (path, 1), ==, 0);
      break;
    case 2: /* keeps its size, and pretends to be old */
      fd = open (path, O_WRONLY | O_CLOEXEC);
      g_assert_cmpint (write (fd, "y", 1), ==, 1);
      close (fd);
      g_assert_cmpint (utimes (path, long_ago), ==, 0);
      break;
    case 3: /* another takes its name */
      put (other, "xxxx");
      g_assert_cmpint (g_rename (other, path), ==, 0);
      break;
    default: /* goes */
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
}

static void
test_changed (void)
{
  for (int how = 0; how < 5; how++)
    {
      g_autofree char *path = path_of ("file");
      const struct timeval long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareSource) source = NULL;

      put (path, "xxxx");
      g_assert_cmpint (utimes (path, long_ago), ==, 0);
      source = spare_source_open (path, SPARE_SOURCE_NONE, &error);
      g_assert_no_error (error);
      /* The change time must get past the tick of the clock that it was set in. */
      {
        gint64 deadline = g_get_monotonic_time () + 20000;

        while (how == 2 && g_get_monotonic_time () < deadline)
          g_thread_yield ();
      }
      change (path, how);
      g_test_message ("change %d", how);
      g_assert_false (spare_source_check_unchanged (source, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED);
    }
}

/* ---- trash ---- */

static void
assert_text (const char *path, const char *expected)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
}

static SpareTrashed *
trash_or_skip (const char *path)
{
  g_autoptr (GError) error = NULL;
  SpareTrashed *trashed = spare_trash_file (path, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    {
      g_test_skip ("there is no trash for this folder");
      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
      return NULL;
    }
  g_assert_no_error (error);
  return trashed;
}

static void
test_trash_undo (void)
{
  static const char *const names[] = { "plain", "per%cent", "\xff\xfe", "new\nline", "plain" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (g_get_home_dir (), "docs", names[i], NULL);
      g_autofree char *info = g_build_filename (g_get_user_data_dir (), "Trash", "info", NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareTrashed) trashed = NULL;
      g_autoptr (GDir) dir = NULL;

      put (path, names[i]);
      trashed = trash_or_skip (path);
      if (trashed == NULL)
        return;
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
      g_assert_cmpstr (spare_trashed_get_original_path (trashed), ==, path);
      g_assert_true (spare_trashed_can_restore (trashed));
      spare_trashed_restore (trashed, &error);
      g_assert_no_error (error);
      assert_text (path, names[i]);
      dir = g_dir_open (info, 0, NULL);
      g_assert_null (dir == NULL ? NULL : g_dir_read_name (dir));
      g_assert_false (spare_trashed_restore (trashed, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    }
}

static void
test_trash_taken (void)
{
  g_autofree char *path = g_build_filename (g_get_home_dir (), "docs", "a", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareTrashed) trashed = NULL;

  put (path, "old");
  trashed = trash_or_skip (path);
  if (trashed == NULL)
    return;
  put (path, "new");
  g_assert_false (spare_trashed_restore (trashed, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  assert_text (path, "new");
  g_clear_error (&error);
  g_assert_cmpint (g_unlink (path), ==, 0);
  spare_trashed_restore (trashed, &error);
  g_assert_no_error (error);
  assert_text (path, "old");
}

static void
test_trash_missing (void)
{
  g_autofree char *path = path_of ("missing");
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_trash_file (path, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/source/reads-a-file-of-any-name", test_reads);
  g_test_add_func ("/source/refuses-what-is-no-file-and-says-what-it-is", test_refused);
  g_test_add_func ("/source/follows-a-link-that-was-picked", test_picked_link);
  g_test_add_func ("/source/opens-in-a-folder-without-following", test_at);
  g_test_add_func ("/source/notices-every-change", test_changed);
  g_test_add_func ("/trash/brings-a-file-of-any-name-back", test_trash_undo);
  g_test_add_func ("/trash/replaces-nothing-on-the-way-back", test_trash_taken);
  g_test_add_func ("/trash/a-missing-file-is-said-to-be-missing", test_trash_missing);

  return g_test_run ();
}
