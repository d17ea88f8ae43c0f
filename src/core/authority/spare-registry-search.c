/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person types, as a question to the index of words.
 *
 * Promise: no text is syntax. Each word is quoted, so AND, NEAR, a column's name, a bracket or a lone quotation mark are
 * looked for like all else.
 */
#include "config.h"

#include "spare-registry-private.h"

#include <string.h>

/* FTS5 limits the depth of a question, and nobody types more. */
#define WORDS_MAX 32
#define TEXT_MAX  4096 /* octets */

/* As the index takes words apart (unicode61): letters, digits and private use are part of a word. */
static gboolean
has_word (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (g_unichar_isalnum (c) || g_unichar_type (c) == G_UNICODE_PRIVATE_USE)
        return TRUE;
    }
  return FALSE;
}

char *
spare_registry_make_match (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) MIN (strlen (text), TEXT_MAX));
  g_autoptr (GString) match = g_string_new (NULL);
  g_auto (GStrv) words = NULL;
  guint n = 0;

  for (char *p = valid; *p != '\0'; p++)
    if (g_ascii_isspace (*p) || g_ascii_iscntrl (*p))
      *p = ' ';
  words = g_strsplit (valid, " ", -1);
  for (guint i = 0; words[i] != NULL && n < WORDS_MAX; i++)
    {
      g_auto (GStrv) parts = NULL;
      g_autofree char *quoted = NULL;

      if (!has_word (words[i]))
        continue;
      parts = g_strsplit (words[i], "\"", -1);
      quoted = g_strjoinv ("\"\"", parts);
      g_string_append_printf (match, "%s\"%s\" *", n > 0 ? " AND " : "", quoted);
      n++;
    }
  return n > 0 ? g_string_free (g_steal_pointer (&match), FALSE) : NULL;
}
