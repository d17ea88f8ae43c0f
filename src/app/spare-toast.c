/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said in passing, at the foot of a window.
 *
 * Promise: the text is shown as it is, never as markup, and whole: a toast of libadwaita 1.2 ends in an ellipsis where its one
 * line does, and half a sentence tells nobody what to do. It does not wrap what it is given, so the lines are broken here.
 * A longer text stays longer. */
#include "config.h"

#include "spare-toast.h"

#define SECONDS_SHORT 5
#define SECONDS_LONG  10
#define LONG          40 /* characters */
#define BESIDE \
  160 /* pixels: margins, the button that closes it, and some for letters that are wider than most */
#define CHARS_MIN 16 /* characters */
#define CHARS_MAX 64

static guint
fit_line (GtkWidget *window)
{
  PangoFontMetrics *metrics = pango_context_get_metrics (gtk_widget_get_pango_context (window),
                                                         NULL, NULL);
  int one = pango_font_metrics_get_approximate_char_width (metrics) / PANGO_SCALE;

  pango_font_metrics_unref (metrics);
  return (guint) CLAMP ((gtk_widget_get_width (window) - BESIDE) / MAX (1, one), CHARS_MIN,
                        CHARS_MAX);
}

static char *
break_lines (const char *text, guint limit)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  GString *lines = g_string_new (NULL);
  glong length = 0;

  for (guint i = 0; words[i]; i++)
    {
      glong word = g_utf8_strlen (words[i], -1);
      gboolean fits = length + 1 + word <= (glong) limit;

      if (i > 0)
        g_string_append_c (lines, fits ? ' ' : '\n');
      g_string_append (lines, words[i]);
      length = i > 0 && fits ? length + 1 + word : word;
    }
  return g_string_free (lines, FALSE);
}

/**
 * spare_toast_new:
 * @window: where it will be shown
 * @text: plain text, a sentence or two
 *
 * Returns: (transfer full): for adw_toast_overlay_add_toast()
 */
AdwToast *
spare_toast_new (GtkWidget *window, const char *text)
{
  AdwToast *toast = adw_toast_new ("");
  g_autofree char *lines = break_lines (text, fit_line (window));
  GtkWidget *label = gtk_label_new (lines);

  /* Should the window get narrower than it is now. */
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  -1);
  adw_toast_set_custom_title (toast, label);
  adw_toast_set_timeout (toast, g_utf8_strlen (text, -1) > LONG ? SECONDS_LONG : SECONDS_SHORT);
  return toast;
}
