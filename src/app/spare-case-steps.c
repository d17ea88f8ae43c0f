/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages of a recovery, one a step, as they look for a case as it is now.
 *
 * Promise: a page only shows and offers; what holds is computed by the core each time. Names and reasons come from
 * whoever asks: they are data, marked as a claim. */
#include "config.h"

#include "spare-case-steps.h"

#include "spare-authority-events.h"
#include "spare-authority-lists.h"
#include "spare-case-words.h"
#include "spare-case-work.h"
#include "spare-chip.h"
#include "spare-display.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define FILES_SHOWN 50

void
spare_case_officer_free (gpointer data)
{
  SpareCaseOfficer *officer = data;

  g_free (officer->name);
  g_free (officer->fingerprint);
  g_free (officer);
}

const char *
spare_case_steps_title (SpareCaseStep step)
{
  switch (step)
    {
    case SPARE_CASE_STEP_REQUEST:
      return _ ("Request");
    case SPARE_CASE_STEP_IDENTITY:
      return _ ("Identity");
    case SPARE_CASE_STEP_APPROVALS:
      return _ ("Approvals");
    case SPARE_CASE_STEP_WAITING:
      return C_ ("step of a case", "Waiting");
    case SPARE_CASE_STEP_RECOVERY:
      return _ ("Recovery");
    case SPARE_CASE_STEP_DELIVERY:
    default:
      return _ ("Delivery");
    }
}

SpareCaseStep
spare_case_steps_get_last (const SpareCase *one)
{
  switch (one->state)
    {
    case SPARE_CASE_IDENTITY:
      return SPARE_CASE_STEP_IDENTITY;
    case SPARE_CASE_APPROVAL:
      return SPARE_CASE_STEP_APPROVALS;
    case SPARE_CASE_WAITING:
      return SPARE_CASE_STEP_WAITING;
    case SPARE_CASE_READY:
      return SPARE_CASE_STEP_RECOVERY;
    case SPARE_CASE_GRANTED:
      return SPARE_CASE_STEP_DELIVERY;
    case SPARE_CASE_REFUSED:
    case SPARE_CASE_EXPIRED:
    case SPARE_CASE_WITHDRAWN:
    default:
      return SPARE_CASE_STEP_REQUEST;
    }
}

/* A case that was begun goes on where it was; a new one begins with the request. */
SpareCaseStep
spare_case_steps_get_first (const SpareCase *one)
{
  gboolean begun = one->state != SPARE_CASE_IDENTITY;

  for (guint i = 0; i < one->identity->len; i++)
    begun = begun || ((const SpareCaseCheck *) g_ptr_array_index (one->identity, i))->done;
  return begun ? spare_case_steps_get_last (one) : SPARE_CASE_STEP_REQUEST;
}

gboolean
spare_case_steps_is_needed (const SpareCaseView *view, SpareCaseStep step)
{
  return step != SPARE_CASE_STEP_WAITING || view->one->state == SPARE_CASE_WAITING
         || (view->rules && view->rules->waiting_hours > 0);
}

/* --- What pages are made of --- */

static GtkWidget *
page_new (const char *title)
{
  GtkWidget *page = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *label = spare_case_steps_add_text (page, title, "title-2");

  gtk_accessible_update_property (GTK_ACCESSIBLE (page), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  -1);
  gtk_widget_set_margin_bottom (label, 0);
  return page;
}

GtkWidget *
spare_case_steps_add_text (GtkWidget *page, const char *text, const char *style)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  if (style)
    gtk_widget_add_css_class (label, style);
  gtk_box_append (GTK_BOX (page), label);
  return label;
}

GtkWidget *
spare_case_steps_add_list (GtkWidget *page, const char *name)
{
  GtkWidget *list = gtk_list_box_new ();

  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
  gtk_box_append (GTK_BOX (page), list);
  return list;
}

