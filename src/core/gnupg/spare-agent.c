/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts, finds, asks and ends the gpg-agent of a home.
 *
 * The agent is started here, not by gpg: under the guard it would keep the guard's limits for life. It answers or it
 * doesn't: a socket file proves nothing, so its greeting ("OK …", Assuan) is read.
 *
 * A socket address takes 107 octets. For a home with a longer path the agent's sockets lie in a short folder, and a
 * regular file in their place says where, as libassuan reads it:
 *
 *     %Assuan%
 *     socket=/run/user/1000/sparekey-Xq3V1a/S.gpg-agent
 */
#include "config.h"

#include "spare-agent-private.h"

#include "spare-child-private.h"
#include "spare-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH_MAX  (sizeof (((struct sockaddr_un *) NULL)->sun_path) - 1)
#define LAUNCH_SECONDS   15
#define LAUNCH_TRIES     3
#define ANSWER_SECONDS   15
#define KILL_SECONDS     2
#define REDIRECT_KEYWORD "%Assuan%\nsocket="

/* Every socket that gpg-agent opens, or means to. */
static const char *const socket_names[] = { "S.gpg-agent", "S.gpg-agent.extra",
                                            "S.gpg-agent.browser", "S.gpg-agent.ssh" };

#define LONGEST_SOCKET_NAME "S.gpg-agent.browser"

static char *
read_redirect (const char *path)
{
  g_autofree char *text = NULL;
  struct stat info;

  if (lstat (path, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > 4096
      || !g_file_get_contents (path, &text, NULL, NULL)
      || !g_str_has_prefix (text, REDIRECT_KEYWORD))
    return NULL;
  return g_strdup (g_strchomp (text + strlen (REDIRECT_KEYWORD)));
}

static char *
make_short_folder (void)
{
  const char *const candidates[] = { g_get_user_runtime_dir (), g_get_tmp_dir (), "/tmp" };

  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      g_autofree char *folder = g_build_filename (candidates[i], "sparekey-XXXXXX", NULL);

      if (strlen (folder) + 1 + strlen (LONGEST_SOCKET_NAME) <= SOCKET_PATH_MAX
          && g_mkdtemp_full (folder, 0700) != NULL)
        return g_steal_pointer (&folder);
    }
  return NULL;
}

gboolean
spare_agent_redirect (const char *home, char **folder, GError **error)
{
  g_autofree char *made = NULL;
  g_autofree char *first = g_build_filename (home, socket_names[0], NULL);
  g_autofree char *target = read_redirect (first);

  if (strlen (home) + 1 + strlen (LONGEST_SOCKET_NAME) <= SOCKET_PATH_MAX)
    return TRUE;
  /* An agent that another process started may be there. */
  if (target != NULL && spare_agent_is_answering (target))
    {
      *folder = g_path_get_dirname (target);
      return TRUE;
    }
  made = make_short_folder ();
  for (gsize i = 0; made != NULL && i < G_N_ELEMENTS (socket_names); i++)
    {
      g_autofree char *file = g_build_filename (home, socket_names[i], NULL);
      g_autofree char *text = g_strconcat (REDIRECT_KEYWORD, made, "/", socket_names[i], "\n",
                                           NULL);
      g_autoptr (GError) failure = NULL;

      if (g_file_set_contents_full (file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                    &failure))
        continue;
      g_debug ("redirect: %s", failure->message);
      g_rmdir (made);
      g_clear_pointer (&made, g_free);
    }
  if (made != NULL)
    {
      *folder = g_steal_pointer (&made);
      return TRUE;
    }
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
               _ ("The path of the folder that holds the keys is too long for GnuPG, and no "
                  "shorter place could be made. Free some space in the temporary folder and "
                  "try again."));
  return FALSE;
}

void
spare_agent_remove_redirect (const char *home, const char *folder)
{
  for (gsize i = 0; i < G_N_ELEMENTS (socket_names); i++)
    {
      g_autofree char *file = g_build_filename (home, socket_names[i], NULL);
      g_autofree char *target = g_build_filename (folder, socket_names[i], NULL);

      g_unlink (target);
      g_unlink (file);
    }
  g_rmdir (folder);
}

