/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of JSON, read strictly.
 *
 * What a signature covers must mean the same to every reader. So there is one reading of a line and no leniency: the
 * grammar of RFC 8259 and nothing beside it, no name twice in an object (after its escapes), no NUL, no half of a
 * surrogate pair, valid UTF-8, whole numbers only if they fit 64 bits with sign. json-glib's own parser takes comments,
 * single quotes, assignments and duplicate names, and its writer doesn't escape names, so it is used for its objects
 * only.
 *
 * Promise: memory is bounded by the line's length, depth by %SPARE_JSON_NESTING_MAX, whatever the octets are; and what
 * spare_json_line_write() gives out, spare_json_line_parse() takes. */
#include "config.h"

#include "spare-json-line.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* The longest number: more digits than any 64-bit number or double needs. */
#define NUMBER_MAX 40
/* Members of one object: names that were chosen to collide in a hash table cost little. */
#define MEMBERS_MAX 256

typedef struct
{
  const char *at;
  const char *end;
  guint depth;
  const char *wrong; /* for the log: what was wrong first */
} Reader;

static JsonNode *read_value (Reader *self);

static gboolean
refuse (Reader *self, const char *wrong)
{
  if (self->wrong == NULL)
    self->wrong = wrong;
  return FALSE;
}

/* A line holds no line feed, and no carriage return is ever written. */
static void
skip_blanks (Reader *self)
{
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\t'))
    self->at++;
}

/* The next octet that counts, 0 at the end: there is no NUL in a line. */
static char
peek (Reader *self)
{
  skip_blanks (self);
  return self->at < self->end ? *self->at : '\0';
}

static gboolean
take (Reader *self, char wanted)
{
  if (peek (self) != wanted)
    return FALSE;
  self->at++;
  return TRUE;
}

/* --- Strings --- */

static gboolean
read_unit (Reader *self, gunichar *unit)
{
  *unit = 0;
  if (self->end - self->at < 4)
    return refuse (self, "cut escape");
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (*self->at++);

      if (digit < 0)
        return refuse (self, "escape");
      *unit = *unit << 4 | (gunichar) digit;
    }
  return TRUE;
}

static gboolean
read_code_point (Reader *self, GString *text)
{
  gunichar unit, low;

  if (!read_unit (self, &unit))
    return FALSE;
  if (unit >= 0xD800 && unit <= 0xDBFF)
    {
      if (self->end - self->at < 2 || self->at[0] != '\\' || self->at[1] != 'u')
        return refuse (self, "half a surrogate pair");
      self->at += 2;
      if (!read_unit (self, &low))
        return FALSE;
      if (low < 0xDC00 || low > 0xDFFF)
        return refuse (self, "half a surrogate pair");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
  else if (unit >= 0xDC00 && unit <= 0xDFFF)
    {
      return refuse (self, "half a surrogate pair");
    }
  if (unit == 0)
    return refuse (self, "NUL");
  g_string_append_unichar (text, unit);
  return TRUE;
}

static gboolean
read_escape (Reader *self, GString *text)
{
  static const char names[] = "\"\\/bfnrt";
  static const char octets[] = "\"\\/\b\f\n\r\t";
  char letter = self->at < self->end ? *self->at++ : '\0';
  const char *found;

  if (letter == 'u')
    return read_code_point (self, text);
  found = letter != '\0' ? strchr (names, letter) : NULL;
  if (found == NULL)
    return refuse (self, "escape");
  g_string_append_c (text, octets[found - names]);
  return TRUE;
}

/* The opening quote was seen. The line as a whole is valid UTF-8 already. */
static char *
read_string (Reader *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!take (self, '"'))
    {
      refuse (self, "no string");
      return NULL;
    }
  while (self->at < self->end)
    {
      char octet = *self->at++;

      if (octet == '"')
        return g_string_free (g_steal_pointer (&text), FALSE);
      if ((guchar) octet < 0x20)
        break;
      if (octet != '\\')
        g_string_append_c (text, octet);
      else if (!read_escape (self, text))
        return NULL;
    }
  refuse (self, "string without an end");
  return NULL;
}

/* --- Numbers --- */

static gsize
count_digits (const char *text)
{
  return strspn (text, "0123456789");
}

