/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool recovery request, list: a plea for recovery with a new key, and how it was answered. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-request.h"
#include "spare-tool-bundles.h"

typedef struct
{
  char *reason;
  char *to;
  char *old;
  char *old_fingerprint;
  char *since;
  gboolean stolen;
  char **paths;
} Asked;

static void
asked_clear (Asked *self)
{
  g_free (self->reason);
  g_free (self->to);
  g_free (self->old);
  g_free (self->old_fingerprint);
  g_free (self->since);
  g_strfreev (self->paths);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

/* --- request --- */

/* Returns whether the command line is right; says what is wrong. */
static gboolean
read_wishes (SpareTool *tool, char **argv, Asked *asked, SpareRequestWishes *wishes)
{
  const GOptionEntry entries[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &asked->reason, NULL, NULL },
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &asked->to, NULL, NULL },
    { "old-key", 0, 0, G_OPTION_ARG_STRING, &asked->old, NULL, NULL },
    { "since", 0, 0, G_OPTION_ARG_STRING, &asked->since, NULL, NULL },
    { "stolen", 0, 0, G_OPTION_ARG_NONE, &asked->stolen, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &asked->paths))
    return FALSE;
  if (asked->reason == NULL || asked->to == NULL || asked->paths[0] == NULL)
    {
      spare_tool_usage (tool, _ ("give --reason, --to and at least one file or folder"));
      return FALSE;
    }
  if (asked->old != NULL
      && (asked->old_fingerprint = spare_tool_take_fingerprint (tool, asked->old)) == NULL)
    return FALSE;
  if (asked->since != NULL && (wishes->since = spare_tool_parse_day (asked->since, FALSE)) == 0)
    {
      spare_tool_usage (tool, _ ("--since takes a day: YYYY-MM-DD"));
      return FALSE;
    }
  wishes->reason = asked->reason;
  wishes->old_fingerprint = asked->old_fingerprint;
  wishes->stolen = asked->stolen;
  wishes->paths = (const char *const *) asked->paths;
  return TRUE;
}

static int
run_request (SpareTool *tool, char **argv)
{
  g_auto (Asked) asked = { NULL };
  g_autoptr (GPtrArray) bundles = NULL;
  g_autoptr (GPtrArray) left_out = NULL;
  SpareRequestWishes wishes = { NULL };
  SpareWrittenBundle *bundle;
  GError *error = NULL;

  if (!read_wishes (tool, argv, &asked, &wishes))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  bundle = spare_request_make_sync (tool->owner, &wishes, asked.to, &left_out, NULL,
                                    tool->cancellable, &error);
  if (error != NULL)
    return spare_tool_fail (tool, error);
  bundles = spare_tool_one_bundle (bundle);
  return spare_tool_show_bundles (tool, bundles, left_out);
}

/* --- list --- */

static void
json_request (JsonBuilder *builder, const SpareRequest *request)
{
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "id", request->id);
  spare_tool_json_string (builder, "state", spare_request_state_to_string (request->state));
  spare_tool_json_time (builder, "created", request->created);
  spare_tool_json_number (builder, "files", request->n_files);
  spare_tool_json_string (builder, "old", request->old);
  spare_tool_json_string (builder, "key", request->key);
  spare_tool_json_string (builder, "authority", request->authority);
  spare_tool_json_string (builder, "reason", request->reason);
  spare_tool_json_string (builder, "lost", request->stolen ? "stolen" : "lost");
  spare_tool_json_time (builder, "since", request->since);
  spare_tool_json_name (builder, "path", "path-bytes", request->place);
  spare_tool_json_string (builder, "answer", request->answer);
  spare_tool_json_string (builder, "answer-reason", request->answer_text);
  spare_tool_json_time (builder, "answered", request->answered);
  json_builder_end_object (builder);
}

static const char *
describe_state (SpareRequestState state)
{
  switch (state)
    {
    case SPARE_REQUEST_OPEN:
      return C_ ("request", "open");
    case SPARE_REQUEST_GRANTED:
      return C_ ("request", "granted");
    case SPARE_REQUEST_REFUSED:
    default:
      return C_ ("request", "refused");
    }
}

static void
print_request (const SpareRequest *request)
{
  g_autofree char *reason = spare_display_text (request->reason, -1, 80);
  g_autofree char *answer = spare_display_text (request->answer_text != NULL
                                                    ? request->answer_text
                                                    : "",
                                                -1, 400);

  /* Translators: a number, a date, how many files, and how it stands */
  spare_tool_print (_ ("%s  %s  files: %u  %s"), request->id, describe_state (request->state),
                    request->n_files, reason);
  if (*answer != '\0')
    spare_tool_print ("    %s", answer);
}

static int
run_list (SpareTool *tool, char **argv)
{
  g_autoptr (GPtrArray) requests = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  GError *error = NULL;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error)
      || (requests = spare_request_list_sync (tool->owner, &error)) == NULL)
    return spare_tool_fail (tool, error);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "requests");
  json_builder_begin_array (builder);
  for (guint i = 0; i < requests->len; i++)
    if (tool->json)
      json_request (builder, g_ptr_array_index (requests, i));
    else
      print_request (g_ptr_array_index (requests, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  return SPARE_TOOL_DONE;
}

const SpareToolCommand spare_tool_recovery_commands[] = {
  { "recovery request",
    "--reason TEXT --to FOLDER [--old-key FINGERPRINT] [--stolen] [--since YYYY-MM-DD]\n"
    "          PATH…",
    N_ ("Your key is lost: asks the backup authority to open files for your new key."),
    run_request },
  { "recovery list", "", N_ ("Lists what was asked for, and how it was answered."), run_list },
  { NULL },
};
