/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys a home has.
 *
 * Promise: an empty answer is true. GPGME shows an engine that is missing, crashes or talks nonsense as a home without
 * keys; so the engine must have proven healthy before (each context sees to that), and the guard's word about how it
 * ended is heeded. A dead agent looks like keys without their secret parts: it is started again, and they are listed
 * once more. A key is found by its whole fingerprint, compared octet by octet; gpg's own matching (names, short ids)
 * decides nothing. */
#include "config.h"

#include "spare-home.h"

#include "spare-error.h"
#include "spare-operation-private.h"

#include <glib/gi18n-lib.h>

/* Seconds without a word from gpg. */
#define LIST_PATIENCE 30

static void
unref_key (gpointer key)
{
  gpgme_key_unref (key);
}

static GPtrArray *
list_once (SpareHome *home,
           const char *pattern,
           gboolean secret,
           GCancellable *cancellable,
           gboolean *may_repeat,
           GError **error)
{
  g_autoptr (SpareContext)
      context = spare_home_new_context_private (home, SPARE_CONTEXT_DEFAULT, cancellable,
                                                error);
  g_autoptr (SpareOperation) operation = NULL;
  const SpareEngineFacts *facts;

  *may_repeat = context != NULL;
  if (context == NULL)
    return NULL;
  context->keys = g_ptr_array_new_with_free_func (unref_key);
  gpgme_set_keylist_mode (context->gpgme,
                          GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_KEYGRIP);
  operation = spare_operation_new (context, LIST_PATIENCE);
  if (!spare_operation_run (operation, gpgme_op_keylist_start (context->gpgme, pattern, secret),
                            error)
      || !spare_context_check (context, spare_operation_get_result (operation), "list keys",
                               error))
    return NULL;
  /* The guard always says how the engine ended, and calls "no such key" no failure. GPGME itself heeds it only where
   * its own loop waits for the next key. */
  facts = spare_operation_get_facts (operation);
  if (facts->exit_status >= 0 && facts->guard_code == 0)
    return g_steal_pointer (&context->keys);
  spare_gpgme_set_error (error,
                         facts->guard_code ? facts->guard_code : gpgme_error (GPG_ERR_INTERNAL),
                         "list keys");
  return NULL;
}

/* Returns GPGME's keys. @pattern: NULL, a fingerprint, or a key id in hex. */
static GPtrArray *
list (SpareHome *home,
      const char *pattern,
      gboolean secret,
      GCancellable *cancellable,
      GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean may_repeat, restarted;
  g_autoptr (GPtrArray)
      keys = list_once (home, pattern, secret, cancellable, &may_repeat, &failure);

  if (secret && may_repeat && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && spare_home_ensure_agent_private (home, &restarted, NULL) && restarted)
    {
      g_debug ("list keys: the agent had died; once more");
      return list_once (home, pattern, secret, cancellable, &may_repeat, error);
    }
  if (keys == NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return g_steal_pointer (&keys);
}

gpgme_key_t
spare_home_fetch_key_private (SpareHome *self,
                              const char *fingerprint,
                              gboolean secret,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;

  if (spare_fingerprint_is_valid (fingerprint))
    {
      keys = list (self, fingerprint, secret, cancellable, error);
      if (keys == NULL)
        return NULL;
    }
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    {
      gpgme_key_t key = g_ptr_array_index (keys, i);

      if (key->subkeys != NULL && g_strcmp0 (key->subkeys->fpr, fingerprint) == 0)
        {
          gpgme_key_ref (key);
          return key;
        }
    }
  if (secret)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                         _ ("The secret key for this is not here. Import it, or insert the "
                            "smartcard that holds it, and try again."));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                         _ ("A key that is needed for this is not here. Import it and try "
                            "again."));
  return NULL;
}

/**
 * spare_home_list_keys_sync:
 * @self: a home
 * @secret: only those whose secret part, or a card stub of it, is here
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * A person who has no home of their own has no keys: that is no error.
 *
 * Fails with %SPARE_ERROR_ENGINE when the engine does not work: "no keys" then means nothing.
 *
 * Returns: (transfer full) (nullable) (element-type SpareKey): the keys, perhaps none
 */
GPtrArray *
spare_home_list_keys_sync (SpareHome *self,
                           gboolean secret,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  GPtrArray *result;

  if (spare_home_get_kind (self) == SPARE_HOME_PERSONAL && !spare_home_exists (self))
    return g_ptr_array_new_with_free_func (g_object_unref);
  keys = list (self, NULL, secret, cancellable, error);
  if (keys == NULL)
    return NULL;
  result = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (result, spare_key_new_private (g_ptr_array_index (keys, i)));
  return result;
}

/**
 * spare_home_get_key_sync:
 * @self: a home
 * @fingerprint: of the primary key, whole
 * @secret: its secret part must be here
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Fails with %SPARE_ERROR_NO_KEY if it is not here, and with %SPARE_ERROR_ENGINE if that can't be known.
 *
 * Returns: (transfer full) (nullable): the key
 */
SpareKey *
spare_home_get_key_sync (SpareHome *self,
                         const char *fingerprint,
                         gboolean secret,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (gpgme_key_t)
      key = spare_home_fetch_key_private (self, fingerprint, secret, cancellable, error);

  return key ? spare_key_new_private (key) : NULL;
}

/**
 * spare_home_find_key_by_id_sync:
 * @self: a home
 * @key_id: of the primary key or of a subkey
 * @secret: its secret part must be here
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Key ids can be made to collide: two keys with the same one are an error, not a choice.
 *
 * Fails as spare_home_get_key_sync().
 *
 * Returns: (transfer full) (nullable): the key
 */
SpareKey *
spare_home_find_key_by_id_sync (SpareHome *self,
                                guint64 key_id,
                                gboolean secret,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autofree char *pattern = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", key_id);
  g_autoptr (GPtrArray) keys = list (self, pattern, secret, cancellable, error);
  g_autoptr (SpareKey) found = NULL;

  if (keys == NULL)
    return NULL;
  for (guint i = 0; i < keys->len; i++)
    {
      g_autoptr (SpareKey) key = spare_key_new_private (g_ptr_array_index (keys, i));

      if (spare_key_find_key_id (key, key_id) == NULL)
        continue;
      if (found != NULL)
        {
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                               _ ("Two keys here have the same short id, so it can’t be told "
                                  "which one is meant. Remove the one that you don’t know."));
          return NULL;
        }
      found = g_steal_pointer (&key);
    }
  if (found == NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                         _ ("None of the keys here fits."));
  return g_steal_pointer (&found);
}
