/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of one file, in a sentence. */
#include "config.h"

#include "spare-reason-item.h"

struct _SpareReasonItem
{
  GObject parent_instance;

  char *path;
  char *text;
  const char *icon; /* interned */
};

G_DEFINE_FINAL_TYPE (SpareReasonItem, spare_reason_item, G_TYPE_OBJECT)

const char *
spare_reason_item_get_path (SpareReasonItem *self)
{
  return self->path;
}

const char *
spare_reason_item_get_text (SpareReasonItem *self)
{
  return self->text;
}

const char *
spare_reason_item_get_icon (SpareReasonItem *self)
{
  return self->icon;
}

static void
spare_reason_item_finalize (GObject *object)
{
  SpareReasonItem *self = SPARE_REASON_ITEM (object);

  g_free (self->path);
  g_free (self->text);
  G_OBJECT_CLASS (spare_reason_item_parent_class)->finalize (object);
}

static void
spare_reason_item_class_init (SpareReasonItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_reason_item_finalize;
}

static void
spare_reason_item_init (SpareReasonItem *self)
{
}

SpareReasonItem *
spare_reason_item_new (const char *path, const char *text, const char *icon)
{
  SpareReasonItem *self = g_object_new (SPARE_TYPE_REASON_ITEM, NULL);

  self->path = g_strdup (path);
  self->text = g_strdup (text);
  self->icon = g_intern_string (icon);
  return self;
}
