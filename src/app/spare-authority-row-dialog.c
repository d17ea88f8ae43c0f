/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row of the audit log, whole. */
#include "config.h"

#include "spare-authority-row-dialog.h"

#include "spare-authority-events.h"
#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-fact-list.h"

#include <glib/gi18n-lib.h>

GtkWidget *
spare_authority_row_dialog_new (GtkWindow *parent, const SpareAuditRow *row)
{
  g_autofree char *title = spare_authority_events_describe (row->event);
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, row->sequence);
  g_autofree char *when = spare_authority_events_describe_time (row->time);
  g_autofree char *actor = spare_display_text (row->actor, -1, 80);
  g_autofree char *text = spare_display_text (row->text ? row->text : "", -1, 8000);
  SpareDetailsWindow *window = spare_details_window_new (parent, title);
  AdwPreferencesGroup *group = spare_details_window_add_group (window, NULL);

  spare_fact_list_add (group, _ ("Row"), number, FALSE, FALSE);
  spare_fact_list_add (group, _ ("When"), when, FALSE, FALSE);
  spare_fact_list_add (group, _ ("By"), actor, TRUE, TRUE);
  spare_fact_list_add (group, _ ("As It Is Written"), text, TRUE, TRUE);
  spare_fact_list_add (group, _ ("Its Hash"), row->hash ? row->hash : "", TRUE, TRUE);
  spare_details_window_show_details (window);
  return GTK_WIDGET (window);
}
