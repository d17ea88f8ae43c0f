/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Understands the command line that GPGME writes, and writes the one that gpg gets.
 *
 * Everything that the caller says is handed on unchanged and in order, but for hints that are
 * empty; what is added stands in front of it, so an explicit wish of the caller (`--armor`, `--throw-keyids`) still wins.
 * Values are never taken for options: a file named "--list-keys" is a file. */

#include "config.h"

#include "guard-call.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_ELEMENTS(array) (sizeof (array) / sizeof ((array)[0]))

/* Options of gpg that GPGME (1.18 to 2.1) gives with the value as an argument of its own. */
static const char *const options_with_value[] = {
  "--homedir",
  "--status-fd",
  "--logger-fd",
  "--command-fd",
  "--passphrase-fd",
  "--attribute-fd",
  "--charset",
  "--display",
  "--ttyname",
  "--ttytype",
  "--lc-ctype",
  "--lc-messages",
  "--input-size-hint",
  "--override-session-key",
  "--override-session-key-fd",
  "--output",
  "--sender",
  "--set-filename",
  "--set-notation",
  "--cert-notation",
  "--sig-notation",
  "--sig-policy-url",
  "--default-cert-expire",
  "--passphrase",
  "--import-filter",
  "--import-options",
  "--export-options",
  "--export-filter",
  "--list-options",
  "--verify-options",
  "--key-origin",
  "--local-user",
  "--default-key",
  "--recipient",
  "--hidden-recipient",
  "--recipient-file",
  "--hidden-recipient-file",
  "--add-desig-revoker",
  "-u",
  "-r",
  "-R",
  "-f",
  "-F",
  "-o",
};

/* What gpg is always told, and why. All of it is known to gpg 2.2.40 and to 2.4. */
static const char *const tuning[] = {
  /* A gpg.conf redirects recipients (`group`), drops the output (`dry-run`) or the integrity
   * protection (`rfc2440`), all with "success". None is read. */
  "--no-options",
  /* Said once more, should an options file be read all the same (gpg 2.4 knows one for all
   * users of the machine). The walk over the output sees the rest. */
  "--gnupg",
  "--no-groups",
  "--no-default-recipient",
  "--no-encrypt-to",
  "--no-throw-keyids",
  "--no-textmode",
  /* Else the certificate of whom it is encrypted to decides what hash we sign with: one that
   * names SHA-1 alone, or nothing, makes our signatures forgeable. Every kind of key takes this
   * one. */
  "--digest-algo",
  "SHA512",
  /* An agent started here would keep the limits set here for life, and end with this
   * process group. The caller starts the home's agent before. */
  "--no-autostart",
  /* Nothing done to a file tells anybody on the network about it. */
  "--disable-dirmngr",
  "--no-auto-key-retrieve",
  "--no-auto-key-locate",
  /* gpg processes that run at once wait for each other's lock of `random_seed`; the kernel's
   * generator needs no seed file. */
  "--no-random-seed-file",
  /* Keys are believed by their fingerprint, never by the web of trust: computing that
   * takes a lock and, with many keys, seconds. Any other model makes a trust database where
   * there is none, and the person's home is never written. */
  "--no-auto-check-trustdb",
  "--trust-model",
  "always",
};

static bool
takes_value (const char *argument)
{
  for (size_t i = 0; i < N_ELEMENTS (options_with_value); i++)
    if (strcmp (argument, options_with_value[i]) == 0)
      return true;
  return false;
}

/* The value of `argument` if it is `option` with its value behind an equals sign, as GPGME
 * (from 1.24 on, and for the home alone) writes it; else NULL. */
static const char *
joined_value (const char *argument, const char *option)
{
  size_t length = strlen (option);

  return strncmp (argument, option, length) == 0 && argument[length] == '='
             ? argument + length + 1
             : NULL;
}

static int
parse_fd (const char *text)
{
  char *end = NULL;
  long value;

  if (!isdigit ((unsigned char) *text))
    return -1;

  errno = 0;
  value = strtol (text, &end, 10);
  if (errno != 0 || *end != '\0' || value > INT_MAX)
    return -1;

  return fcntl ((int) value, F_GETFD) < 0 ? -1 : (int) value;
}

/* Only a pipe has a feeder that could wait or spin; a file needs no draining. */
static bool
is_readable_pipe (int fd)
{
  struct stat info;
  int flags = fcntl (fd, F_GETFL);

  return flags >= 0 && (flags & O_ACCMODE) != O_WRONLY && fstat (fd, &info) == 0
         && (S_ISFIFO (info.st_mode) || S_ISSOCK (info.st_mode));
}

static void
add_input (GuardCall *call, const char *argument)
{
  int fd;

  if (argument[0] != '-' || argument[1] != '&' || call->n_inputs == GUARD_MAX_INPUTS)
    return;

  fd = parse_fd (argument + 2);
  if (fd >= 0 && is_readable_pipe (fd))
    call->inputs[call->n_inputs++] = fd;
}

