/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a packet of the registry is what its row says, before the authority puts its name under that.
 *
 * Promise: another authority is told that a packet is proven, and when it came in, only if these very octets stand in a
 * kept deposit of which this authority signed that it came in from this owner, and if the proof that stands beside them
 * fits the session key now. Of the row nothing is believed but where to look.
 */
#include "config.h"

#include "spare-packet-evidence-private.h"

#include "spare-deposit-record.h"
#include "spare-error.h"
#include "spare-kept-bundle-private.h"

#include <string.h>

/* Proofs that are kept in memory; more, and what was read before is read again when it is wanted. */
#define PROOFS_MAX 200000

/* One deposit. */
typedef struct
{
  char *sender; /* NULL: nothing in it counts */
  gint64 time;
  GHashTable *proofs; /* SHA-256 of a packet → Proof */
} Deposit;

typedef struct
{
  char *serial;
  guint8 octets[SPARE_PROOF_LENGTH];
} Proof;

struct _SparePacketEvidence
{
  SpareAuthority *authority;
  GHashTable *deposits; /* SHA-256 of a bundle → Deposit */
  guint n_proofs;
};

static void
proof_free (gpointer data)
{
  Proof *self = data;

  g_free (self->serial);
  g_free (self);
}

static void
deposit_free (gpointer data)
{
  Deposit *self = data;

  g_free (self->sender);
  g_hash_table_unref (self->proofs);
  g_free (self);
}

SparePacketEvidence *
spare_packet_evidence_new (SpareAuthority *authority)
{
  SparePacketEvidence *self = g_new0 (SparePacketEvidence, 1);

  self->authority = g_object_ref (authority);
  self->deposits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, deposit_free);
  return self;
}

void
spare_packet_evidence_free (SparePacketEvidence *self)
{
  g_clear_pointer (&self->deposits, g_hash_table_unref);
  g_clear_object (&self->authority);
  g_free (self);
}

static void
add_proof (SparePacketEvidence *self, Deposit *deposit, JsonObject *object)
{
  g_autoptr (SpareDepositRecord) record = spare_deposit_record_from_json (object, NULL);
  Proof *proof;

  if (record == NULL || !record->has_proof)
    return;
  proof = g_new0 (Proof, 1);
  proof->serial = g_strdup (record->serial);
  memcpy (proof->octets, record->proof, sizeof proof->octets);
  g_hash_table_replace (deposit->proofs, g_strdup (record->sha256), proof);
  self->n_proofs++;
}

static gboolean
read_deposit (SparePacketEvidence *self,
              const char *sha256,
              Deposit *deposit,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareKeptBundle)
      kept = spare_kept_bundle_open_sync (self->authority, sha256, cancellable, &failure);

  /* One that is gone or changed speaks for nothing. */
  if (kept == NULL && g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_DAMAGED))
    return TRUE;
  if (kept == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (spare_kept_bundle_get_type (kept) != SPARE_BUNDLE_DEPOSIT)
    return TRUE;
  deposit->sender = g_strdup (spare_kept_bundle_get_sender (kept));
  deposit->time = spare_kept_bundle_get_time (kept);
  for (;;)
    {
      g_autoptr (JsonObject) object = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !spare_kept_bundle_next (kept, &object, error))
        return FALSE;
      if (object == NULL)
        return TRUE;
      add_proof (self, deposit, object);
    }
}

static const Deposit *
find_deposit (SparePacketEvidence *self,
              const char *sha256,
              GCancellable *cancellable,
              GError **error)
{
  Deposit *deposit = g_hash_table_lookup (self->deposits, sha256);

  if (deposit != NULL)
    return deposit;
  if (self->n_proofs >= PROOFS_MAX)
    {
      g_hash_table_remove_all (self->deposits);
      self->n_proofs = 0;
    }
  deposit = g_new0 (Deposit, 1);
  deposit->proofs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, proof_free);
  if (!read_deposit (self, sha256, deposit, cancellable, error))
    {
      deposit_free (deposit);
      return NULL;
    }
  g_hash_table_insert (self->deposits, g_strdup (sha256), deposit);
  return deposit;
}

gboolean
spare_packet_evidence_check_sync (SparePacketEvidence *self,
                                  const SpareRegistryPacket *packet,
                                  const SpareSessionKey *key,
                                  const SpareHead *head,
                                  gboolean *proven,
                                  gint64 *intake,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, packet->packet);
  const Deposit *deposit = find_deposit (self, packet->bundle, cancellable, error);
  const Proof *proof;

  *proven = FALSE;
  if (deposit == NULL)
    return FALSE;
  proof = g_hash_table_lookup (deposit->proofs, sha256);
  *proven = proof != NULL && g_strcmp0 (deposit->sender, packet->owner) == 0
            && g_strcmp0 (sha256, packet->sha256) == 0
            && g_strcmp0 (proof->serial, packet->serial) == 0
            && spare_proof_verify (key->secret, packet->owner,
                                   spare_authority_get_fingerprint (self->authority),
                                   proof->serial, head, proof->octets);
  if (*proven)
    *intake = deposit->time;
  return TRUE;
}
