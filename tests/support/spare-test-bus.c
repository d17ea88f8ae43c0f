/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A private session bus with a real gnome-keyring, for tests.
 *
 * Promise: nothing of the person's session is reached or started, and nothing is left behind: every child asks
 * the kernel to be killed with the test.
 */
#include "config.h"

#include "spare-test-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRETS     "org.freedesktop.secrets"
#define PASSWORD    "correct horse"
#define DEADLINE_US (60 * G_USEC_PER_SEC)

struct _SpareTestBus
{
  char *dir;
  char *address;
  GPid daemon;
  GPid keyring;
  GArray *children;            /* of GPid: all others */
  GDBusConnection *connection; /* the helper's own, never the singleton */
};

static const char session_conf[] =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
    "<busconfig>\n"
    "  <type>session</type>\n"
    "  <listen>unix:dir=%s</listen>\n"
    "  <auth>EXTERNAL</auth>\n"
    "  <policy context=\"default\">\n"
    "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
    "    <allow eavesdrop=\"true\"/>\n"
    "    <allow own=\"*\"/>\n"
    "  </policy>\n"
    "</busconfig>\n";

static void
die_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GPid
spawn (SpareTestBus *self, const char *const *argv, int *input, int *output)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *data = g_build_filename (self->dir, "data", NULL);
  g_autofree char *run = g_build_filename (self->dir, "run", NULL);
  GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH;
  GPid pid;

  environment = g_environ_setenv (environment, "HOME", self->dir, TRUE);
  environment = g_environ_setenv (environment, "XDG_DATA_HOME", data, TRUE);
  environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR", run, TRUE);
  environment = g_environ_unsetenv (environment, "DISPLAY");
  environment = g_environ_unsetenv (environment, "WAYLAND_DISPLAY");
  if (!g_test_verbose ())
    flags |= G_SPAWN_STDERR_TO_DEV_NULL;
  if (output == NULL)
    flags |= G_SPAWN_STDOUT_TO_DEV_NULL;

  g_spawn_async_with_pipes (self->dir, (char **) argv, environment, flags, die_with_parent,
                            NULL, &pid, input, output, NULL, &error);
  g_assert_no_error (error);

  return pid;
}

static void
end (GPid *pid)
{
  if (*pid == 0)
    return;

  kill (*pid, SIGKILL);
  while (waitpid (*pid, NULL, 0) < 0 && errno == EINTR)
    ;
  g_spawn_close_pid (*pid);
  *pid = 0;
}

SpareTestBus *
spare_test_bus_new (void)
{
  SpareTestBus *self = g_new0 (SpareTestBus, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *conf = NULL;
  g_autofree char *conf_path = NULL;
  g_autofree char *conf_argument = NULL;
  const char *argv[] = { "dbus-daemon", NULL, "--nofork", "--print-address=1", NULL };
  char line[512];
  gsize length = 0;
  int output;

  self->dir = g_dir_make_tmp ("skbus-XXXXXX", &error);
  g_assert_no_error (error);
  self->children = g_array_new (FALSE, FALSE, sizeof (GPid));
  conf_path = g_build_filename (self->dir, "session.conf", NULL);
  conf = g_strdup_printf (session_conf, self->dir);
  g_file_set_contents (conf_path, conf, -1, &error);
  g_assert_no_error (error);
  conf_argument = g_strconcat ("--config-file=", conf_path, NULL);
  argv[1] = conf_argument;
  for (int i = 0; i < 2; i++)
    {
      static const char *const names[] = { "data", "run" };
      g_autofree char *path = g_build_filename (self->dir, names[i], NULL);

      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
    }

  self->daemon = spawn (self, argv, NULL, &output);
  while (length < sizeof line - 1)
    {
      ssize_t n = read (output, line + length, 1);

      if (n < 0 && errno == EINTR)
        continue;
      g_assert_cmpint (n, ==, 1);
      if (line[length] == '\n')
        break;
      length++;
    }
  line[length] = '\0';
  close (output);
  self->address = g_strdup (line);

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", self->address, TRUE);
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
  self->connection = g_dbus_connection_new_for_address_sync (
      self->address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);

  return self;
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_remove (child) != 0)
        remove_tree (child);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_remove (path);
}

void
spare_test_bus_free (SpareTestBus *self)
{
  GDBusConnection *shared;

  if (self == NULL)
    return;

  /* The program's own connection would end the program when the bus goes. */
  shared = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (shared != NULL)
    {
      g_dbus_connection_set_exit_on_close (shared, FALSE);
      g_object_unref (shared);
    }
  g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_object_unref (self->connection);
  end (&self->keyring);
  for (guint i = 0; i < self->children->len; i++)
    end (&g_array_index (self->children, GPid, i));
  end (&self->daemon);
  remove_tree (self->dir);
  g_array_unref (self->children);
  g_free (self->address);
  g_free (self->dir);
  g_free (self);
}

