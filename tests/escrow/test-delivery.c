/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delivery to folders: what is said to be there is there, and after an error nothing is. On real file systems, full,
 * read-only, without hard links, and pulled out while they are written to. */
#include "config.h"

#include "spare-delivery.h"
#include "spare-error.h"
#include "spare-fd.h"
#include "spare-test-gpg.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#define NAME "deposit-0123456789abcdef.sparekey"

/* As the kernel has it; no header of the C library does. */
#define SHUT_DOWN _IOR ('X', 125, guint32)

typedef char Folder;

static void
folder_free (Folder *folder)
{
  spare_test_remove_tree (folder);
  g_free (folder);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, folder_free)

static Folder *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("delivery-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static GBytes *
make_octets (gsize size, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint8 *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) g_rand_int (rand);
  return g_bytes_new_take (data, size);
}

static void
write_file (const char *path, GBytes *octets)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, g_bytes_get_data (octets, NULL),
                       (gssize) g_bytes_get_size (octets), &error);
  g_assert_no_error (error);
}

static void
assert_holds (const char *folder, GBytes *octets)
{
  g_autofree char *path = g_build_filename (folder, NAME, NULL);
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (data, length, g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));
}

/* Hidden names too; what mkfs made does not count. */
static void
assert_n_files (const char *folder, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  const char *name;
  guint found = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    found += !g_str_equal (name, "lost+found");
  g_assert_cmpuint (found, ==, n);
}