GtkWidget *
spare_case_steps_add_row (GtkWidget *list,
                          const char *icon,
                          const char *title,
                          const char *subtitle,
                          const char *chip_icon,
                          const char *chip,
                          const char *chip_style)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *label = g_strjoin (", ", title, subtitle ? subtitle : chip,
                                      subtitle ? chip : NULL, NULL);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (subtitle)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  if (icon)
    adw_action_row_add_prefix (ADW_ACTION_ROW (row),
                               g_object_new (GTK_TYPE_IMAGE, "icon-name", icon, "pixel-size",
                                             24, "accessible-role",
                                             GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL));
  if (chip)
    {
      GtkWidget *widget = spare_chip_new (chip_icon, chip, FALSE);

      spare_chip_set (SPARE_CHIP (widget), chip_icon, chip);
      if (chip_style)
        gtk_widget_add_css_class (widget, chip_style);
      gtk_widget_set_valign (widget, GTK_ALIGN_CENTER);
      /* The row's own text makes room for it, not the other way round. */
      for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
           child = gtk_widget_get_next_sibling (child))
        if (GTK_IS_LABEL (child))
          gtk_label_set_ellipsize (GTK_LABEL (child), PANGO_ELLIPSIZE_NONE);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), widget);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  gtk_list_box_append (GTK_LIST_BOX (list), row);
  return row;
}

GtkWidget *
spare_case_steps_add_button (GtkWidget *page,
                             const char *label,
                             const char *action,
                             const char *target,
                             const char *style)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_widget_set_halign (button, GTK_ALIGN_START);
  if (target)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", target);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  if (style)
    gtk_widget_add_css_class (button, style);
  gtk_box_append (GTK_BOX (page), button);
  return button;
}

/* --- The request --- */

static void
add_claim (const SpareCaseView *view, GtkWidget *page)
{
  const SpareCase *one = view->one;
  GtkWidget *list = spare_case_steps_add_list (page, _ ("The claim"));
  g_autofree char *name = spare_display_text (one->requester, -1, 160);
  g_autofree char *reason = spare_display_text (one->reason, -1, 600);
  g_autofree char *quoted = g_strdup_printf (_ ("“%s”"), reason);
  g_autofree char *opened = spare_authority_events_describe_time (one->opened);
  g_autofree char *expires = spare_authority_events_describe_time (one->expires);
  g_autofree char *old = *one->old ? spare_display_fingerprint (one->old)
                                   : g_strdup (_ ("Not named"));
  gboolean stolen = g_strcmp0 (one->lost, "stolen") == 0;

  spare_case_steps_add_row (list, "avatar-default-symbolic", name,
                            _ ("As the new key’s certificate says: not yet proven"), NULL, NULL,
                            NULL);
  spare_case_steps_add_row (list, NULL, _ ("Reason"), quoted, NULL, NULL, NULL);
  spare_case_steps_add_row (list, NULL, _ ("Old Key"), old,
                            stolen ? "dialog-warning-symbolic" : NULL,
                            stolen ? _ ("Stolen, by the Claim") : _ ("Lost, by the Claim"),
                            stolen ? "unusable" : NULL);
  if (one->owner_enrolled)
    {
      g_autofree char *person = spare_display_text (one->person, -1, 160);

      spare_case_steps_add_row (list, NULL, _ ("Owner of the Old Key"), person,
                                "object-select-symbolic", C_ ("owner", "Enrolled"),
                                "authority");
    }
  else
    spare_case_steps_add_row (list, NULL, _ ("Owner of the Old Key"),
                              _ ("Not enrolled here: nothing of theirs can be matched"),
                              "dialog-warning-symbolic", _ ("Not Enrolled"), "unusable");
  spare_case_steps_add_row (list, NULL, _ ("Opened"), opened, NULL, NULL, NULL);
  spare_case_steps_add_row (list, NULL, _ ("Expires"), expires, NULL, NULL, NULL);
}

static void
add_files (GPtrArray *files, GtkWidget *page)
{
  GtkWidget *list = spare_case_steps_add_list (page, _ ("Files asked for"));

  for (guint i = 0; i < MIN (files->len, FILES_SHOWN); i++)
    {
      const SpareCaseFile *file = g_ptr_array_index (files, i);
      g_autofree char *name = spare_authority_lists_dup_file_name (file->name);

      spare_case_steps_add_row (list, NULL, name, file->why,
                                spare_case_words_verdict_icon (file->verdict),
                                spare_case_words_verdict (file->verdict),
                                spare_case_words_verdict_style (file->verdict));
    }
  if (files->len > FILES_SHOWN)
    spare_case_steps_add_button (page, _ ("_All Files…"), "case.files", NULL, NULL);
}

