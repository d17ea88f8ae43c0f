/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of the authority's lists: what it is, more about it small below, and its state as a chip.
 *
 * Promise: names in it are data, shown as they are; a screen reader is told all three. */
#include "config.h"

#include "spare-authority-row.h"

#include "spare-chip.h"

/* Of a chip's text: the texts beside it make room for so many. */
#define CHIP_CHARS 12

struct _SpareAuthorityRow
{
  GtkBox parent_instance;

  SpareAuthorityItem *item;
  GtkWidget *icon;
  GtkWidget *title;
  GtkWidget *subtitle;
  SpareChip *chip;
  char *style;
};

G_DEFINE_FINAL_TYPE (SpareAuthorityRow, spare_authority_row, GTK_TYPE_BOX)

static void
name_row (SpareAuthorityRow *self)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  const char *chip = self->item ? spare_authority_item_get_chip_text (self->item) : NULL;
  g_autofree char *label = NULL;

  if (parent == NULL || self->item == NULL)
    return;
  label = g_strjoin (", ", spare_authority_item_get_title (self->item),
                     spare_authority_item_get_subtitle (self->item), chip, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
}

void
spare_authority_row_set_item (SpareAuthorityRow *self, SpareAuthorityItem *item)
{
  const char *chip = spare_authority_item_get_chip_text (item);
  const char *style = spare_authority_item_get_chip_style (item);

  g_set_object (&self->item, item);
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), spare_authority_item_get_icon (item));
  gtk_label_set_text (GTK_LABEL (self->title), spare_authority_item_get_title (item));
  gtk_label_set_text (GTK_LABEL (self->subtitle), spare_authority_item_get_subtitle (item));
  gtk_widget_set_visible (GTK_WIDGET (self->chip), chip != NULL);
  if (chip)
    {
      spare_chip_set (self->chip, spare_authority_item_get_chip_icon (item), chip);
      spare_chip_show_at_least (self->chip, CHIP_CHARS);
    }
  if (self->style)
    gtk_widget_remove_css_class (GTK_WIDGET (self->chip), self->style);
  g_free (self->style);
  self->style = g_strdup (style);
  if (style)
    gtk_widget_add_css_class (GTK_WIDGET (self->chip), style);
  name_row (self);
}

static void
spare_authority_row_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (spare_authority_row_parent_class)->root (widget);
  name_row (SPARE_AUTHORITY_ROW (widget));
}

static void
spare_authority_row_finalize (GObject *object)
{
  SpareAuthorityRow *self = SPARE_AUTHORITY_ROW (object);

  g_clear_object (&self->item);
  g_free (self->style);
  G_OBJECT_CLASS (spare_authority_row_parent_class)->finalize (object);
}

static void
spare_authority_row_class_init (SpareAuthorityRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_authority_row_finalize;
  GTK_WIDGET_CLASS (klass)->root = spare_authority_row_root;
}

static GtkWidget *
row_label (GtkBox *box)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_box_append (box, label);
  return label;
}

static void
spare_authority_row_init (SpareAuthorityRow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  gtk_box_set_spacing (GTK_BOX (self), 12);
  gtk_widget_add_css_class (GTK_WIDGET (self), "job-row");
  self->icon = g_object_new (GTK_TYPE_IMAGE, "pixel-size", 24, "accessible-role",
                             GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_box_append (GTK_BOX (self), self->icon);
  gtk_widget_set_hexpand (box, TRUE);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  self->title = row_label (GTK_BOX (box));
  self->subtitle = row_label (GTK_BOX (box));
  gtk_widget_add_css_class (self->subtitle, "caption");
  gtk_widget_add_css_class (self->subtitle, "dim-label");
  gtk_box_append (GTK_BOX (self), box);
  self->chip = SPARE_CHIP (spare_chip_new ("object-select-symbolic", "", FALSE));
  gtk_widget_set_valign (GTK_WIDGET (self->chip), GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->chip));
}

GtkWidget *
spare_authority_row_new (void)
{
  return g_object_new (SPARE_TYPE_AUTHORITY_ROW, NULL);
}
