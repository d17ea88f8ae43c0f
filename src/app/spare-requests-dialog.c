/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests that were made here, newest first, and what became of each.
 *
 * Promise: the state is the database's; what others wrote is text. */
#include "config.h"

#include "spare-requests-dialog.h"

#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-fact-list.h"
#include "spare-help.h"
#include "spare-names.h"
#include "spare-packet-row.h"
#include "spare-request.h"

#include <glib/gi18n-lib.h>

/* More are not shown: nobody reads them. */
#define SHOWN_MAX 50

static const char *
state_words (const SpareRequest *request)
{
  switch (request->state)
    {
    case SPARE_REQUEST_GRANTED:
      return _ ("Granted, and the files were given back");
    case SPARE_REQUEST_REFUSED:
      return C_ ("request", "Refused");
    case SPARE_REQUEST_OPEN:
    default:
      return request->place ? _ ("Waiting for an answer")
                            : _ ("Not written out: making it was interrupted");
    }
}

static void
add_text (AdwPreferencesGroup *group, const char *caption, const char *text)
{
  g_autofree char *shown = text && *text ? spare_display_text (text, -1, 2000) : NULL;

  if (shown)
    spare_fact_list_add (group, caption, shown, FALSE, FALSE);
}

static void
add_request (SpareDetailsWindow *window, const SpareRequest *request)
{
  g_autofree char *when = spare_packet_row_describe_time (request->created);
  /* Translators: a heading; %s is a time such as "today 10:12". */
  g_autofree char *title = g_strdup_printf (_ ("Asked %s"), when);
  g_autofree char *files = g_strdup_printf (ngettext ("%u file", "%u files", request->n_files),
                                            request->n_files);
  g_autofree char *key = spare_names_dup_two_lines (request->key);
  g_autofree char *old = request->old ? spare_names_dup_two_lines (request->old) : NULL;
  AdwPreferencesGroup *group = spare_details_window_add_group (window, title);

  spare_fact_list_add (group, _ ("State"), state_words (request), FALSE, FALSE);
  add_text (group, _ ("The Authority’s Reason"), request->answer_text);
  spare_fact_list_add (group, _ ("Asked For"), files, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Why"),
                       request->stolen ? _ ("The old key was stolen")
                                       : _ ("The old key was lost"),
                       FALSE, FALSE);
  add_text (group, _ ("Your Words"), request->reason);
  spare_fact_list_add (group, _ ("New Key, to Be Read Out to the Authority"), key, TRUE, TRUE);
  if (old)
    spare_fact_list_add (group, _ ("Old Key"), old, TRUE, TRUE);
  add_text (group, _ ("Written To"), request->place);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareDetailsWindow) window = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      requests = spare_request_list_finish (SPARE_OWNER (source), result, &error);

  if (requests == NULL)
    {
      spare_details_window_show_error (window, error->message);
      return;
    }
  if (requests->len == 0)
    spare_fact_list_add (spare_details_window_add_group (window, NULL), _ ("No Requests"),
                         _ ("You have not asked your backup authority for anything. If you "
                            "lose "
                            "your key, “I Lost My Key…” in the main menu leads through it."),
                         FALSE, FALSE);
  for (guint i = 0; i < requests->len && i < SHOWN_MAX; i++)
    add_request (window, g_ptr_array_index (requests, i));
  spare_details_window_show_details (window);
}

GtkWidget *
spare_requests_dialog_new (GtkWindow *parent, SpareOwner *owner)
{
  SpareDetailsWindow *window = spare_details_window_new (parent, _ ("Requests"));

  spare_help_set_page (GTK_WIDGET (window), "lost-key#answer");
  spare_request_list_async (owner, NULL, listed_cb, g_object_ref (window));
  return GTK_WIDGET (window);
}
