/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small window of facts about one thing, closed by Escape. */
#include "config.h"

#include "spare-details-window.h"

#include <glib/gi18n-lib.h>

struct _SpareDetailsWindow
{
  AdwWindow parent_instance;

  GtkStack *stack;
  AdwPreferencesPage *page;
  AdwStatusPage *error_page;
};

G_DEFINE_FINAL_TYPE (SpareDetailsWindow, spare_details_window, ADW_TYPE_WINDOW)

static void
spare_details_window_class_init (SpareDetailsWindowClass *klass)
{
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_DIALOG);
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (klass), GDK_KEY_Escape, 0,
                                       "window.close", NULL);
}

static void
spare_details_window_init (SpareDetailsWindow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *spinner = gtk_spinner_new ();

  self->stack = GTK_STACK (gtk_stack_new ());
  self->page = ADW_PREFERENCES_PAGE (adw_preferences_page_new ());
  self->error_page = ADW_STATUS_PAGE (adw_status_page_new ());
  adw_status_page_set_icon_name (self->error_page, "dialog-warning-symbolic");
  gtk_spinner_start (GTK_SPINNER (spinner));
  gtk_widget_set_halign (spinner, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (spinner, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request (spinner, 32, 32);
  gtk_stack_add_named (self->stack, spinner, "spinner");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->page), "page");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->error_page), "error");
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), TRUE);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->stack));
  adw_window_set_content (ADW_WINDOW (self), box);
}

AdwPreferencesGroup *
spare_details_window_add_group (SpareDetailsWindow *self, const char *title)
{
  GtkWidget *group = adw_preferences_group_new ();

  if (title)
    {
      g_autofree char *escaped = g_markup_escape_text (title, -1);

      adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), escaped);
    }
  adw_preferences_page_add (self->page, ADW_PREFERENCES_GROUP (group));
  return ADW_PREFERENCES_GROUP (group);
}

void
spare_details_window_show_details (SpareDetailsWindow *self)
{
  gtk_stack_set_visible_child_name (self->stack, "page");
}

void
spare_details_window_show_error (SpareDetailsWindow *self, const char *message)
{
  g_autofree char *escaped = g_markup_escape_text (message, -1);

  adw_status_page_set_description (self->error_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "error");
}

SpareDetailsWindow *
spare_details_window_new (GtkWindow *parent, const char *title)
{
  return g_object_new (SPARE_TYPE_DETAILS_WINDOW, "transient-for", parent, "modal", TRUE,
                       "destroy-with-parent", TRUE, "title", title, "default-width", 480,
                       "default-height", 560, "width-request", 340, NULL);
}
