/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the modules for the file managers have in common: compiled into each of them. */

/* A file manager's own functions. Its files are objects of its own; its menu items are GObjects with a signal "activate". */
typedef struct
{
  char *(*get_name) (gpointer file);
  char *(*get_uri) (gpointer file);
  char *(*get_uri_scheme) (gpointer file);
  gpointer (*new_item) (const char *name, const char *label, const char *tip, const char *icon);
} SpareMenuHost;

/* The menu items for these files, owned by the caller; NULL: there is nothing to do with them. @host is static. */
GList *spare_menu_new_items (const SpareMenuHost *host, GList *files);
void spare_menu_initialize (void);

G_END_DECLS
