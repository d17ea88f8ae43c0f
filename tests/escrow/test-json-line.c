/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of JSON means one thing or is refused. */
#include "config.h"

#include "spare-error.h"
#include "spare-json-line.h"

#include <string.h>

#define LINE(text) (text), sizeof (text) - 1

static const struct
{
  const char *reason;
  const char *line;
  gsize length;
} refused[] = {
  { "nothing", LINE ("") },
  { "blanks alone", LINE ("  ") },
  { "no object", LINE ("[]") },
  { "a text alone", LINE ("\"a\"") },
  { "null alone", LINE ("null") },
  { "text behind the object", LINE ("{}x") },
  { "an object behind the object", LINE ("{}{}") },
  { "a comma behind the object", LINE ("{},") },
  { "text before the object", LINE ("x{}") },
  { "an assignment", LINE ("var x={}") },
  { "a byte order mark", LINE ("\xEF\xBB\xBF{}") },
  { "a comment", LINE ("{/* */}") },
  { "a comment at the end", LINE ("{}//") },
  { "no end", LINE ("{") },
  { "an end of another kind", LINE ("{]") },
  { "a list that is ended as an object", LINE ("{\"a\":[}") },
  { "a comma too many", LINE ("{\"a\":1,}") },
  { "a comma alone", LINE ("{,}") },
  { "a comma too many in a list", LINE ("{\"a\":[1,]}") },
  { "no comma", LINE ("{\"a\":1 \"b\":2}") },
  { "no colon", LINE ("{\"a\" 1}") },
  { "no value", LINE ("{\"a\":}") },
  { "a name without quotes", LINE ("{a:1}") },
  { "a name in single quotes", LINE ("{'a':1}") },
  { "a number as name", LINE ("{1:1}") },
  { "a text in single quotes", LINE ("{\"a\":'b'}") },
  { "a name twice", LINE ("{\"a\":1,\"a\":1}") },
  { "a name twice, written in two ways", LINE ("{\"a\":1,\"\\u0061\":2}") },
  { "a name twice, deeper", LINE ("{\"a\":{\"b\":1,\"b\":2}}") },
  { "a name twice, in a list", LINE ("{\"a\":[{\"b\":1,\"b\":2}]}") },
  { "NUL in a text", LINE ("{\"a\":\"b\0c\"}") },
  { "NUL in a name", LINE ("{\"a\0b\":1}") },
  { "NUL behind", LINE ("{}\0") },
  { "NUL between", LINE ("{\0}") },
  { "NUL as an escape", LINE ("{\"a\":\"\\u0000\"}") },
  { "NUL as an escape in a name", LINE ("{\"\\u0000\":1}") },
  { "a line feed in a text", LINE ("{\"a\":\"b\nc\"}") },
  { "a line feed between", LINE ("{\n}") },
  { "a carriage return behind", LINE ("{}\r") },
  { "a tab in a text", LINE ("{\"a\":\"b\tc\"}") },
  { "invalid UTF-8", LINE ("{\"a\":\"\xFF\"}") },
  { "UTF-8 cut short", LINE ("{\"a\":\"\xC3\"}") },
  { "UTF-8 that is longer than it need be", LINE ("{\"a\":\"\xC0\xAF\"}") },
  { "a surrogate in UTF-8", LINE ("{\"a\":\"\xED\xA0\x80\"}") },
  { "the first half of a surrogate pair", LINE ("{\"a\":\"\\ud83d\"}") },
  { "the first half twice", LINE ("{\"a\":\"\\ud83d\\ud83d\"}") },
  { "the first half before a letter", LINE ("{\"a\":\"\\ud83dx\"}") },
  { "the second half alone", LINE ("{\"a\":\"\\udd11\"}") },
  { "an escape cut short", LINE ("{\"a\":\"\\u12\"}") },
  { "an escape without digits", LINE ("{\"a\":\"\\u12g4\"}") },
  { "an escape that there is none", LINE ("{\"a\":\"\\x41\"}") },
  { "an escape at the end", LINE ("{\"a\":\"\\") },
  { "a text without an end", LINE ("{\"a\":\"b") },
  { "a number with a zero before it", LINE ("{\"a\":01}") },
  { "a number with a plus", LINE ("{\"a\":+1}") },
  { "a minus alone", LINE ("{\"a\":-}") },
  { "a number that ends with a point", LINE ("{\"a\":1.}") },
  { "a number that begins with a point", LINE ("{\"a\":.5}") },
  { "an exponent without digits", LINE ("{\"a\":1e}") },
  { "a hexadecimal number", LINE ("{\"a\":0x10}") },
  { "no number", LINE ("{\"a\":NaN}") },
  { "infinity", LINE ("{\"a\":Infinity}") },
  { "a fraction past all bounds", LINE ("{\"a\":1e999}") },
  { "one more than 63 bits", LINE ("{\"a\":9223372036854775808}") },
  { "one less than 63 bits", LINE ("{\"a\":-9223372036854775809}") },
  { "a number of many digits", LINE ("{\"a\":0.00000000000000000000000000000000000000001}") },
  { "a word in capitals", LINE ("{\"a\":True}") },
  { "a word cut short", LINE ("{\"a\":nul}") },
  { "a word too long", LINE ("{\"a\":nulll}") },
  { "objects five deep", LINE ("{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}") },
  { "lists five deep", LINE ("{\"a\":[[[[]]]]}") },
};

