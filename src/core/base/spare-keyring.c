/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's keys in the desktop keyring: the one door to libsecret.
 *
 * Promise: "not there" is only said when the keyring was there, open, and searched. Missing, locked,
 * dismissed, and gone while asking are told apart; every call returns within its limit; storing counts only
 * when the same octets were read back; nothing is ever overwritten, and only copies of the same kind for the
 * same fingerprint are removed, after the new one is safe. There is no other place that keys fall back to.
 *
 * An operation is a call that goes from step to step:
 *
 *   spare-keyring-bus.c     the parts without secrets: the service's presence, locks, prompts, the watchdog
 *   spare-keyring-steps.c   to search and to look up        spare-keyring-store.c   to store and to remove
 *   spare-keyring-sync.c    all of them for threads         spare-keyring-held.c    a secret held for a batch
 */
#include "config.h"

#include "spare-keyring.h"

#include "spare-error.h"
#include "spare-keyring-private.h"

#define ANSWER_LIMIT_MS (5 * 1000)
#define PROMPT_LIMIT_MS (180 * 1000)

G_DEFINE_FINAL_TYPE (SpareKeyring, spare_keyring, G_TYPE_OBJECT)

static void
spare_keyring_finalize (GObject *object)
{
  spare_keyring_held_free (SPARE_KEYRING (object)->held);

  G_OBJECT_CLASS (spare_keyring_parent_class)->finalize (object);
}

static void
spare_keyring_class_init (SpareKeyringClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_keyring_finalize;
  /* Before libsecret: it would set up libgcrypt without the pool. */
  spare_secret_init (NULL);
}

static void
spare_keyring_init (SpareKeyring *self)
{
  self->answer_limit = ANSWER_LIMIT_MS;
  self->prompt_limit = PROMPT_LIMIT_MS;
  self->held = spare_keyring_held_new ();
}

/**
 * spare_keyring_new:
 *
 * Returns: (transfer full): a door to the default keyring. It may be used from any thread
 */
SpareKeyring *
spare_keyring_new (void)
{
  return g_object_new (SPARE_TYPE_KEYRING, NULL);
}

/**
 * spare_keyring_new_with_limits:
 * @answer_limit: how long the service may take for a step that asks nobody, in ms
 * @prompt_limit: how long the person may take for an answer, in ms
 *
 * Returns: (transfer full): as spare_keyring_new(), where the limits are 5 s and 180 s
 */
SpareKeyring *
spare_keyring_new_with_limits (guint answer_limit, guint prompt_limit)
{
  SpareKeyring *self = spare_keyring_new ();

  self->answer_limit = answer_limit;
  self->prompt_limit = prompt_limit;

  return self;
}

/**
 * spare_keyring_item_free:
 * @self: (transfer full) (nullable): an item
 */
void
spare_keyring_item_free (SpareKeyringItem *self)
{
  if (self == NULL)
    return;

  g_free (self->fingerprint);
  g_free (self->label);
  g_free (self);
}

/* ---- running an operation ---- */

SpareKeyringCall *
spare_keyring_operation_new (SpareKeyring *self,
                             const char *fingerprint,
                             SpareKeyringKind kind,
                             SpareKeyringFlags flags)
{
  SpareKeyringOperation *op = g_new0 (SpareKeyringOperation, 1);

  op->fingerprint = fingerprint != NULL ? g_ascii_strup (fingerprint, -1) : NULL;
  op->kind = kind;

  return spare_keyring_call_new (self->answer_limit, self->prompt_limit, flags, op,
                                 spare_keyring_operation_free);
}

void
spare_keyring_run_async (SpareKeyring *self,
                         SpareKeyringCall *call,
                         SpareKeyringStep first,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  spare_keyring_call_start (call, g_task_new (self, cancellable, callback, user_data), first);
}

/* ---- probe, unlock ---- */

static void
probe_known (SpareKeyringCall *call)
{
  SpareKeyringState *state = g_new (SpareKeyringState, 1);

  if (call->collection == NULL)
    *state = SPARE_KEYRING_NO_COLLECTION;
  else
    *state = call->collection_locked ? SPARE_KEYRING_LOCKED : SPARE_KEYRING_AVAILABLE;
  spare_keyring_call_return_pointer (call, state, g_free);
}

void
spare_keyring_step_probe (SpareKeyringCall *call)
{
  spare_keyring_call_read_default (call, probe_known);
}

