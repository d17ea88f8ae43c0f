/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority import, receipt, packets: what comes in, and what is held. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-import.h"
#include "spare-receipts.h"
#include "spare-tool-authority.h"
#include "spare-tool-bundles.h"
#include "spare-tool-results.h"

#define PAGE 1000

/* --- import --- */

static void
json_import (JsonBuilder *builder, const SpareImportResult *result)
{
  gboolean done = result->status == SPARE_IMPORT_DONE;

  json_builder_begin_object (builder);
  spare_tool_json_name (builder, "path", "path-bytes", result->path);
  spare_tool_json_string (builder, "type", result->type);
  spare_tool_json_string (builder, "id", result->id);
  spare_tool_json_string (builder, "from", result->sender);
  spare_tool_json_string (builder, "status", done ? "done" : "refused");
  spare_tool_json_number (builder, "new", (gint64) result->n_new);
  spare_tool_json_number (builder, "known", (gint64) result->n_known);
  spare_tool_json_number (builder, "refused", (gint64) result->n_refused);
  spare_tool_json_number (builder, "held", (gint64) result->n_held);
  spare_tool_json_string (builder, "case", result->case_id);
  if (result->error != NULL)
    spare_tool_json_error (builder, result->error);
  json_builder_end_object (builder);
}

static void
print_import (const SpareImportResult *result)
{
  g_autofree char *name = spare_display_text (result->path, -1, 200);

  if (result->status != SPARE_IMPORT_DONE)
    {
      fprintf (stderr, "%s: %s\n", name, result->error->message);
      return;
    }
  spare_tool_print (_ ("%s: %s; new: %" PRIu64 ", known: %" PRIu64 ", refused: %" PRIu64), name,
                    result->type, result->n_new, result->n_known, result->n_refused);
  if (result->n_held > 0)
    spare_tool_print (_ ("    held without a valid proof: %" PRIu64), result->n_held);
  if (result->case_id != NULL)
    spare_tool_print (_ ("    case %s"), result->case_id);
}

static void
show_imports (SpareTool *tool, GPtrArray *results)
{
  g_autoptr (JsonBuilder) builder = NULL;

  if (!tool->json)
    {
      for (guint i = 0; i < results->len; i++)
        print_import (g_ptr_array_index (results, i));
      return;
    }
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "bundles");
  json_builder_begin_array (builder);
  for (guint i = 0; i < results->len; i++)
    json_import (builder, g_ptr_array_index (results, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  spare_tool_print_json (builder);
}

/* Trouble of this machine, which the next file would meet too. */
static gboolean
is_the_end (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DATABASE)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_ENGINE)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);
}

static int
import_all (SpareTool *tool, char **paths)
{
  g_autoptr (GPtrArray)
      results = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_import_result_free);
  SpareToolOutcome outcome = { 0 };
  gboolean end = FALSE;

  for (char **path = paths; *path != NULL && !end; path++)
    {
      GError *error = NULL;
      SpareImportResult *result = spare_authority_import_sync (tool->authority, *path, NULL,
                                                               tool->cancellable, &error);

      if (result == NULL)
        {
          end = is_the_end (error);
          if (end && results->len == 0)
            return spare_tool_fail (tool, error);
          result = g_new0 (SpareImportResult, 1);
          result->path = g_strdup (*path);
          result->status = SPARE_IMPORT_REFUSED;
          result->error = error;
        }
      g_ptr_array_add (results, result);
      spare_tool_outcome_add (&outcome, result->error);
    }
  show_imports (tool, results);
  if (g_cancellable_is_cancelled (tool->cancellable))
    return SPARE_TOOL_CANCELLED;
  return spare_tool_outcome_get_status (&outcome);
}

static int
run_import (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL)
    return spare_tool_usage (tool, _ ("give at least one file"));
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  return import_all (tool, words);
}

/* --- receipt --- */

