/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool demo: the story, played with the real programs in a temporary folder.
 *
 * Promises: nothing outside that folder is read or changed (own home folders, own session bus, own keyring; a policy
 * of the administrator holds here too); every line that is shown as a command is really run; it ends with success
 * only if the file came back octet by octet. Whatever happens, what it started is ended and the folder removed. */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "spare-error.h"
#include "spare-output-dir.h"
#include "spare-tool.h"

#define LETTER "Dear Ben,\nthe spare key is with the neighbours.\nAda\n"

/* No service folders: nothing is started but what the demo starts. */
#define BUS_CONFIGURATION                                                                \
  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n" \
  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"                  \
  "<busconfig><type>session</type><listen>unix:tmpdir=%s</listen>\n"                     \
  "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\n"     \
  "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n"

typedef struct
{
  SpareTool *tool;
  char *folder;
  char *self; /* this program */
  char **environment;
  GSubprocess *bus;
  GSubprocess *keyring;
} Demo;

static char *
in_folder (Demo *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
say (Demo *self, const char *text)
{
  if (!self->tool->json)
    spare_tool_print ("\n%s", text);
}

static void
child_set_up (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static GSubprocessLauncher *
new_launcher (Demo *self, GSubprocessFlags flags)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (flags);

  g_subprocess_launcher_set_environ (launcher, self->environment);
  g_subprocess_launcher_set_cwd (launcher, self->folder);
  g_subprocess_launcher_set_child_setup (launcher, child_set_up, NULL, NULL);
  return launcher;
}

/* Runs a command and shows it as a person would type it. Its output comes back. */
static gboolean
play (Demo *self, const char *const *argv, const char *input, char **output, GError **error)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, G_SUBPROCESS_FLAGS_STDIN_PIPE
                                         | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                         | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *out = NULL;
  g_autofree char *problem = NULL;

  if (!self->tool->json)
    {
      g_autofree char *line = g_strjoinv (" ", (char **) argv + 1);

      spare_tool_print ("$ %s %s", strcmp (argv[0], self->self) == 0 ? "sparekey-tool" : "gpg",
                        line);
      fflush (stdout);
    }
  process = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (process == NULL
      || !g_subprocess_communicate_utf8 (process, input != NULL ? input : "",
                                         self->tool->cancellable, &out, &problem, error))
    return FALSE;
  if (!g_subprocess_get_successful (process))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED, _ ("This step failed: %s"), problem);
      return FALSE;
    }
  if (!self->tool->json && out != NULL && *out != '\0')
    fputs (out, stdout);
  if (output != NULL)
    *output = g_steal_pointer (&out);
  return TRUE;
}

#define PLAY(self, input, output, error, ...) \
  play (self, (const char *const[]){ __VA_ARGS__, NULL }, input, output, error)

static gboolean
find_programs (GError **error)
{
  static const char *const names[] = { "dbus-daemon", "gnome-keyring-daemon" };
  GString *missing = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_find_program_in_path (names[i]);

      if (path == NULL)
        g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", names[i]);
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

static gboolean
make_environment (Demo *self, GError **error)
{
  static const char *const folders[][2] = {
    { "HOME", "home" },
    { "XDG_DATA_HOME", "home/data" },
    { "XDG_CONFIG_HOME", "home/config" },
    { "XDG_STATE_HOME", "home/state" },
    { "XDG_CACHE_HOME", "home/cache" },
    { "XDG_RUNTIME_DIR", "run" },
    { "XDG_CONFIG_DIRS", "etc" },
  };
  static const char *const forgotten[] = {
    "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "GPG_AGENT_INFO",
  };
  g_autofree char *authority = NULL;

  self->folder = g_dir_make_tmp ("sparekey-demo-XXXXXX", error);
  if (self->folder == NULL)
    return FALSE;
  self->environment = g_get_environ ();
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = in_folder (self, folders[i][1]);

      g_mkdir_with_parents (path, 0700);
      self->environment = g_environ_setenv (self->environment, folders[i][0], path, TRUE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (forgotten); i++)
    self->environment = g_environ_unsetenv (self->environment, forgotten[i]);
  /* The demo's preferences are its own too. */
  self->environment = g_environ_setenv (self->environment, "GSETTINGS_BACKEND", "memory", TRUE);
  authority = in_folder (self, "authority");
  g_mkdir_with_parents (authority, 0700);
  return TRUE;
}

static gboolean
start_bus (Demo *self, GError **error)
{
  g_autofree char *configuration = in_folder (self, "session.conf");
  g_autofree char *text = g_strdup_printf (BUS_CONFIGURATION, self->folder);
  g_autofree char *option = g_strconcat ("--config-file=", configuration, NULL);
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, G_SUBPROCESS_FLAGS_STDOUT_PIPE
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
  self->environment = g_environ_setenv (self->environment, "DBUS_SESSION_BUS_ADDRESS", address,
                                        TRUE);
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
start_keyring (Demo *self, GError **error)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, G_SUBPROCESS_FLAGS_STDIN_PIPE
                                         | G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                         | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GDBusConnection) connection = NULL;
  const char *address = g_environ_getenv (self->environment, "DBUS_SESSION_BUS_ADDRESS");
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
                       _ ("The demo's own keyring did not start."));
  return FALSE;
}

