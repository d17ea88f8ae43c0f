/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said in passing is shown whole, in lines that a narrow window has room for. */
#include "config.h"

#include "spare-toast.h"

static const char text[] =
    "The part of GnuPG that guards the <b>secret</b> keys does not answer. Nothing was "
    "changed. Please try again, or ask Donaudampfschifffahrtsgesellschaftskapitän.";

/* Lines end at spaces, and in words that are longer than a line. */
static char *
without_spaces (const char *from)
{
  GString *to = g_string_new (NULL);

  for (; *from; from++)
    if (*from != ' ' && *from != '\n')
      g_string_append_c (to, *from);
  return g_string_free (to, FALSE);
}

static void
assert_fits (int width)
{
  GtkWidget *window = gtk_window_new ();
  g_autoptr (AdwToast) toast = NULL;
  GtkLabel *label;
  g_autofree char *shown = NULL;
  g_autofree char *whole = NULL;
  int natural;

  gtk_window_set_default_size (GTK_WINDOW (window), width, 400);
  gtk_window_present (GTK_WINDOW (window));
  gtk_test_widget_wait_for_draw (window);
  toast = g_object_ref_sink (spare_toast_new (window, text, "_Open Case"));
  label = GTK_LABEL (adw_toast_get_custom_title (toast));
  shown = without_spaces (gtk_label_get_text (label));
  whole = without_spaces (text);
  g_assert_cmpstr (shown, ==, whole);
  g_assert_false (gtk_label_get_use_markup (label));
  g_assert_nonnull (strchr (gtk_label_get_text (label), '\n'));

  gtk_window_set_child (GTK_WINDOW (window), GTK_WIDGET (label));
  gtk_widget_measure (GTK_WIDGET (label), GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL,
                      NULL);
  /* There is room for the two buttons too. */
  g_assert_cmpint (natural, <=, width - 150);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_whole (void)
{
  assert_fits (360);
  assert_fits (480);
  assert_fits (860);
}

static void
test_time (void)
{
  GtkWidget *window = gtk_window_new ();
  g_autoptr (AdwToast) brief = g_object_ref_sink (spare_toast_new (window, "Done", NULL));
  g_autoptr (AdwToast) longer = g_object_ref_sink (spare_toast_new (window, text, NULL));

  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (adw_toast_get_custom_title (brief))), ==,
                   "Done");
  g_assert_cmpuint (adw_toast_get_timeout (brief), <, adw_toast_get_timeout (longer));
  gtk_window_destroy (GTK_WINDOW (window));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  gtk_init ();
  adw_init ();
  g_test_add_func ("/app/toast/a long text is broken into lines, none is lost", test_whole);
  g_test_add_func ("/app/toast/there is more time to read a longer one", test_time);
  return g_test_run ();
}
