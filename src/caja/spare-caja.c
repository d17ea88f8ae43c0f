/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module for Caja. All that it does is in spare-menu.c. It calls no toolkit, and stays in memory once it was loaded: an
 * answer from the bus may be under way. */
#include "config.h"

#include "spare-menu.h"

#include <libcaja-extension/caja-extension-types.h>
#include <libcaja-extension/caja-file-info.h>
#include <libcaja-extension/caja-menu-provider.h>

#define SPARE_TYPE_CAJA (spare_caja_get_type ())
G_DECLARE_FINAL_TYPE (SpareCaja, spare_caja, SPARE, CAJA, GObject)

struct _SpareCaja
{
  GObject parent_instance;
};

static void menu_provider_init (CajaMenuProviderIface *iface);

G_DEFINE_DYNAMIC_TYPE_EXTENDED (SpareCaja,
                                spare_caja,
                                G_TYPE_OBJECT,
                                G_TYPE_FLAG_FINAL,
                                G_IMPLEMENT_INTERFACE_DYNAMIC (CAJA_TYPE_MENU_PROVIDER,
                                                               menu_provider_init))

static const SpareMenuHost host = {
  (char *(*) (gpointer)) caja_file_info_get_name,
  (char *(*) (gpointer)) caja_file_info_get_uri,
  (char *(*) (gpointer)) caja_file_info_get_uri_scheme,
  (gpointer (*) (const char *, const char *, const char *, const char *)) caja_menu_item_new,
};

static GList *
get_file_items (CajaMenuProvider *provider, GtkWidget *window, GList *files)
{
  return spare_menu_new_items (&host, files);
}

static void
menu_provider_init (CajaMenuProviderIface *iface)
{
  iface->get_file_items = get_file_items;
}

static void
spare_caja_class_init (SpareCajaClass *klass)
{
}

static void
spare_caja_class_finalize (SpareCajaClass *klass)
{
}

static void
spare_caja_init (SpareCaja *self)
{
}

G_MODULE_EXPORT void
caja_module_initialize (GTypeModule *module)
{
  spare_menu_initialize ();
  spare_caja_register_type (module);
}

G_MODULE_EXPORT void
caja_module_shutdown (void)
{
}

G_MODULE_EXPORT void
caja_module_list_types (const GType **types, int *n_types)
{
  static GType type;

  type = SPARE_TYPE_CAJA;
  *types = &type;
  *n_types = 1;
}
