/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's keys: which there are, which is in use, and what can be done with them.
 *
 * Promise: keys of the keyring and keys of the person's own GnuPG are told apart, and ~/.gnupg is never
 * written. The key in use can't be deleted under the files that are encrypted to it.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>

static void
add_key (GPtrArray *keys, SpareKey *key, SpareKeySource source, const char *chosen)
{
  SpareOwnedKey *owned = g_new0 (SpareOwnedKey, 1);

  owned->key = g_object_ref (key);
  owned->source = source;
  owned->is_default = g_strcmp0 (chosen, spare_key_get_fingerprint (key)) == 0;
  g_ptr_array_add (keys, owned);
}

static SpareKeySource
find_source (SpareKey *key)
{
  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    if (spare_key_get_subkey (key, i)->is_card)
      return SPARE_KEY_SOURCE_CARD;

  return SPARE_KEY_SOURCE_GNUPG;
}

static SpareOwnedKey *
find_owned (GPtrArray *keys, const char *fingerprint)
{
  for (guint i = 0; i < keys->len; i++)
    {
      SpareOwnedKey *owned = g_ptr_array_index (keys, i);

      if (strcmp (spare_key_get_fingerprint (owned->key), fingerprint) == 0)
        return owned;
    }
  return NULL;
}

/* Keys that the keyring has and the home has not, without asking anybody: what stays locked stays away. */
static void
restore_missing (SpareOwner *self,
                 GPtrArray *keys,
                 const char *chosen,
                 GCancellable *cancellable)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GPtrArray) stored = spare_stored_key_list (self->keyring, cancellable, &local);

  if (stored == NULL)
    {
      g_debug ("keyring: %s", local->message);
      return;
    }
  for (guint i = 0; i < stored->len; i++)
    {
      const char *fingerprint = g_ptr_array_index (stored, i);
      g_autoptr (SpareKey) key = NULL;

      if (find_owned (keys, fingerprint) != NULL)
        continue;
      key = spare_owner_restore_key_private (self, fingerprint, SPARE_KEYRING_NO_PROMPT,
                                             cancellable, NULL);
      if (key != NULL)
        add_key (keys, key, SPARE_KEY_SOURCE_KEYRING, chosen);
    }
}

static GPtrArray *
list_keys (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray)
      keys = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_owned_key_free);
  g_autoptr (GPtrArray) own = NULL;
  g_autoptr (GPtrArray) personal = NULL;
  g_autoptr (SpareKey) present = spare_owner_dup_key (self);
  g_autofree char *chosen = present != NULL ? g_strdup (spare_key_get_fingerprint (present))
                                            : NULL;

  if (!spare_owner_check_prepared_private (self, cancellable, error))
    return NULL;

  own = spare_home_list_keys_sync (self->home, TRUE, cancellable, error);
  if (own == NULL)
    return NULL;
  for (guint i = 0; i < own->len; i++)
    add_key (keys, g_ptr_array_index (own, i), SPARE_KEY_SOURCE_KEYRING, chosen);
  restore_missing (self, keys, chosen, cancellable);

  personal = spare_home_list_keys_sync (self->personal, TRUE, cancellable, error);
  if (personal == NULL)
    return NULL;
  for (guint i = 0; i < personal->len; i++)
    {
      SpareKey *key = g_ptr_array_index (personal, i);

      if (find_owned (keys, spare_key_get_fingerprint (key)) == NULL)
        add_key (keys, key, find_source (key), chosen);
    }
  return g_steal_pointer (&keys);
}

/**
 * spare_owner_list_keys_sync:
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Works after an opening that failed for the keyring, too.
 *
 * Returns: (transfer full) (element-type SpareOwnedKey): the keys whose secret part is at hand: those of the
 *   keyring, then those of the person's own GnuPG. %NULL with [error@SpareError] `ENGINE` if that can't be
 *   known
 */
GPtrArray *
spare_owner_list_keys_sync (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  operation = g_mutex_locker_new (&self->operation);
  return list_keys (self, cancellable, error);
}

