/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pages of the authority's window list, and how a row of each reads. Called in threads. */
#include "config.h"

#include "spare-authority-lists.h"

#include "spare-authority-events.h"
#include "spare-case-words.h"
#include "spare-case-work.h"
#include "spare-display.h"
#include "spare-names.h"
#include "spare-packet-row.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NAME_CHARS 80

char *
spare_authority_lists_dup_file_name (const char *name)
{
  if (name == NULL || *name == '\0')
    return g_strdup (_ ("A file without a name"));
  return spare_display_text (name, -1, NAME_CHARS);
}

char *
spare_authority_lists_dup_number (guint64 number)
{
  return g_strdup_printf ("%'" G_GUINT64_FORMAT, number);
}

/* --- Packets --- */

static SpareAuthorityItem *
packet_item (SpareRegistryPacket *packet)
{
  SpareAuthorityItem *item = spare_authority_item_new (packet->id, packet,
                                                       (GDestroyNotify)
                                                           spare_registry_packet_free);
  g_autofree char *name = spare_authority_lists_dup_file_name (packet->name);
  g_autofree char *owner = spare_names_dup_for_user_id (packet->owner_name);
  g_autofree char *serial = spare_display_text (packet->serial, -1, 40);
  g_autofree char *when = spare_packet_row_describe_time (packet->created);
  g_autofree char *detail = g_strdup_printf ("%s · %s · %s", owner, when, serial);

  spare_authority_item_set_text (item, "text-x-generic-symbolic", name, detail);
  if (packet->conflict)
    spare_authority_item_set_chip (item, "dialog-warning-symbolic", _ ("Conflict"), "unusable");
  else if (packet->transfer_from)
    spare_authority_item_set_chip (item, "send-to-symbolic", _ ("Transferred"), NULL);
  else if (packet->proven)
    spare_authority_item_set_chip (item, "object-select-symbolic", _ ("Proven"), "authority");
  else
    spare_authority_item_set_chip (item, "dialog-question-symbolic", C_ ("deposit", "Held"),
                                   "pending");
  return item;
}

GPtrArray *
spare_authority_lists_packets (SpareAuthority *authority,
                               const char *query,
                               gint64 after,
                               guint limit,
                               guint64 *total,
                               GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);
  SpareRegistryQuery question = { .text = query, .after = after, .limit = limit };
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) packets = NULL;

  if (after == 0 && !spare_registry_count_packets (registry, &question, total, error))
    return NULL;
  packets = spare_registry_list_packets (registry, &question, error);
  if (packets == NULL)
    return NULL;
  for (guint i = 0; i < packets->len; i++)
    g_ptr_array_add (items,
                     packet_item (spare_registry_packet_copy (g_ptr_array_index (packets, i))));
  return g_steal_pointer (&items);
}

/* --- Owners --- */

static SpareAuthorityItem *
owner_item (SpareRegistryOwner *owner, gint64 position)
{
  SpareAuthorityItem *item = spare_authority_item_new (position, owner,
                                                       (GDestroyNotify)
                                                           spare_registry_owner_free);
  g_autofree char *name = spare_names_dup_for_user_id (owner->user_id);
  g_autofree char *fingerprint = spare_display_fingerprint (owner->fingerprint);
  g_autofree char *number = spare_authority_lists_dup_number (owner->n_packets);
  g_autofree char *count = g_strdup_printf (ngettext ("%s packet", "%s packets",
                                                      (gulong) owner->n_packets),
                                            number);
  g_autofree char *detail = g_strdup_printf ("%s · %s", count, fingerprint);

  spare_authority_item_set_text (item, "avatar-default-symbolic", name, detail);
  if (owner->lost == SPARE_LOSS_STOLEN)
    spare_authority_item_set_chip (item, "dialog-warning-symbolic", _ ("Key Stolen"),
                                   "unusable");
  else if (owner->lost == SPARE_LOSS_REVOKED)
    spare_authority_item_set_chip (item, "dialog-warning-symbolic", _ ("Key Revoked"),
                                   "unusable");
  else if (owner->lost == SPARE_LOSS_LOST)
    spare_authority_item_set_chip (item, "dialog-warning-symbolic", _ ("Key Lost"), "unusable");
  else if (owner->enrolled)
    spare_authority_item_set_chip (item, "object-select-symbolic", C_ ("owner", "Enrolled"),
                                   "authority");
  else
    spare_authority_item_set_chip (item, "dialog-question-symbolic", _ ("Only Seen"),
                                   "pending");
  return item;
}

static gboolean
contains (const char *text, const char *folded_query)
{
  g_autofree char *valid = g_utf8_make_valid (text ? text : "", -1);
  g_autofree char *folded = g_utf8_casefold (valid, -1);

  return strstr (folded, folded_query) != NULL;
}

