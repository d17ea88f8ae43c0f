/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first-start assistant: my key, the backup authority, done.
 *
 * Promise: each step is done when the owner's side has stored it; the assistant keeps nothing itself, so started again it
 * goes on where it was. */
#include "config.h"

#include "spare-set-up.h"

#include "spare-authority-panel.h"
#include "spare-key-panel.h"
#include "spare-names.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

#define N_STEPS 3

struct _SpareSetUp
{
  GtkBox parent_instance;

  SpareOwner *owner;

  AdwWindowTitle *title;
  GtkWidget *back_button;
  GtkStack *stack;
  SpareKeyPanel *key_panel;
  SpareAuthorityPanel *authority_panel;
  AdwStatusPage *done_page;
  GtkWidget *start_button;
};

enum
{
  FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareSetUp, spare_set_up, GTK_TYPE_BOX)

static int
current_step (SpareSetUp *self)
{
  const char *page = gtk_stack_get_visible_child_name (self->stack);

  if (g_strcmp0 (page, "key") == 0)
    return 1;
  return g_strcmp0 (page, "authority") == 0 ? 2 : N_STEPS;
}

static void
update_title (SpareSetUp *self)
{
  int step = current_step (self);
  g_autofree char *text = g_strdup_printf (_ ("Step %d of %d"), step, N_STEPS);

  adw_window_title_set_subtitle (self->title, text);
  gtk_widget_set_visible (self->back_button,
                          (step == 1 && spare_key_panel_can_go_back (self->key_panel))
                              || (step == 2
                                  && spare_authority_panel_can_go_back (
                                      self->authority_panel)));
}

static void
back_cb (SpareSetUp *self)
{
  if (current_step (self) == 1)
    spare_key_panel_go_back (self->key_panel);
  else
    spare_authority_panel_go_back (self->authority_panel);
}

static void
show_authority (SpareSetUp *self)
{
  gtk_stack_set_visible_child_name (self->stack, "authority");
  spare_authority_panel_start (self->authority_panel, self->owner, TRUE);
  update_title (self);
}

static void
show_done (SpareSetUp *self)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SpareKey *authority = pin ? spare_pin_get_key (pin) : NULL;
  g_autofree char *text = NULL;
  g_autofree char *escaped = NULL;

  if (authority)
    {
      g_autofree char *name = spare_names_dup_for_key (authority);

      text = g_strdup_printf (_ ("Files that you drop here can be opened by you, and by %s if "
                                 "your key is lost."),
                              name);
    }
  else
    text = g_strdup (
        _ ("Files that you drop here can be opened by you alone. Export your key in the "
           "preferences and keep the copy in a safe place."));
  escaped = g_markup_escape_text (text, -1);
  adw_status_page_set_description (self->done_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "done");
  gtk_widget_grab_focus (self->start_button);
  update_title (self);
}

static void
key_finished_cb (SpareSetUp *self)
{
  show_authority (self);
}

static void
authority_finished_cb (SpareSetUp *self)
{
  show_done (self);
}

static void
start_cb (SpareSetUp *self)
{
  g_signal_emit (self, signals[FINISHED], 0);
}

void
spare_set_up_start (SpareSetUp *self, SpareOwner *owner)
{
  g_set_object (&self->owner, owner);
  if (spare_owner_get_state (owner) == SPARE_OWNER_NEEDS_KEY)
    {
      gtk_stack_set_visible_child_name (self->stack, "key");
      spare_key_panel_start (self->key_panel, owner);
      update_title (self);
    }
  else
    show_authority (self);
}

static void
spare_set_up_dispose (GObject *object)
{
  g_clear_object (&SPARE_SET_UP (object)->owner);
  G_OBJECT_CLASS (spare_set_up_parent_class)->dispose (object);
}

static void
spare_set_up_class_init (SpareSetUpClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_set_up_dispose;
  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (SPARE_TYPE_KEY_PANEL);
  g_type_ensure (SPARE_TYPE_AUTHORITY_PANEL);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sparekey/SpareKey/ui/spare-set-up.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, title);
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, back_button);
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, key_panel);
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, authority_panel);
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, done_page);
  gtk_widget_class_bind_template_child (widget_class, SpareSetUp, start_button);
  gtk_widget_class_bind_template_callback (widget_class, back_cb);
  gtk_widget_class_bind_template_callback (widget_class, update_title);
  gtk_widget_class_bind_template_callback (widget_class, key_finished_cb);
  gtk_widget_class_bind_template_callback (widget_class, authority_finished_cb);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
}

static void
spare_set_up_init (SpareSetUp *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
