/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Starts a guard with its descriptors at known numbers (status 3, logger 4, input 5, output
 * 1), and reads what comes with a deadline, so that a guard that hangs fails a test. */

#include "config.h"

#include "engine-process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_USEC (60 * G_USEC_PER_SEC)

static void
become_guard (char **argv, char **environment, const int from[4])
{
  static const int to[4] = { STDOUT_FILENO, 3, 4, 5 };
  int safe[4];

  for (int i = 0; i < 4; i++)
    safe[i] = fcntl (from[i], F_DUPFD, 100);
  for (int i = 0; i < 4; i++)
    dup2 (safe[i], to[i]);
  close_range (6, ~0U, 0);
  execve (argv[0], argv, environment);
  _exit (99);
}

/* `guard` is run with `--homedir /nonexistent --status-fd 3 --logger-fd 4` and what follows;
 * the input is "-&5". `environment` NULL: none. */
EngineProcess *
engine_process_start (const char *guard, const char *const *environment, ...)
{
  static char *nothing[] = { NULL };
  EngineProcess *self = g_new0 (EngineProcess, 1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  int output[2], status[2], logger[2], input[2];
  const char *argument;
  va_list arguments;

  g_ptr_array_add (argv, (gpointer) guard);
  va_start (arguments, environment);
  argument = va_arg (arguments, const char *);
  if (g_strcmp0 (argument, "no home") == 0)
    argument = va_arg (arguments, const char *);
  else
    {
      g_ptr_array_add (argv, "--homedir");
      g_ptr_array_add (argv, "/nonexistent");
    }
  g_ptr_array_add (argv, "--status-fd");
  g_ptr_array_add (argv, "3");
  g_ptr_array_add (argv, "--logger-fd");
  g_ptr_array_add (argv, "4");
  for (; argument != NULL; argument = va_arg (arguments, const char *))
    g_ptr_array_add (argv, (gpointer) argument);
  va_end (arguments);
  g_ptr_array_add (argv, NULL);

  g_assert_true (g_unix_open_pipe (output, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (status, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (logger, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (input, FD_CLOEXEC, NULL));

  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    become_guard ((char **) argv->pdata, environment != NULL ? (char **) environment : nothing,
                  (int[]){ output[1], status[1], logger[1], input[0] });

  close (output[1]);
  close (status[1]);
  close (logger[1]);
  close (input[0]);
  self->output_fd = output[0];
  self->status_fd = status[0];
  self->logger_fd = logger[0];
  self->input_fd = input[1];
  g_unix_set_fd_nonblocking (self->output_fd, TRUE, NULL);
  g_unix_set_fd_nonblocking (self->status_fd, TRUE, NULL);
  g_unix_set_fd_nonblocking (self->logger_fd, TRUE, NULL);
  self->output = g_string_new (NULL);
  self->status = g_string_new (NULL);
  self->logger = g_string_new (NULL);

  return self;
}

static void
read_some (int *fd, GString *into)
{
  char buffer[16384];
  gssize n = read (*fd, buffer, sizeof buffer);

  if (n > 0)
    g_string_append_len (into, buffer, n);
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    {
      close (*fd);
      *fd = -1;
    }
}

/* Reads until the status descriptor said `words`, or, NULL, until all are at their ends. */
void
engine_process_read_until (EngineProcess *self, const char *words)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_USEC;

  while (self->output_fd >= 0 || self->status_fd >= 0 || self->logger_fd >= 0)
    {
      struct pollfd fds[] = { { .fd = self->output_fd, .events = POLLIN },
                              { .fd = self->status_fd, .events = POLLIN },
                              { .fd = self->logger_fd, .events = POLLIN } };

      if (words != NULL && engine_process_said (self, words))
        return;

      g_assert_cmpint (poll (fds, 3, 1000), >=, 0);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      if (fds[0].revents)
        read_some (&self->output_fd, self->output);
      if (fds[1].revents)
        read_some (&self->status_fd, self->status);
      if (fds[2].revents)
        read_some (&self->logger_fd, self->logger);
    }
  g_assert_null (words);
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

void
engine_process_close_input (EngineProcess *self)
{
  close_fd (&self->input_fd);
}

/* What a cancelled or dead application does. */
void
engine_process_stop_listening (EngineProcess *self)
{
  close_fd (&self->status_fd);
  close_fd (&self->output_fd);
  close_fd (&self->logger_fd);
  close_fd (&self->input_fd);
}

/* Waits for the guard itself. */
void
engine_process_finish (EngineProcess *self)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_USEC;

  engine_process_close_input (self);
  engine_process_read_until (self, NULL);
  while (wait4 (self->pid, &self->wait_status, WNOHANG, &self->usage) != self->pid)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      poll (NULL, 0, 1);
    }
  self->pid = 0;
}

/* The exit status of a guard that finished; it must have exited. */
int
engine_process_get_exit (EngineProcess *self)
{
  g_assert_true (WIFEXITED (self->wait_status));
  return WEXITSTATUS (self->wait_status);
}

/* Garbage may hold NUL, so strstr() doesn't do. */
gboolean
engine_process_said (EngineProcess *self, const char *words)
{
  return memmem (self->status->str, self->status->len, words, strlen (words)) != NULL;
}

/* The last line of the status descriptor, without its newline. */
const char *
engine_process_get_last_line (EngineProcess *self)
{
  char *newline;

  g_assert_cmpuint (self->status->len, >, 0);
  g_assert_cmpint (self->status->str[self->status->len - 1], ==, '\n');
  g_string_truncate (self->status, self->status->len - 1);
  newline = memrchr (self->status->str, '\n', self->status->len);
  return newline != NULL ? newline + 1 : self->status->str;
}

void
engine_process_free (EngineProcess *self)
{
  engine_process_stop_listening (self);
  if (self->pid > 0)
    {
      kill (self->pid, SIGKILL);
      waitpid (self->pid, NULL, 0);
    }
  g_string_free (self->output, TRUE);
  g_string_free (self->status, TRUE);
  g_string_free (self->logger, TRUE);
  g_free (self);
}
