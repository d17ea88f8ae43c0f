/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page with one thing to do: the drop zone, which becomes the list of jobs. Below it, always, who will be able to open
 * what is dropped.
 *
 * Promise: the list makes as many rows as are seen, not as many as there are jobs. */
#include "config.h"

#include "spare-files-page.h"

#include "spare-access-bar.h"
#include "spare-column-layout.h"
#include "spare-file-manager.h"
#include "spare-job-row.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

#define FEW_JOBS   200
#define COUNT_MSEC 100

struct _SpareFilesPage
{
  GtkBox parent_instance;

  SpareOwner *owner;
  SpareJobQueue *queue;
  guint count_source;

  GtkStack *stack;
  GtkLabel *count_label;
  GtkWidget *clear_button;
  GtkWidget *choose_button;
  GtkListView *list;
  SpareAccessBar *access_bar;
};

G_DEFINE_FINAL_TYPE (SpareFilesPage, spare_files_page, GTK_TYPE_BOX)

static void
append_count (GString *text, const char *format, guint n)
{
  g_string_append (text, " · ");
  g_string_append_printf (text, format, n);
}

static gboolean
update_counts (gpointer user_data)
{
  SpareFilesPage *self = user_data;
  SpareJobCounts counts;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));
  g_autoptr (GString) text = g_string_new (NULL);

  spare_job_queue_get_counts (self->queue, &counts);
  g_string_append_printf (text, ngettext ("%u item", "%u items", n), n);
  if (counts.done > 0)
    append_count (text, ngettext ("%u done", "%u done", counts.done), counts.done);
  if (counts.failed > 0)
    append_count (text, ngettext ("%u failed", "%u failed", counts.failed), counts.failed);
  gtk_label_set_text (self->count_label, text->str);
  gtk_widget_set_sensitive (self->clear_button, n > counts.waiting + counts.running);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "list" : "empty");
  self->count_source = 0;
  return G_SOURCE_REMOVE;
}

/* Counting goes through all jobs, and in a batch of thousands something changes all the time: ten times a second will do. */
static void
counts_changed_cb (SpareFilesPage *self)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->queue)) < FEW_JOBS)
    {
      g_clear_handle_id (&self->count_source, g_source_remove);
      update_counts (self);
    }
  else if (self->count_source == 0)
    self->count_source = g_timeout_add (COUNT_MSEC, update_counts, self);
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item, SpareFilesPage *self)
{
  gtk_list_item_set_child (item, spare_job_row_new (self->queue));
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item, SpareFilesPage *self)
{
  spare_job_row_set_job (SPARE_JOB_ROW (gtk_list_item_get_child (item)),
                         SPARE_JOB (gtk_list_item_get_item (item)));
}

static void
unbind_cb (GtkListItemFactory *factory, GtkListItem *item, SpareFilesPage *self)
{
  spare_job_row_set_job (SPARE_JOB_ROW (gtk_list_item_get_child (item)), NULL);
}

/* Return on a row: where its result is. */
static void
row_activated_cb (SpareFilesPage *self, guint position)
{
  g_autoptr (SpareJob) job = g_list_model_get_item (G_LIST_MODEL (self->queue), position);
  const SpareFileResult *result = job ? spare_job_get_result (job) : NULL;

  if (result && result->output && spare_job_get_state (job) == SPARE_JOB_DONE)
    spare_file_manager_show (GTK_WIDGET (self), result->output);
}

/* The focus is on the list's item, of which the row is the child: keys of the row are heard here. */
static gboolean
row_key_cb (GtkWidget *widget, GVariant *arguments, gpointer user_data)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  GtkWidget *row = NULL;

  if (focus && SPARE_IS_JOB_ROW (gtk_widget_get_first_child (focus)))
    row = gtk_widget_get_first_child (focus);
  else if (focus)
    row = gtk_widget_get_ancestor (focus, SPARE_TYPE_JOB_ROW);
  return row && gtk_widget_activate_action (row, g_variant_get_string (arguments, NULL), NULL);
}