static void
test_refused (gconstpointer data)
{
  guint row = GPOINTER_TO_UINT (data);
  /* Exactly its own size: a reader that goes on is seen by the memory checker. */
  g_autofree char *line = g_memdup2 (refused[row].line, refused[row].length);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject)
      object = spare_json_line_parse (line != NULL ? line : "", refused[row].length, &error);

  g_assert_null (object);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static const struct
{
  const char *reason;
  const char *line;
  const char *again; /* NULL: the same */
} accepted[] = {
  { "nothing in it", "{}", NULL },
  { "every kind of value",
    "{\"a\":1,\"b\":\"c\",\"d\":true,\"e\":false,\"f\":null,\"g\":[1,\"h\"]}", NULL },
  { "members in their order", "{\"z\":1,\"a\":2,\"m\":3}", NULL },
  { "four deep", "{\"a\":{\"b\":{\"c\":{}}}}", NULL },
  { "lists four deep", "{\"a\":[[[]]]}", NULL },
  { "four deep, twice", "{\"a\":[[[]]],\"b\":[[[]]]}", NULL },
  { "blanks", " { \"a\" : [ 1 , 2 ] ,\t\"b\" : 3 } ", "{\"a\":[1,2],\"b\":3}" },
  { "the largest numbers", "{\"a\":9223372036854775807,\"b\":-9223372036854775808}", NULL },
  { "escapes", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\"}" },
  { "a surrogate pair", "{\"a\":\"\\ud83d\\udd11\"}", "{\"a\":\"\360\237\224\221\"}" },
  { "a fraction", "{\"a\":0.5}", NULL },
  { "the same name in two objects", "{\"a\":{\"a\":1}}", NULL },
};

static void
test_accepted (gconstpointer data)
{
  guint row = GPOINTER_TO_UINT (data);
  const char *line = accepted[row].line;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = spare_json_line_parse (line, strlen (line), &error);
  g_autofree char *again = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (object);
  again = spare_json_line_write (object);
  g_assert_cmpstr (again, ==, accepted[row].again != NULL ? accepted[row].again : line);
}

/* {"a":"xxx…"} of @length octets. */
static char *
make_line (gsize length)
{
  g_autofree char *padding = g_strnfill (length - strlen ("{\"a\":\"\"}"), 'x');

  return g_strdup_printf ("{\"a\":\"%s\"}", padding);
}

