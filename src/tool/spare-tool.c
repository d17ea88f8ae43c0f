/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the commands share: options, messages, JSON, passphrases.
 *
 * Promises: stdout holds results and, with --json, one JSON document and nothing else; everything said to a person
 * goes to stderr or through spare_display_text(), so that a file's name can't send control characters to the terminal. */

#include "config.h"

#include "spare-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-output.h"
#include "spare-source.h"

#define PASSPHRASE_MAX 4096
#define USAGE_MAX      400 /* characters */

int
spare_tool_usage (SpareTool *self, const char *format, ...)
{
  g_autofree char *raw = NULL;
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  raw = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* It may say back what was typed. */
  message = spare_display_text (raw, -1, USAGE_MAX);
  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "error");
      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "code", "usage");
      spare_tool_json_string (builder, "message", message);
      json_builder_end_object (builder);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  fprintf (stderr, "sparekey-tool %s: %s\n", self->command, message);
  fprintf (stderr, _ ("“sparekey-tool help” shows how it is used.\n"));
  return SPARE_TOOL_USAGE;
}

gboolean
spare_tool_parse (SpareTool *self, char **argv, const GOptionEntry *entries, char ***words)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) remaining = NULL;
  g_auto (GStrv) copy = NULL;
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, NULL, NULL },
    { "passphrase-fd", 0, 0, G_OPTION_ARG_INT, &self->passphrase_fd, NULL, NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &remaining, NULL, NULL },
    { NULL },
  };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  /* GOption expects the program's name in front. */
  g_strv_builder_add (builder, "sparekey-tool");
  for (char **word = argv; *word != NULL; word++)
    g_strv_builder_add (builder, *word);
  copy = g_strv_builder_end (builder);

  g_option_context_set_help_enabled (context, FALSE);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, common, NULL);
  if (!g_option_context_parse_strv (context, &copy, &error))
    {
      spare_tool_usage (self, "%s", error->message);
      return FALSE;
    }
  /* "$UNSET" in a script must not come to mean the current folder. */
  if (remaining != NULL && g_strv_contains ((const char *const *) remaining, ""))
    {
      spare_tool_usage (self, _ ("one of the words is empty. Nothing was done."));
      return FALSE;
    }
  *words = remaining != NULL ? g_steal_pointer (&remaining) : g_new0 (char *, 1);
  return TRUE;
}

gboolean
spare_tool_take_nothing (SpareTool *self, char **argv)
{
  g_auto (GStrv) words = NULL;

  if (!spare_tool_parse (self, argv, NULL, &words))
    return FALSE;
  if (words[0] != NULL)
    spare_tool_usage (self, _ ("it takes no further words"));
  return words[0] == NULL;
}

gboolean
spare_tool_open (SpareTool *self, GError **error)
{
  self->owner = spare_owner_new ();
  return spare_owner_open_sync (self->owner, self->cancellable, error);
}

void
spare_tool_print (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  putchar ('\n');
}

void
spare_tool_say_error (const char *name, const GError *error)
{
  if (name == NULL)
    fprintf (stderr, "sparekey-tool: %s\n", error->message);
  else
    {
      g_autofree char *shown = spare_display_text (name, -1, 200);

      fprintf (stderr, "%s: %s\n", shown, error->message);
    }
}

int
spare_tool_fail (SpareTool *self, GError *error)
{
  int status = spare_error_get_exit_status (error);

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_error (builder, error);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  spare_tool_say_error (NULL, error);
  g_error_free (error);
  return status;
}

/* Passphrases. From a descriptor: everything up to the end or the first newline. */
SpareSecret *
spare_tool_read_passphrase (SpareTool *self, GError **error)
{
  char text[PASSPHRASE_MAX];
  gsize length = 0;
  SpareSecret *secret;

  while (length < sizeof text)
    {
      gssize got = read (self->passphrase_fd, text + length, 1);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                       _ ("The passphrase can’t be read: %s"), g_strerror (errno));
          spare_secret_wipe (text, sizeof text);
          return NULL;
        }
      if (got == 0 || text[length] == '\n')
        break;
      length++;
    }
  secret = spare_secret_new_copy (text, length, error);
  spare_secret_wipe (text, sizeof text);
  return secret;
}

SpareSecret *
spare_tool_ask_passphrase (SpareTool *self, const char *prompt, GError **error)
{
  if (self->passphrase_fd >= 0)
    return spare_tool_read_passphrase (self, error);
  return spare_home_ask_passphrase_sync (spare_owner_get_home (self->owner), prompt,
                                         self->cancellable, error);
}

char *
spare_tool_take_fingerprint (SpareTool *self, const char *word)
{
  char *fingerprint = spare_fingerprint_normalize (word);

  if (fingerprint == NULL)
    spare_tool_usage (self, _ ("a fingerprint has 40 characters, 0 to 9 and A to F"));
  return fingerprint;
}

