/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool encrypt, decrypt: the same jobs in the same queue as the window's. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "spare-decryption.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-job-queue.h"
#include "spare-tool.h"

typedef struct
{
  SpareTool *tool;
  SpareJobQueue *queue;
  GHashTable *given; /* canonical path → what was typed */
} Run;

static gboolean
parse_conflict (const char *text, SpareConflict *conflict)
{
  static const char *const names[] = { "fail", "rename", "replace" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (text, names[i]) == 0)
      {
        *conflict = (SpareConflict) i;
        return TRUE;
      }
  return FALSE;
}

static const char *
given_name (Run *run, SpareJob *job)
{
  const char *given = g_hash_table_lookup (run->given, spare_job_get_path (job));

  return given != NULL ? given : spare_job_get_path (job);
}

static const char *
status_name (SpareJobState state)
{
  if (state == SPARE_JOB_DONE)
    return "done";
  return state == SPARE_JOB_SKIPPED ? "skipped" : "failed";
}

static void
json_signatures (JsonBuilder *builder, const SpareFileResult *result)
{
  static const char *const names[] = { "good",        "expired-key", "revoked-key", "expired",
                                       "unknown-key", "bad",         "error" };

  json_builder_set_member_name (builder, "signatures");
  json_builder_begin_array (builder);
  for (guint i = 0; result->signatures != NULL && i < result->signatures->len; i++)
    {
      const SpareSignature *signature = g_ptr_array_index (result->signatures, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "status", names[signature->status]);
      spare_tool_json_string (builder, "fingerprint", signature->fingerprint);
      spare_tool_json_string (builder, "user-id", signature->user_id);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
json_result (Run *run, JsonBuilder *builder, SpareJob *job)
{
  const SpareFileResult *result = spare_job_get_result (job);
  const GError *error = spare_job_get_error (job);

  json_builder_begin_object (builder);
  spare_tool_json_name (builder, "input", "path-bytes", given_name (run, job));
  spare_tool_json_name (builder, "output", "output-bytes",
                        result != NULL ? result->output : NULL);
  spare_tool_json_string (builder, "status", status_name (spare_job_get_state (job)));
  spare_tool_json_string (builder, "file-id", result != NULL ? result->file_id : NULL);
  spare_tool_json_string (builder, "serial", result != NULL ? result->serial : NULL);
  if (error != NULL)
    spare_tool_json_error (builder, error);
  if (result != NULL)
    {
      if (result->decrypted)
        json_signatures (builder, result);
      else
        {
          json_builder_set_member_name (builder, "escrow-pending");
          json_builder_add_boolean_value (builder, result->pending);
          json_builder_set_member_name (builder, "trashed");
          json_builder_add_boolean_value (builder, result->trashed);
        }
      json_builder_set_member_name (builder, "left-out");
      json_builder_add_int_value (builder, result->n_left_out);
      if (result->note != NULL)
        spare_tool_json_string (builder, "note", result->note);
    }
  json_builder_end_object (builder);
}

static void
print_result (Run *run, SpareJob *job)
{
  g_autofree char *name = spare_display_text (given_name (run, job), -1, 200);
  g_autofree char *text = spare_job_describe (job);

  if (spare_job_get_state (job) == SPARE_JOB_FAILED
      || spare_job_get_state (job) == SPARE_JOB_CANCELLED)
    fprintf (stderr, "%s: %s\n", name, text);
  else
    spare_tool_print ("%s: %s", name, text);
}

/* 0 if all was done; what all failures have in common if nothing was done; else 1. */
static int
exit_status (Run *run)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (run->queue));
  gboolean some_done = FALSE;
  int common = 0;

  if (g_cancellable_is_cancelled (run->tool->cancellable))
    return SPARE_TOOL_CANCELLED;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SpareJob) job = g_list_model_get_item (G_LIST_MODEL (run->queue), i);
      const GError *error = spare_job_get_error (job);
      int status = error != NULL ? spare_error_get_exit_status (error) : SPARE_TOOL_DONE;

      if (status == SPARE_TOOL_DONE)
        some_done = TRUE;
      else if (common == 0 || common == status)
        common = status;
      else
        common = SPARE_TOOL_SOME;
    }
  return common != 0 && some_done ? SPARE_TOOL_SOME : common;
}

static int
show_results (Run *run)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (run->queue));
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "results");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SpareJob) job = g_list_model_get_item (G_LIST_MODEL (run->queue), i);

      json_result (run, builder, job);
      if (!run->tool->json || spare_job_get_error (job) != NULL)
        print_result (run, job);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (run->tool->json)
    spare_tool_print_json (builder);
  return exit_status (run);
}

static gboolean
cancel_all_cb (gpointer user_data)
{
  spare_job_queue_cancel_all (user_data);
  return G_SOURCE_REMOVE;
}

/* In the thread that hears signals; the queue is the main thread's. */
static void
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_idle_add_full (G_PRIORITY_HIGH, cancel_all_cb, g_object_ref (user_data), g_object_unref);
}

