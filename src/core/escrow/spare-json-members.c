/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The members of a JSON object that somebody else wrote.
 *
 * Promise: what comes out has the type, the length and the one spelling that was asked for; hexadecimal, Base64, times
 * and identifiers have exactly one spelling here, so two texts that differ never mean the same. */
#include "config.h"

#include "spare-json-line.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* "2026-11-22T09:30:00Z" */
#define TIME_LENGTH 20
#define UUID_LENGTH 36

static gboolean
refuse (const char *name, GError **error)
{
  g_debug ("JSON member %s: absent, or not what it must be", name);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("A record is damaged or was not written by Spare Key."));
  return FALSE;
}

/* The member if it holds a value of this type. */
static JsonNode *
find (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type
             ? node
             : NULL;
}

/**
 * spare_json_has:
 * @object: an object
 * @name: a member's name
 *
 * Returns: whether there is such a member, of any type, null included
 */
gboolean
spare_json_has (JsonObject *object, const char *name)
{
  return json_object_has_member (object, name);
}

/**
 * spare_json_get_string:
 * @object: an object
 * @name: a member's name
 * @max: the most octets of UTF-8
 * @value: (out) (transfer none): the text
 * @error: return location
 *
 * Returns: whether there is such a text
 */
gboolean
spare_json_get_string (JsonObject *object,
                       const char *name,
                       gsize max,
                       const char **value,
                       GError **error)
{
  JsonNode *node = find (object, name, G_TYPE_STRING);
  const char *text = node != NULL ? json_node_get_string (node) : NULL;

  if (text == NULL || strlen (text) > max)
    return refuse (name, error);
  *value = text;
  return TRUE;
}

/**
 * spare_json_get_optional_string:
 * @object: an object
 * @name: a member's name
 * @max: the most octets of UTF-8
 * @value: (out) (transfer none) (nullable): the text; %NULL: there is no such member
 * @error: return location
 *
 * Returns: %FALSE if there is such a member and it is not such a text
 */
gboolean
spare_json_get_optional_string (JsonObject *object,
                                const char *name,
                                gsize max,
                                const char **value,
                                GError **error)
{
  if (spare_json_has (object, name))
    return spare_json_get_string (object, name, max, value, error);
  *value = NULL;
  return TRUE;
}

/**
 * spare_json_get_uint64:
 * @object: an object
 * @name: a member's name
 * @max: the largest value
 * @value: (out): the number
 * @error: return location
 *
 * Returns: whether there is a whole number from 0 to @max
 */
gboolean
spare_json_get_uint64 (JsonObject *object,
                       const char *name,
                       guint64 max,
                       guint64 *value,
                       GError **error)
{
  JsonNode *node = find (object, name, G_TYPE_INT64);
  gint64 number = node != NULL ? json_node_get_int (node) : -1;

  if (number < 0 || (guint64) number > max)
    return refuse (name, error);
  *value = (guint64) number;
  return TRUE;
}

/**
 * spare_json_get_boolean:
 * @object: an object
 * @name: a member's name
 * @value: (out): true or false
 * @error: return location
 *
 * Returns: whether there is such a value
 */
gboolean
spare_json_get_boolean (JsonObject *object, const char *name, gboolean *value, GError **error)
{
  JsonNode *node = find (object, name, G_TYPE_BOOLEAN);

  if (node == NULL)
    return refuse (name, error);
  *value = json_node_get_boolean (node);
  return TRUE;
}

static char *
format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

/**
 * spare_json_get_time:
 * @object: an object
 * @name: a member's name
 * @value: (out): Unix seconds
 * @error: return location
 *
 * Returns: whether there is a time as spare_json_set_time() writes it
 */
gboolean
spare_json_get_time (JsonObject *object, const char *name, gint64 *value, GError **error)
{
  const char *text = NULL;
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *again = NULL;

  if (!spare_json_get_string (object, name, TIME_LENGTH, &text, error))
    return FALSE;
  time = g_date_time_new_from_iso8601 (text, NULL);
  if (time != NULL)
    again = format_time (g_date_time_to_unix (time));
  if (again == NULL || !g_str_equal (again, text))
    return refuse (name, error);
  *value = g_date_time_to_unix (time);
  return TRUE;
}

static gboolean
get_digits (JsonObject *object,
            const char *name,
            gsize n_digits,
            const char *digits,
            const char **value,
            GError **error)
{
  const char *text = NULL;

  if (!spare_json_get_string (object, name, n_digits, &text, error))
    return FALSE;
  if (strlen (text) != n_digits || strspn (text, digits) != n_digits)
    return refuse (name, error);
  *value = text;
  return TRUE;
}

/**
 * spare_json_get_hex:
 * @object: an object
 * @name: a member's name
 * @n_digits: how many digits
 * @value: (out) (transfer none): exactly so many lower-case hexadecimal digits
 * @error: return location
 *
 * Returns: whether there is such a text
 */
gboolean
spare_json_get_hex (JsonObject *object,
                    const char *name,
                    gsize n_digits,
                    const char **value,
                    GError **error)
{
  return get_digits (object, name, n_digits, "0123456789abcdef", value, error);
}

/**
 * spare_json_get_fingerprint:
 * @object: an object
 * @name: a member's name
 * @value: (out) (transfer none): 40 upper-case hexadecimal digits
 * @error: return location
 *
 * Returns: whether there is such a text
 */
