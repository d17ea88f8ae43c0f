/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The engine guard with engines that die, hang and lie, looked at from outside. */

#include "config.h"

#include "engine-process.h"
#include "guard-call.h"
#include "guard-environment.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *
build_guard (const char *kind)
{
  return g_build_filename (g_getenv ("FAKE_GUARDS"), kind, "sparekey-gpg", NULL);
}

/* The process that a fake said it is. */
static pid_t
read_engine_pid (EngineProcess *process)
{
  int pid = 0;

  engine_process_read_until (process, " 0 0\n");
  g_assert_cmpint (sscanf (process->status->str, "[GNUPG:] PROGRESS pid %d", &pid), ==, 1);
  return pid;
}

/* Waits, with a deadline, until there is no such process. */
static void
wait_for_end (pid_t pid)
{
  gint64 start = g_get_monotonic_time ();

  while (kill (pid, 0) == 0)
    {
      g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
      g_autofree char *stat = NULL;

      /* An orphan may stay a zombie where nobody reaps. */
      if (g_file_get_contents (path, &stat, NULL, NULL) && strstr (stat, ") Z ") != NULL)
        break;
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
      poll (NULL, 0, 5);
    }
}

static void
test_tells_how_the_engine_ended (void)
{
  static const struct
  {
    const char *kind;
    const char *command;
    int exit;
    const char *last_line;
    const char *failure;
  } rows[] = {
    /* an engine that works says so, and nothing else is said */
    { "tells", "--encrypt", 0, "[GNUPG:] X_SPAREKEY_EXIT 0 exit", NULL },
    { "exits-1", "--encrypt", 1, "[GNUPG:] X_SPAREKEY_EXIT 1 exit", "enginewrap 33554433" },
    { "crashes", "--encrypt", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "enginewrap 33554495" },
    { "missing", "--encrypt", 127, "[GNUPG:] X_SPAREKEY_EXIT 127 start",
      "enginewrap 33554582" },
    { "dies-late", "--encrypt", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "enginewrap 33554495" },
    { "lies", "--decrypt", 2, "[GNUPG:] X_SPAREKEY_EXIT 2 exit", "enginewrap 33554433" },
    /* half a line must not swallow the guard's own */
    { "half-line", "--encrypt", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "PROGR\n[GNUPG:] FAILURE enginewrap 33554495" },
    /* what GPGME heeds differs by operation */
    { "crashes", "--with-colons", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "ERROR keydb_search 33554495" },
    { "garbage", "--with-colons", 125, "[GNUPG:] X_SPAREKEY_EXIT 125 garbage",
      "ERROR keydb_search 33554521" },
    { "half-listing", "--with-colons", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "ERROR keydb_search 33554495" },
    { "crashes", "--export", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "ERROR export_keys.secret 33554495" },
    { "crashes", "--delete-key", 139, "[GNUPG:] X_SPAREKEY_EXIT 139 signal",
      "DELETE_PROBLEM 99" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *guard = build_guard (rows[i].kind);
      g_autoptr (EngineProcess)
          process = engine_process_start (guard, NULL, rows[i].command, "--", "-&5", NULL);

      g_test_message ("%s %s", rows[i].kind, rows[i].command);
      engine_process_finish (process);
      g_assert_cmpint (engine_process_get_exit (process), ==, rows[i].exit);
      if (rows[i].failure != NULL)
        g_assert_true (engine_process_said (process, rows[i].failure));
      else
        g_assert_false (engine_process_said (process, "FAILURE"));
      g_assert_cmpstr (engine_process_get_last_line (process), ==, rows[i].last_line);
    }
}

static void
test_version_without_engine_prints_nothing (void)
{
  static const char *const kinds[] = { "missing", "crashes", "exits-1" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *guard = build_guard (kinds[i]);
      const char *argv[] = { guard, "--version", NULL };
      g_autofree char *output = NULL;
      int status = 0;

      g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                                   &output, NULL, &status, NULL));
      g_assert_cmpstr (output, ==, "");
      g_assert_cmpint (status, !=, 0);
    }
}

static void
test_version_is_the_engines (void)
{
  const char *argv[] = { g_getenv ("GUARD"), "--version", NULL };
  g_autofree char *output = NULL;
  int status = 0;

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output,
                               NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  g_assert_true (g_str_has_prefix (output, "gpg (GnuPG) 2."));
}

