/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine: gpg, run by the guard.
 *
 * Promise: GPGME never runs anything but the guard, found by a fixed rule (installed: LIBEXECDIR; in a build folder:
 * ../guard beside the program), never searched for and never named by the environment. An engine is healthy when it
 * answered with a version that is new enough, within five seconds: a missing, crashing or hanging gpg otherwise looks
 * like an empty keyring (GPGME), and GPGME shows a missing one as version 1.0.0. */
#include "config.h"

#include "spare-engine.h"

#include "spare-child-private.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-paths.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <string.h>
#include <stdio.h>

#define GUARD_NAME     "sparekey-gpg"
#define HEALTH_SECONDS 5
#define OLDEST         2, 2, 40

/* Written once, under the lock; never changed or freed. */
static struct
{
  GMutex lock;
  gboolean ready;
  char *guard_path;
  char *noverify_path;
  char *home_path;     /* the home that GPGME knows globally */
  GHashTable *healthy; /* guard path → version that it answered with */
} engine;

/* "gpg (GnuPG) 2.2.40" or "gpg (GnuPG) 2.5.1-beta12" */
static gboolean
parse_version (const char *text, guint version[3])
{
  return sscanf (text, "%u.%u.%u", &version[0], &version[1], &version[2]) == 3;
}

static char *
find_version (GBytes *output)
{
  static const char prefix[] = "gpg (GnuPG) ";
  g_autofree char *text = g_strndup (g_bytes_get_size (output) ? g_bytes_get_data (output, NULL)
                                                               : "",
                                     g_bytes_get_size (output));
  char *end = strchr (text, '\n');
  guint version[3];

  if (end != NULL)
    *end = '\0';
  if (!g_str_has_prefix (text, prefix) || !parse_version (text + strlen (prefix), version))
    return NULL;
  return g_strdup (text + strlen (prefix));
}

static gboolean
is_at_least (const char *version, guint major, guint minor, guint micro)
{
  guint v[3];

  if (version == NULL || !parse_version (version, v))
    return FALSE;
  if (v[0] != major)
    return v[0] > major;
  if (v[1] != minor)
    return v[1] > minor;
  return v[2] >= micro;
}

static char *
ask_version (const char *guard_path, GError **error)
{
  const char *const argv[] = { guard_path, "--version", NULL };
  const SpareChild child = {
    .argv = argv, .clean = TRUE, .seconds = HEALTH_SECONDS, .output_max = 64 * 1024
  };
  g_autoptr (GError) failure = NULL;
  g_autoptr (GBytes) output = spare_child_run_sync (&child, NULL, NULL, &failure);
  g_autofree char *version = output ? find_version (output) : NULL;

  if (version != NULL && is_at_least (version, OLDEST))
    return g_steal_pointer (&version);
  g_debug ("%s: version %s, %s", guard_path, version ? version : "none",
           failure ? failure->message : "exit 0");
  if (version != NULL)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                 _ ("The installed GnuPG is too old: it is version %s, and 2.2.40 is needed. "
                    "Your keys and files are unharmed. Update GnuPG and try again."),
                 version);
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                         _ ("GnuPG does not work: it is missing, damaged, or does not answer. "
                            "Your keys and files are unharmed. Install GnuPG again, then try "
                            "again."));
  return NULL;
}

static char *
find_guard (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program ? g_path_get_dirname (program) : NULL;
  g_autofree char *joined = NULL;

  if (folder == NULL || g_str_equal (folder, BINDIR))
    return g_build_filename (LIBEXECDIR, GUARD_NAME, NULL);
  joined = g_build_filename (folder, "..", "guard", GUARD_NAME, NULL);
  return g_canonicalize_filename (joined, NULL);
}

static gboolean
set_up_gpgme (const char *guard_path, const char *home_path, GError **error)
{
  gpgme_error_t failure;

  if (gpgme_check_version ("1.18.0") == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                           _ ("The installed GPGME library is too old: 1.18 is needed. Update "
                              "it and try again."));
      return FALSE;
    }
  /* Pinentry speaks the person's language. */
  gpgme_set_locale (NULL, LC_CTYPE, setlocale (LC_CTYPE, NULL));
  gpgme_set_locale (NULL, LC_MESSAGES, setlocale (LC_MESSAGES, NULL));
  failure = gpgme_set_engine_info (GPGME_PROTOCOL_OpenPGP, guard_path, home_path);
  if (failure == 0)
    return TRUE;
  spare_gpgme_set_error (error, failure, "set engine");
  return FALSE;
}

