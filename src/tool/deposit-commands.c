/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool escrow export, receipt: escrow packets on their way to the backup authority, and its answer. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-deposit.h"
#include "spare-error.h"
#include "spare-receipt.h"
#include "spare-tool-bundles.h"

static int
run_export (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  gboolean again = FALSE;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) bundles = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { "again", 0, 0, G_OPTION_ARG_NONE, &again, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (to == NULL || *to == '\0')
    return spare_tool_usage (tool, _ ("give --to and a folder"));
  if (again && words[0] != NULL)
    return spare_tool_usage (tool,
                             _ ("--again is about all packets, so it goes without files"));
  if (!spare_tool_open (tool, &error)
      || (bundles = spare_deposit_export_sync (tool->owner, to,
                                               words[0] != NULL ? (const char *const *) words
                                                                : NULL,
                                               again ? SPARE_DEPOSIT_AGAIN : SPARE_DEPOSIT_NONE,
                                               &left_out, NULL, tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_bundles (tool, bundles, left_out);
}

static int
run_receipt (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  SpareReceiptResult result = { 0 };
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL)
    return spare_tool_usage (tool, _ ("give one receipt"));
  if (!spare_tool_open (tool, &error)
      || !spare_receipt_apply_sync (tool->owner, words[0], &result, NULL, tool->cancellable,
                                    &error))
    return spare_tool_fail (tool, error);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_number (builder, "acknowledged", result.n_moved);
      spare_tool_json_number (builder, "known", result.n_known);
      spare_tool_json_number (builder, "unknown", result.n_unknown);
      spare_tool_json_number (builder, "held", result.n_held);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
      return SPARE_TOOL_DONE;
    }
  spare_tool_print (_ ("Acknowledged now: %u. Were so already: %u. Not from here: %u."),
                    result.n_moved, result.n_known, result.n_unknown);
  if (result.n_held > 0)
    spare_tool_print (_ ("Of these, the authority could not verify %u: it holds them, and a "
                         "claim on them needs more than usual."),
                      result.n_held);
  return SPARE_TOOL_DONE;
}

const SpareToolCommand spare_tool_deposit_commands[] = {
  { "escrow export", "--to FOLDER [--again | FILE…]",
    N_ ("Writes the packets that the backup authority does not have yet, signed and encrypted "
        "for it; --again also those that it never acknowledged."),
    run_export },
  { "escrow receipt", "BUNDLE", N_ ("Takes in the authority’s answer: which packets it has."),
    run_receipt },
  { NULL },
};