static SpareOwnedKey *
find_listed (SpareOwner *self,
             const char *fingerprint,
             GPtrArray **keys,
             GCancellable *cancellable,
             GError **error)
{
  g_autofree char *normal = spare_fingerprint_normalize (fingerprint);
  SpareOwnedKey *owned;

  *keys = list_keys (self, cancellable, error);
  if (*keys == NULL)
    return NULL;

  owned = normal != NULL ? find_owned (*keys, normal) : NULL;
  if (owned == NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                         _ ("There is no key of yours with this fingerprint. Nothing was "
                            "changed."));
  return owned;
}

/* For what is not done to keys of the person's own GnuPG: they are changed there. */
static SpareOwnedKey *
find_stored (SpareOwner *self,
             const char *fingerprint,
             GPtrArray **keys,
             GCancellable *cancellable,
             GError **error)
{
  SpareOwnedKey *owned = find_listed (self, fingerprint, keys, cancellable, error);

  if (owned == NULL || owned->source == SPARE_KEY_SOURCE_KEYRING)
    return owned;

  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                       _ ("This key is kept by your own GnuPG, which Spare Key never changes. "
                          "Nothing was changed. Use a program for GnuPG keys."));
  return NULL;
}

/* A public copy, for encryption in the application's home. */
static SpareKey *
copy_certificate (SpareOwner *self,
                  const char *fingerprint,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (GBytes) octets = spare_home_export_sync (self->personal, fingerprint,
                                                      SPARE_EXPORT_MINIMAL, cancellable, error);

  if (octets == NULL)
    return NULL;
  imported = spare_home_import_sync (self->home, octets, FALSE, cancellable, error);
  if (imported == NULL
      || !spare_owner_save_certificate_private (self, fingerprint, cancellable, error))
    return NULL;
  return spare_home_get_key_sync (self->home, fingerprint, FALSE, cancellable, error);
}

static gboolean
use_key (SpareOwner *self, const char *fingerprint, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  SpareOwnedKey *owned = find_listed (self, fingerprint, &keys, cancellable, error);
  g_autoptr (SpareKey) key = NULL;
  SpareKeyState state;
  const char *full;

  if (owned == NULL)
    return FALSE;
  full = spare_key_get_fingerprint (owned->key);
  state = spare_key_get_encryption_state (owned->key, g_get_real_time () / G_USEC_PER_SEC);
  if (state != SPARE_KEY_USABLE)
    {
      g_autofree char *why = spare_key_state_describe (state, owned->key);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   /* Translators: %s is a sentence */
                   _ ("Nothing can be encrypted to this key. %s Nothing was changed."), why);
      return FALSE;
    }
  if (g_strcmp0 (full, spare_pin_get_fingerprint (self->pin)) == 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("This is the backup authority’s key. It can’t be your own key "
                              "too: "
                              "losing it would lose everything. Nothing was changed."));
      return FALSE;
    }

  if (owned->source == SPARE_KEY_SOURCE_KEYRING)
    {
      key = g_object_ref (owned->key);
      if (!spare_owner_save_certificate_private (self, full, cancellable, error))
        return FALSE;
    }
  else
    key = copy_certificate (self, full, cancellable, error);
  if (key == NULL || !spare_owner_write_choice_private (self, full, owned->source, error))
    return FALSE;

  spare_owner_set_key_private (self, key, owned->source);
  spare_owner_update_state_private (self);
  return TRUE;
}

/**
 * spare_owner_use_key_sync:
 * @fingerprint: of a key that spare_owner_list_keys_sync() lists
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Encrypts to this key from now on. A key of the person's own GnuPG stays there: only its certificate is
 * copied; choosing it again refreshes the copy. Works after an opening that failed for the keyring, too.
 *
 * Returns: %FALSE with [error@SpareError] `NO_KEY`, `FAILED` (nothing can be encrypted to it), `ENGINE`, or a
 *   GIO error; the key in use is then as before
 */
