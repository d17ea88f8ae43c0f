/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a key, and taking one from a file.
 *
 * Promise: either the key is in the keyring, read back and proven by a decryption, and in use; or there is
 * no key, nothing of it is left, and the message says that nothing was changed. The order sees to it:
 *
 *   1. the keyring is there and open, before anything is made
 *   2. the key is made (or read) in a scratch home, under a random passphrase of 256 bits
 *   3. passphrase, revocation and secret key go into the keyring, each read back
 *   4. the key goes into the application's home, and is proven with the keyring's passphrase
 *   5. its certificate is written beside the home
 *   6. owner.ini: from here on files are encrypted to it
 *
 * A crash before 3 is done leaves nothing that counts; one after it leaves a stored key that the next start
 * adopts. The application's home never holds a secret key that the keyring doesn't.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-error.h"
#include "spare-user-id.h"

#include <glib/gi18n-lib.h>

#define PASSPHRASE_BITS 256

/* Says, in front of why, that all is as it was, unless that is said already. Keeps domain and code. */
static void
say_unchanged (GError **error, const char *failed, const char *failed_unchanged)
{
  GError *before = *error;
  gboolean said = strstr (before->message, _ ("Nothing was changed.")) != NULL;

  *error = g_error_new (before->domain, before->code, "%s %s", said ? failed : failed_unchanged,
                        before->message);
  g_error_free (before);
}

/* Steps 4 to 6, in the application's home. */
static gboolean
install (SpareOwner *self,
         const SpareStoredKey *stored,
         gboolean choose,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (SpareKey) key = NULL;

  if (!spare_home_import_secret_sync (self->home, stored->secret_key, cancellable, error))
    return FALSE;
  key = spare_home_get_key_sync (self->home, stored->fingerprint, TRUE, cancellable, error);
  if (key == NULL || !spare_owner_prove_key_private (self, key, cancellable, error)
      || !spare_owner_save_certificate_private (self, stored->fingerprint, cancellable, error))
    return FALSE;
  if (!choose)
    return TRUE;

  if (!spare_owner_write_choice_private (self, stored->fingerprint, SPARE_KEY_SOURCE_KEYRING,
                                         error))
    return FALSE;
  spare_owner_set_key_private (self, key, SPARE_KEY_SOURCE_KEYRING);
  return TRUE;
}

/* The public part may have been here before, as somebody's certificate: it is put back. */
static void
take_back (SpareOwner *self, const char *fingerprint, gboolean had_certificate)
{
  g_autoptr (GError) local = NULL;

  if (!spare_stored_key_remove (fingerprint, self->keyring, &local))
    {
      g_debug ("keyring: %s", local->message);
      g_clear_error (&local);
    }
  if (!had_certificate && !spare_owner_remove_certificate_private (self, fingerprint, &local))
    {
      g_debug ("certificate: %s", local->message);
      g_clear_error (&local);
    }
  if (!spare_home_delete_key_sync (self->home, fingerprint, TRUE, NULL, &local))
    {
      g_debug ("home: %s", local->message);
      g_clear_error (&local);
    }
  if (had_certificate && !spare_owner_restore_certificates_private (self, NULL, &local))
    g_debug ("home: %s", local->message);
}

static gboolean
has_certificate (SpareOwner *self, const char *fingerprint)
{
  g_autoptr (GPtrArray) found = spare_owner_list_certificates_private (self);

  return g_ptr_array_find_with_equal_func (found, fingerprint, g_str_equal, NULL);
}

