/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool recovery apply: the authority's answer, and the files back. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-grant.h"
#include "spare-request.h"
#include "spare-tool-results.h"

/* The authority said no: that is what the person has to read. */
static int
show_refusal (SpareTool *tool, const SpareRequest *request)
{
  g_autofree char *text = spare_display_text (request->answer_text != NULL
                                                  ? request->answer_text
                                                  : "",
                                              -1, 2000);
  g_autoptr (GError) error =
      g_error_new (SPARE_ERROR, SPARE_ERROR_POLICY,
                   _ ("The backup authority refused your request. Its reason: %s No file was "
                      "changed."),
                   text);
  int status = spare_error_get_exit_status (error);

  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "results");
      json_builder_begin_array (builder);
      json_builder_end_array (builder);
      json_builder_set_member_name (builder, "refusal");
      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "request", request->id);
      spare_tool_json_string (builder, "reason", request->answer_text);
      json_builder_end_object (builder);
      spare_tool_json_error (builder, error);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  spare_tool_say_error (NULL, error);
  return status;
}

static int
run_apply (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareGrant) grant = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_autoptr (SpareRequest) refused = NULL;
  gboolean verify = FALSE;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "verify", 0, 0, G_OPTION_ARG_NONE, &verify, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL)
    return spare_tool_usage (tool, _ ("give the answer of the backup authority"));
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  grant = spare_grant_open_sync (tool->owner, words[0], NULL, tool->cancellable, &error);
  /* A refusal is an answer too. Its name says nothing; only what opens as one is one. */
  if (grant == NULL && g_error_matches (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED)
      && spare_refusal_apply_sync (tool->owner, words[0], &refused, NULL, tool->cancellable,
                                   NULL))
    {
      g_clear_error (&error);
      return show_refusal (tool, refused);
    }
  if (grant == NULL)
    return spare_tool_fail (tool, error);
  spare_grant_set_whole (grant, verify);
  results = spare_grant_apply_sync (grant,
                                    words[1] != NULL ? (const char *const *) words + 1 : NULL,
                                    NULL, tool->cancellable, &error);
  if (results == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_head_results (tool, results);
}

const SpareToolCommand spare_tool_grant_commands[] = {
  { "recovery apply", "[--verify] GRANT [PATH…]",
    N_ ("Makes files openable with your new key, by the authority’s answer; PATHs are searched "
        "for files that were moved. --verify decrypts each file whole, to nowhere, before it "
        "is changed."),
    run_apply },
  { NULL },
};
