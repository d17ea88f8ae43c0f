/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate of large files: two inside, the others wait and can be called off; small ones are not held up. */
#include "config.h"

#include "spare-job-gate-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define PLACES 2

typedef struct
{
  char *folder;
  char *large;
  char *small;
} Fixture;

static char *
make_file (const char *folder, const char *name, off_t size)
{
  char *path = g_build_filename (folder, name, NULL);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  close (fd);
  return path;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("gate-XXXXXX", &error);
  g_assert_no_error (error);
  f->large = make_file (f->folder, "large", 8 * 1024 * 1024);
  f->small = make_file (f->folder, "small", 8 * 1024);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_unlink (f->large);
  g_unlink (f->small);
  g_rmdir (f->folder);
  g_free (f->large);
  g_free (f->small);
  g_free (f->folder);
}

static void
enter (const char *path, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean inside = !expected;

  g_assert_true (spare_job_gate_enter_sync (path, &inside, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (inside, ==, expected);
}

typedef struct
{
  const char *path;
  GCancellable *cancellable;
  GAsyncQueue *told; /* of the thread, when it is through */
  gboolean entered, inside;
  GError *error;
} Waiting;

static gpointer
wait_thread (gpointer data)
{
  Waiting *waiting = data;

  waiting->entered = spare_job_gate_enter_sync (waiting->path, &waiting->inside,
                                                waiting->cancellable, &waiting->error);
  g_async_queue_push (waiting->told, waiting);
  return NULL;
}

static void
test_small (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < PLACES; i++)
    enter (f->large, TRUE);
  for (guint i = 0; i < 5; i++)
    enter (f->small, FALSE);
  enter ("/not/there", FALSE);
  spare_job_gate_leave (FALSE);
  for (guint i = 0; i < PLACES; i++)
    spare_job_gate_leave (TRUE);
}

static void
test_large (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncQueue) told = g_async_queue_new ();
  Waiting waiting = { .path = f->folder, .told = told };
  GThread *thread;

  for (guint i = 0; i < PLACES; i++)
    enter (f->large, TRUE);
  thread = g_thread_new ("wait", wait_thread, &waiting);
  /* A folder counts as large. It can't be seen to wait for ever; a tenth of a second it does. */
  g_assert_null (g_async_queue_timeout_pop (told, G_USEC_PER_SEC / 10));
  spare_job_gate_leave (TRUE);
  g_assert_true (g_async_queue_timeout_pop (told, 60 * G_USEC_PER_SEC) == &waiting);
  g_thread_join (thread);
  g_assert_no_error (waiting.error);
  g_assert_true (waiting.entered && waiting.inside);
  for (guint i = 0; i < PLACES; i++)
    spare_job_gate_leave (TRUE);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncQueue) told = g_async_queue_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Waiting waiting = { .path = f->large, .told = told, .cancellable = cancellable };
  GThread *thread;

  for (guint i = 0; i < PLACES; i++)
    enter (f->large, TRUE);
  thread = g_thread_new ("wait", wait_thread, &waiting);
  g_assert_null (g_async_queue_timeout_pop (told, G_USEC_PER_SEC / 10));
  g_cancellable_cancel (cancellable);
  g_assert_true (g_async_queue_timeout_pop (told, 60 * G_USEC_PER_SEC) == &waiting);
  g_thread_join (thread);
  g_assert_error (waiting.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (waiting.entered || waiting.inside);
  g_clear_error (&waiting.error);

  /* It took no place with it. */
  for (guint i = 0; i < PLACES; i++)
    spare_job_gate_leave (TRUE);
  for (guint i = 0; i < PLACES; i++)
    enter (f->large, TRUE);
  for (guint i = 0; i < PLACES; i++)
    spare_job_gate_leave (TRUE);
}

#define ADD(path, test) g_test_add ("/job-gate/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("small-files-are-not-held-up", test_small);
  ADD ("a-third-large-one-waits-for-a-place", test_large);
  ADD ("who-waits-is-let-go-when-cancelled", test_cancel);
  return g_test_run ();
}