gboolean
spare_owner_use_key_sync (SpareOwner *self,
                          const char *fingerprint,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  return use_key (self, fingerprint, cancellable, error);
}

/**
 * spare_owner_delete_key_sync:
 * @fingerprint: of a key in the keyring that is not in use
 * @cancellable: (nullable): a cancellable; not heeded once the deletion has begun
 * @error: where to put an error
 *
 * Takes a key out of the keyring and the home, for good. What was encrypted to it alone can't be opened any
 * more without a copy, or the backup authority.
 *
 * Returns: %FALSE with [error@SpareError] `FAILED` (it is in use), `NO_KEY`, `UNSUPPORTED` (a key of the
 *   person's own GnuPG), `KEYRING_…`
 */
gboolean
spare_owner_delete_key_sync (SpareOwner *self,
                             const char *fingerprint,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  SpareOwnedKey *owned;
  const char *full;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  owned = find_stored (self, fingerprint, &keys, cancellable, error);
  if (owned == NULL)
    return FALSE;
  if (owned->is_default)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("This key is in use: without it your files could not be opened "
                              "any "
                              "more. Nothing was changed. Choose another key first."));
      return FALSE;
    }

  full = spare_key_get_fingerprint (owned->key);
  if (!spare_owner_ensure_keyring_private (self, cancellable, error)
      || !spare_stored_key_remove (full, self->keyring, error)
      || !spare_home_delete_key_sync (self->home, full, TRUE, NULL, error)
      || !spare_owner_remove_certificate_private (self, full, error))
    return FALSE;

  spare_owner_announce_private (self);
  return TRUE;
}

/**
 * spare_owner_export_key_sync:
 * @fingerprint: (nullable): of one of the owner's keys; %NULL: the one in use
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Returns: (transfer full): the public part, armored; %NULL with [error@SpareError] `NO_KEY`, `NOT_SET_UP`
 */
GBytes *
spare_owner_export_key_sync (SpareOwner *self,
                             const char *fingerprint,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (SpareKey) present = NULL;
  SpareOwnedKey *owned;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  operation = g_mutex_locker_new (&self->operation);
  present = spare_owner_dup_key (self);
  if (fingerprint == NULL && present == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("There is no key of yours yet. Make or import one first."));
      return NULL;
    }
  if (fingerprint == NULL)
    fingerprint = spare_key_get_fingerprint (present);

  owned = find_listed (self, fingerprint, &keys, cancellable, error);
  if (owned == NULL)
    return NULL;
  return spare_home_export_sync (owned->source == SPARE_KEY_SOURCE_KEYRING ? self->home
                                                                           : self->personal,
                                 spare_key_get_fingerprint (owned->key), SPARE_EXPORT_ARMOR,
                                 cancellable, error);
}

static SpareSecret *
answer_cb (const char *fingerprint,
           gboolean was_wrong,
           GCancellable *cancellable,
           gpointer user_data,
           GError **error)
{
  return spare_secret_ref (user_data);
}

static SpareSecret *
export_secret_key (SpareOwner *self,
                   const char *fingerprint,
                   SpareSecret *passphrase,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (SpareHome) scratch = spare_home_new_scratch (error);
  g_autoptr (SpareSecret) armored = NULL;
  g_autoptr (SpareSecret) before = NULL;

  if (scratch == NULL)
    return NULL;
  armored = spare_home_export_secret_sync (self->home, fingerprint, cancellable, error);
  if (armored == NULL)
    return NULL;
  before = spare_owner_find_passphrase_private (fingerprint, FALSE, cancellable, self->keyring,
                                                error);
  if (before == NULL || !spare_home_import_secret_sync (scratch, armored, cancellable, error)
      || !spare_home_change_passphrase_sync (scratch, fingerprint, before, passphrase,
                                             cancellable, error))
    return NULL;

  spare_home_set_passphrase_func (scratch, answer_cb, spare_secret_ref (passphrase),
                                  (GDestroyNotify) spare_secret_unref);
  return spare_home_export_secret_sync (scratch, fingerprint, cancellable, error);
}

