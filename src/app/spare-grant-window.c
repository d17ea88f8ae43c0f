/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A grant: what it is, the files given back, and what is left to be done.
 *
 * Promise: nothing is changed before the person says so; each file is reported as the core reported it; files that were
 * not found can be looked for elsewhere, again and again. After a theft it is said that giving back is not enough. */
#include "config.h"

#include "spare-grant-window.h"

#include "spare-display.h"
#include "spare-fact-list.h"
#include "spare-file-chooser.h"
#include "spare-names.h"
#include "spare-packet-row.h"
#include "spare-reason-list.h"
#include "spare-renewal.h"

#include <glib/gi18n-lib.h>

struct _SpareGrantWindow
{
  AdwWindow parent_instance;

  SpareOwner *owner;
  SpareJobQueue *queue;
  SpareGrant *grant;
  GCancellable *cancellable; /* while it is applied */
  SpareProgressMeter *meter;
  GHashTable *done; /* file id → path, of those that are given back, over all runs */
  gboolean closed;

  GtkStack *stack;
  AdwPreferencesGroup *facts;
  GtkLabel *show_error;
  GtkWidget *apply_button;
  GtkSwitch *whole_switch;
  GtkProgressBar *progress;
  GtkLabel *busy_label;
  GtkLabel *head_label;
  GtkLabel *sub_label;
  GtkWidget *stolen_box;
  GtkWidget *folder_button;
  GtkWidget *close_button;
  SpareReasonList *list;
};

G_DEFINE_FINAL_TYPE (SpareGrantWindow, spare_grant_window, ADW_TYPE_WINDOW)

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static void
show_grant (SpareGrantWindow *self)
{
  const SpareRequest *request = spare_grant_get_request (self->grant);
  SparePin *pin = spare_owner_get_pin (self->owner);
  SpareKey *authority = pin ? spare_pin_get_key (pin) : NULL;
  guint n = spare_grant_get_n_files (self->grant);
  g_autofree char *name = authority ? spare_names_dup_whole (authority) : NULL;
  g_autofree char *case_id = spare_display_text (spare_grant_get_case (self->grant), -1, 60);
  g_autofree char *asked = spare_packet_row_describe_time (request->created);
  g_autofree char *key = spare_names_dup_two_lines (request->key);
  /* Translators: how many files the grant has, and how many were asked for */
  g_autofree char *files = g_strdup_printf (_ ("%u of %u that you asked for"), n,
                                            request->n_files);

  if (name)
    spare_fact_list_add (self->facts, _ ("From"), name, FALSE, FALSE);
  spare_fact_list_add (self->facts, _ ("Files"), files, FALSE, FALSE);
  spare_fact_list_add (self->facts, _ ("You Asked"), asked, FALSE, FALSE);
  spare_fact_list_add (self->facts, _ ("Why"),
                       request->stolen ? _ ("The old key was stolen")
                                       : _ ("The old key was lost"),
                       FALSE, FALSE);
  spare_fact_list_add (self->facts, _ ("For Your Key"), key, FALSE, FALSE);
  spare_fact_list_add (self->facts, _ ("Case"), case_id, FALSE, TRUE);
}

static const char *
result_icon (const SpareHeadResult *result)
{
  return result->status == SPARE_HEAD_FAILED ? "dialog-warning-symbolic"
                                             : "object-select-symbolic";
}

/* What became of each file in this run; and over all runs, which are given back. */
static void
show_results (SpareGrantWindow *self, GPtrArray *results)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = spare_grant_get_n_files (self->grant);
  gboolean stolen = spare_grant_get_request (self->grant)->stolen;
  g_autofree char *head = NULL;
  guint n_done;

  for (guint i = 0; i < results->len; i++)
    {
      SpareHeadResult *result = g_ptr_array_index (results, i);

      if (result->status != SPARE_HEAD_FAILED && result->file_id)
        g_hash_table_insert (self->done, g_strdup (result->file_id), g_strdup (result->path));
    }
  for (guint i = 0; i < results->len; i++)
    {
      SpareHeadResult *result = g_ptr_array_index (results, i);
      const char *text = _ ("Opens with your new key");

      if (result->error)
        text = result->error->message;
      g_ptr_array_add (items, spare_reason_item_new (result->path, text, result_icon (result)));
    }
  n_done = g_hash_table_size (self->done);
  head = g_strdup_printf (ngettext ("%u of %u file can be opened again",
                                    "%u of %u files can be opened again", n),
                          n_done, n);
  show_text (self->head_label, head);
  show_text (self->sub_label,
             n_done < n
                 ? _ ("If the others are on a medium or in another folder, name it now or "
                      "open the grant again later. It stays good until all are back.")
                 : _ ("They open as they always did, by your new key."));
  gtk_widget_set_visible (self->folder_button, n_done < n);
  gtk_widget_set_visible (self->stolen_box, stolen && n_done > 0);
  spare_reason_list_set_items (self->list, items);
  gtk_stack_set_visible_child_name (self->stack, "done");
  gtk_widget_grab_focus (n_done < n ? self->folder_button : self->close_button);
}

static gboolean
settle (SpareGrantWindow *self)
{
  if (self->meter)
    spare_progress_meter_stop (self->meter);
  g_clear_pointer (&self->meter, spare_progress_meter_unref);
  g_clear_object (&self->cancellable);
  return !self->closed;
}

