/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's keys in the desktop keyring: the one door to libsecret.
 *
 * Promise: "not there" is only said when the keyring was there, open, and searched. Missing, locked,
 * dismissed, and gone while asking are told apart; every call returns within its limit; storing counts only
 * when the same octets were read back; nothing is ever overwritten, and only copies of the same kind for the
 * same fingerprint are removed, after the new one is safe. There is no other place that keys fall back to.
 *
 * The file is long because of the wall: libsecret is included here alone, and each operation has its three
 * public functions with their documentation at the end.
 *
 * spare-keyring-bus.c has the parts without secrets: the service's presence, locks, prompts, the watchdog.
 * An operation is a call of that file that goes from step to step:
 *
 *   lookup   session, search; none: default keyring locked? unlock, search again; locked item? unlock; load
 *   store    default keyring? locked? unlock; session, search; create; load, compare; search; remove copies
 *   remove   session, search; locked item? unlock; remove, one after the other
 */
#include "config.h"

#include "spare-keyring.h"

#include "spare-error.h"
#include "spare-keyring-bus-private.h"
#include "spare-keyring-held-private.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>
#include <string.h>

#define ANSWER_LIMIT_MS (5 * 1000)
#define PROMPT_LIMIT_MS (180 * 1000)

static const SecretSchema key_schema = {
  "org.sparekey.SpareKey.Key",
  SECRET_SCHEMA_NONE,
  { { "fingerprint", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

static const char *const kinds[] = {
  [SPARE_KEYRING_PASSPHRASE] = "passphrase",
  [SPARE_KEYRING_SECRET_KEY] = "secret-key",
  [SPARE_KEYRING_REVOCATION] = "revocation",
};

struct _SpareKeyring
{
  GObject parent_instance;
  guint answer_limit;
  guint prompt_limit;
  SpareKeyringHeld *held;
};

G_DEFINE_FINAL_TYPE (SpareKeyring, spare_keyring, G_TYPE_OBJECT)

/* What an operation carries. */
typedef struct
{
  char *fingerprint; /* NULL for all */
  SpareKeyringKind kind;
  char *label;
  SpareSecret *secret; /* to store */

  SecretService *service;
  GList *items;      /* of SecretItem: what the search found */
  SecretItem *item;  /* the one that is loaded */
  gboolean unlocked; /* the default keyring was unlocked for this already */
  SpareKeyringStep found;
  gboolean hold; /* the secret may be held */
} Operation;

static void
operation_free (gpointer data)
{
  Operation *op = data;

  g_free (op->fingerprint);
  g_free (op->label);
  g_clear_pointer (&op->secret, spare_secret_unref);
  g_clear_object (&op->service);
  g_list_free_full (op->items, g_object_unref);
  g_clear_object (&op->item);
  g_free (op);
}

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

static SpareKeyringCall *
call_new (SpareKeyring *self,
          const char *fingerprint,
          SpareKeyringKind kind,
          SpareKeyringFlags flags)
{
  Operation *op = g_new0 (Operation, 1);

  op->fingerprint = fingerprint != NULL ? g_ascii_strup (fingerprint, -1) : NULL;
  op->kind = kind;

  return spare_keyring_call_new (self->answer_limit, self->prompt_limit, flags, op,
                                 operation_free);
}

static void
run_async (SpareKeyring *self,
           SpareKeyringCall *call,
           SpareKeyringStep first,
           GCancellable *cancellable,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  spare_keyring_call_start (call, g_task_new (self, cancellable, callback, user_data), first);
}

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
  run_async (self, call, first, cancellable, sync_cb, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  /* What was abandoned frees itself in here, as far as it reacts to being cancelled at all. */
  for (int i = 0; i < 100 && g_main_context_iteration (context, FALSE); i++)
    ;
  g_main_context_pop_thread_default (context);

  return G_TASK (result);
}

/* ---- steps in common ---- */

static void
search_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  Operation *op = call->data;
  g_autoptr (GError) error = NULL;
  GList *items = secret_service_search_finish (SECRET_SERVICE (source), result, &error);

  if (spare_keyring_call_is_over (call))
    {
      g_list_free_full (items, g_object_unref);
    }
  else if (error != NULL)
    {
      spare_keyring_call_fail (call, g_steal_pointer (&error));
    }
  else
    {
      g_list_free_full (op->items, g_object_unref);
      op->items = items;
      op->found (call);
    }
  spare_keyring_call_unref (call);
}

/* Searches without unlocking or loading anything. */
static void
search (SpareKeyringCall *call, SpareKeyringStep found)
{
  Operation *op = call->data;
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);

  if (op->fingerprint != NULL)
    {
      g_hash_table_insert (attributes, (char *) "fingerprint", op->fingerprint);
      g_hash_table_insert (attributes, (char *) "kind", (char *) kinds[op->kind]);
    }
  op->found = found;
  spare_keyring_call_expect_answer (call);
  secret_service_search (op->service, &key_schema, attributes, SECRET_SEARCH_ALL, call->inner,
                         search_cb, spare_keyring_call_ref (call));
}

static void
service_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  Operation *op = call->data;
  g_autoptr (GError) error = NULL;
  SecretService *service = secret_service_open_finish (result, &error);

  if (spare_keyring_call_is_over (call))
    {
      g_clear_object (&service);
    }
  else if (service == NULL)
    {
      spare_keyring_call_fail (call, g_steal_pointer (&error));
    }
  else
    {
      op->service = service;
      search (call, op->found);
    }
  spare_keyring_call_unref (call);
}

