/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A removable medium that is mounted, as the window shows it.
 *
 * Promise: nothing here waits for the device: a stick that hangs does not hang the window. Its name is a stranger's
 * text, made safe to be shown. Ejecting says in words why it could not be done; what was delivered was on the medium
 * before.
 */
#include "config.h"

#include "spare-medium.h"

#include "spare-display.h"

#include <glib/gi18n-lib.h>

struct _SpareMedium
{
  GObject parent_instance;
  GMount *mount;
  GFile *root;
  GCancellable *asking;
  char *name;
  char *path;
  GIcon *icon;
  guint64 free;
  gboolean read_only;
  gboolean can_eject;
};

G_DEFINE_FINAL_TYPE (SpareMedium, spare_medium, G_TYPE_OBJECT)

enum
{
  PROP_MOUNT = 1,
  PROP_NAME,
  PROP_PATH,
  PROP_ICON,
  PROP_FREE,
  PROP_READ_ONLY,
  PROP_CAN_EJECT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
set_flag (SpareMedium *self, gboolean *flag, gboolean value, guint prop)
{
  if (*flag == value)
    return;
  *flag = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
info_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareMedium) self = user_data;
  g_autoptr (GFileInfo)
      info = g_file_query_filesystem_info_finish (G_FILE (source), result, NULL);
  guint64 octets = SPARE_MEDIUM_FREE_UNKNOWN;

  g_clear_object (&self->asking);
  if (info == NULL)
    return;
  if (g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE))
    octets = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE);
  if (octets != self->free)
    {
      self->free = octets;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FREE]);
    }
  set_flag (self, &self->read_only,
            g_file_info_get_attribute_boolean (info, G_FILE_ATTRIBUTE_FILESYSTEM_READONLY),
            PROP_READ_ONLY);
}

/**
 * spare_medium_refresh:
 * @self: a medium
 *
 * Asks again for free space and whether it can be written; for after a delivery. The answer comes by notification.
 */
void
spare_medium_refresh (SpareMedium *self)
{
  g_return_if_fail (SPARE_IS_MEDIUM (self));

  set_flag (self, &self->can_eject,
            g_mount_can_eject (self->mount) || g_mount_can_unmount (self->mount),
            PROP_CAN_EJECT);
  if (self->asking != NULL)
    return;
  self->asking = g_cancellable_new ();
  g_file_query_filesystem_info_async (self->root,
                                      G_FILE_ATTRIBUTE_FILESYSTEM_FREE
                                      "," G_FILE_ATTRIBUTE_FILESYSTEM_READONLY,
                                      G_PRIORITY_DEFAULT, self->asking, info_cb,
                                      g_object_ref (self));
}

static void
spare_medium_constructed (GObject *object)
{
  SpareMedium *self = SPARE_MEDIUM (object);
  g_autofree char *name = g_mount_get_name (self->mount);

  G_OBJECT_CLASS (spare_medium_parent_class)->constructed (object);
  self->root = g_mount_get_root (self->mount);
  self->path = g_file_get_path (self->root);
  self->name = spare_display_text (name != NULL ? name : "", -1, 80);
  self->icon = g_mount_get_symbolic_icon (self->mount);
  self->free = SPARE_MEDIUM_FREE_UNKNOWN;
  spare_medium_refresh (self);
}

static void
spare_medium_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpareMedium *self = SPARE_MEDIUM (object);

  switch (id)
    {
    case PROP_MOUNT:
      g_value_set_object (value, self->mount);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_ICON:
      g_value_set_object (value, self->icon);
      break;
    case PROP_FREE:
      g_value_set_uint64 (value, self->free);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, self->read_only);
      break;
    case PROP_CAN_EJECT:
      g_value_set_boolean (value, self->can_eject);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
