/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Re-wrap on the owner's side. For each file:
 *
 *   session key opened by an own key, held against the data where the format allows → new packet built, or taken from a
 *   grant and opened → row for the authority with a proof under the key's new owner, committed → head changed
 *   (spare-splice.c)
 *
 * Promise: a file gets a session key packet for a key of one's own only after that very key has opened it and given the
 * session key that belongs there; and a file that changes its owner stays covered: the authority's next deposit holds
 * a proof by the new key, without which a later recovery would be an unmatched claim. The authority's own packet is
 * never removed. Session keys stay in secure memory. */

#include "config.h"

#include "spare-rewrap.h"

#include <glib/gi18n-lib.h>
#include <sys/stat.h>

#include "spare-cipher.h"
#include "spare-deposit.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-file-fit.h"
#include "spare-file-whole.h"
#include "spare-own-keys-private.h"
#include "spare-pkesk-build.h"
#include "spare-proof.h"

struct _SpareRewrap
{
  SpareOwner *owner;
  SpareOwnKeys *keys;
  SpareKey *key;       /* one of @keys: who owns the files from now on; NULL: none is at hand */
  SpareWrapKey *wrap;  /* its encryption subkey */
  SpareKey *authority; /* NULL: none that is usable */
  const SpareSubkey *escrow;
  SpareWrapKey *authority_wrap;
  SpareEscrowMode mode;
  gboolean whole;
};

/**
 * spare_rewrap_free:
 * @self: (transfer full): a batch
 */
void
spare_rewrap_free (SpareRewrap *self)
{
  g_clear_pointer (&self->keys, spare_own_keys_free);
  g_clear_pointer (&self->wrap, spare_wrap_key_unref);
  g_clear_pointer (&self->authority_wrap, spare_wrap_key_unref);
  g_clear_object (&self->authority);
  g_clear_object (&self->owner);
  g_free (self);
}

static SpareWrapKey *
find_wrap (SpareHome *home,
           SpareKey *key,
           const SpareSubkey *subkey,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (GBytes)
      certificate = spare_home_export_sync (home, spare_key_get_fingerprint (key), 0,
                                            cancellable, error);

  return certificate != NULL ? spare_wrap_key_new (certificate, subkey->fingerprint, error)
                             : NULL;
}

static gboolean
find_key (SpareRewrap *self, const char *to, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareKey) used = spare_owner_dup_key (self->owner);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const SpareSubkey *subkey;
  SpareKeyState state;

  if (to == NULL && used == NULL)
    return TRUE;
  self->key = spare_own_keys_find (self->keys,
                                   to != NULL ? to : spare_key_get_fingerprint (used));
  if (self->key == NULL && to == NULL)
    return TRUE;
  if (self->key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("That is not one of your own keys, so your files are not handed "
                              "over to it. Nothing was changed. To let somebody else open a "
                              "file, encrypt it for them."));
      return FALSE;
    }
  state = spare_key_get_encryption_state (self->key, now);
  if (state != SPARE_KEY_USABLE)
    {
      g_autofree char *why = spare_key_state_describe (state, self->key);

      if (to == NULL)
        return TRUE;
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                   _ ("Files can’t be handed over to this key: %s Nothing was changed."), why);
      return FALSE;
    }
  subkey = spare_key_pick_newest_encryption_subkey (self->key, now);
  self->wrap = find_wrap (spare_owner_get_home (self->owner), self->key, subkey, cancellable,
                          error);
  return self->wrap != NULL;
}

static gboolean
find_authority (SpareRewrap *self, GCancellable *cancellable, GError **error)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SparePinState state = spare_pin_get_state (pin);
  g_autoptr (SparePolicy) policy = spare_owner_dup_policy (self->owner, error);

  if (policy == NULL)
    return FALSE;
  self->mode = spare_policy_get_mode (policy);
  if (state != SPARE_PIN_USABLE && state != SPARE_PIN_EXPIRING)
    return TRUE;
  self->escrow = spare_pin_get_escrow_subkey (pin);
  self->authority = g_object_ref (spare_pin_get_key (pin));
  self->authority_wrap = find_wrap (spare_owner_get_home (self->owner), self->authority,
                                    self->escrow, cancellable, error);
  return self->authority_wrap != NULL;
}

/**
 * spare_rewrap_new_sync:
 * @owner: the owner's side, opened
 * @to: (nullable): the primary fingerprint of the own key that files are handed over to; %NULL for the key in use
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Settles for a batch which keys open files, which one gets them, and whether the authority can be added.
 *
 * Returns: (transfer full): the batch; %NULL with [enum@SpareErrorCode].NO_KEY when @to is no usable key of one's own,
 *   POLICY when the policy can't be read, UNSUPPORTED, or ENGINE
 */
