/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test bus is what it says: otherwise every test on it proves nothing. */
#include "config.h"

#include "spare-test-bus.h"

#define SECRETS "org.freedesktop.secrets"

static SpareTestBus *bus;

static GVariant *
call (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  GVariant *reply;

  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (connection, SECRETS, path, interface, method, arguments,
                                       NULL, G_DBUS_CALL_FLAGS_NONE, 5000, NULL, &error);
  g_assert_no_error (error);
  return reply;
}

static char *
dup_default (void)
{
  g_autoptr (GVariant)
      reply = call ("/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "ReadAlias",
                    g_variant_new ("(s)", "default"));
  char *path;

  g_variant_get (reply, "(o)", &path);
  return path;
}

static gboolean
is_locked (void)
{
  g_autofree char *path = dup_default ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;

  g_assert_cmpstr (path, !=, "/");
  reply = call (path, "org.freedesktop.DBus.Properties", "Get",
                g_variant_new ("(ss)", "org.freedesktop.Secret.Collection", "Locked"));
  g_variant_get (reply, "(v)", &value);
  return g_variant_get_boolean (value);
}

static void
test_open (void)
{
  spare_test_bus_start_keyring (bus);
  g_assert_false (is_locked ());
  spare_test_bus_lock_keyring (bus);
  g_assert_true (is_locked ());
  spare_test_bus_unlock_keyring (bus);
  g_assert_false (is_locked ());
  spare_test_bus_restart_locked_keyring (bus);
  g_assert_true (is_locked ());
  spare_test_bus_stop_keyring (bus);
}

static void
test_bare (void)
{
  g_autofree char *path = NULL;

  spare_test_bus_start_keyring (bus);
  spare_test_bus_start_bare_keyring (bus);
  path = dup_default ();
  g_assert_cmpstr (path, ==, "/");
  spare_test_bus_stop_keyring (bus);
  spare_test_bus_wait_name (bus, SECRETS, FALSE);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  bus = spare_test_bus_new ();

  g_test_add_func ("/test-bus/keyring-opens-locks-and-opens-again", test_open);
  g_test_add_func ("/test-bus/bare-keyring-has-no-default", test_bare);

  status = g_test_run ();
  spare_test_bus_free (bus);
  return status;
}
