/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, each with a sentence about it: what was left out of an export and why, what a check found, what a grant did.
 *
 * Promise: names and sentences are text, never markup; the list is as fast with 10^5 rows as with ten. */
#include "config.h"

#include "spare-reason-list.h"

#include "spare-display.h"
#include "spare-file-manager.h"
#include "spare-left-out.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SpareReasonList
{
  GtkBox parent_instance;

  GListStore *store;
  GtkListView *view;
};

G_DEFINE_FINAL_TYPE (SpareReasonList, spare_reason_list, GTK_TYPE_BOX)

/* The parts of a row, in this order. */
typedef struct
{
  GtkImage *icon;
  GtkLabel *name;
  GtkLabel *text;
} Row;

static GtkWidget *
add_label (GtkWidget *box, gboolean caption)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (caption)
    {
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
      gtk_widget_add_css_class (label, "caption");
      gtk_widget_add_css_class (label, "dim-label");
    }
  else
    gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_box_append (GTK_BOX (box), label);
  return label;
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  Row *row = g_new0 (Row, 1);

  gtk_widget_add_css_class (line, "job-row");
  row->icon = g_object_new (GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                            NULL);
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (row->icon));
  row->name = GTK_LABEL (add_label (box, FALSE));
  row->text = GTK_LABEL (add_label (box, TRUE));
  gtk_widget_set_hexpand (box, TRUE);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (line), box);
  g_object_set_data_full (G_OBJECT (line), "row", row, g_free);
  gtk_list_item_set_child (item, line);
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *line = gtk_list_item_get_child (item);
  Row *row = g_object_get_data (G_OBJECT (line), "row");
  SpareReasonItem *reason = gtk_list_item_get_item (item);
  const char *path = spare_reason_item_get_path (reason);
  const char *text = spare_reason_item_get_text (reason);
  GtkWidget *parent = gtk_widget_get_parent (line);
  g_autofree char *name = path ? spare_display_basename (path) : NULL;
  g_autofree char *label = name ? g_strdup_printf ("%s, %s", name, text) : g_strdup (text);
  g_autofree char *whole = path ? spare_display_text (path, -1, 300) : NULL;

  gtk_image_set_from_icon_name (row->icon, spare_reason_item_get_icon (reason));
  gtk_label_set_text (row->name, name ? name : "");
  gtk_widget_set_visible (GTK_WIDGET (row->name), name != NULL);
  gtk_label_set_text (row->text, text);
  gtk_widget_set_tooltip_text (line, whole);
  if (parent)
    gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    label, -1);
}

static void
activated_cb (SpareReasonList *self, guint position)
{
  g_autoptr (SpareReasonItem)
      item = g_list_model_get_item (G_LIST_MODEL (self->store), position);
  const char *path = item ? spare_reason_item_get_path (item) : NULL;

  if (path && g_path_is_absolute (path))
    spare_file_manager_show (GTK_WIDGET (self), path);
}

void
spare_reason_list_set_label (SpareReasonList *self, const char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
}

void
spare_reason_list_set_items (SpareReasonList *self, GPtrArray *items)
{
  g_list_store_splice (self->store, 0, g_list_model_get_n_items (G_LIST_MODEL (self->store)),
                       items ? items->pdata : NULL, items ? items->len : 0);
}

void
spare_reason_list_set_left_out (SpareReasonList *self, GPtrArray *left_out)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; left_out && i < left_out->len; i++)
    {
      SpareLeftOut *left = g_ptr_array_index (left_out, i);

      g_ptr_array_add (items, spare_reason_item_new (left->path, left->error->message,
                                                     "dialog-warning-symbolic"));
    }
  spare_reason_list_set_items (self, items);
}

guint
spare_reason_list_get_n_items (SpareReasonList *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->store));
}

static void
spare_reason_list_dispose (GObject *object)
{
  g_clear_object (&SPARE_REASON_LIST (object)->store);
  G_OBJECT_CLASS (spare_reason_list_parent_class)->dispose (object);
}

static void
spare_reason_list_class_init (SpareReasonListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_reason_list_dispose;
}

static void
spare_reason_list_init (SpareReasonList *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkWidget *clamp = adw_clamp_scrollable_new ();
  GtkNoSelection *selection;

  self->store = g_list_store_new (SPARE_TYPE_REASON_ITEM);
  selection = gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->store)));
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  self->view = GTK_LIST_VIEW (gtk_list_view_new (GTK_SELECTION_MODEL (selection), factory));
  gtk_list_view_set_single_click_activate (self->view, TRUE);
  g_signal_connect_swapped (self->view, "activate", G_CALLBACK (activated_cb), self);
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "boxed-rows");
  gtk_widget_set_margin_start (GTK_WIDGET (self->view), 12);
  gtk_widget_set_margin_end (GTK_WIDGET (self->view), 12);
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->view), 18);
  adw_clamp_scrollable_set_maximum_size (ADW_CLAMP_SCROLLABLE (clamp), 760);
  adw_clamp_scrollable_set_tightening_threshold (ADW_CLAMP_SCROLLABLE (clamp), 600);
  adw_clamp_scrollable_set_child (ADW_CLAMP_SCROLLABLE (clamp), GTK_WIDGET (self->view));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), clamp);
  gtk_widget_set_hexpand (scrolled, TRUE);
  gtk_widget_set_vexpand (scrolled, TRUE);
  gtk_box_append (GTK_BOX (self), scrolled);
  spare_reason_list_set_label (self, _ ("Files"));
}
