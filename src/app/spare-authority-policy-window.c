/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The editor of the authority's policy.
 *
 * Promise: nothing holds before Save; the core checks the whole and refuses what makes no sense, and then the old policy
 * holds. Approvals that were given under the old one are void, and that is said before. */
#include "config.h"

#include "spare-authority-policy-window.h"

#include "spare-authority-policy.h"
#include "spare-help.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  SpareAuthorityWindow *window;
  GtkWindow *dialog; /* weak */
  SpareAuthorityRules *rules;
  char *authority;

  GtkStack *stack;
  AdwPreferencesPage *page;
  AdwPreferencesGroup *officers;
  GtkEditable *checks;
  GtkSpinButton *matched;
  GtkSpinButton *unmatched;
  GtkSwitch *allow_unmatched;
  GtkSwitch *require_enrolled;
  GtkSpinButton *waiting;
  GtkSpinButton *expiry;
  GPtrArray *officer_rows; /* of AdwExpanderRow */
  GtkLabel *error_label;
  GtkWidget *save_button;
  gboolean closed; /* the controls are gone */
} Editor;

static void
editor_free (gpointer data)
{
  Editor *self = data;

  g_object_unref (self->window);
  g_clear_pointer (&self->rules, spare_authority_rules_free);
  g_ptr_array_unref (self->officer_rows);
  g_free (self->authority);
  g_free (self);
}

static void
closed_cb (Editor *self)
{
  self->closed = TRUE;
}

static void
show_error (Editor *self, const char *message)
{
  gtk_label_set_text (self->error_label, message ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), message != NULL);
}

/* --- What rows are made of --- */

static AdwPreferencesGroup *
add_group (Editor *self, const char *title, const char *description)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  if (description)
    adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), description);
  adw_preferences_page_add (self->page, ADW_PREFERENCES_GROUP (group));
  return ADW_PREFERENCES_GROUP (group);
}

static AdwActionRow *
add_row (AdwPreferencesGroup *group,
         const char *title,
         const char *subtitle,
         GtkWidget *control)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (subtitle)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), control);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), control);
  adw_preferences_group_add (group, row);
  return ADW_ACTION_ROW (row);
}

static GtkSpinButton *
add_number (AdwPreferencesGroup *group,
            const char *title,
            const char *subtitle,
            guint from,
            guint to,
            guint value)
{
  GtkWidget *spin = gtk_spin_button_new_with_range (from, to, 1);

  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), value);
  add_row (group, title, subtitle, spin);
  return GTK_SPIN_BUTTON (spin);
}

static GtkSwitch *
add_switch (AdwPreferencesGroup *group,
            const char *title,
            const char *subtitle,
            gboolean active)
{
  GtkWidget *toggle = gtk_switch_new ();

  gtk_switch_set_active (GTK_SWITCH (toggle), active);
  add_row (group, title, subtitle, toggle);
  return GTK_SWITCH (toggle);
}

/* --- Officers --- */

static void
remove_officer_cb (GtkWidget *button, GtkWidget *row)
{
  Editor *self = g_object_get_data (G_OBJECT (row), "editor");

  adw_preferences_group_remove (self->officers, row);
  g_ptr_array_remove (self->officer_rows, row);
}

static void
officer_name_cb (GtkEditable *name, AdwPreferencesRow *row)
{
  const char *text = gtk_editable_get_text (name);

  const char *title = *text ? text : _ ("New Officer");

  adw_preferences_row_set_title (row, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  -1);
}

static GtkEditable *
add_officer_entry (GtkWidget *row, const char *title, const char *text)
{
  GtkWidget *entry = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (entry), title);
  gtk_editable_set_text (GTK_EDITABLE (entry), text);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), entry);
  return GTK_EDITABLE (entry);
}

static void
add_officer (Editor *self, const char *name, const char *fingerprints, gboolean expanded)
{
  GtkWidget *row = adw_expander_row_new ();
  GtkWidget *line = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_with_mnemonic (_ ("_Remove"));
  GtkEditable *name_entry;

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  name_entry = add_officer_entry (row, _ ("Name of the Person"), name);
  g_object_set_data (G_OBJECT (row), "editor", self);
  g_object_set_data (G_OBJECT (row), "name", name_entry);
  g_object_set_data (
      G_OBJECT (row), "fingerprints",
      add_officer_entry (row, _ ("Keys: 40 Characters Each, With a Semicolon Between"),
                         fingerprints));
  g_signal_connect_object (name_entry, "changed", G_CALLBACK (officer_name_cb), row, 0);
  officer_name_cb (name_entry, ADW_PREFERENCES_ROW (row));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "destructive-action");
  g_signal_connect_object (button, "clicked", G_CALLBACK (remove_officer_cb), row, 0);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (line),
                                 _ ("This person approves no more"));
  adw_action_row_add_suffix (ADW_ACTION_ROW (line), button);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), line);
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (row), expanded);
  adw_preferences_group_add (self->officers, row);
  g_ptr_array_add (self->officer_rows, row);
}

