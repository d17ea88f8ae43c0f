/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's keys for one operation: in the keyring and in the person's own GnuPG.
 *
 * Promise: a key counts as gone only when both places were looked at and neither has it. A keyring that can't be searched
 * never makes a key look lost. In quiet use nobody is asked anything: then there is the key in use, if it is kept by the
 * keyring and that is open, and no other.
 */
#include "config.h"

#include "spare-own-keys-private.h"

#include "spare-error.h"
#include "spare-owner-private.h"

#include <glib/gi18n-lib.h>

struct _SpareOwnKeys
{
  SpareOwner *owner;
  GPtrArray *keys;     /* of SpareOwnedKey */
  GPtrArray *stored;   /* fingerprints that the keyring has; NULL: not known */
  GHashTable *openers; /* fingerprint → SpareSessionKeyOpener */
};

void
spare_own_keys_free (SpareOwnKeys *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->openers, g_hash_table_unref);
  g_clear_pointer (&self->stored, g_ptr_array_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_clear_object (&self->owner);
  g_free (self);
}

/* The key in use, if using it asks nobody. */
static GPtrArray *
list_quietly (SpareOwner *owner, GCancellable *cancellable)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_owned_key_free);
  g_autoptr (SpareKey) key = spare_owner_dup_key (owner);
  g_autoptr (GError) local = NULL;
  SpareKeyringState state;

  if (key == NULL || spare_owner_get_key_source (owner) != SPARE_KEY_SOURCE_KEYRING)
    return keys;
  if (!spare_keyring_probe_sync (spare_owner_get_keyring (owner), cancellable, &state, &local))
    g_debug ("keyring: %s", local->message);
  else if (state == SPARE_KEYRING_AVAILABLE)
    {
      SpareOwnedKey *owned = g_new0 (SpareOwnedKey, 1);

      owned->key = g_steal_pointer (&key);
      owned->source = SPARE_KEY_SOURCE_KEYRING;
      owned->is_default = TRUE;
      g_ptr_array_add (keys, owned);
    }
  return keys;
}

SpareOwnKeys *
spare_own_keys_new_sync (SpareOwner *owner,
                         gboolean quiet,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (SpareOwnKeys) self = g_new0 (SpareOwnKeys, 1);
  g_autoptr (GError) local = NULL;

  self->owner = g_object_ref (owner);
  self->openers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  if (quiet)
    {
      self->keys = list_quietly (owner, cancellable);
      return g_steal_pointer (&self);
    }

  self->keys = spare_owner_list_keys_sync (owner, cancellable, error);
  if (self->keys == NULL)
    return NULL;
  self->stored = spare_stored_key_list (spare_owner_get_keyring (owner), cancellable, &local);
  if (self->stored == NULL)
    g_debug ("keyring: %s", local->message);
  return g_steal_pointer (&self);
}

static SpareOwnedKey *
find_owned (SpareOwnKeys *self, const char *fingerprint)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      SpareOwnedKey *owned = g_ptr_array_index (self->keys, i);

      if (strcmp (spare_key_get_fingerprint (owned->key), fingerprint) == 0)
        return owned;
    }
  return NULL;
}

SpareKey *
spare_own_keys_find (SpareOwnKeys *self, const char *fingerprint)
{
  SpareOwnedKey *owned = find_owned (self, fingerprint);

  return owned != NULL ? owned->key : NULL;
}

/* Does one of the key's subkeys open it? A hidden recipient may be anybody: then the key in use is tried. */
static gboolean
may_open (const SpareOwnedKey *owned, const SpareEsk *esk)
{
  if (spare_esk_is_hidden (esk))
    return owned->is_default;
  for (guint i = 0; i < spare_key_get_n_subkeys (owned->key); i++)
    if (spare_esk_matches_fingerprint (esk, spare_key_get_subkey (owned->key, i)->fingerprint))
      return TRUE;
  return FALSE;
}

SpareKey *
spare_own_keys_find_for_esk (SpareOwnKeys *self, const SpareEsk *esk)
{
  if (!spare_esk_is_public_key (esk))
    return NULL;
  for (guint i = 0; i < self->keys->len; i++)
    {
      SpareOwnedKey *owned = g_ptr_array_index (self->keys, i);

      if (may_open (owned, esk))
        return owned->key;
    }
  return NULL;
}

gboolean
spare_own_keys_is_gone (SpareOwnKeys *self, const char *fingerprint)
{
  return self->stored != NULL && find_owned (self, fingerprint) == NULL
         && !g_ptr_array_find_with_equal_func (self->stored, fingerprint, g_str_equal, NULL);
}

SpareHome *
spare_own_keys_get_home (SpareOwnKeys *self, SpareKey *key)
{
  SpareOwnedKey *owned = find_owned (self, spare_key_get_fingerprint (key));

  return owned == NULL || owned->source == SPARE_KEY_SOURCE_KEYRING ? self->owner->home
                                                                    : self->owner->personal;
}

SpareSessionKey *
spare_own_keys_open_sync (SpareOwnKeys *self,
                          const SpareEsk *esk,
                          const SpareHead *head,
                          GCancellable *cancellable,
                          GError **error)
{
  SpareKey *key = spare_own_keys_find_for_esk (self, esk);
  SpareSessionKeyOpener *opener;

  if (key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("None of your keys opens this file. It was not touched."));
      return NULL;
    }
  opener = g_hash_table_lookup (self->openers, spare_key_get_fingerprint (key));
  if (opener == NULL)
    {
      opener = spare_session_key_opener_new (spare_own_keys_get_home (self, key), key);
      g_hash_table_insert (self->openers, g_strdup (spare_key_get_fingerprint (key)), opener);
    }
  return spare_session_key_opener_open_sync (opener, esk, head, cancellable, error);
}
