/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority export: packets leave the authority, for another one or for stock gpg. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-packet-export.h"
#include "spare-tool-authority.h"
#include "spare-tool-bundles.h"

static int
run_export (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *receiver = NULL;
  g_autofree char *owner = NULL;
  g_autofree char *receiver_fingerprint = NULL;
  g_autofree char *owner_fingerprint = NULL;
  gboolean raw = FALSE;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) bundles = NULL;
  SparePacketSelection selection = { NULL };
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { "for", 0, 0, G_OPTION_ARG_STRING, &receiver, NULL, NULL },
    { "owner", 0, 0, G_OPTION_ARG_STRING, &owner, NULL, NULL },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &raw, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (to == NULL)
    return spare_tool_usage (tool, _ ("give --to and a folder"));
  if (raw && receiver != NULL)
    return spare_tool_usage (tool, _ ("give --for another authority, or --raw for packets as "
                                      "they are"));
  if ((receiver != NULL
       && (receiver_fingerprint = spare_tool_take_fingerprint (tool, receiver)) == NULL)
      || (owner != NULL
          && (owner_fingerprint = spare_tool_take_fingerprint (tool, owner)) == NULL))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  selection.serials = words[0] != NULL ? (const char *const *) words : NULL;
  selection.owner = owner_fingerprint;
  bundles = spare_authority_export_sync (tool->authority, &selection, receiver_fingerprint, to,
                                         NULL, tool->cancellable, &error);
  if (bundles == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_bundles (tool, bundles, NULL);
}

const SpareToolCommand spare_tool_authority_export_commands[] = {
  { "authority export",
    "--to FOLDER [--for FINGERPRINT | --raw] [--owner FINGERPRINT] [SERIAL…]",
    N_ ("Hands packets to another authority, or writes them as files for stock gpg."),
    run_export },
  { NULL },
};
