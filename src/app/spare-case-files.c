/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All files of a case, each with what was found for it and why. */
#include "config.h"

#include "spare-case-files.h"

#include "spare-authority-lists.h"
#include "spare-authority-row.h"
#include "spare-authority-window.h"
#include "spare-case-words.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  gtk_list_item_set_child (item, spare_authority_row_new ());
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  spare_authority_row_set_item (SPARE_AUTHORITY_ROW (gtk_list_item_get_child (item)),
                                SPARE_AUTHORITY_ITEM (gtk_list_item_get_item (item)));
}

static GListModel *
make_model (const SpareCase *one)
{
  GListStore *store = g_list_store_new (SPARE_TYPE_AUTHORITY_ITEM);

  for (guint i = 0; i < one->files->len; i++)
    {
      const SpareCaseFile *file = g_ptr_array_index (one->files, i);
      g_autoptr (SpareAuthorityItem) item = spare_authority_item_new (i, NULL, NULL);
      g_autofree char *name = spare_authority_lists_dup_file_name (file->name);

      spare_authority_item_set_text (item, "text-x-generic-symbolic", name,
                                     file->why ? file->why : "");
      spare_authority_item_set_chip (item, spare_case_words_verdict_icon (file->verdict),
                                     spare_case_words_verdict (file->verdict),
                                     spare_case_words_verdict_style (file->verdict));
      g_list_store_append (store, item);
    }
  return G_LIST_MODEL (store);
}

GtkWidget *
spare_case_files_new (GtkWindow *parent, const SpareCase *one)
{
  GtkWidget *window = g_object_new (ADW_TYPE_WINDOW, "transient-for", parent, "modal", TRUE,
                                    "destroy-with-parent", TRUE, "title", _ ("Files Asked For"),
                                    "default-width", 560, "default-height", 560,
                                    "width-request", 340, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *list = gtk_list_view_new (GTK_SELECTION_MODEL (
                                           gtk_no_selection_new (make_model (one))),
                                       factory);

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  gtk_widget_add_css_class (list, "boxed-rows");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Files asked for"), -1);
  gtk_widget_set_margin_start (list, 12);
  gtk_widget_set_margin_end (list, 12);
  gtk_widget_set_margin_top (list, 12);
  gtk_widget_set_margin_bottom (list, 18);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_widget_set_vexpand (scroller, TRUE);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), scroller);
  adw_window_set_content (ADW_WINDOW (window), box);
  spare_authority_window_close_by_escape (window);
  return window;
}
