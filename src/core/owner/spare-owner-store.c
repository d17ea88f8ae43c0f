/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the keyring and the application's home: a key is put back, proven, and stored again after a change.
 *
 * Promise: a key counts only when something encrypted to it was opened with what the keyring gave back.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-decryption.h"
#include "spare-encryption.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>

static const char proof_text[] =
    "Spare Key proves that it can open what it encrypts to this key.\n";

/* A few octets in memory, to read or to write. */
typedef struct
{
  GByteArray *octets;
  gsize at;
} Memory;

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Memory *memory = user_data;
  gsize n = MIN (size, memory->octets->len - memory->at);

  if (n > 0)
    memcpy (buffer, memory->octets->data + memory->at, n);
  memory->at += n;
  return (gssize) n;
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  ((Memory *) user_data)->at = 0;
  return TRUE;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Memory *memory = user_data;

  g_byte_array_append (memory->octets, octets, (guint) size);
  return TRUE;
}

static gboolean
rewind_output_cb (gpointer user_data, GError **error)
{
  g_byte_array_set_size (((Memory *) user_data)->octets, 0);
  return TRUE;
}

static SpareStream
make_stream (Memory *input, Memory *output)
{
  return (SpareStream){
    .read = read_cb,
    .rewind_input = rewind_input_cb,
    .input = input,
    .write = write_cb,
    .rewind_output = rewind_output_cb,
    .output = output,
  };
}

static gboolean
prove_by_decryption (SpareOwner *self,
                     SpareKey *key,
                     const SpareSubkey *subkey,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GByteArray) plain = g_byte_array_new ();
  g_autoptr (GByteArray) cipher = g_byte_array_new ();
  g_autoptr (GByteArray) back = g_byte_array_new ();
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareDecryption) decryption = NULL;
  const SpareRecipient recipient = { .key = key, .subkey = subkey };
  const SpareEncryptionRequest request = { .recipients = &recipient,
                                           .n_recipients = 1,
                                           .size = sizeof proof_text };
  Memory one = { plain, 0 }, two = { cipher, 0 }, three = { back, 0 };
  SpareStream stream;

  g_byte_array_append (plain, (const guint8 *) proof_text, sizeof proof_text);
  stream = make_stream (&one, &two);
  head = spare_encrypt_sync (self->home, &request, &stream, cancellable, error);
  if (head == NULL)
    return FALSE;

  stream = make_stream (&two, &three);
  decryption = spare_decrypt_sync (self->home, &stream, 65536, cancellable, error);
  if (decryption == NULL)
    return FALSE;
  if (back->len == sizeof proof_text && memcmp (back->data, proof_text, back->len) == 0)
    return TRUE;

  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("What was encrypted to the key as a test came back changed."));
  return FALSE;
}

/* For a key that nothing may be encrypted to any more, but that old files need. */
static gboolean
prove_by_passphrase (SpareOwner *self,
                     const char *fingerprint,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (SpareSecret)
      passphrase = spare_owner_find_passphrase_private (fingerprint, FALSE, cancellable,
                                                        self->keyring, error);

  return passphrase != NULL
         && spare_home_change_passphrase_sync (self->home, fingerprint, passphrase, passphrase,
                                               cancellable, error);
}

gboolean
spare_owner_prove_key_private (SpareOwner *self,
                               SpareKey *key,
                               GCancellable *cancellable,
                               GError **error)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const SpareSubkey *subkey = spare_key_pick_newest_encryption_subkey (key, now);

  if (spare_key_get_encryption_state (key, now) == SPARE_KEY_USABLE && subkey != NULL)
    return prove_by_decryption (self, key, subkey, cancellable, error);
  return prove_by_passphrase (self, spare_key_get_fingerprint (key), cancellable, error);
}