/* The fingerprint of the only key in a home: field 10 of its first "fpr" line (gpg's DETAILS). */
static char *
find_fingerprint (const char *listing)
{
  g_auto (GStrv) lines = g_strsplit (listing, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "fpr:"))
      {
        g_auto (GStrv) fields = g_strsplit (*line, ":", -1);

        return g_strv_length (fields) > 9 ? g_strdup (fields[9]) : NULL;
      }
  return NULL;
}

static gboolean
play_authority (Demo *self, char **fingerprint, GError **error)
{
  g_autofree char *listing = NULL;

  say (self,
       _ ("An organisation has a backup authority. Its key is made with nothing but GnuPG: one "
          "part for files, one for messages."));
  if (!PLAY (self, NULL, NULL, error, GPG_PATH, "--homedir", "authority", "--batch", "--quiet",
             "--passphrase", "", "--quick-generate-key",
             "ACME Backup Authority <backup@acme.example>", "ed25519", "sign", "never")
      || !PLAY (self, NULL, &listing, error, GPG_PATH, "--homedir", "authority", "--batch",
                "--with-colons", "--list-keys"))
    return FALSE;
  *fingerprint = find_fingerprint (listing);
  return PLAY (self, NULL, NULL, error, GPG_PATH, "--homedir", "authority", "--batch",
               "--quiet", "--passphrase", "", "--quick-add-key", *fingerprint, "cv25519",
               "encrypt", "never")
         && PLAY (self, NULL, NULL, error, GPG_PATH, "--homedir", "authority", "--batch",
                  "--quiet", "--passphrase", "", "--quick-add-key", *fingerprint, "cv25519",
                  "encrypt", "never")
         && PLAY (self, NULL, NULL, error, GPG_PATH, "--homedir", "authority", "--batch",
                  "--armor", "--output", "authority.asc", "--export", *fingerprint);
}

static gboolean
play_owner (Demo *self, const char *authority, GError **error)
{
  g_autofree char *letter = in_folder (self, "letter.txt");

  say (self, _ ("Ada makes a key. It lives in her desktop keyring."));
  if (!PLAY (self, NULL, NULL, error, self->self, "key", "create", "--name", "Ada Owner",
             "--email", "ada@example.org"))
    return FALSE;
  say (self, _ ("She trusts the authority, whose 40 characters she was given on paper."));
  if (!PLAY (self, NULL, NULL, error, self->self, "escrow", "trust", "authority.asc",
             "--fingerprint", authority))
    return FALSE;
  say (self, _ ("She encrypts a letter. It can be opened by her and by the authority."));
  return g_file_set_contents (letter, LETTER, -1, error)
         && PLAY (self, NULL, NULL, error, self->self, "encrypt", "letter.txt")
         && PLAY (self, NULL, NULL, error, self->self, "inspect", "letter.txt.gpg")
         && PLAY (self, NULL, NULL, error, self->self, "escrow", "list")
         && g_unlink (letter) == 0;
}

static gboolean
expect_letter (const char *text, GError **error)
{
  if (g_strcmp0 (text, LETTER) == 0)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("What came back is not the letter."));
  return FALSE;
}

static gboolean
play_return (Demo *self, GError **error)
{
  g_autofree char *letter = in_folder (self, "letter.txt");
  g_autofree char *text = NULL;

  say (self, _ ("The original is gone. With her key it comes back."));
  return PLAY (self, NULL, NULL, error, self->self, "decrypt", "letter.txt.gpg")
         && g_file_get_contents (letter, &text, NULL, error) && expect_letter (text, error)
         && g_unlink (letter) == 0;
}