static void
applied_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareGrantWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      results = spare_grant_apply_finish (SPARE_OWNER (source), result, &error);

  if (!settle (self))
    return;
  if (results)
    {
      show_results (self, results);
      return;
    }
  show_text (self->show_error,
             g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                 ? _ ("Stopped. Files that were done until then open with the new key, the "
                      "others are as they were. It can be gone on with at any time.")
                 : error->message);
  gtk_stack_set_visible_child_name (self->stack, "show");
  gtk_widget_grab_focus (self->apply_button);
}

static void
progress_cb (const SpareProgress *progress, gpointer user_data)
{
  SpareGrantWindow *self = user_data;

  if (progress->total > 0)
    gtk_progress_bar_set_fraction (self->progress,
                                   CLAMP ((double) progress->done / (double) progress->total, 0,
                                          1));
  else
    gtk_progress_bar_pulse (self->progress);
}

static void
apply (SpareGrantWindow *self, const char *const *search)
{
  if (self->cancellable)
    return;
  self->cancellable = g_cancellable_new ();
  self->meter = spare_progress_meter_new (NULL, progress_cb, self, NULL);
  show_text (self->show_error, NULL);
  show_text (self->busy_label, _ ("Finding your files and giving them back…"));
  gtk_progress_bar_set_fraction (self->progress, 0);
  gtk_stack_set_visible_child_name (self->stack, "busy");
  spare_grant_set_whole (self->grant, gtk_switch_get_active (self->whole_switch));
  spare_grant_apply_async (self->owner, self->grant, search, self->meter, self->cancellable,
                           applied_cb, g_object_ref (self));
}

static void
apply_cb (SpareGrantWindow *self)
{
  apply (self, NULL);
}

static void
folders_chosen_cb (GPtrArray *files, gpointer user_data)
{
  SpareGrantWindow *self = user_data;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  GHashTableIter iter;
  gpointer path;

  /* What is done already comes along, so that the grant is used up once all are done. */
  g_hash_table_iter_init (&iter, self->done);
  while (g_hash_table_iter_next (&iter, NULL, &path))
    g_strv_builder_add (builder, path);
  for (guint i = 0; i < files->len; i++)
    if (g_file_peek_path (g_ptr_array_index (files, i)))
      g_strv_builder_add (builder, g_file_peek_path (g_ptr_array_index (files, i)));
  paths = g_strv_builder_end (builder);
  if (paths[0])
    apply (self, (const char *const *) paths);
}

static void
folder_cb (SpareGrantWindow *self)
{
  spare_file_chooser_open (GTK_WINDOW (self), _ ("Where Are the Files Now?"), _ ("_Look There"),
                           TRUE, folders_chosen_cb, self);
}

static void
renew_cb (SpareGrantWindow *self)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, self->done);
  while (g_hash_table_iter_next (&iter, NULL, &path))
    g_ptr_array_add (paths, path);
  spare_renewal_start (self->queue, paths);
  gtk_window_close (GTK_WINDOW (self));
}

static gboolean
spare_grant_window_close_request (GtkWindow *window)
{
  SpareGrantWindow *self = SPARE_GRANT_WINDOW (window);

  if (self->cancellable)
    {
      g_cancellable_cancel (self->cancellable);
      show_text (self->busy_label, _ ("Stopping…"));
      return TRUE;
    }
  return GTK_WINDOW_CLASS (spare_grant_window_parent_class)->close_request (window);
}

static void
spare_grant_window_dispose (GObject *object)
{
  SpareGrantWindow *self = SPARE_GRANT_WINDOW (object);

  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  settle (self);
  g_clear_object (&self->queue);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_grant_window_parent_class)->dispose (object);
}

/* The grant is kept until nothing can use it any more: an operation that runs has a reference on the window. */
static void
spare_grant_window_finalize (GObject *object)
{
  SpareGrantWindow *self = SPARE_GRANT_WINDOW (object);

  g_clear_pointer (&self->grant, spare_grant_free);
  g_clear_pointer (&self->done, g_hash_table_unref);
  G_OBJECT_CLASS (spare_grant_window_parent_class)->finalize (object);
}

static void
spare_grant_window_class_init (SpareGrantWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_grant_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_grant_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = spare_grant_window_close_request;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_DIALOG);
  g_type_ensure (SPARE_TYPE_REASON_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-grant-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, facts);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, show_error);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, apply_button);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, whole_switch);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, busy_label);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, head_label);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, sub_label);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, stolen_box);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, folder_button);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, close_button);
  gtk_widget_class_bind_template_child (widget_class, SpareGrantWindow, list);
  gtk_widget_class_bind_template_callback (widget_class, apply_cb);
  gtk_widget_class_bind_template_callback (widget_class, folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, renew_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
spare_grant_window_init (SpareGrantWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

SpareGrantWindow *
spare_grant_window_new (GtkWindow *parent,
                        SpareOwner *owner,
                        SpareJobQueue *queue,
                        SpareGrant *grant)
{
  SpareGrantWindow *self = g_object_new (SPARE_TYPE_GRANT_WINDOW, "transient-for", parent,
                                         NULL);

  self->owner = g_object_ref (owner);
  self->queue = g_object_ref (queue);
  self->grant = grant;
  show_grant (self);
  gtk_widget_grab_focus (self->apply_button);
  return self;
}