void
spare_test_bus_wait_name (SpareTestBus *self, const char *name, gboolean owned)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_US;

  while (TRUE)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply = NULL;
      gboolean has_owner;

      reply = g_dbus_connection_call_sync (self->connection, "org.freedesktop.DBus",
                                           "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                           "NameHasOwner", g_variant_new ("(s)", name),
                                           G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, 5000,
                                           NULL, &error);
      g_assert_no_error (error);
      g_variant_get (reply, "(b)", &has_owner);
      if (has_owner == owned)
        return;
      if (g_get_monotonic_time () > deadline)
        g_error ("%s %s on the test bus in time", name,
                 owned ? "did not appear" : "did not vanish");
      g_usleep (
          5000); /* a look at the state, with a deadline; there is no event for "never appeared" */
    }
}

GPid
spare_test_bus_spawn (SpareTestBus *self, const char *name, const char *const *argv)
{
  GPid pid = spawn (self, argv, NULL, NULL);

  if (g_str_equal (name, SECRETS))
    {
      g_assert_cmpint (self->keyring, ==, 0);
      self->keyring = pid;
    }
  else
    {
      g_array_append_val (self->children, pid);
    }
  spare_test_bus_wait_name (self, name, TRUE);

  return pid;
}

void
spare_test_bus_kill (SpareTestBus *self, GPid pid)
{
  if (pid == self->keyring)
    {
      spare_test_bus_stop_keyring (self);
      return;
    }
  for (guint i = 0; i < self->children->len; i++)
    if (g_array_index (self->children, GPid, i) == pid)
      {
        end (&g_array_index (self->children, GPid, i));
        g_array_remove_index (self->children, i);
        return;
      }
  g_assert_not_reached ();
}

void
spare_test_bus_stop_keyring (SpareTestBus *self)
{
  if (self->keyring == 0)
    return;

  end (&self->keyring);
  spare_test_bus_wait_name (self, SECRETS, FALSE);
}

/* gnome-keyring makes its default keyring only when it is handed the password of the login. */
static void
start (SpareTestBus *self, gboolean with_password)
{
  const char *const open_argv[] = { "gnome-keyring-daemon", "--foreground", "--unlock",
                                    "--components=secrets", NULL };
  const char *const bare_argv[] = { "gnome-keyring-daemon", "--foreground",
                                    "--components=secrets", NULL };
  int input;

  spare_test_bus_stop_keyring (self);
  self->keyring = spawn (self, with_password ? open_argv : bare_argv, &input, NULL);
  if (with_password)
    g_assert_cmpint (write (input, PASSWORD, strlen (PASSWORD)), ==, strlen (PASSWORD));
  close (input);
  spare_test_bus_wait_name (self, SECRETS, TRUE);
}

static void
forget (SpareTestBus *self)
{
  g_autofree char *keyrings = g_build_filename (self->dir, "data", "keyrings", NULL);

  spare_test_bus_stop_keyring (self);
  remove_tree (keyrings);
}

void
spare_test_bus_start_keyring (SpareTestBus *self)
{
  forget (self);
  start (self, TRUE);
}

void
spare_test_bus_start_bare_keyring (SpareTestBus *self)
{
  forget (self);
  start (self, FALSE);
}

void
spare_test_bus_unlock_keyring (SpareTestBus *self)
{
  start (self, TRUE);
}

void
spare_test_bus_restart_locked_keyring (SpareTestBus *self)
{
  start (self, FALSE);
}

void
spare_test_bus_lock_keyring (SpareTestBus *self)
{
  static const char *const paths[] = { "/org/freedesktop/secrets/collection/login", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) locked = NULL;

  reply = g_dbus_connection_call_sync (self->connection, SECRETS, "/org/freedesktop/secrets",
                                       "org.freedesktop.Secret.Service", "Lock",
                                       g_variant_new ("(^ao)", paths), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, 5000, NULL, &error);
  g_assert_no_error (error);
  locked = g_variant_get_child_value (reply, 0);
  g_assert_cmpint (g_variant_n_children (locked), ==, 1);
}

const char *
spare_test_bus_get_address (SpareTestBus *self)
{
  return self->address;
}

const char *
spare_test_bus_get_dir (SpareTestBus *self)
{
  return self->dir;
}