/* The session key out of what gpg says for --show-session-key; it is on gpg's stderr. */
static char *
find_session_key (const char *text)
{
  const char *start = text != NULL ? strstr (text, "session key: '") : NULL;
  const char *end;

  if (start == NULL)
    return NULL;
  start += strlen ("session key: '");
  end = strchr (start, '\'');
  return end != NULL ? g_strndup (start, (gsize) (end - start)) : NULL;
}

static gboolean
play_lost_key (Demo *self, GError **error)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                         | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *said = NULL;
  g_autofree char *session_key = NULL;
  g_autofree char *text = NULL;

  say (self,
       _ ("Ada loses her key. The authority has the escrow packet, a few hundred octets; it "
          "never had the letter. Its key gives the letter's session key:"));
  if (!PLAY (self, NULL, NULL, error, self->self, "escrow", "packet", "letter.txt.gpg",
             "--output", "letter.packet"))
    return FALSE;
  if (!self->tool->json)
    spare_tool_print ("$ gpg --homedir authority --show-session-key --decrypt letter.packet");
  /* gpg reports failure, because the packet holds no letter; the session key is there all the same. */
  process = g_subprocess_launcher_spawn (launcher, error, GPG_PATH, "--homedir", "authority",
                                         "--batch", "--show-session-key", "--decrypt",
                                         "letter.packet", NULL);
  if (process == NULL
      || !g_subprocess_communicate_utf8 (process, NULL, self->tool->cancellable, NULL, &said,
                                         error))
    return FALSE;
  session_key = find_session_key (said);
  if (session_key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("The escrow packet did not give the session key."));
      return FALSE;
    }
  if (!self->tool->json)
    spare_tool_print ("%s", session_key);
  say (self,
       _ ("With it, and without any key, the letter opens. (In this version the authority's "
          "window, which hands it back wrapped for a new key, is still to come.)"));
  return PLAY (self, session_key, &text, error, GPG_PATH, "--homedir", "authority", "--batch",
               "--quiet", "--override-session-key-fd", "0", "--decrypt", "letter.txt.gpg")
         && expect_letter (text, error);
}

static gboolean
play_story (Demo *self, GError **error)
{
  g_autofree char *authority = NULL;

  return make_environment (self, error) && start_bus (self, error)
         && start_keyring (self, error) && play_authority (self, &authority, error)
         && play_owner (self, authority, error) && play_return (self, error)
         && play_lost_key (self, error);
}

static void
end_agent (Demo *self, const char *home)
{
  g_autoptr (GSubprocessLauncher)
      launcher = new_launcher (self, G_SUBPROCESS_FLAGS_STDOUT_SILENCE
                                         | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *path = in_folder (self, home);
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

static void
clean_up (Demo *self)
{
  g_autoptr (GError) error = NULL;

  if (self->folder != NULL)
    {
      end_agent (self, "authority");
      end_agent (self, "home/data/sparekey/gnupg");
    }
  end_process (&self->keyring);
  end_process (&self->bus);
  if (self->folder != NULL && !spare_output_dir_remove_tree (AT_FDCWD, self->folder, &error))
    spare_tool_say_error (self->folder, error);
  g_clear_pointer (&self->environment, g_strfreev);
  g_free (self->folder);
  g_free (self->self);
}

static int
run_demo (SpareTool *tool, char **argv)
{
  Demo demo = { .tool = tool };
  g_auto (GStrv) words = NULL;
  GError *error = NULL;
  gboolean good;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] != NULL)
    return spare_tool_usage (tool, _ ("it takes no further words"));
  if (!find_programs (&error))
    return spare_tool_fail (tool, error);
  demo.self = g_file_read_link ("/proc/self/exe", &error);
  good = demo.self != NULL && play_story (&demo, &error);
  clean_up (&demo);
  if (!good)
    return spare_tool_fail (tool, error);
  say (&demo, _ ("Done. Nothing is left of the demo."));
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "demo", "done");
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  return SPARE_TOOL_DONE;
}

const SpareToolCommand spare_tool_demo_commands[] = {
  { "demo", "", N_ ("Plays the whole story in a temporary folder; touches nothing else."),
    run_demo },
  { NULL },
};
