/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The asynchronous twins of SpareOwner's operations, for the window: each runs its _sync twin in a thread.
 *
 * Promise: the thread has its own reference and its own copies of everything; what comes back is handed over
 * in the caller's main context, and freed there if nobody takes it.
 */
#include "config.h"

#include "spare-owner-private.h"

/* One pending call: what the _sync twin is given, by operation. */
typedef struct
{
  char *texts[3];
  GBytes *octets;
  SpareSecret *secret;
  SparePinOffer *offer;
  gint64 number;
} Call;

static void
call_free (Call *call)
{
  for (guint i = 0; i < G_N_ELEMENTS (call->texts); i++)
    g_free (call->texts[i]);
  g_clear_pointer (&call->octets, g_bytes_unref);
  g_clear_pointer (&call->secret, spare_secret_unref);
  g_clear_pointer (&call->offer, spare_pin_offer_free);
  g_free (call);
}

static void
return_boolean (GTask *task, gboolean done, GError *error)
{
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
return_pointer (GTask *task, gpointer result, GDestroyNotify destroy, GError *error)
{
  if (result != NULL)
    g_task_return_pointer (task, result, destroy);
  else
    g_task_return_error (task, error);
}

static void
unref_array (gpointer array)
{
  g_ptr_array_unref (array);
}

static void
start (SpareOwner *self,
       Call *call /* transfer full */,
       gpointer tag,
       GTaskThreadFunc thread,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  /* A cancelled operation that did its work anyway says so: what is made is made. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, thread);
}

/* The thread of @name: EXPRESSION is the _sync call, with self, call, cancellable and error at hand. */
#define BOOLEAN_THREAD(name, expression)                                                   \
  static void name##_thread (GTask *task, gpointer source, gpointer data, GCancellable *c) \
  {                                                                                        \
    SpareOwner *self = source;                                                             \
    G_GNUC_UNUSED Call *call = data;                                                       \
    GError *error = NULL;                                                                  \
    gboolean done = expression;                                                            \
    return_boolean (task, done, error);                                                    \
  }
#define POINTER_THREAD(name, destroy, expression)                                          \
  static void name##_thread (GTask *task, gpointer source, gpointer data, GCancellable *c) \
  {                                                                                        \
    SpareOwner *self = source;                                                             \
    G_GNUC_UNUSED Call *call = data;                                                       \
    GError *error = NULL;                                                                  \
    gpointer result = expression;                                                          \
    return_pointer (task, result, destroy, error);                                         \
  }

/* clang-format off */
BOOLEAN_THREAD (open, spare_owner_open_sync (self, c, &error))
BOOLEAN_THREAD (refresh, spare_owner_refresh_sync (self, c, &error))
BOOLEAN_THREAD (use_key, spare_owner_use_key_sync (self, call->texts[0], c, &error))
BOOLEAN_THREAD (delete_key, spare_owner_delete_key_sync (self, call->texts[0], c, &error))
BOOLEAN_THREAD (extend_key, spare_owner_extend_key_sync (self, call->texts[0], call->number, c, &error))
BOOLEAN_THREAD (revoke_key, spare_owner_revoke_key_sync (self, call->texts[0], c, &error))
BOOLEAN_THREAD (set_adsk, spare_owner_set_adsk_sync (self, call->number != 0, c, &error))
BOOLEAN_THREAD (remove_recipient, spare_owner_remove_recipient_sync (self, call->texts[0], c, &error))
BOOLEAN_THREAD (trust_authority,
                spare_owner_trust_authority_sync (self, call->offer, spare_key_get_fingerprint (call->offer->key), c, &error))
POINTER_THREAD (create_key, g_free,
                spare_owner_create_key_sync (self, call->texts[0], call->texts[1], call->texts[2], c, &error))
POINTER_THREAD (import_key, g_free, spare_owner_import_key_sync (self, call->octets, call->secret, c, &error))
POINTER_THREAD (list_keys, unref_array, spare_owner_list_keys_sync (self, c, &error))
POINTER_THREAD (list_recipients, unref_array, spare_owner_list_recipients_sync (self, c, &error))
POINTER_THREAD (import_recipients, unref_array, spare_owner_import_recipients_sync (self, call->octets, c, &error))
POINTER_THREAD (export_key, (GDestroyNotify) g_bytes_unref,
                spare_owner_export_key_sync (self, call->texts[0], c, &error))
POINTER_THREAD (export_secret_key, (GDestroyNotify) spare_secret_unref,
                spare_owner_export_secret_key_sync (self, call->texts[0], call->secret, c, &error))
POINTER_THREAD (examine_authority, (GDestroyNotify) spare_pin_offer_free,
                spare_owner_examine_authority_sync (self, call->octets, c, &error))

#define BOOLEAN_FINISH(name)                                                                     \
  gboolean spare_owner_##name##_finish (SpareOwner *self, GAsyncResult *result, GError **error)  \
  {                                                                                              \
    g_return_val_if_fail (g_task_is_valid (result, self), FALSE);                                \
    g_return_val_if_fail (g_async_result_is_tagged (result, spare_owner_##name##_async), FALSE); \
    return g_task_propagate_boolean (G_TASK (result), error);                                    \
  }
#define POINTER_FINISH(name, Type)                                                               \
  Type *spare_owner_##name##_finish (SpareOwner *self, GAsyncResult *result, GError **error)     \
  {                                                                                              \
    g_return_val_if_fail (g_task_is_valid (result, self), NULL);                                 \
    g_return_val_if_fail (g_async_result_is_tagged (result, spare_owner_##name##_async), NULL);  \
    return g_task_propagate_pointer (G_TASK (result), error);                                    \
  }

BOOLEAN_FINISH (open)
BOOLEAN_FINISH (refresh)
BOOLEAN_FINISH (use_key)
BOOLEAN_FINISH (delete_key)
BOOLEAN_FINISH (extend_key)
BOOLEAN_FINISH (revoke_key)
BOOLEAN_FINISH (set_adsk)
BOOLEAN_FINISH (remove_recipient)
BOOLEAN_FINISH (trust_authority)
POINTER_FINISH (create_key, char)
POINTER_FINISH (import_key, char)
POINTER_FINISH (list_keys, GPtrArray)
POINTER_FINISH (list_recipients, GPtrArray)
POINTER_FINISH (import_recipients, GPtrArray)
POINTER_FINISH (export_key, GBytes)
POINTER_FINISH (export_secret_key, SpareSecret)
POINTER_FINISH (examine_authority, SparePinOffer)
/* clang-format on */

#define START(name)                                                                    \
  start (self, call, spare_owner_##name##_async, name##_thread, cancellable, callback, \
         user_data)

void
spare_owner_open_async (SpareOwner *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  START (open);
}

void
spare_owner_refresh_async (SpareOwner *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  START (refresh);
}

void
spare_owner_create_key_async (SpareOwner *self,
                              const char *name,
                              const char *email,
                              const char *algorithm,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (name);
  call->texts[1] = g_strdup (email);
  call->texts[2] = g_strdup (algorithm);
  START (create_key);
}

void
spare_owner_import_key_async (SpareOwner *self,
                              GBytes *octets,
                              SpareSecret *passphrase,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->octets = g_bytes_ref (octets);
  call->secret = passphrase != NULL ? spare_secret_ref (passphrase) : NULL;
  START (import_key);
}

void
spare_owner_use_key_async (SpareOwner *self,
                           const char *fingerprint,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  START (use_key);
}

void
spare_owner_list_keys_async (SpareOwner *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  START (list_keys);
}

void
spare_owner_delete_key_async (SpareOwner *self,
                              const char *fingerprint,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  START (delete_key);
}

void
spare_owner_export_key_async (SpareOwner *self,
                              const char *fingerprint,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  START (export_key);
}

void
spare_owner_export_secret_key_async (SpareOwner *self,
                                     const char *fingerprint,
                                     SpareSecret *passphrase,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  call->secret = spare_secret_ref (passphrase);
  START (export_secret_key);
}

void
spare_owner_extend_key_async (SpareOwner *self,
                              const char *fingerprint,
                              gint64 until,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  call->number = until;
  START (extend_key);
}

void
spare_owner_revoke_key_async (SpareOwner *self,
                              const char *fingerprint,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  START (revoke_key);
}

void
spare_owner_examine_authority_async (SpareOwner *self,
                                     GBytes *certificate,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->octets = g_bytes_ref (certificate);
  START (examine_authority);
}

void
spare_owner_trust_authority_async (SpareOwner *self,
                                   SparePinOffer *offer /* transfer full */,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->offer = offer;
  START (trust_authority);
}

void
spare_owner_set_adsk_async (SpareOwner *self,
                            gboolean bound,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->number = bound;
  START (set_adsk);
}

void
spare_owner_list_recipients_async (SpareOwner *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  START (list_recipients);
}

void
spare_owner_import_recipients_async (SpareOwner *self,
                                     GBytes *certificates,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->octets = g_bytes_ref (certificates);
  START (import_recipients);
}

void
spare_owner_remove_recipient_async (SpareOwner *self,
                                    const char *fingerprint,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->texts[0] = g_strdup (fingerprint);
  START (remove_recipient);
}
