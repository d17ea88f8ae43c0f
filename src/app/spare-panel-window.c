/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A step of the first-start assistant in a window of its own, for the preferences. */
#include "config.h"

#include "spare-panel-window.h"

#include "spare-authority-panel.h"
#include "spare-key-panel.h"

#include <glib/gi18n-lib.h>

struct _SparePanelWindow
{
  AdwWindow parent_instance;

  GtkWidget *box;
  GtkWidget *back_button;
  SpareKeyPanel *key_panel;             /* one of the two */
  SpareAuthorityPanel *authority_panel; /* is there */
};

enum
{
  FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SparePanelWindow, spare_panel_window, ADW_TYPE_WINDOW)

static void
finished_cb (SparePanelWindow *self)
{
  g_signal_emit (self, signals[FINISHED], 0);
  gtk_window_close (GTK_WINDOW (self));
}

static void
moved_cb (SparePanelWindow *self)
{
  gtk_widget_set_visible (self->back_button,
                          self->key_panel
                              ? spare_key_panel_can_go_back (self->key_panel)
                              : spare_authority_panel_can_go_back (self->authority_panel));
}

static void
back_cb (SparePanelWindow *self)
{
  if (self->key_panel)
    spare_key_panel_go_back (self->key_panel);
  else
    spare_authority_panel_go_back (self->authority_panel);
}

static void
spare_panel_window_class_init (SparePanelWindowClass *klass)
{
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (klass), GDK_KEY_Escape, 0,
                                       "window.close", NULL);
  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_panel_window_init (SparePanelWindow *self)
{
  GtkWidget *bar = adw_header_bar_new ();

  self->back_button = gtk_button_new_with_mnemonic (_ ("_Back"));
  gtk_widget_set_visible (self->back_button, FALSE);
  g_signal_connect_swapped (self->back_button, "clicked", G_CALLBACK (back_cb), self);
  adw_header_bar_pack_start (ADW_HEADER_BAR (bar), self->back_button);
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append (GTK_BOX (self->box), bar);
  adw_window_set_content (ADW_WINDOW (self), self->box);
}

static SparePanelWindow *
panel_window_new (GtkWindow *parent, const char *title, GtkWidget *panel)
{
  SparePanelWindow *self = g_object_new (SPARE_TYPE_PANEL_WINDOW, "transient-for", parent,
                                         "modal", TRUE, "title", title, "default-width", 560,
                                         "default-height", 600, "width-request", 340, NULL);

  gtk_widget_set_vexpand (panel, TRUE);
  gtk_box_append (GTK_BOX (self->box), panel);
  g_signal_connect_object (panel, "finished", G_CALLBACK (finished_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (panel, "moved", G_CALLBACK (moved_cb), self, G_CONNECT_SWAPPED);
  return self;
}

GtkWidget *
spare_panel_window_new_for_key (GtkWindow *parent, SpareOwner *owner)
{
  SpareKeyPanel *panel = g_object_new (SPARE_TYPE_KEY_PANEL, NULL);
  SparePanelWindow *self = panel_window_new (parent, _ ("Another Key"), GTK_WIDGET (panel));

  self->key_panel = panel;
  spare_key_panel_start (panel, owner);
  return GTK_WIDGET (self);
}

GtkWidget *
spare_panel_window_new_for_authority (GtkWindow *parent, SpareOwner *owner)
{
  SpareAuthorityPanel *panel = g_object_new (SPARE_TYPE_AUTHORITY_PANEL, NULL);
  SparePanelWindow *self = panel_window_new (parent, _ ("Backup Authority"),
                                             GTK_WIDGET (panel));

  self->authority_panel = panel;
  spare_authority_panel_start (panel, owner, FALSE);
  return GTK_WIDGET (self);
}
