/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where the demo is played.
 *
 * Promises: nothing outside its folder is read or changed (own home folders, own session bus, own keyring; a policy of the
 * administrator holds here too); every line that is shown as a command is really run. Whatever happens, what was started
 * is ended and the folder removed. */

#include "config.h"

#include "spare-tool-stage.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "spare-error.h"
#include "spare-output-dir.h"

/* No service folders: nothing is started but what the demo starts. */
#define BUS_CONFIGURATION                                                                \
  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n" \
  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"                  \
  "<busconfig><type>session</type><listen>unix:tmpdir=%s</listen>\n"                     \
  "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\n"     \
  "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n"

struct _SpareStage
{
  SpareTool *tool;
  char *folder;
  char *self; /* this program */
  char **environments[SPARE_STAGE_N_ROLES];
  GSubprocess *bus;
  GSubprocess *keyring;
};

static const char *const names[] = { "ada", "acme", "ben" };

char *
spare_stage_path (SpareStage *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

char *
spare_stage_find (SpareStage *self, const char *folder, const char *prefix, GError **error)
{
  g_autofree char *path = spare_stage_path (self, folder);
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);

  if (dir == NULL)
    return NULL;
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    if (g_str_has_prefix (name, prefix))
      return g_build_filename (folder, name, NULL);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED, _ ("This step wrote nothing: %s"),
               prefix);
  return NULL;
}

void
spare_stage_say (SpareStage *self, const char *text)
{
  if (!self->tool->json)
    spare_tool_print ("\n%s", text);
}

/* --- Commands --- */

static void
child_set_up (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static GSubprocessLauncher *
new_launcher (SpareStage *self, SpareStageRole role, GSubprocessFlags flags)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (flags);

  g_subprocess_launcher_set_environ (launcher, self->environments[role]);
  g_subprocess_launcher_set_cwd (launcher, self->folder);
  g_subprocess_launcher_set_child_setup (launcher, child_set_up, NULL, NULL);
  return launcher;
}

static void
show_command (SpareStage *self, SpareStageRole role, GPtrArray *words)
{
  g_autoptr (GString) line = g_string_new (names[role]);

  g_string_append_c (line, '$');
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      g_autofree char *quoted = *word == '\0' || strpbrk (word, " <>*") != NULL
                                    ? g_shell_quote (word)
                                    : NULL;

      g_string_append_printf (line, " %s", quoted != NULL ? quoted : word);
    }
  spare_tool_print ("%s", line->str);
  fflush (stdout);
}

static gboolean
run (SpareStage *self,
     SpareStageRole role,
     GPtrArray *words,
     const char *input,
     char **output,
     GError **error)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, role,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *problem = NULL;

  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) words->pdata, error);
  if (process == NULL
      || !g_subprocess_communicate_utf8 (process, input != NULL ? input : "",
                                         self->tool->cancellable, output, &problem, error))
    return FALSE;
  if (g_subprocess_get_successful (process))
    return TRUE;
  g_clear_pointer (output, g_free);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED, _ ("This step failed: %s"), problem);
  return FALSE;
}

static GPtrArray *
collect (const char *program, va_list *arguments)
{
  GPtrArray *words = g_ptr_array_new ();

  for (const char *word = program; word != NULL; word = va_arg (*arguments, const char *))
    g_ptr_array_add (words, (gpointer) word);
  return words;
}

/* The programs by the paths that are meant. */
static void
resolve (SpareStage *self, GPtrArray *words)
{
  words->pdata[0] = strcmp (words->pdata[0], "gpg") == 0 ? (gpointer) GPG_PATH : self->self;
  g_ptr_array_add (words, NULL);
}

gboolean
spare_stage_play (SpareStage *self,
                  SpareStageRole role,
                  const char *input,
                  char **output,
                  GError **error,
                  const char *program,
                  ...)
{
  g_autoptr (GPtrArray) words = NULL;
  g_autofree char *out = NULL;
  va_list arguments;

  va_start (arguments, program);
  words = collect (program, &arguments);
  va_end (arguments);
  if (!self->tool->json)
    show_command (self, role, words);
  resolve (self, words);
  if (!run (self, role, words, input, &out, error))
    return FALSE;
  if (!self->tool->json && out != NULL)
    fputs (out, stdout);
  if (output != NULL)
    *output = g_steal_pointer (&out);
  return TRUE;
}