/* A session of its own for each operation: one that is shared would outlive the service that it was with. */
static void
open_and_search (SpareKeyringCall *call, SpareKeyringStep found)
{
  Operation *op = call->data;

  op->found = found;
  spare_keyring_call_expect_answer (call);
  secret_service_open (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION, call->inner,
                       service_cb, spare_keyring_call_ref (call));
}

/* Whether the item is what the search asked for: the service's word is checked. */
static gboolean
is_exact (SecretItem *item, Operation *op)
{
  g_autoptr (GHashTable) attributes = secret_item_get_attributes (item);

  return g_strcmp0 (g_hash_table_lookup (attributes, "fingerprint"), op->fingerprint) == 0
         && g_strcmp0 (g_hash_table_lookup (attributes, "kind"), kinds[op->kind]) == 0;
}

/* Of several the one stored last. */
static SecretItem *
find_newest (GList *items)
{
  SecretItem *newest = NULL;

  for (GList *l = items; l != NULL; l = l->next)
    if (newest == NULL
        || secret_item_get_modified (l->data) > secret_item_get_modified (newest))
      newest = l->data;

  return newest;
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

static void
probe_first (SpareKeyringCall *call)
{
  spare_keyring_call_read_default (call, probe_known);
}

static gboolean
take_probe (GTask *task, SpareKeyringState *state, GError **error)
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

static void
unlock_first (SpareKeyringCall *call)
{
  spare_keyring_call_read_default (call, unlock_known);
}

/* ---- search ---- */

static void
search_all_found (SpareKeyringCall *call)
{
  Operation *op = call->data;
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_keyring_item_free);

  for (GList *l = op->items; l != NULL; l = l->next)
    {
      g_autoptr (GHashTable) attributes = secret_item_get_attributes (l->data);
      const char *fingerprint = g_hash_table_lookup (attributes, "fingerprint");
      const char *kind = g_hash_table_lookup (attributes, "kind");

      for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
        if (fingerprint != NULL && g_strcmp0 (kind, kinds[i]) == 0)
          {
            SpareKeyringItem *item = g_new0 (SpareKeyringItem, 1);

            item->fingerprint = g_ascii_strup (fingerprint, -1);
            item->kind = (SpareKeyringKind) i;
            item->label = secret_item_get_label (l->data);
            item->locked = secret_item_get_locked (l->data);
            g_ptr_array_add (found, item);
          }
    }
  spare_keyring_call_return_pointer (call, found, (GDestroyNotify) g_ptr_array_unref);
}

static void
search_all_known (SpareKeyringCall *call)
{
  Operation *op = call->data;

  /* Nothing found counts only in a keyring that is open: some services hide what a locked one holds. */
  if (op->items != NULL)
    search_all_found (call);
  else if (call->collection != NULL && call->collection_locked)
    spare_keyring_call_fail_with (call, SPARE_ERROR_KEYRING_LOCKED);
  else
    search_all_found (call);
}