/**
 * spare_engine_init_with_guard:
 * @guard_path: (nullable): absolute path of the guard; %NULL: where it lies beside this program
 * @error: return location
 *
 * Sets GPGME up, once, before any thread. For programs that lie elsewhere than the installed ones (tests).
 * The engine is asked for its version before GPGME is pointed at it: GPGME would wait for a hanging one for ever.
 *
 * Fails with %SPARE_ERROR_ENGINE; a later call tries again.
 *
 * Returns: whether GPGME can be used
 */
gboolean
spare_engine_init_with_guard (const char *guard_path, GError **error)
{
  g_autofree char *guard = guard_path ? g_strdup (guard_path) : find_guard ();
  g_autofree char *data_dir = NULL;
  g_autofree char *home = NULL;
  g_autofree char *version = NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&engine.lock);

  if (engine.ready)
    return TRUE;
  if (!g_file_test (guard, G_FILE_TEST_IS_EXECUTABLE))
    {
      g_debug ("no guard at %s", guard);
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                           _ ("A part of Spare Key is missing: the helper that runs GnuPG. "
                              "Install Spare Key again."));
      return FALSE;
    }
  version = ask_version (guard, error);
  if (version == NULL)
    return FALSE;
  data_dir = spare_paths_dup_data_dir ();
  home = g_build_filename (data_dir, "gnupg", NULL);
  if (!set_up_gpgme (guard, home, error))
    return FALSE;
  engine.healthy = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (engine.healthy, g_strdup (guard), g_steal_pointer (&version));
  engine.guard_path = g_steal_pointer (&guard);
  engine.noverify_path = g_strconcat (engine.guard_path, "-noverify", NULL);
  engine.home_path = g_steal_pointer (&home);
  engine.ready = TRUE;
  return TRUE;
}

/**
 * spare_engine_init:
 * @error: return location
 *
 * As spare_engine_init_with_guard(), with the guard that belongs to this program.
 */
gboolean
spare_engine_init (GError **error)
{
  return spare_engine_init_with_guard (NULL, error);
}

/**
 * spare_engine_get_guard_path:
 *
 * Returns: (nullable): the guard's absolute path; %NULL before the initialisation
 */
const char *
spare_engine_get_guard_path (void)
{
  return engine.guard_path;
}

/**
 * spare_engine_get_noverify_path:
 *
 * Returns: (nullable): the guard under the name by which it does not look at signatures
 */
const char *
spare_engine_get_noverify_path (void)
{
  return engine.noverify_path;
}

const char *
spare_engine_get_home_private (void)
{
  return engine.home_path;
}

/**
 * spare_engine_check_health:
 * @guard_path: (nullable): a guard; %NULL for this program's own
 * @error: return location
 *
 * Asks the engine for its version. Takes at most five seconds; once it has answered well, that is remembered.
 * An answer of "no keys" may be believed only after this.
 *
 * Fails with %SPARE_ERROR_ENGINE: missing, crashing, hanging, talking nonsense, or older than 2.2.40.
 *
 * Returns: whether the engine can be used
 */
gboolean
spare_engine_check_health (const char *guard_path, GError **error)
{
  g_autofree char *version = NULL;

  if (!spare_engine_init (error))
    return FALSE;
  if (guard_path == NULL)
    guard_path = engine.guard_path;
  g_mutex_lock (&engine.lock);
  version = g_strdup (g_hash_table_lookup (engine.healthy, guard_path));
  g_mutex_unlock (&engine.lock);
  if (version != NULL)
    return TRUE;

  version = ask_version (guard_path, error);
  if (version == NULL)
    return FALSE;
  g_mutex_lock (&engine.lock);
  if (!g_hash_table_contains (engine.healthy, guard_path))
    g_hash_table_insert (engine.healthy, g_strdup (guard_path), g_steal_pointer (&version));
  g_mutex_unlock (&engine.lock);
  return TRUE;
}

/**
 * spare_engine_get_version:
 *
 * Returns: (nullable): what the engine calls itself, as "2.2.40"; %NULL when it is not healthy
 */
const char *
spare_engine_get_version (void)
{
  const char *version;

  if (!spare_engine_check_health (NULL, NULL))
    return NULL;
  g_mutex_lock (&engine.lock);
  version = g_hash_table_lookup (engine.healthy, engine.guard_path);
  g_mutex_unlock (&engine.lock);
  return version;
}

/**
 * spare_engine_is_at_least:
 * @major: of the version
 * @minor: of the version
 * @micro: of the version
 *
 * Returns: whether the engine is healthy and of this version or a later one
 */
gboolean
spare_engine_is_at_least (guint major, guint minor, guint micro)
{
  return is_at_least (spare_engine_get_version (), major, minor, micro);
}