SpareRewrap *
spare_rewrap_new_sync (SpareOwner *owner,
                       const char *to,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (SpareRewrap) self = g_new0 (SpareRewrap, 1);

  self->owner = g_object_ref (owner);
  self->keys = spare_own_keys_new_sync (owner, FALSE, cancellable, error);
  if (self->keys == NULL || !find_key (self, to, cancellable, error)
      || !find_authority (self, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
is_own (SpareRewrap *self, const SpareEsk *esk)
{
  return !spare_esk_is_hidden (esk) && spare_own_keys_find_for_esk (self->keys, esk) != NULL;
}

/**
 * spare_rewrap_find_own:
 * @self: a batch
 * @head: the head of an encrypted file
 *
 * Looks for one of the person's own keys among the named recipients; nothing is opened.
 *
 * Returns: (transfer none) (nullable): the session key packet for it
 */
SpareEsk *
spare_rewrap_find_own (SpareRewrap *self, const SpareHead *head)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (is_own (self, spare_head_get_esk (head, i)))
      return spare_head_get_esk (head, i);
  return NULL;
}

/* The session key in @esk, NULL for the file's own packet, held against the file. */
static SpareSessionKey *
open_key (SpareRewrap *self,
          const char *path,
          const SpareHead *head,
          const SpareEsk *esk,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (SpareSessionKey) session_key = NULL;

  if (esk == NULL)
    esk = spare_rewrap_find_own (self, head);
  if (esk == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("None of your keys opens this file. It is unchanged."));
      return NULL;
    }
  session_key = spare_own_keys_open_sync (self->keys, esk, head, cancellable, error);
  if (session_key == NULL || !spare_file_fit_sync (path, head, session_key, error))
    return NULL;
  return g_steal_pointer (&session_key);
}

/**
 * spare_rewrap_get_key:
 * @self: a batch
 *
 * Returns: (transfer none) (nullable): the own key that gets the files
 */
SpareKey *
spare_rewrap_get_key (SpareRewrap *self)
{
  return self->key;
}

/**
 * spare_rewrap_has_authority:
 * @self: a batch
 *
 * Returns: whether there is an authority that can be added now
 */
gboolean
spare_rewrap_has_authority (SpareRewrap *self)
{
  return self->authority != NULL;
}

void
spare_rewrap_set_whole (SpareRewrap *self, gboolean whole)
{
  self->whole = whole;
}

static SpareEsk *
find_escrow_esk (SpareRewrap *self, const SpareHead *head)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (spare_esk_is_public_key (esk) && !spare_esk_is_hidden (esk)
          && spare_esk_get_key_id (esk) == self->escrow->key_id)
        return esk;
    }
  return NULL;
}

/* A row for the packet, with its proof, under the key that gets the file. Not yet stored. */
static SpareOutboxEntry *
make_row (SpareRewrap *self,
          const char *path,
          const SpareHead *head,
          GBytes *packet,
          SpareSessionKey *key,
          const char *owner,
          SpareEscrowMode mode,
          GError **error)
{
  g_autoptr (SpareOutboxEntry) entry = g_new0 (SpareOutboxEntry, 1);
  struct stat status;

  entry->state = SPARE_OUTBOX_PENDING;
  entry->file_id = g_strdup (spare_head_get_file_id (head));
  entry->name = g_path_get_basename (path);
  entry->description = g_strdup ("");
  entry->size = stat (path, &status) == 0 ? (guint64) status.st_size : 0;
  entry->created = g_get_real_time () / G_USEC_PER_SEC;
  entry->owner = g_strdup (owner);
  entry->authority = g_strdup (spare_key_get_fingerprint (self->authority));
  entry->subkey = g_strdup (self->escrow->fingerprint);
  entry->algorithm = g_strdup (self->escrow->algorithm_nick);
  entry->cipher = g_strdup (spare_cipher_get_name (key->cipher));
  entry->mode = mode;
  entry->packet = g_bytes_ref (packet);
  entry->serial = spare_outbox_reserve_serial_sync (spare_owner_get_outbox (self->owner),
                                                    entry->owner, error);
  if (entry->serial == NULL
      || !spare_proof_compute (key->secret, entry->owner, entry->authority, entry->serial, head,
                               entry->proof, error))
    return NULL;
  entry->has_proof = TRUE;
  return g_steal_pointer (&entry);
}

/* The packet that the authority has of this file, or could have: out of the head, or out of the outbox. NULL without an
 * error when there is none. */
