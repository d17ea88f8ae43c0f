/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The menu for files in a file manager, and how it reaches the application: one D-Bus call with their addresses.
 *
 * Promise: nothing here waits, reads or writes a file, starts a thread or can fail in the file manager's face. What is offered
 * depends on names and addresses alone; what a file really is, the application finds out. A selection of ten thousand files is
 * one call, and is held as references until the menu is gone. */
#include "config.h"

#include "spare-menu.h"

#include <glib/gi18n-lib.h>

#define APPLICATION_PATH "/org/sparekey/SpareKey"
/* A bus takes messages of up to 32 MiB by default; ten thousand files with long names come to a few. What is more goes
 * into the same window with a second call. */
#define MAX_CALL_OCTETS (8 << 20)

typedef enum
{
  FOR_PLAIN = 1 << 0,     /* for files and folders that are not encrypted, by their names */
  FOR_ENCRYPTED = 1 << 1, /* for those that are */
  FOR_ONE = 1 << 2,       /* not for several at once */
} For;

typedef struct
{
  const char *action, *name, *label, *tip;
  For what;
} Entry;

static const Entry entries[] = {
  { "encrypt", "SpareKey::encrypt", N_ ("Encrypt"),
    N_ ("Encrypt for yourself and your backup authority"), FOR_PLAIN },
  { "decrypt", "SpareKey::decrypt", N_ ("Decrypt"), N_ ("Decrypt with Spare Key"),
    FOR_ENCRYPTED },
  { "inspect", "SpareKey::inspect", N_ ("Who Can Open This"),
    N_ ("Show whose keys open this file"), FOR_ENCRYPTED | FOR_ONE },
  { "recover", "SpareKey::recover", N_ ("Recover"),
    N_ ("Ask your backup authority for help when your key is lost"), FOR_ENCRYPTED },
};

/* One menu item's files. */
typedef struct
{
  const SpareMenuHost *host;
  const Entry *entry;
  GPtrArray *files;
} Choice;

/* Places whose files can be read by a path, at least where the desktop makes one for them. */
static gboolean
is_reachable (const SpareMenuHost *host, gpointer file)
{
  static const char *const schemes[] = { "file", "sftp", "smb", "dav", "davs", "nfs", NULL };
  g_autofree char *scheme = host->get_uri_scheme (file);

  return scheme && g_strv_contains (schemes, scheme);
}

static For
classify (const SpareMenuHost *host, gpointer file)
{
  static const char *const suffixes[] = { "gpg", "pgp", "asc" };
  g_autofree char *name = host->get_name (file);
  const char *dot = name ? strrchr (name, '.') : NULL;

  for (guint i = 0; dot && i < G_N_ELEMENTS (suffixes); i++)
    if (g_ascii_strcasecmp (dot + 1, suffixes[i]) == 0)
      return FOR_ENCRYPTED;
  /* Records of escrow are opened, not worked on. */
  return dot && g_ascii_strcasecmp (dot + 1, "sparekey") == 0 ? 0 : FOR_PLAIN;
}

static void
called_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant)
      answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (answer == NULL)
    g_warning ("Spare Key can't be reached: %s", error->message);
}

static void
call (GDBusConnection *bus, const char *action, GVariantBuilder *addresses)
{
  GVariantBuilder parameters;

  g_variant_builder_init (&parameters, G_VARIANT_TYPE ("av"));
  g_variant_builder_add (&parameters, "v", g_variant_builder_end (addresses));
  g_dbus_connection_call (bus, APPLICATION_ID, APPLICATION_PATH, "org.freedesktop.Application",
                          "ActivateAction",
                          g_variant_new ("(sava{sv})", action, &parameters, NULL), NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, called_cb, NULL);
}

static void
choice_send (const Choice *choice, GDBusConnection *bus)
{
  GVariantBuilder addresses;
  gsize n_octets = 0;

  g_variant_builder_init (&addresses, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < choice->files->len; i++)
    {
      g_autofree char *uri = choice->host->get_uri (g_ptr_array_index (choice->files, i));

      if (uri == NULL || !g_utf8_validate (uri, -1, NULL))
        continue;
      if (n_octets + strlen (uri) > MAX_CALL_OCTETS)
        {
          call (bus, choice->entry->action, &addresses);
          g_variant_builder_init (&addresses, G_VARIANT_TYPE ("as"));
          n_octets = 0;
        }
      n_octets += strlen (uri) + 1;
      g_variant_builder_add (&addresses, "s", uri);
    }
  call (bus, choice->entry->action, &addresses);
}

static void
choice_free (gpointer data, GClosure *closure)
{
  Choice *choice = data;

  g_ptr_array_unref (choice->files);
  g_free (choice);
}

static Choice *
choice_new (const SpareMenuHost *host, const Entry *entry, GPtrArray *files)
{
  Choice *choice = g_new0 (Choice, 1);

  choice->host = host;
  choice->entry = entry;
  choice->files = g_ptr_array_ref (files);
  return choice;
}

static void
bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Choice *choice = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (bus)
    choice_send (choice, bus);
  else
    g_warning ("There is no session bus: %s", error->message);
  choice_free (choice, NULL);
}

/* The menu, and the item with it, may be gone before the bus is there. */
static void
activate_cb (gpointer item, const Choice *choice)
{
  g_bus_get (G_BUS_TYPE_SESSION, NULL, bus_cb,
             choice_new (choice->host, choice->entry, choice->files));
}

static gpointer
new_item (const SpareMenuHost *host, const Entry *entry, GPtrArray *files)
{
  gpointer item = host->new_item (entry->name, _ (entry->label), _ (entry->tip),
                                  "channel-secure-symbolic");

  g_signal_connect_data (item, "activate", G_CALLBACK (activate_cb),
                         choice_new (host, entry, files), choice_free, 0);
  return item;
}

GList *
spare_menu_new_items (const SpareMenuHost *host, GList *files)
{
  g_autoptr (GPtrArray) plain = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) encrypted = g_ptr_array_new_with_free_func (g_object_unref);
  GList *items = NULL;

  for (GList *l = files; l; l = l->next)
    {
      For what = classify (host, l->data);

      if (!is_reachable (host, l->data))
        return NULL;
      if (what)
        g_ptr_array_add (what == FOR_PLAIN ? plain : encrypted, g_object_ref (l->data));
    }
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      GPtrArray *its = entries[i].what & FOR_PLAIN ? plain : encrypted;

      if (its->len == 1 || (its->len > 1 && !(entries[i].what & FOR_ONE)))
        items = g_list_append (items, new_item (host, &entries[i], its));
    }
  return items;
}

void
spare_menu_initialize (void)
{
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}