static void
add_officer_cb (Editor *self)
{
  add_officer (self, "", "", TRUE);
}

/* --- Saving --- */

static GStrv
split (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);

  for (guint i = 0; parts[i]; i++)
    {
      g_autofree char *part = g_strdup (parts[i]);

      g_strstrip (part);
      if (*part)
        g_strv_builder_add (builder, part);
    }
  return g_strv_builder_end (builder);
}

/* Fingerprints are copied with spaces in them, and in lower case. */
static GStrv
split_fingerprints (const char *text)
{
  g_autofree char *upper = g_ascii_strup (text, -1);
  GString *bare = g_string_new (NULL);
  GStrv parts;

  for (const char *p = upper; *p; p++)
    if (!g_ascii_isspace (*p))
      g_string_append_c (bare, *p);
  parts = split (bare->str);
  g_string_free (bare, TRUE);
  return parts;
}

static GBytes *
collect (Editor *self)
{
  g_autoptr (SpareAuthorityRules) rules = spare_authority_rules_copy (self->rules);

  g_strfreev (rules->checks);
  rules->checks = split (gtk_editable_get_text (self->checks));
  rules->approvals_matched = gtk_spin_button_get_value_as_int (self->matched);
  rules->approvals_unmatched = gtk_spin_button_get_value_as_int (self->unmatched);
  rules->allow_unmatched = gtk_switch_get_active (self->allow_unmatched);
  rules->require_enrolled = gtk_switch_get_active (self->require_enrolled);
  rules->waiting_hours = gtk_spin_button_get_value_as_int (self->waiting);
  rules->expiry_days = gtk_spin_button_get_value_as_int (self->expiry);
  g_ptr_array_set_size (rules->officers, 0);
  for (guint i = 0; i < self->officer_rows->len; i++)
    {
      GObject *row = g_ptr_array_index (self->officer_rows, i);
      g_auto (GStrv) fingerprints = split_fingerprints (
          gtk_editable_get_text (g_object_get_data (row, "fingerprints")));

      g_ptr_array_add (rules->officers, spare_officer_new (gtk_editable_get_text (
                                                               g_object_get_data (row, "name")),
                                                           (const char *const *) fingerprints));
    }
  return spare_authority_rules_serialize (rules, self->authority);
}

static gpointer
save_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  return GINT_TO_POINTER (
      spare_authority_set_policy_sync (authority, data, cancellable, error));
}

static void
saved_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  Editor *self = g_object_get_data (G_OBJECT (object), "editor");

  if (self->closed)
    return;
  gtk_widget_set_sensitive (self->save_button, TRUE);
  if (error)
    {
      show_error (self, error->message);
      return;
    }
  spare_authority_window_tell (self->window, _ ("The new policy holds"));
  gtk_window_close (self->dialog);
}

static void
save_cb (Editor *self)
{
  show_error (self, NULL);
  gtk_widget_set_sensitive (self->save_button, FALSE);
  spare_authority_session_run (spare_authority_window_get_session (self->window), save_work,
                               collect (self), (GDestroyNotify) g_bytes_unref, NULL, NULL,
                               saved_cb, self->dialog);
}

/* --- The window --- */

/* The check that no policy removes is not in the entry. */
static char *
join_checks (const SpareAuthorityRules *rules)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; rules->checks[i]; i++)
    if (!g_str_equal (rules->checks[i], SPARE_CHECK_NEW_KEY))
      g_string_append_printf (text, "%s%s", text->len > 0 ? ";" : "", rules->checks[i]);
  return g_string_free (text, FALSE);
}

static void
add_identity (Editor *self)
{
  AdwPreferencesGroup *group = add_group (self, _ ("Identity"),
                                          _ ("The person always reads the new key’s 40 "
                                             "characters back. Beside that: “document” is an "
                                             "official document seen, “callback” a call on the "
                                             "contact noted at enrolment; others are "
                                             "yours to name, with a semicolon between."));
  g_autofree char *checks = join_checks (self->rules);
  GtkWidget *entry = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (entry), _ ("Checks"));
  gtk_editable_set_text (GTK_EDITABLE (entry), checks);
  adw_preferences_group_add (group, entry);
  self->checks = GTK_EDITABLE (entry);
  self->require_enrolled = add_switch (group, _ ("Enrolled Owners Only"),
                                       _ ("Nothing is recovered for owners that are only seen"),
                                       self->rules->require_enrolled);
}

static void
add_approvals (Editor *self)
{
  AdwPreferencesGroup *group = add_group (self, _ ("Approvals"), NULL);

  self->matched = add_number (group, _ ("For Matched Files"),
                              _ ("A deposit of the owner’s own is behind each"), 1, 99,
                              self->rules->approvals_matched);
  self->allow_unmatched = add_switch (group, _ ("Allow Files That Are Not Matched"),
                                      _ ("Nothing shows that they are the person’s own"),
                                      self->rules->allow_unmatched);
  self->unmatched = add_number (group, _ ("For Files That Are Not Matched"), NULL, 1, 99,
                                self->rules->approvals_unmatched);
}

