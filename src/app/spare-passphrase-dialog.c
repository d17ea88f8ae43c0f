/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for a new passphrase, twice.
 *
 * Promise: what is typed stays in the entry's own locked memory until it is copied into a SpareSecret. */
#include "config.h"

#include "spare-passphrase-dialog.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define LENGTH_MIN 10

typedef struct
{
  AdwMessageDialog *dialog;
  GtkEditable *first;
  GtkEditable *second;
  GtkLabel *hint;
  SparePassphraseChosenFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} Question;

static void
question_free (gpointer pointer, GClosure *closure)
{
  Question *question = pointer;

  if (question->destroy)
    question->destroy (question->user_data);
  g_free (question);
}

static void
changed_cb (Question *question)
{
  const char *first = gtk_editable_get_text (question->first);
  const char *second = gtk_editable_get_text (question->second);
  gboolean long_enough = g_utf8_strlen (first, -1) >= LENGTH_MIN;
  gboolean same = g_str_equal (first, second);

  adw_message_dialog_set_response_enabled (question->dialog, "save", long_enough && same);
  if (!long_enough)
    gtk_label_set_text (question->hint, _ ("At least 10 characters"));
  else
    gtk_label_set_text (question->hint,
                        same ? _ ("Both are the same") : _ ("The two are not the same yet"));
}

static void
response_cb (AdwMessageDialog *dialog, const char *response, Question *question)
{
  const char *text = gtk_editable_get_text (question->first);
  g_autoptr (SpareSecret) secret = NULL;

  if (!g_str_equal (response, "save"))
    return;
  secret = spare_secret_new_copy (text, strlen (text), NULL);
  if (secret)
    question->func (secret, question->user_data);
}

static GtkEditable *
add_entry (GtkListBox *list, const char *title, Question *question)
{
  GtkWidget *row = adw_password_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  g_signal_connect_swapped (row, "changed", G_CALLBACK (changed_cb), question);
  gtk_list_box_append (list, row);
  return GTK_EDITABLE (row);
}

void
spare_passphrase_dialog_ask (GtkWindow *parent,
                             SparePassphraseChosenFunc func,
                             gpointer user_data,
                             GDestroyNotify destroy)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *list = gtk_list_box_new ();
  Question *question = g_new0 (Question, 1);

  question->func = func;
  question->user_data = user_data;
  question->destroy = destroy;
  question->dialog = ADW_MESSAGE_DIALOG (
      adw_message_dialog_new (parent, _ ("Export the Secret Key?"),
                              _ ("Whoever has the file and its passphrase can open all files "
                                 "that are encrypted to this key.")));
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_box_append (GTK_BOX (box), list);
  question->hint = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (question->hint), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (question->hint), "dim-label");
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (question->hint));
  question->first = add_entry (GTK_LIST_BOX (list), _ ("Passphrase"), question);
  question->second = add_entry (GTK_LIST_BOX (list), _ ("Passphrase Again"), question);

  adw_message_dialog_set_extra_child (question->dialog, box);
  adw_message_dialog_add_responses (question->dialog, "cancel", _ ("_Cancel"), "save",
                                    _ ("_Save…"), NULL);
  adw_message_dialog_set_response_appearance (question->dialog, "save", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (question->dialog, "cancel");
  adw_message_dialog_set_default_response (question->dialog, "save");
  changed_cb (question);
  g_signal_connect_data (question->dialog, "response", G_CALLBACK (response_cb), question,
                         question_free, 0);
  gtk_window_present (GTK_WINDOW (question->dialog));
  gtk_widget_grab_focus (GTK_WIDGET (question->first));
}
