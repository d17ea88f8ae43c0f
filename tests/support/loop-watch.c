/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into a program with a main loop: tells for how long its main thread was held between two polls of GLib's.
 *
 *   LD_PRELOAD=libloop-watch.so LOOP_WATCH=FILE PROGRAM
 *
 * FILE gets a line for each turn of the loop that took 5 ms or more, and one for every thousand turns, however quick:
 *
 *   turn AT CPU ASLEEP     monotonic ms at its end; ms on a processor; ms asleep, for a lock, a disk, the X server
 *   turns N
 *
 * Time in which the thread was ready to run but got no processor is in neither: that is the load of the machine, not the
 * program's doing. Counted from the time stamps that the kernel keeps for each thread. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TELL_MSEC  5.0
#define TURNS_TOLD 1000

typedef int (*PollFunc) (struct pollfd *, nfds_t, int);

typedef struct
{
  double wall, cpu, waited; /* ms */
} Stamp;

static PollFunc real_poll;
static void *glib_base;
static int schedstat = -1;
static FILE *out;
static Stamp start;
static unsigned turns;

static double
now (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

static Stamp
stamp (void)
{
  Stamp result = { .wall = now (CLOCK_MONOTONIC), .cpu = now (CLOCK_THREAD_CPUTIME_ID) };
  char text[96] = "";
  unsigned long long cpu, waited = 0;

  if (pread (schedstat, text, sizeof text - 1, 0) > 0
      && sscanf (text, "%llu %llu", &cpu, &waited) == 2)
    result.waited = (double) waited / 1e6;
  return result;
}

__attribute__ ((constructor)) static void
set_up (void)
{
  const char *name = getenv ("LOOP_WATCH");
  void *symbol = dlsym (RTLD_DEFAULT, "g_main_context_iteration");
  Dl_info info;

  real_poll = (PollFunc) dlsym (RTLD_NEXT, "poll");
  /* What the program starts in its turn is not watched. */
  unsetenv ("LD_PRELOAD");
  if (name == NULL || symbol == NULL || dladdr (symbol, &info) == 0)
    return;
  glib_base = info.dli_fbase;
  schedstat = open ("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  out = fopen (name, "ae");
}

static int
is_main_loop (void *caller)
{
  Dl_info info;

  return out && getpid () == (pid_t) syscall (SYS_gettid) && dladdr (caller, &info)
         && info.dli_fbase == glib_base;
}

int
poll (struct pollfd *fds, nfds_t n, int timeout)
{
  int result;
  Stamp end;

  if (!is_main_loop (__builtin_return_address (0)))
    return real_poll (fds, n, timeout);
  end = stamp ();
  if (start.wall > 0)
    {
      double cpu = end.cpu - start.cpu;
      double asleep = end.wall - start.wall - cpu - (end.waited - start.waited);

      if (cpu >= TELL_MSEC || asleep >= TELL_MSEC)
        fprintf (out, "turn %.1f %.1f %.1f\n", end.wall, cpu, asleep > 0 ? asleep : 0);
      if (++turns % TURNS_TOLD == 0)
        fprintf (out, "turns %u\n", turns);
      fflush (out);
    }
  result = real_poll (fds, n, timeout);
  start = stamp ();
  return result;
}
