/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens what was escrowed for the authority.
 *
 * Promise: only PKESKs that name an escrow subkey of the authority, present or retired, are ever tried: never one for the
 * transport subkey (deposits and mail are encrypted to it) and never one that names nobody. A session key that comes out
 * has a known algorithm, that algorithm's length, and passes the quick check where the data head allows one.
 *
 * A packet that doesn't open is not an error of the batch: it may have been made to fail. What is one: the key is locked,
 * the question for the passphrase was dismissed, the engine is gone. An engine that answers nothing may be the work of a
 * packet as well; after a few of those the batch ends.
 */
#include "config.h"

#include "spare-packet-opener-private.h"

#include "spare-cipher.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-proof.h"
#include "spare-quick-check.h"

#include <glib/gi18n-lib.h>

/* So many packets are opened with the key where it is, each at the price of hashing its passphrase, before a copy of it in memory,
 * which costs about as much as these together, takes over. */
#define SLOW_PACKETS 8

/* So many packets may leave the engine silent, five seconds each, before it is taken for broken. */
#define SILENCES_MAX 8

struct _SparePacketOpener
{
  SpareHome *home;
  SpareKey *key;
  GPtrArray *escrow; /* of SpareSubkey, the key's own */
  SpareSessionKeyOpener *opener;
  guint n_opened; /* with the key where it is */
  guint n_silences;
};

/**
 * spare_packet_opener_new:
 * @authority: an open authority
 *
 * Returns: (transfer full): an opener
 */
SparePacketOpener *
spare_packet_opener_new (SpareAuthority *authority)
{
  SparePacketOpener *self = g_new0 (SparePacketOpener, 1);

  self->home = g_object_ref (spare_authority_get_home (authority));
  self->key = spare_authority_dup_key (authority);
  self->escrow = spare_key_list_escrow_subkeys (self->key);
  self->opener = spare_session_key_opener_new (self->home, self->key);
  return self;
}

void
spare_packet_opener_free (SparePacketOpener *self)
{
  g_clear_object (&self->opener);
  g_clear_pointer (&self->escrow, g_ptr_array_unref);
  g_clear_object (&self->key);
  g_clear_object (&self->home);
  g_free (self);
}

/**
 * spare_packet_opener_is_escrow:
 * @esk: an encrypted session key
 *
 * Returns: whether it names an escrow subkey
 */
gboolean
spare_packet_opener_is_escrow (SparePacketOpener *self, const SpareEsk *esk)
{
  if (!spare_esk_is_public_key (esk) || !spare_esk_is_known (esk) || spare_esk_is_hidden (esk))
    return FALSE;
  for (guint i = 0; i < self->escrow->len; i++)
    {
      const SpareSubkey *subkey = g_ptr_array_index (self->escrow, i);

      if (spare_esk_matches_fingerprint (esk, subkey->fingerprint))
        return TRUE;
    }
  return FALSE;
}

/**
 * spare_packet_opener_get_n_encryption_subkeys:
 *
 * Returns: how many subkeys of the authority encrypt, whatever for
 */
guint
spare_packet_opener_get_n_encryption_subkeys (SparePacketOpener *self)
{
  guint n = 0;

  for (guint i = 0; i < spare_key_get_n_subkeys (self->key); i++)
    n += spare_key_get_subkey (self->key, i)->can_encrypt;
  return n;
}

/* The algorithms of the packet: never a v3 PKESK before SEIPD v2, never v6 before v1. */
static gboolean
versions_agree (const SpareEsk *esk, const SpareHead *head)
{
  gboolean is_new = spare_head_get_container_tag (head) == SPARE_PACKET_TAG_SEIPD
                    && spare_head_get_container_version (head) == 2;

  return (spare_esk_get_version (esk) == 6) == is_new;
}

static gboolean
key_agrees (const SpareSessionKey *key, const SpareHead *head)
{
  guint stated = spare_head_get_cipher (head);
  gsize length = spare_cipher_get_key_length (key->cipher);

  return length != 0 && length == spare_secret_get_size (key->secret)
         && (stated == 0 || stated == key->cipher)
         && spare_quick_check (head, key->cipher, key->secret) != SPARE_QUICK_NO;
}