static void
search_all_searched (SpareKeyringCall *call)
{
  spare_keyring_call_read_default (call, search_all_known);
}

static void
search_all_first (SpareKeyringCall *call)
{
  open_and_search (call, search_all_searched);
}

/* ---- lookup ---- */

/* Copies the secret of a loaded item; libsecret wipes its own. */
static SpareSecret *
copy_secret (SecretItem *item, GError **error)
{
  SecretValue *value = secret_item_get_secret (item);
  SpareSecret *secret;
  const char *data;
  gsize size;

  if (value == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_GONE,
                           _ ("The keyring has this key, but does not hand it out. Nothing was "
                              "changed; "
                              "unlock the keyring in your desktop and try again."));
      return NULL;
    }
  data = secret_value_get (value, &size);
  secret = spare_secret_new_copy (data, size, error);
  secret_value_unref (value);

  return secret;
}

static void
lookup_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  g_autoptr (GError) error = NULL;
  gboolean loaded = secret_item_load_secret_finish (SECRET_ITEM (source), result, &error);

  if (!spare_keyring_call_is_over (call))
    {
      Operation *op = call->data;
      SpareSecret *secret = loaded ? copy_secret (SECRET_ITEM (source), &error) : NULL;

      if (secret != NULL && op->hold)
        spare_keyring_held_put (SPARE_KEYRING (g_task_get_source_object (call->task))->held,
                                call->bus, call->owner,
                                g_dbus_proxy_get_object_path (G_DBUS_PROXY (source)),
                                op->fingerprint, op->kind, secret);
      if (secret != NULL)
        spare_keyring_call_return_pointer (call, secret, (GDestroyNotify) spare_secret_unref);
      else
        spare_keyring_call_fail (call, g_steal_pointer (&error));
    }
  spare_keyring_call_unref (call);
}

static void
lookup_load (SpareKeyringCall *call)
{
  Operation *op = call->data;

  spare_keyring_call_expect_answer (call);
  secret_item_load_secret (op->item, call->inner, lookup_loaded_cb,
                           spare_keyring_call_ref (call));
}

static void
search_again (SpareKeyringCall *call)
{
  Operation *op = call->data;

  search (call, op->found);
}

static void
lookup_none (SpareKeyringCall *call)
{
  Operation *op = call->data;

  if (call->collection == NULL)
    {
      spare_keyring_call_fail_no_collection (call);
    }
  else if (call->collection_locked && !op->unlocked)
    {
      op->unlocked = TRUE;
      spare_keyring_call_unlock (call, call->collection, search_again);
    }
  else
    {
      spare_keyring_call_fail_with (call, call->collection_locked ? SPARE_ERROR_KEYRING_LOCKED
                                                                  : SPARE_ERROR_NO_KEY);
    }
}

static void
lookup_found (SpareKeyringCall *call)
{
  Operation *op = call->data;
  SecretItem *item = find_newest (op->items);

  if (item == NULL)
    {
      spare_keyring_call_read_default (call, lookup_none);
      return;
    }
  g_set_object (&op->item, item);
  if (secret_item_get_locked (item))
    spare_keyring_call_unlock (call, g_dbus_proxy_get_object_path (G_DBUS_PROXY (item)),
                               lookup_load);
  else
    lookup_load (call);
}

static void
lookup_first (SpareKeyringCall *call)
{
  open_and_search (call, lookup_found);
}

/* ---- remove ---- */

static void remove_next (SpareKeyringCall *call);

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = secret_item_delete_finish (SECRET_ITEM (source), result, &error);

  if (!spare_keyring_call_is_over (call))
    {
      if (done)
        remove_next (call);
      else
        spare_keyring_call_fail (call, g_steal_pointer (&error));
    }
  spare_keyring_call_unref (call);
}

static void
remove_item (SpareKeyringCall *call)
{
  Operation *op = call->data;

  spare_keyring_call_expect_answer (call);
  secret_item_delete (op->item, call->inner, removed_cb, spare_keyring_call_ref (call));
}

/* Its attributes can be trusted only now: a locked keyring may show others. */
static void
remove_unlocked (SpareKeyringCall *call)
{
  search (call, remove_next);
}