/* --- Setting the stage --- */

static gboolean
find_programs (GError **error)
{
  static const char *const wanted[] = { "dbus-daemon", "gnome-keyring-daemon" };
  GString *missing = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      g_autofree char *path = g_find_program_in_path (wanted[i]);

      if (path == NULL)
        g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", wanted[i]);
    }
  if (!g_file_test (GPG_PATH, G_FILE_TEST_IS_EXECUTABLE))
    g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", GPG_PATH);
  if (missing->len > 0)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                 _ ("The demo needs these programs, which are missing here: %s. Nothing was "
                    "done."),
                 missing->str);
  g_string_free (missing, TRUE);
  return error == NULL || *error == NULL;
}

/* A home of this role's own. Only the owner has a session bus, and on it a keyring. */
static void
make_environment (SpareStage *self, SpareStageRole role)
{
  static const char *const folders[][2] = {
    { "HOME", "" },
    { "XDG_DATA_HOME", "data" },
    { "XDG_CONFIG_HOME", "config" },
    { "XDG_STATE_HOME", "state" },
    { "XDG_CACHE_HOME", "cache" },
    { "XDG_RUNTIME_DIR", "run" },
  };
  static const char *const forgotten[] = {
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "GNUPGHOME",
    "GPG_AGENT_INFO",
  };
  g_autofree char *home = spare_stage_path (self, names[role]);
  g_autofree char *etc = spare_stage_path (self, "etc");
  char **environment = g_get_environ ();

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (home, folders[i][1], NULL);

      g_mkdir_with_parents (path, 0700);
      environment = g_environ_setenv (environment, folders[i][0], path, TRUE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (forgotten); i++)
    environment = g_environ_unsetenv (environment, forgotten[i]);
  environment = g_environ_setenv (environment, "XDG_CONFIG_DIRS", etc, TRUE);
  /* The demo's preferences are its own too. */
  environment = g_environ_setenv (environment, "GSETTINGS_BACKEND", "memory", TRUE);
  self->environments[role] = g_environ_setenv (environment, "DBUS_SESSION_BUS_ADDRESS",
                                               "disabled:", TRUE);
}

static gboolean
make_folder (SpareStage *self, GError **error)
{
  g_autofree char *stick = NULL;

  self->folder = g_dir_make_tmp ("sparekey-demo-XXXXXX", error);
  if (self->folder == NULL)
    return FALSE;
  for (guint role = 0; role < SPARE_STAGE_N_ROLES; role++)
    make_environment (self, (SpareStageRole) role);
  stick = spare_stage_path (self, "stick");
  g_mkdir_with_parents (stick, 0700);
  return TRUE;
}

static gboolean
start_bus (SpareStage *self, GError **error)
{
  g_autofree char *configuration = spare_stage_path (self, "session.conf");
  g_autofree char *text = g_strdup_printf (BUS_CONFIGURATION, self->folder);
  g_autofree char *option = g_strconcat ("--config-file=", configuration, NULL);
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, SPARE_STAGE_OWNER,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *address = NULL;

  if (!g_file_set_contents (configuration, text, -1, error))
    return FALSE;
  self->bus = g_subprocess_launcher_spawn (launcher, error, "dbus-daemon", option,
                                           "--print-address=1", "--nofork", "--nopidfile",
                                           NULL);
  if (self->bus == NULL)
    return FALSE;
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->bus));
  address = g_data_input_stream_read_line (lines, NULL, self->tool->cancellable, error);
  if (address == NULL)
    return FALSE;
  self->environments[SPARE_STAGE_OWNER] =
      g_environ_setenv (self->environments[SPARE_STAGE_OWNER], "DBUS_SESSION_BUS_ADDRESS",
                        address, TRUE);
  return TRUE;
}

typedef struct
{
  GMainLoop *loop;
  gboolean appeared;
} Waiting;