static void
test_engine_gets_only_what_is_allowed (void)
{
  static const char *const environment[] = {
    "HOME=/home/x",     "LD_PROFILE_OUTPUT=/tmp", "GNUPGHOME=/tmp/other",
    "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8",     "GPG_TTY=/dev/pts/1",
    "HOMEPAGE=x",       "HOME=/home/second",      NULL
  };
  g_autofree char *guard = build_guard ("tells");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, environment, "--encrypt", "--", "-&5", NULL);
  g_auto (GStrv) lines = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);

  engine_process_finish (process);
  lines = g_strsplit (process->output->str, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (!g_str_has_prefix (*line, "argument"))
      g_string_append_printf (seen, "%s\n", *line);

  /* 0 is the test's own, 2 its stderr; 1, 3, 4 and 5 are the pipes. 9 is SIGKILL, 15 SIGTERM. */
  g_assert_cmpstr (seen->str, ==,
                   "environment HOME=/home/x\n"
                   "environment GPG_TTY=/dev/pts/1\n"
                   "environment LANG=C.UTF-8\n"
                   "limit core 0\n"
                   "limit memory 1073741824\n"
                   "limit processor 86400\n"
                   "limit file -1\n"
                   "death 15\n"
                   "descriptor 0\n"
                   "descriptor 1\n"
                   "descriptor 2\n"
                   "descriptor 3\n"
                   "descriptor 4\n"
                   "descriptor 5\n\n");
}

static gboolean
engine_got (const char *guard, const char *command, const char *argument)
{
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, command, "--", "-&5", NULL);
  g_autofree char *line = g_strdup_printf ("\nargument %s\n", argument);

  engine_process_finish (process);
  g_assert_cmpint (engine_process_get_exit (process), ==, 0);
  return strstr (process->output->str, line) != NULL;
}

static void
test_engine_reads_no_options_file (void)
{
  g_autofree char *guard = build_guard ("tells");

  g_assert_true (engine_got (guard, "--encrypt", "--no-options"));
  g_assert_true (engine_got (guard, "--encrypt", "--no-autostart"));
  g_assert_true (engine_got (guard, "--encrypt", "--encrypt"));
}

static void
test_only_a_decryption_skips_verification (void)
{
  g_autofree char *guard = build_guard ("tells");
  g_autofree char *noverify = g_build_filename (g_getenv ("FAKE_GUARDS"), "tells",
                                                "sparekey-gpg-noverify", NULL);

  g_assert_true (engine_got (noverify, "--decrypt", "--skip-verify"));
  g_assert_false (engine_got (noverify, "--verify", "--skip-verify"));
  g_assert_false (engine_got (guard, "--decrypt", "--skip-verify"));
}

static void
test_refuses_without_a_home (void)
{
  g_autofree char *guard = build_guard ("tells");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "no home", "--encrypt", "--", "-&5", NULL);

  engine_process_finish (process);
  g_assert_cmpint (engine_process_get_exit (process), ==, 124);
  g_assert_cmpstr (process->output->str, ==, "");
  g_assert_cmpstr (engine_process_get_last_line (process), ==,
                   "[GNUPG:] X_SPAREKEY_EXIT 124 refused");
}

static void
test_hands_on_all_that_the_engine_says (void)
{
  g_autofree char *guard = build_guard ("spews");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "--with-colons", "--list-keys", NULL);
  g_auto (GStrv) status = NULL;
  g_auto (GStrv) output = NULL;

  engine_process_finish (process);
  status = g_strsplit (process->status->str, "\n", -1);
  output = g_strsplit (process->output->str, "\n", -1);

  /* and the guard's own line, and nothing after the last newline */
  g_assert_cmpuint (g_strv_length (status), ==, 50002);
  g_assert_cmpuint (g_strv_length (output), ==, 50001);
  for (int i = 0; i < 50000; i++)
    {
      int n = -1;

      g_assert_cmpint (sscanf (status[i], "[GNUPG:] NOTATION_DATA %d xxx", &n), ==, 1);
      g_assert_cmpint (n, ==, i);
      g_assert_cmpint (sscanf (output[i], "uid:u::::%d::xxx", &n), ==, 1);
      g_assert_cmpint (n, ==, i);
    }
  g_assert_cmpstr (status[50000], ==, "[GNUPG:] X_SPAREKEY_EXIT 0 exit");
}

static void
test_engine_ends_when_its_reader_is_gone (void)
{
  g_autofree char *guard = build_guard ("hangs");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "--encrypt", "--", "-&5", NULL);
  pid_t engine = read_engine_pid (process);

  engine_process_stop_listening (process);
  wait_for_end (engine);
  engine_process_finish (process);
  g_assert_cmpint (engine_process_get_exit (process), ==, 128 + SIGTERM);
}

