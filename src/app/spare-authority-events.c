/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the audit log in words.
 *
 * Promise: an event that has no words here is shown by its own name, never left out; what a row holds is data. */
#include "config.h"

#include "spare-authority-events.h"

#include "spare-display.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DETAIL_MAX 120

static const struct
{
  const char *event;
  const char *words;
} events[] = {
  { "authority.create", N_ ("Authority created") },
  { "bundle.import", N_ ("Bundle imported") },
  { "bundle.refused", N_ ("Bundle refused") },
  { "bundle.import.denied", N_ ("Bundle refused") },
  { "bundle.known", N_ ("Bundle brought again") },
  { "receipt.write", N_ ("Receipts written") },
  { "owner.enroll", N_ ("Owner enrolled") },
  { "owner.loss", N_ ("Loss of a key reported") },
  { "clock.confirm", N_ ("Clock set back, and confirmed") },
  { "authority.subkeys.intent", N_ ("New escrow key begun") },
  { "authority.subkeys", N_ ("New escrow key made") },
  { "certificate.import", N_ ("Certificate imported") },
  { "policy.set", N_ ("Policy changed") },
  { "case.open", N_ ("Case opened") },
  { "case.identity", N_ ("Identity check done") },
  { "case.identity.denied", N_ ("Identity check refused") },
  { "case.ask", N_ ("Remote officer asked") },
  { "case.approve", N_ ("Case approved") },
  { "case.approve.denied", N_ ("Approval refused") },
  { "case.recover", N_ ("Recovery begun") },
  { "case.recover.intent", N_ ("Recovery begun") },
  { "case.recover.denied", N_ ("Recovery refused") },
  { "case.grant", N_ ("Grant made") },
  { "case.deliver", N_ ("Grant delivered") },
  { "case.recover.nothing", N_ ("Nothing could be granted") },
  { "case.refuse", N_ ("Case refused") },
  { "case.refuse.denied", N_ ("Refusal not made") },
  { "packets.export.intent", N_ ("Export of packets begun") },
  { "packets.export", N_ ("Packets exported") },
  { "packets.rotate.intent", N_ ("Re-wrapping begun") },
  { "packets.rotate", N_ ("Packets re-wrapped") },
  { "packets.rotate.done", N_ ("Re-wrapping done") },
  { "packets.drill", N_ ("Drill") },
};

char *
spare_authority_events_describe (const char *event)
{
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_strcmp0 (event, events[i].event) == 0)
      return g_strdup (_ (events[i].words));
  if (event == NULL || *event == '\0')
    return g_strdup (_ ("A row that makes no sense"));
  return spare_display_text (event, -1, 60);
}

static char *
describe_value (JsonNode *node)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return spare_display_text (json_node_get_string (node), -1, 60);
  else
    {
      g_autofree char *json = json_to_string (node, FALSE);

      return spare_display_text (json, -1, 60);
    }
}

char *
spare_authority_events_describe_detail (JsonObject *detail)
{
  GString *text = g_string_new (NULL);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, detail);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      g_autofree char *value = NULL;
      g_autofree char *key = NULL;

      /* A hash tells nobody anything at a glance; the row's own window has it. */
      if (strstr (name, "sha256") || text->len > DETAIL_MAX)
        continue;
      value = describe_value (node);
      key = spare_display_text (name, -1, 30);
      if (text->len > 0)
        g_string_append (text, ", ");
      g_string_append_printf (text, "%s %s", key, value);
    }
  return g_string_free (text, FALSE);
}

char *
spare_authority_events_describe_time (gint64 time)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (time);

  /* Translators: a date and a time, in a format of strftime. */
  return then ? g_date_time_format (then, _ ("%-d %B %Y, %H:%M"))
              : g_strdup (_ ("at an unknown time"));
}
