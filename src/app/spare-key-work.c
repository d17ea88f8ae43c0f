/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the preferences do to a key, off the main thread, by the owner's side.
 *
 * Promise: an export appears whole under its name or not at all; passphrases stay in secure memory. */
#include "config.h"

#include "spare-key-work.h"

#include "spare-output.h"

SpareKeyWork *
spare_key_work_new (SpareKeyWorkKind kind, const char *fingerprint)
{
  SpareKeyWork *work = g_new0 (SpareKeyWork, 1);

  work->kind = kind;
  work->fingerprint = g_strdup (fingerprint);
  return work;
}

void
spare_key_work_free (SpareKeyWork *work)
{
  g_free (work->fingerprint);
  g_clear_pointer (&work->passphrase, spare_secret_unref);
  g_free (work->path);
  g_free (work);
}

/* The file chooser has asked already whether an existing file is to be replaced. */
static gboolean
write_out (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autoptr (SpareOutput)
      output = spare_output_open (path, SPARE_CONFLICT_REPLACE, (goffset) size, error);

  return output && spare_output_write (output, data, size, error)
         && spare_output_sync (output, error)
         && spare_output_publish (output, SPARE_PUBLISH_NONE, NULL, error);
}

static gboolean
work_sync (SpareOwner *owner, SpareKeyWork *work, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SpareSecret) secret = NULL;

  switch (work->kind)
    {
    case SPARE_KEY_WORK_EXPORT:
      octets = spare_owner_export_key_sync (owner, work->fingerprint, cancellable, error);
      return octets
             && write_out (work->path, g_bytes_get_data (octets, NULL),
                           g_bytes_get_size (octets), error);
    case SPARE_KEY_WORK_EXPORT_SECRET:
      secret = spare_owner_export_secret_key_sync (owner, work->fingerprint, work->passphrase,
                                                   cancellable, error);
      return secret
             && write_out (work->path, spare_secret_get_data (secret),
                           spare_secret_get_size (secret), error);
    case SPARE_KEY_WORK_EXTEND:
      return spare_owner_extend_key_sync (owner, work->fingerprint, work->until, cancellable,
                                          error);
    case SPARE_KEY_WORK_REVOKE:
      return spare_owner_revoke_key_sync (owner, work->fingerprint, cancellable, error);
    case SPARE_KEY_WORK_DELETE:
    default:
      return spare_owner_delete_key_sync (owner, work->fingerprint, cancellable, error);
    }
}

static void
work_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (work_sync (source, task_data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
spare_key_work_run_async (SpareOwner *owner,
                          SpareKeyWork *work,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);

  g_task_set_task_data (task, work, (GDestroyNotify) spare_key_work_free);
  g_task_run_in_thread (task, work_thread);
}

const SpareKeyWork *
spare_key_work_get (GAsyncResult *result)
{
  return g_task_get_task_data (G_TASK (result));
}

gboolean
spare_key_work_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
