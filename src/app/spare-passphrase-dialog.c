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
  g_autoptr (SpareSecret) secret = NULL;
  const char *text;

  /* Only now: any other response comes while the dialog closes, when the entries are gone. */
  if (!g_str_equal (response, "save"))
    return;
  text = gtk_editable_get_text (question->first);
  secret = spare_secret_new_copy (text, strlen (text), NULL);
  if (secret)
    question->func (secret, question->user_data);
}

/* Neither a GtkPasswordEntry nor a row for passwords: those of GTK 4.8 and libadwaita 1.2 listen to the keyboard, and were
 * seen to be called after their end. The buffer is what keeps the text in locked memory. */
static GtkEditable *
add_entry (GtkBox *box, const char *title, Question *question)
{
  g_autoptr (GtkEntryBuffer) buffer = gtk_password_entry_buffer_new ();
  GtkWidget *entry = gtk_entry_new_with_buffer (buffer);

  gtk_entry_set_visibility (GTK_ENTRY (entry), FALSE);
  gtk_entry_set_input_purpose (GTK_ENTRY (entry), GTK_INPUT_PURPOSE_PASSWORD);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), title);
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  -1);
  g_signal_connect_swapped (entry, "changed", G_CALLBACK (changed_cb), question);
  gtk_box_append (box, entry);
  return GTK_EDITABLE (entry);
}

void
spare_passphrase_dialog_ask (GtkWindow *parent,
                             SparePassphraseChosenFunc func,
                             gpointer user_data,
                             GDestroyNotify destroy)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  Question *question = g_new0 (Question, 1);

  question->func = func;
  question->user_data = user_data;
  question->destroy = destroy;
  question->dialog = ADW_MESSAGE_DIALOG (
      adw_message_dialog_new (parent, _ ("Export the Secret Key?"),
                              _ ("Whoever has the file and its passphrase can open all files "
                                 "that are encrypted to this key.")));
  question->hint = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (question->hint), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (question->hint), "dim-label");
  question->first = add_entry (GTK_BOX (box), _ ("Passphrase"), question);
  question->second = add_entry (GTK_BOX (box), _ ("Passphrase Again"), question);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (question->hint));

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
