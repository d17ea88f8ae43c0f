/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the authority's window does beside its pages: saving what owners need, verifying and exporting the log.
 *
 * Promise: what is saved is written whole or not at all, by the core, and never over another file. */
#include "config.h"

#include "spare-authority-window-private.h"

#include "spare-authority-delivery.h"
#include "spare-authority-import.h"
#include "spare-authority-lists.h"
#include "spare-authority-policy-window.h"
#include "spare-details-window.h"
#include "spare-fact-list.h"
#include "spare-file-chooser.h"
#include "spare-names.h"
#include "spare-output.h"

#include <glib/gi18n-lib.h>

typedef enum
{
  SAVE_CERTIFICATE,
  SAVE_REVOCATION,
  SAVE_AUDIT,
} SaveKind;

typedef struct
{
  SaveKind kind;
  char *path;
  char *final;
  guint64 rows;
} Save;

static void
save_free (gpointer data)
{
  Save *save = data;

  g_free (save->path);
  g_free (save->final);
  g_free (save);
}

/* One thing at a time has the bar at the foot. */
static gboolean
is_busy (SpareAuthorityWindow *self)
{
  if (!spare_authority_bar_is_busy (spare_authority_window_get_bar (self)))
    return FALSE;
  spare_authority_window_tell (self, _ ("Something else is being done: wait until it ends"));
  return TRUE;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return spare_output_write (user_data, octets, size, error);
}

static gboolean
save_content (SpareAuthority *authority,
              Save *save,
              SpareOutput *output,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GBytes) octets = NULL;

  if (save->kind == SAVE_AUDIT)
    return spare_audit_export_sync (spare_authority_get_audit (authority), write_cb, output,
                                    &save->rows, cancellable, error);
  if (save->kind == SAVE_CERTIFICATE)
    octets = spare_authority_export_certificate_sync (authority, cancellable, error);
  else
    {
      g_autofree char *path = spare_authority_dup_revocation_path (authority);
      g_autoptr (GFile) file = g_file_new_for_path (path);

      octets = g_file_load_bytes (file, cancellable, NULL, error);
    }
  return octets != NULL
         && spare_output_write (output, g_bytes_get_data (octets, NULL),
                                g_bytes_get_size (octets), error);
}

static gpointer
save_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  Save *save = data;
  g_autoptr (SpareOutput)
      output = spare_output_open (save->path, SPARE_CONFLICT_RENAME, 0, error);

  return GINT_TO_POINTER (
      output != NULL && save_content (authority, save, output, cancellable, error)
      && spare_output_publish (output, SPARE_PUBLISH_NONE, &save->final, error));
}

static void
saved_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthorityWindow *self = SPARE_AUTHORITY_WINDOW (object);
  Save *save = data;
  g_autofree char *text = NULL;

  if (spare_authority_window_get_session (self) == NULL)
    return;
  if (save->kind == SAVE_AUDIT)
    spare_authority_bar_end (spare_authority_window_get_bar (self));
  if (error)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        spare_authority_window_tell (self, error->message);
      return;
    }
  if (save->kind == SAVE_CERTIFICATE)
    text = g_strdup (_ ("The certificate was saved"));
  else if (save->kind == SAVE_REVOCATION)
    text = g_strdup (_ ("Saved. Print it, put it away, and delete the file"));
  else
    {
      g_autofree char *rows = spare_authority_lists_dup_number (save->rows);

      text = g_strdup_printf (ngettext ("%s row of the log was exported",
                                        "%s rows of the log were exported",
                                        (gulong) save->rows),
                              rows);
    }
  spare_authority_window_tell (self, text);
}

static void
save_to (GPtrArray *files, gpointer user_data, SaveKind kind)
{
  SpareAuthorityWindow *self = SPARE_AUTHORITY_WINDOW (user_data);
  const char *path = g_file_peek_path (g_ptr_array_index (files, 0));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Save *save;

  if (spare_authority_window_get_session (self) == NULL)
    return;
  if (path == NULL)
    {
      spare_authority_window_tell (self, _ ("That place is not on this computer. Nothing was "
                                            "saved."));
      return;
    }
  if (kind == SAVE_AUDIT && is_busy (self))
    return;
  save = g_new0 (Save, 1);
  save->kind = kind;
  save->path = g_strdup (path);
  if (kind == SAVE_AUDIT)
    spare_progress_meter_unref (
        spare_authority_bar_begin (spare_authority_window_get_bar (self),
                                   _ ("Exporting the log…"), cancellable));
  spare_authority_session_run (spare_authority_window_get_session (self), save_work, save,
                               save_free, NULL, cancellable, saved_cb, self);
}

static void
certificate_place_cb (GPtrArray *files, gpointer user_data)
{
  save_to (files, user_data, SAVE_CERTIFICATE);
}

static void
revocation_place_cb (GPtrArray *files, gpointer user_data)
{
  save_to (files, user_data, SAVE_REVOCATION);
}

static void
audit_place_cb (GPtrArray *files, gpointer user_data)
{
  save_to (files, user_data, SAVE_AUDIT);
}

static void
save_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  const char *name = g_action_get_name (G_ACTION (action));

  if (g_str_equal (name, "save-certificate"))
    spare_file_chooser_save (user_data, _ ("Save the Certificate"), "backup-authority.asc",
                             certificate_place_cb, user_data);
  else if (g_str_equal (name, "save-revocation"))
    spare_file_chooser_save (user_data, _ ("Save the Revocation Certificate"),
                             "backup-authority-revocation.asc", revocation_place_cb, user_data);
  else
    spare_file_chooser_save (user_data, _ ("Export the Log"), "audit-log.jsonl", audit_place_cb,
                             user_data);
}