static void
assert_put (const char *folder, GBytes *octets)
{
  g_autofree char *path = g_build_filename (folder, NAME, NULL);
  g_autofree char *final = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done = spare_delivery_put_sync (folder, NAME, octets, &final, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (done);
  g_assert_cmpstr (final, ==, path);
  assert_holds (folder, octets);
}

static void
assert_refused (const char *folder, GBytes *octets, int code)
{
  g_autofree char *final = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_delivery_put_sync (folder, NAME, octets, &final, NULL, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_null (final);
  g_test_message ("%s", error->message);
}

static void
test_put (void)
{
  static const gsize sizes[] = { 0, 1, 4096, 256 * 1024, 3 * 1024 * 1024 + 17 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (Folder) folder = make_folder ();
      g_autoptr (GBytes) octets = make_octets (sizes[i], i);

      assert_put (folder, octets);
      assert_n_files (folder, 1);
    }
}

static void
test_put_twice (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autoptr (GBytes) octets = make_octets (300000, 1);
  g_autofree char *path = g_build_filename (folder, NAME, NULL);
  GStatBuf first, second;

  assert_put (folder, octets);
  g_assert_cmpint (g_stat (path, &first), ==, 0);
  assert_put (folder, octets);
  g_assert_cmpint (g_stat (path, &second), ==, 0);
  g_assert_cmpuint (first.st_ino, ==, second.st_ino);
  g_assert_cmpint (first.st_mtim.tv_nsec, ==, second.st_mtim.tv_nsec);
  assert_n_files (folder, 1);
}

static void
test_taken (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, NAME, NULL);
  g_autofree char *elsewhere = g_build_filename (folder, "elsewhere", NULL);
  g_autoptr (GBytes) octets = make_octets (5000, 1);
  g_autoptr (GBytes) of_same_size = make_octets (5000, 2);
  g_autoptr (GBytes) shorter = make_octets (4999, 1);

  write_file (path, of_same_size);
  assert_refused (folder, octets, G_IO_ERROR_EXISTS);
  assert_holds (folder, of_same_size);
  write_file (path, shorter);
  assert_refused (folder, octets, G_IO_ERROR_EXISTS);
  assert_holds (folder, shorter);

  g_unlink (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_refused (folder, octets, G_IO_ERROR_EXISTS);
  g_assert_cmpint (g_rmdir (path), ==, 0);

  /* A link is not what was put there, even if it leads to the same octets. */
  write_file (elsewhere, octets);
  g_assert_cmpint (symlink ("elsewhere", path), ==, 0);
  assert_refused (folder, octets, G_IO_ERROR_EXISTS);
  g_unlink (path);
  g_assert_cmpint (symlink ("nowhere", path), ==, 0);
  assert_refused (folder, octets, G_IO_ERROR_EXISTS);
  g_unlink (path);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_refused (folder, octets, G_IO_ERROR_EXISTS);
}

static void
test_names (void)
{
  static const char *const names[] = { "", ".", "..", "a/b", "/a", "a/" };
  g_autoptr (Folder) folder = make_folder ();
  g_autoptr (GBytes) octets = make_octets (10, 1);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (spare_delivery_put_sync (folder, names[i], octets, NULL, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME);
    }
  assert_n_files (folder, 0);
}

static void
test_no_folder (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);
  g_autoptr (GBytes) octets = make_octets (10, 1);

  assert_refused (missing, octets, G_IO_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (missing, G_FILE_TEST_EXISTS));
}

static void
test_cancelled (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autoptr (GBytes) octets = make_octets (1000000, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (spare_delivery_put_sync (folder, NAME, octets, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_n_files (folder, 0);
}

static void
test_uri (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *odd = g_build_filename (folder, "caf\xe9 #1%", NULL);
  g_autofree char *uri = g_filename_to_uri (odd, NULL, NULL);
  g_autofree char *path = g_build_filename (odd, NAME, NULL);
  g_autofree char *final = NULL;
  g_autoptr (GBytes) octets = make_octets (1000, 1);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (odd, 0700), ==, 0);
  g_assert_true (spare_delivery_is_local (uri));
  g_assert_true (spare_delivery_is_local (odd));
  g_assert_false (spare_delivery_is_local ("smb://server/share"));
  g_assert_true (spare_delivery_put_sync (uri, NAME, octets, &final, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (final, ==, path);
  assert_holds (odd, octets);
}

static void
test_file (void)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autoptr (Folder) other = make_folder ();
  g_autofree char *source = g_build_filename (other, "source", NULL);
  g_autofree char *link = g_build_filename (other, "link", NULL);
  g_autoptr (GBytes) octets = make_octets (1500000, 1);
  g_autoptr (GError) error = NULL;

  g_assert_false (spare_delivery_put_file_sync (folder, NAME, source, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  write_file (source, octets);
  g_assert_cmpint (symlink ("source", link), ==, 0);
  g_assert_false (spare_delivery_put_file_sync (folder, NAME, link, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_NOT_A_FILE);
  g_clear_error (&error);
  assert_n_files (folder, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (spare_delivery_put_file_sync (folder, NAME, source, NULL, NULL, &error));
      g_assert_no_error (error);
      assert_holds (folder, octets);
    }
}

/* ---- in a mount namespace of the subprocess's own ---- */

static gboolean
run_tool (const char *first, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  int status;
  va_list args;

  g_ptr_array_add (argv, (gpointer) first);
  va_start (args, first);
  do
    g_ptr_array_add (argv, va_arg (args, char *));
  while (g_ptr_array_index (argv, argv->len - 1) != NULL);
  va_end (args);
  return g_spawn_sync (NULL, (char **) argv->pdata, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                       &status, NULL)
         && status == 0;
}

static void
in_own_mounts (void (*body) (const char *folder), const char *tool)
{
  g_autoptr (Folder) folder = NULL;
  g_autofree char *program = tool != NULL ? g_find_program_in_path (tool) : NULL;

  if (!g_test_subprocess ())
    {
      if (geteuid () != 0)
        g_test_skip ("needs root to mount a file system");
      else if (tool != NULL && program == NULL)
        {
          g_autofree char *reason = g_strdup_printf ("needs %s", tool);

          g_test_skip (reason);
        }
      else
        {
          g_test_trap_subprocess (NULL, 60 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
          g_test_trap_assert_passed ();
        }
      return;
    }

  g_assert_cmpint (unshare (CLONE_NEWNS), ==, 0);
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
  folder = make_folder ();
  body (folder);
  umount2 (folder, MNT_DETACH);
}

static void
full (const char *folder)
{
  g_autoptr (GBytes) octets = make_octets (2000000, 1);
  g_autoptr (GBytes) few = make_octets (100, 1);
  g_autofree char *other = g_build_filename (folder, "other", NULL);

  g_assert_cmpint (mount ("tmpfs", folder, "tmpfs", 0, "size=1m"), ==, 0);
  assert_refused (folder, octets, G_IO_ERROR_NO_SPACE);
  assert_n_files (folder, 0);
  /* Even where it would fit, a medium filled to the brim is not trusted. */
  assert_refused (folder, few, G_IO_ERROR_NO_SPACE);
  write_file (other, few);
  assert_refused (folder, octets, G_IO_ERROR_NO_SPACE);
  assert_n_files (folder, 1);
}

static void
test_full (void)
{
  in_own_mounts (full, NULL);
}

static void
read_only (const char *folder)
{
  g_autoptr (GBytes) octets = make_octets (2000, 1);
  g_autofree char *path = g_build_filename (folder, NAME, NULL);

  g_assert_cmpint (mount ("tmpfs", folder, "tmpfs", 0, "size=8m"), ==, 0);
  g_assert_cmpint (mount (NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  assert_refused (folder, octets, G_IO_ERROR_READ_ONLY);
  assert_n_files (folder, 0);

  g_assert_cmpint (mount (NULL, folder, NULL, MS_REMOUNT, NULL), ==, 0);
  write_file (path, octets);
  g_assert_cmpint (mount (NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  assert_put (folder, octets);
}

static void
test_read_only (void)
{
  in_own_mounts (read_only, NULL);
}

/* An image with a file system, on a loop device that goes with the mount. */
static char *
make_image (const char *folder, const char *maker, goffset size)
{
  char *image = g_strconcat (folder, ".img", NULL);
  spare_autofd int fd = open (image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  g_assert_true (run_tool (maker, image, NULL));
  return image;
}

typedef struct
{
  const char *folder;
  GBytes *octets;
  GError *error;
  gboolean done;
} Putting;

static gpointer
put_thread (gpointer data)
{
  Putting *putting = data;

  putting->done = spare_delivery_put_sync (putting->folder, NAME, putting->octets, NULL, NULL,
                                           &putting->error);
  return NULL;
}

static guint64
get_free (const char *folder)
{
  struct statvfs st;

  g_assert_cmpint (statvfs (folder, &st), ==, 0);
  return (guint64) st.f_bavail * st.f_frsize;
}

/* The device dies while it is written to. FALSE: on a busy machine everything was written before. */
static gboolean
pull_once (const char *folder, const char *image, GBytes *octets)
{
  Putting putting = { folder, octets, NULL, FALSE };
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  guint32 without_log = 2;
  spare_autofd int fd = -1;
  GThread *thread;
  guint64 before;

  g_assert_true (run_tool ("mount", "-o", "loop", image, folder, NULL));
  before = get_free (folder);
  fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  thread = g_thread_new ("put", put_thread, &putting);
  while (get_free (folder) + 1024 * 1024 > before && g_get_monotonic_time () < deadline)
    sched_yield ();
  g_assert_cmpint (ioctl (fd, SHUT_DOWN, &without_log), ==, 0);
  g_thread_join (thread);
  spare_fd_clear (&fd);
  g_assert_true (run_tool ("umount", folder, NULL));
  if (putting.done)
    return FALSE;
  g_assert_nonnull (putting.error);
  g_test_message ("%s", putting.error->message);
  g_assert_cmpint (putting.error->domain, ==, G_IO_ERROR);
  g_clear_error (&putting.error);
  return TRUE;
}

static void
pulled (const char *folder)
{
  g_autoptr (GBytes) octets = make_octets (64 * 1024 * 1024, 1);
  g_autofree char *image = make_image (folder, "mkfs.ext4", 256 * 1024 * 1024);
  guint tries = 0;

  while (!pull_once (folder, image, octets))
    {
      g_assert_cmpuint (++tries, <, 10);
      g_unlink (image);
      g_free (image);
      image = make_image (folder, "mkfs.ext4", 256 * 1024 * 1024);
    }
  g_assert_true (run_tool ("mount", "-o", "loop", image, folder, NULL));
  assert_n_files (folder, 0);
  assert_put (folder, octets);
  g_assert_true (run_tool ("umount", folder, NULL));
  g_unlink (image);
}

static void
test_pulled (void)
{
  in_own_mounts (pulled, "mkfs.ext4");
}

/* No hard links, no files without a name, FAT's names. */
static void
exfat (const char *folder)
{
  g_autofree char *image = make_image (folder, "mkfs.exfat", 32 * 1024 * 1024);
  g_autofree char *device = NULL;
  g_autoptr (GBytes) octets = make_octets (3000000, 1);
  g_autoptr (GBytes) other = make_octets (3000000, 2);
  const char *argv[] = { "losetup", "-f", "--show", image, NULL };
  gboolean mounted;

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               &device, NULL, NULL, NULL));
  g_strchomp (device);
  mounted = run_tool ("mount.exfat-fuse", device, folder, NULL);
  if (mounted)
    {
      assert_put (folder, octets);
      assert_put (folder, octets);
      assert_refused (folder, other, G_IO_ERROR_EXISTS);
      assert_n_files (folder, 1);
      g_assert_true (run_tool ("umount", folder, NULL));
      /* What was said to be there is there when the stick is put in again. */
      g_assert_true (run_tool ("mount.exfat-fuse", device, folder, NULL));
      assert_holds (folder, octets);
      g_assert_true (run_tool ("umount", folder, NULL));
    }
  run_tool ("losetup", "-d", device, NULL);
  g_unlink (image);
  g_assert_true (mounted);
}

static void
test_exfat (void)
{
  in_own_mounts (exfat, "mount.exfat-fuse");
}

/* Who serves the file system died, as when a telephone is unplugged. */
static void
unserved (const char *folder)
{
  g_autofree char *below = g_strconcat (folder, ".below", NULL);
  const char *argv[] = { "bindfs", "-f", below, folder, NULL };
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  g_autoptr (GBytes) octets = make_octets (3000, 1);
  g_autoptr (GBytes) other = make_octets (4000, 1);
  g_autoptr (GError) error = NULL;
  struct stat before, now;
  GPid pid;

  g_assert_cmpint (g_mkdir (below, 0700), ==, 0);
  g_assert_cmpint (stat (folder, &before), ==, 0);
  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                 NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  do
    g_assert_cmpint (stat (folder, &now), ==, 0);
  while (now.st_dev == before.st_dev && g_get_monotonic_time () < deadline);
  g_assert_cmpuint (now.st_dev, !=, before.st_dev);

  assert_put (folder, octets);
  assert_refused (folder, other, G_IO_ERROR_EXISTS);
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  g_assert_false (spare_delivery_put_sync (folder, "another", other, NULL, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  assert_holds (below, octets);
  assert_n_files (below, 1);
  umount2 (folder, MNT_DETACH);
  spare_test_remove_tree (below);
}

static void
test_unserved (void)
{
  in_own_mounts (unserved, "bindfs");
}

/* ---- calls that fail, one at a time ---- */

/* `--put FOLDER SOURCE`: puts once and says how it went. */
static int
child (char **arguments)
{
  g_autoptr (GError) error = NULL;

  if (spare_delivery_put_file_sync (arguments[0], NAME, arguments[1], NULL, NULL, &error))
    g_print ("done");
  else
    g_print ("%s", spare_error_get_nick (error));
  return 0;
}

/* How often the loader reads so before the program runs: all of the calls but those that read back, twice the four pieces
 * and the end. */
static guint
count_reads_before (const char *self, GBytes *octets)
{
  g_autoptr (Folder) folder = make_folder ();
  g_autofree char *source = g_build_filename (folder, "source", NULL);
  g_autofree char *log = g_build_filename (folder, "log", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  write_file (source, octets);
  g_assert_true (run_tool ("strace", "-qq", "-o", log, "-e", "trace=pread64", self, "--put",
                           folder, source, NULL));
  g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_has_prefix (lines[i], "pread64(");
  g_assert_cmpuint (n, >=, 10);
  return n - 10;
}

static void
test_call_fails (void)
{
  static const struct
  {
    const char *reason;
    const char *injection;
    guint when;
    const char *nick;
    gboolean there;
  } rows[] = {
    { "nothing fails", "pwrite64:retval=0", 1000, "done", TRUE },
    { "pulled at the second piece", "pwrite64:error=ENOTCONN", 2, "failed", FALSE },
    { "fills up by others meanwhile", "pwrite64:error=ENOSPC", 3, "no-space", FALSE },
    { "turns read-only by an error", "pwrite64:error=EROFS", 1, "read-only", FALSE },
    { "its cache can't be written", "fsync:error=EIO", 1, "failed", FALSE },
    { "what was written can't be read", "pread64:error=EIO", 2, "failed", FALSE },
    { "what was written reads back shorter", "pread64:retval=0", 2, "failed", FALSE },
    { "reading is interrupted", "pread64:error=EINTR", 2, "done", TRUE },
    { "the name can't be given", "linkat:error=EACCES", 1, "permission-denied", FALSE },
    { "the folder can't be synced", "fsync:error=EIO", 2, "output-unsure", TRUE },
    { "by its name it can't be read", "pread64:error=EIO", 8, "failed", TRUE },
    { "by its name it reads back shorter", "pread64:retval=0", 8, "failed", FALSE },
  };
  g_autofree char *strace = g_find_program_in_path ("strace");
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GBytes) octets = make_octets (1000000, 1);
  guint before;

  if (strace == NULL)
    {
      g_test_skip ("needs strace");
      return;
    }
  before = count_reads_before (self, octets);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Folder) folder = make_folder ();
      g_autoptr (Folder) other = make_folder ();
      g_autofree char *source = g_build_filename (other, "source", NULL);
      g_autofree char *traced = g_strndup (rows[i].injection, strcspn (rows[i].injection, ":"));
      g_autofree char *trace = g_strconcat ("trace=", traced, NULL);
      g_autofree char *injection = g_strdup_printf ("inject=%s:when=%u", rows[i].injection,
                                                    rows[i].when
                                                        + (g_str_equal (traced, "pread64")
                                                               ? before
                                                               : 0));
      g_autofree char *output = NULL;
      const char *argv[] = { "strace",  "-qq", "-o",    "/dev/null", "-e",   trace, "-e",
                             injection, self,  "--put", folder,      source, NULL };

      g_test_message ("%s", rows[i].reason);
      write_file (source, octets);
      g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                                   &output, NULL, NULL, NULL));
      g_assert_cmpstr (output, ==, rows[i].nick);
      assert_n_files (folder, rows[i].there ? 1 : 0);
      if (rows[i].there)
        assert_holds (folder, octets);
    }
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--put"))
    return child (argv + 2);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/delivery/what-is-put-is-there", test_put);
  g_test_add_func ("/delivery/the-same-again-is-a-success", test_put_twice);
  g_test_add_func ("/delivery/something-else-under-the-name-is-untouched", test_taken);
  g_test_add_func ("/delivery/names-with-folders-are-refused", test_names);
  g_test_add_func ("/delivery/a-missing-folder-is-not-made", test_no_folder);
  g_test_add_func ("/delivery/cancelled-leaves-nothing", test_cancelled);
  g_test_add_func ("/delivery/a-file-uri-is-a-folder", test_uri);
  g_test_add_func ("/delivery/a-file-is-put-from-its-disk", test_file);
  g_test_add_func ("/delivery/a-full-medium-keeps-what-it-has", test_full);
  g_test_add_func ("/delivery/a-read-only-medium-is-left-alone", test_read_only);
  g_test_add_func ("/delivery/a-medium-pulled-while-written-holds-nothing", test_pulled);
  g_test_add_func ("/delivery/exfat-holds-it-after-it-was-pulled", test_exfat);
  g_test_add_func ("/delivery/a-medium-nobody-serves-is-an-error", test_unserved);
  g_test_add_func ("/delivery/any-call-that-fails-is-told", test_call_fails);
  return g_test_run ();
}
