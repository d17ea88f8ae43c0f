/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deposits out of packets: proofs that were put off, the signature, and the copy in the outbox.
 *
 * Promise: what comes out of spare_depositor_sign() is in the outbox already, durably. A packet that can't be described
 * in a deposit is named as left out and never holds up the others.
 *
 * A deposit speaks for the owner who signs it: `from` is that owner, and each proof was made under that owner's
 * fingerprint (protocol.md 2.3). A packet of another key of the same person can therefore be signed only by that key. If
 * that is gone for good and nothing signed by it is left, the packet goes out under the present key, without a proof: the
 * authority then holds it, but can't match a claim on it by itself. That is better than a detached packet that exists
 * nowhere but on this disk.
 */
#include "config.h"

#include "spare-deposit-private.h"

#include "spare-bundle-writer.h"
#include "spare-deposit-record.h"
#include "spare-cipher.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"

#include <glib/gi18n-lib.h>

SpareKey *
spare_depositor_find_authority (SpareOwner *owner, GError **error)
{
  SparePin *pin = spare_owner_get_pin (owner);
  SpareKey *key = spare_pin_get_key (pin);
  g_autofree char *why = NULL;

  if (spare_pin_get_state (pin) == SPARE_PIN_NONE)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("No backup authority is trusted yet, so there is nobody to hand "
                              "anything over to. Nothing was written."));
      return NULL;
    }
  /* Not the pin's state: that is about new files. A key for files that has expired need not be in the way of a bundle. */
  if (key != NULL
      && spare_key_get_encryption_state (key, g_get_real_time () / G_USEC_PER_SEC)
             == SPARE_KEY_USABLE)
    return key;

  why = spare_pin_describe (pin);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
               _ ("%s Nothing was written; the spare keys stay in the list."), why);
  return NULL;
}

/* FALSE without an error: it stays unproven. */
static gboolean
prove_one (const SpareDepositor *self, SpareOutboxEntry *entry, GError **error)
{
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareEsk) authority = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareSessionKey) key = NULL;
  gsize length;
  const guint8 *octets = g_bytes_get_data (entry->own_esk, &length);

  esk = spare_esk_new_from_packet (octets, length, error);
  if (esk == NULL || !spare_escrow_packet_parse (entry->packet, &authority, &head, error))
    return FALSE;
  key = spare_own_keys_open_sync (self->keys, esk, head, self->cancellable, error);
  if (key == NULL
      || !spare_proof_compute (key->secret, entry->owner, entry->authority, entry->serial, head,
                               entry->proof, error))
    return FALSE;
  entry->has_proof = TRUE;
  g_free (entry->cipher);
  entry->cipher = g_strdup (spare_cipher_get_name (key->cipher));
  return TRUE;
}

gboolean
spare_depositor_prove (const SpareDepositor *self, GPtrArray *entries, GError **error)
{
  gboolean any = FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      SpareOutboxEntry *entry = g_ptr_array_index (entries, i);
      g_autoptr (GError) reason = NULL;

      if (entry->has_proof || entry->own_esk == NULL || entry->packet == NULL)
        continue;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (prove_one (self, entry, &reason))
        any = TRUE;
      else
        {
          g_debug ("no proof for %s: %s", entry->serial, reason->message);
          /* Waved away once, or a card that isn't there: not asked again for each file of the batch. */
          if (!g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_DAMAGED)
              && !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_NO_KEY))
            break;
        }
    }
  return !any || spare_outbox_set_proofs_private (self->outbox, entries, error);
}

/* The records of one bundle, pulled by the writer. */
typedef struct
{
  GPtrArray *records; /* of SpareDepositRecord */
  guint next, end;
} Pull;

static JsonObject *
next_cb (gpointer user_data, GError **error)
{
  Pull *pull = user_data;

  if (pull->next >= pull->end)
    return NULL;
  return spare_deposit_record_to_json (g_ptr_array_index (pull->records, pull->next++));
}

static SpareDepositRecord *
make_record (const SpareOutboxEntry *entry, gboolean as_is, GError **error)
{
  return spare_deposit_record_new (entry->serial, entry->created, entry->description,
                                   entry->name, entry->size, entry->subkey, entry->algorithm,
                                   entry->cipher, entry->packet,
                                   as_is && entry->has_proof ? entry->proof : NULL, error);
}

static GPtrArray *
make_records (const SpareDepositor *self, GPtrArray *entries, gboolean as_is)
{
  GPtrArray *records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) spare_deposit_record_free);

  for (guint i = 0; i < entries->len; i++)
    {
      const SpareOutboxEntry *entry = g_ptr_array_index (entries, i);
      GError *reason = NULL;
      SpareDepositRecord *record = make_record (entry, as_is, &reason);

      if (record != NULL)
        g_ptr_array_add (records, record);
      else if (self->left_out != NULL)
        g_ptr_array_add (self->left_out, spare_left_out_new (entry->name, reason));
      else
        {
          g_debug ("%s can't be deposited: %s", entry->serial, reason->message);
          g_error_free (reason);
        }
    }
  return records;
}

/* One bundle, of the records from @pull->next to @pull->end. */
static SpareKeptDeposit *
sign_one (const SpareDepositor *self, SpareKey *signer, Pull *pull, GError **error)
{
  const SpareBundleParties parties = {
    .home = spare_owner_get_home (self->owner),
    .signing_home = spare_own_keys_get_home (self->keys, signer),
    .signer = spare_key_get_fingerprint (signer),
    .receiver = self->authority,
  };
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_DEPOSIT, parties.signer,
                                        spare_key_get_fingerprint (self->authority));
  g_autoptr (SpareKeptDeposit) deposit = spare_kept_deposit_new ();
  g_autoptr (GBytes) octets = NULL;
  guint first = pull->next;
  guint n = 0;

  octets = spare_bundle_write_bytes_sync (&parties, header, next_cb, pull, &n,
                                          self->cancellable, error);
  if (octets == NULL)
    return NULL;

  deposit->id = g_strdup (header->id);
  deposit->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);
  deposit->owner = g_strdup (header->from);
  deposit->authority = g_strdup (header->to);
  deposit->created = header->created;
  for (guint i = first; i < pull->end; i++)
    {
      const SpareDepositRecord *record = g_ptr_array_index (pull->records, i);

      spare_kept_deposit_add_row (deposit, record->serial, record->sha256);
    }
  if (!spare_outbox_keep_deposit_private (self->outbox, deposit, octets, error))
    return NULL;
  return g_steal_pointer (&deposit);
}

gboolean
spare_depositor_sign (const SpareDepositor *self,
                      SpareKey *signer,
                      GPtrArray *entries,
                      gboolean as_is,
                      GPtrArray *made,
                      GError **error)
{
  g_autoptr (GPtrArray) records = make_records (self, entries, as_is);
  Pull pull = { .records = records };

  while (pull.next < records->len)
    {
      SpareKeptDeposit *deposit;

      pull.end = MIN (pull.next + SPARE_DEPOSIT_RECORDS_MAX, records->len);
      deposit = sign_one (self, signer, &pull, error);
      if (deposit == NULL)
        return FALSE;
      pull.next = pull.end;
      g_ptr_array_add (made, deposit);
    }
  return TRUE;
}
