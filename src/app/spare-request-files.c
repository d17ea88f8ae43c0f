/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files and folders that a request is about: chosen, dropped, taken off the list again. */
#include "config.h"

#include "spare-request-files.h"

#include "spare-display.h"
#include "spare-file-chooser.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SpareRequestFiles
{
  GtkBox parent_instance;

  GListStore *store; /* of GFile, each with a path */

  GtkListBox *list;
  GtkLabel *note_label;
  GtkWidget *folder_button;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareRequestFiles, spare_request_files, GTK_TYPE_BOX)

guint
spare_request_files_get_n (SpareRequestFiles *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->store));
}

char **
spare_request_files_dup_paths (SpareRequestFiles *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < spare_request_files_get_n (self); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      g_strv_builder_add (builder, g_file_peek_path (file));
    }
  return g_strv_builder_end (builder);
}

void
spare_request_files_focus_start (SpareRequestFiles *self)
{
  gtk_widget_grab_focus (self->folder_button);
}

static gboolean
equal_cb (gconstpointer a, gconstpointer b)
{
  return g_file_equal ((GFile *) a, (GFile *) b);
}

static void
add (SpareRequestFiles *self, GFile *file)
{
  if (g_file_peek_path (file) == NULL)
    {
      gtk_label_set_text (self->note_label, _ ("Files that are not on this computer were left "
                                               "out. Copy them to a "
                                               "folder here first."));
      gtk_widget_set_visible (GTK_WIDGET (self->note_label), TRUE);
      return;
    }
  if (!g_list_store_find_with_equal_func (self->store, file, equal_cb, NULL))
    g_list_store_append (self->store, file);
}

void
spare_request_files_add (SpareRequestFiles *self, GPtrArray *files)
{
  gtk_widget_set_visible (GTK_WIDGET (self->note_label), FALSE);
  for (guint i = 0; i < files->len; i++)
    add (self, g_ptr_array_index (files, i));
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
chosen_cb (GPtrArray *files, gpointer user_data)
{
  spare_request_files_add (user_data, files);
}

static void
add_files_cb (SpareRequestFiles *self)
{
  spare_file_chooser_open (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                           _ ("Files to Get Back"), _ ("_Add"), FALSE, chosen_cb, self);
}

static void
add_folder_cb (SpareRequestFiles *self)
{
  spare_file_chooser_open (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                           _ ("Folders with Files to Get Back"), _ ("_Add"), TRUE, chosen_cb,
                           self);
}

static gboolean
drop_cb (SpareRequestFiles *self, const GValue *value)
{
  if (!G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    return FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->note_label), FALSE);
  for (GSList *l = g_value_get_boxed (value); l; l = l->next)
    add (self, l->data);
  g_signal_emit (self, signals[CHANGED], 0);
  return TRUE;
}

static void
remove_cb (GtkWidget *button, SpareRequestFiles *self)
{
  GFile *file = g_object_get_data (G_OBJECT (button), "file");
  guint position;

  if (g_list_store_find (self->store, file, &position))
    g_list_store_remove (self->store, position);
  spare_request_files_focus_start (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static GtkWidget *
make_row_cb (gpointer item, gpointer user_data)
{
  SpareRequestFiles *self = user_data;
  GFile *file = item;
  g_autofree char *name = spare_display_basename (g_file_peek_path (file));
  g_autofree char *whole = spare_display_text (g_file_peek_path (file), -1, 200);
  g_autofree char *tip = g_strdup_printf (_ ("Take off the List: %s"), name);
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_from_icon_name ("list-remove-symbolic");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), whole);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 2);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip,
                                  -1);
  g_object_set_data_full (G_OBJECT (button), "file", g_object_ref (file), g_object_unref);
  g_signal_connect_object (button, "clicked", G_CALLBACK (remove_cb), self, 0);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return row;
}

static void
spare_request_files_dispose (GObject *object)
{
  g_clear_object (&SPARE_REQUEST_FILES (object)->store);
  G_OBJECT_CLASS (spare_request_files_parent_class)->dispose (object);
}

static void
spare_request_files_class_init (SpareRequestFilesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_request_files_dispose;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static GtkWidget *
make_button (SpareRequestFiles *self, GtkWidget *box, const char *label, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  g_signal_connect_swapped (button, "clicked", callback, self);
  gtk_box_append (GTK_BOX (box), button);
  return button;
}

static void
spare_request_files_init (SpareRequestFiles *self)
{
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *empty = gtk_label_new (
      _ ("Nothing is chosen yet. Add the folder of your documents, "
         "or drop files here."));
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 12);
  gtk_widget_add_css_class (GTK_WIDGET (self), "drop-area");
  self->store = g_list_store_new (G_TYPE_FILE);
  gtk_widget_set_layout_manager (buttons, spare_wrap_layout_new ());
  gtk_widget_set_halign (buttons, GTK_ALIGN_CENTER);
  self->folder_button = make_button (self, buttons, _ ("Add F_older…"),
                                     G_CALLBACK (add_folder_cb));
  make_button (self, buttons, _ ("Add F_iles…"), G_CALLBACK (add_files_cb));
  gtk_box_append (GTK_BOX (self), buttons);

  gtk_label_set_wrap (GTK_LABEL (empty), TRUE);
  gtk_widget_add_css_class (empty, "fact");
  gtk_widget_add_css_class (empty, "dim-label");
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  gtk_list_box_set_placeholder (self->list, empty);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Files and folders to get back"), -1);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->store), make_row_cb, self, NULL);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->list));

  self->note_label = g_object_new (GTK_TYPE_LABEL, "wrap", TRUE, "visible", FALSE,
                                   "accessible-role", GTK_ACCESSIBLE_ROLE_ALERT, NULL);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->note_label));
  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
