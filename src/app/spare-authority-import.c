/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are brought to the authority: deposits, requests, approvals, transfers, certificates.
 *
 * Promise: each file's result is said; one that is refused stops none of the others. */
#include "config.h"

#include "spare-authority-import.h"

#include "spare-authority-lists.h"
#include "spare-authority-window-private.h"
#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-fact-list.h"
#include "spare-import.h"

#include <glib/gi18n-lib.h>

#define SHOWN_MAX 100

typedef struct
{
  GPtrArray *paths; /* of char */
  SpareProgressMeter *meter;
} Wish;

typedef struct
{
  char *name;  /* for display */
  char *words; /* what became of it */
  char *case_id;
  gboolean refused;
} Outcome;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_ptr_array_unref (wish->paths);
  spare_progress_meter_unref (wish->meter);
  g_free (wish);
}

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_free (outcome->name);
  g_free (outcome->words);
  g_free (outcome->case_id);
  g_free (outcome);
}

/* --- In words --- */

static char *
describe_records (const SpareImportResult *result)
{
  GString *text = g_string_new (NULL);
  g_autofree char *n_new = spare_authority_lists_dup_number (result->n_new);
  g_autofree char *n_known = spare_authority_lists_dup_number (result->n_known);
  g_autofree char *n_held = spare_authority_lists_dup_number (result->n_held);
  g_autofree char *n_refused = spare_authority_lists_dup_number (result->n_refused);

  g_string_append_printf (text,
                          ngettext ("%s new packet.", "%s new packets.",
                                    (gulong) result->n_new),
                          n_new);
  if (result->n_known > 0)
    g_string_append_printf (text,
                            ngettext (" %s was here already.", " %s were here already.",
                                      (gulong) result->n_known),
                            n_known);
  if (result->n_held > 0)
    g_string_append_printf (text,
                            ngettext (" %s is held without proof.",
                                      " %s are held without proof.", (gulong) result->n_held),
                            n_held);
  if (result->n_refused > 0)
    g_string_append_printf (text,
                            ngettext (" %s could not be read.", " %s could not be read.",
                                      (gulong) result->n_refused),
                            n_refused);
  return g_string_free (text, FALSE);
}

/* Nothing that is sent to an authority: a letter, or an encrypted file of an owner's. */
static gboolean
is_no_bundle (const SpareImportResult *result)
{
  return result->type == NULL && !g_str_has_suffix (result->path, ".sparekey")
         && (g_error_matches (result->error, SPARE_ERROR, SPARE_ERROR_DAMAGED)
             || g_error_matches (result->error, SPARE_ERROR, SPARE_ERROR_NO_KEY));
}

static char *
describe (const SpareImportResult *result)
{
  if (result->status == SPARE_IMPORT_REFUSED && is_no_bundle (result))
    return g_strdup (_ ("This is no bundle: those end in “.sparekey”. Nothing was changed. An "
                        "encrypted file stays with its owner, who sends a deposit or a "
                        "request."));
  if (result->status == SPARE_IMPORT_REFUSED)
    return g_strdup (result->error ? result->error->message : _ ("It was refused."));
  if (g_strcmp0 (result->type, "request") == 0)
    return g_strdup (result->n_known > 0 && result->n_new == 0
                         ? _ ("This request has its case already.")
                         : _ ("A request for recovery. Its case is open."));
  if (g_strcmp0 (result->type, "approval") == 0)
    return g_strdup (_ ("An approval. It was put to its case."));
  if (g_strcmp0 (result->type, "certificate") == 0)
    return g_strdup (
        _ ("A certificate. It can be used for officers and other authorities now."));
  return describe_records (result);
}

/* --- Work --- */

static Outcome *
import_one (SpareAuthority *authority,
            const char *path,
            SpareProgressMeter *meter,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (SpareImportResult)
      result = spare_authority_import_sync (authority, path, meter, cancellable, error);
  Outcome *outcome;

  if (result == NULL)
    return NULL;
  outcome = g_new0 (Outcome, 1);
  outcome->name = spare_display_basename (path);
  outcome->words = describe (result);
  outcome->refused = result->status == SPARE_IMPORT_REFUSED;
  outcome->case_id = g_strdup (result->case_id);
  return outcome;
}