gboolean
spare_owner_ensure_keyring_private (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  SpareKeyringState state = SPARE_KEYRING_MISSING;

  if (!spare_keyring_probe_sync (self->keyring, cancellable, &state, error))
    return FALSE;

  switch (state)
    {
    case SPARE_KEYRING_AVAILABLE:
      return TRUE;
    case SPARE_KEYRING_LOCKED:
      return spare_keyring_unlock_sync (self->keyring, cancellable, error);
    case SPARE_KEYRING_NO_COLLECTION:
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING,
                           _ ("There is no default keyring to keep a key in. Nothing was "
                              "changed. "
                              "Make one with “Passwords and Keys”, then try again."));
      return FALSE;
    case SPARE_KEYRING_MISSING:
    default:
      g_set_error_literal (
          error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING,
          _ ("There is no keyring service in this session, and your key is kept "
             "nowhere else. Nothing was changed. Start GNOME Keyring, KWallet or "
             "KeePassXC, then try again."));
      return FALSE;
    }
}

gboolean
spare_owner_is_stored_private (SpareOwner *self,
                               const char *fingerprint,
                               gboolean *stored,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (GPtrArray) found = spare_stored_key_list (self->keyring, cancellable, error);

  if (found == NULL)
    return FALSE;
  *stored = g_ptr_array_find_with_equal_func (found, fingerprint, g_str_equal, NULL);
  return TRUE;
}

static void
fail_not_stored (GError **error)
{
  g_set_error_literal (
      error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
      _ ("Your key is neither on this computer nor in the keyring any more. Your "
         "files are unharmed. Put back the keyring, or import a copy of the key; "
         "else ask your backup authority."));
}

/*
 * spare_owner_restore_key_private:
 *
 * Returns: (transfer full): the key, in the application's home with its secret part
 */
SpareKey *
spare_owner_restore_key_private (SpareOwner *self,
                                 const char *fingerprint,
                                 SpareKeyringFlags flags,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (SpareSecret)
      armored = spare_keyring_lookup_sync (self->keyring, fingerprint, SPARE_KEYRING_SECRET_KEY,
                                           flags, cancellable, &local);

  if (armored == NULL)
    {
      if (local != NULL && !g_error_matches (local, SPARE_ERROR, SPARE_ERROR_NO_KEY)
          && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        g_propagate_error (error, g_steal_pointer (&local));
      else
        fail_not_stored (error);
      return NULL;
    }
  if (!spare_home_import_secret_sync (self->home, armored, cancellable, error))
    return NULL;
  return spare_home_get_key_sync (self->home, fingerprint, TRUE, cancellable, error);
}

gboolean
spare_owner_save_key_private (SpareOwner *self,
                              const char *fingerprint,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (SpareStoredKey) stored = g_new0 (SpareStoredKey, 1);
  g_autoptr (SpareKey) key = NULL;

  /* The certificate alone brings a change back into a rebuilt home, so it goes first. */
  if (!spare_owner_save_certificate_private (self, fingerprint, cancellable, error))
    return FALSE;
  key = spare_home_get_key_sync (self->home, fingerprint, TRUE, cancellable, error);
  if (key == NULL)
    return FALSE;
  stored->fingerprint = g_strdup (fingerprint);
  stored->user_id = g_strdup (spare_key_get_user_id (key));
  stored->secret_key = spare_home_export_secret_sync (self->home, fingerprint, cancellable,
                                                      error);
  return stored->secret_key != NULL
         && spare_stored_key_update (stored, self->keyring, cancellable, error);
}

gboolean
spare_owner_refresh_key_private (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareKey) before = spare_owner_dup_key (self);
  g_autoptr (SpareKey) key = NULL;

  if (before != NULL)
    {
      SpareKeySource source;

      key = spare_home_get_key_sync (self->home, spare_key_get_fingerprint (before), FALSE,
                                     cancellable, error);
      if (key == NULL)
        return FALSE;
      g_mutex_lock (&self->lock);
      source = self->source;
      g_mutex_unlock (&self->lock);
      spare_owner_set_key_private (self, key, source);
    }
  spare_owner_update_state_private (self);
  return TRUE;
}
