/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keyring's operations for threads: each waits for its asynchronous twin.
 *
 * Promise: no callback of the caller's main context is called meanwhile.
 */
#include "config.h"

#include "spare-keyring-private.h"

static void
sync_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **taken = user_data;

  *taken = g_object_ref (result);
}

/* Runs it in a main context of its own: no callback of the caller's context is called meanwhile. */
static GTask *
run_sync (SpareKeyring *self,
          SpareKeyringCall *call,
          SpareKeyringStep first,
          GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  GAsyncResult *result = NULL;

  g_main_context_push_thread_default (context);
  spare_keyring_run_async (self, call, first, cancellable, sync_cb, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  /* What was abandoned frees itself in here, as far as it reacts to being cancelled at all. */
  for (int i = 0; i < 100 && g_main_context_iteration (context, FALSE); i++)
    ;
  g_main_context_pop_thread_default (context);

  return G_TASK (result);
}

/**
 * spare_keyring_probe_sync:
 * @self: a keyring
 * @cancellable: (nullable): to give up
 * @state: (out): the state
 * @error: return location
 *
 * The blocking twin; for threads. Runs no callbacks of the caller's main context.
 *
 * Returns: as spare_keyring_probe_finish()
 */
gboolean
spare_keyring_probe_sync (SpareKeyring *self,
                          GCancellable *cancellable,
                          SpareKeyringState *state,
                          GError **error)
{
  g_autoptr (GTask)
      task = run_sync (self,
                       spare_keyring_operation_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT),
                       spare_keyring_step_probe, cancellable);

  return spare_keyring_take_probe (task, state, error);
}

/**
 * spare_keyring_unlock_sync:
 * @self: a keyring
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Returns: as spare_keyring_unlock_finish()
 */
gboolean
spare_keyring_unlock_sync (SpareKeyring *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GTask)
      task = run_sync (self, spare_keyring_operation_new (self, NULL, 0, SPARE_KEYRING_PROMPT),
                       spare_keyring_step_unlock, cancellable);

  return g_task_propagate_boolean (task, error);
}

/**
 * spare_keyring_search_all_sync:
 * @self: a keyring
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Returns: (transfer container) (element-type SpareKeyringItem): as spare_keyring_search_all_finish()
 */
GPtrArray *
spare_keyring_search_all_sync (SpareKeyring *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GTask)
      task = run_sync (self,
                       spare_keyring_operation_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT),
                       spare_keyring_step_search_all, cancellable);

  return g_task_propagate_pointer (task, error);
}

/**
 * spare_keyring_lookup_sync:
 * @self: a keyring
 * @fingerprint: of the key, in hex
 * @kind: what of it
 * @flags: whether the person may be asked to unlock
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Returns: (transfer full): as spare_keyring_lookup_finish()
 */
SpareSecret *
spare_keyring_lookup_sync (SpareKeyring *self,
                           const char *fingerprint,
                           SpareKeyringKind kind,
                           SpareKeyringFlags flags,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GTask) task = NULL;

  g_return_val_if_fail (fingerprint != NULL, NULL);

  task = run_sync (self, spare_keyring_operation_new (self, fingerprint, kind, flags),
                   spare_keyring_step_lookup, cancellable);
  return g_task_propagate_pointer (task, error);
}

/**
 * spare_keyring_lookup_held_sync:
 * @self: a keyring
 * @fingerprint: of the key
 * @kind: what of it
 * @flags: whether the person may be asked
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * As spare_keyring_lookup_sync(), for a batch of files: a secret that was read this way less than ten seconds ago is
 * handed out again after asking the service, each time, whether the item is still there and unlocked.
 *
 * Returns: (transfer full): as spare_keyring_lookup_finish()
 */
SpareSecret *
spare_keyring_lookup_held_sync (SpareKeyring *self,
                                const char *fingerprint,
                                SpareKeyringKind kind,
                                SpareKeyringFlags flags,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (GTask) task = NULL;
  SpareKeyringCall *call;
  SpareSecret *secret;

  g_return_val_if_fail (SPARE_IS_KEYRING (self) && fingerprint != NULL, NULL);

  secret = spare_keyring_held_get (self->held, fingerprint, kind, self->answer_limit,
                                   cancellable);
  if (secret != NULL)
    return secret;
  call = spare_keyring_operation_new (self, fingerprint, kind, flags);
  ((SpareKeyringOperation *) call->data)->hold = TRUE;
  task = run_sync (self, call, spare_keyring_step_lookup, cancellable);
  return spare_keyring_lookup_finish (self, G_ASYNC_RESULT (task), error);
}

/**
 * spare_keyring_forget_held:
 * @self: a keyring
 *
 * Drops what spare_keyring_lookup_held_sync() holds, so that the next one reads it from the keyring.
 *
 * Returns: whether there was anything
 */
gboolean
spare_keyring_forget_held (SpareKeyring *self)
{
  return spare_keyring_held_forget (self->held);
}

/**
 * spare_keyring_store_sync:
 * @self: a keyring
 * @fingerprint: of the key, in hex
 * @kind: what of it
 * @label: what the desktop's password manager shows
 * @secret: the octets, text
 * @flags: whether the person may be asked to unlock
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Returns: as spare_keyring_store_finish()
 */
gboolean
spare_keyring_store_sync (SpareKeyring *self,
                          const char *fingerprint,
                          SpareKeyringKind kind,
                          const char *label,
                          SpareSecret *secret,
                          SpareKeyringFlags flags,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GTask) task = NULL;

  g_return_val_if_fail (fingerprint != NULL && label != NULL && secret != NULL, FALSE);

  task = run_sync (self,
                   spare_keyring_operation_new_store (self, fingerprint, kind, label, secret,
                                                      flags),
                   spare_keyring_step_store, cancellable);
  return g_task_propagate_boolean (task, error);
}

/**
 * spare_keyring_remove_sync:
 * @self: a keyring
 * @fingerprint: of the key, in hex
 * @kind: what of it
 * @flags: whether the person may be asked to unlock
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Returns: as spare_keyring_remove_finish()
 */
gboolean
spare_keyring_remove_sync (SpareKeyring *self,
                           const char *fingerprint,
                           SpareKeyringKind kind,
                           SpareKeyringFlags flags,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GTask) task = NULL;

  g_return_val_if_fail (fingerprint != NULL, FALSE);

  task = run_sync (self, spare_keyring_operation_new (self, fingerprint, kind, flags),
                   spare_keyring_step_remove, cancellable);
  return g_task_propagate_boolean (task, error);
}
