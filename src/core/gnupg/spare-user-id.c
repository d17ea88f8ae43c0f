/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds the user ids of new keys.
 *
 * Promise: what gets into a key made here is plain text in the usual form "Name <mail>": no control characters, nothing
 * that turns the direction of the text, no second pair of brackets. */
#include "config.h"

#include "spare-user-id.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
is_plain (const char *text)
{
  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);
      GUnicodeType type = g_unichar_type (c);

      /* Format characters: bidi controls, zero-width ones. */
      if (g_unichar_iscntrl (c) || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR
          || type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_PRIVATE_USE)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_mail_address (const char *text)
{
  const char *at = strchr (text, '@');

  return at != NULL && at != text && at[1] != '\0' && strchr (at + 1, '@') == NULL
         && strlen (text) <= 254 && strpbrk (text, " <>()[],;:\"\\") == NULL && is_plain (text);
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

/**
 * spare_user_id_check:
 * @user_id: for a new key
 * @error: return location
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Returns: whether a key may be made with it: "Name <mail>", "Name" or "mail"
 */
gboolean
spare_user_id_check (const char *user_id, GError **error)
{
  const char *open = strchr (user_id, '<');
  g_autofree char *mail = NULL;
  gsize length = strlen (user_id);

  if (*user_id == '\0' || g_ascii_isspace (*user_id))
    return refuse (error, _ ("Please enter a name for the key."));
  if (length > SPARE_USER_ID_MAX)
    return refuse (error, _ ("The name is too long. Please choose a shorter one."));
  if (!is_plain (user_id))
    return refuse (error,
                   _ ("The name has invisible or control characters in it. Please type it "
                      "by hand."));
  if (open == NULL)
    return strchr (user_id, '>') == NULL
           || refuse (error, _ ("The name can’t have “<” or “>” in it."));
  if (user_id[length - 1] != '>' || open == user_id || open[-1] != ' ')
    return refuse (error, _ ("The name can’t have “<” or “>” in it."));
  mail = g_strndup (open + 1, user_id + length - 1 - (open + 1));
  return is_mail_address (mail) || refuse (error, _ ("This is not a mail address."));
}

/**
 * spare_user_id_build:
 * @name: (nullable): of the person
 * @email: (nullable): mail address
 * @error: return location
 *
 * One of the two may be missing. Blanks around them don't count.
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full) (nullable): the user id
 */
char *
spare_user_id_build (const char *name, const char *email, GError **error)
{
  g_autofree char *who = g_strstrip (g_strdup (name ? name : ""));
  g_autofree char *mail = g_strstrip (g_strdup (email ? email : ""));
  g_autofree char *user_id = NULL;

  if (*mail != '\0' && !is_mail_address (mail))
    {
      refuse (error, _ ("This is not a mail address."));
      return NULL;
    }
  if (strpbrk (who, "<>") != NULL)
    {
      refuse (error, _ ("The name can’t have “<” or “>” in it."));
      return NULL;
    }
  if (*who == '\0' || *mail == '\0')
    user_id = g_strconcat (who, mail, NULL);
  else
    user_id = g_strconcat (who, " <", mail, ">", NULL);
  return spare_user_id_check (user_id, error) ? g_steal_pointer (&user_id) : NULL;
}
