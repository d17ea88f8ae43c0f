/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of a recovery that establishes who is asking: each check of the policy, with its evidence.
 *
 * Promise: the new key's fingerprint is not shown here: the officer types what was heard, and the core compares. What is
 * typed and not recorded is kept while the window is open. */
#include "config.h"

#include "spare-case-steps.h"

#include "spare-authority-events.h"
#include "spare-case-words.h"
#include "spare-case-work.h"
#include "spare-display.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void
typed_cb (GtkEditable *entry, GtkWidget *button)
{
  GHashTable *typed = g_object_get_data (G_OBJECT (entry), "typed");
  const char *check = g_object_get_data (G_OBJECT (entry), "check");
  const char *text = gtk_editable_get_text (entry);

  g_hash_table_replace (typed, g_strdup (check), g_strdup (text));
  gtk_widget_set_sensitive (button, *text != '\0');
}

static void
activated_cb (GtkWidget *entry, GtkWidget *button)
{
  if (gtk_widget_get_sensitive (button))
    gtk_widget_activate (button);
}

static void
add_entry (const SpareCaseView *view, const SpareCaseCheck *check, GtkWidget *box)
{
  const char *before = g_hash_table_lookup (view->typed, check->check);
  gboolean new_key = g_str_equal (check->check, SPARE_CHECK_NEW_KEY);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *entry = gtk_entry_new ();
  GtkWidget *button = gtk_button_new_with_mnemonic (new_key ? _ ("_Compare") : _ ("_Record"));
  g_autofree char *name = g_strdup_printf (new_key ? _ ("%s: characters as heard")
                                                   : _ ("%s: evidence"),
                                           spare_case_words_check (check->check));
  g_autofree char *button_name = g_strdup_printf (new_key ? _ ("Compare: %s")
                                                          : _ ("Record: %s"),
                                                  spare_case_words_check (check->check));

  gtk_widget_set_hexpand (entry, TRUE);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), new_key
                                                         ? _ ("40 characters")
                                                         : _ ("What you saw, when and where"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  button_name, -1);
  if (new_key)
    gtk_widget_add_css_class (entry, "monospace");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", check->check);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "case.identify");
  g_object_set_data_full (G_OBJECT (entry), "check", g_strdup (check->check), g_free);
  g_object_set_data_full (G_OBJECT (entry), "typed", g_hash_table_ref (view->typed),
                          (GDestroyNotify) g_hash_table_unref);
  /* Before a change is listened to: what is noted then takes the place of this text, and frees it. */
  if (before)
    gtk_editable_set_text (GTK_EDITABLE (entry), before);
  gtk_widget_set_sensitive (button, before && *before);
  g_signal_connect_object (entry, "changed", G_CALLBACK (typed_cb), button, 0);
  g_signal_connect_object (entry, "activate", G_CALLBACK (activated_cb), button, 0);
  gtk_box_append (GTK_BOX (line), entry);
  gtk_box_append (GTK_BOX (line), button);
  gtk_box_append (GTK_BOX (box), line);
}

static void
add_check (const SpareCaseView *view, const SpareCaseCheck *check, GtkWidget *list)
{
  GtkWidget *row = adw_preferences_row_new ();
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *icon = gtk_image_new_from_icon_name (check->done ? "object-select-symbolic"
                                                              : "content-loading-symbolic");
  const char *title = spare_case_words_check (check->check);
  g_autofree char *hint = spare_case_words_dup_check_hint (view->one, check->check);
  g_autofree char *label = g_strdup_printf (check->done ? _ ("%s, done")
                                                        : _ ("%s, not done yet"),
                                            title);

  gtk_widget_set_valign (icon, GTK_ALIGN_START);
  gtk_widget_set_hexpand (box, TRUE);
  gtk_widget_add_css_class (line, "fact");
  if (check->done)
    gtk_widget_add_css_class (icon, "accent");
  spare_case_steps_add_text (box, title, "heading");
  if (check->done)
    {
      g_autofree char *when = spare_authority_events_describe_time (check->time);
      const char *written = check->evidence ? check->evidence : "";
      g_autofree char *evidence = g_str_equal (check->check, SPARE_CHECK_NEW_KEY)
                                      ? spare_display_fingerprint (written)
                                      : spare_display_text (written, -1, 600);

      spare_case_steps_add_text (box, evidence, NULL);
      spare_case_steps_add_text (box, when, "dim-label");
    }
  else
    {
      spare_case_steps_add_text (box, hint, "dim-label");
      if (view->one->state == SPARE_CASE_IDENTITY)
        add_entry (view, check, box);
    }
  gtk_box_append (GTK_BOX (line), icon);
  gtk_box_append (GTK_BOX (line), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), line);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  gtk_list_box_append (GTK_LIST_BOX (list), row);
}

static void
add_person (const SpareCase *one, GtkWidget *page)
{
  GtkWidget *list = spare_case_steps_add_list (page, _ ("The claim"));
  g_autofree char *name = spare_names_dup_for_user_id (one->requester);
  g_autofree char *reason = spare_display_text (one->reason, -1, 200);
  guint n_files = one->files->len;
  /* Translators: a person’s name, and how many files */
  g_autofree char *title = g_strdup_printf (ngettext ("%s asks for %u file",
                                                      "%s asks for %u files", n_files),
                                            name, n_files);
  /* Translators: the reason that the person gave; how the new key’s fingerprint begins and ends */
  g_autofree char *detail = g_strdup_printf (_ ("“%s” · new key %.4s … %s"), reason, one->key,
                                             one->key + MAX (0, (int) strlen (one->key) - 4));
  g_autofree char *chip = g_strdup_printf (_ ("%u matched"), one->n_matched);

  spare_case_steps_add_row (list, "avatar-default-symbolic", title, detail,
                            one->n_matched > 0 ? "object-select-symbolic"
                                               : "dialog-warning-symbolic",
                            chip, one->n_matched > 0 ? "authority" : "unusable");
}

GtkWidget *
spare_case_identity_build (const SpareCaseView *view)
{
  const SpareCase *one = view->one;
  GtkWidget *page = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  g_autofree char *person = spare_names_dup_for_user_id (one->person);
  g_autofree char *text = g_strdup_printf (_ ("Establish that the person who asks is %s. Your "
                                              "policy asks for each of these checks "
                                              "before anyone may approve."),
                                           person);
  GtkWidget *list;

  spare_case_steps_add_text (page, text, "dim-label");
  add_person (one, page);
  list = spare_case_steps_add_list (page, _ ("Identity checks"));
  for (guint i = 0; i < one->identity->len; i++)
    add_check (view, g_ptr_array_index (one->identity, i), list);
  return page;
}
