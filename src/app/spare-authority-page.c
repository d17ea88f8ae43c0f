/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page of the authority's window: what there is in words, what can be done, a search, and the list.
 *
 * Promise: empty, nothing found and not readable are told apart. */
#include "config.h"

#include "spare-authority-page.h"

#include "spare-authority-row.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SpareAuthorityPage
{
  GtkBox parent_instance;

  SpareAuthorityModel *model;

  GtkLabel *head_label;
  GtkBox *actions;
  GtkEditable *search;
  GtkStack *stack;
  AdwStatusPage *empty_page;
  AdwStatusPage *failed_page;
  GtkListView *list;
};

enum
{
  ACTIVATED,
  N_SIGNALS
};

enum
{
  PROP_0,
  PROP_LIST_NAME,
  PROP_SEARCH_HINT,
  PROP_EMPTY_ICON,
  PROP_EMPTY_TITLE,
  PROP_EMPTY_TEXT,
  N_PROPS
};

static guint signals[N_SIGNALS];
static GParamSpec *props[N_PROPS];
static GtkBuildableIface *parent_buildable;

static void buildable_init (GtkBuildableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SpareAuthorityPage,
                               spare_authority_page,
                               GTK_TYPE_BOX,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE, buildable_init))

static void
loaded_cb (SpareAuthorityPage *self)
{
  const char *child = "list";
  gboolean empty;

  if (g_list_model_get_n_items (G_LIST_MODEL (self->model)) == 0)
    child = spare_authority_model_get_query (self->model) ? "nothing" : "empty";
  empty = g_str_equal (child, "empty");
  gtk_widget_set_visible (GTK_WIDGET (self->search), !empty);
  gtk_widget_set_visible (GTK_WIDGET (self->head_label), !empty);
  gtk_widget_set_visible (GTK_WIDGET (self->actions),
                          !empty && gtk_widget_get_first_child (GTK_WIDGET (self->actions)));
  gtk_stack_set_visible_child_name (self->stack, child);
}

static void
failed_cb (SpareAuthorityPage *self, const char *message)
{
  g_autofree char *escaped = g_markup_escape_text (message, -1);

  adw_status_page_set_description (self->failed_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

static void
search_changed_cb (SpareAuthorityPage *self)
{
  if (self->model)
    spare_authority_model_set_query (self->model, gtk_editable_get_text (self->search));
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item, SpareAuthorityPage *self)
{
  gtk_list_item_set_child (item, spare_authority_row_new ());
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item, SpareAuthorityPage *self)
{
  spare_authority_row_set_item (SPARE_AUTHORITY_ROW (gtk_list_item_get_child (item)),
                                SPARE_AUTHORITY_ITEM (gtk_list_item_get_item (item)));
}

static void
row_activated_cb (SpareAuthorityPage *self, guint position)
{
  g_autoptr (SpareAuthorityItem)
      item = g_list_model_get_item (G_LIST_MODEL (self->model), position);

  if (item)
    g_signal_emit (self, signals[ACTIVATED], 0, item);
}

void
spare_authority_page_start (SpareAuthorityPage *self,
                            SpareAuthoritySession *session,
                            SpareAuthorityFetchFunc fetch)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkNoSelection) selection = NULL;

  self->model = spare_authority_model_new (session, fetch);
  g_signal_connect_object (self->model, "loaded", G_CALLBACK (loaded_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->model, "failed", G_CALLBACK (failed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  gtk_list_view_set_factory (self->list, factory);
  selection = gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->model)));
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (selection));
}

SpareAuthorityModel *
spare_authority_page_get_model (SpareAuthorityPage *self)
{
  return self->model;
}

void
spare_authority_page_set_head (SpareAuthorityPage *self, const char *head)
{
  gtk_label_set_text (self->head_label, head);
}

void
spare_authority_page_search (SpareAuthorityPage *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

void
spare_authority_page_refresh (SpareAuthorityPage *self)
{
  if (self->model)
    spare_authority_model_refresh (self->model);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpareAuthorityPage *self = SPARE_AUTHORITY_PAGE (object);
  const char *text = g_value_get_string (value);

  switch (id)
    {
    case PROP_LIST_NAME:
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->list),
                                      GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
      break;
    case PROP_SEARCH_HINT:
      g_object_set (self->search, "placeholder-text", text, NULL);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->search),
                                      GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
      break;
    case PROP_EMPTY_ICON:
      adw_status_page_set_icon_name (self->empty_page, text);
      break;
    case PROP_EMPTY_TITLE:
      adw_status_page_set_title (self->empty_page, text);
      break;
    case PROP_EMPTY_TEXT:
      adw_status_page_set_description (self->empty_page, text);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* A child of type "action" goes above the list, one of type "empty" to where the list would be, were there anything. */
static void
add_child (GtkBuildable *buildable, GtkBuilder *builder, GObject *child, const char *type)
{
  SpareAuthorityPage *self = SPARE_AUTHORITY_PAGE (buildable);

  if (g_strcmp0 (type, "action") == 0)
    gtk_box_append (self->actions, GTK_WIDGET (child));
  else if (g_strcmp0 (type, "empty") == 0)
    adw_status_page_set_child (self->empty_page, GTK_WIDGET (child));
  else
    parent_buildable->add_child (buildable, builder, child, type);
}

static void
buildable_init (GtkBuildableIface *iface)
{
  parent_buildable = g_type_interface_peek_parent (iface);
  iface->add_child = add_child;
}

static void
spare_authority_page_dispose (GObject *object)
{
  g_clear_object (&SPARE_AUTHORITY_PAGE (object)->model);
  G_OBJECT_CLASS (spare_authority_page_parent_class)->dispose (object);
}

static void
spare_authority_page_class_init (SpareAuthorityPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = spare_authority_page_dispose;
  object_class->set_property = set_property;
  props[PROP_LIST_NAME] = g_param_spec_string ("list-name", NULL, NULL, NULL, flags);
  props[PROP_SEARCH_HINT] = g_param_spec_string ("search-hint", NULL, NULL, NULL, flags);
  props[PROP_EMPTY_ICON] = g_param_spec_string ("empty-icon", NULL, NULL, NULL, flags);
  props[PROP_EMPTY_TITLE] = g_param_spec_string ("empty-title", NULL, NULL, NULL, flags);
  props[PROP_EMPTY_TEXT] = g_param_spec_string ("empty-text", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                     0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                     SPARE_TYPE_AUTHORITY_ITEM);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-authority-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, head_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, actions);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, search);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, empty_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPage, list);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}

static void
spare_authority_page_init (SpareAuthorityPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* In a narrow window the buttons go on in a second line. */
  gtk_widget_set_layout_manager (GTK_WIDGET (self->actions), spare_wrap_layout_new ());
}
