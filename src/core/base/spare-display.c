/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and user ids as they may be shown.
 *
 * They come from strangers: a file name may hold any octets, a user id anything its maker liked. Promise: what
 * comes out is valid UTF-8 on one line and holds no sign that changes how its surroundings read (control signs,
 * reordering, invisible signs): such signs are shown as escapes. It is for eyes alone: two names may look
 * alike in it, and it is text, not markup: never hand it to a label that parses.
 */
#include "config.h"

#include "spare-display.h"

#include <string.h>

#define ELLIPSIS "…"
/* Of a long name this much of the end is always shown: it holds the extension, which says what the file is. */
#define EXTENSION_MAX 12

static gboolean
is_hidden_sign (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:        /* C0, DEL, C1 */
    case G_UNICODE_FORMAT:         /* bidi controls, zero-width signs, soft hyphen, tags, BOM */
    case G_UNICODE_LINE_SEPARATOR: /* U+2028 */
    case G_UNICODE_PARAGRAPH_SEPARATOR: /* U+2029 */
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
      return TRUE;
    case G_UNICODE_SPACE_SEPARATOR:
      return c != ' ';
    default:
      break;
    }

  /* Letters by type, blank on screen: the Hangul fillers, the Braille blank. Variation selectors do nothing
   * but make two names look alike; the two for text and emoji style are common and harmless. */
  return c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x2800 || c == 0x034f
         || c == 0x17b4 || c == 0x17b5 || (c >= 0xfe00 && c <= 0xfe0d)
         || (c >= 0xe0100 && c <= 0xe01ef);
}

static void
append_escaped (GString *out, gunichar c)
{
  switch (c)
    {
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    default:
      if (c < 0x80)
        g_string_append_printf (out, "\\x%02x", c);
      else if (c <= 0xffff)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_printf (out, "\\U%08x", c);
    }
}

/* A joiner between two emoji makes one picture of them; there it is part of what is meant to be seen. */
static gboolean
is_emoji (gunichar c)
{
  return c >= 0x1f000 && c <= 0x1faff;
}

static char *
make_visible (const char *bytes, gsize len)
{
  g_autoptr (GString) out = g_string_sized_new (len);
  const char *end = bytes + len;
  const char *p = bytes;
  gunichar before = 0;

  while (p < end)
    {
      gunichar c = g_utf8_get_char_validated (p, end - p);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_printf (out, "\\x%02x", (guchar) *p++);
          before = 0;
          continue;
        }
      if (*p == '\0')
        {
          g_string_append (out, "\\x00");
          p++;
          before = 0;
          continue;
        }
      p = g_utf8_next_char (p);
      if (c == 0x200d && (is_emoji (before) || before == 0xfe0f) && p < end
          && g_utf8_get_char_validated (p, end - p) < 0x110000)
        {
          gunichar after = g_utf8_get_char_validated (p, end - p);

          if (is_emoji (after) || after == 0x2640 || after == 0x2642 || after == 0x2764)
            {
              g_string_append_unichar (out, c);
              before = c;
              continue;
            }
        }
      if (is_hidden_sign (c))
        append_escaped (out, c);
      else
        g_string_append_unichar (out, c);
      before = c;
    }

  return g_utf8_normalize (out->str, (gssize) out->len, G_NORMALIZE_NFC);
}

/* Where the part begins that must stay visible: ".gpg" and what stands before it, as in ".pdf.gpg". */
static const char *
find_extension (const char *text)
{
  const char *end = text + strlen (text);
  const char *found = end;
  const char *dot;

  for (int i = 0; i < 2; i++)
    {
      dot = g_strrstr_len (text, found - text, ".");
      if (dot == NULL || dot == text || g_utf8_strlen (dot, -1) > EXTENSION_MAX
          || memchr (dot, ' ', (gsize) (found - dot)) != NULL)
        break;
      found = dot;
    }

  return found;
}

static char *
shorten (const char *text, guint max_chars)
{
  glong length = g_utf8_strlen (text, -1);
  glong keep_end, keep_start;
  const char *extension;

  if (length <= (glong) max_chars)
    return g_strdup (text);

  extension = find_extension (text);
  keep_end = g_utf8_strlen (extension, -1);
  /* A few letters before the extension too: names of a series differ there. */
  keep_end += ((glong) max_chars - keep_end - 1) / 3;
  if (keep_end > (glong) max_chars - 2)
    keep_end = ((glong) max_chars - 1) / 2;
  keep_start = (glong) max_chars - 1 - keep_end;

  {
    const char *start_end = g_utf8_offset_to_pointer (text, keep_start);
    const char *tail = g_utf8_offset_to_pointer (text, length - keep_end);
    g_autofree char *start = g_strndup (text, (gsize) (start_end - text));

    return g_strconcat (start, ELLIPSIS, tail, NULL);
  }
}

/**
 * spare_display_text:
 * @bytes: (array length=len): any octets
 * @len: number of octets, or -1 when they end with a NUL
 * @max_chars: the most characters to show, at least 3; 0 for no limit
 *
 * Octets of strangers as one line of text that can be shown: valid UTF-8 in composed form; octets that are
 * not UTF-8 as `\xff`; control, reordering and invisible signs as `\n`, `\x1b`, `\u202e`. What is too long
 * loses its middle to an ellipsis and keeps its extension.
 *
 * Returns: (transfer full): the text; plain, never markup
 */
char *
spare_display_text (const char *bytes, gssize len, guint max_chars)
{
  g_autofree char *visible = NULL;

  g_return_val_if_fail (bytes != NULL, g_strdup (""));

  visible = make_visible (bytes, len < 0 ? strlen (bytes) : (gsize) len);
  if (max_chars == 0)
    return g_steal_pointer (&visible);

  return shorten (visible, MAX (max_chars, 3));
}

/**
 * spare_display_basename:
 * @path: (type filename): a path
 *
 * Returns: (transfer full): its last part as spare_display_text(), no longer than 80 characters
 */
char *
spare_display_basename (const char *path)
{
  g_autofree char *name = NULL;

  g_return_val_if_fail (path != NULL, g_strdup (""));

  name = g_path_get_basename (path);
  return spare_display_text (name, -1, 80);
}

/**
 * spare_display_fingerprint:
 * @fingerprint: hex digits
 *
 * The fingerprint in groups of four upper-case digits with spaces between: ten groups for the usual one of 40
 * digits. Anything that is not hex is shown as spare_display_text(), so that it can't pass for a fingerprint.
 *
 * Returns: (transfer full): the text
 */
char *
spare_display_fingerprint (const char *fingerprint)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_return_val_if_fail (fingerprint != NULL, g_strdup (""));

  for (gsize i = 0; fingerprint[i] != '\0'; i++)
    {
      if (!g_ascii_isxdigit (fingerprint[i]))
        return spare_display_text (fingerprint, -1, 80);
      if (i > 0 && i % 4 == 0)
        g_string_append_c (out, ' ');
      g_string_append_c (out, g_ascii_toupper (fingerprint[i]));
    }

  return g_string_free (g_steal_pointer (&out), FALSE);
}
