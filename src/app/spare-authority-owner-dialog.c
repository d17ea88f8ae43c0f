/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One owner: what is known, enrolment with contact and evidence, the report of a loss.
 *
 * Promise: what the certificate says is shown as a claim. Contact and evidence are only what an officer typed here. */
#include "config.h"

#include "spare-authority-owner-dialog.h"

#include "spare-authority-events.h"
#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-fact-list.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  SpareAuthorityWindow *window;
  GtkWindow *dialog; /* weak */
  char *fingerprint;
  GtkEditable *contact;
  GtkEditable *evidence;
  GtkWidget *button;
  GtkLabel *error_label;
  gboolean closed; /* the controls are gone */
} Form;

typedef struct
{
  char *fingerprint, *contact, *evidence;
  SpareLossKind kind;
  gint64 since;
} Wish;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_free (wish->fingerprint);
  g_free (wish->contact);
  g_free (wish->evidence);
  g_free (wish);
}

static void
form_free (gpointer data)
{
  Form *form = data;

  g_object_unref (form->window);
  g_free (form->fingerprint);
  g_free (form);
}

static void
closed_cb (Form *form)
{
  form->closed = TRUE;
}

/* --- Work --- */

static gpointer
enroll_work (SpareAuthority *authority,
             gpointer data,
             GCancellable *cancellable,
             GError **error)
{
  Wish *wish = data;

  return GINT_TO_POINTER (spare_authority_enroll_sync (authority, wish->fingerprint,
                                                       wish->contact, wish->evidence,
                                                       cancellable, error));
}

static gpointer
loss_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  Wish *wish = data;

  return GINT_TO_POINTER (spare_authority_report_loss_sync (authority, wish->fingerprint,
                                                            wish->kind, wish->since,
                                                            cancellable, error));
}

static void
worked_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  GtkWindow *dialog = GTK_WINDOW (object);
  Wish *wish = data;
  Form *form = g_object_get_data (G_OBJECT (dialog), "form");

  if (form->closed)
    return;
  if (result)
    {
      spare_authority_window_tell (form->window, wish->contact ? _ ("The owner is enrolled")
                                                               : _ ("The loss is noted"));
      /* An entry that is closed with the keyboard in it is complained about by libadwaita 1.2. */
      gtk_window_set_focus (dialog, NULL);
      gtk_window_close (dialog);
      return;
    }
  gtk_label_set_text (form->error_label, error->message);
  gtk_widget_set_visible (GTK_WIDGET (form->error_label), TRUE);
  if (form->button)
    gtk_widget_set_sensitive (form->button, TRUE);
}

/* --- Enrolment --- */

static void
changed_cb (Form *form)
{
  gtk_widget_set_sensitive (form->button, *gtk_editable_get_text (form->contact)
                                              && *gtk_editable_get_text (form->evidence));
}

static void
enroll_cb (Form *form)
{
  Wish *wish;

  if (!gtk_widget_get_sensitive (form->button))
    return;
  wish = g_new0 (Wish, 1);
  wish->fingerprint = g_strdup (form->fingerprint);
  wish->contact = g_strdup (gtk_editable_get_text (form->contact));
  wish->evidence = g_strdup (gtk_editable_get_text (form->evidence));
  gtk_widget_set_sensitive (form->button, FALSE);
  spare_authority_session_run (spare_authority_window_get_session (form->window), enroll_work,
                               wish, wish_free, NULL, NULL, worked_cb, form->dialog);
}

static GtkEditable *
add_entry (AdwPreferencesGroup *group, const char *title, const char *text, Form *form)
{
  GtkWidget *row = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (text)
    gtk_editable_set_text (GTK_EDITABLE (row), text);
  g_signal_connect_swapped (row, "changed", G_CALLBACK (changed_cb), form);
  g_signal_connect_swapped (row, "entry-activated", G_CALLBACK (enroll_cb), form);
  adw_preferences_group_add (group, row);
  return GTK_EDITABLE (row);
}

static GtkWidget *
add_button (AdwPreferencesGroup *group, const char *label, GCallback callback, Form *form)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_widget_set_halign (button, GTK_ALIGN_END);
  gtk_widget_set_margin_top (button, 12);
  g_signal_connect_swapped (button, "clicked", callback, form);
  adw_preferences_group_add (group, button);
  return button;
}

static void
add_enrolment (SpareDetailsWindow *window, const SpareRegistryOwner *owner, Form *form)
{
  AdwPreferencesGroup *group = spare_details_window_add_group (window, owner->enrolled
                                                                           ? _ ("Enrol Again")
                                                                           : _ ("Enrol"));

  adw_preferences_group_set_description (
      group, _ ("Only when you know that this key is this person’s: compare the 40 characters "
                "above with the person. Call-backs go to the contact given here, and never to "
                "one in a request."));
  form->contact = add_entry (group, _ ("Contact: phone or address"), owner->contact, form);
  form->evidence = add_entry (group, _ ("Evidence: how you know them"), NULL, form);
  form->button = add_button (group, _ ("_Enrol Owner"), G_CALLBACK (enroll_cb), form);
  gtk_widget_add_css_class (form->button, "suggested-action");
  changed_cb (form);
}