gint64
spare_tool_parse_day (const char *text, gboolean last)
{
  g_autoptr (GDateTime) time = NULL;
  int year, month, day, used = 0;

  if (sscanf (text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || text[used] != '\0')
    return 0;
  time = last ? g_date_time_new_local (year, month, day, 23, 59, 59)
              : g_date_time_new_local (year, month, day, 0, 0, 0);
  return time != NULL ? g_date_time_to_unix (time) : 0;
}

GBytes *
spare_tool_read_file (const char *path, gsize limit, GError **error)
{
  g_autoptr (SpareSource) source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  g_autofree guint8 *octets = NULL;
  gsize size, length = 0;

  if (source == NULL)
    return NULL;
  size = (gsize) spare_source_get_size (source);
  if (size > limit)
    {
      g_autofree char *shown = spare_display_basename (path);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                   _ ("“%s” is too large to be a key."), shown);
      return NULL;
    }
  octets = g_malloc (size + 1);
  while (length < size)
    {
      gssize got = spare_source_read (source, octets + length, size - length, error);

      if (got < 0)
        return NULL;
      if (got == 0)
        break;
      length += (gsize) got;
    }
  return g_bytes_new_take (g_steal_pointer (&octets), length);
}

gboolean
spare_tool_write_file (const char *path, gconstpointer octets, gsize size, GError **error)
{
  g_autoptr (SpareOutput)
      output = spare_output_open (path, SPARE_CONFLICT_FAIL, (goffset) size, error);

  return output != NULL && spare_output_write (output, octets, size, error)
         && spare_output_sync (output, error)
         && spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, error);
}

/* A document says the same with a sign or with its escape; a terminal is steered by the sign alone. JSON has signs
 * beyond ASCII in its strings only, and the generator escapes those of ASCII already. */
static char *
escape_signs (const char *text)
{
  GString *escaped = g_string_new (NULL);

  for (const char *next = text; *next != '\0'; next = g_utf8_next_char (next))
    {
      gunichar sign = g_utf8_get_char (next);
      GUnicodeType type = g_unichar_type (sign);

      if (sign < 0x80
          || (type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT
              && type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR))
        g_string_append_unichar (escaped, sign);
      else if (sign > 0xffff)
        g_string_append_printf (escaped, "\\u%04x\\u%04x", 0xd800 + ((sign - 0x10000) >> 10),
                                0xdc00 + ((sign - 0x10000) & 0x3ff));
      else
        g_string_append_printf (escaped, "\\u%04x", sign);
    }
  return g_string_free (escaped, FALSE);
}

void
spare_tool_print_json (JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = NULL;
  g_autofree char *escaped = NULL;

  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, NULL);
  escaped = escape_signs (text);
  fputs (escaped, stdout);
  putchar ('\n');
}

void
spare_tool_json_string (JsonBuilder *builder, const char *member, const char *text)
{
  json_builder_set_member_name (builder, member);
  if (text == NULL)
    json_builder_add_null_value (builder);
  else
    {
      g_autofree char *valid = g_utf8_make_valid (text, -1);

      json_builder_add_string_value (builder, valid);
    }
}

/* A name as UTF-8; one that isn't is shown with its odd octets escaped and given whole beside. */
void
spare_tool_json_name (JsonBuilder *builder,
                      const char *member,
                      const char *bytes_member,
                      const char *path)
{
  GString *escaped;
  g_autofree char *whole = NULL;

  if (path == NULL || g_utf8_validate (path, -1, NULL))
    {
      spare_tool_json_string (builder, member, path);
      return;
    }
  escaped = g_string_new (NULL);
  for (const char *rest = path; *rest != '\0';)
    {
      const char *end;

      g_utf8_validate (rest, -1, &end);
      g_string_append_len (escaped, rest, end - rest);
      if (*end == '\0')
        break;
      g_string_append_printf (escaped, "\\x%02X", (guint) (guchar) *end);
      rest = end + 1;
    }
  spare_tool_json_string (builder, member, escaped->str);
  g_string_free (escaped, TRUE);
  whole = g_base64_encode ((const guchar *) path, strlen (path));
  spare_tool_json_string (builder, bytes_member, whole);
}

void
spare_tool_json_time (JsonBuilder *builder, const char *member, gint64 seconds)
{
  g_autoptr (GDateTime) time = seconds != 0 ? g_date_time_new_from_unix_utc (seconds) : NULL;
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  spare_tool_json_string (builder, member, text);
}

void
spare_tool_json_number (JsonBuilder *builder, const char *member, gint64 number)
{
  json_builder_set_member_name (builder, member);
  json_builder_add_int_value (builder, number);
}

void
spare_tool_json_boolean (JsonBuilder *builder, const char *member, gboolean value)
{
  json_builder_set_member_name (builder, member);
  json_builder_add_boolean_value (builder, value);
}

void
spare_tool_json_error (JsonBuilder *builder, const GError *error)
{
  json_builder_set_member_name (builder, "error");
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "code", spare_error_get_nick (error));
  spare_tool_json_string (builder, "message", error->message);
  json_builder_end_object (builder);
}