static bool
is_one_of (const char *argument, const char *const *options)
{
  for (; *options != NULL; options++)
    if (strcmp (argument, *options) == 0)
      return true;
  return false;
}

/* `--edit-key` and `--card-edit` also come with `--with-colons`, but what they print is a
 * conversation, not a listing. */
static void
parse_command (GuardCall *call, const char *argument, bool *with_colons, bool *edits)
{
  static const char *const exporting[] = { "--export", "--export-secret-keys",
                                           "--export-secret-subkeys", NULL };
  static const char *const deleting[] = { "--delete-key", "--delete-keys",
                                          "--delete-secret-and-public-key", NULL };
  static const char *const editing[] = { "--edit-key", "--card-edit", "--edit-card", NULL };

  if (strcmp (argument, "--with-colons") == 0)
    *with_colons = true;
  else if (strcmp (argument, "--decrypt") == 0)
    call->decrypt = true;
  else if (is_one_of (argument, exporting))
    call->export_ = true;
  else if (is_one_of (argument, deleting))
    call->delete_ = true;
  else if (is_one_of (argument, editing))
    *edits = true;
}

/* Reads `argv` into `call`. Unknown options are taken to have no value; the descriptors and
 * the home stand first in what GPGME writes, and the first of each counts, so nothing that a
 * person can name (a file, a user id) is mistaken for them. */
void
guard_call_parse (GuardCall *call, int argc, char **argv)
{
  bool with_colons = false;
  bool edits = false;
  bool only_files = false;

  *call = (GuardCall){ .status_fd = -1, .logger_fd = -1 };
  call->version = argc == 2 && strcmp (argv[1], "--version") == 0;

  for (int i = 1; i < argc; i++)
    {
      const char *argument = argv[i];

      if (only_files)
        add_input (call, argument);
      else if (strcmp (argument, "--") == 0)
        only_files = true;
      else if (takes_value (argument))
        {
          const char *value = i + 1 < argc ? argv[++i] : "";

          if (strcmp (argument, "--status-fd") == 0 && call->status_fd < 0)
            call->status_fd = parse_fd (value);
          else if (strcmp (argument, "--logger-fd") == 0 && call->logger_fd < 0)
            call->logger_fd = parse_fd (value);
          else if (strcmp (argument, "--homedir") == 0)
            call->has_home = *value != '\0';
        }
      else if (joined_value (argument, "--homedir") != NULL)
        call->has_home = *joined_value (argument, "--homedir") != '\0';
      else
        {
          parse_command (call, argument, &with_colons, &edits);
          add_input (call, argument);
        }
    }

  call->listing = with_colons && !edits;
}

/* GPGME 1.24 turns an empty DISPLAY into `--display=`, which gpg refuses. An empty hint for
 * pinentry says as much as none. */
static bool
is_empty_hint (const char *argument)
{
  static const char *const hints[] = { "--display", "--ttyname", "--ttytype", "--lc-ctype",
                                       "--lc-messages" };

  for (size_t i = 0; i < N_ELEMENTS (hints); i++)
    {
      const char *value = joined_value (argument, hints[i]);

      if (value != NULL && *value == '\0')
        return true;
    }
  return false;
}

/* Copies all arguments but empty hints, which are left out where an option may stand. Returns
 * how many it has copied. */
static size_t
copy_arguments (char **result, int argc, char **argv)
{
  bool may_be_option = true;
  bool only_files = false;
  size_t n = 0;

  for (int i = 1; i < argc; i++)
    {
      if (may_be_option && !only_files && is_empty_hint (argv[i]))
        continue;
      only_files = only_files || (may_be_option && strcmp (argv[i], "--") == 0);
      may_be_option = !may_be_option || !takes_value (argv[i]);
      result[n++] = argv[i];
    }
  return n;
}

/* The engine's command line, NULL where memory is short; lives until the program ends.
 *
 * `skip_verify`: decrypt without looking at signatures, so that an unknown signer is no
 * reason for an exit other than 0. Nothing but a decryption heeds it: a verification that
 * verifies nothing must not be had by a wrong name. */
char **
guard_call_build_engine_argv (const GuardCall *call,
                              const char *engine,
                              bool skip_verify,
                              int argc,
                              char **argv)
{
  char **result = calloc (N_ELEMENTS (tuning) + (size_t) argc + 3, sizeof *result);
  size_t n = 0;

  if (result == NULL)
    return NULL;

  result[n++] = (char *) engine;
  for (size_t i = 0; i < N_ELEMENTS (tuning); i++)
    result[n++] = (char *) tuning[i];
  if (skip_verify && call->decrypt)
    result[n++] = (char *) "--skip-verify";
  copy_arguments (result + n, argc, argv);

  return result;
}