/* Removes what is left in items, then returns. */
static void
remove_next (SpareKeyringCall *call)
{
  Operation *op = call->data;

  if (op->items == NULL)
    {
      spare_keyring_call_return_boolean (call, TRUE);
      return;
    }
  g_clear_object (&op->item);
  op->item = op->items->data;
  op->items = g_list_delete_link (op->items, op->items);
  if (secret_item_get_locked (op->item))
    spare_keyring_call_unlock (call, g_dbus_proxy_get_object_path (G_DBUS_PROXY (op->item)),
                               remove_unlocked);
  else if (is_exact (op->item, op))
    remove_item (call);
  else
    remove_next (call);
}

static void
remove_found (SpareKeyringCall *call)
{
  Operation *op = call->data;

  if (op->items == NULL)
    spare_keyring_call_read_default (call, lookup_none);
  else
    remove_next (call);
}

static void
remove_first (SpareKeyringCall *call)
{
  spare_keyring_forget_held (SPARE_KEYRING (g_task_get_source_object (call->task)));
  open_and_search (call, remove_found);
}

/* ---- store ---- */

/* The new item was found again: older copies go. What is locked, or not exactly this, stays. */
static void
store_found_again (SpareKeyringCall *call)
{
  Operation *op = call->data;
  g_autofree char *created = g_strdup (g_dbus_proxy_get_object_path (G_DBUS_PROXY (op->item)));
  gboolean found = FALSE;

  for (GList *l = op->items; l != NULL;)
    {
      GList *after = l->next;
      gboolean is_created = g_strcmp0 (g_dbus_proxy_get_object_path (G_DBUS_PROXY (l->data)),
                                       created)
                            == 0;

      found = found || is_created;
      if (is_created || secret_item_get_locked (l->data) || !is_exact (l->data, op))
        {
          g_object_unref (l->data);
          op->items = g_list_delete_link (op->items, l);
        }
      l = after;
    }

  if (found)
    remove_next (call);
  else
    spare_keyring_call_fail_with (call, SPARE_ERROR_KEYRING_GONE);
}

static void
store_read_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  Operation *op = call->data;
  g_autoptr (GError) error = NULL;
  gboolean loaded = secret_item_load_secret_finish (SECRET_ITEM (source), result, &error);

  if (!spare_keyring_call_is_over (call))
    {
      g_autoptr (SpareSecret) kept = loaded ? copy_secret (SECRET_ITEM (source), &error) : NULL;

      if (kept == NULL)
        {
          spare_keyring_call_fail (call, g_steal_pointer (&error));
        }
      else if (!spare_secret_equal (kept, op->secret))
        {
          /* It must not be taken for the key later. Nobody waits for this. */
          secret_item_delete (SECRET_ITEM (source), NULL, NULL, NULL);
          spare_keyring_call_fail (call,
                                   g_error_new_literal (SPARE_ERROR, SPARE_ERROR_KEYRING_GONE,
                                                        _ ("The keyring did not keep the key "
                                                           "as it was given. What was "
                                                           "there before is unchanged; don’t "
                                                           "rely on this keyring.")));
        }
      else
        {
          search (call, store_found_again);
        }
    }
  spare_keyring_call_unref (call);
}

static void
store_created_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  Operation *op = call->data;
  g_autoptr (GError) error = NULL;
  SecretItem *item = secret_item_create_finish (result, &error);

  if (spare_keyring_call_is_over (call))
    {
      g_clear_object (&item);
    }
  else if (item == NULL)
    {
      spare_keyring_call_fail (call, g_steal_pointer (&error));
    }
  else
    {
      g_clear_object (&op->item);
      op->item = item;
      spare_keyring_call_expect_answer (call);
      secret_item_load_secret (item, call->inner, store_read_back_cb,
                               spare_keyring_call_ref (call));
    }
  spare_keyring_call_unref (call);
}

