/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of the authority's, read page by page as it is scrolled: of a million packets those that were looked at are here.
 *
 * Promise: the database is read in threads only. Changes that come in a hurry are read once they have settled for a
 * moment; what was read for an older question is never shown for a newer one. */
#include "config.h"

#include "spare-authority-model.h"

#define PAGE_ITEMS  100
#define SETTLE_MSEC 250

struct _SpareAuthorityModel
{
  GObject parent_instance;

  SpareAuthoritySession *session;
  SpareAuthorityFetchFunc fetch;
  GPtrArray *items; /* of SpareAuthorityItem */
  char *query;
  guint64 total;
  guint generation; /* what was asked before a refresh is not shown after it */
  guint settle_source;
  gboolean complete; /* there are no further pages */
  gboolean fetching; /* a page of this generation is under way */
};

typedef struct
{
  SpareAuthorityFetchFunc fetch;
  char *query;
  gint64 after;
  guint limit;
  guint generation;
  guint64 total;
} Request;

enum
{
  LOADED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SpareAuthorityModel,
                               spare_authority_model,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->query);
  g_free (request);
}

static gpointer
fetch_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  Request *request = data;

  return request->fetch (authority, request->query, request->after, request->limit,
                         &request->total, error);
}

static void
fetched_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthorityModel *self = SPARE_AUTHORITY_MODEL (object);
  Request *request = data;
  GPtrArray *page = result;
  guint before = self->items->len;

  if (request->generation != self->generation)
    return;
  self->fetching = FALSE;
  if (page == NULL)
    {
      self->complete = TRUE;
      g_signal_emit (self, signals[FAILED], 0, error->message);
      return;
    }
  self->complete = page->len < request->limit;
  if (request->after == 0)
    {
      self->total = request->total;
      g_ptr_array_set_size (self->items, 0);
    }
  for (guint i = 0; i < page->len; i++)
    g_ptr_array_add (self->items, g_object_ref (g_ptr_array_index (page, i)));
  if (request->after == 0)
    {
      g_list_model_items_changed (G_LIST_MODEL (self), 0, before, page->len);
      g_signal_emit (self, signals[LOADED], 0);
    }
  else
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, page->len);
}

static void
fetch_page (SpareAuthorityModel *self, gboolean first)
{
  Request *request;

  if (!spare_authority_session_is_open (self->session))
    return;
  request = g_new0 (Request, 1);
  request->fetch = self->fetch;
  request->query = g_strdup (self->query);
  /* A refresh reads again as much as was there, so that the list stays where it was scrolled to. */
  request->limit = first ? CLAMP (self->items->len, PAGE_ITEMS, 10 * PAGE_ITEMS) : PAGE_ITEMS;
  if (!first && self->items->len > 0)
    request->after = spare_authority_item_get_position (
        g_ptr_array_index (self->items, self->items->len - 1));
  if (first)
    self->generation++;
  request->generation = self->generation;
  self->fetching = TRUE;
  spare_authority_session_run (self->session, fetch_work, request, request_free,
                               (GDestroyNotify) g_ptr_array_unref, NULL, fetched_cb, self);
}

static gboolean
settled_cb (gpointer user_data)
{
  SpareAuthorityModel *self = user_data;

  self->settle_source = 0;
  fetch_page (self, TRUE);
  return G_SOURCE_REMOVE;
}

void
spare_authority_model_refresh (SpareAuthorityModel *self)
{
  if (self->settle_source == 0)
    self->settle_source = g_timeout_add (SETTLE_MSEC, settled_cb, self);
}

void
spare_authority_model_set_query (SpareAuthorityModel *self, const char *query)
{
  if (query && *query == '\0')
    query = NULL;
  if (g_strcmp0 (self->query, query) == 0)
    return;
  g_free (self->query);
  self->query = g_strdup (query);
  fetch_page (self, TRUE);
}

const char *
spare_authority_model_get_query (SpareAuthorityModel *self)
{
  return self->query;
}

guint64
spare_authority_model_get_total (SpareAuthorityModel *self)
{
  return self->total;
}

/* --- GListModel --- */

static GType
get_item_type (GListModel *model)
{
  return SPARE_TYPE_AUTHORITY_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return SPARE_AUTHORITY_MODEL (model)->items->len;
}

/* The view asks for what it shows: near the end the next page is read. */
static gpointer
get_item (GListModel *model, guint position)
{
  SpareAuthorityModel *self = SPARE_AUTHORITY_MODEL (model);

  if (position >= self->items->len)
    return NULL;
  if (position + PAGE_ITEMS / 2 >= self->items->len && !self->complete && !self->fetching)
    fetch_page (self, FALSE);
  return g_object_ref (g_ptr_array_index (self->items, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
spare_authority_model_dispose (GObject *object)
{
  SpareAuthorityModel *self = SPARE_AUTHORITY_MODEL (object);

  g_clear_handle_id (&self->settle_source, g_source_remove);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (spare_authority_model_parent_class)->dispose (object);
}

static void
spare_authority_model_finalize (GObject *object)
{
  SpareAuthorityModel *self = SPARE_AUTHORITY_MODEL (object);

  g_ptr_array_unref (self->items);
  g_free (self->query);
  G_OBJECT_CLASS (spare_authority_model_parent_class)->finalize (object);
}

static void
spare_authority_model_class_init (SpareAuthorityModelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_authority_model_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_authority_model_finalize;
  signals[LOADED] = g_signal_new ("loaded", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
spare_authority_model_init (SpareAuthorityModel *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

SpareAuthorityModel *
spare_authority_model_new (SpareAuthoritySession *session, SpareAuthorityFetchFunc fetch)
{
  SpareAuthorityModel *self = g_object_new (SPARE_TYPE_AUTHORITY_MODEL, NULL);

  self->session = g_object_ref (session);
  self->fetch = fetch;
  g_signal_connect_object (session, "opened", G_CALLBACK (spare_authority_model_refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "changed", G_CALLBACK (spare_authority_model_refresh), self,
                           G_CONNECT_SWAPPED);
  spare_authority_model_refresh (self);
  return self;
}