static void
appeared_cb (GDBusConnection *connection,
             const char *name,
             const char *owner,
             gpointer user_data)
{
  Waiting *waiting = user_data;

  waiting->appeared = TRUE;
  g_main_loop_quit (waiting->loop);
}

static gboolean
give_up_cb (gpointer user_data)
{
  g_main_loop_quit (((Waiting *) user_data)->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
start_keyring (SpareStage *self, GError **error)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, SPARE_STAGE_OWNER,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                   | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GDBusConnection) connection = NULL;
  const char *address = g_environ_getenv (self->environments[SPARE_STAGE_OWNER],
                                          "DBUS_SESSION_BUS_ADDRESS");
  Waiting waiting = { .loop = g_main_loop_new (NULL, FALSE) };
  guint watch, deadline;

  self->keyring = g_subprocess_launcher_spawn (launcher, error, "gnome-keyring-daemon",
                                               "--unlock", "--foreground",
                                               "--components=secrets", NULL);
  if (self->keyring == NULL
      || !g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->keyring), "demo", 4,
                                     NULL, NULL, error)
      || !g_output_stream_close (g_subprocess_get_stdin_pipe (self->keyring), NULL, error))
    return FALSE;
  connection = g_dbus_connection_new_for_address_sync (
      address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, error);
  if (connection == NULL)
    return FALSE;
  watch = g_bus_watch_name_on_connection (connection, "org.freedesktop.secrets",
                                          G_BUS_NAME_WATCHER_FLAGS_NONE, appeared_cb, NULL,
                                          &waiting, NULL);
  deadline = g_timeout_add_seconds (10, give_up_cb, &waiting);
  g_main_loop_run (waiting.loop);
  g_bus_unwatch_name (watch);
  if (waiting.appeared)
    g_source_remove (deadline);
  g_main_loop_unref (waiting.loop);
  if (waiting.appeared)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING,
                       _ ("The demo’s own keyring did not start."));
  return FALSE;
}

SpareStage *
spare_stage_new (SpareTool *tool, GError **error)
{
  g_autoptr (SpareStage) self = NULL;

  if (!find_programs (error))
    return NULL;
  self = g_new0 (SpareStage, 1);
  self->tool = tool;
  self->self = g_file_read_link ("/proc/self/exe", error);
  if (self->self == NULL || !make_folder (self, error) || !start_bus (self, error)
      || !start_keyring (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* --- The end --- */

static void
end_agent (SpareStage *self, const char *home)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, SPARE_STAGE_OWNER,
                               G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                   | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *path = spare_stage_path (self, home);
  g_autoptr (GSubprocess)
      kill_agent = g_subprocess_launcher_spawn (launcher, NULL, GPGCONF_PATH, "--homedir", path,
                                                "--kill", "all", NULL);
  g_autoptr (GSubprocess) remove_sockets = NULL;

  if (kill_agent != NULL)
    g_subprocess_wait (kill_agent, NULL, NULL);
  remove_sockets = g_subprocess_launcher_spawn (launcher, NULL, GPGCONF_PATH, "--homedir", path,
                                                "--remove-socketdir", NULL);
  if (remove_sockets != NULL)
    g_subprocess_wait (remove_sockets, NULL, NULL);
}

static void
end_process (GSubprocess **process)
{
  if (*process == NULL)
    return;
  g_subprocess_send_signal (*process, SIGTERM);
  g_subprocess_wait (*process, NULL, NULL);
  g_clear_object (process);
}

void
spare_stage_free (SpareStage *self)
{
  static const char *const homes[] = {
    "ada/data/sparekey/gnupg",
    "acme/data/sparekey/authority/gnupg",
    "ben/.gnupg",
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; self->folder != NULL && i < G_N_ELEMENTS (homes); i++)
    end_agent (self, homes[i]);
  end_process (&self->keyring);
  end_process (&self->bus);
  if (self->folder != NULL && !spare_output_dir_remove_tree (AT_FDCWD, self->folder, &error))
    spare_tool_say_error (self->folder, error);
  for (guint role = 0; role < SPARE_STAGE_N_ROLES; role++)
    g_strfreev (self->environments[role]);
  g_free (self->folder);
  g_free (self->self);
  g_free (self);
}
