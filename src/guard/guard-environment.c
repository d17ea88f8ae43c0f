/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The environment that the engine gets: what finding the agent and showing a pinentry take,
 * and nothing else. No LD_PRELOAD, no GCRYPT_BARRETT or GPG_AGENT_INFO, no ASSUAN_DEBUG.
 *
 * GNUPGHOME is left out on purpose. GPGME names the home by `--homedir`, and a call without
 * one is refused: a home that comes from the environment could be any, and the default one
 * is the person's own, which is never written. LANG is fixed, so nothing is ever said in
 * words that differ from machine to machine. */

#include "config.h"

#include "guard-environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define N_ELEMENTS(array) (sizeof (array) / sizeof ((array)[0]))

static const char *const allowed[] = {
  "HOME",
  "PATH",
  "XDG_RUNTIME_DIR",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "DBUS_SESSION_BUS_ADDRESS",
  "XDG_SESSION_TYPE",
  "GPG_TTY",
  "TERM",
  "PINENTRY_USER_DATA",
};

static bool
is_allowed (const char *variable)
{
  for (size_t i = 0; i < N_ELEMENTS (allowed); i++)
    {
      size_t length = strlen (allowed[i]);

      if (strncmp (variable, allowed[i], length) == 0 && variable[length] == '=')
        return true;
    }
  return false;
}

/* The strings are borrowed from `inherited`. NULL where memory is short. A variable that is
 * given twice is passed on once, the first: where getenv() looks too. */
char **
guard_environment_build (char **inherited)
{
  char **result = calloc (N_ELEMENTS (allowed) + 2, sizeof *result);
  size_t n = 0;

  if (result == NULL)
    return NULL;

  for (; *inherited != NULL && n < N_ELEMENTS (allowed); inherited++)
    {
      size_t name = strcspn (*inherited, "=") + 1;
      bool given = false;

      if (!is_allowed (*inherited))
        continue;
      for (size_t i = 0; i < n && !given; i++)
        given = strncmp (result[i], *inherited, name) == 0;
      if (!given)
        result[n++] = *inherited;
    }
  result[n++] = (char *) "LANG=C.UTF-8";

  return result;
}
