/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delivery to a location that only GIO reaches: GVfs's own service for tests, over a real bus. It serves the file system
 * under localtest:, and to us it is as far away as a server. */
#include "config.h"

#include "spare-delivery.h"
#include "spare-error.h"
#include "spare-test-gpg.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define NAME    "deposit-0123456789abcdef.sparekey"
#define SERVICE "/usr/libexec/gvfsd"
#define BACKEND "/usr/libexec/gvfsd-localtest"

typedef struct
{
  char *folder;
  char *uri;
} Place;

static GPid service;

static void
set_up (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  place->folder = g_dir_make_tmp ("remote-XXXXXX", &error);
  g_assert_no_error (error);
  place->uri = g_strconcat ("localtest://", place->folder, NULL);
}

static void
tear_down (Place *place, gconstpointer data)
{
  spare_test_remove_tree (place->folder);
  g_free (place->folder);
  g_free (place->uri);
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

static void
assert_n_files (const char *folder, guint n)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint found = 0;

  while (g_dir_read_name (dir) != NULL)
    found++;
  g_assert_cmpuint (found, ==, n);
}

static gboolean
skip (void)
{
  if (service == 0)
    g_test_skip ("needs GVfs with its localtest backend");
  return service == 0;
}

static void
test_put (Place *place, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 700000 };

  if (skip ())
    return;
  g_assert_false (spare_delivery_is_local (place->uri));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = g_build_filename (place->folder, NAME, NULL);
      g_autofree char *expected = g_build_filename (place->uri, NAME, NULL);
      g_autoptr (GBytes) octets = make_octets (sizes[i], i);

      for (guint again = 0; again < 2; again++)
        {
          g_autofree char *final = NULL;
          g_autoptr (GError) error = NULL;
          gboolean done = spare_delivery_put_sync (place->uri, NAME, octets, &final, NULL,
                                                   &error);

          g_assert_no_error (error);
          g_assert_true (done);
          g_assert_cmpstr (final, ==, expected);
          assert_holds (place->folder, octets);
          assert_n_files (place->folder, 1);
        }
      g_unlink (path);
    }
}

static void
test_taken (Place *place, gconstpointer data)
{
  g_autofree char *path = g_build_filename (place->folder, NAME, NULL);
  g_autoptr (GBytes) octets = make_octets (5000, 1);
  g_autoptr (GBytes) longer = make_octets (5001, 1);
  g_autoptr (GError) error = NULL;

  if (skip ())
    return;
  g_file_set_contents (path, g_bytes_get_data (longer, NULL), 5001, NULL);
  g_assert_false (spare_delivery_put_sync (place->uri, NAME, octets, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  assert_holds (place->folder, longer);
  g_clear_error (&error);
  g_unlink (path);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_false (spare_delivery_put_sync (place->uri, NAME, octets, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  assert_n_files (place->folder, 1);
}

static void
test_missing (Place *place, gconstpointer data)
{
  g_autofree char *missing = g_strconcat (place->uri, "/missing", NULL);
  g_autoptr (GBytes) octets = make_octets (10, 1);
  g_autoptr (GError) error = NULL;

  if (skip ())
    return;
  g_assert_false (spare_delivery_put_sync (missing, NAME, octets, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_n_files (place->folder, 0);
}

static void
test_cancelled (Place *place, gconstpointer data)
{
  g_autoptr (GBytes) octets = make_octets (10, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  if (skip ())
    return;
  g_cancellable_cancel (cancellable);
  g_assert_false (
      spare_delivery_put_sync (place->uri, NAME, octets, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_n_files (place->folder, 0);
}

static void
test_unreachable (Place *place, gconstpointer data)
{
  static const char *const uris[] = { "sftp://server.invalid/x", "nonsense://x/y",
                                      "computer:///" };
  g_autoptr (GBytes) octets = make_octets (10, 1);

  if (skip ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (spare_delivery_put_sync (uris[i], NAME, octets, NULL, NULL, &error));
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
      g_assert_cmpint (error->domain, ==, G_IO_ERROR);
      g_assert_nonnull (strstr (error->message, "“"));
    }
}

/* What serves one kind of location is a child of the service. */
static void
kill_backends (void)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", service, service);
  g_autofree char *text = NULL;
  g_auto (GStrv) pids = NULL;
  guint n_killed = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  pids = g_strsplit (text, " ", -1);
  for (guint i = 0; pids[i] != NULL; i++)
    {
      int pid = atoi (pids[i]);

      n_killed += pid > 1 && kill (pid, SIGKILL) == 0;
    }
  g_assert_cmpuint (n_killed, >, 0);
}

/* Last: it is not started again. */
static void
test_service_dies (Place *place, gconstpointer data)
{
  g_autoptr (GBytes) octets = make_octets (10, 1);
  g_autoptr (GError) error = NULL;
  GLogLevelFlags fatal;

  if (skip ())
    return;
  /* GVfs warns of it. */
  fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  kill_backends ();
  g_assert_false (spare_delivery_put_sync (place->uri, NAME, octets, NULL, NULL, &error));
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  g_test_message ("%s", error->message);
  assert_n_files (place->folder, 0);
  g_log_set_always_fatal (fatal);
}

/* Starts the service on the session's own bus and has it serve. */
static void
start_service (void)
{
  const char *argv[] = { SERVICE, "--no-fuse", NULL };
  const char *mount_argv[] = { "gio", "mount", "localtest:///", NULL };
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  int status = -1;

  if (!g_file_test (SERVICE, G_FILE_TEST_IS_EXECUTABLE)
      || !g_file_test (BACKEND, G_FILE_TEST_IS_EXECUTABLE)
      || !g_spawn_async (NULL, (char **) argv, NULL,
                         G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                         &service, NULL))
    return;
  do
    g_spawn_sync (NULL, (char **) mount_argv, NULL,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                  &status, NULL);
  while (status != 0 && g_get_monotonic_time () < deadline);
  if (status == 0)
    return;
  kill (service, SIGKILL);
  waitpid (service, NULL, 0);
  service = 0;
}

int
main (int argc, char **argv)
{
  int status;

  /* The session leaves GVfs out; this is its test. */
  g_setenv ("GIO_USE_VFS", "gvfs", TRUE);
  g_test_init (&argc, &argv, NULL);
  start_service ();

#define ADD(path, function) \
  g_test_add ("/delivery/remote/" path, Place, NULL, set_up, function, tear_down)
  ADD ("what-is-put-is-there", test_put);
  ADD ("something-else-under-the-name-is-untouched", test_taken);
  ADD ("a-missing-folder-is-not-made", test_missing);
  ADD ("cancelled-leaves-nothing", test_cancelled);
  ADD ("what-is-not-connected-is-named", test_unreachable);
  ADD ("a-service-that-died-is-an-error", test_service_dies);
  status = g_test_run ();
  if (service != 0)
    {
      kill (service, SIGTERM);
      waitpid (service, NULL, 0);
    }
  return status;
}
