/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a key is found in the desktop keyring and read out of it, step by step.
 *
 *   search all   session, search; none: is the default keyring open?
 *   lookup       session, search; none: default keyring locked? unlock, search again; locked item? unlock; load
 *
 * Promise: "not there" is only said when the keyring was there, open, and searched.
 */
#include "config.h"

#include "spare-keyring-private.h"

#include <glib/gi18n-lib.h>

const SecretSchema spare_keyring_schema = {
  "org.sparekey.SpareKey.Key",
  SECRET_SCHEMA_NONE,
  { { "fingerprint", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

const char *const spare_keyring_kinds[SPARE_KEYRING_N_KINDS] = {
  [SPARE_KEYRING_PASSPHRASE] = "passphrase",
  [SPARE_KEYRING_SECRET_KEY] = "secret-key",
  [SPARE_KEYRING_REVOCATION] = "revocation",
};

void
spare_keyring_operation_free (gpointer data)
{
  SpareKeyringOperation *op = data;

  g_free (op->fingerprint);
  g_free (op->label);
  g_clear_pointer (&op->secret, spare_secret_unref);
  g_clear_object (&op->service);
  g_list_free_full (op->items, g_object_unref);
  g_clear_object (&op->item);
  g_free (op);
}

/* ---- steps in common ---- */

static void
search_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  SpareKeyringOperation *op = call->data;
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

void
spare_keyring_step_search (SpareKeyringCall *call, SpareKeyringStep found)
{
  SpareKeyringOperation *op = call->data;
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);

  if (op->fingerprint != NULL)
    {
      g_hash_table_insert (attributes, (char *) "fingerprint", op->fingerprint);
      g_hash_table_insert (attributes, (char *) "kind", (char *) spare_keyring_kinds[op->kind]);
    }
  op->found = found;
  spare_keyring_call_expect_answer (call);
  secret_service_search (op->service, &spare_keyring_schema, attributes, SECRET_SEARCH_ALL,
                         call->inner, search_cb, spare_keyring_call_ref (call));
}

static void
service_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *call = user_data;
  SpareKeyringOperation *op = call->data;
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
      spare_keyring_step_search (call, op->found);
    }
  spare_keyring_call_unref (call);
}

/* A session of its own for each operation: one that is shared would outlive the service that it was with. */
void
spare_keyring_step_open (SpareKeyringCall *call, SpareKeyringStep found)
{
  SpareKeyringOperation *op = call->data;

  op->found = found;
  spare_keyring_call_expect_answer (call);
  secret_service_open (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION, call->inner,
                       service_cb, spare_keyring_call_ref (call));
}

/* Whether the item is what the search asked for: the service's word is checked. */
gboolean
spare_keyring_operation_matches (SecretItem *item, SpareKeyringOperation *op)
{
  g_autoptr (GHashTable) attributes = secret_item_get_attributes (item);

  return g_strcmp0 (g_hash_table_lookup (attributes, "fingerprint"), op->fingerprint) == 0
         && g_strcmp0 (g_hash_table_lookup (attributes, "kind"), spare_keyring_kinds[op->kind])
                == 0;
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

/* ---- search ---- */

static void
search_all_found (SpareKeyringCall *call)
{
  SpareKeyringOperation *op = call->data;
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_keyring_item_free);

  for (GList *l = op->items; l != NULL; l = l->next)
    {
      g_autoptr (GHashTable) attributes = secret_item_get_attributes (l->data);
      const char *fingerprint = g_hash_table_lookup (attributes, "fingerprint");
      const char *kind = g_hash_table_lookup (attributes, "kind");

      for (gsize i = 0; i < G_N_ELEMENTS (spare_keyring_kinds); i++)
        if (fingerprint != NULL && g_strcmp0 (kind, spare_keyring_kinds[i]) == 0)
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
  SpareKeyringOperation *op = call->data;

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

void
spare_keyring_step_search_all (SpareKeyringCall *call)
{
  spare_keyring_step_open (call, search_all_searched);
}

/* ---- lookup ---- */

/* Copies the secret of a loaded item; libsecret wipes its own. */
SpareSecret *
spare_keyring_copy_secret (SecretItem *item, GError **error)
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
      SpareKeyringOperation *op = call->data;
      SpareSecret *secret = loaded ? spare_keyring_copy_secret (SECRET_ITEM (source), &error)
                                   : NULL;

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
  SpareKeyringOperation *op = call->data;

  spare_keyring_call_expect_answer (call);
  secret_item_load_secret (op->item, call->inner, lookup_loaded_cb,
                           spare_keyring_call_ref (call));
}

static void
search_again (SpareKeyringCall *call)
{
  SpareKeyringOperation *op = call->data;

  spare_keyring_step_search (call, op->found);
}

void
spare_keyring_step_none (SpareKeyringCall *call)
{
  SpareKeyringOperation *op = call->data;

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
  SpareKeyringOperation *op = call->data;
  SecretItem *item = find_newest (op->items);

  if (item == NULL)
    {
      spare_keyring_call_read_default (call, spare_keyring_step_none);
      return;
    }
  g_set_object (&op->item, item);
  if (secret_item_get_locked (item))
    spare_keyring_call_unlock (call, g_dbus_proxy_get_object_path (G_DBUS_PROXY (item)),
                               lookup_load);
  else
    lookup_load (call);
}

void
spare_keyring_step_lookup (SpareKeyringCall *call)
{
  spare_keyring_step_open (call, lookup_found);
}
