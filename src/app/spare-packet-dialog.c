/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that is known of one escrow packet. */
#include "config.h"

#include "spare-packet-dialog.h"

#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-fact-list.h"
#include "spare-help.h"
#include "spare-packet-row.h"

#include <glib/gi18n-lib.h>

static void
add_packet_facts (AdwPreferencesGroup *group, const SpareOutboxEntry *entry)
{
  const char *icon;
  g_autofree char *state = spare_packet_row_describe_state (entry, &icon);
  g_autofree char *when = spare_packet_row_describe_time (entry->created);
  g_autofree char *size = g_format_size (entry->size);

  spare_fact_list_add (group, _ ("State"), state, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Serial Number"), entry->serial, TRUE, TRUE);
  spare_fact_list_add (group, _ ("File Id"), entry->file_id, TRUE, TRUE);
  if (entry->description && *entry->description)
    {
      g_autofree char *description = spare_display_text (entry->description, -1, 1000);

      spare_fact_list_add (group, _ ("Description"), description, FALSE, FALSE);
    }
  spare_fact_list_add (group, C_ ("date", "Encrypted"), when, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Size of the File"), size, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Kept"),
                       entry->mode == SPARE_ESCROW_DETACHED
                           ? _ ("Here alone: it is not in the file")
                           : _ ("In the file, and a copy here"),
                       FALSE, FALSE);
}

static void
add_authority_facts (AdwPreferencesGroup *group, const SpareOutboxEntry *entry)
{
  g_autofree char *authority = spare_display_fingerprint (entry->authority);

  spare_fact_list_add (group, _ ("Backup Authority"), authority, TRUE, TRUE);
  if (entry->subkey)
    {
      g_autofree char *subkey = spare_display_fingerprint (entry->subkey);

      spare_fact_list_add (group, _ ("Its Key for Files"), subkey, TRUE, TRUE);
    }
}

GtkWidget *
spare_packet_dialog_new (GtkWindow *parent, const SpareOutboxEntry *entry)
{
  g_autofree char *name = spare_display_basename (entry->name);
  SpareDetailsWindow *window = spare_details_window_new (parent, name);

  spare_help_set_page (GTK_WIDGET (window), "escrow");
  add_packet_facts (spare_details_window_add_group (window, NULL), entry);
  add_authority_facts (spare_details_window_add_group (window, _ ("For")), entry);
  spare_details_window_show_details (window);
  return GTK_WIDGET (window);
}