gboolean
spare_json_get_fingerprint (JsonObject *object,
                            const char *name,
                            const char **value,
                            GError **error)
{
  return get_digits (object, name, SPARE_JSON_FINGERPRINT_DIGITS, "0123456789ABCDEF", value,
                     error);
}

/**
 * spare_json_get_uuid:
 * @object: an object
 * @name: a member's name
 * @value: (out) (transfer none): a UUID in lower case (RFC 4122 section 3)
 * @error: return location
 *
 * Returns: whether there is such a text
 */
gboolean
spare_json_get_uuid (JsonObject *object, const char *name, const char **value, GError **error)
{
  const char *text = NULL;

  if (!spare_json_get_string (object, name, UUID_LENGTH, &text, error))
    return FALSE;
  if (!g_uuid_string_is_valid (text) || strspn (text, "0123456789abcdef-") != UUID_LENGTH)
    return refuse (name, error);
  *value = text;
  return TRUE;
}

/**
 * spare_json_get_base64:
 * @object: an object
 * @name: a member's name
 * @max: the most octets when decoded
 * @value: (out) (transfer full): the octets
 * @error: return location
 *
 * Returns: whether there is such a text, in canonical Base64 (RFC 4648 section 4, with padding)
 */
gboolean
spare_json_get_base64 (JsonObject *object,
                       const char *name,
                       gsize max,
                       GBytes **value,
                       GError **error)
{
  const char *text = NULL;
  g_autofree guchar *octets = NULL;
  g_autofree char *again = NULL;
  gsize size;

  if (!spare_json_get_string (object, name, (max + 2) / 3 * 4, &text, error))
    return FALSE;
  octets = g_base64_decode (text, &size);
  again = g_base64_encode (octets, size);
  if (size > max || !g_str_equal (again, text))
    return refuse (name, error);
  *value = g_bytes_new_take (g_steal_pointer (&octets), size);
  return TRUE;
}

/**
 * spare_json_get_optional_base64:
 * @object: an object
 * @name: a member's name
 * @max: the most octets when decoded
 * @value: (out) (transfer full) (nullable): the octets; %NULL: there is no such member
 * @error: return location
 *
 * Returns: %FALSE if there is such a member and it is no such text
 */
gboolean
spare_json_get_optional_base64 (JsonObject *object,
                                const char *name,
                                gsize max,
                                GBytes **value,
                                GError **error)
{
  if (spare_json_has (object, name))
    return spare_json_get_base64 (object, name, max, value, error);
  *value = NULL;
  return TRUE;
}

/**
 * spare_json_get_object:
 * @object: an object
 * @name: a member's name
 * @value: (out) (transfer none): the object in it
 * @error: return location
 *
 * Returns: whether there is one
 */
gboolean
spare_json_get_object (JsonObject *object, const char *name, JsonObject **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return refuse (name, error);
  *value = json_node_get_object (node);
  return TRUE;
}

/**
 * spare_json_get_optional_object:
 * @object: an object
 * @name: a member's name
 * @value: (out) (transfer none) (nullable): the object in it; %NULL: there is no such member
 * @error: return location
 *
 * Returns: %FALSE if there is such a member and it is no object
 */
gboolean
spare_json_get_optional_object (JsonObject *object,
                                const char *name,
                                JsonObject **value,
                                GError **error)
{
  if (spare_json_has (object, name))
    return spare_json_get_object (object, name, value, error);
  *value = NULL;
  return TRUE;
}

/**
 * spare_json_get_array:
 * @object: an object
 * @name: a member's name
 * @max: the most elements
 * @value: (out) (transfer none): the list
 * @error: return location
 *
 * Returns: whether there is one; nothing is known of the type of its elements
 */
gboolean
spare_json_get_array (JsonObject *object,
                      const char *name,
                      guint max,
                      JsonArray **value,
                      GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node)
      || json_array_get_length (json_node_get_array (node)) > max)
    return refuse (name, error);
  *value = json_node_get_array (node);
  return TRUE;
}

/**
 * spare_json_set_uint64:
 * @object: an object
 * @name: a member's name
 * @value: at most %G_MAXINT64
 *
 * Sets a number.
 */
void
spare_json_set_uint64 (JsonObject *object, const char *name, guint64 value)
{
  g_return_if_fail (value <= G_MAXINT64);

  json_object_set_int_member (object, name, (gint64) value);
}

/**
 * spare_json_set_time:
 * @object: an object
 * @name: a member's name
 * @value: Unix seconds, of a year from 1 to 9999
 *
 * Sets a time as `2026-11-22T09:30:00Z`.
 */
void
spare_json_set_time (JsonObject *object, const char *name, gint64 value)
{
  g_autofree char *text = format_time (value);

  g_return_if_fail (text != NULL);

  json_object_set_string_member (object, name, text);
}

/**
 * spare_json_set_base64:
 * @object: an object
 * @name: a member's name
 * @value: octets
 *
 * Sets octets as Base64 with padding (RFC 4648 section 4).
 */
void
spare_json_set_base64 (JsonObject *object, const char *name, GBytes *value)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (value, &size);
  g_autofree char *text = g_base64_encode (octets, size);

  json_object_set_string_member (object, name, text);
}