/* -? (0 | [1-9][0-9]*) (\. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static gboolean
is_number (const char *text, gboolean *is_whole)
{
  gsize n;

  if (*text == '-')
    text++;
  n = count_digits (text);
  if (n == 0 || (n > 1 && *text == '0'))
    return FALSE;
  text += n;
  *is_whole = *text == '\0';
  if (*text == '.')
    {
      n = count_digits (++text);
      if (n == 0)
        return FALSE;
      text += n;
    }
  if (*text == 'e' || *text == 'E')
    {
      text++;
      if (*text == '+' || *text == '-')
        text++;
      n = count_digits (text);
      if (n == 0)
        return FALSE;
      text += n;
    }
  return *text == '\0';
}

static JsonNode *
read_number (Reader *self)
{
  char text[NUMBER_MAX + 1];
  gsize n = 0;
  gboolean is_whole = FALSE;
  gint64 whole;
  double fraction;

  while (self->at < self->end && n < NUMBER_MAX
         && (g_ascii_isdigit (*self->at) || strchr ("+-.eE", *self->at) != NULL))
    text[n++] = *self->at++;
  text[n] = '\0';
  if (!is_number (text, &is_whole))
    {
      refuse (self, "number");
      return NULL;
    }
  if (!is_whole)
    {
      fraction = g_ascii_strtod (text, NULL);
      if (isfinite (fraction))
        return json_node_init_double (json_node_alloc (), fraction);
    }
  else if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &whole, NULL))
    {
      return json_node_init_int (json_node_alloc (), whole);
    }
  refuse (self, "number out of range");
  return NULL;
}

/* --- Objects and lists --- */

static gboolean
read_member (Reader *self, JsonObject *object)
{
  g_autofree char *name = peek (self) == '"' ? read_string (self) : NULL;
  JsonNode *value;

  if (name == NULL)
    return refuse (self, "no name");
  if (json_object_get_size (object) >= MEMBERS_MAX)
    return refuse (self, "too many members");
  if (json_object_has_member (object, name))
    return refuse (self, "a name twice");
  if (!take (self, ':'))
    return refuse (self, "no colon");
  value = read_value (self);
  if (value == NULL)
    return FALSE;
  json_object_set_member (object, name, value);
  return TRUE;
}

static JsonObject *
read_object (Reader *self)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (!take (self, '{') || ++self->depth > SPARE_JSON_NESTING_MAX)
    {
      refuse (self, "no object, or too deep");
      return NULL;
    }
  if (peek (self) != '}')
    {
      do
        if (!read_member (self, object))
          return NULL;
      while (take (self, ','));
    }
  if (!take (self, '}'))
    {
      refuse (self, "object without an end");
      return NULL;
    }
  self->depth--;
  return g_steal_pointer (&object);
}

static JsonArray *
read_array (Reader *self)
{
  g_autoptr (JsonArray) array = json_array_new ();

  if (!take (self, '[') || ++self->depth > SPARE_JSON_NESTING_MAX)
    {
      refuse (self, "too deep");
      return NULL;
    }
  if (peek (self) != ']')
    {
      do
        {
          JsonNode *value = read_value (self);

          if (value == NULL)
            return NULL;
          json_array_add_element (array, value);
        }
      while (take (self, ','));
    }
  if (!take (self, ']'))
    {
      refuse (self, "list without an end");
      return NULL;
    }
  self->depth--;
  return g_steal_pointer (&array);
}

static JsonNode *
read_word (Reader *self)
{
  static const char *const words[] = { "null", "false", "true" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i]);

      if ((gsize) (self->end - self->at) < length || memcmp (self->at, words[i], length) != 0)
        continue;
      self->at += length;
      return i == 0 ? json_node_init_null (json_node_alloc ())
                    : json_node_init_boolean (json_node_alloc (), i == 2);
    }
  refuse (self, "no value");
  return NULL;
}

static JsonNode *
read_value (Reader *self)
{
  char first = peek (self);
  JsonNode *node = NULL;

  if (first == '{')
    {
      g_autoptr (JsonObject) object = read_object (self);

      if (object != NULL)
        node = json_node_init_object (json_node_alloc (), object);
    }
  else if (first == '[')
    {
      g_autoptr (JsonArray) array = read_array (self);

      if (array != NULL)
        node = json_node_init_array (json_node_alloc (), array);
    }
  else if (first == '"')
    {
      g_autofree char *text = read_string (self);

      if (text != NULL)
        node = json_node_init_string (json_node_alloc (), text);
    }
  else if (first == '-' || g_ascii_isdigit (first))
    {
      node = read_number (self);
    }
  else
    {
      node = read_word (self);
    }
  return node;
}

