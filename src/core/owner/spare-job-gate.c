/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where jobs that compute or read for long wait for each other.
 *
 * A small file is mostly waiting for the disk and for processes to start, so several of them go at once; several large
 * ones would only be in each other's way. So a large file, or a folder, passes this gate before its work begins, whichever
 * list of jobs it is in.
 *
 * Promise: never more of them inside than there are places; who waits outside is let go at once when cancelled.
 */
#include "config.h"

#include "spare-job-gate-private.h"

#include <sys/stat.h>

/* One engine waits for the disk while the other computes; more of them wait for each other. */
#define PLACES 2
#define LARGE  (1024 * 1024)

static GMutex lock;
static GCond changed;
static guint n_inside; /* guarded by lock */

static void
wake_cb (GCancellable *cancellable, gpointer data)
{
  g_mutex_lock (&lock);
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

/* What can't be looked at fails soon. */
static gboolean
is_large (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 && (S_ISDIR (status.st_mode) || status.st_size > LARGE);
}

gboolean
spare_job_gate_enter_sync (const char *path,
                           gboolean *inside,
                           GCancellable *cancellable,
                           GError **error)
{
  gulong handler = 0;

  *inside = FALSE;
  if (!is_large (path))
    return TRUE;
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_cb), NULL, NULL);
  g_mutex_lock (&lock);
  while (n_inside >= PLACES && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&changed, &lock);
  *inside = !g_cancellable_is_cancelled (cancellable);
  if (*inside)
    n_inside++;
  g_mutex_unlock (&lock);
  /* It waits for a wake_cb() that runs: not with the lock held. */
  g_cancellable_disconnect (cancellable, handler);
  return *inside || !g_cancellable_set_error_if_cancelled (cancellable, error);
}

void
spare_job_gate_leave (gboolean inside)
{
  if (!inside)
    return;
  g_mutex_lock (&lock);
  n_inside--;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}