static void
test_deaf_engine_is_killed_after_two_seconds (void)
{
  g_autofree char *guard = build_guard ("deaf");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "--encrypt", "--", "-&5", NULL);
  pid_t engine = read_engine_pid (process);
  gint64 start = g_get_monotonic_time ();

  engine_process_stop_listening (process);
  wait_for_end (engine);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 1900 * 1000);

  engine_process_finish (process);
  g_assert_cmpint (engine_process_get_exit (process), ==, 128 + SIGKILL);
  /* waited, not spun: that would be two seconds */
  g_assert_cmpint ((process->usage.ru_utime.tv_sec + process->usage.ru_stime.tv_sec)
                           * G_USEC_PER_SEC
                       + process->usage.ru_utime.tv_usec + process->usage.ru_stime.tv_usec,
                   <, G_USEC_PER_SEC);
}

static void
test_engine_ends_with_a_killed_guard (void)
{
  g_autofree char *guard = build_guard ("hangs");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "--encrypt", "--", "-&5", NULL);
  pid_t engine = read_engine_pid (process);

  kill (process->pid, SIGKILL);
  engine_process_finish (process);
  g_assert_false (engine_process_said (process, "X_SPAREKEY_EXIT"));
  wait_for_end (engine);
}

static void
test_terminated_guard_reports_a_cancelled_engine (void)
{
  g_autofree char *guard = build_guard ("hangs");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "--encrypt", "--", "-&5", NULL);

  read_engine_pid (process);
  kill (process->pid, SIGTERM);
  engine_process_finish (process);
  g_assert_cmpint (engine_process_get_exit (process), ==, 128 + SIGTERM);
  g_assert_true (engine_process_said (process, "FAILURE enginewrap 33554531\n"));
  g_assert_cmpstr (engine_process_get_last_line (process), ==,
                   "[GNUPG:] X_SPAREKEY_EXIT 143 cancelled");
}

/* 16 MiB, many times what a pipe holds: without a reader this gets EPIPE at once, with one
 * that doesn't read it stops for ever. */
static void
test_input_is_read_to_its_end (void)
{
  g_autofree char *guard = build_guard ("quits-early");
  g_autoptr (EngineProcess)
      process = engine_process_start (guard, NULL, "--encrypt", "--", "-&5", NULL);
  g_autofree char *block = g_malloc0 (65536);
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gsize left = 16 * 1024 * 1024;

  /* while the input is still open, all else is at its end */
  engine_process_read_until (process, NULL);
  g_assert_true (engine_process_said (process, "X_SPAREKEY_EXIT 2 exit\n"));
  fcntl (process->input_fd, F_SETFL, O_NONBLOCK);
  while (left > 0)
    {
      struct pollfd fd = { .fd = process->input_fd, .events = POLLOUT };
      gssize n;

      g_assert_cmpint (poll (&fd, 1, 1000), >=, 0);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_assert_cmpint (fd.revents & POLLERR, ==, 0);
      n = write (process->input_fd, block, MIN (left, 65536));
      if (n < 0)
        g_assert_cmpint (errno, ==, EAGAIN);
      else
        left -= (gsize) n;
    }
  engine_process_finish (process);
  g_assert_cmpint (engine_process_get_exit (process), ==, 2);
}

static void
test_values_are_not_taken_for_options (void)
{
  /* a file named like a command, and one named like a descriptor that isn't open */
  char *argv[] = {
    "gpg",          "--homedir",      "/h",          "--status-fd", "1",
    "--encrypt",    "--set-filename", "--decrypt",   "-r",          "--with-colons",
    "--sender",     "--export",       "--status-fd", "2",           "--",
    "--delete-key", "-&99",           "-&x",         "-&"
  };
  GuardCall call;

  guard_call_parse (&call, G_N_ELEMENTS (argv), argv);
  g_assert_true (call.has_home);
  g_assert_cmpint (call.status_fd, ==, 1);
  g_assert_cmpint (call.logger_fd, ==, -1);
  g_assert_false (call.decrypt);
  g_assert_false (call.listing);
  g_assert_false (call.export_);
  g_assert_false (call.delete_);
  g_assert_cmpuint (call.n_inputs, ==, 0);
}