static void
store_collection_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  Operation *op = call->data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SecretCollection) collection = secret_collection_for_alias_finish (result, &error);

  if (!spare_keyring_call_is_over (call))
    {
      if (error != NULL)
        {
          spare_keyring_call_fail (call, g_steal_pointer (&error));
        }
      else if (collection == NULL)
        {
          spare_keyring_call_fail_no_collection (call);
        }
      else
        {
          g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);
          SecretValue *value = secret_value_new ((const char *) spare_secret_get_data (
                                                     op->secret),
                                                 (gssize) spare_secret_get_size (op->secret),
                                                 "text/plain");

          g_hash_table_insert (attributes, (char *) "fingerprint", op->fingerprint);
          g_hash_table_insert (attributes, (char *) "kind", (char *) kinds[op->kind]);
          spare_keyring_call_expect_answer (call);
          secret_item_create (collection, &key_schema, attributes, op->label, value,
                              SECRET_ITEM_CREATE_NONE, call->inner, store_created_cb,
                              spare_keyring_call_ref (call));
          secret_value_unref (value);
        }
    }
  spare_keyring_call_unref (call);
}

static void
store_searched (SpareKeyringCall *call)
{
  Operation *op = call->data;

  spare_keyring_call_expect_answer (call);
  secret_collection_for_alias (op->service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE,
                               call->inner, store_collection_cb, spare_keyring_call_ref (call));
}

static void
store_unlocked (SpareKeyringCall *call)
{
  open_and_search (call, store_searched);
}

static void
store_known (SpareKeyringCall *call)
{
  if (call->collection == NULL)
    spare_keyring_call_fail_no_collection (call);
  else if (call->collection_locked)
    spare_keyring_call_unlock (call, call->collection, store_unlocked);
  else
    store_unlocked (call);
}

static void
store_first (SpareKeyringCall *call)
{
  spare_keyring_forget_held (SPARE_KEYRING (g_task_get_source_object (call->task)));
  spare_keyring_call_read_default (call, store_known);
}

static SpareKeyringCall *
store_call_new (SpareKeyring *self,
                const char *fingerprint,
                SpareKeyringKind kind,
                const char *label,
                SpareSecret *secret,
                SpareKeyringFlags flags)
{
  SpareKeyringCall *call = call_new (self, fingerprint, kind, flags);
  Operation *op = call->data;

  op->label = g_utf8_make_valid (label, -1);
  op->secret = spare_secret_ref (secret);

  return call;
}

/* ---- the public face: asynchronous, and the blocking twins ---- */

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
  run_async (self, call_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT), probe_first, cancellable,
             callback, user_data);
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
  return take_probe (G_TASK (result), state, error);
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
  g_autoptr (GTask) task = run_sync (self, call_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT),
                                     probe_first, cancellable);

  return take_probe (task, state, error);
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
  run_async (self, call_new (self, NULL, 0, SPARE_KEYRING_PROMPT), unlock_first, cancellable,
             callback, user_data);
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
  g_autoptr (GTask) task = run_sync (self, call_new (self, NULL, 0, SPARE_KEYRING_PROMPT),
                                     unlock_first, cancellable);

  return g_task_propagate_boolean (task, error);
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
  run_async (self, call_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT), search_all_first,
             cancellable, callback, user_data);
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
  g_autoptr (GTask) task = run_sync (self, call_new (self, NULL, 0, SPARE_KEYRING_NO_PROMPT),
                                     search_all_first, cancellable);

  return g_task_propagate_pointer (task, error);
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

  run_async (self, call_new (self, fingerprint, kind, flags), lookup_first, cancellable,
             callback, user_data);
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

  task = run_sync (self, call_new (self, fingerprint, kind, flags), lookup_first, cancellable);
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
  call = call_new (self, fingerprint, kind, flags);
  ((Operation *) call->data)->hold = TRUE;
  task = run_sync (self, call, lookup_first, cancellable);
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

  run_async (self, store_call_new (self, fingerprint, kind, label, secret, flags), store_first,
             cancellable, callback, user_data);
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

  task = run_sync (self, store_call_new (self, fingerprint, kind, label, secret, flags),
                   store_first, cancellable);
  return g_task_propagate_boolean (task, error);
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

  run_async (self, call_new (self, fingerprint, kind, flags), remove_first, cancellable,
             callback, user_data);
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

  task = run_sync (self, call_new (self, fingerprint, kind, flags), remove_first, cancellable);
  return g_task_propagate_boolean (task, error);
}
