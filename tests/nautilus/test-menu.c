/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The menu for files in file managers, with a file manager of a few lines and a real bus. */
#include "config.h"

#include "spare-menu.h"
#include "spare-test-bus.h"

#define MENU_MAX (250 * G_TIME_SPAN_MILLISECOND)

/* A file is a GObject with an address; a menu item is a GObject with a signal. */

typedef struct
{
  GObject parent_instance;
  char *name; /* of the item */
} TestItem;
typedef GObjectClass TestItemClass;

GType test_item_get_type (void);
G_DEFINE_TYPE (TestItem, test_item, G_TYPE_OBJECT)

static void
test_item_finalize (GObject *object)
{
  g_free (((TestItem *) object)->name);
  G_OBJECT_CLASS (test_item_parent_class)->finalize (object);
}

static void
test_item_class_init (TestItemClass *klass)
{
  klass->finalize = test_item_finalize;
  g_signal_new ("activate", test_item_get_type (), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
}

static void
test_item_init (TestItem *self)
{
}

static char *
file_get_uri (gpointer file)
{
  return g_strdup (g_object_get_data (file, "uri"));
}

static char *
file_get_name (gpointer file)
{
  g_autofree char *uri = file_get_uri (file);

  return g_uri_unescape_string (strrchr (uri, '/') + 1, NULL);
}

static char *
file_get_uri_scheme (gpointer file)
{
  return g_uri_parse_scheme (g_object_get_data (file, "uri"));
}

static gpointer
item_new (const char *name, const char *label, const char *tip, const char *icon)
{
  TestItem *item = g_object_new (test_item_get_type (), NULL);

  g_assert_nonnull (label);
  g_assert_nonnull (tip);
  item->name = g_strdup (name);
  return item;
}

static const SpareMenuHost host = { file_get_name, file_get_uri, file_get_uri_scheme,
                                    item_new };

static GList *
file_list (const char *const *uris)
{
  GList *files = NULL;

  for (guint i = 0; uris[i]; i++)
    {
      GObject *file = g_object_new (G_TYPE_OBJECT, NULL);

      g_object_set_data_full (file, "uri", g_strdup (uris[i]), g_free);
      files = g_list_prepend (files, file);
    }
  return g_list_reverse (files);
}

static void
free_list (GList *list)
{
  g_list_free_full (list, g_object_unref);
}

static char *
names (GList *items)
{
  GString *text = g_string_new (NULL);

  for (GList *l = items; l; l = l->next)
    g_string_append_printf (text, "%s%s", text->len ? " " : "",
                            strstr (((TestItem *) l->data)->name, "::") + 2);
  return g_string_free (text, FALSE);
}

static void
test_offers (void)
{
  static const struct
  {
    const char *why, *uris[4], *items;
  } rows[] = {
    { "nothing is selected", { NULL }, "" },
    { "a plain file", { "file:///a/b.txt" }, "encrypt" },
    { "a folder is like a file", { "file:///a/b" }, "encrypt" },
    { "an encrypted file", { "file:///a/b.txt.gpg" }, "decrypt inspect recover" },
    { "large letters", { "file:///a/B.PGP" }, "decrypt inspect recover" },
    { "as text", { "file:///a/b.asc" }, "decrypt inspect recover" },
    { "two encrypted ones: not looked into at once",
      { "file:///a/b.gpg", "file:///a/c.gpg" },
      "decrypt recover" },
    { "some of each: each its own",
      { "file:///a/b.txt", "file:///a/c.gpg" },
      "encrypt decrypt inspect recover" },
    { "a bundle is opened by a double click", { "file:///a/b.sparekey" }, "" },
    { "a bundle beside a file", { "file:///a/b.sparekey", "file:///a/b" }, "encrypt" },
    { "the suffix alone is no suffix of a suffix", { "file:///a/gpg" }, "encrypt" },
    { "a share that the desktop gives a path to", { "smb://host/share/b.txt" }, "encrypt" },
    { "the trash", { "trash:///b.txt" }, "" },
    { "a phone", { "mtp://phone/b.gpg" }, "" },
    { "one out of reach is one too many", { "file:///a/b", "recent:///c" }, "" },
    { "an address without a scheme", { "/a/b.txt" }, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      GList *files = file_list (rows[i].uris);
      GList *items = spare_menu_new_items (&host, files);
      g_autofree char *found = names (items);

      g_test_message ("%s", rows[i].why);
      g_assert_cmpstr (found, ==, rows[i].items);
      free_list (items);
      free_list (files);
    }
}

static void
test_selection_gone (void)
{
  const char *const uris[] = { "file:///a/b.txt", NULL };
  GList *files = file_list (uris);
  GList *items = spare_menu_new_items (&host, files);
  gpointer file = files->data;

  g_object_add_weak_pointer (file, &file);
  free_list (files);
  g_assert_nonnull (file);
  free_list (items);
  g_assert_null (file);
}

/* --- The application's side of the bus --- */

static guint n_calls, n_addresses, n_bad;
static char *last_action;
static GHashTable *seen; /* addresses of one click */

static void
method_cb (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           GDBusMethodInvocation *invocation,
           gpointer user_data)
{
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) addresses = NULL;

  g_assert_cmpstr (method, ==, "ActivateAction");
  g_free (last_action);
  g_variant_get (parameters, "(s@ava{sv})", &last_action, &list, NULL);
  g_variant_get_child (list, 0, "v", &addresses);
  g_assert_true (g_variant_is_of_type (addresses, G_VARIANT_TYPE_STRING_ARRAY));
  for (gsize i = 0; i < g_variant_n_children (addresses); i++)
    {
      const char *uri;

      g_variant_get_child (addresses, i, "&s", &uri);
      n_bad += !g_str_has_prefix (uri, "file:///") || !g_hash_table_add (seen, g_strdup (uri));
    }
  n_addresses += g_variant_n_children (addresses);
  n_calls++;
  /* Never answered: the file manager has to live with that. */
  g_object_unref (invocation);
}

static void
own_name (GDBusConnection *bus)
{
  static const GDBusInterfaceVTable table = { method_cb };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (
      "<node><interface name='org.freedesktop.Application'><method name='ActivateAction'>"
      "<arg type='s' direction='in'/><arg type='av' direction='in'/>"
      "<arg type='a{sv}' direction='in'/></method></interface></node>",
      NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;

  g_dbus_connection_register_object (bus, "/org/sparekey/SpareKey", info->interfaces[0], &table,
                                     NULL, NULL, &error);
  g_assert_no_error (error);
  answer = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "RequestName",
                                        g_variant_new ("(su)", APPLICATION_ID, 0), NULL, 0, -1,
                                        NULL, &error);
  g_assert_no_error (error);
}

/* Clicks, and waits until the application has that many addresses. */
static void
click (GList *files, const char *action, guint n_expected)
{
  GList *items = spare_menu_new_items (&host, files);
  gint64 deadline = g_get_monotonic_time () + 100 * G_TIME_SPAN_SECOND;
  gboolean found = FALSE;

  n_calls = n_addresses = n_bad = 0;
  g_clear_pointer (&seen, g_hash_table_unref);
  seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (GList *l = items; l; l = l->next)
    if (g_str_has_suffix (((TestItem *) l->data)->name, action))
      {
        found = TRUE;
        g_signal_emit_by_name (l->data, "activate");
      }
  g_assert_true (found);
  /* The menu is closed by the click. */
  free_list (items);
  free_list (files);
  while (n_addresses < n_expected && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_addresses, ==, n_expected);
  g_assert_cmpuint (n_bad, ==, 0);
  g_assert_cmpstr (last_action, ==, action);
}

static void
test_one_call (void)
{
  const char *const uris[] = { "file:///a/b%20%26.txt", "file:///a/c.gpg", "file:///a/%FF",
                               NULL };

  click (file_list (uris), "encrypt", 2);
  g_assert_cmpuint (n_calls, ==, 1);
  click (file_list (uris), "decrypt", 1);
  click (file_list (uris), "recover", 1);
}

static GList *
many (guint n, guint length)
{
  g_autoptr (GPtrArray) uris = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *filler = g_strnfill (length, 'x');

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (uris, g_strdup_printf ("file:///%s/%u", filler, i));
  g_ptr_array_add (uris, NULL);
  return file_list ((const char *const *) uris->pdata);
}

/* A busy machine spoils one try or another. */
static void
test_ten_thousand (void)
{
  GList *files = many (10000, 200);
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < 5 && least >= MENU_MAX; i++)
    {
      gint64 start = g_get_monotonic_time ();
      GList *items = spare_menu_new_items (&host, files);

      least = MIN (least, g_get_monotonic_time () - start);
      g_assert_cmpuint (g_list_length (items), ==, 1);
      free_list (items);
    }
  g_test_message ("the menu took %" G_GINT64_FORMAT " us", least);
  g_assert_cmpint (least, <, MENU_MAX);
  click (files, "encrypt", 10000);
  g_assert_cmpuint (n_calls, ==, 1);
}

/* More than the bus takes in one message. */
static void
test_long_names (void)
{
  click (many (10000, 4000), "encrypt", 10000);
  g_assert_cmpuint (n_calls, >, 1);
  g_assert_cmpuint (n_calls, <, 10);
}

int
main (int argc, char *argv[])
{
  g_autoptr (SpareTestBus) test_bus = NULL;
  g_autoptr (GDBusConnection) service = NULL;
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  test_bus = spare_test_bus_new ();
  service = g_dbus_connection_new_for_address_sync (
      spare_test_bus_get_address (test_bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  own_name (service);
  spare_menu_initialize ();
  g_test_add_func ("/menu/what is offered depends on names and addresses", test_offers);
  g_test_add_func ("/menu/an item outlives the selection it is for", test_selection_gone);
  g_test_add_func ("/menu/several files are one call that is not answered", test_one_call);
  g_test_add_func ("/menu/ten thousand files are one call", test_ten_thousand);
  g_test_add_func ("/menu/more than a message holds goes in several", test_long_names);
  return g_test_run ();
}