/* GPGME 1.24 writes `--homedir=PATH`, 1.18 writes two arguments. */
static void
test_home_is_seen_in_either_form (void)
{
  const struct
  {
    const char *argument;
    gboolean home;
  } rows[] = {
    { "--homedir=/h", TRUE },
    { "--homedir=", FALSE },
    { "--homedirectory=/h", FALSE },
    { "--homedi=/h", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char *argv[] = { (char *) "gpg", (char *) rows[i].argument, (char *) "--decrypt", NULL };
      GuardCall call;

      guard_call_parse (&call, 3, argv);
      g_assert_cmpint (call.has_home, ==, rows[i].home);
      g_assert_true (call.decrypt);
    }
}

/* With an empty DISPLAY GPGME 1.24 writes `--display=`, at which gpg ends. */
static void
test_empty_hints_are_left_out (void)
{
  char *argv[] = { "gpg",         "--display=", "--ttyname=/dev/tty", "--set-filename",
                   "--display=",  "--encrypt",  "--display=",         "--",
                   "--lc-ctype=", NULL };
  static const char *const kept[] = {
    "--ttyname=/dev/tty", "--set-filename", "--display=", "--encrypt", "--", "--lc-ctype="
  };
  GuardCall call;
  g_autofree char **got = NULL;
  guint n;

  guard_call_parse (&call, 9, argv);
  got = guard_call_build_engine_argv (&call, "/usr/bin/gpg", false, 9, argv);
  g_assert_nonnull (got);
  n = g_strv_length (got);
  g_assert_cmpuint (n, >, G_N_ELEMENTS (kept));
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    g_assert_cmpstr (got[n - G_N_ELEMENTS (kept) + i], ==, kept[i]);
  for (guint i = 0; i < n - G_N_ELEMENTS (kept); i++)
    g_assert_cmpstr (got[i], !=, "--display=");
}

static void
test_broken_command_lines_are_survived (void)
{
  char *nothing[] = { NULL };
  char *cut[] = { "gpg", "--status-fd", NULL };
  char *wild[] = {
    "gpg", "--status-fd", "99999999999999999999", "--logger-fd", "-1", "--homedir", "", NULL
  };
  GuardCall call;

  guard_call_parse (&call, 0, nothing);
  g_assert_false (call.version);
  guard_call_parse (&call, 2, cut);
  g_assert_cmpint (call.status_fd, ==, -1);
  guard_call_parse (&call, 7, wild);
  g_assert_cmpint (call.status_fd, ==, -1);
  g_assert_cmpint (call.logger_fd, ==, -1);
  g_assert_false (call.has_home);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  signal (SIGPIPE, SIG_IGN);

  g_test_add_func ("/guard/tells-how-the-engine-ended", test_tells_how_the_engine_ended);
  g_test_add_func ("/guard/version-without-engine-prints-nothing",
                   test_version_without_engine_prints_nothing);
  g_test_add_func ("/guard/version-is-the-engines", test_version_is_the_engines);
  g_test_add_func ("/guard/engine-gets-only-what-is-allowed",
                   test_engine_gets_only_what_is_allowed);
  g_test_add_func ("/guard/engine-reads-no-options-file", test_engine_reads_no_options_file);
  g_test_add_func ("/guard/only-a-decryption-skips-verification",
                   test_only_a_decryption_skips_verification);
  g_test_add_func ("/guard/refuses-without-a-home", test_refuses_without_a_home);
  g_test_add_func ("/guard/home-is-seen-in-either-form", test_home_is_seen_in_either_form);
  g_test_add_func ("/guard/empty-hints-are-left-out", test_empty_hints_are_left_out);
  g_test_add_func ("/guard/hands-on-all-that-the-engine-says",
                   test_hands_on_all_that_the_engine_says);
  g_test_add_func ("/guard/engine-ends-when-its-reader-is-gone",
                   test_engine_ends_when_its_reader_is_gone);
  g_test_add_func ("/guard/deaf-engine-is-killed-after-two-seconds",
                   test_deaf_engine_is_killed_after_two_seconds);
  g_test_add_func ("/guard/engine-ends-with-a-killed-guard",
                   test_engine_ends_with_a_killed_guard);
  g_test_add_func ("/guard/terminated-guard-reports-a-cancelled-engine",
                   test_terminated_guard_reports_a_cancelled_engine);
  g_test_add_func ("/guard/input-is-read-to-its-end", test_input_is_read_to_its_end);
  g_test_add_func ("/guard/values-are-not-taken-for-options",
                   test_values_are_not_taken_for_options);
  g_test_add_func ("/guard/broken-command-lines-are-survived",
                   test_broken_command_lines_are_survived);

  return g_test_run ();
}