static int
run_receipt (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) bundles = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (to == NULL || words[0] != NULL)
    return spare_tool_usage (tool, _ ("give --to and a folder"));
  if (!spare_tool_open_authority (tool, &error)
      || (bundles = spare_authority_write_receipts_sync (tool->authority, to, NULL,
                                                         tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_bundles (tool, bundles, NULL);
}

/* --- packets --- */

static void
json_packet (JsonBuilder *builder, const SpareRegistryPacket *packet)
{
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "serial", packet->serial);
  spare_tool_json_string (builder, "owner", packet->owner);
  spare_tool_json_string (builder, "owner-user-id", packet->owner_name);
  spare_tool_json_name (builder, "name", "name-bytes", packet->name);
  spare_tool_json_string (builder, "description", packet->description);
  spare_tool_json_time (builder, "created", packet->created);
  spare_tool_json_string (builder, "file-id", packet->file_id);
  spare_tool_json_number (builder, "size", (gint64) MIN (packet->size, (guint64) G_MAXINT64));
  spare_tool_json_string (builder, "sha256", packet->sha256);
  spare_tool_json_string (builder, "verdict", packet->proven ? "proven" : "held");
  spare_tool_json_time (builder, "intake", packet->intake);
  spare_tool_json_boolean (builder, "conflict", packet->conflict);
  spare_tool_json_boolean (builder, "receipted", packet->receipted);
  spare_tool_json_boolean (builder, "re-wrapped", packet->rewrapped != NULL);
  spare_tool_json_string (builder, "transfer-from", packet->transfer_from);
  json_builder_end_object (builder);
}

static void
print_packet (const SpareRegistryPacket *packet)
{
  g_autofree char *serial = spare_display_text (packet->serial, -1, 40);
  g_autofree char *owner = spare_display_text (packet->owner_name != NULL ? packet->owner_name
                                                                          : packet->owner,
                                               -1, 60);
  g_autofree char *name = spare_display_text (packet->name, -1, 80);

  spare_tool_print ("%s  %s  %s  %s", serial, packet->proven ? _ ("proven") : _ ("held"), owner,
                    name);
}

/* A registry holds a million packets: they are shown page by page, and never are all in memory. */
static gboolean
show_pages (SpareTool *tool, SpareRegistryQuery *query, gboolean *begun, GError **error)
{
  for (;;)
    {
      g_autoptr (GPtrArray) packets = NULL;

      if (g_cancellable_set_error_if_cancelled (tool->cancellable, error))
        return FALSE;
      packets = spare_registry_list_packets (spare_authority_get_registry (tool->authority),
                                             query, error);
      if (packets == NULL)
        return FALSE;
      if (packets->len == 0)
        return TRUE;
      for (guint i = 0; i < packets->len; i++)
        {
          const SpareRegistryPacket *packet = g_ptr_array_index (packets, i);
          g_autoptr (JsonBuilder) builder = NULL;

          query->after = packet->id;
          if (!tool->json)
            {
              print_packet (packet);
              continue;
            }
          builder = json_builder_new ();
          json_packet (builder, packet);
          fputs (*begun ? ",\n" : "{\"packets\" : [\n", stdout);
          *begun = TRUE;
          spare_tool_print_json (builder);
        }
    }
}

static int
show_packets (SpareTool *tool, SpareRegistryQuery *query)
{
  gboolean begun = FALSE;
  GError *error = NULL;
  int status = SPARE_TOOL_DONE;

  if (!show_pages (tool, query, &begun, &error))
    {
      if (!begun)
        return spare_tool_fail (tool, error);
      status = spare_error_get_exit_status (error);
      spare_tool_say_error (NULL, error);
      g_clear_error (&error);
      /* What was printed is left cut short, so that nobody takes it for the whole. */
      return status;
    }
  if (tool->json)
    fputs (begun ? "]}\n" : "{\"packets\" : []}\n", stdout);
  return status;
}

static int
run_packets (SpareTool *tool, char **argv)
{
  g_autofree char *owner = NULL;
  g_autofree char *serial = NULL;
  g_autofree char *fingerprint = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  SpareRegistryQuery query = { .limit = PAGE };
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "owner", 0, 0, G_OPTION_ARG_STRING, &owner, NULL, NULL },
    { "serial", 0, 0, G_OPTION_ARG_STRING, &serial, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (owner != NULL && (fingerprint = spare_tool_take_fingerprint (tool, owner)) == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  text = words[0] != NULL ? g_strjoinv (" ", words) : NULL;
  query.text = text;
  query.owner = fingerprint;
  query.serial = serial;
  return show_packets (tool, &query);
}

const SpareToolCommand spare_tool_authority_packet_commands[] = {
  { "authority import", "FILE…",
    N_ ("Takes in deposits, requests, approvals and transfers, and certificates of officers "
        "and "
        "other authorities."),
    run_import },
  { "authority receipt", "--to FOLDER",
    N_ ("Answers the deposits that were taken in, for their owners."), run_receipt },
  { "authority packets", "[WORD…] [--owner FINGERPRINT] [--serial SERIAL]",
    N_ ("Lists the packets that are held, newest first."), run_packets },
  { NULL },
};
