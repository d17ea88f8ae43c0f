/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line across the window for something that lasts: the keyring is locked, the authority's key runs out.
 * (AdwBanner came after the oldest libadwaita that is supported.)
 *
 * Promise: the text is shown as it is, never as markup, and is told to screen readers as an alert. */
#include "config.h"

#include "spare-banner.h"

struct _SpareBanner
{
  GtkWidget parent_instance;

  GtkWidget *revealer;
  GtkWidget *box;
  GtkWidget *icon;
  GtkWidget *label;
  GtkWidget *button;
};

G_DEFINE_FINAL_TYPE (SpareBanner, spare_banner, GTK_TYPE_WIDGET)

static void
spare_banner_dispose (GObject *object)
{
  g_clear_pointer (&SPARE_BANNER (object)->revealer, gtk_widget_unparent);
  G_OBJECT_CLASS (spare_banner_parent_class)->dispose (object);
}

static void
spare_banner_class_init (SpareBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_banner_dispose;
  gtk_widget_class_set_css_name (widget_class, "sparebanner");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_ALERT);
}

static void
spare_banner_init (SpareBanner *self)
{
  self->revealer = gtk_revealer_new ();
  gtk_revealer_set_transition_type (GTK_REVEALER (self->revealer),
                                    GTK_REVEALER_TRANSITION_TYPE_SLIDE_DOWN);
  gtk_widget_set_parent (self->revealer, GTK_WIDGET (self));

  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  gtk_widget_add_css_class (self->box, "banner");
  gtk_revealer_set_child (GTK_REVEALER (self->revealer), self->box);

  self->icon = gtk_image_new ();
  gtk_box_append (GTK_BOX (self->box), self->icon);

  self->label = gtk_label_new (NULL);
  gtk_label_set_wrap (GTK_LABEL (self->label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (self->label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (self->label), 0);
  gtk_widget_set_hexpand (self->label, TRUE);
  gtk_box_append (GTK_BOX (self->box), self->label);

  self->button = gtk_button_new ();
  gtk_widget_set_valign (self->button, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->box), self->button);
}

void
spare_banner_show (SpareBanner *self,
                   SpareBannerLevel level,
                   const char *text,
                   const char *button,
                   const char *action)
{
  static const char *const classes[] = { "note", "warning", "error" };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    gtk_widget_remove_css_class (self->box, classes[i]);
  gtk_widget_add_css_class (self->box, classes[level]);
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), level == SPARE_BANNER_NOTE
                                                            ? "dialog-information-symbolic"
                                                            : "dialog-warning-symbolic");
  gtk_label_set_text (GTK_LABEL (self->label), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  -1);
  gtk_widget_set_visible (self->button, button != NULL);
  gtk_button_set_use_underline (GTK_BUTTON (self->button), TRUE);
  gtk_button_set_label (GTK_BUTTON (self->button), button ? button : "");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), action);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), TRUE);
}

void
spare_banner_hide (SpareBanner *self)
{
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
