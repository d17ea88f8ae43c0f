/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A place in the list of packets: empty until its page was read, then with what the outbox says. */
#include "config.h"

#include "spare-outbox-item.h"

struct _SpareOutboxItem
{
  GObject parent_instance;

  SpareOutboxEntry *entry;
};

enum
{
  LOADED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareOutboxItem, spare_outbox_item, G_TYPE_OBJECT)

static void
spare_outbox_item_finalize (GObject *object)
{
  g_clear_pointer (&SPARE_OUTBOX_ITEM (object)->entry, spare_outbox_entry_free);
  G_OBJECT_CLASS (spare_outbox_item_parent_class)->finalize (object);
}

static void
spare_outbox_item_class_init (SpareOutboxItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_outbox_item_finalize;
  signals[LOADED] = g_signal_new ("loaded", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_outbox_item_init (SpareOutboxItem *self)
{
}

SpareOutboxItem *
spare_outbox_item_new (void)
{
  return g_object_new (SPARE_TYPE_OUTBOX_ITEM, NULL);
}

static gboolean
same (const SpareOutboxEntry *a, const SpareOutboxEntry *b)
{
  return a && g_str_equal (a->serial, b->serial) && a->state == b->state
         && g_strcmp0 (a->place, b->place) == 0 && !a->packet == !b->packet;
}

/* A packet that is what it was is not told of: of those that are read again most are. */
gboolean
spare_outbox_item_set_entry (SpareOutboxItem *self, const SpareOutboxEntry *entry)
{
  if (same (self->entry, entry))
    return FALSE;
  g_clear_pointer (&self->entry, spare_outbox_entry_free);
  self->entry = spare_outbox_entry_copy (entry);
  g_signal_emit (self, signals[LOADED], 0);
  return TRUE;
}

gboolean
spare_outbox_item_is_shown (SpareOutboxItem *self)
{
  return g_signal_has_handler_pending (self, signals[LOADED], 0, TRUE);
}

const SpareOutboxEntry *
spare_outbox_item_get_entry (SpareOutboxItem *self)
{
  return self->entry;
}
