/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox as a list that is read page by page, as it is scrolled to: a hundred thousand packets cost as much as those
 * that are seen.
 *
 * Promise: the database is read in threads only. Changes that come in a hurry (ten thousand files) are read once they
 * have settled for a moment. The main loop is held for a few milliseconds at once: while the list is not seen only its
 * counts are kept up to date, and what is seen is changed a few rows at a time. What another process changes, such as the
 * command line, is seen too. */
#include "config.h"

#include "spare-outbox-model.h"

#include "spare-outbox-item.h"

#include <gtk/gtk.h>
#include <string.h>

#define PAGE_ITEMS  100
#define SETTLE_MSEC 250

/* The view keeps some two hundred rows as widgets; making or filling one takes about half a millisecond, so it is done a few
 * rows at a time, after those before were drawn. */
#define ROWS_KEPT  250
#define STEP_ROWS  8
#define STEP_MSEC  15
#define STEP_LATER (GDK_PRIORITY_REDRAW + 10)

struct _SpareOutboxModel
{
  GObject parent_instance;

  SpareOutbox *outbox;
  GFileMonitor *monitor; /* of the database; NULL: there is no such thing here */
  GCancellable *cancellable;
  guint counts[3];
  gboolean active;
  guint n_items;     /* that the list has, on its way to the sum of @counts */
  guint generation;  /* what was read before a refresh is not shown after it */
  GHashTable *pages; /* position / PAGE_ITEMS → GPtrArray of SpareOutboxItem */
  GQueue unshown;    /* Filling: what was read and is not in the rows yet */
  guint step_source;
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

typedef struct
{
  GPtrArray *items;
  GPtrArray *entries;
  guint next;
} Filling;

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
filling_free (Filling *filling)
{
  g_ptr_array_unref (filling->items);
  g_ptr_array_unref (filling->entries);
  g_free (filling);
}

static guint
total (SpareOutboxModel *self)
{
  return self->counts[0] + self->counts[1] + self->counts[2];
}

/* The next few rows of what was read; returns whether there are more. */
static gboolean
fill_some (SpareOutboxModel *self)
{
  Filling *filling;
  guint n = 0;

  while (n < STEP_ROWS && (filling = g_queue_peek_head (&self->unshown)))
    if (filling->next < MIN (filling->items->len, filling->entries->len))
      {
        SpareOutboxItem *item = g_ptr_array_index (filling->items, filling->next);

        if (spare_outbox_item_set_entry (item,
                                         g_ptr_array_index (filling->entries, filling->next))
            && spare_outbox_item_is_shown (item))
          n++;
        filling->next++;
      }
    else
      filling_free (g_queue_pop_head (&self->unshown));
  return !g_queue_is_empty (&self->unshown);
}

/* The list grows at its end, a few rows at a time until the view makes no more of them; returns whether it grows on. */
static gboolean
grow_some (SpareOutboxModel *self)
{
  guint before = self->n_items;
  guint target = total (self);

  if (before >= target)
    return FALSE;
  self->n_items = before < ROWS_KEPT ? MIN (target, before + STEP_ROWS) : target;
  g_list_model_items_changed (G_LIST_MODEL (self), before, 0, self->n_items - before);
  return self->n_items < target;
}

static gboolean
step_cb (gpointer user_data)
{
  SpareOutboxModel *self = user_data;

  if (fill_some (self) || grow_some (self) || !g_queue_is_empty (&self->unshown))
    return G_SOURCE_CONTINUE;
  self->step_source = 0;
  return G_SOURCE_REMOVE;
}

static void
start_steps (SpareOutboxModel *self)
{
  if (self->step_source == 0)
    self->step_source = g_timeout_add_full (STEP_LATER, STEP_MSEC, step_cb, self, NULL);
}

static void
page_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareOutboxModel *self = SPARE_OUTBOX_MODEL (source);
  Request *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), &error);
  GPtrArray *items;
  Filling *filling;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || request->generation != self->generation)
    return;
  if (entries == NULL)
    {
      g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  items = g_hash_table_lookup (self->pages, GUINT_TO_POINTER (request->page));
  if (items == NULL)
    return;
  filling = g_new0 (Filling, 1);
  filling->items = g_ptr_array_ref (items);
  filling->entries = g_steal_pointer (&entries);
  g_queue_push_tail (&self->unshown, filling);
  start_steps (self);
}

static void
read_page (SpareOutboxModel *self, guint page)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, page_cb, NULL);

  g_task_set_task_data (task, request_new (self, page), (GDestroyNotify) request_free);
  g_task_run_in_thread (task, page_thread);
}

/* A page has places for all that it can hold: the list may grow to them. */
static GPtrArray *
ensure_page (SpareOutboxModel *self, guint page)
{
  GPtrArray *items = g_hash_table_lookup (self->pages, GUINT_TO_POINTER (page));

  if (items)
    return items;
  items = g_ptr_array_new_full (PAGE_ITEMS, g_object_unref);
  for (guint i = 0; i < PAGE_ITEMS; i++)
    g_ptr_array_add (items, spare_outbox_item_new ());
  g_hash_table_insert (self->pages, GUINT_TO_POINTER (page), items);
  read_page (self, page);
  return items;
}

static gboolean
is_shown (GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    if (spare_outbox_item_is_shown (g_ptr_array_index (items, i)))
      return TRUE;
  return FALSE;
}

/* Brings the list to what was counted. Its places stay, and so do the rows of the view: only what they say is read anew. */
static void
read_anew (SpareOutboxModel *self)
{
  guint before = self->n_items;
  guint target = total (self);
  GHashTableIter pages;
  gpointer page, items;

  self->generation++;
  g_queue_clear_full (&self->unshown, (GDestroyNotify) filling_free);
  if (before > target)
    {
      self->n_items = target;
      g_list_model_items_changed (G_LIST_MODEL (self), target, before - target, 0);
    }
  g_hash_table_iter_init (&pages, self->pages);
  while (g_hash_table_iter_next (&pages, &page, &items))
    if (is_shown (items))
      read_page (self, GPOINTER_TO_UINT (page));
    else
      g_hash_table_iter_remove (&pages);
  if (self->n_items < target)
    start_steps (self);
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

  self->counting = FALSE;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  memcpy (self->counts, request->counts, sizeof self->counts);
  if (self->active)
    read_anew (self);
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

/* Whether the list is seen; while it is not, it stays as it was. */
void
spare_outbox_model_set_active (SpareOutboxModel *self, gboolean active)
{
  if (active && !self->active)
    start_counting (self);
  self->active = active;
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
  g_clear_handle_id (&self->step_source, g_source_remove);
  g_clear_object (&self->monitor);
  g_queue_clear_full (&self->unshown, (GDestroyNotify) filling_free);
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
  g_queue_init (&self->unshown);
  self->pages = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
}

SpareOutboxModel *
spare_outbox_model_new (SpareOutbox *outbox)
{
  SpareOutboxModel *self = g_object_new (SPARE_TYPE_OUTBOX_MODEL, NULL);
  g_autoptr (GFile) database = g_file_new_for_path (spare_outbox_get_path (outbox));

  self->outbox = g_object_ref (outbox);
  self->monitor = g_file_monitor_file (database, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor)
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (spare_outbox_model_refresh),
                             self, G_CONNECT_SWAPPED);
  g_signal_connect_object (outbox, "changed", G_CALLBACK (spare_outbox_model_refresh), self,
                           G_CONNECT_SWAPPED);
  start_counting (self);
  return self;
}
