/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority rotate, drill: packets for another key of the authority, and whether they open at all. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

#include "spare-authority-renew.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-rotation.h"
#include "spare-tool-authority.h"

/* Packets that a drill opens unless it is told. */
#define DRILL_SAMPLE 20

static void
json_rotation (SpareTool *tool, const SpareRenewal *renewal, const SpareRotationResult *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "subkey", result->subkey);
  spare_tool_json_number (builder, "done", (gint64) result->n_done);
  spare_tool_json_number (builder, "before", (gint64) result->n_before);
  spare_tool_json_number (builder, "failed", (gint64) result->n_failed);
  if (renewal != NULL)
    {
      spare_tool_json_string (builder, "transport", renewal->transport);
      json_builder_set_member_name (builder, "retired");
      json_builder_begin_array (builder);
      for (guint i = 0; renewal->retired[i] != NULL; i++)
        json_builder_add_string_value (builder, renewal->retired[i]);
      json_builder_end_array (builder);
    }
  json_builder_end_object (builder);
  spare_tool_print_json (builder);
}

static void
print_rotation (const SpareRenewal *renewal, const SpareRotationResult *result)
{
  if (renewal != NULL)
    {
      g_autofree char *escrow = spare_display_fingerprint (renewal->escrow);

      spare_tool_print (_ ("New escrow key: %s. The old one opens what was made for it and is "
                           "used for nothing new. Hand out the new certificate (“authority "
                           "certificate”); owners take it with “escrow trust … "
                           "--accept-new-subkey”."),
                        escrow);
    }
  spare_tool_print (_ ("Re-wrapped now: %" PRIu64 ". Were so already: %" PRIu64
                       ". Could not be opened, and stay as they are: %" PRIu64 "."),
                    result->n_done, result->n_before, result->n_failed);
}

static int
run_rotate (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareRenewal) renewal = NULL;
  g_autoptr (SpareRotationResult) result = NULL;
  gboolean new_subkey = FALSE;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to, NULL, NULL },
    { "new-subkey", 0, 0, G_OPTION_ARG_NONE, &new_subkey, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if ((to == NULL) == !new_subkey || words[0] != NULL)
    return spare_tool_usage (tool, _ ("give --new-subkey, or --to and the fingerprint of a "
                                      "subkey of this authority or of another authority"));
  if (to != NULL && (fingerprint = spare_tool_take_fingerprint (tool, to)) == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error)
      || (new_subkey
          && (renewal = spare_authority_renew_sync (tool->authority, tool->cancellable, &error))
                 == NULL)
      || (result = spare_authority_rotate_sync (tool->authority,
                                                renewal != NULL ? renewal->escrow : fingerprint,
                                                NULL, tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  if (tool->json)
    json_rotation (tool, renewal, result);
  else
    print_rotation (renewal, result);
  if (result->n_failed == 0)
    return SPARE_TOOL_DONE;
  return result->n_done + result->n_before > 0 ? SPARE_TOOL_SOME : SPARE_TOOL_NO_KEY;
}

static void
show_drill (SpareTool *tool, const SpareDrillResult *result)
{
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_number (builder, "tried", (gint64) result->n_tried);
      spare_tool_json_number (builder, "opened", (gint64) result->n_opened);
      json_builder_set_member_name (builder, "failed");
      json_builder_begin_array (builder);
      for (guint i = 0; i < result->failed->len; i++)
        json_builder_add_string_value (builder, g_ptr_array_index (result->failed, i));
      json_builder_end_array (builder);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
      return;
    }
  spare_tool_print (_ ("%" PRIu64 " of %" PRIu64 " packets could be opened."), result->n_opened,
                    result->n_tried);
  for (guint i = 0; i < result->failed->len; i++)
    {
      g_autofree char *serial = spare_display_text (g_ptr_array_index (result->failed, i), -1,
                                                    80);

      fprintf (stderr, _ ("%s: could not be opened\n"), serial);
    }
}

static int
run_drill (SpareTool *tool, char **argv)
{
  gint64 sample = DRILL_SAMPLE;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareDrillResult) result = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "sample", 0, 0, G_OPTION_ARG_INT64, &sample, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (sample < 0 || words[0] != NULL)
    return spare_tool_usage (tool, _ ("--sample takes a number of packets; 0 means all"));
  if (!spare_tool_open_authority (tool, &error)
      || (result = spare_authority_drill_sync (tool->authority, (guint64) sample, NULL,
                                               tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  show_drill (tool, result);
  if (result->n_opened == result->n_tried)
    return SPARE_TOOL_DONE;
  return result->n_opened > 0 ? SPARE_TOOL_SOME : SPARE_TOOL_NO_KEY;
}

const SpareToolCommand spare_tool_authority_rotation_commands[] = {
  { "authority rotate", "--new-subkey | --to FINGERPRINT",
    N_ ("Re-wraps every packet for another escrow key; the packets as deposited are kept. "
        "--new-subkey makes a new pair of subkeys first and lets the old pair expire, which "
        "still opens what was made for it."),
    run_rotate },
  { "authority drill", "[--sample N]",
    N_ ("Opens packets, and forgets what was in them, to see that it can be done."),
    run_drill },
  { NULL },
};
