/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox as a list that is read page by page, as it is scrolled to: a hundred thousand packets cost as much as those
 * that are seen.
 *
 * Promise: the database is read in threads only. Changes that come in a hurry (ten thousand files) are read once they
 * have settled for a moment. */
#include "config.h"

#include "spare-outbox-model.h"

#include "spare-outbox-item.h"

#define PAGE_ITEMS  100
#define SETTLE_MSEC 250

struct _SpareOutboxModel
{
  GObject parent_instance;

  SpareOutbox *outbox;
  GCancellable *cancellable;
  guint counts[3];
  guint n_items;
  guint generation;  /* what was read before a refresh is not shown after it */
  GHashTable *pages; /* position / PAGE_ITEMS → GPtrArray of SpareOutboxItem */
  guint settle_source;
  gboolean counting;
  gboolean count_again;
};

typedef struct
{
  SpareOutbox *outbox;
  guint page;
  guint generation;
  guint counts[3];
} Request;

enum
{
  COUNTED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SpareOutboxModel,
                               spare_outbox_model,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
request_free (Request *request)
{
  g_object_unref (request->outbox);
  g_free (request);
}

static Request *
request_new (SpareOutboxModel *self, guint page)
{
  Request *request = g_new0 (Request, 1);

  request->outbox = g_object_ref (self->outbox);
  request->page = page;
  request->generation = self->generation;
  return request;
}

static void
page_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Request *request = task_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = spare_outbox_list_sync (request->outbox, -1, PAGE_ITEMS,
                                               request->page * PAGE_ITEMS, &error);

  if (entries)
    g_task_return_pointer (task, entries, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
page_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareOutboxModel *self = SPARE_OUTBOX_MODEL (source);
  Request *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), &error);
  GPtrArray *items;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || request->generation != self->generation)
    return;
  if (entries == NULL)
    {
      g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  items = g_hash_table_lookup (self->pages, GUINT_TO_POINTER (request->page));
  for (guint i = 0; items && i < items->len && i < entries->len; i++)
    spare_outbox_item_set_entry (g_ptr_array_index (items, i), g_ptr_array_index (entries, i));
}

static GPtrArray *
ensure_page (SpareOutboxModel *self, guint page)
{
  GPtrArray *items = g_hash_table_lookup (self->pages, GUINT_TO_POINTER (page));
  guint length = MIN (PAGE_ITEMS, self->n_items - page * PAGE_ITEMS);
  g_autoptr (GTask) task = NULL;

  if (items)
    return items;
  items = g_ptr_array_new_full (length, g_object_unref);
  for (guint i = 0; i < length; i++)
    g_ptr_array_add (items, spare_outbox_item_new ());
  g_hash_table_insert (self->pages, GUINT_TO_POINTER (page), items);

  task = g_task_new (self, self->cancellable, page_cb, NULL);
  g_task_set_task_data (task, request_new (self, page), (GDestroyNotify) request_free);
  g_task_run_in_thread (task, page_thread);
  return items;
}

static void
count_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Request *request = task_data;
  g_autoptr (GError) error = NULL;

  if (spare_outbox_count_sync (request->outbox, request->counts, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void start_counting (SpareOutboxModel *self);

static void
count_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareOutboxModel *self = SPARE_OUTBOX_MODEL (source);
  Request *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  guint before = self->n_items;

  self->counting = FALSE;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  self->n_items = 0;
  for (guint i = 0; i < G_N_ELEMENTS (self->counts); i++)
    {
      self->counts[i] = request->counts[i];
      self->n_items += request->counts[i];
    }
  self->generation++;
  g_hash_table_remove_all (self->pages);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->n_items);
  g_signal_emit (self, signals[COUNTED], 0);
  if (self->count_again)
    start_counting (self);
}

static void
start_counting (SpareOutboxModel *self)
{
  g_autoptr (GTask) task = NULL;

  self->count_again = self->counting;
  if (self->counting)
    return;
  self->counting = TRUE;
  task = g_task_new (self, self->cancellable, count_cb, NULL);
  g_task_set_task_data (task, request_new (self, 0), (GDestroyNotify) request_free);
  g_task_run_in_thread (task, count_thread);
}

static gboolean
settled_cb (gpointer user_data)
{
  SpareOutboxModel *self = user_data;

  self->settle_source = 0;
  start_counting (self);
  return G_SOURCE_REMOVE;
}

void
spare_outbox_model_refresh (SpareOutboxModel *self)
{
  if (self->settle_source == 0)
    self->settle_source = g_timeout_add (SETTLE_MSEC, settled_cb, self);
}

guint
spare_outbox_model_get_count (SpareOutboxModel *self, SpareOutboxState state)
{
  return self->counts[state];
}

static GType
get_item_type (GListModel *model)
{
  return SPARE_TYPE_OUTBOX_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return SPARE_OUTBOX_MODEL (model)->n_items;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SpareOutboxModel *self = SPARE_OUTBOX_MODEL (model);

  if (position >= self->n_items)
    return NULL;
  return g_object_ref (
      g_ptr_array_index (ensure_page (self, position / PAGE_ITEMS), position % PAGE_ITEMS));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
spare_outbox_model_dispose (GObject *object)
{
  SpareOutboxModel *self = SPARE_OUTBOX_MODEL (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->settle_source, g_source_remove);
  g_clear_object (&self->outbox);
  G_OBJECT_CLASS (spare_outbox_model_parent_class)->dispose (object);
}

static void
spare_outbox_model_finalize (GObject *object)
{
  SpareOutboxModel *self = SPARE_OUTBOX_MODEL (object);

  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->pages);
  G_OBJECT_CLASS (spare_outbox_model_parent_class)->finalize (object);
}

static void
spare_outbox_model_class_init (SpareOutboxModelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_outbox_model_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_outbox_model_finalize;
  signals[COUNTED] = g_signal_new ("counted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
spare_outbox_model_init (SpareOutboxModel *self)
{
  self->cancellable = g_cancellable_new ();
  self->pages = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
}

SpareOutboxModel *
spare_outbox_model_new (SpareOutbox *outbox)
{
  SpareOutboxModel *self = g_object_new (SPARE_TYPE_OUTBOX_MODEL, NULL);

  self->outbox = g_object_ref (outbox);
  g_signal_connect_object (outbox, "changed", G_CALLBACK (spare_outbox_model_refresh), self,
                           G_CONNECT_SWAPPED);
  start_counting (self);
  return self;
}
