/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said in passing, at the foot of a window.
 *
 * Promise: the text is shown as it is, never as markup, and whole: a toast of libadwaita 1.2 ends in an ellipsis where its one
 * line does, and half a sentence tells nobody what to do. It does not wrap what it is given, so the lines are broken here.
 * A longer text stays longer. */
#include "config.h"

#include "spare-toast.h"

#include <string.h>

#define SECONDS_SHORT 5
#define SECONDS_LONG  10
#define LONG          40 /* characters */
/* Pixels: the margins and the button that closes it; what a button with words has beside its words; a line that reads well. */
#define BESIDE      136
#define BUTTON_MORE 60
#define WIDTH_MIN   100
#define WIDTH_MAX   460

/* As it is drawn in a toast: bold. */
static PangoLayout *
make_layout (GtkWidget *window, const char *text)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (window, text);
  PangoAttrList *bold = pango_attr_list_new ();

  pango_attr_list_insert (bold, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, bold);
  pango_attr_list_unref (bold);
  return layout;
}

static int
measure_button (GtkWidget *window, const char *button)
{
  g_autoptr (PangoLayout) layout = make_layout (window, button);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width + BUTTON_MORE;
}

static char *
break_lines (GtkWidget *window, const char *text, int width)
{
  g_autoptr (PangoLayout) layout = make_layout (window, text);
  GString *lines = g_string_new (NULL);

  pango_layout_set_width (layout, width * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  for (int i = 0; i < pango_layout_get_line_count (layout); i++)
    {
      const PangoLayoutLine *line = pango_layout_get_line_readonly (layout, i);

      if (i > 0)
        g_string_append_c (lines, '\n');
      g_string_append_len (lines, text + line->start_index, line->length);
      g_string_set_size (lines, strlen (g_strchomp (lines->str)));
    }
  return g_string_free (lines, FALSE);
}

/**
 * spare_toast_new:
 * @window: where it will be shown
 * @text: plain text, a sentence or two
 * @button: (nullable): what it offers, with an underscore before its access key
 *
 * Returns: (transfer full): for adw_toast_overlay_add_toast()
 */
AdwToast *
spare_toast_new (GtkWidget *window, const char *text, const char *button)
{
  AdwToast *toast = adw_toast_new ("");
  int room = gtk_widget_get_width (window) - BESIDE
             - (button ? measure_button (window, button) : 0);
  g_autofree char *lines = break_lines (window, text, CLAMP (room, WIDTH_MIN, WIDTH_MAX));
  GtkWidget *label = gtk_label_new (lines);

  /* Should the window get narrower than it is now. */
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  -1);
  adw_toast_set_custom_title (toast, label);
  adw_toast_set_button_label (toast, button);
  adw_toast_set_timeout (toast, g_utf8_strlen (text, -1) > LONG ? SECONDS_LONG : SECONDS_SHORT);
  return toast;
}
