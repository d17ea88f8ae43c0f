/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool escrow …: the backup authority, and the packets that it needs. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-inspection.h"
#include "spare-outbox-witness.h"
#include "spare-tool.h"

#define CERTIFICATE_MAX (64 * 1024)

static const char *
pin_state_name (SparePinState state)
{
  switch (state)
    {
    case SPARE_PIN_USABLE:
      return "usable";
    case SPARE_PIN_EXPIRING:
      return "expiring";
    case SPARE_PIN_UNUSABLE:
    case SPARE_PIN_NONE:
    default:
      return "unusable";
    }
}

static void
json_authority (JsonBuilder *builder, SparePin *pin)
{
  SpareKey *key = spare_pin_get_key (pin);
  const SpareSubkey *subkey = spare_pin_get_escrow_subkey (pin);

  json_builder_set_member_name (builder, "authority");
  if (spare_pin_get_state (pin) == SPARE_PIN_NONE)
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "fingerprint", spare_pin_get_fingerprint (pin));
  spare_tool_json_string (builder, "subkey", subkey != NULL ? subkey->fingerprint : NULL);
  spare_tool_json_string (builder, "user-id", key != NULL ? spare_key_get_user_id (key) : NULL);
  spare_tool_json_string (builder, "state", pin_state_name (spare_pin_get_state (pin)));
  json_builder_set_member_name (builder, "managed");
  json_builder_add_boolean_value (builder, spare_pin_is_managed (pin));
  if (subkey != NULL && subkey->expires > 0)
    spare_tool_json_time (builder, "expires", subkey->expires);
  json_builder_end_object (builder);
}

static void
print_authority (SparePin *pin)
{
  SpareKey *key = spare_pin_get_key (pin);
  const char *user_id = key != NULL ? spare_key_get_user_id (key) : NULL;
  g_autofree char *name = spare_display_text (user_id != NULL ? user_id : "", -1, 80);
  g_autofree char *fingerprint = spare_display_fingerprint (spare_pin_get_fingerprint (pin));
  g_autofree char *state = spare_pin_describe (pin);

  spare_tool_print ("%s", name);
  spare_tool_print ("%s", fingerprint);
  if (state != NULL && *state != '\0')
    spare_tool_print ("%s", state);
}

static int
show_status (SpareTool *tool)
{
  SparePin *pin = spare_owner_get_pin (tool->owner);
  GError *error = NULL;
  g_autoptr (SparePolicy) policy = spare_owner_dup_policy (tool->owner, &error);
  g_autoptr (JsonBuilder) builder = NULL;
  const char *mode;

  if (policy == NULL)
    return spare_tool_fail (tool, error);
  mode = spare_escrow_mode_to_string (spare_policy_get_mode (policy));
  if (!tool->json)
    {
      if (spare_pin_get_state (pin) == SPARE_PIN_NONE)
        spare_tool_print (_ ("No backup authority is trusted yet."));
      else
        print_authority (pin);
      spare_tool_print (_ ("Mode: %s"), mode);
      return SPARE_TOOL_DONE;
    }
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_authority (builder, pin);
  spare_tool_json_string (builder, "mode", mode);
  json_builder_set_member_name (builder, "required");
  json_builder_add_boolean_value (builder, spare_policy_get_required (policy));
  json_builder_end_object (builder);
  spare_tool_print_json (builder);
  return SPARE_TOOL_DONE;
}