static void
add_row_key (GtkShortcutController *controller,
             guint key,
             GdkModifierType modifiers,
             const char *name)
{
  GtkShortcut *shortcut = gtk_shortcut_new_with_arguments (gtk_keyval_trigger_new (key,
                                                                                   modifiers),
                                                           gtk_callback_action_new (row_key_cb,
                                                                                    NULL, NULL),
                                                           "s", name);

  gtk_shortcut_controller_add_shortcut (controller, shortcut);
}

void
spare_files_page_set_up (SpareFilesPage *self, SpareOwner *owner, SpareJobQueue *queue)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkNoSelection) selection = NULL;

  self->owner = g_object_ref (owner);
  self->queue = g_object_ref (queue);
  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (unbind_cb), self, 0);
  selection = gtk_no_selection_new (g_object_ref (G_LIST_MODEL (queue)));
  gtk_list_view_set_factory (self->list, factory);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (selection));

  g_signal_connect_object (queue, "changed", G_CALLBACK (counts_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "items-changed", G_CALLBACK (counts_changed_cb), self,
                           G_CONNECT_SWAPPED);
  update_counts (self);
  spare_access_bar_set_owner (self->access_bar, owner);
}

SpareJobOptions *
spare_files_page_make_options (SpareFilesPage *self)
{
  SpareJobOptions *options = spare_job_options_new ();
  gboolean unpack;

  g_object_get (spare_owner_get_settings (self->owner), "folder-each", &options->each,
                "trash-original", &options->trash_original, "unpack-archives", &unpack, NULL);
  options->no_unpack = !unpack;
  options->recipients = spare_access_bar_dup_recipients (self->access_bar);
  /* Nobody is there to answer a question for each of many files: a taken name is stepped round, never overwritten. */
  options->conflict = SPARE_CONFLICT_RENAME;
  return options;
}

void
spare_files_page_add_recipient (SpareFilesPage *self, SpareKey *key)
{
  spare_access_bar_add (self->access_bar, key);
}

void
spare_files_page_refresh_access (SpareFilesPage *self)
{
  spare_access_bar_refresh (self->access_bar);
}

/* To the one thing to do. */
void
spare_files_page_focus_start (SpareFilesPage *self)
{
  gtk_widget_grab_focus (self->choose_button);
}

static void
spare_files_page_dispose (GObject *object)
{
  SpareFilesPage *self = SPARE_FILES_PAGE (object);

  g_clear_handle_id (&self->count_source, g_source_remove);
  g_clear_object (&self->queue);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_files_page_parent_class)->dispose (object);
}

static void
spare_files_page_class_init (SpareFilesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_files_page_dispose;
  g_type_ensure (SPARE_TYPE_ACCESS_BAR);
  g_type_ensure (SPARE_TYPE_COLUMN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sparekey/SpareKey/ui/spare-files-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareFilesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareFilesPage, count_label);
  gtk_widget_class_bind_template_child (widget_class, SpareFilesPage, clear_button);
  gtk_widget_class_bind_template_child (widget_class, SpareFilesPage, choose_button);
  gtk_widget_class_bind_template_child (widget_class, SpareFilesPage, list);
  gtk_widget_class_bind_template_child (widget_class, SpareFilesPage, access_bar);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}

static void
spare_files_page_init (SpareFilesPage *self)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  spare_wrap_layout_wrap_buttons (self->clear_button);
  add_row_key (GTK_SHORTCUT_CONTROLLER (keys), GDK_KEY_Menu, 0, "row.menu");
  add_row_key (GTK_SHORTCUT_CONTROLLER (keys), GDK_KEY_F10, GDK_SHIFT_MASK, "row.menu");
  add_row_key (GTK_SHORTCUT_CONTROLLER (keys), GDK_KEY_Delete, 0, "row.remove");
  gtk_widget_add_controller (GTK_WIDGET (self->list), keys);
}
