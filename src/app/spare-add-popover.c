/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The people whose certificates are known here, to be searched and chosen from.
 *
 * Promise: the list is read anew each time it is opened, and only those are offered whose key can be encrypted to. */
#include "config.h"

#include "spare-add-popover.h"

#include "spare-names.h"

#include <glib/gi18n-lib.h>

struct _SpareAddPopover
{
  GtkPopover parent_instance;

  SpareOwner *owner;
  GCancellable *cancellable;

  GtkSearchEntry *search;
  GtkStack *stack;
  GtkListBox *list;
  GtkLabel *words;
};

enum
{
  CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareAddPopover, spare_add_popover, GTK_TYPE_POPOVER)

static void
say (SpareAddPopover *self, const char *text)
{
  gtk_label_set_text (self->words, text);
  gtk_stack_set_visible_child_name (self->stack, "words");
}

static gboolean
row_matches (GtkListBoxRow *row, gpointer user_data)
{
  SpareAddPopover *self = user_data;
  g_autofree char *needle = g_utf8_casefold (gtk_editable_get_text (
                                                 GTK_EDITABLE (self->search)),
                                             -1);
  const char *haystack = g_object_get_data (G_OBJECT (row), "haystack");

  return *needle == '\0' || strstr (haystack, needle) != NULL;
}

static void
show_matches (SpareAddPopover *self)
{
  GtkListBoxRow *row;
  gboolean any = FALSE;

  gtk_list_box_invalidate_filter (self->list);
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)); i++)
    any = any || gtk_widget_get_child_visible (GTK_WIDGET (row));
  if (any)
    gtk_stack_set_visible_child_name (self->stack, "list");
  else if (gtk_list_box_get_row_at_index (self->list, 0))
    say (self, _ ("Nobody by that name is known here."));
  else
    say (self,
         _ ("Nobody else is known here yet. Import the certificate that somebody gave you."));
}

static void
search_changed_cb (SpareAddPopover *self)
{
  show_matches (self);
}

static void
row_activated_cb (SpareAddPopover *self, GtkListBoxRow *row)
{
  SpareKey *key = g_object_get_data (G_OBJECT (row), "key");

  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[CHOSEN], 0, key);
}

/* Return in the search field takes the first that is left. */
static void
search_activate_cb (SpareAddPopover *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)); i++)
    if (gtk_widget_get_child_visible (GTK_WIDGET (row)))
      {
        row_activated_cb (self, row);
        return;
      }
}

static GtkWidget *
label_new (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  if (css_class)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
append_row (SpareAddPopover *self, SpareKey *key)
{
  g_autofree char *name = spare_names_dup_for_key (key);
  g_autofree char *email = spare_names_dup_email (key);
  g_autofree char *tip = spare_names_dup_tip (key);
  g_autofree char *both = g_strconcat (name, " ", email ? email : "", NULL);
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  gtk_box_append (GTK_BOX (box), label_new (name, NULL));
  if (email)
    {
      GtkWidget *label = label_new (email, "caption");

      gtk_widget_add_css_class (label, "dim-label");
      gtk_box_append (GTK_BOX (box), label);
    }
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_widget_set_tooltip_text (row, tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, both,
                                  -1);
  g_object_set_data_full (G_OBJECT (row), "key", g_object_ref (key), g_object_unref);
  g_object_set_data_full (G_OBJECT (row), "haystack", g_utf8_casefold (both, -1), g_free);
  gtk_list_box_append (self->list, row);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareAddPopover) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      keys = spare_owner_list_recipients_finish (SPARE_OWNER (source), result, &error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  GtkListBoxRow *row;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  while ((row = gtk_list_box_get_row_at_index (self->list, 0)))
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  if (keys == NULL)
    {
      say (self, error->message);
      return;
    }
  for (guint i = 0; i < keys->len; i++)
    {
      SpareKey *key = g_ptr_array_index (keys, i);

      if (spare_key_get_encryption_state (key, now) == SPARE_KEY_USABLE)
        append_row (self, key);
    }
  show_matches (self);
}

static void
spare_add_popover_show (GtkWidget *widget)
{
  SpareAddPopover *self = SPARE_ADD_POPOVER (widget);

  GTK_WIDGET_CLASS (spare_add_popover_parent_class)->show (widget);
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  g_cancellable_cancel (self->cancellable);
  g_set_object (&self->cancellable, NULL);
  self->cancellable = g_cancellable_new ();
  spare_owner_list_recipients_async (self->owner, self->cancellable, listed_cb,
                                     g_object_ref (self));
}

void
spare_add_popover_set_owner (SpareAddPopover *self, SpareOwner *owner)
{
  g_set_object (&self->owner, owner);
}

static void
spare_add_popover_dispose (GObject *object)
{
  SpareAddPopover *self = SPARE_ADD_POPOVER (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_add_popover_parent_class)->dispose (object);
}

static void
spare_add_popover_class_init (SpareAddPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_add_popover_dispose;
  widget_class->show = spare_add_popover_show;
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 1, SPARE_TYPE_KEY);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-add-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareAddPopover, search);
  gtk_widget_class_bind_template_child (widget_class, SpareAddPopover, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareAddPopover, list);
  gtk_widget_class_bind_template_child (widget_class, SpareAddPopover, words);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback_full (widget_class, "gtk_popover_popdown",
                                                G_CALLBACK (gtk_popover_popdown));
}

static void
spare_add_popover_init (SpareAddPopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_list_box_set_filter_func (self->list, row_matches, self, NULL);
}