static void
add_times (Editor *self)
{
  AdwPreferencesGroup *group = add_group (self, _ ("Time"), NULL);

  self->waiting = add_number (group, _ ("Hours to Wait"),
                              _ ("After the last approval, so that an owner can object"), 0,
                              8760, self->rules->waiting_hours);
  self->expiry = add_number (group, _ ("Days Until a Case Expires"), NULL, 1, 3650,
                             self->rules->expiry_days);
}

static void
add_officers (Editor *self)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (_ ("_Add…"));

  self->officers =
      add_group (self, _ ("Officers"),
                 _ ("Persons, each with one or more keys. A person counts once, and "
                    "never for a request of their own."));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Add an Officer"), -1);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (add_officer_cb), self);
  adw_preferences_group_set_header_suffix (self->officers, button);
  for (guint i = 0; i < self->rules->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (self->rules->officers, i);
      g_autofree char *keys = g_strjoinv (";", officer->fingerprints);

      add_officer (self, officer->name, keys, FALSE);
    }
}

static gpointer
load_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  return spare_authority_dup_policy (authority, error);
}

static void
loaded_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  Editor *self = g_object_get_data (G_OBJECT (object), "editor");
  SpareAuthoritySession *session = spare_authority_window_get_session (self->window);

  if (session == NULL || self->closed)
    return;
  self->authority = g_strdup (
      spare_authority_get_fingerprint (spare_authority_session_get_authority (session)));
  if (result)
    self->rules = spare_authority_rules_copy (spare_authority_policy_get_rules (result));
  else
    {
      /* It stops cases: the way out is a new one. */
      show_error (self, error->message);
      self->rules = spare_authority_rules_new_default (self->authority);
    }
  add_identity (self);
  add_approvals (self);
  add_officers (self);
  add_times (self);
  gtk_stack_set_visible_child_name (self->stack, "page");
  gtk_widget_set_sensitive (self->save_button, TRUE);
}

static void
build (Editor *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *bar = adw_header_bar_new ();
  GtkWidget *note = gtk_label_new (
      _ ("A new policy makes the approvals of open cases void; they have to be given again."));

  self->save_button = gtk_button_new_with_mnemonic (_ ("_Save"));
  gtk_widget_add_css_class (self->save_button, "suggested-action");
  gtk_widget_set_sensitive (self->save_button, FALSE);
  g_signal_connect_swapped (self->save_button, "clicked", G_CALLBACK (save_cb), self);
  adw_header_bar_pack_end (ADW_HEADER_BAR (bar), self->save_button);
  self->error_label = g_object_new (GTK_TYPE_LABEL, "accessible-role",
                                    GTK_ACCESSIBLE_ROLE_ALERT, "wrap", TRUE, "visible", FALSE,
                                    "xalign", 0.0, "margin-start", 12, "margin-end", 12,
                                    "margin-top", 6, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->error_label), "error");
  gtk_label_set_wrap (GTK_LABEL (note), TRUE);
  gtk_label_set_xalign (GTK_LABEL (note), 0);
  gtk_widget_add_css_class (note, "caption");
  gtk_widget_add_css_class (note, "dim-label");
  gtk_widget_set_margin_start (note, 12);
  gtk_widget_set_margin_end (note, 12);
  gtk_widget_set_margin_top (note, 6);
  gtk_widget_set_margin_bottom (note, 6);
  self->stack = GTK_STACK (gtk_stack_new ());
  self->page = ADW_PREFERENCES_PAGE (adw_preferences_page_new ());
  gtk_stack_add_named (self->stack, gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), "loading");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->page), "page");
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), TRUE);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->error_label));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->stack));
  gtk_box_append (GTK_BOX (box), note);
  adw_window_set_content (ADW_WINDOW (self->dialog), box);
}

GtkWidget *
spare_authority_policy_window_new (SpareAuthorityWindow *parent)
{
  GtkWidget *dialog = g_object_new (ADW_TYPE_WINDOW, "transient-for", parent, "modal", TRUE,
                                    "destroy-with-parent", TRUE, "title", _ ("Policy"),
                                    "default-width", 600, "default-height", 640,
                                    "width-request", 340, NULL);
  Editor *self = g_new0 (Editor, 1);

  self->window = g_object_ref (parent);
  self->dialog = GTK_WINDOW (dialog);
  self->officer_rows = g_ptr_array_new ();
  g_object_set_data_full (G_OBJECT (dialog), "editor", self, editor_free);
  g_signal_connect_swapped (dialog, "destroy", G_CALLBACK (closed_cb), self);
  spare_authority_window_close_by_escape (dialog);
  spare_help_set_page (dialog, "authority#policy");
  build (self);
  spare_authority_session_watch (spare_authority_window_get_session (parent), dialog);
  spare_authority_session_run (spare_authority_window_get_session (parent), load_work, NULL,
                               NULL, g_object_unref, NULL, loaded_cb, dialog);
  return dialog;
}
