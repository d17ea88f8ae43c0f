/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that the authority knows of one escrow packet. */
#include "config.h"

#include "spare-authority-packet-dialog.h"

#include "spare-authority-events.h"
#include "spare-authority-lists.h"
#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-fact-list.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>

static void
add_text (AdwPreferencesGroup *group, const char *caption, const char *text, gboolean copyable)
{
  g_autofree char *shown = NULL;

  if (text == NULL || *text == '\0')
    return;
  shown = spare_display_text (text, -1, 1000);
  spare_fact_list_add (group, caption, shown, copyable, copyable);
}

static void
add_fingerprint (AdwPreferencesGroup *group, const char *caption, const char *fingerprint)
{
  g_autofree char *shown = NULL;

  if (fingerprint == NULL || *fingerprint == '\0')
    return;
  shown = spare_display_fingerprint (fingerprint);
  spare_fact_list_add (group, caption, shown, TRUE, TRUE);
}

static const char *
describe_verdict (const SpareRegistryPacket *packet)
{
  if (packet->transfer_from)
    return _ ("Transferred by another authority, and only as good as its word");
  return packet->proven ? _ ("Proven: whoever sent it could open the file")
                        : _ ("Held: nothing shows that the sender could open the file");
}

GtkWidget *
spare_authority_packet_dialog_new (GtkWindow *parent, const SpareRegistryPacket *packet)
{
  g_autofree char *name = spare_authority_lists_dup_file_name (packet->name);
  g_autofree char *owner = spare_names_dup_for_user_id (packet->owner_name);
  g_autofree char *created = spare_authority_events_describe_time (packet->created);
  g_autofree char *intake = spare_authority_events_describe_time (packet->intake);
  g_autofree char *size = g_format_size (packet->size);
  SpareDetailsWindow *window = spare_details_window_new (parent, name);
  AdwPreferencesGroup *group = spare_details_window_add_group (window, NULL);

  spare_fact_list_add (group, _ ("Deposit"), describe_verdict (packet), FALSE, FALSE);
  if (packet->conflict)
    spare_fact_list_add (group, _ ("Conflict"),
                         _ ("Another packet of this owner has the same serial number. Both are "
                            "kept."),
                         FALSE, FALSE);
  add_text (group, _ ("Description"), packet->description, FALSE);
  spare_fact_list_add (group, _ ("Encrypted, by the Owner’s Clock"), created, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Size of the File"), size, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Taken In"), intake, FALSE, FALSE);
  spare_fact_list_add (group, _ ("Receipt"),
                       packet->receipted ? C_ ("receipt", "Written") : _ ("Not written yet"),
                       FALSE, FALSE);
  add_text (group, _ ("Serial Number"), packet->serial, TRUE);
  add_text (group, _ ("File Id"), packet->file_id, TRUE);

  group = spare_details_window_add_group (window, _ ("Owner"));
  spare_fact_list_add (group, _ ("Name in the Certificate"), owner, FALSE, FALSE);
  add_fingerprint (group, _ ("Key"), packet->owner);
  add_fingerprint (group, _ ("Transferred By"), packet->transfer_from);
  spare_details_window_show_details (window);
  return GTK_WIDGET (window);
}
