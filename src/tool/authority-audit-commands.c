/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority audit: what happened, whether the log is whole, and the log as a file. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-output.h"
#include "spare-small-file.h"
#include "spare-tool-authority.h"

#define ROWS_SHOWN  100
#define ANCHORS_MAX (16 * 1024 * 1024)

typedef struct
{
  gboolean verify;
  gint64 limit;
  char *export;
  char *anchor;
} Wishes;

static void
wishes_clear (Wishes *self)
{
  g_free (self->export);
  g_free (self->anchor);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wishes, wishes_clear)

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return spare_output_write (user_data, octets, size, error);
}

/* All of it is protected first, so the file ends with a checkpoint. */
static gboolean
export_log (SpareTool *tool, const char *path, guint64 *rows, GError **error)
{
  SpareAudit *audit = spare_authority_get_audit (tool->authority);
  g_autoptr (SpareOutput) output = NULL;

  if (!spare_audit_checkpoint_sync (audit, tool->cancellable, error))
    return FALSE;
  output = spare_output_open (path, SPARE_CONFLICT_FAIL, 0, error);
  return output != NULL
         && spare_audit_export_sync (audit, write_cb, output, rows, tool->cancellable, error)
         && spare_output_sync (output, error)
         && spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, error);
}

/* One line: a checkpoint, or the header of a receipt or a grant, which carries one. Other lines of a bundle carry none. */
static gboolean
read_anchor (const char *line, gsize size, GPtrArray *anchors, GError **error)
{
  g_autoptr (JsonObject) object = spare_json_line_parse (line, size, error);
  JsonObject *inner = NULL;

  if (object == NULL || !spare_json_get_optional_object (object, "checkpoint", &inner, error))
    return FALSE;
  if (inner != NULL || anchors->len == 0 || spare_json_has (object, "signature"))
    g_ptr_array_add (anchors, json_object_ref (inner != NULL ? inner : object));
  return TRUE;
}

/* What an owner's "escrow witness" wrote, a line for each checkpoint; or a receipt, a grant, a refusal, decrypted. */
static GPtrArray *
read_anchors (const char *path, GError **error)
{
  g_autoptr (GPtrArray)
      anchors = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (GBytes) octets = spare_small_file_read (path, ANCHORS_MAX, error);
  const char *text;
  gsize size;

  if (octets == NULL)
    return NULL;
  text = g_bytes_get_data (octets, &size);
  do
    {
      const char *end = size > 0 ? memchr (text, '\n', size) : NULL;
      gsize length = end != NULL ? (gsize) (end - text) : size;

      if (!read_anchor (text, length, anchors, error))
        return NULL;
      length += end != NULL;
      text += length;
      size -= length;
    }
  while (size > 0);
  return g_steal_pointer (&anchors);
}

static void
print_verification (const SpareAuditVerification *result)
{
  spare_tool_print (_ ("Rows: %" PRIu64), result->rows);
  if (result->valid)
    spare_tool_print (_ ("The log is whole."));
  else
    fprintf (stderr, "sparekey-tool: %s\n", result->why);
  if (result->anchors > 0)
    spare_tool_print (_ ("Checkpoints kept by others that it was compared with: "
                         "%" PRIu64),
                      result->anchors);
  if (result->clock_rows != NULL)
    /* Translators: the %s is one or more numbers: "17, 203" */
    spare_tool_print (_ ("The clock was set back, and an officer confirmed it, in row %s."),
                      result->clock_rows);
  if (result->valid && result->unprotected > 0)
    spare_tool_print (_ ("Not yet protected by a signature: the last %" PRIu64 " of them."),
                      result->unprotected);
}

static void
json_verification (JsonBuilder *builder, const SpareAuditVerification *result)
{
  spare_tool_json_number (builder, "rows", (gint64) result->rows);
  spare_tool_json_boolean (builder, "valid", result->valid);
  json_builder_set_member_name (builder, "first-bad");
  if (result->first_bad > 0)
    json_builder_add_int_value (builder, result->first_bad);
  else
    json_builder_add_null_value (builder);
  spare_tool_json_number (builder, "unprotected", (gint64) result->unprotected);
  spare_tool_json_boolean (builder, "anchor-ok", result->anchor_ok);
  spare_tool_json_number (builder, "anchors", (gint64) result->anchors);
  spare_tool_json_string (builder, "clock-rows", result->clock_rows);
  spare_tool_json_string (builder, "why", result->why);
}

static void
json_row (JsonBuilder *builder, const SpareAuditRow *row)
{
  g_autoptr (JsonNode) detail = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (detail, row->detail);
  json_builder_begin_object (builder);
  spare_tool_json_number (builder, "sequence", row->sequence);
  spare_tool_json_time (builder, "time", row->time);
  spare_tool_json_string (builder, "actor", row->actor);
  spare_tool_json_string (builder, "event", row->event);
  json_builder_set_member_name (builder, "detail");
  json_builder_add_value (builder, json_node_copy (detail));
  spare_tool_json_string (builder, "hash", row->hash);
  json_builder_end_object (builder);
}

static void
print_row (const SpareAuditRow *row)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (row->time);
  g_autofree char *when = time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : NULL;
  g_autofree char *actor = spare_display_text (row->actor, -1, 44);
  g_autofree char *event = spare_display_text (row->event, -1, 60);
  g_autofree char *line = spare_json_line_write (row->detail);
  g_autofree char *detail = spare_display_text (line != NULL ? line : "", -1, 400);

  spare_tool_print ("%6" G_GINT64_FORMAT "  %s  %-22s  %s  %s", row->sequence,
                    when != NULL ? when : "", event, actor, detail);
}