static int
run_trust (SpareTool *tool, char **argv)
{
  g_autofree char *fingerprint = NULL;
  gboolean accept = FALSE;
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SparePinOffer) offer = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "fingerprint", 0, 0, G_OPTION_ARG_STRING, &fingerprint, NULL, NULL },
    { "accept-new-subkey", 0, 0, G_OPTION_ARG_NONE, &accept, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL || fingerprint == NULL)
    return spare_tool_usage (tool,
                             _ ("give the authority’s public key and --fingerprint, the 40 "
                                "characters that you were given on paper or by phone"));
  octets = spare_tool_read_file (words[0], CERTIFICATE_MAX, &error);
  if (octets == NULL || !spare_tool_open (tool, &error)
      || (offer = spare_owner_examine_authority_sync (tool->owner, octets, tool->cancellable,
                                                      &error))
             == NULL)
    return spare_tool_fail (tool, error);
  if (offer->new_escrow_subkey && !accept)
    {
      g_set_error (&error, SPARE_ERROR, SPARE_ERROR_POLICY,
                   _ ("This certificate brings a new key for files, %s. If the authority "
                      "confirms it, "
                      "say so with --accept-new-subkey. Until then it is not used."),
                   offer->escrow->fingerprint);
      return spare_tool_fail (tool, error);
    }
  if (!spare_owner_trust_authority_sync (tool->owner, offer, fingerprint, tool->cancellable,
                                         &error))
    return spare_tool_fail (tool, error);
  if (offer->warning != NULL)
    {
      g_autoptr (GError)
          warning = g_error_new_literal (SPARE_ERROR, SPARE_ERROR_FAILED, offer->warning);

      spare_tool_say_error (NULL, warning);
    }
  return show_status (tool);
}

static int
run_status (SpareTool *tool, char **argv)
{
  GError *error = NULL;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  return show_status (tool);
}

static void
json_packet (JsonBuilder *builder, const SpareOutboxEntry *entry)
{
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "serial", entry->serial);
  spare_tool_json_string (builder, "state", spare_outbox_state_to_string (entry->state));
  spare_tool_json_string (builder, "file-id", entry->file_id);
  spare_tool_json_name (builder, "name", "path-bytes", entry->name);
  spare_tool_json_time (builder, "created", entry->created);
  spare_tool_json_string (builder, "mode", spare_escrow_mode_to_string (entry->mode));
  json_builder_set_member_name (builder, "escrow-pending");
  json_builder_add_boolean_value (builder, entry->packet == NULL);
  json_builder_set_member_name (builder, "proven");
  json_builder_add_boolean_value (builder, entry->has_proof);
  json_builder_end_object (builder);
}

static int
run_list (SpareTool *tool, char **argv)
{
  g_autofree char *state_name = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) entries_found = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  SpareOutboxState state = SPARE_OUTBOX_PENDING;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_STRING, &state_name, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] != NULL)
    return spare_tool_usage (tool, _ ("it takes no further words"));
  if (state_name != NULL && !spare_outbox_state_from_string (state_name, &state))
    return spare_tool_usage (tool, _ ("--state takes pending, exported or acknowledged"));
  if (!spare_tool_open (tool, &error)
      || (entries_found = spare_outbox_list_sync (spare_owner_get_outbox (tool->owner),
                                                  state_name != NULL ? (int) state : -1,
                                                  G_MAXUINT, 0, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "packets");
  json_builder_begin_array (builder);
  for (guint i = 0; i < entries_found->len; i++)
    {
      const SpareOutboxEntry *entry = g_ptr_array_index (entries_found, i);

      if (tool->json)
        json_packet (builder, entry);
      else
        {
          g_autofree char *name = spare_display_text (entry->name, -1, 60);

          spare_tool_print ("%s  %-12s  %s", entry->serial,
                            spare_outbox_state_to_string (entry->state), name);
        }
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  return SPARE_TOOL_DONE;
}

/* The packet of a file: from its own head if the authority's PKESK is there, else from the outbox. */
static GBytes *
find_packet (SpareTool *tool, const char *path, char **serial, GError **error)
{
  g_autoptr (SpareInspection) inspection = NULL;
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (GError) reason = NULL;
  SpareKey *authority = spare_pin_get_key (spare_owner_get_pin (tool->owner));

  inspection = spare_inspect_sync (tool->owner, path, tool->cancellable, error);
  if (inspection == NULL)
    return NULL;
  *serial = g_strdup (inspection->serial);
  for (guint i = 0; authority != NULL && i < spare_head_get_n_esks (inspection->head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (inspection->head, i);

      if (spare_esk_is_public_key (esk) && !spare_esk_is_hidden (esk)
          && spare_key_find_key_id (authority, spare_esk_get_key_id (esk)) != NULL)
        return spare_escrow_packet_build (esk, inspection->head, error);
    }
  entry = spare_outbox_find_sync (spare_owner_get_outbox (tool->owner), inspection->file_id,
                                  &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (entry != NULL && entry->packet != NULL)
    return g_bytes_ref (entry->packet);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                       _ ("The backup authority can’t open this file, and there is no packet "
                          "of it in "
                          "the outbox. Nothing was written."));
  return NULL;
}

static int
run_packet (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *serial = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) packet = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL || to == NULL)
    return spare_tool_usage (tool, _ ("give one encrypted file and --output"));
  if (!spare_tool_open (tool, &error)
      || (packet = find_packet (tool, words[0], &serial, &error)) == NULL
      || !spare_tool_write_file (to, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet),
                                 &error))
    return spare_tool_fail (tool, error);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_name (builder, "output", "path-bytes", to);
      spare_tool_json_string (builder, "serial", serial);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  return SPARE_TOOL_DONE;
}

