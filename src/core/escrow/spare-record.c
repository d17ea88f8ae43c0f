/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the records of all types have in common: which words, names, digits and packets may stand in one.
 *
 * Promise: each value has one way to be written, and what passes here is safe to store, to compare and to show by
 * spare_display_text(). What is refused is named by its member, never by its content.
 */
#include "config.h"

#include "spare-record-private.h"

#include "spare-data-head.h"
#include "spare-deposit-record.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* 9999-12-31T23:59:59Z: the last time that four digits of a year can say. */
#define TIME_MAX G_GINT64_CONSTANT (253402300799)

#define DIGITS   "0123456789"
#define LOWER    "abcdefghijklmnopqrstuvwxyz"
#define UPPER    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* spare_record_refuse:
 * @member: the member of the record that is not as it must be; a word of this program's
 *
 * Returns: FALSE, always, so that a check can end with it */
gboolean
spare_record_refuse (GError **error, const char *member)
{
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
               _ ("A record is damaged or forged: its “%s” is not as it must be. The record is "
                  "not used, and nothing was changed."),
               member);
  return FALSE;
}

static gboolean
is_of (const char *text, const char *allowed, gsize min, gsize max)
{
  gsize length = strlen (text);

  return length >= min && length <= max && strspn (text, allowed) == length;
}

gboolean
spare_record_check_serial (const char *serial, GError **error)
{
  return is_of (serial, DIGITS LOWER UPPER "-", 1, SPARE_RECORD_SERIAL_MAX)
         || spare_record_refuse (error, "serial");
}

/* A base name in the octets of a file system. It is a label; nothing is ever opened by it. */
gboolean
spare_record_check_name (const char *name, GError **error)
{
  gsize length = strlen (name);

  return (length >= 1 && length <= SPARE_RECORD_NAME_MAX && strchr (name, '/') == NULL
          && !g_str_equal (name, ".") && !g_str_equal (name, ".."))
         || spare_record_refuse (error, "name");
}

gboolean
spare_record_check_text (const char *text, gsize max, const char *member, GError **error)
{
  return (strlen (text) <= max && g_utf8_validate (text, -1, NULL))
         || spare_record_refuse (error, member);
}

/* An algorithm's name, as gpg writes it. */
gboolean
spare_record_check_word (const char *word, const char *member, GError **error)
{
  return is_of (word, DIGITS LOWER UPPER "-_.+", 0, SPARE_RECORD_WORD_MAX)
         || spare_record_refuse (error, member);
}

gboolean
spare_record_check_fingerprint (const char *text, const char *member, GError **error)
{
  return is_of (text, DIGITS "ABCDEF", 40, 40) || spare_record_refuse (error, member);
}

gboolean
spare_record_check_sha256 (const char *text, const char *member, GError **error)
{
  return is_of (text, DIGITS "abcdef", 64, 64) || spare_record_refuse (error, member);
}

gboolean
spare_record_check_file_id (const char *text, const char *member, GError **error)
{
  return is_of (text, DIGITS "abcdef", 32, 32) || spare_record_refuse (error, member);
}

gboolean
spare_record_check_uuid (const char *text, const char *member, GError **error)
{
  return (g_uuid_string_is_valid (text) && is_of (text, DIGITS "abcdef-", 36, 36))
         || spare_record_refuse (error, member);
}

gboolean
spare_record_check_time (gint64 time, const char *member, GError **error)
{
  return (time >= 0 && time <= TIME_MAX) || spare_record_refuse (error, member);
}

/* A PKESK that names its key. */
gboolean
spare_record_check_esk (const SpareEsk *esk, const char *member, GError **error)
{
  return (spare_esk_is_public_key (esk) && spare_esk_is_known (esk)
          && !spare_esk_is_hidden (esk))
         || spare_record_refuse (error, member);
}

/* spare_record_get_name:
 * @name: (out) (transfer full) (type filename): the file's name
 *
 * `name`, or, for one that is not UTF-8, `name-bytes`; `name` is then only there to be read by people. */
