/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds and kills the engine of one home, and no other process of anybody. */
#include "config.h"

#include "engine-child.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static gboolean
is_of_home (const char *pid, const char *home, const char *program)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "cmdline", NULL);
  g_autofree char *text = NULL;
  g_autofree char *name = NULL;
  gsize length;
  gboolean after_homedir = FALSE;

  if (!g_file_get_contents (path, &text, &length, NULL) || length == 0)
    return FALSE;
  name = g_path_get_basename (text);
  if (!g_str_equal (name, program))
    return FALSE;
  for (const char *word = text; word < text + length; word += strlen (word) + 1)
    {
      if (after_homedir && g_str_equal (word, home))
        return TRUE;
      /* as GPGME writes it from 1.24 on */
      if (g_str_has_prefix (word, "--homedir=")
          && g_str_equal (word + strlen ("--homedir="), home))
        return TRUE;
      after_homedir = g_str_equal (word, "--homedir");
    }
  return FALSE;
}

GArray *
engine_child_find (const char *home, const char *program)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (pid_t));
  g_autoptr (GDir) processes = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (processes != NULL && (name = g_dir_read_name (processes)) != NULL)
    if (g_ascii_isdigit (name[0]) && is_of_home (name, home, program))
      {
        pid_t pid = (pid_t) g_ascii_strtoll (name, NULL, 10);

        g_array_append_val (found, pid);
      }
  return found;
}

guint
engine_child_kill (const char *home, const char *program)
{
  g_autoptr (GArray) found = engine_child_find (home, program);

  for (guint i = 0; i < found->len; i++)
    kill (g_array_index (found, pid_t, i), SIGKILL);
  return found->len;
}

gboolean
engine_child_wait_gone (const char *home, const char *program, guint seconds)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (GArray) found = engine_child_find (home, program);

      if (found->len == 0)
        return TRUE;
      g_usleep (10000);
    }
  return FALSE;
}

static gboolean
is_asleep (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;
  const char *after_name;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  after_name = strrchr (text, ')');
  return after_name != NULL && g_str_has_prefix (after_name, ") S ");
}

gboolean
engine_child_wait_asleep (const char *home, const char *program, guint seconds)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (GArray) found = engine_child_find (home, program);

      for (guint i = 0; i < found->len; i++)
        if (is_asleep (g_array_index (found, pid_t, i)))
          return TRUE;
      g_usleep (10000);
    }
  return FALSE;
}