static void
fingerprint_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareAuthority *authority = spare_authority_session_get_authority (
      spare_authority_window_get_session (user_data));
  g_autoptr (SpareKey) key = spare_authority_dup_key (authority);
  g_autofree char *name = key ? spare_names_dup_whole (key) : NULL;
  g_autofree char *lines = key ? spare_names_dup_two_lines (spare_key_get_fingerprint (key))
                               : NULL;
  SpareDetailsWindow *window;
  AdwPreferencesGroup *group;

  if (key == NULL)
    return;
  window = spare_details_window_new (user_data, _ ("Backup Authority"));
  group = spare_details_window_add_group (window, NULL);
  spare_fact_list_add (group, _ ("Name"), name, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Fingerprint, for Owners to Compare"), lines, TRUE, TRUE);
  spare_details_window_show_details (window);
  gtk_window_present (GTK_WINDOW (window));
}

/* --- Verify --- */

static gpointer
verify_work (SpareAuthority *authority,
             gpointer data,
             GCancellable *cancellable,
             GError **error)
{
  return spare_audit_verify_sync (spare_authority_get_audit (authority), NULL, cancellable,
                                  error);
}

static void
show_verification (SpareAuthorityWindow *self, const SpareAuditVerification *found)
{
  g_autoptr (GString) body = g_string_new (NULL);
  GtkWidget *dialog;

  if (found->valid)
    {
      g_autofree char *rows = spare_authority_lists_dup_number (found->rows);
      g_autofree char *unsigned_rows = spare_authority_lists_dup_number (found->unprotected);

      g_string_append_printf (
          body,
          ngettext ("%s row: each fits the one before, and all signatures are good.",
                    "%s rows: each fits the one before, and all signatures are good.",
                    (gulong) found->rows),
          rows);
      if (found->unprotected > 0)
        {
          g_string_append_c (body, ' ');
          g_string_append_printf (body,
                                  ngettext ("The last %s is not signed yet.",
                                            "The last %s are not signed yet.",
                                            (gulong) found->unprotected),
                                  unsigned_rows);
        }
    }
  else
    {
      g_autofree char *row = spare_authority_lists_dup_number (found->first_bad);

      if (found->first_bad > 0)
        g_string_append_printf (body, _ ("Row %s is the first that does not fit."), row);
      if (found->why)
        g_string_append_printf (body, "%s%s", body->len > 0 ? " " : "", found->why);
    }
  if (found->clock_rows != NULL)
    {
      if (body->len > 0)
        g_string_append_c (body, ' ');
      g_string_append_printf (body,
                              /* Translators: the %s is one or more numbers: "17, 203" */
                              _ ("The clock was set back, and an officer confirmed it, in "
                                 "row %s."),
                              found->clock_rows);
    }
  dialog = adw_message_dialog_new (GTK_WINDOW (self),
                                   found->valid ? _ ("The Log Is Whole")
                                                : _ ("The Log Was Changed"),
                                   body->str);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
verified_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthorityWindow *self = SPARE_AUTHORITY_WINDOW (object);

  if (spare_authority_window_get_session (self) == NULL)
    return;
  spare_authority_bar_end (spare_authority_window_get_bar (self));
  if (result)
    show_verification (self, result);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    spare_authority_window_tell (self, error->message);
}

static void
verify_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareAuthorityWindow *self = user_data;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  if (is_busy (self))
    return;
  spare_progress_meter_unref (spare_authority_bar_begin (spare_authority_window_get_bar (self),
                                                         _ ("Verifying the log…"),
                                                         cancellable));
  spare_authority_session_run (spare_authority_window_get_session (self), verify_work, NULL,
                               NULL, (GDestroyNotify) spare_audit_verification_free,
                               cancellable, verified_cb, self);
}

/* --- What comes and goes --- */

static void
files_chosen_cb (GPtrArray *files, gpointer user_data)
{
  spare_authority_import_files (SPARE_AUTHORITY_WINDOW (user_data), files);
}

static void
import_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_file_chooser_open (user_data, _ ("Choose Bundles or Certificates"), _ ("_Import"),
                           FALSE, files_chosen_cb, user_data);
}

static void
deliver_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareAuthorityWindow *self = user_data;
  gboolean receipts = g_str_equal (g_action_get_name (G_ACTION (action)), "receipts");

  gtk_window_present (GTK_WINDOW (
      spare_authority_delivery_new (user_data, spare_authority_window_get_session (self),
                                    receipts ? SPARE_AUTHORITY_DELIVER_RECEIPTS
                                             : SPARE_AUTHORITY_DELIVER_PACKETS,
                                    receipts ? NULL
                                             : spare_authority_window_get_packet_query (self),
                                    NULL, NULL)));
}

static void
policy_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (spare_authority_policy_window_new (user_data)));
}

static const GActionEntry actions[] = {
  { "import", import_action },          { "receipts", deliver_action },
  { "export-packets", deliver_action }, { "policy", policy_action },
  { "save-certificate", save_action },  { "save-revocation", save_action },
  { "export-audit", save_action },      { "fingerprint", fingerprint_action },
  { "verify", verify_action },
};

void
spare_authority_window_add_work (SpareAuthorityWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
}

/* While authority mode is not open there is nothing to work on. */
void
spare_authority_window_enable_work (SpareAuthorityWindow *self, gboolean enabled)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    g_simple_action_set_enabled (G_SIMPLE_ACTION (
                                     g_action_map_lookup_action (G_ACTION_MAP (self),
                                                                 actions[i].name)),
                                 enabled);
  g_simple_action_set_enabled (G_SIMPLE_ACTION (
                                   g_action_map_lookup_action (G_ACTION_MAP (self), "lock")),
                               enabled);
}