gboolean
spare_agent_launch (const char *home,
                    const char *component,
                    gboolean clean_environment,
                    GCancellable *cancellable,
                    GError **error)
{
  const char *const argv[] = { GPGCONF_PATH, "--homedir", home, "--launch", component, NULL };
  const SpareChild child = {
    .argv = argv,
    .clean = clean_environment,
    .seconds = LAUNCH_SECONDS,
    .output_max = 4096,
  };

  /* gpgconf itself waits 5 s for the agent and then gives up, though on a busy machine the agent is on its way:
   * asked again, it finds it. */
  for (guint i = 1;; i++)
    {
      g_autoptr (GError) failure = NULL;
      g_autoptr (GBytes) output = spare_child_run_sync (&child, NULL, cancellable, &failure);

      if (output != NULL)
        return TRUE;
      if (i == LAUNCH_TRIES || !g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_ENGINE))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
}

char *
spare_agent_find_socket (const char *home, GError **error)
{
  const char *const argv[] = { GPGCONF_PATH,  "--homedir",    home,
                               "--list-dirs", "agent-socket", NULL };
  const SpareChild child = {
    .argv = argv, .clean = TRUE, .seconds = ANSWER_SECONDS, .output_max = 8192
  };
  g_autoptr (GBytes) output = spare_child_run_sync (&child, NULL, NULL, error);
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  char *target;

  if (output == NULL)
    return NULL;
  text = g_strndup (g_bytes_get_data (output, NULL), g_bytes_get_size (output));
  path = g_uri_unescape_string (g_strchomp (text), NULL);
  target = path ? read_redirect (path) : NULL;
  if (target != NULL)
    return target;
  if (path != NULL && strlen (path) <= SOCKET_PATH_MAX)
    return g_steal_pointer (&path);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
               _ ("The path of the folder that holds the keys is too long for GnuPG. Move it "
                  "to "
                  "a place with a shorter path."));
  return NULL;
}

/* Waits until there is something to read, or the other side is gone. */
static gboolean
wait_readable (int fd, gint64 deadline)
{
  for (;;)
    {
      struct pollfd slot = { fd, POLLIN, 0 };
      gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
      int ready = left > 0 ? poll (&slot, 1, (int) left) : 0;

      if (ready > 0)
        return TRUE;
      if (ready == 0 || errno != EINTR)
        return FALSE;
    }
}

/* Connected and greeted, or -1. */
static int
open_connection (const char *socket_path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char greeting[3];
  int fd;

  if (strlen (socket_path) > SOCKET_PATH_MAX)
    return -1;
  strcpy (address.sun_path, socket_path);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0
      && wait_readable (fd, g_get_monotonic_time () + ANSWER_SECONDS * G_USEC_PER_SEC)
      && read (fd, greeting, sizeof greeting) == sizeof greeting
      && memcmp (greeting, "OK ", sizeof greeting) == 0)
    return fd;
  close (fd);
  return -1;
}

gboolean
spare_agent_is_answering (const char *socket_path)
{
  int fd = open_connection (socket_path);

  if (fd < 0)
    return FALSE;
  close (fd);
  return TRUE;
}

gboolean
spare_agent_forget (const char *socket_path)
{
  gint64 deadline = g_get_monotonic_time () + KILL_SECONDS * G_USEC_PER_SEC;
  g_autoptr (GString) answer = g_string_new (NULL);
  int fd = open_connection (socket_path);
  char octets[128];
  gssize n;

  if (fd < 0)
    return FALSE;
  /* The rest of the greeting comes first; then the answer, a line of its own. */
  if (send (fd, "RELOADAGENT\nBYE\n", 16, MSG_NOSIGNAL) == 16)
    while (answer->len < 4096 && wait_readable (fd, deadline)
           && (n = read (fd, octets, sizeof octets)) > 0)
      g_string_append_len (answer, octets, n);
  close (fd);
  return strstr (answer->str, "\nOK\nOK ") != NULL;
}

void
spare_agent_kill (const char *socket_path)
{
  gint64 deadline = g_get_monotonic_time () + KILL_SECONDS * G_USEC_PER_SEC;
  int fd = open_connection (socket_path);
  char waste[512];

  if (fd < 0)
    return;
  if (send (fd, "KILLAGENT\n", 10, MSG_NOSIGNAL) == 10)
    while (wait_readable (fd, deadline) && read (fd, waste, sizeof waste) > 0)
      ;
  close (fd);
  /* It has hung up, but it still removes its socket: until then the next agent must not be started. */
  while (access (socket_path, F_OK) == 0 && g_get_monotonic_time () < deadline)
    poll (NULL, 0, 5);
}