gboolean
spare_keyring_take_probe (GTask *task, SpareKeyringState *state, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree SpareKeyringState *found = g_task_propagate_pointer (task, &local_error);

  if (found != NULL)
    {
      *state = *found;
      return TRUE;
    }
  if (g_error_matches (local_error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING))
    {
      *state = SPARE_KEYRING_MISSING;
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static void
unlock_done (SpareKeyringCall *call)
{
  spare_keyring_call_return_boolean (call, TRUE);
}

static void
unlock_known (SpareKeyringCall *call)
{
  if (call->collection == NULL)
    spare_keyring_call_fail_no_collection (call);
  else if (call->collection_locked)
    spare_keyring_call_unlock (call, call->collection, unlock_done);
  else
    spare_keyring_call_return_boolean (call, TRUE);
}

void
spare_keyring_step_unlock (SpareKeyringCall *call)
{
  spare_keyring_call_read_default (call, unlock_known);
}

SpareKeyringCall *
spare_keyring_operation_new_store (SpareKeyring *self,
                                   const char *fingerprint,
                                   SpareKeyringKind kind,
                                   const char *label,
                                   SpareSecret *secret,
                                   SpareKeyringFlags flags)
{
  SpareKeyringCall *call = spare_keyring_operation_new (self, fingerprint, kind, flags);
  SpareKeyringOperation *op = call->data;

  op->label = g_utf8_make_valid (label, -1);
  op->secret = spare_secret_ref (secret);

  return call;
}

/* ---- the public face ---- */

/**
 * spare_keyring_probe_async:
 * @self: a keyring
 * @cancellable: (nullable): to give up
 * @callback: called in the thread-default main context
 * @user_data: for @callback
 *
 * Finds out what state the keyring is in. Asks nobody and opens nothing.
 */
void
spare_keyring_probe_async (SpareKeyring *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  spare_keyring_run_async (self,
                           spare_keyring_operation_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT),
                           spare_keyring_step_probe, cancellable, callback, user_data);
}

/**
 * spare_keyring_probe_finish:
 * @self: a keyring
 * @result: what the callback got
 * @state: (out): the state
 * @error: return location
 *
 * Returns: %FALSE with %SPARE_ERROR_KEYRING_GONE when the service does not answer, or %G_IO_ERROR_CANCELLED
 */
gboolean
spare_keyring_probe_finish (SpareKeyring *self,
                            GAsyncResult *result,
                            SpareKeyringState *state,
                            GError **error)
{
  return spare_keyring_take_probe (G_TASK (result), state, error);
}

/**
 * spare_keyring_unlock_async:
 * @self: a keyring
 * @cancellable: (nullable): to give up; takes the question off the screen
 * @callback: called in the thread-default main context
 * @user_data: for @callback
 *
 * Unlocks the default keyring, asking the person if need be.
 */
void
spare_keyring_unlock_async (SpareKeyring *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  spare_keyring_run_async (self,
                           spare_keyring_operation_new (self, NULL, 0, SPARE_KEYRING_PROMPT),
                           spare_keyring_step_unlock, cancellable, callback, user_data);
}

/**
 * spare_keyring_unlock_finish:
 * @self: a keyring
 * @result: what the callback got
 * @error: return location
 *
 * Returns: %FALSE with %SPARE_ERROR_KEYRING_DISMISSED, %SPARE_ERROR_KEYRING_LOCKED (nothing is there to ask
 *   with), %SPARE_ERROR_KEYRING_MISSING, %SPARE_ERROR_KEYRING_GONE or %G_IO_ERROR_CANCELLED
 */
gboolean
spare_keyring_unlock_finish (SpareKeyring *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * spare_keyring_search_all_async:
 * @self: a keyring
 * @cancellable: (nullable): to give up
 * @callback: called in the thread-default main context
 * @user_data: for @callback
 *
 * Lists all items of Spare Key. Asks nobody, opens nothing and loads no secret.
 */
void
spare_keyring_search_all_async (SpareKeyring *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  spare_keyring_run_async (self,
                           spare_keyring_operation_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT),
                           spare_keyring_step_search_all, cancellable, callback, user_data);
}

/**
 * spare_keyring_search_all_finish:
 * @self: a keyring
 * @result: what the callback got
 * @error: return location
 *
 * An empty list is only returned for a keyring that is open, or for a service without a default keyring.
 *
 * Returns: (transfer container) (element-type SpareKeyringItem): what was found; or %NULL with
 *   %SPARE_ERROR_KEYRING_LOCKED (nothing is seen in it, which may be because it is locked),
 *   %SPARE_ERROR_KEYRING_MISSING, %SPARE_ERROR_KEYRING_GONE or %G_IO_ERROR_CANCELLED
 */
GPtrArray *
spare_keyring_search_all_finish (SpareKeyring *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * spare_keyring_lookup_async:
 * @self: a keyring
 * @fingerprint: of the key, in hex
 * @kind: what of it
 * @flags: whether the person may be asked to unlock
 * @cancellable: (nullable): to give up; takes the question off the screen
 * @callback: called in the thread-default main context
 * @user_data: for @callback
 *
 * Fetches one secret. Of several items for the same key and kind it is the one stored last.
 */
void
spare_keyring_lookup_async (SpareKeyring *self,
                            const char *fingerprint,
                            SpareKeyringKind kind,
                            SpareKeyringFlags flags,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (fingerprint != NULL);

  spare_keyring_run_async (self, spare_keyring_operation_new (self, fingerprint, kind, flags),
                           spare_keyring_step_lookup, cancellable, callback, user_data);
}

/**
 * spare_keyring_lookup_finish:
 * @self: a keyring
 * @result: what the callback got
 * @error: return location
 *
 * Returns: (transfer full): the secret; or %NULL with %SPARE_ERROR_NO_KEY (an open keyring does not have it),
 *   %SPARE_ERROR_KEYRING_LOCKED, %SPARE_ERROR_KEYRING_DISMISSED, %SPARE_ERROR_KEYRING_MISSING,
 *   %SPARE_ERROR_KEYRING_GONE or %G_IO_ERROR_CANCELLED
 */
SpareSecret *
spare_keyring_lookup_finish (SpareKeyring *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * spare_keyring_store_async:
 * @self: a keyring
 * @fingerprint: of the key, in hex
 * @kind: what of it
 * @label: what the desktop's password manager shows
 * @secret: the octets, text
 * @flags: whether the person may be asked to unlock
 * @cancellable: (nullable): to give up; takes the question off the screen
 * @callback: called in the thread-default main context
 * @user_data: for @callback
 *
 * Stores one secret in the default keyring as a new item, reads it back, compares it, and only then removes
 * older items of the same kind for the same fingerprint. A default keyring that is missing is not made.
 */
void
spare_keyring_store_async (SpareKeyring *self,
                           const char *fingerprint,
                           SpareKeyringKind kind,
                           const char *label,
                           SpareSecret *secret,
                           SpareKeyringFlags flags,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (fingerprint != NULL && label != NULL && secret != NULL);

  spare_keyring_run_async (self,
                           spare_keyring_operation_new_store (self, fingerprint, kind, label,
                                                              secret, flags),
                           spare_keyring_step_store, cancellable, callback, user_data);
}

/**
 * spare_keyring_store_finish:
 * @self: a keyring
 * @result: what the callback got
 * @error: return location
 *
 * Returns: %TRUE when it is kept and proven; %FALSE with the errors of spare_keyring_unlock_finish(), where
 *   %SPARE_ERROR_KEYRING_MISSING also says that there is no default keyring. After
 *   %SPARE_ERROR_KEYRING_GONE and %G_IO_ERROR_CANCELLED the new item may be there, beside what was there before
 */
gboolean
spare_keyring_store_finish (SpareKeyring *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * spare_keyring_remove_async:
 * @self: a keyring
 * @fingerprint: of the key, in hex
 * @kind: what of it
 * @flags: whether the person may be asked to unlock
 * @cancellable: (nullable): to give up; takes the question off the screen
 * @callback: called in the thread-default main context
 * @user_data: for @callback
 *
 * Removes all items of that kind for that fingerprint. There is no way back.
 */
void
spare_keyring_remove_async (SpareKeyring *self,
                            const char *fingerprint,
                            SpareKeyringKind kind,
                            SpareKeyringFlags flags,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (fingerprint != NULL);

  spare_keyring_run_async (self, spare_keyring_operation_new (self, fingerprint, kind, flags),
                           spare_keyring_step_remove, cancellable, callback, user_data);
}

/**
 * spare_keyring_remove_finish:
 * @self: a keyring
 * @result: what the callback got
 * @error: return location
 *
 * Returns: %FALSE with the errors of spare_keyring_lookup_finish()
 */
gboolean
spare_keyring_remove_finish (SpareKeyring *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
