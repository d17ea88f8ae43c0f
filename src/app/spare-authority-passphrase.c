/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the authority's passphrase, on behalf of a thread that waits for it.
 *
 * Promise: what is typed stays in the entry's own locked memory until it is copied into a SpareSecret; it is kept nowhere
 * else. Dismissed, or the window gone: the operation ends as cancelled, and nothing was changed. */
#include "config.h"

#include "spare-authority-passphrase.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  GMutex lock;
  GCond answered;
  GtkWindow **parent;
  gboolean was_wrong;
  gboolean done;
  SpareSecret *secret;
} Question;

static void
answer (Question *question, SpareSecret *secret)
{
  g_mutex_lock (&question->lock);
  if (!question->done)
    {
      question->done = TRUE;
      question->secret = secret;
      secret = NULL;
      g_cond_signal (&question->answered);
    }
  g_mutex_unlock (&question->lock);
  g_clear_pointer (&secret, spare_secret_unref);
}

/* The question lives in the waiting thread: after an answer it is gone. */
static void
response_cb (AdwMessageDialog *dialog, const char *response, GtkEditable *entry)
{
  Question *question = g_object_steal_data (G_OBJECT (dialog), "question");
  const char *text;

  /* It is emitted once more while the dialog closes, when the entry is gone. */
  if (question == NULL)
    return;
  if (!g_str_equal (response, "unlock"))
    {
      answer (question, NULL);
      return;
    }
  text = gtk_editable_get_text (entry);
  answer (question, spare_secret_new_copy (text, strlen (text), NULL));
}

static void
gone_cb (GtkWidget *dialog)
{
  Question *question = g_object_steal_data (G_OBJECT (dialog), "question");

  if (question)
    answer (question, NULL);
}

static void
changed_cb (AdwMessageDialog *dialog, GtkEditable *entry)
{
  adw_message_dialog_set_response_enabled (dialog, "unlock",
                                           *gtk_editable_get_text (entry) != '\0');
}

static void
activated_cb (AdwMessageDialog *dialog, GtkEditable *entry)
{
  if (*gtk_editable_get_text (entry) != '\0')
    adw_message_dialog_response (dialog, "unlock");
}

static gboolean
ask_cb (gpointer user_data)
{
  Question *question = user_data;
  GtkWidget *dialog;
  g_autoptr (GtkEntryBuffer) buffer = NULL;
  GtkWidget *entry;
  GtkWidget *box;

  if (*question->parent == NULL)
    {
      answer (question, NULL);
      return G_SOURCE_REMOVE;
    }
  dialog = adw_message_dialog_new (*question->parent, _ ("Unlock the Authority’s Key"),
                                   _ ("The passphrase is kept in the memory of GnuPG’s agent "
                                      "while you work, and nowhere else."));
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  /* Neither a GtkPasswordEntry nor a row for passwords: those of GTK 4.8 and libadwaita 1.2 listen to the keyboard, and
   * were seen to be called after their end. The buffer is what keeps the text in locked memory. */
  buffer = gtk_password_entry_buffer_new ();
  entry = gtk_entry_new_with_buffer (buffer);
  gtk_entry_set_visibility (GTK_ENTRY (entry), FALSE);
  gtk_entry_set_input_purpose (GTK_ENTRY (entry), GTK_INPUT_PURPOSE_PASSWORD);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Passphrase"), -1);
  gtk_box_append (GTK_BOX (box), entry);
  if (question->was_wrong)
    {
      GtkWidget *wrong = g_object_new (GTK_TYPE_LABEL, "accessible-role",
                                       GTK_ACCESSIBLE_ROLE_ALERT, "wrap", TRUE, "label",
                                       _ ("That was not the passphrase. Nothing was changed."),
                                       NULL);

      gtk_widget_add_css_class (wrong, "error");
      gtk_box_append (GTK_BOX (box), wrong);
    }
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), box);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"),
                                    "unlock", _ ("_Unlock"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "unlock",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "unlock");
  g_object_set_data (G_OBJECT (dialog), "question", question);
  g_signal_connect_object (entry, "changed", G_CALLBACK (changed_cb), dialog,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "activate", G_CALLBACK (activated_cb), dialog,
                           G_CONNECT_SWAPPED);
  g_signal_connect (dialog, "response", G_CALLBACK (response_cb), entry);
  g_signal_connect (dialog, "destroy", G_CALLBACK (gone_cb), NULL);
  changed_cb (ADW_MESSAGE_DIALOG (dialog), GTK_EDITABLE (entry));
  gtk_window_present (GTK_WINDOW (dialog));
  gtk_widget_grab_focus (entry);
  return G_SOURCE_REMOVE;
}

SpareSecret *
spare_authority_passphrase_ask_sync (GtkWindow **parent,
                                     gboolean was_wrong,
                                     GCancellable *cancellable,
                                     GError **error)
{
  Question question = { .parent = parent, .was_wrong = was_wrong };
  g_autoptr (GSource) source = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  g_mutex_init (&question.lock);
  g_cond_init (&question.answered);
  /* Not g_main_context_invoke(): between two turns of a loop that nobody holds it would run here, in this thread. */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, ask_cb, &question, NULL);
  g_source_attach (source, NULL);
  g_mutex_lock (&question.lock);
  while (!question.done)
    g_cond_wait (&question.answered, &question.lock);
  g_mutex_unlock (&question.lock);
  g_mutex_clear (&question.lock);
  g_cond_clear (&question.answered);

  if (question.secret == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                         _ ("The key was not unlocked. Nothing was changed."));
  return question.secret;
}
