/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module for Thunar. All that it does is in spare-menu.c. It calls no toolkit, and stays in memory once it was loaded: an
 * answer from the bus may be under way. */
#include "config.h"

#include "spare-menu.h"

#include <thunarx/thunarx.h>

#define SPARE_TYPE_THUNAR (spare_thunar_get_type ())
G_DECLARE_FINAL_TYPE (SpareThunar, spare_thunar, SPARE, THUNAR, GObject)

struct _SpareThunar
{
  GObject parent_instance;
};

/* Its headers declare neither what it looks for in a module nor what its macro defines. */
G_MODULE_EXPORT void thunar_extension_initialize (ThunarxProviderPlugin *plugin);
G_MODULE_EXPORT void thunar_extension_shutdown (void);
G_MODULE_EXPORT void thunar_extension_list_types (const GType **types, int *n_types);
void spare_thunar_register_type (ThunarxProviderPlugin *plugin);

static void menu_provider_init (ThunarxMenuProviderIface *iface);

THUNARX_DEFINE_TYPE_EXTENDED (SpareThunar,
                              spare_thunar,
                              G_TYPE_OBJECT,
                              G_TYPE_FLAG_FINAL,
                              THUNARX_IMPLEMENT_INTERFACE (THUNARX_TYPE_MENU_PROVIDER,
                                                           menu_provider_init))

static const SpareMenuHost host = {
  (char *(*) (gpointer)) thunarx_file_info_get_name,
  (char *(*) (gpointer)) thunarx_file_info_get_uri,
  (char *(*) (gpointer)) thunarx_file_info_get_uri_scheme,
  (gpointer (*) (const char *, const char *, const char *, const char *)) thunarx_menu_item_new,
};

static GList *
get_file_items (ThunarxMenuProvider *provider, GtkWidget *window, GList *files)
{
  return spare_menu_new_items (&host, files);
}

static void
menu_provider_init (ThunarxMenuProviderIface *iface)
{
  iface->get_file_menu_items = get_file_items;
}

static void
spare_thunar_class_init (SpareThunarClass *klass)
{
}

static void
spare_thunar_init (SpareThunar *self)
{
}

G_MODULE_EXPORT void
thunar_extension_initialize (ThunarxProviderPlugin *plugin)
{
  const char *mismatch = thunarx_check_version (THUNARX_MAJOR_VERSION, THUNARX_MINOR_VERSION,
                                                THUNARX_MICRO_VERSION);

  if (mismatch)
    {
      g_warning ("Spare Key's menu is left out: %s", mismatch);
      return;
    }
  spare_menu_initialize ();
  spare_thunar_register_type (plugin);
}

G_MODULE_EXPORT void
thunar_extension_shutdown (void)
{
}

G_MODULE_EXPORT void
thunar_extension_list_types (const GType **types, int *n_types)
{
  static GType type;

  type = SPARE_TYPE_THUNAR;
  *types = &type;
  *n_types = 1;
}
