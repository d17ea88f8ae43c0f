/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key of the owner as three items of the desktop keyring: passphrase, revocation, secret key.
 *
 * Promise: stored means read back and compared. The secret key is stored last, and only a key whose secret
 * key and passphrase are both there counts as stored; so a crash half-way leaves a stray passphrase, never
 * a key that looks whole. A storing that fails takes its items away again. An item that is there already
 * with another value is never written over by a new key: fingerprints differ.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-display.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>

void
spare_stored_key_free (SpareStoredKey *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->passphrase, spare_secret_unref);
  g_clear_pointer (&self->secret_key, spare_secret_unref);
  g_clear_pointer (&self->revocation, spare_secret_unref);
  g_free (self->fingerprint);
  g_free (self->user_id);
  g_free (self);
}

static char *
make_label (const SpareStoredKey *self, SpareKeyringKind kind)
{
  g_autofree char *name = spare_display_text (self->user_id, -1, 60);

  switch (kind)
    {
    case SPARE_KEYRING_PASSPHRASE:
      /* Translators: as the keyring shows it; %s is a name with a mail address */
      return g_strdup_printf (_ ("Spare Key: passphrase of %s"), name);
    case SPARE_KEYRING_REVOCATION:
      return g_strdup_printf (_ ("Spare Key: revocation of the key of %s"), name);
    case SPARE_KEYRING_SECRET_KEY:
    default:
      return g_strdup_printf (_ ("Spare Key: secret key of %s"), name);
    }
}

static gboolean
store_one (const SpareStoredKey *self,
           SpareKeyring *keyring,
           SpareKeyringKind kind,
           SpareSecret *secret,
           GCancellable *cancellable,
           GError **error)
{
  g_autofree char *label = make_label (self, kind);
  g_autoptr (SpareSecret) back = NULL;

  if (!spare_keyring_store_sync (keyring, self->fingerprint, kind, label, secret,
                                 SPARE_KEYRING_PROMPT, cancellable, error))
    return FALSE;

  back = spare_keyring_lookup_sync (keyring, self->fingerprint, kind, SPARE_KEYRING_PROMPT,
                                    cancellable, error);
  if (back != NULL && spare_secret_equal (back, secret))
    return TRUE;
  if (error == NULL || *error == NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_GONE,
                         _ ("The keyring did not give back what was stored in it, so the key "
                            "is "
                            "not safe there."));
  return FALSE;
}

/*
 * spare_stored_key_store:
 *
 * Stores the key and reads it back. On failure nothing of it stays in the keyring, as far as the keyring
 * lets itself be cleaned.
 */
gboolean
spare_stored_key_store (const SpareStoredKey *self,
                        SpareKeyring *keyring,
                        GCancellable *cancellable,
                        GError **error)
{
  if (store_one (self, keyring, SPARE_KEYRING_PASSPHRASE, self->passphrase, cancellable, error)
      && (self->revocation == NULL
          || store_one (self, keyring, SPARE_KEYRING_REVOCATION, self->revocation, cancellable,
                        error))
      && store_one (self, keyring, SPARE_KEYRING_SECRET_KEY, self->secret_key, cancellable,
                    error))
    return TRUE;

  spare_stored_key_remove (self->fingerprint, keyring, NULL);
  return FALSE;
}

/*
 * spare_stored_key_update:
 *
 * Stores the secret key of a stored key again, under the same passphrase, and reads it back.
 */
gboolean
spare_stored_key_update (const SpareStoredKey *self,
                         SpareKeyring *keyring,
                         GCancellable *cancellable,
                         GError **error)
{
  return store_one (self, keyring, SPARE_KEYRING_SECRET_KEY, self->secret_key, cancellable,
                    error);
}

/*
 * spare_stored_key_remove:
 *
 * Takes the key out of the keyring; what isn't there is fine. The secret key goes first: without it the rest
 * does not count as a key. Not cancellable: half of it helps nobody.
 */
