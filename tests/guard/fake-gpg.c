/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An engine that does what a real one can't be made to do. What it does is the name of the
 * folder that it is run from (meson.build lists them); all but the broken ones answer
 * `--version` like gpg, so that GPGME takes them for it. */

#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static FILE *status;

static void
open_status (int argc, char **argv)
{
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp (argv[i], "--status-fd") == 0)
      {
        status = fdopen (atoi (argv[i + 1]), "w");
        return;
      }
  status = fopen ("/dev/null", "w");
}

static void
crash (void)
{
  signal (SIGSEGV, SIG_DFL);
  raise (SIGSEGV);
}

static void
read_input (int argc, char **argv)
{
  static char waste[65536];

  for (int i = 1; i < argc; i++)
    if (strncmp (argv[i], "-&", 2) == 0)
      while (read (atoi (argv[i] + 2), waste, sizeof waste) > 0)
        ;
}

/* Says who it is, so that a test can see it end. */
static void
hang (void)
{
  fprintf (status, "[GNUPG:] PROGRESS pid %d 0 0\n", (int) getpid ());
  fflush (status);
  for (;;)
    pause ();
}

static void
spew (void)
{
  for (int i = 0; i < 50000; i++)
    {
      fprintf (status, "[GNUPG:] NOTATION_DATA %d xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", i);
      printf ("uid:u::::%d::xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:\n", i);
    }
  fflush (status);
  fflush (stdout);
}

static void
tell_limit (const char *name, int resource)
{
  struct rlimit limit;

  getrlimit (resource, &limit);
  printf ("limit %s %lld\n", name, (long long) limit.rlim_cur);
}

static void
tell (int argc, char **argv)
{
  int death = 0;
  DIR *fds = opendir ("/proc/self/fd");

  for (int i = 0; i < argc; i++)
    printf ("argument %s\n", argv[i]);
  for (char **variable = environ; *variable != NULL; variable++)
    printf ("environment %s\n", *variable);
  tell_limit ("core", RLIMIT_CORE);
  tell_limit ("memory", RLIMIT_AS);
  tell_limit ("processor", RLIMIT_CPU);
  tell_limit ("file", RLIMIT_FSIZE);
  prctl (PR_GET_PDEATHSIG, &death);
  printf ("death %d\n", death);
  for (struct dirent *fd; (fd = readdir (fds)) != NULL;)
    if (fd->d_name[0] != '.' && atoi (fd->d_name) != dirfd (fds))
      printf ("descriptor %s\n", fd->d_name);
  closedir (fds);
}

static void
write_garbage (void)
{
  unsigned int seed = 1;

  for (int i = 0; i < 10000; i++)
    {
      char octet = (char) rand_r (&seed);

      fputc (octet, stdout);
      fputc (octet, status);
    }
  fputc ('\n', stdout);
}

int
main (int argc, char **argv)
{
  char *slash = strrchr (argv[0], '/');
  const char *kind;

  if (slash == NULL)
    return 99;
  *slash = '\0';
  kind = strrchr (argv[0], '/') != NULL ? strrchr (argv[0], '/') + 1 : argv[0];

  open_status (argc, argv);

  if (strcmp (kind, "exits-1") == 0)
    return 1;
  if (strcmp (kind, "crashes") == 0)
    crash ();
  if (strcmp (kind, "garbage") == 0)
    {
      write_garbage ();
      return 0;
    }
  if (argc > 1 && strcmp (argv[argc - 1], "--version") == 0)
    {
      puts ("gpg (GnuPG) 2.2.40\nlibgcrypt 1.10.1");
      return 0;
    }

  if (strcmp (kind, "deaf") == 0)
    signal (SIGTERM, SIG_IGN);
  if (strcmp (kind, "deaf") == 0 || strcmp (kind, "hangs") == 0)
    hang ();
  if (strcmp (kind, "spews") == 0)
    spew ();
  if (strcmp (kind, "tells") == 0)
    tell (argc, argv);
  if (strcmp (kind, "half-line") == 0)
    {
      fputs ("[GNUPG:] BEGIN_ENCRYPTION 2 9\n[GNUPG:] PROGR", status);
      fflush (status);
      crash ();
    }
  if (strcmp (kind, "half-listing") == 0)
    {
      fputs ("pub:u:255:22:2B964518B60A83C0:1795324749:::u:::scESC:::::ed25519:::0:\n"
             "fpr:::::::::2AE2436680AB5575F61E94D72B964518B60A83C0:\n"
             "pub:u:255:22:3EFB4664BC22755D:1795324749:::u:::sc",
             stdout);
      fflush (stdout);
      crash ();
    }
  if (strcmp (kind, "dies-late") == 0 || strcmp (kind, "lies") == 0)
    {
      read_input (argc, argv);
      fputs ("[GNUPG:] BEGIN_ENCRYPTION 2 9\n[GNUPG:] END_ENCRYPTION\n"
             "[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] DECRYPTION_INFO 2 9 0\n"
             "[GNUPG:] DECRYPTION_OKAY\n[GNUPG:] GOODMDC\n[GNUPG:] END_DECRYPTION\n",
             status);
      fflush (status);
      printf ("output");
      fflush (stdout);
      if (strcmp (kind, "dies-late") == 0)
        crash ();
      return 2;
    }
  if (strcmp (kind, "quits-early") == 0)
    {
      fputs ("[GNUPG:] BEGIN_ENCRYPTION 2 9\n", status);
      return 2;
    }

  return 0;
}