static GtkWidget *
build_request (const SpareCaseView *view)
{
  const SpareCase *one = view->one;
  GtkWidget *page = page_new (_ ("What Is Asked For?"));
  g_autofree char *count = NULL;
  g_autofree char *matched =
      g_strdup_printf (ngettext ("%u file is matched by a deposit of the owner’s own",
                                 "%u files are matched by deposits of the owner’s own",
                                 one->n_matched),
                       one->n_matched);
  /* Translators: goes on after “1 file is matched by a deposit of the owner’s own; ” */
  g_autofree char *unmatched = g_strdup_printf (ngettext ("%u is not", "%u are not",
                                                          one->n_unmatched),
                                                one->n_unmatched);

  if (one->answer_reason)
    {
      g_autofree char *reason = spare_display_text (one->answer_reason, -1, 600);
      g_autofree char *text = g_strdup_printf (_ ("This case was closed: “%s”"), reason);

      spare_case_steps_add_text (page, text, "error");
    }
  add_claim (view, page);
  count = one->n_unmatched > 0 ? g_strdup_printf ("%s; %s.", matched, unmatched)
                               : g_strdup_printf ("%s.", matched);
  spare_case_steps_add_text (page, count, "heading");
  if (one->n_unmatched > 0)
    spare_case_steps_add_text (
        page,
        one->unmatched_allowed ? _ ("Policy allows files that are not matched: look twice at "
                                    "who asks for them.")
                               : _ ("Files that are not matched will be left out, by policy."),
        "dim-label");
  add_files (one->files, page);
  if (one->state == SPARE_CASE_REFUSED)
    spare_case_steps_add_button (page, _ ("_Write the Refusal Again…"), "case.refuse-again",
                                 NULL, NULL);
  return page;
}

/* --- Approvals --- */

static void
add_approvals (const SpareCase *one, GtkWidget *page)
{
  GtkWidget *list;

  if (one->approvals->len == 0)
    return;
  list = spare_case_steps_add_list (page, _ ("Approvals"));
  for (guint i = 0; i < one->approvals->len; i++)
    {
      const SpareCaseApproval *approval = g_ptr_array_index (one->approvals, i);
      g_autofree char *name = spare_display_text (approval->officer, -1, 120);
      g_autofree char *when = spare_authority_events_describe_time (approval->time);

      spare_case_steps_add_row (list, "avatar-default-symbolic", name,
                                approval->counts ? when : approval->why,
                                approval->counts ? "object-select-symbolic"
                                                 : "dialog-warning-symbolic",
                                approval->counts ? _ ("Counts") : _ ("Does Not Count"),
                                approval->counts ? "authority" : "unusable");
    }
}

static void
add_officers (const SpareCaseView *view, GtkWidget *page)
{
  for (guint i = 0; view->officers && i < view->officers->len; i++)
    {
      const SpareCaseOfficer *officer = g_ptr_array_index (view->officers, i);
      g_autofree char *name = spare_display_text (officer->name, -1, 80);
      g_autofree char *label = NULL;
      g_autofree char *escaped = NULL;
      GtkWidget *button;

      label = officer->own
                  ? g_strdup_printf (_ ("Approve as %s, With the Authority’s Key"), name)
                  : g_strdup_printf (_ ("Approve as %s, With a Key of GnuPG"), name);
      button = spare_case_steps_add_button (page, "", "case.approve", officer->fingerprint,
                                            "suggested-action");
      gtk_button_set_use_underline (GTK_BUTTON (button), FALSE);
      gtk_button_set_label (GTK_BUTTON (button), label);
      gtk_label_set_wrap (GTK_LABEL (gtk_button_get_child (GTK_BUTTON (button))), TRUE);
    }
}

static GtkWidget *
build_approvals (const SpareCaseView *view)
{
  const SpareCase *one = view->one;
  GtkWidget *page = page_new (_ ("Who Approves?"));
  g_autofree char *count = g_strdup_printf (
      /* Translators: how many there are, and how many the policy asks for */
      ngettext ("%u of %u approval. Each is a signature over this request, these files and the "
                "evidence; if any of it changes, it does not count any more.",
                "%u of %u approvals. Each is a signature over this request, these files and "
                "the "
                "evidence; if any of it changes, they do not count any more.",
                one->n_needed),
      one->n_approved, one->n_needed);

  spare_case_steps_add_text (page, count, NULL);
  add_approvals (one, page);
  if (one->state == SPARE_CASE_APPROVAL)
    {
      add_officers (view, page);
      spare_case_steps_add_button (page, _ ("Ask a _Remote Officer…"), "case.ask", NULL, NULL);
      spare_case_steps_add_button (page, _ ("_Import an Approval…"), "case.import", NULL, NULL);
    }
  spare_case_steps_add_text (page,
                             _ ("The number of approvals is enforced by this program. Whoever "
                                "holds the authority’s secret key and its passphrase could "
                                "work "
                                "without it."),
                             "dim-label");
  return page;
}

