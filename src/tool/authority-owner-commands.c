/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority owner …: the people who deposit. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-tool-authority.h"

static void
json_owner (JsonBuilder *builder, const SpareRegistryOwner *owner)
{
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "fingerprint", owner->fingerprint);
  spare_tool_json_string (builder, "user-id", owner->user_id);
  spare_tool_json_string (builder, "state", owner->enrolled ? "enrolled" : "seen");
  spare_tool_json_number (builder, "packets", (gint64) owner->n_packets);
  spare_tool_json_time (builder, "first-seen", owner->first_seen);
  spare_tool_json_string (builder, "contact", owner->contact);
  spare_tool_json_string (builder, "evidence", owner->evidence);
  spare_tool_json_time (builder, "enrolled", owner->enrolled_time);
  if (owner->lost != SPARE_LOSS_NONE)
    {
      json_builder_set_member_name (builder, "loss");
      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "kind", spare_loss_kind_to_string (owner->lost));
      spare_tool_json_time (builder, "since", owner->lost_since);
      spare_tool_json_time (builder, "reported", owner->lost_time);
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
}

static const char *
describe_loss (SpareLossKind kind)
{
  switch (kind)
    {
    case SPARE_LOSS_LOST:
      return _ ("the key is lost");
    case SPARE_LOSS_STOLEN:
      return _ ("the key was stolen");
    case SPARE_LOSS_REVOKED:
      return _ ("the key was revoked");
    case SPARE_LOSS_NONE:
    default:
      return "";
    }
}

static void
print_owner (const SpareRegistryOwner *owner)
{
  g_autofree char *fingerprint = spare_display_fingerprint (owner->fingerprint);
  g_autofree char *name = spare_display_text (owner->user_id != NULL ? owner->user_id : "", -1,
                                              80);

  spare_tool_print ("%s  %s  %s", fingerprint, name,
                    owner->enrolled ? _ ("enrolled") : _ ("seen, not enrolled"));
  if (owner->lost != SPARE_LOSS_NONE)
    spare_tool_print ("    %s", describe_loss (owner->lost));
}

/* @only: (nullable): a fingerprint */
static int
show_owners (SpareTool *tool, const char *only)
{
  SpareRegistry *registry = spare_authority_get_registry (tool->authority);
  g_autoptr (GPtrArray) owners = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  GError *error = NULL;

  if (only == NULL)
    owners = spare_registry_list_owners (registry, &error);
  else
    {
      SpareRegistryOwner *owner = spare_registry_get_owner (registry, only, &error);

      owners = owner != NULL
                   ? g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_owner_free)
                   : NULL;
      if (owner != NULL)
        g_ptr_array_add (owners, owner);
    }
  if (owners == NULL)
    return spare_tool_fail (tool, error);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "owners");
  json_builder_begin_array (builder);
  for (guint i = 0; i < owners->len; i++)
    if (tool->json)
      json_owner (builder, g_ptr_array_index (owners, i));
    else
      print_owner (g_ptr_array_index (owners, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  return SPARE_TOOL_DONE;
}

static int
run_list (SpareTool *tool, char **argv)
{
  GError *error = NULL;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  return show_owners (tool, NULL);
}

static int
run_enroll (SpareTool *tool, char **argv)
{
  g_autofree char *contact = NULL;
  g_autofree char *evidence = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "contact", 0, 0, G_OPTION_ARG_STRING, &contact, NULL, NULL },
    { "evidence", 0, 0, G_OPTION_ARG_STRING, &evidence, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL || contact == NULL || evidence == NULL)
    return spare_tool_usage (tool,
                             _ ("give the owner’s fingerprint as the person confirmed it, "
                                "--contact, how to reach the person, and --evidence, what "
                                "you saw"));
  fingerprint = spare_tool_take_fingerprint (tool, words[0]);
  if (fingerprint == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error)
      || !spare_authority_enroll_sync (tool->authority, fingerprint, contact, evidence,
                                       tool->cancellable, &error))
    return spare_tool_fail (tool, error);
  return show_owners (tool, fingerprint);
}

static int
run_lost (SpareTool *tool, char **argv)
{
  g_autofree char *kind_name = NULL;
  g_autofree char *since_text = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  SpareLossKind kind = SPARE_LOSS_NONE;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 since = now;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "kind", 0, 0, G_OPTION_ARG_STRING, &kind_name, NULL, NULL },
    { "since", 0, 0, G_OPTION_ARG_STRING, &since_text, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL || kind_name == NULL
      || !spare_loss_kind_from_string (kind_name, &kind) || kind == SPARE_LOSS_NONE)
    return spare_tool_usage (tool, _ ("give the owner’s fingerprint and --kind lost, stolen or "
                                      "revoked"));
  if (since_text != NULL && (since = spare_tool_parse_day (since_text, FALSE)) == 0)
    return spare_tool_usage (tool, _ ("--since takes a day: YYYY-MM-DD"));
  if (since > now)
    return spare_tool_usage (tool, _ ("--since takes a day that is not to come"));
  fingerprint = spare_tool_take_fingerprint (tool, words[0]);
  if (fingerprint == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error)
      || !spare_authority_report_loss_sync (tool->authority, fingerprint, kind, since,
                                            tool->cancellable, &error))
    return spare_tool_fail (tool, error);
  return show_owners (tool, fingerprint);
}

const SpareToolCommand spare_tool_authority_owner_commands[] = {
  { "authority owner list", "",
    N_ ("Lists the people who deposit, and who of them is enrolled."), run_list },
  { "authority owner enroll", "FINGERPRINT --contact TEXT --evidence TEXT",
    N_ ("Notes that a fingerprint was confirmed with the person, and how to reach the person."),
    run_enroll },
  { "authority owner lost", "FINGERPRINT --kind lost|stolen|revoked [--since YYYY-MM-DD]",
    N_ ("Notes that somebody’s key is in wrong hands or gone; what is deposited with it "
        "afterwards proves nothing."),
    run_lost },
  { NULL },
};
