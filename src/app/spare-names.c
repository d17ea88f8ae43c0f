/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How people and keys are called in the window.
 *
 * Promise: what a certificate claims is data. It goes through spare_display_text() before it is shown, so that no
 * control character, line break or direction mark of a user id reaches a label. */
#include "config.h"

#include "spare-names.h"

#include "spare-display.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NAME_CHARS  80
#define WHOLE_CHARS 160

/* "Name (comment) <mail>" → "Name"; a user id that is only an address is its own name. */
char *
spare_names_dup_for_user_id (const char *user_id)
{
  const char *end;
  g_autofree char *name = NULL;

  if (user_id == NULL || *user_id == '\0')
    return g_strdup (_ ("Somebody unnamed"));
  end = strstr (user_id, " <");
  if (end == NULL || end == user_id)
    return spare_display_text (user_id, -1, NAME_CHARS);
  name = g_strndup (user_id, end - user_id);
  return spare_display_text (name, -1, NAME_CHARS);
}

char *
spare_names_dup_for_key (SpareKey *key)
{
  return spare_names_dup_for_user_id (spare_key_get_user_id (key));
}

char *
spare_names_dup_email (SpareKey *key)
{
  const char *user_id = spare_key_get_user_id (key);
  const char *start = user_id ? strrchr (user_id, '<') : NULL;
  const char *end = start ? strchr (start, '>') : NULL;

  if (end == NULL || end == start + 1)
    return NULL;
  return spare_display_text (start + 1, end - start - 1, NAME_CHARS);
}

char *
spare_names_dup_whole (SpareKey *key)
{
  const char *user_id = spare_key_get_user_id (key);

  if (user_id == NULL || *user_id == '\0')
    return g_strdup (_ ("Somebody unnamed"));
  return spare_display_text (user_id, -1, WHOLE_CHARS);
}

char *
spare_names_dup_tip (SpareKey *key)
{
  g_autofree char *whole = spare_names_dup_whole (key);
  g_autofree char *lines = spare_names_dup_two_lines (spare_key_get_fingerprint (key));

  return g_strconcat (whole, "\n", lines, NULL);
}

/* Half of the groups on each line: people compare line by line. */
char *
spare_names_dup_two_lines (const char *fingerprint)
{
  gsize length = fingerprint ? strlen (fingerprint) : 0;
  gsize half = ((length / 4 + 1) / 2) * 4;
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    {
      if (i > 0 && i == half)
        g_string_append_c (text, '\n');
      else if (i > 0 && i % 4 == 0)
        g_string_append_c (text, ' ');
      g_string_append_c (text, fingerprint[i]);
    }
  return g_string_free (text, FALSE);
}