static gboolean
is_fault_of_packet (SparePacketOpener *self, const GError *error)
{
  if (g_error_matches (error, SPARE_ERROR, SPARE_ERROR_ENGINE))
    return ++self->n_silences < SILENCES_MAX;
  return g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DAMAGED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

/* A long batch goes on with a copy of the key, if there can be one: not of a card, nor if nobody types the passphrase. */
static gboolean
hasten (SparePacketOpener *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareHome) copy = NULL;
  g_autoptr (GError) failure = NULL;

  if (++self->n_opened != SLOW_PACKETS)
    return TRUE;
  copy = spare_home_copy_quick_sync (self->home, spare_key_get_fingerprint (self->key),
                                     cancellable, &failure);
  if (copy != NULL)
    {
      g_clear_object (&self->opener);
      self->opener = spare_session_key_opener_new (copy, self->key);
      return TRUE;
    }
  g_debug ("no quick copy of the key: %s", failure->message);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/**
 * spare_packet_opener_open_sync:
 * @esk: the authority's PKESK
 * @head: of the file
 * @fatal: (out): on failure, whether it is the batch's and not just this packet's; untouched on success
 *
 * Returns: (transfer full) (nullable): the session key
 */
SpareSessionKey *
spare_packet_opener_open_sync (SparePacketOpener *self,
                               const SpareEsk *esk,
                               const SpareHead *head,
                               gboolean *fatal,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (GError) failure = NULL;

  if (spare_packet_opener_is_escrow (self, esk) && versions_agree (esk, head)
      && hasten (self, cancellable, &failure))
    key = spare_session_key_opener_open_sync (self->opener, esk, head, cancellable, &failure);
  if (key != NULL && key_agrees (key, head))
    return g_steal_pointer (&key);

  *fatal = failure != NULL && !is_fault_of_packet (self, failure);
  if (*fatal)
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    {
      g_debug ("packet: %s",
               failure != NULL ? failure->message : "not for an escrow subkey, or not its key");
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("The authority’s escrow key does not open this file’s spare key. "
                              "Nothing was changed."));
    }
  return NULL;
}

/**
 * spare_packet_opener_confirm_sync:
 * @esk: the authority's PKESK
 * @head: of the file
 * @key: what spare_packet_opener_open_sync() gave
 *
 * Opens it once more, by gpg itself, and compares: a sample of each batch is proven so (protocol.md 7.3).
 *
 * Returns: %FALSE with an error of spare_session_key_opener_open_sync(), or %SPARE_ERROR_ENGINE if the two differ
 */
gboolean
spare_packet_opener_confirm_sync (SparePacketOpener *self,
                                  const SpareEsk *esk,
                                  const SpareHead *head,
                                  const SpareSessionKey *key,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_autoptr (SpareSessionKey) again = NULL;

  spare_session_key_opener_set_by_gpg (self->opener, TRUE);
  again = spare_session_key_opener_open_sync (self->opener, esk, head, cancellable, error);
  spare_session_key_opener_set_by_gpg (self->opener, FALSE);
  if (again == NULL)
    return FALSE;
  if (again->cipher == key->cipher && spare_secret_equal (again->secret, key->secret))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("Two ways of opening the same spare key gave different results, so "
                          "nothing was recovered and nothing was changed. Check this "
                          "computer before you try again."));
  return FALSE;
}

static SpareSessionKey *
open_octets (SparePacketOpener *self,
             GBytes *octets,
             SpareHead **head,
             gboolean *fatal,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareHead) parsed = NULL;
  SpareSessionKey *key;

  *fatal = FALSE;
  if (!spare_escrow_packet_parse (octets, &esk, &parsed, error))
    return NULL;
  key = spare_packet_opener_open_sync (self, esk, parsed, fatal, cancellable, error);
  if (key != NULL)
    *head = g_steal_pointer (&parsed);
  return key;
}

/**
 * spare_packet_opener_open_packet_sync:
 * @packet: as the registry holds it
 * @head: (out): the head of its file; untouched on failure
 * @fatal: (out): as in spare_packet_opener_open_sync()
 *
 * Opens it as it was deposited, or, if that is no longer possible, as a rotation has wrapped it anew.
 *
 * Returns: (transfer full) (nullable): the session key
 */
SpareSessionKey *
spare_packet_opener_open_packet_sync (SparePacketOpener *self,
                                      const SpareRegistryPacket *packet,
                                      SpareHead **head,
                                      gboolean *fatal,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autoptr (GError) failure = NULL;
  SpareSessionKey *key = open_octets (self, packet->packet, head, fatal, cancellable, &failure);

  if (key != NULL)
    return key;
  if (!*fatal && packet->rewrapped != NULL)
    return open_octets (self, packet->rewrapped, head, fatal, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

/**
 * spare_packet_opener_prove_sync:
 * @owner: primary fingerprint of who deposited it
 * @record: what was deposited
 * @proven: (out): whether its depositor showed that he can open the file
 *
 * Returns: %FALSE with an error if the batch can't go on; a packet that doesn't open is merely not proven
 */
gboolean
spare_packet_opener_prove_sync (SparePacketOpener *self,
                                const char *owner,
                                const SpareDepositRecord *record,
                                gboolean *proven,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareSessionKey) key = NULL;
  gboolean fatal = FALSE;

  *proven = FALSE;
  if (!record->has_proof)
    return TRUE;
  key = spare_packet_opener_open_sync (self, record->esk, record->head, &fatal, cancellable,
                                       &failure);
  if (key == NULL && fatal)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (key != NULL)
    *proven = spare_proof_verify (key->secret, owner, spare_key_get_fingerprint (self->key),
                                  record->serial, record->head, record->proof);
  return TRUE;
}