/**
 * spare_json_line_parse:
 * @line: (array length=length): octets, without the line feed at the end
 * @length: octets of @line
 * @error: return location for an error
 *
 * Reads one line, which must be one JSON object (RFC 8259) and nothing else.
 *
 * Fails with %SPARE_ERROR_DAMAGED: not an object, anything behind it, a name twice in one object, NUL (written out or
 * escaped), control characters, invalid UTF-8, a lone surrogate, nesting over %SPARE_JSON_NESTING_MAX, a whole number
 * past 64 bits, more than 256 members in one object, more than %SPARE_JSON_LINE_MAX octets.
 *
 * Returns: (transfer full) (nullable): the object, its members in the order of the line
 */
JsonObject *
spare_json_line_parse (const char *line, gsize length, GError **error)
{
  Reader reader = { .at = line, .end = line + length };
  g_autoptr (JsonObject) object = NULL;

  if (length > SPARE_JSON_LINE_MAX)
    refuse (&reader, "too long");
  else if (!g_utf8_validate_len (line, length, NULL))
    refuse (&reader, "NUL or invalid UTF-8");
  else
    object = read_object (&reader);
  if (object != NULL && peek (&reader) == '\0' && reader.at == reader.end)
    return g_steal_pointer (&object);

  g_debug ("JSON line: %s", reader.wrong != NULL ? reader.wrong : "text behind the object");
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("A record is damaged or was not written by Spare Key."));
  return NULL;
}

/* --- Writing --- */

static void write_node (GString *line, JsonNode *node);

static void
write_string (GString *line, const char *text)
{
  static const char octets[] = "\"\\\b\f\n\r\t";
  static const char names[] = "\"\\bfnrt";

  g_string_append_c (line, '"');
  for (; *text != '\0'; text++)
    {
      const char *found = strchr (octets, *text);

      if (found != NULL)
        g_string_append_printf (line, "\\%c", names[found - octets]);
      else if ((guchar) *text < 0x20 || *text == 0x7f)
        g_string_append_printf (line, "\\u%04x", (guint) *text);
      else
        g_string_append_c (line, *text);
    }
  g_string_append_c (line, '"');
}

static void
write_object (GString *line, JsonObject *object)
{
  g_autoptr (GList) names = json_object_get_members (object);

  g_string_append_c (line, '{');
  for (GList *name = names; name != NULL; name = name->next)
    {
      if (name != names)
        g_string_append_c (line, ',');
      write_string (line, name->data);
      g_string_append_c (line, ':');
      write_node (line, json_object_get_member (object, name->data));
    }
  g_string_append_c (line, '}');
}

static void
write_array (GString *line, JsonArray *array)
{
  g_string_append_c (line, '[');
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if (i > 0)
        g_string_append_c (line, ',');
      write_node (line, json_array_get_element (array, i));
    }
  g_string_append_c (line, ']');
}

static void
write_value (GString *line, JsonNode *node)
{
  GType type = json_node_get_value_type (node);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (type == G_TYPE_STRING)
    write_string (line, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (line, json_node_get_boolean (node) ? "true" : "false");
  else if (type == G_TYPE_DOUBLE)
    g_string_append (line, g_ascii_dtostr (number, sizeof number, json_node_get_double (node)));
  else
    g_string_append_printf (line, "%" G_GINT64_FORMAT, json_node_get_int (node));
}

static void
write_node (GString *line, JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      write_object (line, json_node_get_object (node));
      break;
    case JSON_NODE_ARRAY:
      write_array (line, json_node_get_array (node));
      break;
    case JSON_NODE_VALUE:
      write_value (line, node);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (line, "null");
      break;
    }
}

/**
 * spare_json_line_write:
 * @object: an object; its texts are valid UTF-8
 *
 * The same object makes the same octets with every version of every library.
 *
 * Returns: (transfer full): @object as one line, without blanks and without the line feed, its members in the order
 *   in which they were set
 */
char *
spare_json_line_write (JsonObject *object)
{
  GString *line = g_string_new (NULL);

  write_object (line, object);
  return g_string_free (line, FALSE);
}
