/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Importing somebody's certificate: chosen, read, shown with its fingerprint, and only then added to those who can open the
 * next files.
 *
 * Promise: importing makes somebody known; it does not let them open anything before the person said so. */
#include "config.h"

#include "spare-window-private.h"

#include "spare-file-chooser.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  SpareWindow *window;
  GPtrArray *fingerprints;
} Import;

static void
import_free (Import *import)
{
  g_clear_object (&import->window);
  g_clear_pointer (&import->fingerprints, g_ptr_array_unref);
  g_free (import);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Import, import_free)

static void
answered_cb (AdwMessageDialog *dialog, const char *response, SpareWindow *self)
{
  SpareKey *key = g_object_get_data (G_OBJECT (dialog), "key");

  if (g_str_equal (response, "add"))
    spare_files_page_add_recipient (self->files_page, key);
}

static void
ask (SpareWindow *self, SpareKey *key)
{
  g_autofree char *name = spare_names_dup_for_key (key);
  g_autofree char *whole = spare_names_dup_whole (key);
  g_autofree char *lines = spare_names_dup_two_lines (spare_key_get_fingerprint (key));
  g_autofree char *heading = g_strdup_printf (_ ("Let %s Open the Files?"), name);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), heading, whole);
  GtkWidget *label = gtk_label_new (lines);

  adw_message_dialog_set_heading_use_markup (ADW_MESSAGE_DIALOG (dialog), FALSE);
  adw_message_dialog_set_body_use_markup (ADW_MESSAGE_DIALOG (dialog), FALSE);
  gtk_widget_add_css_class (label, "fingerprint");
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  _ ("Compare these characters with the ones that the person "
                                     "gave you"),
                                  -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), label);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Not Now"),
                                    "add", _ ("_Add"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "add",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data_full (G_OBJECT (dialog), "key", g_object_ref (key), g_object_unref);
  g_signal_connect_object (dialog, "response", G_CALLBACK (answered_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Import) import = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      keys = spare_owner_list_recipients_finish (SPARE_OWNER (source), result, &error);
  g_autofree char *text = NULL;

  if (keys == NULL)
    {
      spare_window_tell (import->window, error->message);
      return;
    }
  if (import->fingerprints->len > 1)
    {
      text =
          g_strdup_printf (ngettext ("%u certificate is known now. It can be added below.",
                                     "%u certificates are known now. They can be added below.",
                                     import->fingerprints->len),
                           import->fingerprints->len);
      spare_window_tell (import->window, text);
      return;
    }
  for (guint i = 0; i < keys->len && import->fingerprints->len == 1; i++)
    {
      SpareKey *key = g_ptr_array_index (keys, i);

      if (g_strcmp0 (spare_key_get_fingerprint (key),
                     g_ptr_array_index (import->fingerprints, 0))
          == 0)
        ask (import->window, key);
    }
}

static void
imported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Import) import = user_data;
  g_autoptr (GError) error = NULL;

  import->fingerprints = spare_owner_import_recipients_finish (SPARE_OWNER (source), result,
                                                               &error);
  if (import->fingerprints == NULL)
    spare_window_tell (import->window, error->message);
  else
    {
      GCancellable *cancellable = import->window->cancellable;

      spare_owner_list_recipients_async (SPARE_OWNER (source), cancellable, listed_cb,
                                         g_steal_pointer (&import));
    }
}

static void
read_cb (GBytes *octets, const char *name, const GError *error, gpointer user_data)
{
  SpareWindow *self = user_data;
  Import *import;

  if (octets == NULL)
    {
      spare_window_tell (self, error->message);
      return;
    }
  import = g_new0 (Import, 1);
  import->window = g_object_ref (self);
  spare_owner_import_recipients_async (self->owner, octets, self->cancellable, imported_cb,
                                       import);
}

void
spare_window_import_certificate (SpareWindow *self)
{
  spare_file_chooser_read (GTK_WINDOW (self), _ ("Import a Certificate"), _ ("_Import"),
                           read_cb, self);
}