static void
json_witness (JsonBuilder *builder, const SpareWitness *witness)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, witness->checkpoint);
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "authority", witness->authority);
  spare_tool_json_number (builder, "sequence", witness->sequence);
  spare_tool_json_string (builder, "from", witness->kind);
  spare_tool_json_time (builder, "kept", witness->kept);
  json_builder_set_member_name (builder, "checkpoint");
  json_builder_add_value (builder, json_node_copy (node));
  json_builder_end_object (builder);
}

static void
print_witnesses (SpareTool *tool, GPtrArray *witnesses, const char *to)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *lines = NULL;

  if (!tool->json)
    {
      lines = spare_witness_write_all (witnesses);
      if (to == NULL)
        fputs (lines, stdout);
      else
        spare_tool_print (_ ("Checkpoints written: %u"), witnesses->len);
      return;
    }
  json_builder_begin_object (builder);
  if (to != NULL)
    spare_tool_json_name (builder, "output", "path-bytes", to);
  json_builder_set_member_name (builder, "checkpoints");
  json_builder_begin_array (builder);
  for (guint i = 0; i < witnesses->len; i++)
    json_witness (builder, g_ptr_array_index (witnesses, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  spare_tool_print_json (builder);
}

/* What the authority's "audit --verify --anchor" compares its log with. */
static int
run_witness (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *fingerprint = NULL;
  g_autofree char *lines = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) witnesses = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { "authority", 0, 0, G_OPTION_ARG_STRING, &authority, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] != NULL)
    return spare_tool_usage (tool, _ ("it takes no further words"));
  if (authority != NULL
      && (fingerprint = spare_tool_take_fingerprint (tool, authority)) == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  if (fingerprint == NULL)
    fingerprint = g_strdup (spare_pin_get_fingerprint (spare_owner_get_pin (tool->owner)));
  witnesses = spare_outbox_list_witnesses_sync (spare_owner_get_outbox (tool->owner),
                                                fingerprint, &error);
  if (witnesses == NULL)
    return spare_tool_fail (tool, error);
  lines = spare_witness_write_all (witnesses);
  if (to != NULL && !spare_tool_write_file (to, lines, strlen (lines), &error))
    return spare_tool_fail (tool, error);
  print_witnesses (tool, witnesses, to);
  return SPARE_TOOL_DONE;
}

const SpareToolCommand spare_tool_escrow_commands[] = {
  { "escrow trust", "CERTIFICATE --fingerprint FINGERPRINT [--accept-new-subkey]",
    N_ ("Trusts a backup authority whose 40 characters you compared."), run_trust },
  { "escrow status", "", N_ ("Shows the backup authority and what holds for new files."),
    run_status },
  { "escrow list", "[--state pending|exported|acknowledged]",
    N_ ("Lists the escrow packets that were made here."), run_list },
  { "escrow packet", "FILE --output FILE",
    N_ ("Writes the escrow packet of an encrypted file, as stock gpg reads it."), run_packet },
  { "escrow witness", "[--output FILE] [--authority FINGERPRINT]",
    N_ ("Writes what the authority signed of its audit log, for it to be compared with."),
    run_witness },
  { NULL },
};
