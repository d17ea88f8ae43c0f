/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs the engine once, and knows how it ended.
 *
 * Promises: the engine never outlives its reader by more than two seconds (cancel, or the
 * application died), nor the guard itself; nothing that it said on the status descriptor is
 * lost or reordered; every wait is a poll(), so no time is burnt.
 *
 *     GPGME ── data ─────────────────────────────▶ gpg      descriptors go to gpg as they are,
 *     GPGME ◀── data ────────────────────────────  gpg      the guard only keeps the reading
 *     GPGME ◀── status ── guard ◀── status ──────  gpg      end of the input, to drain it
 *     GPGME ◀── listing ── guard ◀── listing ────  gpg                                        */

#include "config.h"

#include "guard-engine.h"

#include "guard-relay.h"
#include "spare-guard-status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between SIGTERM, at which gpg removes its lock files, and SIGKILL. */
#define GRACE_MSEC 2000

typedef struct
{
  pid_t pid;
  int signals; /* signalfd */
  GuardRelay status;
  GuardRelay listing;
  bool ended;
  bool cancelled;
  bool killed;
  long long kill_at; /* CLOCK_MONOTONIC in ms, when `cancelled` */
  int wait_status;
} Run;

static long long
now_msec (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (long long) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
lower_limit (int resource, rlim_t value)
{
  struct rlimit limit;

  if (getrlimit (resource, &limit) < 0)
    return;
  if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value)
    limit.rlim_max = value;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > limit.rlim_max)
    limit.rlim_cur = limit.rlim_max;
  setrlimit (resource, &limit);
}

/* Core files would hold session keys and plaintext. 1 GiB of addresses is four times what gpg
 * was seen to need, and stops a message that makes it allocate without end. A day of processor
 * time encrypts about 1.7 TB with gpg's slowest compression (20 MB/s): it ends only a gpg that
 * spins and that nobody watches. The size of files is not limited: gpg writes into pipes here,
 * and its own small files (trustdb, keyring) must not be cut. */
void
guard_engine_limit (void)
{
  lower_limit (RLIMIT_CORE, 0);
  lower_limit (RLIMIT_AS, (rlim_t) 1 << 30);
  lower_limit (RLIMIT_CPU, 24 * 60 * 60);
}

static void
become_engine (const GuardCall *call,
               const char *path,
               char **argv,
               char **envp,
               pid_t guard,
               int status,
               int listing)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  signal (SIGPIPE, SIG_DFL);

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (getppid () != guard)
    _exit (SPARE_GUARD_EXIT_NOT_STARTED);

  if ((status >= 0 && dup2 (status, call->status_fd) < 0)
      || (listing >= 0 && dup2 (listing, STDOUT_FILENO) < 0))
    _exit (SPARE_GUARD_EXIT_NOT_STARTED);

  guard_engine_limit ();
  execve (path, argv, envp);
  _exit (SPARE_GUARD_EXIT_NOT_STARTED);
}

static int
compare_fds (const void *a, const void *b)
{
  return *(const int *) a - *(const int *) b;
}

/* A writing end kept here would keep GPGME waiting for more; a reading end other than the
 * inputs' would hide from it that the engine is gone. */
static void
close_all_but (int *keep, size_t n)
{
  unsigned int first = 0;

  qsort (keep, n, sizeof *keep, compare_fds);
  for (size_t i = 0; i < n; i++)
    {
      if (keep[i] < 0)
        continue;
      if ((unsigned int) keep[i] > first)
        close_range (first, (unsigned int) keep[i] - 1, 0);
      first = (unsigned int) keep[i] + 1;
    }
  close_range (first, ~0U, 0);
}

static void
close_what_is_the_engines (const GuardCall *call, const Run *run)
{
  int keep[GUARD_MAX_INPUTS + 8];
  size_t n = 0;

  keep[n++] = STDERR_FILENO;
  keep[n++] = call->logger_fd;
  keep[n++] = run->signals;
  keep[n++] = run->status.source;
  keep[n++] = run->status.target;
  keep[n++] = run->listing.source;
  keep[n++] = run->listing.target;
  for (size_t i = 0; i < call->n_inputs; i++)
    keep[n++] = call->inputs[i];

  close_all_but (keep, n);
}

static bool
start (Run *run, const GuardCall *call, const char *path, char **argv, char **envp)
{
  int status[2] = { -1, -1 };
  int listing[2] = { -1, -1 };
  pid_t guard = getpid ();

  if ((call->status_fd >= 0 && pipe2 (status, O_CLOEXEC) < 0)
      || (call->listing && pipe2 (listing, O_CLOEXEC) < 0))
    return false;

  run->pid = fork ();
  if (run->pid < 0)
    return false;
  if (run->pid == 0)
    become_engine (call, path, argv, envp, guard, status[1], listing[1]);

  guard_relay_init (&run->status, GUARD_RELAY_STATUS, status[0], call->status_fd);
  guard_relay_init (&run->listing, GUARD_RELAY_LISTING, listing[0],
                    call->listing ? STDOUT_FILENO : -1);
  close_what_is_the_engines (call, run);
  return true;
}

