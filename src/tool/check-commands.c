/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool check, rekey: which files could be opened again if the key were lost, and files from one key to another. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "spare-check.h"
#include "spare-display.h"
#include "spare-rekey.h"
#include "spare-tool-results.h"

static const char *
describe (SpareCoverage state)
{
  switch (state)
    {
    case SPARE_COVERAGE_COVERED:
      return _ ("covered");
    case SPARE_COVERAGE_UNCOVERED:
      return _ ("not covered: the backup authority could not help");
    case SPARE_COVERAGE_OLD_AUTHORITY:
      return _ ("covered by a former backup authority");
    case SPARE_COVERAGE_PENDING:
      return _ ("waiting: not yet with the backup authority");
    case SPARE_COVERAGE_HIDDEN:
      return _ ("not known: its recipients are hidden");
    case SPARE_COVERAGE_PASSWORD:
      return _ ("opened by a password");
    case SPARE_COVERAGE_FOREIGN:
      return _ ("not yours: none of your keys opens it");
    case SPARE_COVERAGE_DAMAGED:
      return _ ("damaged");
    case SPARE_COVERAGE_NOT_OPENPGP:
    default:
      return _ ("not an encrypted file");
    }
}

static void
print_file (const SpareCheckedFile *file)
{
  g_autofree char *name = spare_display_text (file->path, -1, 200);

  if (file->error != NULL)
    fprintf (stderr, "%s: %s: %s\n", name, describe (file->state), file->error->message);
  else if (file->repaired)
    /* Translators: the name of a file, what holds for it, and the number of its packet */
    spare_tool_print (_ ("%s: %s (repaired, serial %s)"), name, describe (file->state),
                      file->serial);
  else if (!spare_check_is_well (file))
    spare_tool_print ("%s: %s", name, describe (file->state));
}

static void
add_file (JsonBuilder *builder, const SpareCheckedFile *file)
{
  json_builder_begin_object (builder);
  spare_tool_json_name (builder, "path", "path-bytes", file->path);
  spare_tool_json_string (builder, "state", spare_coverage_to_string (file->state));
  json_builder_set_member_name (builder, "repaired");
  json_builder_add_boolean_value (builder, file->repaired);
  if (file->serial != NULL)
    spare_tool_json_string (builder, "serial", file->serial);
  if (file->error != NULL)
    spare_tool_json_error (builder, file->error);
  json_builder_end_object (builder);
}

static int
show_files (SpareTool *tool, GPtrArray *files)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  guint counts[SPARE_N_COVERAGES];
  gboolean well = TRUE;

  spare_check_count (files, counts);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "counts");
  json_builder_begin_object (builder);
  for (guint i = 0; i < SPARE_N_COVERAGES; i++)
    {
      json_builder_set_member_name (builder, spare_coverage_to_string ((SpareCoverage) i));
      json_builder_add_int_value (builder, counts[i]);
    }
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (guint i = 0; i < files->len; i++)
    {
      const SpareCheckedFile *file = g_ptr_array_index (files, i);

      well = well && spare_check_is_well (file);
      add_file (builder, file);
      if (!tool->json)
        print_file (file);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  else
    for (guint i = 0; i < SPARE_N_COVERAGES; i++)
      if (counts[i] > 0)
        spare_tool_print ("%6u  %s", counts[i], describe ((SpareCoverage) i));
  return well ? SPARE_TOOL_DONE : SPARE_TOOL_SOME;
}

static int
run_check (SpareTool *tool, char **argv)
{
  g_autoptr (GPtrArray) files = NULL;
  g_auto (GStrv) words = NULL;
  gboolean repair = FALSE;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "repair", 0, 0, G_OPTION_ARG_NONE, &repair, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL)
    return spare_tool_usage (tool, _ ("give at least one file or folder"));
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  files = spare_check_sync (tool->owner, (const char *const *) words, repair, NULL,
                            tool->cancellable, &error);
  if (files == NULL)
    return spare_tool_fail (tool, error);
  return show_files (tool, files);
}

static int
run_rekey (SpareTool *tool, char **argv)
{
  g_autoptr (GPtrArray) results = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree char *to = NULL;
  g_autofree char *fingerprint = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  fingerprint = to != NULL ? spare_fingerprint_normalize (to) : NULL;
  if (fingerprint == NULL)
    return spare_tool_usage (tool, _ ("--to takes the fingerprint of one of your keys"));
  if (words[0] == NULL)
    return spare_tool_usage (tool, _ ("give at least one file or folder"));
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  results = spare_rekey_sync (tool->owner, fingerprint, (const char *const *) words, NULL,
                              tool->cancellable, &error);
  if (results == NULL)
    return spare_tool_fail (tool, error);
  return spare_tool_show_head_results (tool, results);
}

const SpareToolCommand spare_tool_check_commands[] = {
  { "check", "[--repair] PATH…",
    N_ ("Tells which files could be opened again if your key were lost; --repair adds the "
        "backup authority where it is missing."),
    run_check },
  { "rekey", "--to FINGERPRINT PATH…",
    N_ ("Hands your files over to another key of yours, without decrypting them."), run_rekey },
  { NULL },
};