/* Steps 3 to 6: from a scratch home that unlocks the key. */
static gboolean
store_and_install (SpareOwner *self,
                   SpareHome *scratch,
                   SpareStoredKey *stored,
                   gboolean choose,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (GBytes) revocation = NULL;
  g_autoptr (SpareKey) key = NULL;
  gboolean had_certificate = has_certificate (self, stored->fingerprint);

  spare_home_set_passphrase (scratch, stored->passphrase);
  key = spare_home_get_key_sync (scratch, stored->fingerprint, TRUE, cancellable, error);
  if (key == NULL)
    return FALSE;
  stored->user_id = g_strdup (spare_key_get_user_id (key));
  revocation = spare_home_dup_revocation_sync (scratch, stored->fingerprint, cancellable,
                                               error);
  if (revocation == NULL)
    return FALSE;
  stored->revocation = spare_secret_new_copy (g_bytes_get_data (revocation, NULL),
                                              g_bytes_get_size (revocation), error);
  stored->secret_key = spare_home_export_secret_sync (scratch, stored->fingerprint, cancellable,
                                                      error);
  if (stored->revocation == NULL || stored->secret_key == NULL)
    return FALSE;

  if (!spare_stored_key_store (stored, self->keyring, cancellable, error))
    return FALSE;
  if (install (self, stored, choose, cancellable, error))
    return TRUE;

  take_back (self, stored->fingerprint, had_certificate);
  return FALSE;
}

static char *
create_key (SpareOwner *self,
            const char *user_id,
            const char *algorithm,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (SpareStoredKey) stored = g_new0 (SpareStoredKey, 1);
  g_autoptr (SpareHome) scratch = NULL;

  if (!spare_owner_check_prepared_private (self, cancellable, error)
      || !spare_owner_ensure_keyring_private (self, cancellable, error))
    return NULL;

  scratch = spare_home_new_scratch (error);
  stored->passphrase = spare_secret_new_random_text (PASSPHRASE_BITS, error);
  if (scratch == NULL || stored->passphrase == NULL)
    return NULL;
  stored->fingerprint = spare_home_create_key_sync (scratch, user_id, algorithm, 0,
                                                    stored->passphrase, cancellable, error);
  if (stored->fingerprint == NULL
      || !store_and_install (self, scratch, stored, TRUE, cancellable, error))
    return NULL;
  return g_strdup (stored->fingerprint);
}

/**
 * spare_owner_create_key_sync:
 * @name: of the person
 * @email: of the person
 * @algorithm: (nullable): gpg's word for it; %NULL: ed25519 with cv25519
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Makes a key without expiry, stores it in the keyring, and uses it from now on. Keys that were there before
 * stay, for the files encrypted to them.
 *
 * Returns: (transfer full): the new key's primary fingerprint; %NULL with an error, and all as it was:
 *   [error@SpareError] `KEYRING_…`, `ENGINE`, `UNSUPPORTED` (the algorithm), or a GIO error
 */
char *
spare_owner_create_key_sync (SpareOwner *self,
                             const char *name,
                             const char *email,
                             const char *algorithm,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *user_id = NULL;
  char *fingerprint;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  user_id = spare_user_id_build (name, email, error);
  if (user_id == NULL)
    return NULL;

  operation = g_mutex_locker_new (&self->operation);
  fingerprint = create_key (self, user_id, algorithm, cancellable, &local);
  if (fingerprint == NULL)
    {
      say_unchanged (&local, _ ("No key was made."),
                     _ ("No key was made, and nothing was changed."));
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  spare_owner_update_state_private (self);
  return fingerprint;
}

/* The one secret key in the scratch home. */
static SpareKey *
find_secret_key (SpareHome *scratch, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (scratch, TRUE, cancellable, error);
  SpareKey *key;

  if (keys == NULL)
    return NULL;
  if (keys->len != 1)
    {
      g_set_error_literal (
          error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
          keys->len == 0 ? _ ("There is no secret key in this file. Is it the public part?")
                         : _ ("There are several secret keys in this file. Take out the one "
                              "that you want."));
      return NULL;
    }
  key = g_ptr_array_index (keys, 0);
  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    if (spare_key_get_subkey (key, i)->is_card)
      {
        g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                             _ ("The secret part of this key is on a smartcard. Choose the key "
                                "among those of your GnuPG instead."));
        return NULL;
      }
  return g_object_ref (key);
}