static void
cancel (Run *run)
{
  if (run->cancelled || run->ended)
    return;
  run->cancelled = true;
  run->kill_at = now_msec () + GRACE_MSEC;
  kill (run->pid, SIGTERM);
}

static void
read_signals (Run *run)
{
  struct signalfd_siginfo info;

  while (read (run->signals, &info, sizeof info) == sizeof info)
    {
      if (info.ssi_signo != SIGCHLD)
        cancel (run);
      else if (!run->ended && waitpid (run->pid, &run->wait_status, WNOHANG) == run->pid)
        run->ended = true;
    }
}

/* How long to wait for something to happen, in ms: for ever, until the engine's grace is
 * over, or not at all while the last words of an engine that ended are being fetched. */
static int
get_timeout (const Run *run)
{
  long long left;

  if (run->ended)
    {
      bool fetch = (run->status.source >= 0
                    && run->status.buffer_start == run->status.buffer_end)
                   || (run->listing.source >= 0
                       && run->listing.buffer_start == run->listing.buffer_end);
      return fetch ? 0 : -1;
    }
  if (!run->cancelled || run->killed)
    return -1;

  left = run->kill_at - now_msec ();
  return left > 0 ? (int) left : 0;
}

static void
watch (Run *run)
{
  while (!run->ended || !guard_relay_is_done (&run->status)
         || !guard_relay_is_done (&run->listing))
    {
      struct pollfd fds[5];

      fds[0] = (struct pollfd){ .fd = run->ended ? -1 : run->signals, .events = POLLIN };
      guard_relay_prepare (&run->status, fds + 1);
      guard_relay_prepare (&run->listing, fds + 3);
      if (poll (fds, 5, get_timeout (run)) < 0 && errno != EINTR)
        cancel (run);

      /* What the engine said comes first: it ended only after it had said it. */
      guard_relay_dispatch (&run->status, fds + 1, run->ended);
      guard_relay_dispatch (&run->listing, fds + 3, run->ended);
      read_signals (run);

      if (run->status.reader_gone || run->listing.reader_gone)
        cancel (run);
      if (run->cancelled && !run->killed && !run->ended && now_msec () >= run->kill_at)
        {
          run->killed = true;
          kill (run->pid, SIGKILL);
        }
    }
}

static GuardEnd
judge (const Run *run, const GuardCall *call)
{
  GuardEnd end = { .kind = GUARD_END_EXIT,
                   .key_not_found = run->status.key_not_found,
                   .line_open = run->status.line_open };

  if (WIFSIGNALED (run->wait_status))
    {
      end.kind = GUARD_END_SIGNAL;
      end.status = 128 + WTERMSIG (run->wait_status);
    }
  else
    {
      end.status = WEXITSTATUS (run->wait_status);
      if (end.status == SPARE_GUARD_EXIT_NOT_STARTED)
        end.kind = GUARD_END_NOT_STARTED;
      else if (end.status == 0 && call->listing && run->listing.malformed)
        {
          end.kind = GUARD_END_GARBAGE;
          end.status = SPARE_GUARD_EXIT_GARBAGE;
        }
    }

  /* An engine that was told to stop may call that a success. */
  if (run->cancelled)
    {
      end.kind = GUARD_END_CANCELLED;
      if (end.status == 0)
        end.status = 128 + SIGTERM;
    }

  return end;
}

/* Runs `path` and returns when it has ended and all that it said is handed on. Afterwards
 * only the inputs, the status descriptor, the logger's and stderr are open here. */
GuardEnd
guard_engine_run (const GuardCall *call, const char *path, char **argv, char **envp)
{
  static Run run = { .signals = -1 };
  sigset_t watched;
  GuardEnd end = { .kind = GUARD_END_NOT_STARTED, .status = SPARE_GUARD_EXIT_NOT_STARTED };

  sigemptyset (&watched);
  sigaddset (&watched, SIGCHLD);
  sigaddset (&watched, SIGTERM);
  sigaddset (&watched, SIGINT);
  sigaddset (&watched, SIGHUP);
  sigprocmask (SIG_BLOCK, &watched, NULL);
  signal (SIGCHLD, SIG_DFL);
  signal (SIGPIPE, SIG_IGN);

  run.signals = signalfd (-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  if (run.signals < 0 || !start (&run, call, path, argv, envp))
    return end;

  watch (&run);
  close (run.signals);
  if (call->listing && call->status_fd != STDOUT_FILENO)
    guard_relay_close (&run.listing);

  end = judge (&run, call);
  return end;
}