/* Newest first. */
static int
list_rows (SpareTool *tool, const char *text, gint64 limit)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) rows = spare_audit_list (spare_authority_get_audit (tool->authority),
                                                 text, 0, (guint) limit, &error);

  if (rows == NULL)
    return spare_tool_fail (tool, error);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "events");
      json_builder_begin_array (builder);
      for (guint i = 0; i < rows->len; i++)
        json_row (builder, g_ptr_array_index (rows, i));
      json_builder_end_array (builder);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
      return SPARE_TOOL_DONE;
    }
  for (guint i = 0; i < rows->len; i++)
    print_row (g_ptr_array_index (rows, i));
  return SPARE_TOOL_DONE;
}

/* --verify and --export, in one document. */
static int
run_on_whole (SpareTool *tool, const Wishes *wishes)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GPtrArray) anchors = NULL;
  g_autoptr (SpareAuditVerification) result = NULL;
  guint64 rows = 0;
  GError *error = NULL;

  if (wishes->anchor != NULL && (anchors = read_anchors (wishes->anchor, &error)) == NULL)
    return spare_tool_fail (tool, error);
  if (wishes->export != NULL && !export_log (tool, wishes->export, &rows, &error))
    return spare_tool_fail (tool, error);
  json_builder_begin_object (builder);
  if (wishes->export != NULL)
    spare_tool_json_name (builder, "output", "path-bytes", wishes->export);
  if (wishes->verify)
    {
      result = spare_audit_verify_against_sync (spare_authority_get_audit (tool->authority),
                                                anchors, tool->cancellable, &error);
      if (result == NULL)
        return spare_tool_fail (tool, error);
      json_verification (builder, result);
    }
  else
    spare_tool_json_number (builder, "rows", (gint64) rows);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  else if (result != NULL)
    print_verification (result);
  else
    spare_tool_print (_ ("Rows: %" PRIu64), rows);
  return result == NULL || result->valid ? SPARE_TOOL_DONE : SPARE_TOOL_DAMAGED;
}

static int
run_audit (SpareTool *tool, char **argv)
{
  g_auto (Wishes) wishes = { .limit = ROWS_SHOWN };
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "verify", 0, 0, G_OPTION_ARG_NONE, &wishes.verify, NULL, NULL },
    { "anchor", 0, 0, G_OPTION_ARG_FILENAME, &wishes.anchor, NULL, NULL },
    { "export", 0, 0, G_OPTION_ARG_FILENAME, &wishes.export, NULL, NULL },
    { "limit", 0, 0, G_OPTION_ARG_INT64, &wishes.limit, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (wishes.anchor != NULL && !wishes.verify)
    return spare_tool_usage (tool, _ ("--anchor goes with --verify"));
  if ((wishes.verify || wishes.export != NULL) && words[0] != NULL)
    return spare_tool_usage (tool, _ ("it takes no further words"));
  if (wishes.limit < 1 || wishes.limit > G_MAXINT)
    return spare_tool_usage (tool, _ ("--limit takes how many rows to show"));
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  if (wishes.verify || wishes.export != NULL)
    return run_on_whole (tool, &wishes);
  text = words[0] != NULL ? g_strjoinv (" ", words) : NULL;
  return list_rows (tool, text, wishes.limit);
}

/* --- The clock --- */

static void
show_clock (SpareTool *tool, const char *newest, gint64 sequence)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_time (builder, "now", now);
      spare_tool_json_boolean (builder, "waits", newest != NULL);
      spare_tool_json_string (builder, "later", newest);
      if (newest != NULL)
        spare_tool_json_number (builder, "row", sequence);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  else if (newest == NULL)
    spare_tool_print (_ ("The clock fits the audit log."));
  else
    spare_tool_print (_ ("Row %" PRId64 " of the audit log is of %s, which is later "
                         "than now, so intake and cases wait. If this computer’s clock is "
                         "right "
                         "now, confirm it: --confirmed-by NAME. That stays in the log."),
                      sequence, newest);
}

static int
run_clock (SpareTool *tool, char **argv)
{
  g_autofree char *by = NULL;
  g_autofree char *newest = NULL;
  g_auto (GStrv) words = NULL;
  SpareAudit *audit;
  gint64 sequence = 0;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "confirmed-by", 0, 0, G_OPTION_ARG_STRING, &by, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] != NULL)
    return spare_tool_usage (tool, _ ("it takes no further words"));
  if (!spare_tool_open_authority (tool, &error))
    return spare_tool_fail (tool, error);
  audit = spare_authority_get_audit (tool->authority);
  if ((by != NULL && !spare_audit_confirm_clock_sync (audit, by, tool->cancellable, &error))
      || !spare_audit_look_at_clock (audit, &newest, &sequence, &error))
    return spare_tool_fail (tool, error);
  show_clock (tool, newest, sequence);
  return SPARE_TOOL_DONE;
}

const SpareToolCommand spare_tool_authority_audit_commands[] = {
  { "authority audit", "[--verify [--anchor FILE]] [--export FILE] | [--limit N] [WORD…]",
    N_ ("Shows the newest rows of the audit log; checks that the log is whole; writes all of "
        "it "
        "as a file."),
    run_audit },
  { "authority clock", "[--confirmed-by NAME]",
    N_ ("Tells whether the clock fits the audit log; lets an officer confirm it after a row of "
        "a "
        "later time, which stays in the log."),
    run_clock },
  { NULL },
};