spare_medium_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpareMedium *self = SPARE_MEDIUM (object);

  if (id == PROP_MOUNT)
    self->mount = g_value_dup_object (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
spare_medium_finalize (GObject *object)
{
  SpareMedium *self = SPARE_MEDIUM (object);

  g_clear_object (&self->mount);
  g_clear_object (&self->root);
  g_clear_object (&self->asking);
  g_clear_object (&self->icon);
  g_free (self->name);
  g_free (self->path);
  G_OBJECT_CLASS (spare_medium_parent_class)->finalize (object);
}

static void
spare_medium_class_init (SpareMediumClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = spare_medium_constructed;
  object_class->get_property = spare_medium_get_property;
  object_class->set_property = spare_medium_set_property;
  object_class->finalize = spare_medium_finalize;
  props[PROP_MOUNT] = g_param_spec_object ("mount", NULL, NULL, G_TYPE_MOUNT,
                                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY
                                               | G_PARAM_STATIC_STRINGS);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  props[PROP_ICON] = g_param_spec_object ("icon", NULL, NULL, G_TYPE_ICON, flags);
  props[PROP_FREE] = g_param_spec_uint64 ("free", NULL, NULL, 0, G_MAXUINT64,
                                          SPARE_MEDIUM_FREE_UNKNOWN, flags);
  props[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, flags);
  props[PROP_CAN_EJECT] = g_param_spec_boolean ("can-eject", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
spare_medium_init (SpareMedium *self)
{
}

/**
 * spare_medium_new:
 * @mount: a mount with a local root, see spare_medium_mount_is_removable()
 *
 * Returns: (transfer full): the medium
 */
SpareMedium *
spare_medium_new (GMount *mount)
{
  g_return_val_if_fail (G_IS_MOUNT (mount), NULL);

  return g_object_new (SPARE_TYPE_MEDIUM, "mount", mount, NULL);
}

/**
 * spare_medium_mount_is_removable:
 * @mount: a mount
 *
 * Without UDisks no drive is known; then it counts where it is mounted: below /media or /run/media.
 *
 * Returns: whether it is a medium that can be carried away
 */
gboolean
spare_medium_mount_is_removable (GMount *mount)
{
  g_autoptr (GFile) root = g_mount_get_root (mount);
  g_autoptr (GDrive) drive = g_mount_get_drive (mount);
  const char *path = g_file_peek_path (root);

  if (g_mount_is_shadowed (mount) || path == NULL || !g_file_is_native (root))
    return FALSE;
  return g_mount_can_eject (mount)
         || (drive != NULL && (g_drive_is_removable (drive) || g_drive_can_eject (drive)))
         || g_str_has_prefix (path, "/media/") || g_str_has_prefix (path, "/run/media/");
}

/**
 * spare_medium_get_mount:
 * @self: a medium
 *
 * Returns: (transfer none): its mount
 */
GMount *
spare_medium_get_mount (SpareMedium *self)
{
  return self->mount;
}

/**
 * spare_medium_get_name:
 * @self: a medium
 *
 * Returns: (transfer none): its label as spare_display_text(); plain, never markup
 */
const char *
spare_medium_get_name (SpareMedium *self)
{
  return self->name;
}

/**
 * spare_medium_get_path:
 * @self: a medium
 *
 * Returns: (transfer none) (type filename): its folder
 */
const char *
spare_medium_get_path (SpareMedium *self)
{
  return self->path;
}

/**
 * spare_medium_get_icon:
 * @self: a medium
 *
 * Returns: (transfer none): its symbolic icon
 */
GIcon *
spare_medium_get_icon (SpareMedium *self)
{
  return self->icon;
}

/**
 * spare_medium_get_free:
 * @self: a medium
 *
 * Returns: octets free, or %SPARE_MEDIUM_FREE_UNKNOWN
 */
guint64
spare_medium_get_free (SpareMedium *self)
{
  return self->free;
}

/**
 * spare_medium_get_read_only:
 * @self: a medium
 *
 * Returns: whether it can only be read
 */
gboolean
spare_medium_get_read_only (SpareMedium *self)
{
  return self->read_only;
}

/**
 * spare_medium_get_can_eject:
 * @self: a medium
 *
 * Returns: whether spare_medium_eject_async() can do anything
 */
gboolean
spare_medium_get_can_eject (SpareMedium *self)
{
  return self->can_eject;
}

/* The system's reason in a sentence of ours. What the person was told already, or asked for, stays as it is. */
static void
fail_eject (GTask *task, GError *reason)
{
  SpareMedium *self = g_task_get_source_object (task);

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_FAILED_HANDLED)
      || g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, reason);
      return;
    }
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_BUSY))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _ ("“%s” is still in use, so it was not ejected. What was written "
                                "to it is safe. Close the files on it, then try again."),
                             self->name);
  else
    {
      g_autofree char *said = spare_display_text (reason->message, -1, 200);

      g_task_return_new_error (task, reason->domain, reason->code,
                               _ ("“%s” was not ejected (%s). What was written to it is safe. "
                                  "Close the files on it and try again, or eject it in Files."),
                               self->name, said);
    }
  g_error_free (reason);
}

static void
eject_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *reason = NULL;

  if (g_mount_eject_with_operation_finish (G_MOUNT (source), result, &reason))
    g_task_return_boolean (task, TRUE);
  else
    fail_eject (task, reason);
}

static void
unmount_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *reason = NULL;

  if (g_mount_unmount_with_operation_finish (G_MOUNT (source), result, &reason))
    g_task_return_boolean (task, TRUE);
  else
    fail_eject (task, reason);
}

/**
 * spare_medium_eject_async:
 * @self: a medium
 * @operation: (nullable): asks the person
 * @cancellable: (nullable): to give up waiting
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Ejects the medium, or unmounts it where its drive can't eject.
 */
void
spare_medium_eject_async (SpareMedium *self,
                          GMountOperation *operation,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (SPARE_IS_MEDIUM (self));

  g_task_set_source_tag (task, spare_medium_eject_async);
  if (g_mount_can_eject (self->mount))
    g_mount_eject_with_operation (self->mount, G_MOUNT_UNMOUNT_NONE, operation, cancellable,
                                  eject_cb, g_steal_pointer (&task));
  else if (g_mount_can_unmount (self->mount))
    g_mount_unmount_with_operation (self->mount, G_MOUNT_UNMOUNT_NONE, operation, cancellable,
                                    unmount_cb, g_steal_pointer (&task));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _ ("“%s” can’t be ejected from here. What was written to it is "
                                "safe; eject it where it was mounted."),
                             self->name);
}

/**
 * spare_medium_eject_finish:
 * @self: a medium
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: %FALSE with %G_IO_ERROR_BUSY while it is in use, %G_IO_ERROR_FAILED_HANDLED when @operation told the person
 *   already, or another %G_IO_ERROR
 */
gboolean
spare_medium_eject_finish (SpareMedium *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