static GBytes *
find_packet (SpareRewrap *self, const SpareHead *head, SpareEscrowMode *mode, GError **error)
{
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (GError) reason = NULL;
  SpareEsk *esk;

  if (self->authority == NULL)
    return NULL;
  esk = find_escrow_esk (self, head);
  if (esk != NULL)
    {
      *mode = SPARE_ESCROW_EMBEDDED;
      return spare_escrow_packet_build (esk, head, error);
    }
  entry = spare_outbox_find_sync (spare_owner_get_outbox (self->owner),
                                  spare_head_get_file_id (head), &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (entry == NULL || entry->packet == NULL
      || g_strcmp0 (entry->authority, spare_key_get_fingerprint (self->authority)) != 0)
    return NULL;
  *mode = SPARE_ESCROW_DETACHED;
  return g_bytes_ref (entry->packet);
}

/* Commits the row, then changes the head; a row without its file is taken back. */
static gboolean
commit (SpareRewrap *self,
        const char *path,
        const SpareHead *head,
        const SpareOutboxEntry *row,
        SpareEsk *esk,
        SpareEskPredicate remove,
        gpointer remove_data,
        SpareHeadResult *result,
        GCancellable *cancellable,
        GError **error)
{
  SpareEsk *const prepend[] = { esk };
  const SpareSplice splice = { .tag = spare_head_get_container_tag (head),
                               .data_head = spare_head_get_data_head (head),
                               .prepend = prepend,
                               .n_prepend = esk != NULL,
                               .remove = remove,
                               .remove_data = remove_data };
  SpareOutbox *outbox = spare_owner_get_outbox (self->owner);
  g_autoptr (GError) reason = NULL;

  if (row != NULL && !spare_outbox_add_sync (outbox, row, error))
    return FALSE;
  if (!spare_splice_file_sync (path, &splice, NULL, NULL, cancellable, &reason)
      && !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_OUTPUT_UNSURE))
    {
      g_autoptr (GError) second = NULL;

      if (row != NULL && !spare_outbox_withdraw_sync (outbox, row->serial, &second))
        g_debug ("a row stays without its file: %s", second->message);
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (row != NULL)
    {
      g_free (result->serial);
      result->serial = g_strdup (row->serial);
    }
  return TRUE;
}

/**
 * spare_rewrap_put_sync:
 * @self: a batch with a key
 * @path: an encrypted file
 * @head: its head
 * @esk: a session key packet for the batch's key
 * @remove: (nullable): which of the packets in the head are taken out; never the authority's
 * @remove_data: for @remove
 * @result: gets the file id and the serial
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Puts @esk first in the file, after the batch's key has opened it.
 *
 * Returns: %FALSE with [enum@SpareErrorCode].NO_KEY, DAMAGED when the session key does not belong to the data, or an
 *   error of spare_splice_file_sync(); the file is unchanged then
 */
gboolean
spare_rewrap_put_sync (SpareRewrap *self,
                       const char *path,
                       const SpareHead *head,
                       SpareEsk *esk,
                       SpareEskPredicate remove,
                       gpointer remove_data,
                       SpareHeadResult *result,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (SpareSessionKey) session_key = NULL;
  g_autoptr (SpareOutboxEntry) row = NULL;
  g_autoptr (GBytes) packet = NULL;
  g_autoptr (GError) reason = NULL;
  SpareEscrowMode mode = self->mode;

  result->file_id = g_strdup (spare_head_get_file_id (head));
  if (spare_own_keys_find_for_esk (self->keys, esk) != self->key)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("This is for another key than the one that gets the file. The "
                              "file is unchanged."));
      return FALSE;
    }
  session_key = open_key (self, path, head, esk, cancellable, error);
  if (session_key == NULL
      || (self->whole
          && !spare_file_whole_sync (self->owner, path, session_key, cancellable, error)))
    return FALSE;
  packet = find_packet (self, head, &mode, &reason);
  if (packet == NULL && reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (packet != NULL)
    {
      row = make_row (self, path, head, packet, session_key,
                      spare_key_get_fingerprint (self->key), mode, error);
      if (row == NULL)
        return FALSE;
    }
  return commit (self, path, head, row, esk, remove, remove_data, result, cancellable, error);
}

/* Own keys but the one that gets the file. */
static gboolean
is_other_own_cb (const SpareEsk *esk, gpointer user_data)
{
  SpareRewrap *self = user_data;

  return is_own (self, esk)
         && spare_key_find_key_id (self->key, spare_esk_get_key_id (esk)) == NULL
         && (self->authority == NULL
             || spare_key_find_key_id (self->authority, spare_esk_get_key_id (esk)) == NULL);
}

