/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: which escrow packets were made here and where each is on its way to the authority. What is not with the
 * authority yet is said first.
 *
 * Promise: the numbers are the database's, read anew after each change. */
#include "config.h"

#include "spare-escrow-page.h"

#include "spare-banner.h"
#include "spare-column-layout.h"
#include "spare-deposit.h"
#include "spare-outbox-model.h"
#include "spare-packet-dialog.h"
#include "spare-packet-row.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SpareEscrowPage
{
  GtkBox parent_instance;

  SpareOwner *owner;
  SpareOutboxModel *model;

  GCancellable *cancellable;

  SpareBanner *banner;
  GtkStack *stack;
  AdwStatusPage *failed_page;
  GtkWidget *export_button;
  GtkLabel *head_label;
  GtkLabel *sub_label;
  GtkListView *list;
};

enum
{
  COUNTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareEscrowPage, spare_escrow_page, GTK_TYPE_BOX)

guint
spare_escrow_page_get_n_waiting (SpareEscrowPage *self)
{
  return self->model ? spare_outbox_model_get_count (self->model, SPARE_OUTBOX_PENDING) : 0;
}

static void
overdue_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareEscrowPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOverdue)
      overdue = spare_deposit_find_overdue_finish (SPARE_OWNER (source), result, &error);

  if (self->owner == NULL)
    return;
  if (overdue && overdue->sentence)
    spare_banner_show (self->banner, SPARE_BANNER_WARNING, overdue->sentence,
                       _ ("Export _Again…"), "win.export-again");
  else
    spare_banner_hide (self->banner);
  if (error)
    g_debug ("overdue exports cannot be told: %s", error->message);
}

guint
spare_escrow_page_get_n_exported (SpareEscrowPage *self)
{
  return self->model ? spare_outbox_model_get_count (self->model, SPARE_OUTBOX_EXPORTED) : 0;
}

void
spare_escrow_page_refresh (SpareEscrowPage *self)
{
  if (self->model)
    spare_outbox_model_refresh (self->model);
}

static void
counted_cb (SpareEscrowPage *self)
{
  guint waiting = spare_escrow_page_get_n_waiting (self);
  guint under_way = spare_outbox_model_get_count (self->model, SPARE_OUTBOX_EXPORTED);
  guint open = waiting + under_way;
  guint held = spare_outbox_model_get_count (self->model, SPARE_OUTBOX_ACKNOWLEDGED);
  g_autofree char *head = NULL;
  const char *sub;

  if (open > 0)
    {
      head = g_strdup_printf (ngettext ("%u packet is not with your authority yet",
                                        "%u packets are not with your authority yet", open),
                              open);
      sub = ngettext ("It is kept here. The authority needs it to help with a file that does "
                      "not name the "
                      "authority itself.",
                      "They are kept here. The authority needs them to help with files that do "
                      "not name the "
                      "authority themselves.",
                      open);
    }
  else
    {
      head = g_strdup (_ ("Every packet is with your authority"));
      sub = _ ("If your key is lost, it can help with all of these files, under its rules.");
    }
  gtk_label_set_text (self->head_label, head);
  gtk_label_set_text (self->sub_label, sub);
  gtk_stack_set_visible_child_name (self->stack, open + held > 0 ? "list" : "empty");
  gtk_widget_set_visible (self->export_button, waiting > 0);
  spare_deposit_find_overdue_async (self->owner, self->cancellable, overdue_cb,
                                    g_object_ref (self));
  g_signal_emit (self, signals[COUNTED], 0);
}

static void
failed_cb (SpareEscrowPage *self, const char *message)
{
  g_autofree char *escaped = g_markup_escape_text (message, -1);

  adw_status_page_set_description (self->failed_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item, SpareEscrowPage *self)
{
  gtk_list_item_set_child (item, spare_packet_row_new ());
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item, SpareEscrowPage *self)
{
  spare_packet_row_set_item (SPARE_PACKET_ROW (gtk_list_item_get_child (item)),
                             SPARE_OUTBOX_ITEM (gtk_list_item_get_item (item)));
}

static void
unbind_cb (GtkListItemFactory *factory, GtkListItem *item, SpareEscrowPage *self)
{
  spare_packet_row_set_item (SPARE_PACKET_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
row_activated_cb (SpareEscrowPage *self, guint position)
{
  g_autoptr (SpareOutboxItem)
      item = g_list_model_get_item (G_LIST_MODEL (self->model), position);
  const SpareOutboxEntry *entry = item ? spare_outbox_item_get_entry (item) : NULL;

  if (entry)
    gtk_window_present (GTK_WINDOW (
        spare_packet_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), entry)));
}

/* The outbox is there once the owner's side is open. */
static void
owner_changed_cb (SpareEscrowPage *self)
{
  g_autoptr (GtkNoSelection) selection = NULL;

  if (self->model || spare_owner_get_state (self->owner) == SPARE_OWNER_CLOSED)
    return;
  self->model = spare_outbox_model_new (spare_owner_get_outbox (self->owner));
  g_signal_connect_object (self->model, "counted", G_CALLBACK (counted_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->model, "failed", G_CALLBACK (failed_cb), self,
                           G_CONNECT_SWAPPED);
  selection = gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->model)));
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (selection));
  spare_outbox_model_set_active (self->model, gtk_widget_get_mapped (GTK_WIDGET (self)));
}

/* Another process, such as the command line, may have added packets. */
static void
spare_escrow_page_map (GtkWidget *widget)
{
  SpareEscrowPage *self = SPARE_ESCROW_PAGE (widget);

  GTK_WIDGET_CLASS (spare_escrow_page_parent_class)->map (widget);
  if (self->model)
    spare_outbox_model_set_active (self->model, TRUE);
}

static void
spare_escrow_page_unmap (GtkWidget *widget)
{
  SpareEscrowPage *self = SPARE_ESCROW_PAGE (widget);

  if (self->model)
    spare_outbox_model_set_active (self->model, FALSE);
  GTK_WIDGET_CLASS (spare_escrow_page_parent_class)->unmap (widget);
}

void
spare_escrow_page_set_up (SpareEscrowPage *self, SpareOwner *owner)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  self->owner = g_object_ref (owner);
  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (unbind_cb), self, 0);
  gtk_list_view_set_factory (self->list, factory);
  g_signal_connect_object (owner, "changed", G_CALLBACK (owner_changed_cb), self,
                           G_CONNECT_SWAPPED);
  owner_changed_cb (self);
}

static void
spare_escrow_page_dispose (GObject *object)
{
  SpareEscrowPage *self = SPARE_ESCROW_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->model);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_escrow_page_parent_class)->dispose (object);
}

static void
spare_escrow_page_class_init (SpareEscrowPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_escrow_page_dispose;
  widget_class->map = spare_escrow_page_map;
  widget_class->unmap = spare_escrow_page_unmap;
  signals[COUNTED] = g_signal_new ("counted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (SPARE_TYPE_BANNER);
  g_type_ensure (SPARE_TYPE_WRAP_LAYOUT);
  g_type_ensure (SPARE_TYPE_COLUMN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-escrow-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, banner);
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, export_button);
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, head_label);
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, sub_label);
  gtk_widget_class_bind_template_child (widget_class, SpareEscrowPage, list);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}

static void
spare_escrow_page_init (SpareEscrowPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
}
