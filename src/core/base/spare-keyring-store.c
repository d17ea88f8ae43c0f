/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a key is put into the desktop keyring, and taken out of it for good, step by step.
 *
 *   store    default keyring? locked? unlock; session, search; create; load, compare; search; remove copies
 *   remove   session, search; locked item? unlock; remove, one after the other
 *
 * Promise: storing counts only when the same octets were read back; nothing is ever overwritten, and only copies of the same
 * kind for the same fingerprint are removed, after the new one is safe.
 */
#include "config.h"

#include "spare-keyring-private.h"

#include <glib/gi18n-lib.h>

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
  SpareKeyringOperation *op = call->data;

  spare_keyring_call_expect_answer (call);
  secret_item_delete (op->item, call->inner, removed_cb, spare_keyring_call_ref (call));
}

/* Its attributes can be trusted only now: a locked keyring may show others. */
static void
remove_unlocked (SpareKeyringCall *call)
{
  spare_keyring_step_search (call, remove_next);
}

/* Removes what is left in items, then returns. */
static void
remove_next (SpareKeyringCall *call)
{
  SpareKeyringOperation *op = call->data;

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
  else if (spare_keyring_operation_matches (op->item, op))
    remove_item (call);
  else
    remove_next (call);
}

static void
remove_found (SpareKeyringCall *call)
{
  SpareKeyringOperation *op = call->data;

  if (op->items == NULL)
    spare_keyring_call_read_default (call, spare_keyring_step_none);
  else
    remove_next (call);
}

void
spare_keyring_step_remove (SpareKeyringCall *call)
{
  spare_keyring_forget_held (SPARE_KEYRING (g_task_get_source_object (call->task)));
  spare_keyring_step_open (call, remove_found);
}

/* ---- store ---- */

/* The new item was found again: older copies go. What is locked, or not exactly this, stays. */
static void
store_found_again (SpareKeyringCall *call)
{
  SpareKeyringOperation *op = call->data;
  g_autofree char *created = g_strdup (g_dbus_proxy_get_object_path (G_DBUS_PROXY (op->item)));
  gboolean found = FALSE;

  for (GList *l = op->items; l != NULL;)
    {
      GList *after = l->next;
      gboolean is_created = g_strcmp0 (g_dbus_proxy_get_object_path (G_DBUS_PROXY (l->data)),
                                       created)
                            == 0;

      found = found || is_created;
      if (is_created || secret_item_get_locked (l->data)
          || !spare_keyring_operation_matches (l->data, op))
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
  SpareKeyringOperation *op = call->data;
  g_autoptr (GError) error = NULL;
  gboolean loaded = secret_item_load_secret_finish (SECRET_ITEM (source), result, &error);

  if (!spare_keyring_call_is_over (call))
    {
      g_autoptr (SpareSecret)
          kept = loaded ? spare_keyring_copy_secret (SECRET_ITEM (source), &error) : NULL;

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
          spare_keyring_step_search (call, store_found_again);
        }
    }
  spare_keyring_call_unref (call);
}

static void
store_created_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  SpareKeyringOperation *op = call->data;
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
  SpareKeyringOperation *op = call->data;
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
          g_hash_table_insert (attributes, (char *) "kind",
                               (char *) spare_keyring_kinds[op->kind]);
          spare_keyring_call_expect_answer (call);
          secret_item_create (collection, &spare_keyring_schema, attributes, op->label, value,
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
  SpareKeyringOperation *op = call->data;

  spare_keyring_call_expect_answer (call);
  secret_collection_for_alias (op->service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE,
                               call->inner, store_collection_cb, spare_keyring_call_ref (call));
}

static void
store_unlocked (SpareKeyringCall *call)
{
  spare_keyring_step_open (call, store_searched);
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

void
spare_keyring_step_store (SpareKeyringCall *call)
{
  spare_keyring_forget_held (SPARE_KEYRING (g_task_get_source_object (call->task)));
  spare_keyring_call_read_default (call, store_known);
}