gboolean
spare_stored_key_remove (const char *fingerprint, SpareKeyring *keyring, GError **error)
{
  const SpareKeyringKind kinds[] = { SPARE_KEYRING_SECRET_KEY, SPARE_KEYRING_REVOCATION,
                                     SPARE_KEYRING_PASSPHRASE };
  gboolean all = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) local = NULL;

      if (spare_keyring_remove_sync (keyring, fingerprint, kinds[i], SPARE_KEYRING_PROMPT, NULL,
                                     &local)
          || g_error_matches (local, SPARE_ERROR, SPARE_ERROR_NO_KEY)
          || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        continue;
      g_debug ("keyring: %s", local != NULL ? local->message : "not removed");
      if (all && local != NULL)
        g_propagate_error (error, g_steal_pointer (&local));
      all = FALSE;
      break; /* a keyring that fails once asks or hangs again */
    }
  return all;
}

static gboolean
has_item (GPtrArray *items, const char *fingerprint, SpareKeyringKind kind)
{
  for (guint i = 0; i < items->len; i++)
    {
      const SpareKeyringItem *item = g_ptr_array_index (items, i);

      if (item->kind == kind && g_strcmp0 (item->fingerprint, fingerprint) == 0)
        return TRUE;
    }
  return FALSE;
}

/*
 * spare_stored_key_list:
 *
 * Asks nobody anything, and needs no open keyring.
 *
 * Returns: (transfer full) (element-type utf8): fingerprints of the keys that are stored whole
 */
GPtrArray *
spare_stored_key_list (SpareKeyring *keyring, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) items = spare_keyring_search_all_sync (keyring, cancellable, error);
  g_autoptr (GPtrArray) found = NULL;

  if (items == NULL)
    return NULL;

  found = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < items->len; i++)
    {
      const SpareKeyringItem *item = g_ptr_array_index (items, i);

      if (item->kind == SPARE_KEYRING_SECRET_KEY
          && has_item (items, item->fingerprint, SPARE_KEYRING_PASSPHRASE)
          && spare_fingerprint_is_valid (item->fingerprint)
          && !g_ptr_array_find_with_equal_func (found, item->fingerprint, g_str_equal, NULL))
        g_ptr_array_add (found, g_strdup (item->fingerprint));
    }
  return g_steal_pointer (&found);
}

/*
 * spare_owner_find_passphrase_private:
 *
 * The passphrase function of the application's home. Held for a batch of files, but the keyring is asked each time
 * whether it is still open: a locked keyring locks the files. One that turns out wrong is read anew, once.
 */
SpareSecret *
spare_owner_find_passphrase_private (const char *fingerprint,
                                     gboolean was_wrong,
                                     GCancellable *cancellable,
                                     gpointer keyring,
                                     GError **error)
{
  g_autoptr (GError) local = NULL;
  SpareSecret *passphrase;

  if (was_wrong && !spare_keyring_forget_held (keyring))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                           _ ("The passphrase in the keyring does not fit your key. Put back "
                              "the "
                              "keyring as it was, or import the key again."));
      return NULL;
    }

  if (was_wrong)
    passphrase = spare_keyring_lookup_sync (keyring, fingerprint, SPARE_KEYRING_PASSPHRASE,
                                            SPARE_KEYRING_PROMPT, cancellable, &local);
  else
    passphrase = spare_keyring_lookup_held_sync (keyring, fingerprint, SPARE_KEYRING_PASSPHRASE,
                                                 SPARE_KEYRING_PROMPT, cancellable, &local);
  if (passphrase != NULL)
    return passphrase;
  if (local != NULL && !g_error_matches (local, SPARE_ERROR, SPARE_ERROR_NO_KEY)
      && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                         _ ("The passphrase of your key is not in the keyring any more, so the "
                            "key "
                            "can’t be used. Your files are unharmed."));
  return NULL;
}
