/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority case …: requests, from the question who asks to the grant.
 *
 * Promise: nothing here decides; what a step may do is computed by authority/ from the evidence, each time. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "spare-case-work.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-tool-authority.h"
#include "spare-tool-bundles.h"
#include "spare-tool-case.h"

/* Every command here but list: options, one case. Takes the words over. */
static char *
take_case (SpareTool *tool, char **words)
{
  if (words[0] != NULL && words[1] == NULL)
    return g_strdup (words[0]);
  spare_tool_usage (tool, _ ("give one case: its id, or how it begins"));
  return NULL;
}

static int
run_list (SpareTool *tool, char **argv)
{
  g_autoptr (GPtrArray) cases = NULL;
  GError *error = NULL;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error)
      || (cases = spare_case_list_sync (tool->authority, tool->cancellable, &error)) == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_cases (tool, cases);
}

static int
run_show (SpareTool *tool, char **argv)
{
  g_autofree char *id = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareCase) one = NULL;
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words) || (id = take_case (tool, words)) == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error)
      || (one = spare_case_get_sync (tool->authority, id, tool->cancellable, &error)) == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_case (tool, one, TRUE, NULL, NULL);
}

static int
run_identity (SpareTool *tool, char **argv)
{
  g_autofree char *evidence = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareCase) one = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "evidence", 0, 0, G_OPTION_ARG_STRING, &evidence, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] == NULL || words[2] != NULL || evidence == NULL)
    return spare_tool_usage (tool,
                             _ ("give a case, a check of the policy, and --evidence: what "
                                "it rests on; for new-key the fingerprint as you heard "
                                "it"));
  if (!spare_tool_open_authority (tool, &error)
      || (one = spare_case_identify_sync (tool->authority, words[0], words[1], evidence,
                                          tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_case (tool, one, FALSE, NULL, NULL);
}

static int
run_approve (SpareTool *tool, char **argv)
{
  g_autofree char *as = NULL;
  g_autofree char *officer = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareHome) home = NULL;
  g_autoptr (SpareCase) one = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "as", 0, 0, G_OPTION_ARG_STRING, &as, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words) || (id = take_case (tool, words)) == NULL
      || (as != NULL && (officer = spare_tool_take_fingerprint (tool, as)) == NULL))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  if (officer == NULL)
    officer = g_strdup (spare_authority_get_fingerprint (tool->authority));
  home = spare_tool_find_officer_home (tool, officer, &error);
  if (home != NULL)
    one = spare_case_approve_sync (tool->authority, id, home, officer, tool->cancellable,
                                   &error);
  if (one == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_case (tool, one, FALSE, NULL, NULL);
}

/* --- Answers --- */

static gboolean
parse_kind (const char *text, SpareRefusalKind *kind)
{
  static const struct
  {
    const char *name;
    SpareRefusalKind kind;
  } kinds[] = {
    { "refused", SPARE_REFUSAL_REFUSED },
    { "expired", SPARE_REFUSAL_EXPIRED },
    { "withdrawn", SPARE_REFUSAL_WITHDRAWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (text == NULL || strcmp (text, kinds[i].name) == 0)
      {
        *kind = kinds[i].kind;
        return TRUE;
      }
  return FALSE;
}

static int
run_refuse (SpareTool *tool, char **argv)
{
  g_autofree char *reason = NULL;
  g_autofree char *kind_name = NULL;
  g_autofree char *to = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) bundles = NULL;
  g_autoptr (SpareCase) one = NULL;
  SpareRefusalKind kind;
  SpareWrittenBundle *bundle;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, NULL, NULL },
    { "kind", 0, 0, G_OPTION_ARG_STRING, &kind_name, NULL, NULL },
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words) || (id = take_case (tool, words)) == NULL)
    return SPARE_TOOL_USAGE;
  if (reason == NULL || *reason == '\0')
    return spare_tool_usage (tool, _ ("give --reason: it reaches the person who asked"));
  if (!parse_kind (kind_name, &kind))
    return spare_tool_usage (tool, _ ("--kind takes refused, expired or withdrawn"));
  if (!spare_tool_open_authority (tool, &error)
      || (bundle = spare_case_refuse_sync (tool->authority, id, kind, reason, to,
                                           tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  bundles = spare_tool_one_bundle (bundle);
  one = spare_case_get_sync (tool->authority, id, tool->cancellable, &error);
  if (one == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_case (tool, one, FALSE, bundles, NULL);
}

static int
run_ask (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) homes = NULL;
  g_autoptr (GPtrArray) bundles = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words) || (id = take_case (tool, words)) == NULL)
    return SPARE_TOOL_USAGE;
  if (to == NULL)
    return spare_tool_usage (tool, _ ("give --to and a folder"));
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  homes = spare_tool_list_certificate_homes (tool);
  bundles = spare_case_ask_sync (tool->authority, id, to, homes, tool->cancellable, &error);
  if (bundles == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_bundles (tool, bundles, NULL);
}

static int
run_recover (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareGrantResult) grant = NULL;
  g_autoptr (SpareCase) one = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words) || (id = take_case (tool, words)) == NULL)
    return SPARE_TOOL_USAGE;
  if (to == NULL)
    return spare_tool_usage (tool, _ ("give --to and a folder"));
  if (!spare_tool_open_authority (tool, &error)
      || (grant = spare_case_recover_sync (tool->authority, id, to, NULL, tool->cancellable,
                                           &error))
             == NULL
      || (one = spare_case_get_sync (tool->authority, id, tool->cancellable, &error)) == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_case (tool, one, FALSE, NULL, grant);
}

const SpareToolCommand spare_tool_authority_case_commands[] = {
  { "authority case list", "", N_ ("Lists the requests for recovery, and where they stand."),
    run_list },
  { "authority case show", "CASE", N_ ("Shows one case: who asks, for what, what is missing."),
    run_show },
  { "authority case identity", "CASE CHECK --evidence TEXT",
    N_ ("Notes an identity check; for new-key the evidence is the fingerprint that the person "
        "read out."),
    run_identity },
  { "authority case approve", "CASE [--as FINGERPRINT]",
    N_ ("Approves a case with an officer’s key on this computer."), run_approve },
  { "authority case ask", "CASE --to FOLDER",
    N_ ("Writes the case for officers elsewhere, who answer with “authority approve”."),
    run_ask },
  { "authority case recover", "CASE --to FOLDER",
    N_ ("Re-wraps the session keys for the new key and writes the grant."), run_recover },
  { "authority case refuse",
    "CASE --reason TEXT [--kind refused|expired|withdrawn] [--to FOLDER]",
    N_ ("Refuses a case; the reason reaches the person who asked."), run_refuse },
  { NULL },
};
