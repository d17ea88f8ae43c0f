/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Bundles that were written, for every command that writes some. */

#include "config.h"

#include "spare-tool-bundles.h"

#include <glib/gi18n.h>

#include "spare-display.h"
#include "spare-left-out.h"
#include "spare-tool-results.h"

/* Only an escrow packet as it is has no receiver, and it is no bundle. */
static const char *
get_type (const SpareWrittenBundle *bundle)
{
  return bundle->to != NULL ? spare_bundle_type_to_string (bundle->type) : "packet";
}

void
spare_tool_json_bundles (JsonBuilder *builder, GPtrArray *bundles)
{
  json_builder_set_member_name (builder, "bundles");
  json_builder_begin_array (builder);
  for (guint i = 0; i < bundles->len; i++)
    {
      const SpareWrittenBundle *bundle = g_ptr_array_index (bundles, i);

      json_builder_begin_object (builder);
      spare_tool_json_name (builder, "path", "path-bytes", bundle->path);
      spare_tool_json_string (builder, "type", get_type (bundle));
      spare_tool_json_string (builder, "id", bundle->id);
      spare_tool_json_string (builder, "to", bundle->to);
      spare_tool_json_number (builder, "records", bundle->n_records);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

void
spare_tool_print_bundles (GPtrArray *bundles)
{
  for (guint i = 0; i < bundles->len; i++)
    {
      const SpareWrittenBundle *bundle = g_ptr_array_index (bundles, i);
      g_autofree char *path = spare_display_text (bundle->path, -1, 400);

      spare_tool_print ("%s", path);
    }
}

static void
add_left_out (JsonBuilder *builder, GPtrArray *left_out)
{
  json_builder_set_member_name (builder, "left-out");
  json_builder_begin_array (builder);
  for (guint i = 0; i < left_out->len; i++)
    {
      const SpareLeftOut *left = g_ptr_array_index (left_out, i);

      json_builder_begin_object (builder);
      spare_tool_json_name (builder, "path", "path-bytes", left->path);
      spare_tool_json_error (builder, left->error);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

int
spare_tool_show_bundles (SpareTool *self, GPtrArray *bundles, GPtrArray *left_out)
{
  SpareToolOutcome outcome = { 0 };

  for (guint i = 0; i < bundles->len; i++)
    spare_tool_outcome_add (&outcome, NULL);
  for (guint i = 0; left_out != NULL && i < left_out->len; i++)
    {
      const SpareLeftOut *left = g_ptr_array_index (left_out, i);

      spare_tool_outcome_add (&outcome, left->error);
      spare_tool_say_error (left->path, left->error);
    }
  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_bundles (builder, bundles);
      if (left_out != NULL)
        add_left_out (builder, left_out);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  else if (bundles->len > 0)
    spare_tool_print_bundles (bundles);
  else if (left_out == NULL || left_out->len == 0)
    spare_tool_print (_ ("There is nothing to write."));
  return spare_tool_outcome_get_status (&outcome);
}

GPtrArray *
spare_tool_one_bundle (SpareWrittenBundle *bundle)
{
  GPtrArray *bundles = g_ptr_array_new_with_free_func (
      (GDestroyNotify) spare_written_bundle_free);

  if (bundle != NULL)
    g_ptr_array_add (bundles, bundle);
  return bundles;
}
