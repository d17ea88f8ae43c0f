/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a helper program of GnuPG that GPGME has no call for.
 *
 * Promise: returns within the time limit, whatever the program does, and leaves no child behind. A secret goes through
 * a pipe (descriptor 3), never through arguments or environment. What the program starts and leaves running (an agent)
 * may inherit the pipe, so the end is the program's exit, not the end of its output. */
#include "config.h"

#include "spare-child-private.h"

#include "spare-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_MAX 4096

static char **
build_environment (gboolean clean)
{
  static const char *const kept[] = { "HOME",
                                      "PATH",
                                      "XDG_RUNTIME_DIR",
                                      "DISPLAY",
                                      "XAUTHORITY",
                                      "WAYLAND_DISPLAY",
                                      "DBUS_SESSION_BUS_ADDRESS",
                                      "XDG_SESSION_TYPE",
                                      "GPG_TTY",
                                      "TERM",
                                      "PINENTRY_USER_DATA" };
  g_auto (GStrv) inherited = g_get_environ ();
  g_auto (GStrv) result = NULL;

  if (!clean)
    return g_environ_unsetenv (g_steal_pointer (&inherited), "GNUPGHOME");
  for (gsize i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      const char *value = g_environ_getenv (inherited, kept[i]);

      if (value != NULL)
        result = g_environ_setenv (result, kept[i], value, TRUE);
    }
  return g_environ_setenv (g_steal_pointer (&result), "LANG", "C.UTF-8", TRUE);
}

/* A pipe that already holds all of its text: what is this short never blocks. Returns the end to read from. */
static int
fill_pipe (const guint8 *text, gsize size, gboolean line)
{
  int fds[2];
  gboolean written;

  if (size > INPUT_MAX || !g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    return -1;
  written = write (fds[1], text, size) == (gssize) size
            && (!line || write (fds[1], "\n", 1) == 1);
  close (fds[1]);
  if (written)
    return fds[0];
  close (fds[0]);
  return -1;
}

/* TRUE at the end of the output. */
static gboolean
read_some (int fd, GByteArray *output, gsize max, gboolean *too_large)
{
  guint8 buffer[4096];
  gssize n = read (fd, buffer, sizeof buffer);

  if (n < 0)
    return errno != EINTR && errno != EAGAIN;
  if (n == 0)
    return TRUE;
  if (output->len + (gsize) n > max)
    *too_large = TRUE;
  else
    g_byte_array_append (output, buffer, (guint) n);
  return FALSE;
}

typedef enum
{
  END_EXITED,
  END_LATE,
  END_CANCELLED,
  END_TOO_LARGE,
} End;

static End
watch (const SpareChild *child,
       int pidfd,
       int fd,
       GByteArray *output,
       GCancellable *cancellable)
{
  gint64 deadline = g_get_monotonic_time () + child->seconds * G_USEC_PER_SEC;
  GPollFD cancel = { .fd = -1 };
  gboolean has_cancel = cancellable && g_cancellable_make_pollfd (cancellable, &cancel);
  gboolean too_large = FALSE;
  End end = END_LATE;

  for (;;)
    {
      struct pollfd slots[] = { { pidfd, POLLIN, 0 },
                                { fd, POLLIN, 0 },
                                { has_cancel ? cancel.fd : -1, POLLIN, 0 } };
      gint64 left = (deadline - g_get_monotonic_time ()) / 1000;

      if (left <= 0)
        break;
      if (poll (slots, G_N_ELEMENTS (slots), (int) left) < 0)
        continue;
      if (slots[1].revents != 0 && read_some (fd, output, child->output_max, &too_large))
        fd = -1;
      if (too_large)
        end = END_TOO_LARGE;
      else if (g_cancellable_is_cancelled (cancellable))
        end = END_CANCELLED;
      else if (slots[0].revents != 0)
        end = END_EXITED;
      else
        continue;
      break;
    }
  if (has_cancel)
    g_cancellable_release_fd (cancellable);
  /* What it printed last may still be in the pipe; somebody else may hold the other end, so never wait for it. */
  while (end == END_EXITED && fd >= 0)
    {
      struct pollfd slot = { fd, POLLIN, 0 };

      if (poll (&slot, 1, 0) <= 0 || read_some (fd, output, child->output_max, &too_large))
        fd = -1;
      if (too_large)
        end = END_TOO_LARGE;
    }
  return end;
}

static int
reap (GPid pid, End end)
{
  int status = 0;

  if (end != END_EXITED)
    kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void
set_end_error (GError **error, End end, const char *program)
{
  g_debug ("%s: ended badly (%d)", program, end);
  if (end == END_CANCELLED)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled."));
  else if (end == END_TOO_LARGE)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                         _ ("GnuPG answered with far more than was asked for. Nothing was "
                            "changed."));
  else if (end == END_LATE)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                         _ ("GnuPG does not answer. Nothing was changed. Check its "
                            "installation and try again."));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                         _ ("GnuPG could not do this. Nothing was changed. Check its "
                            "installation and try again."));
}

static gboolean
spawn (const SpareChild *child, GPid *pid, int *output_fd, GError **error)
{
  g_auto (GStrv) environment = build_environment (child->clean);
  g_autoptr (GError) failure = NULL;
  int input = -1, secret = -1, n_fds = 0, target = 3;
  gboolean ok = TRUE;

  if (child->input != NULL)
    ok = (input = fill_pipe ((const guint8 *) child->input, strlen (child->input), FALSE)) >= 0;
  if (ok && child->secret != NULL)
    {
      ok = (secret = fill_pipe (spare_secret_get_data (child->secret),
                                spare_secret_get_size (child->secret), TRUE))
           >= 0;
      n_fds = 1;
    }
  ok = ok
       && g_spawn_async_with_pipes_and_fds (NULL, child->argv,
                                            (const char *const *) environment,
                                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES
                                                | G_SPAWN_STDERR_TO_DEV_NULL,
                                            NULL, NULL, input, -1, -1, &secret, &target,
                                            (gsize) n_fds, pid, NULL, output_fd, NULL,
                                            &failure);
  if (input >= 0)
    close (input);
  if (secret >= 0)
    close (secret);
  if (ok)
    return TRUE;
  g_debug ("%s: %s", child->argv[0], failure ? failure->message : "no pipe");
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("GnuPG is not installed, or does not work. Install it and try "
                          "again."));
  return FALSE;
}

GBytes *
spare_child_run_sync (const SpareChild *child,
                      int *exit_status,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  GPid pid;
  int fd, pidfd, status;
  End end = END_LATE;

  if (exit_status)
    *exit_status = -1;
  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !spawn (child, &pid, &fd, error))
    return NULL;
  /* The child is not reaped yet, so its id is still its own. */
  pidfd = (int) syscall (SYS_pidfd_open, pid, 0);
  if (pidfd >= 0)
    {
      end = watch (child, pidfd, fd, output, cancellable);
      close (pidfd);
    }
  else
    g_debug ("pidfd_open: %s", g_strerror (errno));
  close (fd);
  status = reap (pid, end);
  if (exit_status)
    *exit_status = status;
  if (end == END_EXITED && status == 0)
    return g_byte_array_free_to_bytes (g_steal_pointer (&output));
  g_debug ("%s: exit %d", child->argv[0], status);
  set_end_error (error, end, child->argv[0]);
  return NULL;
}