/**
 * spare_owner_export_secret_key_sync:
 * @fingerprint: of a key in the keyring
 * @passphrase: that protects the export; not empty
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * A copy for safe keeping: through a scratch home, where the engine makes guessing a human passphrase slow.
 *
 * Returns: (transfer full): the transferable secret key, armored; %NULL with [error@SpareError] `NO_KEY`,
 *   `UNSUPPORTED` (a key of the person's own GnuPG), `BAD_PASSPHRASE` (empty), `KEYRING_…`, `ENGINE`
 */
SpareSecret *
spare_owner_export_secret_key_sync (SpareOwner *self,
                                    const char *fingerprint,
                                    SpareSecret *passphrase,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  SpareOwnedKey *owned;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && fingerprint != NULL, NULL);
  g_return_val_if_fail (passphrase != NULL, NULL);

  if (spare_secret_get_size (passphrase) == 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                           _ ("A copy of your key needs a passphrase. Nothing was written."));
      return NULL;
    }

  operation = g_mutex_locker_new (&self->operation);
  owned = find_stored (self, fingerprint, &keys, cancellable, error);
  if (owned == NULL)
    return NULL;
  return export_secret_key (self, spare_key_get_fingerprint (owned->key), passphrase,
                            cancellable, error);
}

/**
 * spare_owner_extend_key_sync:
 * @fingerprint: of a key in the keyring
 * @until: Unix seconds; 0 for no expiry
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Lets the key expire later, or never.
 *
 * Returns: %FALSE with [error@SpareError] `NO_KEY`, `UNSUPPORTED`, `KEYRING_…`, `ENGINE`, or
 *   `G_IO_ERROR_INVALID_ARGUMENT` (a time past)
 */
gboolean
spare_owner_extend_key_sync (SpareOwner *self,
                             const char *fingerprint,
                             gint64 until,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  SpareOwnedKey *owned;
  const char *full;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  if (until != 0 && until <= g_get_real_time () / G_USEC_PER_SEC)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("That date has passed. Nothing was changed."));
      return FALSE;
    }
  owned = find_stored (self, fingerprint, &keys, cancellable, error);
  if (owned == NULL || !spare_owner_ensure_keyring_private (self, cancellable, error))
    return FALSE;

  full = spare_key_get_fingerprint (owned->key);
  return spare_home_extend_key_sync (self->home, full, until, cancellable, error)
         && spare_owner_save_key_private (self, full, cancellable, error)
         && spare_owner_refresh_key_private (self, cancellable, error);
}

/**
 * spare_owner_revoke_key_sync:
 * @fingerprint: of a key in the keyring
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Says for good that the key must not be used any more, with the revocation that was stored when it was made.
 * Files can still be opened with it; nothing is encrypted to it any more.
 *
 * Returns: %FALSE with [error@SpareError] `NO_KEY`, `UNSUPPORTED`, `KEYRING_…`, `ENGINE`
 */
gboolean
spare_owner_revoke_key_sync (SpareOwner *self,
                             const char *fingerprint,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (SpareSecret) revocation = NULL;
  g_autoptr (GBytes) octets = NULL;
  SpareOwnedKey *owned;
  const char *full;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  owned = find_stored (self, fingerprint, &keys, cancellable, error);
  if (owned == NULL)
    return FALSE;

  full = spare_key_get_fingerprint (owned->key);
  revocation = spare_keyring_lookup_sync (self->keyring, full, SPARE_KEYRING_REVOCATION,
                                          SPARE_KEYRING_PROMPT, cancellable, error);
  if (revocation == NULL)
    return FALSE;
  octets = g_bytes_new (spare_secret_get_data (revocation), spare_secret_get_size (revocation));
  return spare_home_revoke_sync (self->home, full, octets, cancellable, error)
         && spare_owner_save_certificate_private (self, full, cancellable, error)
         && spare_owner_refresh_key_private (self, cancellable, error);
}