/**
 * spare_rewrap_to_key_sync:
 * @self: a batch with a key
 * @path: an encrypted file
 * @head: its head
 * @result: gets status, file id and serial
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Hands a file that one of the person's keys opens over to the batch's key; the others of one's own are taken out. A
 * file that has nothing but that key is skipped.
 *
 * Returns: %FALSE with an error of spare_session_key_opener_open_sync() or spare_rewrap_put_sync(); the file is unchanged then
 */
gboolean
spare_rewrap_to_key_sync (SpareRewrap *self,
                          const char *path,
                          const SpareHead *head,
                          SpareHeadResult *result,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (SpareSessionKey) session_key = NULL;
  g_autoptr (SpareEsk) esk = NULL;
  gboolean has_it = FALSE, has_other = FALSE;

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *present = spare_head_get_esk (head, i);

      has_other = has_other || is_other_own_cb (present, self);
      has_it = has_it
               || (spare_esk_is_public_key (present) && !spare_esk_is_hidden (present)
                   && spare_key_find_key_id (self->key, spare_esk_get_key_id (present))
                          != NULL);
    }
  if (has_it && !has_other)
    {
      result->file_id = g_strdup (spare_head_get_file_id (head));
      result->status = SPARE_HEAD_SKIPPED;
      return TRUE;
    }
  session_key = open_key (self, path, head, NULL, cancellable, error);
  if (session_key == NULL)
    return FALSE;
  esk = spare_pkesk_build (self->wrap, session_key->cipher, session_key->secret, error);
  if (esk == NULL)
    return FALSE;
  return spare_rewrap_put_sync (self, path, head, esk, is_other_own_cb, self, result,
                                cancellable, error);
}

/**
 * spare_rewrap_to_authority_sync:
 * @self: a batch with an authority
 * @path: an encrypted file
 * @head: its head
 * @result: gets status, file id and serial
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Covers a file that one of the person's keys opens: the authority's packet goes into the outbox and, unless the mode in
 * force is detached, into the file.
 *
 * Returns: %FALSE with [enum@SpareErrorCode].AUTHORITY_UNUSABLE, an error of spare_session_key_opener_open_sync() or of
 *   spare_splice_file_sync(); the file is unchanged then
 */
gboolean
spare_rewrap_to_authority_sync (SpareRewrap *self,
                                const char *path,
                                const SpareHead *head,
                                SpareHeadResult *result,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (SpareSessionKey) session_key = NULL;
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (GBytes) packet = NULL;
  g_autoptr (SpareOutboxEntry) row = NULL;
  SpareEscrowMode mode = self->mode == SPARE_ESCROW_DETACHED ? SPARE_ESCROW_DETACHED
                                                             : SPARE_ESCROW_EMBEDDED;
  SpareKey *key;

  result->file_id = g_strdup (spare_head_get_file_id (head));
  if (self->authority == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
                           _ ("There is no backup authority that can be used now. The file is "
                              "unchanged."));
      return FALSE;
    }
  session_key = open_key (self, path, head, NULL, cancellable, error);
  if (session_key == NULL)
    return FALSE;
  key = spare_own_keys_find_for_esk (self->keys, spare_rewrap_find_own (self, head));
  esk = find_escrow_esk (self, head);
  if (esk != NULL)
    spare_esk_ref (esk);
  else
    esk = spare_pkesk_build (self->authority_wrap, session_key->cipher, session_key->secret,
                             error);
  packet = esk != NULL ? spare_escrow_packet_build (esk, head, error) : NULL;
  if (packet == NULL)
    return FALSE;
  row = make_row (self, path, head, packet, session_key, spare_key_get_fingerprint (key), mode,
                  error);
  if (row == NULL)
    return FALSE;
  if (mode == SPARE_ESCROW_EMBEDDED)
    return commit (self, path, head, row, esk, NULL, NULL, result, cancellable, error);
  if (!spare_outbox_add_sync (spare_owner_get_outbox (self->owner), row, error))
    return FALSE;
  result->serial = g_strdup (row->serial);
  return TRUE;
}

/**
 * spare_rewrap_finish_sync:
 * @self: a batch
 * @cancellable: (nullable): a cancellable
 *
 * Signs a deposit of the batch's rows, without asking anybody anything, and exports it if the policy names a place. What
 * can't be done now waits in the outbox, which shows it; the files are done either way.
 */
void
spare_rewrap_finish_sync (SpareRewrap *self, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  guint n_exported;

  if (!spare_deposit_after_batch_sync (self->owner, &n_exported, cancellable, &error))
    g_debug ("the deposit waits: %s", error->message);
}
