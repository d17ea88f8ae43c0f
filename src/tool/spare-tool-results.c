/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What became of files whose heads were changed, for rekey and recovery apply. */

#include "config.h"

#include "spare-tool-results.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "spare-display.h"
#include "spare-error.h"

void
spare_tool_outcome_add (SpareToolOutcome *self, const GError *error)
{
  int status = error != NULL ? spare_error_get_exit_status (error) : SPARE_TOOL_DONE;

  if (error == NULL)
    self->some_done = TRUE;
  else if (self->common == SPARE_TOOL_DONE)
    self->common = status;
  else if (self->common != status)
    self->common = SPARE_TOOL_SOME;
}

/* 0 if nothing failed; what all failures have in common if nothing was done; else 1. */
int
spare_tool_outcome_get_status (const SpareToolOutcome *self)
{
  return self->common != SPARE_TOOL_DONE && self->some_done ? SPARE_TOOL_SOME : self->common;
}

static void
print_result (const SpareHeadResult *result)
{
  g_autofree char *name = spare_display_text (result->path, -1, 200);

  if (result->status == SPARE_HEAD_FAILED)
    fprintf (stderr, "%s: %s\n", name, result->error->message);
  else if (result->status == SPARE_HEAD_SKIPPED)
    spare_tool_print ("%s: %s", name,
                      result->error != NULL ? result->error->message : _ ("nothing to do"));
  else
    spare_tool_print ("%s: %s", name, _ ("opens with your key now"));
}

static void
add_result (JsonBuilder *builder, const SpareHeadResult *result)
{
  json_builder_begin_object (builder);
  spare_tool_json_name (builder, "input", "path-bytes", result->path);
  spare_tool_json_name (builder, "output", "output-bytes",
                        result->status == SPARE_HEAD_DONE ? result->path : NULL);
  spare_tool_json_string (builder, "status", spare_head_status_to_string (result->status));
  spare_tool_json_string (builder, "file-id", result->file_id);
  spare_tool_json_string (builder, "serial", result->serial);
  if (result->error != NULL)
    spare_tool_json_error (builder, result->error);
  json_builder_end_object (builder);
}

/**
 * spare_tool_show_head_results:
 * @tool: the run
 * @results: (element-type SpareHeadResult): what became of each file
 *
 * Prints them.
 *
 * Returns: the exit status: 0 if nothing failed; what all failures have in common if nothing was done; else 1
 */
int
spare_tool_show_head_results (SpareTool *tool, GPtrArray *results)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  SpareToolOutcome outcome = { 0 };

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "results");
  json_builder_begin_array (builder);
  for (guint i = 0; i < results->len; i++)
    {
      const SpareHeadResult *result = g_ptr_array_index (results, i);

      add_result (builder, result);
      if (!tool->json)
        print_result (result);
      if (result->status != SPARE_HEAD_SKIPPED)
        spare_tool_outcome_add (&outcome, result->error);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  return spare_tool_outcome_get_status (&outcome);
}
