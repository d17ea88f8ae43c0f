/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thing of the authority's lists: a packet, an owner, a case, a row of the log, and how its row reads. */
#include "config.h"

#include "spare-authority-item.h"

struct _SpareAuthorityItem
{
  GObject parent_instance;

  gint64 position; /* where the next page begins after this one */
  gpointer record;
  GDestroyNotify free_record;
  char *icon, *title, *subtitle;
  char *chip_icon, *chip_text, *chip_style;
};

G_DEFINE_FINAL_TYPE (SpareAuthorityItem, spare_authority_item, G_TYPE_OBJECT)

static void
spare_authority_item_finalize (GObject *object)
{
  SpareAuthorityItem *self = SPARE_AUTHORITY_ITEM (object);

  if (self->free_record)
    self->free_record (self->record);
  g_free (self->icon);
  g_free (self->title);
  g_free (self->subtitle);
  g_free (self->chip_icon);
  g_free (self->chip_text);
  g_free (self->chip_style);
  G_OBJECT_CLASS (spare_authority_item_parent_class)->finalize (object);
}

static void
spare_authority_item_class_init (SpareAuthorityItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_authority_item_finalize;
}

static void
spare_authority_item_init (SpareAuthorityItem *self)
{
}

SpareAuthorityItem *
spare_authority_item_new (gint64 position, gpointer record, GDestroyNotify free_record)
{
  SpareAuthorityItem *self = g_object_new (SPARE_TYPE_AUTHORITY_ITEM, NULL);

  self->position = position;
  self->record = record;
  self->free_record = free_record;
  return self;
}

void
spare_authority_item_set_text (SpareAuthorityItem *self,
                               const char *icon,
                               const char *title,
                               const char *subtitle)
{
  self->icon = g_strdup (icon);
  self->title = g_strdup (title);
  self->subtitle = g_strdup (subtitle);
}

/* @style: (nullable): "authority", "pending" or "unusable", as in style.css. */
void
spare_authority_item_set_chip (SpareAuthorityItem *self,
                               const char *icon,
                               const char *text,
                               const char *style)
{
  self->chip_icon = g_strdup (icon);
  self->chip_text = g_strdup (text);
  self->chip_style = g_strdup (style);
}

gint64
spare_authority_item_get_position (SpareAuthorityItem *self)
{
  return self->position;
}

gpointer
spare_authority_item_get_record (SpareAuthorityItem *self)
{
  return self->record;
}

const char *
spare_authority_item_get_icon (SpareAuthorityItem *self)
{
  return self->icon;
}

const char *
spare_authority_item_get_title (SpareAuthorityItem *self)
{
  return self->title;
}

const char *
spare_authority_item_get_subtitle (SpareAuthorityItem *self)
{
  return self->subtitle;
}

const char *
spare_authority_item_get_chip_icon (SpareAuthorityItem *self)
{
  return self->chip_icon;
}

const char *
spare_authority_item_get_chip_text (SpareAuthorityItem *self)
{
  return self->chip_text;
}

const char *
spare_authority_item_get_chip_style (SpareAuthorityItem *self)
{
  return self->chip_style;
}
