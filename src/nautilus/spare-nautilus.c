/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module for Files (Nautilus 43 and later). All that it does is in spare-menu.c. It links no toolkit, and stays in memory
 * once it was loaded: an answer from the bus may be under way. */
#include "config.h"

#include "spare-menu.h"

#include <nautilus-extension.h>

#define SPARE_TYPE_NAUTILUS (spare_nautilus_get_type ())
G_DECLARE_FINAL_TYPE (SpareNautilus, spare_nautilus, SPARE, NAUTILUS, GObject)

struct _SpareNautilus
{
  GObject parent_instance;
};

static void menu_provider_init (NautilusMenuProviderInterface *iface);

G_DEFINE_DYNAMIC_TYPE_EXTENDED (SpareNautilus,
                                spare_nautilus,
                                G_TYPE_OBJECT,
                                G_TYPE_FLAG_FINAL,
                                G_IMPLEMENT_INTERFACE_DYNAMIC (NAUTILUS_TYPE_MENU_PROVIDER,
                                                               menu_provider_init))

static const SpareMenuHost host = {
  (char *(*) (gpointer)) nautilus_file_info_get_name,
  (char *(*) (gpointer)) nautilus_file_info_get_uri,
  (char *(*) (gpointer)) nautilus_file_info_get_uri_scheme,
  (gpointer (*) (const char *, const char *, const char *, const char *))
      nautilus_menu_item_new,
};

static GList *
get_file_items (NautilusMenuProvider *provider, GList *files)
{
  return spare_menu_new_items (&host, files);
}

static void
menu_provider_init (NautilusMenuProviderInterface *iface)
{
  iface->get_file_items = get_file_items;
}

static void
spare_nautilus_class_init (SpareNautilusClass *klass)
{
}

static void
spare_nautilus_class_finalize (SpareNautilusClass *klass)
{
}

static void
spare_nautilus_init (SpareNautilus *self)
{
}

G_MODULE_EXPORT void
nautilus_module_initialize (GTypeModule *module)
{
  spare_menu_initialize ();
  spare_nautilus_register_type (module);
}

G_MODULE_EXPORT void
nautilus_module_shutdown (void)
{
}

G_MODULE_EXPORT void
nautilus_module_list_types (const GType **types, int *n_types)
{
  static GType type;

  type = SPARE_TYPE_NAUTILUS;
  *types = &type;
  *n_types = 1;
}