/* --- Loss --- */

static void
loss_answered_cb (AdwMessageDialog *dialog, const char *response, GtkWindow *window)
{
  Form *form = g_object_get_data (G_OBJECT (window), "form");
  Wish *wish;

  if (g_str_equal (response, "cancel"))
    return;
  wish = g_new0 (Wish, 1);
  wish->fingerprint = g_strdup (form->fingerprint);
  wish->kind = g_str_equal (response, "stolen") ? SPARE_LOSS_STOLEN : SPARE_LOSS_LOST;
  wish->since = g_get_real_time () / G_USEC_PER_SEC;
  spare_authority_session_run (spare_authority_window_get_session (form->window), loss_work,
                               wish, wish_free, NULL, NULL, worked_cb, window);
}

static void
loss_cb (Form *form)
{
  GtkWidget *dialog = adw_message_dialog_new (
      form->dialog, _ ("Report the Loss of This Key?"),
      _ ("Deposits that it signs from now on do not count for a recovery. That can’t be taken "
         "back. Stolen is worse: whoever has the key can open its files."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"),
                                    "lost", _ ("_Lost"), "stolen", _ ("_Stolen"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "lost",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "stolen",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (loss_answered_cb), form->dialog, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
add_loss (SpareDetailsWindow *window, const SpareRegistryOwner *owner, Form *form)
{
  AdwPreferencesGroup *group = spare_details_window_add_group (window, _ ("Loss"));

  if (owner->lost != SPARE_LOSS_NONE)
    {
      g_autofree char *when = spare_authority_events_describe_time (owner->lost_time);

      spare_fact_list_add (group, _ ("Reported"), when, FALSE, FALSE);
    }
  if (owner->lost == SPARE_LOSS_NONE || owner->lost == SPARE_LOSS_LOST)
    gtk_widget_add_css_class (add_button (group, _ ("_Report a Loss…"), G_CALLBACK (loss_cb),
                                          form),
                              "destructive-action");
}

/* --- The window --- */

static void
add_facts (SpareDetailsWindow *window, const SpareRegistryOwner *owner, Form *form)
{
  AdwPreferencesGroup *group = spare_details_window_add_group (window, NULL);
  g_autofree char *whole = spare_display_text (owner->user_id ? owner->user_id : "", -1, 160);
  g_autofree char *lines = spare_names_dup_two_lines (owner->fingerprint);
  g_autofree char *seen = spare_authority_events_describe_time (owner->first_seen);

  spare_fact_list_add (group, _ ("Name in the Certificate, as It Claims"), whole, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Key"), lines, TRUE, TRUE);
  spare_fact_list_add (group, _ ("First Seen"), seen, FALSE, FALSE);
  if (owner->enrolled)
    {
      g_autofree char *when = spare_authority_events_describe_time (owner->enrolled_time);
      g_autofree char *contact = spare_display_text (owner->contact ? owner->contact : "", -1,
                                                     400);
      g_autofree char *evidence = spare_display_text (owner->evidence ? owner->evidence : "",
                                                      -1, 400);

      spare_fact_list_add (group, C_ ("date", "Enrolled"), when, FALSE, FALSE);
      spare_fact_list_add (group, _ ("Contact"), contact, FALSE, TRUE);
      spare_fact_list_add (group, _ ("Evidence"), evidence, FALSE, FALSE);
    }
  else
    spare_fact_list_add (group, C_ ("date", "Enrolled"),
                         _ ("No: by the usual policy nothing can be recovered for this owner"),
                         FALSE, FALSE);
  form->error_label = g_object_new (GTK_TYPE_LABEL, "accessible-role",
                                    GTK_ACCESSIBLE_ROLE_ALERT, "wrap", TRUE, "visible", FALSE,
                                    "xalign", 0.0, "margin-top", 12, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (form->error_label), "error");
  adw_preferences_group_add (group, GTK_WIDGET (form->error_label));
}

GtkWidget *
spare_authority_owner_dialog_new (SpareAuthorityWindow *window, const SpareRegistryOwner *owner)
{
  g_autofree char *name = spare_names_dup_for_user_id (owner->user_id);
  SpareDetailsWindow *dialog = spare_details_window_new (GTK_WINDOW (window), name);
  Form *form = g_new0 (Form, 1);

  form->window = g_object_ref (window);
  form->dialog = GTK_WINDOW (dialog);
  form->fingerprint = g_strdup (owner->fingerprint);
  g_object_set_data_full (G_OBJECT (dialog), "form", form, form_free);
  g_signal_connect_swapped (dialog, "destroy", G_CALLBACK (closed_cb), form);
  add_facts (dialog, owner, form);
  add_enrolment (dialog, owner, form);
  add_loss (dialog, owner, form);
  spare_details_window_show_details (dialog);
  spare_authority_session_watch (spare_authority_window_get_session (window),
                                 GTK_WIDGET (dialog));
  return GTK_WIDGET (dialog);
}