gboolean
spare_record_get_name (JsonObject *file, char **name, GError **error)
{
  const char *text;
  g_autoptr (GBytes) octets = NULL;
  g_autofree char *found = NULL;

  /* Four signs for each octet, where it is not UTF-8. */
  if (!spare_json_get_string (file, "name", 4 * SPARE_RECORD_NAME_MAX, &text, error)
      || !spare_json_get_optional_base64 (file, "name-bytes", SPARE_RECORD_NAME_MAX, &octets,
                                          error))
    return FALSE;
  if (octets == NULL)
    found = g_strdup (text);
  else
    {
      gsize length;
      const char *data = g_bytes_get_data (octets, &length);

      if (length == 0 || memchr (data, 0, length) != NULL
          || g_utf8_validate (data, (gssize) length, NULL))
        return spare_record_refuse (error, "name-bytes");
      found = g_strndup (data, length);
    }
  if (!spare_record_check_name (found, error))
    return FALSE;
  *name = g_steal_pointer (&found);
  return TRUE;
}

void
spare_record_set_name (JsonObject *file, const char *name)
{
  g_autoptr (GString) escaped = g_string_new (NULL);
  g_autoptr (GBytes) octets = NULL;
  const char *end;

  if (g_utf8_validate (name, -1, NULL))
    {
      json_object_set_string_member (file, "name", name);
      return;
    }
  for (const char *rest = name; *rest != '\0'; rest = end + 1)
    {
      g_utf8_validate (rest, -1, &end);
      g_string_append_len (escaped, rest, end - rest);
      if (*end == '\0')
        break;
      g_string_append_printf (escaped, "\\x%02X", (guint) (guchar) *end);
    }
  json_object_set_string_member (file, "name", escaped->str);
  octets = g_bytes_new (name, strlen (name));
  spare_json_set_base64 (file, "name-bytes", octets);
}

gboolean
spare_record_get_data_head (JsonObject *object, guint *tag, GBytes **data_head, GError **error)
{
  guint64 value;

  if (!spare_json_get_uint64 (object, "tag", 63, &value, error)
      || !spare_json_get_base64 (object, "head", SPARE_DATA_HEAD_SEIPD2, data_head, error))
    return FALSE;
  *tag = (guint) value;
  return TRUE;
}

/* spare_record_get_esk:
 * @esk: (out) (transfer full): the packet, exactly one; NULL when it is not there and may be missing */
gboolean
spare_record_get_esk (JsonObject *object,
                      const char *member,
                      gboolean optional,
                      SpareEsk **esk,
                      GError **error)
{
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SpareEsk) found = NULL;
  gsize length;
  const guint8 *data;

  if (!spare_json_get_optional_base64 (object, member,
                                       SPARE_PACKET_HEADER_MAX + SPARE_ESK_BODY_MAX, &octets,
                                       error))
    return FALSE;
  if (octets == NULL)
    {
      if (!optional)
        return spare_record_refuse (error, member);
      *esk = NULL;
      return TRUE;
    }
  data = g_bytes_get_data (octets, &length);
  found = spare_esk_new_from_packet (data, length, NULL);
  if (found == NULL || !g_bytes_equal (spare_esk_get_packet (found), octets))
    return spare_record_refuse (error, member);
  if (!spare_record_check_esk (found, member, error))
    return FALSE;
  *esk = g_steal_pointer (&found);
  return TRUE;
}

gboolean
spare_record_get_verdict (JsonObject *object,
                          const char *yes,
                          const char *no,
                          gboolean *verdict,
                          GError **error)
{
  const char *word;

  if (!spare_json_get_string (object, "verdict", SPARE_RECORD_WORD_MAX, &word, error))
    return FALSE;
  if (!g_str_equal (word, yes) && !g_str_equal (word, no))
    return spare_record_refuse (error, "verdict");
  *verdict = g_str_equal (word, yes);
  return TRUE;
}