static void
test_longest (void)
{
  g_autofree char *longest = make_line (SPARE_JSON_LINE_MAX);
  g_autofree char *longer = make_line (SPARE_JSON_LINE_MAX + 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = spare_json_line_parse (longest, strlen (longest), &error);

  g_assert_no_error (error);
  g_assert_nonnull (object);
  g_assert_null (spare_json_line_parse (longer, strlen (longer), &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_many_members (void)
{
  g_autoptr (GString) line = g_string_new ("{");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (line, "%s\"%u\":1", i > 0 ? "," : "", i);
  g_string_append_c (line, '}');
  g_assert_cmpuint (line->len, <, SPARE_JSON_LINE_MAX);
  g_assert_null (spare_json_line_parse (line->str, line->len, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_every_octet (void)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonObject) again = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  for (gunichar c = 1; c < 0x800; c++)
    g_string_append_unichar (text, c);
  json_object_set_string_member (object, "text", text->str);
  json_object_set_string_member (object, text->str, "as a name");
  line = spare_json_line_write (object);
  g_assert_null (strchr (line, '\n'));
  again = spare_json_line_parse (line, strlen (line), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string_member (again, "text"), ==, text->str);
  g_assert_cmpstr (json_object_get_string_member (again, text->str), ==, "as a name");
}

/* --- Members --- */

typedef enum
{
  STRING,
  UINT64,
  BOOLEAN,
  TIME,
  HEX,
  FINGERPRINT,
  UUID,
  BASE64,
  OBJECT,
  ARRAY,
} Kind;

static gboolean
get_member (Kind kind, JsonObject *object, GError **error)
{
  const char *text = NULL;
  guint64 number = 0;
  gboolean truth = FALSE;
  gint64 time = 0;
  g_autoptr (GBytes) octets = NULL;
  JsonObject *inner = NULL;
  JsonArray *list = NULL;

  switch (kind)
    {
    case STRING:
      return spare_json_get_string (object, "a", 4, &text, error);
    case UINT64:
      return spare_json_get_uint64 (object, "a", 100, &number, error);
    case BOOLEAN:
      return spare_json_get_boolean (object, "a", &truth, error);
    case TIME:
      return spare_json_get_time (object, "a", &time, error);
    case HEX:
      return spare_json_get_hex (object, "a", 4, &text, error);
    case FINGERPRINT:
      return spare_json_get_fingerprint (object, "a", &text, error);
    case UUID:
      return spare_json_get_uuid (object, "a", &text, error);
    case BASE64:
      return spare_json_get_base64 (object, "a", 4, &octets, error);
    case OBJECT:
      return spare_json_get_object (object, "a", &inner, error);
    case ARRAY:
      return spare_json_get_array (object, "a", 2, &list, error);
    default:
      g_assert_not_reached ();
    }
}

static const struct
{
  Kind kind;
  gboolean accepted;
  const char *line;
  const char *reason;
} members[] = {
  { STRING, TRUE, "{\"a\":\"\"}", "an empty text" },
  { STRING, TRUE, "{\"a\":\"1234\"}", "the longest text" },
  { STRING, FALSE, "{\"a\":\"12345\"}", "a text past its limit" },
  { STRING, FALSE, "{\"a\":\"äöü\"}", "a text past its limit in octets" },
  { STRING, FALSE, "{\"b\":\"1\"}", "a text that is not there" },
  { STRING, FALSE, "{\"a\":1}", "a number for a text" },
  { STRING, FALSE, "{\"a\":null}", "null for a text" },
  { STRING, FALSE, "{\"a\":[\"b\"]}", "a list for a text" },
  { UINT64, TRUE, "{\"a\":0}", "zero" },
  { UINT64, TRUE, "{\"a\":100}", "the largest number" },
  { UINT64, FALSE, "{\"a\":101}", "a number past its limit" },
  { UINT64, FALSE, "{\"a\":-1}", "a number below zero" },
  { UINT64, FALSE, "{\"a\":1.0}", "a fraction for a number" },
  { UINT64, FALSE, "{\"a\":1e1}", "an exponent in a number" },
  { UINT64, FALSE, "{\"a\":\"1\"}", "a text for a number" },
  { UINT64, FALSE, "{\"a\":true}", "a truth for a number" },
  { BOOLEAN, TRUE, "{\"a\":false}", "a truth" },
  { BOOLEAN, FALSE, "{\"a\":0}", "a number for a truth" },
  { BOOLEAN, FALSE, "{\"a\":\"false\"}", "a text for a truth" },
  { TIME, TRUE, "{\"a\":\"2026-11-22T09:30:00Z\"}", "a time" },
  { TIME, FALSE, "{\"a\":\"2026-11-22T09:30:00\"}", "a time without a zone" },
  { TIME, FALSE, "{\"a\":\"2026-11-22T09:30:00+01\"}", "a time of another zone" },
  { TIME, FALSE, "{\"a\":\"2026-11-22 09:30:00Z\"}", "a time with a blank" },
  { TIME, FALSE, "{\"a\":\"20261122T093000Z\"}", "a time without hyphens" },
  { TIME, FALSE, "{\"a\":\"2026-02-30T09:30:00Z\"}", "a day that there is none" },
  { TIME, FALSE, "{\"a\":\"2026-11-22T09:30:00.5Z\"}", "parts of a second" },
  { TIME, FALSE, "{\"a\":1795339800}", "a number for a time" },
  { HEX, TRUE, "{\"a\":\"00af\"}", "digits" },
  { HEX, FALSE, "{\"a\":\"00AF\"}", "digits in capitals" },
  { HEX, FALSE, "{\"a\":\"00a\"}", "a digit missing" },
  { HEX, FALSE, "{\"a\":\"00aff\"}", "a digit too many" },
  { HEX, FALSE, "{\"a\":\"00ag\"}", "a letter among the digits" },
  { FINGERPRINT, TRUE, "{\"a\":\"0123456789ABCDEF0123456789ABCDEF01234567\"}",
    "a fingerprint" },
  { FINGERPRINT, FALSE, "{\"a\":\"0123456789abcdef0123456789abcdef01234567\"}",
    "a fingerprint in small letters" },
  { FINGERPRINT, FALSE, "{\"a\":\"0123456789ABCDEF\"}", "a key id" },
  { FINGERPRINT, FALSE, "{\"a\":\"0123 4567 89AB CDEF 0123 4567 89AB CDEF\"}",
    "a fingerprint with blanks" },
  { UUID, TRUE, "{\"a\":\"7f3d51a8-0e36-4c55-9a4c-2f1c8ad0b3e1\"}", "an identifier" },
  { UUID, FALSE, "{\"a\":\"7F3D51A8-0E36-4C55-9A4C-2F1C8AD0B3E1\"}",
    "an identifier in capitals" },
  { UUID, FALSE, "{\"a\":\"../../../../../../../../etc/passwd---\"}", "a path" },
  { BASE64, TRUE, "{\"a\":\"AAEC\"}", "Base64" },
  { BASE64, TRUE, "{\"a\":\"AAECAw==\"}", "Base64 with padding" },
  { BASE64, TRUE, "{\"a\":\"\"}", "no octets" },
  { BASE64, FALSE, "{\"a\":\"AAECAwQ=\"}", "an octet too many" },
  { BASE64, FALSE, "{\"a\":\"AAECAw\"}", "Base64 without its padding" },
  { BASE64, FALSE, "{\"a\":\"AAECAx==\"}", "Base64 with bits behind its end" },
  { BASE64, FALSE, "{\"a\":\"AA EC\"}", "Base64 with a blank" },
  { BASE64, FALSE, "{\"a\":\"__-_\"}", "Base64 of the other alphabet" },
  { OBJECT, TRUE, "{\"a\":{}}", "an object" },
  { OBJECT, FALSE, "{\"a\":[]}", "a list for an object" },
  { OBJECT, FALSE, "{\"a\":null}", "null for an object" },
  { ARRAY, TRUE, "{\"a\":[1,2]}", "a list" },
  { ARRAY, FALSE, "{\"a\":[1,2,3]}", "a list past its limit" },
  { ARRAY, FALSE, "{\"a\":{}}", "an object for a list" },
};

static void
test_member (gconstpointer data)
{
  guint row = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject)
      object = spare_json_line_parse (members[row].line, strlen (members[row].line), &error);

  g_assert_no_error (error);
  g_assert_cmpint (get_member (members[row].kind, object, &error), ==, members[row].accepted);
  if (members[row].accepted)
    g_assert_no_error (error);
  else
    g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
}

static void
test_what_is_set (void)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GBytes) octets = g_bytes_new ("\0\1\2\3", 4);
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GError) error = NULL;
  gint64 time = 0;
  guint64 number = 0;

  spare_json_set_time (object, "time", 1795339800);
  spare_json_set_uint64 (object, "number", G_MAXINT64);
  spare_json_set_base64 (object, "octets", octets);
  g_assert_cmpstr (json_object_get_string_member (object, "time"), ==, "2026-11-22T09:30:00Z");
  g_assert_true (spare_json_get_time (object, "time", &time, &error));
  g_assert_cmpint (time, ==, 1795339800);
  g_assert_true (spare_json_get_uint64 (object, "number", G_MAXINT64, &number, &error));
  g_assert_cmpuint (number, ==, G_MAXINT64);
  g_assert_true (spare_json_get_base64 (object, "octets", 4, &found, &error));
  g_assert_true (g_bytes_equal (found, octets));
}

static void
test_optional (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = spare_json_line_parse (LINE ("{\"a\":null}"), &error);
  const char *text = "before";
  GBytes *octets = NULL;
  JsonObject *inner = NULL;

  g_assert_true (spare_json_get_optional_string (object, "b", 4, &text, &error));
  g_assert_null (text);
  g_assert_true (spare_json_get_optional_base64 (object, "b", 4, &octets, &error));
  g_assert_true (spare_json_get_optional_object (object, "b", &inner, &error));
  g_assert_no_error (error);

  text = "before";
  g_assert_false (spare_json_get_optional_string (object, "a", 4, &text, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_assert_cmpstr (text, ==, "before");
  g_clear_error (&error);
  g_assert_false (spare_json_get_optional_base64 (object, "a", 4, &octets, &error));
  g_clear_error (&error);
  g_assert_false (spare_json_get_optional_object (object, "a", &inner, &error));
}

static void
add (const char *format, const char *reason, gsize row, GTestDataFunc func)
{
  g_autofree char *words = g_strdelimit (g_strdup (reason), " ,/", '-');
  g_autofree char *path = g_strdup_printf (format, words);

  g_test_add_data_func (path, GSIZE_TO_POINTER (row), func);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    add ("/json-line/refuses/%s", refused[i].reason, i, test_refused);
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    add ("/json-line/accepts/%s", accepted[i].reason, i, test_accepted);
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    add (members[i].accepted ? "/json-line/gets/%s" : "/json-line/does-not-get/%s",
         members[i].reason, i, test_member);
  g_test_add_func ("/json-line/takes-64-KiB-and-not-an-octet-more", test_longest);
  g_test_add_func ("/json-line/refuses/more-members-than-anybody-needs", test_many_members);
  g_test_add_func ("/json-line/takes-what-it-writes", test_every_octet);
  g_test_add_func ("/json-line/gets-what-was-set", test_what_is_set);
  g_test_add_func ("/json-line/an-optional-member-may-be-absent-but-not-wrong", test_optional);
  return g_test_run ();
}