GPtrArray *
spare_authority_lists_owners (SpareAuthority *authority,
                              const char *query,
                              gint64 after,
                              guint limit,
                              guint64 *total,
                              GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) owners = NULL;
  g_autofree char *folded = query ? g_utf8_casefold (query, -1) : NULL;
  gint64 position = 0;

  owners = spare_registry_list_owners (spare_authority_get_registry (authority), error);
  if (owners == NULL)
    return NULL;
  g_ptr_array_set_free_func (owners, NULL);
  for (guint i = 0; i < owners->len; i++)
    {
      SpareRegistryOwner *owner = g_ptr_array_index (owners, i);
      gboolean wanted = folded == NULL || contains (owner->user_id, folded)
                        || contains (owner->fingerprint, folded);

      if (wanted)
        position++;
      if (wanted && position > after && items->len < limit)
        g_ptr_array_add (items, owner_item (owner, position));
      else
        spare_registry_owner_free (owner);
    }
  *total = position;
  return g_steal_pointer (&items);
}

/* --- Cases --- */

static SpareAuthorityItem *
case_item (SpareCase *one, gint64 position)
{
  SpareAuthorityItem *item = spare_authority_item_new (position, spare_case_ref (one),
                                                       (GDestroyNotify) spare_case_unref);
  g_autofree char *name = spare_names_dup_for_user_id (one->requester);
  g_autofree char *title = spare_case_words_dup_title (one);
  g_autofree char *when = spare_packet_row_describe_time (one->opened);
  guint n_files = one->files->len;
  g_autofree char *count = g_strdup_printf (ngettext ("%u file", "%u files", n_files), n_files);
  g_autofree char *detail = g_strdup_printf ("%s · %s · %s", title, count, when);
  const char *style = NULL;

  if (one->state == SPARE_CASE_READY || one->state == SPARE_CASE_GRANTED)
    style = "authority";
  else if (one->state < SPARE_CASE_READY)
    style = "pending";
  spare_authority_item_set_text (item, "avatar-default-symbolic", name, detail);
  spare_authority_item_set_chip (item, NULL, spare_case_words_state (one->state), style);
  return item;
}

/* Open ones first; the newest first. */
static int
compare_cases (gconstpointer a, gconstpointer b)
{
  const SpareCase *first = *(SpareCase *const *) a;
  const SpareCase *second = *(SpareCase *const *) b;
  gboolean first_open = first->state < SPARE_CASE_GRANTED;
  gboolean second_open = second->state < SPARE_CASE_GRANTED;

  if (first_open != second_open)
    return first_open ? -1 : 1;
  return first->opened == second->opened ? 0 : first->opened > second->opened ? -1 : 1;
}

GPtrArray *
spare_authority_lists_cases (SpareAuthority *authority,
                             const char *query,
                             gint64 after,
                             guint limit,
                             guint64 *total,
                             GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) cases = spare_case_list_sync (authority, NULL, error);
  g_autofree char *folded = query ? g_utf8_casefold (query, -1) : NULL;
  gint64 position = 0;

  if (cases == NULL)
    return NULL;
  g_ptr_array_sort (cases, compare_cases);
  for (guint i = 0; i < cases->len; i++)
    {
      SpareCase *one = g_ptr_array_index (cases, i);
      gboolean wanted = folded == NULL || contains (one->requester, folded)
                        || contains (one->person, folded) || contains (one->id, folded)
                        || contains (one->reason, folded);

      if (wanted)
        position++;
      if (wanted && position > after && items->len < limit)
        g_ptr_array_add (items, case_item (one, position));
    }
  *total = position;
  return g_steal_pointer (&items);
}

/* --- The log --- */

static SpareAuthorityItem *
audit_item (SpareAuditRow *row)
{
  SpareAuthorityItem *item = spare_authority_item_new (row->sequence, row,
                                                       (GDestroyNotify) spare_audit_row_free);
  g_autofree char *title = spare_authority_events_describe (row->event);
  g_autofree char *facts = spare_authority_events_describe_detail (row->detail);
  g_autofree char *when = spare_authority_events_describe_time (row->time);
  g_autofree char *detail = g_strdup_printf ("%s%s%s", when, *facts ? " · " : "", facts);
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, row->sequence);
  gboolean denied = g_str_has_suffix (row->event, ".denied");

  spare_authority_item_set_text (item,
                                 denied ? "action-unavailable-symbolic"
                                        : "document-properties-symbolic",
                                 title, detail);
  spare_authority_item_set_chip (item, denied ? "dialog-warning-symbolic" : NULL, number,
                                 denied ? "unusable" : NULL);
  return item;
}

GPtrArray *
spare_authority_lists_audit (SpareAuthority *authority,
                             const char *query,
                             gint64 after,
                             guint limit,
                             guint64 *total,
                             GError **error)
{
  SpareAudit *audit = spare_authority_get_audit (authority);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) rows = NULL;
  g_autofree char *hash = NULL;
  gint64 head = 0;

  if (after == 0 && !spare_audit_get_head (audit, &head, &hash, error))
    return NULL;
  rows = spare_audit_list (audit, query, after, limit, error);
  if (rows == NULL)
    return NULL;
  g_ptr_array_set_free_func (rows, NULL);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (items, audit_item (g_ptr_array_index (rows, i)));
  *total = head;
  return g_steal_pointer (&items);
}
