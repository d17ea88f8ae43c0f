/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What another process changed: the command line beside the window, or a window beside the command line.
 *
 * Promise: after a refresh the key in use and the authority are those that the files name now. Nothing is
 * asked of the engine while the files are those that were read last.
 */
#include "config.h"

#include "spare-owner-private.h"

#include <glib/gstdio.h>

static void
add_to_stamp (GString *stamp, const char *path)
{
  GStatBuf info;

  if (g_stat (path, &info) == 0)
    g_string_append_printf (stamp, "%llu %lld %lld.%09ld\n", (unsigned long long) info.st_ino,
                            (long long) info.st_size, (long long) info.st_mtim.tv_sec,
                            info.st_mtim.tv_nsec);
  else
    g_string_append (stamp, "-\n");
}

/*
 * spare_owner_dup_stamp_private:
 *
 * Returns: (transfer full): what tells one state of the files from another. They are replaced, never written
 *   over, so a change shows in the inode too
 */
char *
spare_owner_dup_stamp_private (SpareOwner *self)
{
  static const char *const names[] = { "owner.ini", "authority.ini", "authority.asc",
                                       "certificates" };
  GString *stamp = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->data_directory, names[i], NULL);

      add_to_stamp (stamp, path);
    }
  return g_string_free (stamp, FALSE);
}

void
spare_owner_set_stamp_private (SpareOwner *self, char *stamp /* transfer full */)
{
  g_mutex_lock (&self->lock);
  g_free (self->stamp);
  self->stamp = stamp;
  g_mutex_unlock (&self->lock);
}

static gboolean
is_known (SpareOwner *self, const char *stamp)
{
  gboolean known;

  g_mutex_lock (&self->lock);
  /* What was never opened has nothing to refresh. */
  known = self->state == SPARE_OWNER_CLOSED || g_strcmp0 (stamp, self->stamp) == 0;
  g_mutex_unlock (&self->lock);
  return known;
}

/**
 * spare_owner_refresh_sync:
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Reads again what another process may have changed since it was read: which key is in use, its certificate,
 * the authority, the recipients. Cheap when nothing was. Never asks the person anything that opening would not.
 *
 * Returns: %FALSE with an error as of spare_owner_open_sync(); what was known holds on
 */
gboolean
spare_owner_refresh_sync (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autofree char *stamp = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self), FALSE);

  operation = g_mutex_locker_new (&self->operation);
  /* Taken first: what changes while the files are read shows the next time. */
  stamp = spare_owner_dup_stamp_private (self);
  if (is_known (self, stamp))
    return TRUE;
  if (!spare_owner_reload_private (self, cancellable, error))
    return FALSE;

  spare_owner_set_stamp_private (self, g_steal_pointer (&stamp));
  spare_owner_update_state_private (self);
  return TRUE;
}
