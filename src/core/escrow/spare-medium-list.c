/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The removable media that are mounted now.
 *
 * Promise: the list is what the system says it is, from the first moment on; what comes or goes is added or taken away
 * as itself, so that a person's choice among the others stays.
 */
#include "config.h"

#include "spare-medium-list.h"

struct _SpareMediumList
{
  GObject parent_instance;
  GVolumeMonitor *monitor;
  GPtrArray *media;
};

static GType
get_item_type (GListModel *model)
{
  return SPARE_TYPE_MEDIUM;
}

static guint
get_n_items (GListModel *model)
{
  return SPARE_MEDIUM_LIST (model)->media->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SpareMediumList *self = SPARE_MEDIUM_LIST (model);

  return position < self->media->len ? g_object_ref (g_ptr_array_index (self->media, position))
                                     : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SpareMediumList,
                               spare_medium_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  PROP_MONITOR = 1,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static gboolean
find (SpareMediumList *self, GMount *mount, guint *position)
{
  for (guint i = 0; i < self->media->len; i++)
    if (spare_medium_get_mount (g_ptr_array_index (self->media, i)) == mount)
      {
        *position = i;
        return TRUE;
      }
  return FALSE;
}

static void
remove_at (SpareMediumList *self, guint position)
{
  g_ptr_array_remove_index (self->media, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

/* Adds, keeps or takes away: as the mount is now. */
static void
look_at (SpareMediumList *self, GMount *mount)
{
  gboolean wanted = spare_medium_mount_is_removable (mount);
  guint position;

  if (find (self, mount, &position))
    {
      if (wanted)
        spare_medium_refresh (g_ptr_array_index (self->media, position));
      else
        remove_at (self, position);
    }
  else if (wanted)
    {
      g_ptr_array_add (self->media, spare_medium_new (mount));
      g_list_model_items_changed (G_LIST_MODEL (self), self->media->len - 1, 0, 1);
    }
}

static void
mount_changed_cb (GVolumeMonitor *monitor, GMount *mount, SpareMediumList *self)
{
  look_at (self, mount);
}

static void
mount_removed_cb (GVolumeMonitor *monitor, GMount *mount, SpareMediumList *self)
{
  guint position;

  if (find (self, mount, &position))
    remove_at (self, position);
}

static void
spare_medium_list_constructed (GObject *object)
{
  SpareMediumList *self = SPARE_MEDIUM_LIST (object);
  GList *mounts;

  G_OBJECT_CLASS (spare_medium_list_parent_class)->constructed (object);
  if (self->monitor == NULL)
    self->monitor = g_volume_monitor_get ();
  g_signal_connect_object (self->monitor, "mount-added", G_CALLBACK (mount_changed_cb), self,
                           0);
  g_signal_connect_object (self->monitor, "mount-changed", G_CALLBACK (mount_changed_cb), self,
                           0);
  g_signal_connect_object (self->monitor, "mount-removed", G_CALLBACK (mount_removed_cb), self,
                           0);
  mounts = g_volume_monitor_get_mounts (self->monitor);
  for (GList *link = mounts; link != NULL; link = link->next)
    look_at (self, link->data);
  g_list_free_full (mounts, g_object_unref);
}

static void
spare_medium_list_set_property (GObject *object,
                                guint id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  SpareMediumList *self = SPARE_MEDIUM_LIST (object);

  if (id == PROP_MONITOR)
    self->monitor = g_value_dup_object (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
spare_medium_list_finalize (GObject *object)
{
  SpareMediumList *self = SPARE_MEDIUM_LIST (object);

  g_clear_object (&self->monitor);
  g_ptr_array_unref (self->media);
  G_OBJECT_CLASS (spare_medium_list_parent_class)->finalize (object);
}

static void
spare_medium_list_class_init (SpareMediumListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = spare_medium_list_constructed;
  object_class->set_property = spare_medium_list_set_property;
  object_class->finalize = spare_medium_list_finalize;
  props[PROP_MONITOR] = g_param_spec_object ("monitor", NULL, NULL, G_TYPE_VOLUME_MONITOR,
                                             G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY
                                                 | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
spare_medium_list_init (SpareMediumList *self)
{
  self->media = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * spare_medium_list_new:
 *
 * Returns: (transfer full): the removable media that are mounted, a list model of #SpareMedium
 */
SpareMediumList *
spare_medium_list_new (void)
{
  return spare_medium_list_new_for_monitor (NULL);
}

/**
 * spare_medium_list_new_for_monitor:
 * @monitor: (nullable): says what is mounted; %NULL for the system's
 *
 * Returns: (transfer full): the removable media that it knows
 */
SpareMediumList *
spare_medium_list_new_for_monitor (GVolumeMonitor *monitor)
{
  return g_object_new (SPARE_TYPE_MEDIUM_LIST, "monitor", monitor, NULL);
}

/**
 * spare_medium_list_find:
 * @self: a list
 * @path: (type filename): path of a folder
 *
 * Returns: (transfer none) (nullable): the medium that is mounted at @path
 */
SpareMedium *
spare_medium_list_find (SpareMediumList *self, const char *path)
{
  for (guint i = 0; i < self->media->len; i++)
    {
      SpareMedium *medium = g_ptr_array_index (self->media, i);

      if (g_strcmp0 (spare_medium_get_path (medium), path) == 0)
        return medium;
    }
  return NULL;
}
