/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The desktop's own dialogs for choosing files, and reading a small one that was chosen.
 *
 * Promise: reading does not block the window, takes plain files only, and no more than a certificate can be. */
#include "config.h"

#include "spare-file-chooser.h"

#include "spare-display.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>

#define READ_MAX (16 * 1024 * 1024)

typedef struct
{
  GtkFileChooserNative *native;
  SpareFilesChosenFunc chosen;
  SpareFileReadFunc read;
  GObject *object;
} Choice;

static void
choice_free (Choice *choice)
{
  g_object_unref (choice->object);
  g_clear_object (&choice->native);
  g_free (choice);
}

static void
read_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info (source,
                                                  G_FILE_ATTRIBUTE_STANDARD_TYPE
                                                  "," G_FILE_ATTRIBUTE_STANDARD_SIZE,
                                                  G_FILE_QUERY_INFO_NONE, cancellable, &error);
  GBytes *octets;

  if (info == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR
           || g_file_info_get_size (info) > READ_MAX)
    g_task_return_new_error (task, SPARE_ERROR, SPARE_ERROR_NOT_A_FILE,
                             _ ("This is not a key or certificate file. Nothing was changed."));
  else if ((octets = g_file_load_bytes (source, cancellable, NULL, &error)))
    g_task_return_pointer (task, octets, (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Choice *choice = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) octets = g_task_propagate_pointer (G_TASK (result), &error);
  g_autofree char *base = g_file_get_basename (G_FILE (source));
  g_autofree char *name = spare_display_text (base ? base : "", -1, 80);

  choice->read (octets, name, error, choice->object);
  choice_free (choice);
}

static void
response_cb (GtkNativeDialog *dialog, int response, Choice *choice)
{
  g_autoptr (GListModel) list = NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  if (response == GTK_RESPONSE_ACCEPT)
    list = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
  for (guint i = 0; list && i < g_list_model_get_n_items (list); i++)
    g_ptr_array_add (files, g_list_model_get_item (list, i));

  if (files->len > 0 && choice->read)
    {
      g_autoptr (GTask) task = g_task_new (g_ptr_array_index (files, 0), NULL, read_cb, choice);

      /* No window is kept hidden: spare-shortcuts.c says why. */
      g_clear_object (&choice->native);
      g_task_run_in_thread (task, read_thread);
      return;
    }
  if (files->len > 0)
    choice->chosen (files, choice->object);
  choice_free (choice);
}

static Choice *
choose (GtkWindow *parent,
        const char *title,
        const char *accept,
        GtkFileChooserAction action,
        gpointer owner_object)
{
  Choice *choice = g_new0 (Choice, 1);

  choice->native = gtk_file_chooser_native_new (title, parent, action, accept, NULL);
  choice->object = g_object_ref (owner_object);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (choice->native), TRUE);
  g_signal_connect (choice->native, "response", G_CALLBACK (response_cb), choice);
  return choice;
}

void
spare_file_chooser_open (GtkWindow *parent,
                         const char *title,
                         const char *accept,
                         gboolean folders,
                         SpareFilesChosenFunc func,
                         gpointer owner_object)
{
  Choice *choice = choose (parent, title, accept,
                           folders ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER
                                   : GTK_FILE_CHOOSER_ACTION_OPEN,
                           owner_object);

  choice->chosen = func;
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (choice->native), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (choice->native));
}

void
spare_file_chooser_open_folder (GtkWindow *parent,
                                const char *title,
                                const char *accept,
                                SpareFilesChosenFunc func,
                                gpointer owner_object)
{
  Choice *choice = choose (parent, title, accept, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                           owner_object);

  choice->chosen = func;
  gtk_file_chooser_set_create_folders (GTK_FILE_CHOOSER (choice->native), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (choice->native));
}

void
spare_file_chooser_save (GtkWindow *parent,
                         const char *title,
                         const char *name,
                         SpareFilesChosenFunc func,
                         gpointer owner_object)
{
  Choice *choice = choose (parent, title, _ ("_Save"), GTK_FILE_CHOOSER_ACTION_SAVE,
                           owner_object);

  choice->chosen = func;
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (choice->native), name);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (choice->native));
}

void
spare_file_chooser_read (GtkWindow *parent,
                         const char *title,
                         const char *accept,
                         SpareFileReadFunc func,
                         gpointer owner_object)
{
  Choice *choice = choose (parent, title, accept, GTK_FILE_CHOOSER_ACTION_OPEN, owner_object);

  choice->read = func;
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (choice->native));
}