/* A policy that can't be read, no key, a locked keyring: said once, before any file. */
static gboolean
check_ready (SpareTool *tool, SpareJobKind kind, GError **error)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (tool->owner);

  if (key != NULL)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                       kind == SPARE_JOB_ENCRYPT
                           ? _ ("There is no key of yours yet: “sparekey-tool key create” "
                                "makes one. "
                                "Nothing was encrypted.")
                           : _ ("There is no key of yours yet, so nothing can be decrypted."));
  return FALSE;
}

static int
run_jobs (SpareTool *tool, SpareJobKind kind, SpareJobOptions *options, char **words)
{
  Run run = { .tool = tool };
  GError *error = NULL;
  gulong handler;
  int status;

  if (words[0] == NULL)
    return spare_tool_usage (tool, _ ("give at least one file"));
  if (options->output != NULL
      && (options->output_directory != NULL || words[1] != NULL || options->each))
    return spare_tool_usage (tool,
                             _ ("--output goes with one file, and not with --output-dir"));
  if (options->output_directory != NULL
      && !g_file_test (options->output_directory, G_FILE_TEST_IS_DIR))
    return spare_tool_usage (tool, _ ("the folder of --output-dir does not exist"));
  if (!spare_tool_open (tool, &error) || !check_ready (tool, kind, &error))
    return spare_tool_fail (tool, error);

  run.given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (char **word = words; *word != NULL; word++)
    g_hash_table_insert (run.given, g_canonicalize_filename (*word, NULL), *word);
  run.queue = spare_job_queue_new (tool->owner);
  handler = g_signal_connect (tool->cancellable, "cancelled", G_CALLBACK (cancelled_cb),
                              run.queue);
  spare_job_queue_add (run.queue, (const char *const *) words, kind, options);
  spare_job_queue_drain (run.queue);
  g_signal_handler_disconnect (tool->cancellable, handler);

  status = show_results (&run);
  /* The files are done; what waits in the outbox is no failure of theirs. */
  if (spare_job_queue_get_deposit_error (run.queue) != NULL)
    spare_tool_say_error (NULL, spare_job_queue_get_deposit_error (run.queue));
  g_object_unref (run.queue);
  g_hash_table_unref (run.given);
  return status;
}

static int
run_encrypt (SpareTool *tool, char **argv)
{
  g_autoptr (SpareJobOptions) options = spare_job_options_new ();
  g_auto (GStrv) words = NULL;
  g_autofree char *mode = NULL;
  g_autofree char *conflict = NULL;
  const GOptionEntry entries[] = {
    { "recipient", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->recipients, NULL, NULL },
    { "escrow", 0, 0, G_OPTION_ARG_STRING, &mode, NULL, NULL },
    { "sign", 0, 0, G_OPTION_ARG_NONE, &options->sign, NULL, NULL },
    { "each", 0, 0, G_OPTION_ARG_NONE, &options->each, NULL, NULL },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &options->output, NULL, NULL },
    { "output-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->output_directory, NULL, NULL },
    { "on-conflict", 0, 0, G_OPTION_ARG_STRING, &conflict, NULL, NULL },
    { "trash-original", 0, 0, G_OPTION_ARG_NONE, &options->trash_original, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  options->mode_given = mode != NULL;
  if (mode != NULL && !spare_escrow_mode_from_string (mode, &options->mode))
    return spare_tool_usage (tool, _ ("--escrow takes embedded, detached or none"));
  if (conflict != NULL && !parse_conflict (conflict, &options->conflict))
    return spare_tool_usage (tool, _ ("--on-conflict takes fail, rename or replace"));
  return run_jobs (tool, SPARE_JOB_ENCRYPT, options, words);
}

static int
run_decrypt (SpareTool *tool, char **argv)
{
  g_autoptr (SpareJobOptions) options = spare_job_options_new ();
  g_auto (GStrv) words = NULL;
  g_autofree char *conflict = NULL;
  const GOptionEntry entries[] = {
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &options->output, NULL, NULL },
    { "output-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->output_directory, NULL, NULL },
    { "on-conflict", 0, 0, G_OPTION_ARG_STRING, &conflict, NULL, NULL },
    { "no-unpack", 0, 0, G_OPTION_ARG_NONE, &options->no_unpack, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (conflict != NULL && !parse_conflict (conflict, &options->conflict))
    return spare_tool_usage (tool, _ ("--on-conflict takes fail, rename or replace"));
  return run_jobs (tool, SPARE_JOB_DECRYPT, options, words);
}

const SpareToolCommand spare_tool_file_commands[] = {
  { "encrypt",
    "[--recipient FINGERPRINT]… [--escrow embedded|detached|none] [--sign] [--each]\n"
    "          [--output FILE|--output-dir FOLDER] [--on-conflict fail|rename|replace]\n"
    "          [--trash-original] FILE…",
    N_ ("Encrypts files and folders to you and to the backup authority."), run_encrypt },
  { "decrypt",
    "[--output FILE|--output-dir FOLDER] [--on-conflict fail|rename|replace] [--no-unpack] "
    "FILE…",
    N_ ("Decrypts files; NAME.tar.gpg becomes the folder NAME."), run_decrypt },
  { NULL },
};
