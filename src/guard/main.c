/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-gpg, the engine guard: stands between GPGME and gpg, and tells the truth about how
 * gpg ended.
 *
 * GPGME forks twice and never learns gpg's exit status. So it reports success for damaged
 * messages of which only the exit status tells, for encryptions whose gpg was killed, and an
 * empty keyring for an engine that crashed; and it spins for ever when gpg ends before it has
 * read its input. GPGME is pointed at this program instead, which runs gpg by the path fixed
 * at build time, with nothing read from gpg.conf and a small environment, under limits; says
 * on the status descriptor how it ended (spare-guard-status.h); and reads what is left of the
 * input, so that the feeder comes to its end.
 *
 * Under the name "sparekey-gpg-noverify" signatures in encrypted messages are not looked at,
 * so that exit 0 means "decrypted and intact", whoever signed.
 *
 * Not guaranteed: that gpg did what was asked. The output must be walked by who asked.
 * If this program is killed, gpg ends too, and the last status line is missing. */

#include "config.h"

#include "guard-call.h"
#include "guard-engine.h"
#include "guard-environment.h"
#include "spare-guard-status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Tests build this same source with the path of an engine that dies, hangs or lies. */
#ifndef GUARD_ENGINE_PATH
#  define GUARD_ENGINE_PATH GPG_PATH
#endif

/* gpg_error_t: the source in the top octet, GPG_ERR_SOURCE_GPG is 2. The numbers of gpg-error
 * are its ABI; with its header alone they would drag in the library. */
#define GPG_ERROR(code) ((2u << 24) | (code))
#define ERR_GENERAL     1
#define ERR_INV_ARG     45
#define ERR_INTERNAL    63
#define ERR_BAD_DATA    89
#define ERR_CANCELED    99
#define ERR_INV_ENGINE  150

static const struct
{
  const char *reason;
  unsigned int code;
  const char *message;
} endings[] = {
  [GUARD_END_EXIT] = { "exit", ERR_GENERAL, "the engine failed" },
  [GUARD_END_SIGNAL] = { "signal", ERR_INTERNAL, "the engine was ended by a signal" },
  [GUARD_END_NOT_STARTED] = { "start", ERR_INV_ENGINE, "the engine could not be started" },
  [GUARD_END_GARBAGE] = { "garbage", ERR_BAD_DATA, "the engine's listing is damaged" },
  [GUARD_END_REFUSED] = { "refused", ERR_INV_ARG, "no home folder was named (--homedir)" },
  [GUARD_END_CANCELLED] = { "cancelled", ERR_CANCELED, "the engine was told to stop" },
};

static void say (int fd, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

static void
say (int fd, const char *format, ...)
{
  char text[256];
  va_list arguments;
  int length;

  if (fd < 0)
    return;

  va_start (arguments, format);
  length = vsnprintf (text, sizeof text, format, arguments);
  va_end (arguments);

  /* At most PIPE_BUF octets: all or, the reader being gone, nothing. */
  while (length > 0 && write (fd, text, (size_t) length) < 0 && errno == EINTR)
    ;
}

/* Which operation of GPGME heeds which line was read in its sources (1.18): key listings look
 * at ERROR keydb_search only, exports at ERROR export_keys.secret, deletions at
 * DELETE_PROBLEM; encryption, decryption, signing, key generation and the quick edits at
 * FAILURE. Imports and verifications heed none: their caller reads the last line. */
static void
report (const GuardCall *call, const GuardEnd *end)
{
  unsigned int code = GPG_ERROR (endings[end->kind].code);

  if (end->line_open)
    say (call->status_fd, "\n");

  /* "No such key" is an answer, not a failure; its exit status still shows below. */
  if (end->status != 0 && !(end->kind == GUARD_END_EXIT && call->listing && end->key_not_found))
    {
      if (call->listing)
        say (call->status_fd, "[GNUPG:] ERROR keydb_search %u\n", code);
      /* Any number that DELETE_PROBLEM does not define is "general error" to GPGME. */
      if (call->delete_)
        say (call->status_fd, "[GNUPG:] DELETE_PROBLEM 99\n");
      if (call->export_)
        say (call->status_fd, "[GNUPG:] ERROR export_keys.secret %u\n", code);
      say (call->status_fd, "[GNUPG:] FAILURE " SPARE_GUARD_LOCATION " %u\n", code);
      say (call->logger_fd >= 0 ? call->logger_fd : STDERR_FILENO, "sparekey-gpg: %s (%d)\n",
           endings[end->kind].message, end->status);
    }

  say (call->status_fd, "[GNUPG:] " SPARE_GUARD_EXIT_KEYWORD " %d %s\n", end->status,
       endings[end->kind].reason);
}

/* Reads the inputs to their ends. Their feeder comes to it, or gives up and closes them:
 * GPGME does when it has read the end of the status descriptor after a failure. A pipe closed
 * here while it is full would leave GPGME's own loop polling an error that it doesn't know. */
static void
drain (const GuardCall *call)
{
  static char waste[65536];
  struct pollfd fds[GUARD_MAX_INPUTS];
  size_t open_inputs = call->n_inputs;

  for (size_t i = 0; i < call->n_inputs; i++)
    fds[i] = (struct pollfd){ .fd = call->inputs[i], .events = POLLIN };

  while (open_inputs > 0)
    {
      if (poll (fds, call->n_inputs, -1) < 0 && errno != EINTR)
        return;
      for (size_t i = 0; i < call->n_inputs; i++)
        {
          if (fds[i].fd < 0 || fds[i].revents == 0)
            continue;
          if (read (fds[i].fd, waste, sizeof waste) <= 0 && errno != EINTR)
            {
              fds[i].fd = -1;
              open_inputs--;
            }
        }
    }
}

static bool
skips_verification (const char *name)
{
  const char *base = strrchr (name, '/');

  return strcmp (base != NULL ? base + 1 : name, "sparekey-gpg-noverify") == 0;
}

/* GPGME asks for the version often, and reads nothing but the first line: no watching, the
 * engine takes this process over. Without an engine nothing is printed, and GPGME shows
 * version 1.0.0. */
static int
run_version (char **envp)
{
  char *argv[] = { (char *) GUARD_ENGINE_PATH, (char *) "--no-options", (char *) "--version",
                   NULL };

  guard_engine_limit ();
  execve (GUARD_ENGINE_PATH, argv, envp);
  return SPARE_GUARD_EXIT_NOT_STARTED;
}

int
main (int argc, char **argv)
{
  GuardCall call;
  GuardEnd end = { .kind = GUARD_END_REFUSED, .status = SPARE_GUARD_EXIT_REFUSED };
  char **engine_argv;
  char **engine_envp;

  guard_call_parse (&call, argc, argv);
  engine_envp = guard_environment_build (environ);
  engine_argv = guard_call_build_engine_argv (&call, GUARD_ENGINE_PATH,
                                              argc > 0 && skips_verification (argv[0]), argc,
                                              argv);
  if (engine_envp == NULL || engine_argv == NULL)
    return SPARE_GUARD_EXIT_NOT_STARTED;

  if (call.version)
    return run_version (engine_envp);

  signal (SIGPIPE, SIG_IGN);
  if (call.has_home)
    end = guard_engine_run (&call, GUARD_ENGINE_PATH, engine_argv, engine_envp);

  report (&call, &end);
  if (call.status_fd >= 0)
    close (call.status_fd);
  if (call.logger_fd >= 0)
    close (call.logger_fd);
  drain (&call);

  return end.status;
}