static gboolean
check_not_stored (SpareOwner *self,
                  const char *fingerprint,
                  GCancellable *cancellable,
                  GError **error)
{
  gboolean stored = FALSE;

  if (!spare_owner_is_stored_private (self, fingerprint, &stored, cancellable, error))
    return FALSE;
  if (!stored)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                       _ ("This key is in your keyring already."));
  return FALSE;
}

/* An unprotected key has the empty passphrase. */
static gboolean
take_passphrase (SpareHome *scratch,
                 const char *fingerprint,
                 SpareSecret *before,
                 SpareSecret *after,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (SpareSecret) old = before != NULL ? spare_secret_ref (before)
                                               : spare_secret_new_copy ("", 0, error);

  return old != NULL
         && spare_home_change_passphrase_sync (scratch, fingerprint, old, after, cancellable,
                                               error);
}

static char *
import_key (SpareOwner *self,
            GBytes *octets,
            SpareSecret *passphrase,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (SpareStoredKey) stored = g_new0 (SpareStoredKey, 1);
  g_autoptr (SpareHome) scratch = NULL;
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (SpareKey) present = spare_owner_dup_key (self);
  gboolean choose;

  if (!spare_owner_check_prepared_private (self, cancellable, error)
      || !spare_owner_ensure_keyring_private (self, cancellable, error))
    return NULL;

  scratch = spare_home_new_scratch (error);
  stored->passphrase = spare_secret_new_random_text (PASSPHRASE_BITS, error);
  if (scratch == NULL || stored->passphrase == NULL)
    return NULL;
  imported = spare_home_import_sync (scratch, octets, TRUE, cancellable, error);
  key = imported != NULL ? find_secret_key (scratch, cancellable, error) : NULL;
  if (key == NULL)
    return NULL;

  stored->fingerprint = g_strdup (spare_key_get_fingerprint (key));
  if (!check_not_stored (self, stored->fingerprint, cancellable, error)
      || !take_passphrase (scratch, stored->fingerprint, passphrase, stored->passphrase,
                           cancellable, error))
    return NULL;

  choose = present == NULL
           && spare_key_get_encryption_state (key, g_get_real_time () / G_USEC_PER_SEC)
                  == SPARE_KEY_USABLE;
  if (!store_and_install (self, scratch, stored, choose, cancellable, error))
    return NULL;
  return g_strdup (stored->fingerprint);
}

/**
 * spare_owner_import_key_sync:
 * @octets: a file with one secret key, armored or binary
 * @passphrase: (nullable): of the file; %NULL: none, or not asked for yet
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Takes a key from a file into the keyring, under a random passphrase. It is used from now on if none was in
 * use before and it can encrypt; else it opens old files, and can be chosen with spare_owner_use_key_sync().
 *
 * Returns: (transfer full): the key's primary fingerprint; %NULL with an error, and all as it was:
 *   [error@SpareError] `BAD_PASSPHRASE` (wrong, or one is needed), `DAMAGED`, `UNSUPPORTED` (no secret key,
 *   several, or on a card), `KEYRING_…`, `ENGINE`; `G_IO_ERROR_EXISTS` if the keyring has it already
 */
char *
spare_owner_import_key_sync (SpareOwner *self,
                             GBytes *octets,
                             SpareSecret *passphrase,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GError) local = NULL;
  char *fingerprint;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && octets != NULL, NULL);

  operation = g_mutex_locker_new (&self->operation);
  fingerprint = import_key (self, octets, passphrase, cancellable, &local);
  if (fingerprint == NULL)
    {
      say_unchanged (&local, _ ("The key was not imported."),
                     _ ("The key was not imported, and nothing was changed."));
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  spare_owner_update_state_private (self);
  return fingerprint;
}
