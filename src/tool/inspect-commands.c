/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool inspect: who can open a file. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-inspection.h"
#include "spare-tool.h"

static void
json_recipient (JsonBuilder *builder, const SpareInspectedRecipient *recipient)
{
  g_autofree char *key_id = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", recipient->key_id);

  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "keyid", key_id);
  spare_tool_json_string (builder, "fingerprint", recipient->fingerprint);
  spare_tool_json_string (builder, "role", spare_role_to_string (recipient->role));
  spare_tool_json_string (builder, "algorithm", recipient->algorithm);
  if (recipient->user_id != NULL)
    spare_tool_json_string (builder, "user-id", recipient->user_id);
  json_builder_end_object (builder);
}

static void
json_file (JsonBuilder *builder,
           const char *path,
           const SpareInspection *inspection,
           const GError *error)
{
  json_builder_begin_object (builder);
  spare_tool_json_name (builder, "path", "path-bytes", path);
  if (error != NULL)
    spare_tool_json_error (builder, error);
  else
    {
      spare_tool_json_string (builder, "file-id", inspection->file_id);
      spare_tool_json_string (builder, "format", inspection->format);
      json_builder_set_member_name (builder, "recipients");
      json_builder_begin_array (builder);
      for (guint i = 0; i < inspection->recipients->len; i++)
        json_recipient (builder, g_ptr_array_index (inspection->recipients, i));
      json_builder_end_array (builder);
      spare_tool_json_string (builder, "escrow", spare_cover_to_string (inspection->cover));
      json_builder_set_member_name (builder, "password");
      json_builder_add_boolean_value (builder, inspection->has_password);
      if (inspection->serial != NULL)
        spare_tool_json_string (builder, "serial", inspection->serial);
    }
  json_builder_end_object (builder);
}

static const char *
describe_role (SpareRole role)
{
  switch (role)
    {
    case SPARE_ROLE_OWNER:
      return _ ("you");
    case SPARE_ROLE_AUTHORITY:
      return _ ("backup authority");
    case SPARE_ROLE_HIDDEN:
      return _ ("hidden");
    case SPARE_ROLE_OTHER:
    default:
      return _ ("other");
    }
}

static void
print_file (const char *path, const SpareInspection *inspection)
{
  g_autofree char *name = spare_display_text (path, -1, 200);

  spare_tool_print ("%s", name);
  for (guint i = 0; i < inspection->recipients->len; i++)
    {
      const SpareInspectedRecipient *recipient = g_ptr_array_index (inspection->recipients, i);
      g_autofree char *who = recipient->user_id != NULL
                                 ? spare_display_text (recipient->user_id, -1, 80)
                                 : NULL;

      spare_tool_print ("  %016" G_GINT64_MODIFIER "X  %s (%s)", recipient->key_id,
                        who != NULL ? who : _ ("unknown"), describe_role (recipient->role));
    }
  if (inspection->has_password)
    spare_tool_print (_ ("  whoever knows its password"));
  /* Translators: an identifier, the file’s format, and who is its authority */
  spare_tool_print (_ ("  file id %s, %s, escrow: %s"), inspection->file_id, inspection->format,
                    spare_cover_to_string (inspection->cover));
}

static int
run_inspect (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  GError *failure = NULL;
  gboolean some_done = FALSE;
  int status = SPARE_TOOL_DONE;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL)
    return spare_tool_usage (tool, _ ("give at least one file"));
  if (!spare_tool_open (tool, &failure))
    return spare_tool_fail (tool, failure);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (char **word = words; *word != NULL; word++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareInspection)
          inspection = spare_inspect_sync (tool->owner, *word, tool->cancellable, &error);

      json_file (builder, *word, inspection, error);
      if (inspection != NULL)
        {
          some_done = TRUE;
          if (!tool->json)
            print_file (*word, inspection);
          continue;
        }
      spare_tool_say_error (*word, error);
      if (status == SPARE_TOOL_DONE || status == spare_error_get_exit_status (error))
        status = spare_error_get_exit_status (error);
      else
        status = SPARE_TOOL_SOME;
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  return status != SPARE_TOOL_DONE && some_done ? SPARE_TOOL_SOME : status;
}

const SpareToolCommand spare_tool_inspect_commands[] = {
  { "inspect", "FILE…", N_ ("Tells who can open a file; reads its head only."), run_inspect },
  { NULL },
};