/* --- Waiting, recovery, delivery --- */

static GtkWidget *
build_waiting (const SpareCaseView *view)
{
  const SpareCase *one = view->one;
  GtkWidget *page = page_new (_ ("Time to Object"));
  g_autofree char *until = spare_authority_events_describe_time (one->waiting_until);
  g_autofree char *text = NULL;

  if (one->state == SPARE_CASE_WAITING)
    text = g_strdup_printf (_ ("Policy lets a case wait, so that its owner can object to what "
                               "they did not ask for. Recovery is possible from %s."),
                            until);
  else
    text = g_strdup (_ ("The time is over."));
  spare_case_steps_add_text (page, text, NULL);
  return page;
}

static GtkWidget *
build_recovery (const SpareCaseView *view)
{
  const SpareCase *one = view->one;
  GtkWidget *page = page_new (_ ("Recovery"));
  gboolean ready = one->state == SPARE_CASE_READY;

  spare_case_steps_add_text (page,
                             ready ? _ (
                                 "Everything is verified once more. Then the key of each file "
                                 "is wrapped for the "
                                 "new key; the files themselves are not here and not needed.")
                                   : _ ("The grant is made, signed, and kept here."),
                             NULL);
  if (ready)
    spare_case_steps_add_button (page, _ ("_Recover"), "case.recover", NULL,
                                 "suggested-action");
  if (view->recovered && view->left_out && view->left_out->len > 0)
    {
      GtkWidget *list;

      spare_case_steps_add_text (page, _ ("Left out"), "heading");
      list = spare_case_steps_add_list (page, _ ("Left out"));
      for (guint i = 0; i < MIN (view->left_out->len, FILES_SHOWN); i++)
        {
          const SpareGrantLeftOut *left = g_ptr_array_index (view->left_out, i);
          g_autofree char *name = spare_authority_lists_dup_file_name (left->name);

          spare_case_steps_add_row (list, "dialog-warning-symbolic", name, left->why, NULL,
                                    NULL, NULL);
        }
    }
  spare_case_steps_add_text (page, _ ("Files"), "heading");
  add_files (one->files, page);
  return page;
}

static GtkWidget *
build_delivery (const SpareCaseView *view)
{
  GtkWidget *page = page_new (_ ("Bring the Grant to Its Owner"));

  spare_case_steps_add_text (page,
                             _ ("It is encrypted to the new key: it can go by a stick, or by "
                                "mail. "
                                "It can be written as often as needed."),
                             NULL);
  spare_case_steps_add_button (page, _ ("_Write Grant…"), "case.deliver", NULL,
                               "suggested-action");
  if (view->one->answer)
    {
      g_autofree char *name = spare_display_text (view->one->answer, -1, 80);

      spare_case_steps_add_text (page, name, "dim-label");
    }
  return page;
}

/* What can be typed into or pressed first. Not what approves or recovers: a key that is held too long must not do that. */
GtkWidget *
spare_case_steps_find_control (GtkWidget *page)
{
  const char *action = GTK_IS_ACTIONABLE (page)
                           ? gtk_actionable_get_action_name (GTK_ACTIONABLE (page))
                           : NULL;

  if (!gtk_widget_get_visible (page) || !gtk_widget_get_sensitive (page)
      || g_strcmp0 (action, "case.approve") == 0 || g_strcmp0 (action, "case.recover") == 0)
    return NULL;
  if (GTK_IS_ENTRY (page) || GTK_IS_BUTTON (page))
    return page;
  for (GtkWidget *child = gtk_widget_get_first_child (page); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = spare_case_steps_find_control (child);

      if (found)
        return found;
    }
  return NULL;
}

GtkWidget *
spare_case_steps_build (const SpareCaseView *view, SpareCaseStep step)
{
  switch (step)
    {
    case SPARE_CASE_STEP_REQUEST:
      return build_request (view);
    case SPARE_CASE_STEP_IDENTITY:
      {
        GtkWidget *page = page_new (_ ("Who Is Asking?"));

        gtk_box_append (GTK_BOX (page), spare_case_identity_build (view));
        return page;
      }
    case SPARE_CASE_STEP_APPROVALS:
      return build_approvals (view);
    case SPARE_CASE_STEP_WAITING:
      return build_waiting (view);
    case SPARE_CASE_STEP_RECOVERY:
      return build_recovery (view);
    case SPARE_CASE_STEP_DELIVERY:
    default:
      return build_delivery (view);
    }
}