static gpointer
import_work (SpareAuthority *authority,
             gpointer data,
             GCancellable *cancellable,
             GError **error)
{
  Wish *wish = data;
  g_autoptr (GPtrArray) outcomes = g_ptr_array_new_with_free_func (outcome_free);

  for (guint i = 0; i < wish->paths->len; i++)
    {
      const char *path = g_ptr_array_index (wish->paths, i);
      g_autoptr (GError) local = NULL;
      Outcome *outcome = import_one (authority, path, wish->meter, cancellable, &local);

      /* The first is told as an error; after that, what was done has to be told. */
      if (outcome == NULL && outcomes->len == 0
          && (wish->paths->len == 1
              || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      if (outcome == NULL)
        {
          outcome = g_new0 (Outcome, 1);
          outcome->name = spare_display_basename (path);
          outcome->words = g_strdup (local->message);
          outcome->refused = TRUE;
        }
      g_ptr_array_add (outcomes, outcome);
      if (g_cancellable_is_cancelled (cancellable))
        break;
    }
  return g_steal_pointer (&outcomes);
}

static void
show_outcomes (SpareAuthorityWindow *window, GPtrArray *outcomes, guint n_files)
{
  SpareDetailsWindow *details = spare_details_window_new (GTK_WINDOW (window),
                                                          _ ("What Was Imported"));
  AdwPreferencesGroup *group = spare_details_window_add_group (details, NULL);

  for (guint i = 0; i < MIN (outcomes->len, SHOWN_MAX); i++)
    {
      const Outcome *outcome = g_ptr_array_index (outcomes, i);
      GtkWidget *row = spare_fact_list_add (group, outcome->name, outcome->words, FALSE, FALSE);

      if (outcome->refused)
        gtk_widget_add_css_class (row, "error");
    }
  if (n_files > MIN (outcomes->len, SHOWN_MAX))
    {
      guint more = n_files - MIN (outcomes->len, SHOWN_MAX);
      g_autofree char
          *text = g_strdup_printf (ngettext ("%u more; the log tells of it",
                                             "%u more; the log tells of those that were "
                                             "done",
                                             more),
                                   more);

      spare_fact_list_add (group, _ ("And"), text, FALSE, FALSE);
    }
  spare_details_window_show_details (details);
  gtk_window_present (GTK_WINDOW (details));
}

static void
imported_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthorityWindow *window = SPARE_AUTHORITY_WINDOW (object);
  GPtrArray *outcomes = result;
  Wish *wish = data;
  const Outcome *first;

  if (spare_authority_window_get_session (window) == NULL)
    return;
  spare_authority_bar_end (spare_authority_window_get_bar (window));
  if (error)
    {
      spare_authority_window_tell (window,
                                   g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                                       ? _ ("Stopped. Nothing was imported")
                                       : error->message);
      return;
    }
  first = g_ptr_array_index (outcomes, 0);
  if (wish->paths->len > 1 || first->refused)
    show_outcomes (window, outcomes, wish->paths->len);
  else if (first->case_id)
    spare_authority_window_offer_case (window, first->words, first->case_id);
  else
    spare_authority_window_tell (window, first->words);
}

void
spare_authority_import_files (SpareAuthorityWindow *window, GPtrArray *files)
{
  SpareAuthoritySession *session = spare_authority_window_get_session (window);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  Wish *wish;

  if (session == NULL || !spare_authority_session_is_open (session))
    return;
  for (guint i = 0; i < files->len; i++)
    {
      char *path = g_file_get_path (g_ptr_array_index (files, i));

      if (path)
        g_ptr_array_add (paths, path);
    }
  if (paths->len < files->len)
    spare_authority_window_tell (window, _ ("What is not on this computer can’t be imported: "
                                            "copy it here first"));
  if (paths->len == 0)
    return;
  if (spare_authority_bar_is_busy (spare_authority_window_get_bar (window)))
    {
      spare_authority_window_tell (window,
                                   _ ("Something else is being done: wait until it ends"));
      return;
    }
  wish = g_new0 (Wish, 1);
  wish->paths = g_steal_pointer (&paths);
  wish->meter = spare_authority_bar_begin (spare_authority_window_get_bar (window),
                                           _ ("Importing and checking…"), cancellable);
  spare_authority_session_run (session, import_work, wish, wish_free,
                               (GDestroyNotify) g_ptr_array_unref, cancellable, imported_cb,
                               window);
}
