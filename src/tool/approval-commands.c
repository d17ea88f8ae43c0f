/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority approve: an officer elsewhere answers a case that was carried to him.
 *
 * Promise: what is signed was shown before. No registry is needed, and nothing of an authority on this computer is used. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spare-approval.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-paths.h"
#include "spare-tool-bundles.h"

typedef struct
{
  SpareTool *tool;
  gboolean sure; /* --yes */
  JsonBuilder *builder;
} Asking;

/* --- The question --- */

static void
print_pair (FILE *stream, const char *what, const char *text)
{
  g_autofree char *shown = spare_display_text (text != NULL ? text : "", -1, 400);

  fprintf (stream, "  %-14s %s\n", what, shown);
}

static void
print_files (FILE *stream, const SpareManifest *manifest)
{
  guint matched = 0;

  for (guint i = 0; i < manifest->files->len; i++)
    {
      const SpareManifestFile *file = g_ptr_array_index (manifest->files, i);

      matched += file->verdict == SPARE_VERDICT_MATCHED;
    }
  fprintf (stream, _ ("  Files: %u, matched: %u, unmatched: %u\n"), manifest->files->len,
           matched, manifest->files->len - matched);
  for (guint i = 0; i < manifest->files->len; i++)
    {
      const SpareManifestFile *file = g_ptr_array_index (manifest->files, i);
      g_autofree char *serial = spare_display_text (file->serial, -1, 40);

      fprintf (stream, "    %-9s  %s  %s\n", spare_verdict_to_string (file->verdict),
               file->file_id, serial);
    }
}

static void
print_question (FILE *stream, const SpareApprovalQuestion *question)
{
  const SpareManifest *manifest = question->manifest;
  g_autoptr (GString) checks = g_string_new (NULL);

  for (guint i = 0; i < manifest->evidence->len; i++)
    {
      const SpareManifestEvidence *evidence = g_ptr_array_index (manifest->evidence, i);

      g_string_append_printf (checks, "%s%s", i > 0 ? ", " : "", evidence->check);
    }
  fprintf (stream, _ ("What is to be approved:\n"));
  print_pair (stream, _ ("Case"), question->case_id);
  print_pair (stream, _ ("Authority"), question->authority);
  print_pair (stream, "", question->authority_name);
  print_pair (stream, _ ("Requester"), question->requester);
  print_pair (stream, _ ("Person"), question->person);
  print_pair (stream, _ ("Reason"), question->reason);
  print_pair (stream, _ ("Old key"), manifest->old_fingerprint);
  print_pair (stream, _ ("New key"), manifest->key);
  print_pair (stream, _ ("Checks done"), checks->str);
  print_files (stream, manifest);
  print_pair (stream, _ ("Approved as"), question->officer);
  fflush (stream);
}

static void
json_question (JsonBuilder *builder, const SpareApprovalQuestion *question)
{
  const SpareManifest *manifest = question->manifest;

  json_builder_set_member_name (builder, "question");
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "case", question->case_id);
  spare_tool_json_string (builder, "authority", question->authority);
  spare_tool_json_string (builder, "officer", question->officer);
  spare_tool_json_string (builder, "requester", question->requester);
  spare_tool_json_string (builder, "person", question->person);
  spare_tool_json_string (builder, "reason", question->reason);
  spare_tool_json_string (builder, "old", manifest->old_fingerprint);
  spare_tool_json_string (builder, "key", manifest->key);
  spare_tool_json_string (builder, "manifest", question->manifest_sha256);
  spare_tool_json_time (builder, "expires", manifest->expires);
  json_builder_set_member_name (builder, "checks");
  json_builder_begin_array (builder);
  for (guint i = 0; i < manifest->evidence->len; i++)
    json_builder_add_string_value (builder, ((SpareManifestEvidence *)
                                                 g_ptr_array_index (manifest->evidence, i))
                                                ->check);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (guint i = 0; i < manifest->files->len; i++)
    {
      const SpareManifestFile *file = g_ptr_array_index (manifest->files, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "file-id", file->file_id);
      spare_tool_json_string (builder, "serial", file->serial);
      spare_tool_json_string (builder, "verdict", spare_verdict_to_string (file->verdict));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* At a terminal the person says so in a word; a script has said so by calling. */
static gboolean
confirm (Asking *self)
{
  char line[16];

  if (self->sure || !isatty (STDIN_FILENO))
    return TRUE;
  /* Translators: the word to type is “yes” in every language */
  fprintf (stderr, _ ("Approve this? Type “yes”: "));
  fflush (stderr);
  return fgets (line, sizeof line, stdin) != NULL && strcmp (line, "yes\n") == 0;
}

static gboolean
ask_cb (const SpareApprovalQuestion *question, gpointer user_data)
{
  Asking *self = user_data;

  if (self->tool->json)
    json_question (self->builder, question);
  if (!self->tool->json || isatty (STDIN_FILENO))
    print_question (self->tool->json ? stderr : stdout, question);
  return confirm (self);
}

/* --- The answer --- */

/* The keyring is asked only by somebody who has keys in it. */
static GPtrArray *
list_homes (SpareTool *tool, GError **error)
{
  g_autoptr (GPtrArray) homes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (SpareHome) personal = spare_home_new_personal ();
  g_autofree char *data = spare_paths_dup_data_dir ();
  g_autofree char *keys = g_build_filename (data, "gnupg", NULL);

  if (g_file_test (keys, G_FILE_TEST_IS_DIR))
    {
      if (!spare_tool_open (tool, error))
        return NULL;
      g_ptr_array_add (homes, g_object_ref (spare_owner_get_home (tool->owner)));
    }
  if (spare_home_exists (personal))
    g_ptr_array_add (homes, g_steal_pointer (&personal));
  return g_steal_pointer (&homes);
}

static int
answer (SpareTool *tool, const char *path, const char *authority, const char *to, gboolean sure)
{
  g_autoptr (GPtrArray) homes = NULL;
  g_autoptr (GPtrArray) bundles = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  Asking asking = { tool, sure, builder };
  SpareWrittenBundle *bundle;
  GError *error = NULL;

  json_builder_begin_object (builder);
  homes = list_homes (tool, &error);
  bundle = homes != NULL ? spare_approval_answer_sync (homes, path, authority, to, ask_cb,
                                                       &asking, tool->cancellable, &error)
                         : NULL;
  if (bundle == NULL)
    return spare_tool_fail (tool, error);
  bundles = spare_tool_one_bundle (bundle);
  spare_tool_json_bundles (builder, bundles);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  else
    spare_tool_print_bundles (bundles);
  return SPARE_TOOL_DONE;
}

static int
run_approve (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *fingerprint = NULL;
  gboolean sure = FALSE;
  g_auto (GStrv) words = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { "authority", 0, 0, G_OPTION_ARG_STRING, &authority, NULL, NULL },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &sure, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL || to == NULL)
    return spare_tool_usage (tool, _ ("give one case that was sent to you, and --to and a "
                                      "folder"));
  if (authority != NULL
      && (fingerprint = spare_tool_take_fingerprint (tool, authority)) == NULL)
    return SPARE_TOOL_USAGE;
  return answer (tool, words[0], fingerprint, to, sure);
}

const SpareToolCommand spare_tool_approval_commands[] = {
  { "authority approve", "BUNDLE --to FOLDER [--authority FINGERPRINT] [--yes]",
    N_ ("Answers a case that was sent to you as an officer elsewhere: shows what is asked, and "
        "signs."),
    run_approve },
  { NULL },
};
