/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of deposits and transfers on their way into the registry.
 *
 * Promise: nothing that a record states about its packet is used where it can be computed: not its SHA-256, not its file
 * id. A packet is proven only if the authority opened it with an escrow subkey and its proof fits its depositor, this
 * authority, its serial and its data head. Every other one is just held, whatever the reason, so that no answer tells one
 * failure from another. A packet from another authority never passes as a deposit: it keeps the name of who sent
 * it, and whether that counts is decided by the policy of the day when somebody claims it.
 *
 * One record at a time is in memory.
 */
#include "config.h"

#include "spare-intake-private.h"

#include "spare-deposit-record.h"
#include "spare-error.h"
#include "spare-packet-opener-private.h"
#include "spare-transfer-record.h"

/* So many serials are named in the audit row. */
#define SERIALS_NAMED 20

typedef struct
{
  SpareIntake *intake;
  SparePacketOpener *opener;
  SpareRegistry *registry;
  JsonArray *conflicts;
} Batch;

static void
fill_packet (SpareRegistryPacket *packet, const SpareDepositRecord *record)
{
  packet->sha256 = record->sha256;
  packet->serial = record->serial;
  packet->file_id = record->file_id;
  packet->tag = spare_head_get_container_tag (record->head);
  packet->data_head = spare_head_get_data_head (record->head);
  packet->packet = record->packet;
  packet->created = record->created;
  packet->description = record->description;
  packet->name = record->name;
  packet->size = record->size;
  packet->subkey = record->subkey;
  packet->algorithm = record->algorithm;
  packet->cipher = record->cipher;
}

static gboolean
add_packet (Batch *batch, SpareRegistryPacket *packet, GError **error)
{
  SpareIntake *intake = batch->intake;
  SpareAdded added = SPARE_ADDED_NEW;

  packet->bundle = (char *) spare_bundle_get_sha256 (intake->bundle);
  packet->deposit = spare_bundle_get_header (intake->bundle)->id;
  packet->intake = intake->now;
  packet->sequence = intake->sequence;
  if (!spare_registry_add_packet (batch->registry, packet, &added, NULL, error))
    return FALSE;
  if (added == SPARE_ADDED_NEW || added == SPARE_ADDED_CONFLICT)
    {
      intake->result->n_new++;
      intake->result->n_held += !packet->proven;
    }
  else
    intake->result->n_known++;
  if (added == SPARE_ADDED_CONFLICT && json_array_get_length (batch->conflicts) < SERIALS_NAMED)
    json_array_add_string_element (batch->conflicts, packet->serial);
  return TRUE;
}

static gboolean
take_deposit (Batch *batch, JsonObject *object, gboolean *readable, GError **error)
{
  SpareIntake *intake = batch->intake;
  const char *owner = spare_bundle_get_header (intake->bundle)->from;
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareDepositRecord) record = spare_deposit_record_from_json (object, &failure);
  SpareRegistryPacket packet = { 0 };

  *readable = record != NULL;
  if (record == NULL)
    {
      g_debug ("deposit: %s", failure->message);
      return TRUE;
    }
  if (!spare_packet_opener_prove_sync (batch->opener, owner, record, &packet.proven,
                                       intake->cancellable, error))
    return FALSE;
  fill_packet (&packet, record);
  packet.owner = (char *) owner;
  return add_packet (batch, &packet, error);
}

static gboolean
take_transfer (Batch *batch, JsonObject *object, gboolean *readable, GError **error)
{
  SpareIntake *intake = batch->intake;
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareTransferRecord) record = spare_transfer_record_from_json (object, &failure);
  SpareRegistryPacket packet = { 0 };
  gboolean is_new;

  *readable = record != NULL;
  if (record == NULL)
    {
      g_debug ("transfer: %s", failure->message);
      return TRUE;
    }
  /* Its certificate is the sender's word, and nobody's proof: who the owner is, is learned from himself. */
  if (!spare_registry_note_owner (batch->registry, record->owner, NULL, NULL, intake->now,
                                  &is_new, error))
    return FALSE;
  fill_packet (&packet, record->deposit);
  packet.owner = record->owner;
  packet.proven = record->proven;
  packet.transfer_from = spare_bundle_get_header (intake->bundle)->from;
  packet.source_sha256 = record->source;
  packet.stated_intake = record->intake;
  return add_packet (batch, &packet, error);
}

typedef gboolean (*TakeFunc) (Batch *batch,
                              JsonObject *object,
                              gboolean *readable,
                              GError **error);

static gboolean
take_all (Batch *batch, TakeFunc take, GError **error)
{
  SpareIntake *intake = batch->intake;

  for (guint64 n = 0;; n++)
    {
      g_autoptr (JsonObject) object = NULL;
      gboolean readable = TRUE;

      if (!spare_intake_step (intake, n, error)
          || !spare_bundle_next_sync (intake->bundle, &object, error))
        return FALSE;
      if (object == NULL)
        return TRUE;
      if (!take (batch, object, &readable, error))
        return FALSE;
      intake->result->n_refused += !readable;
    }
}

static gboolean
take_batch (SpareIntake *self, TakeFunc take, JsonObject *detail, GError **error)
{
  g_autoptr (SparePacketOpener) opener = spare_packet_opener_new (self->authority);
  g_autoptr (JsonArray) conflicts = json_array_new ();
  Batch batch = {
    .intake = self,
    .opener = opener,
    .registry = spare_authority_get_registry (self->authority),
    .conflicts = conflicts,
  };

  if (!take_all (&batch, take, error))
    return FALSE;
  json_object_set_int_member (detail, "new", (gint64) self->result->n_new);
  json_object_set_int_member (detail, "known", (gint64) self->result->n_known);
  json_object_set_int_member (detail, "held", (gint64) self->result->n_held);
  json_object_set_int_member (detail, "refused", (gint64) self->result->n_refused);
  if (json_array_get_length (conflicts) > 0)
    json_object_set_array_member (detail, "conflicts", g_steal_pointer (&conflicts));
  return TRUE;
}

gboolean
spare_intake_deposit_sync (SpareIntake *self, JsonObject *detail, GError **error)
{
  SpareKey *sender = spare_bundle_get_sender (self->bundle);
  gboolean is_new;

  return spare_registry_note_owner (spare_authority_get_registry (self->authority),
                                    spare_bundle_get_header (self->bundle)->from,
                                    spare_key_get_user_id (sender),
                                    spare_bundle_get_sender_certificate (self->bundle),
                                    self->now, &is_new, error)
         && take_batch (self, take_deposit, detail, error);
}

gboolean
spare_intake_transfer_sync (SpareIntake *self, JsonObject *detail, GError **error)
{
  return take_batch (self, take_transfer, detail, error);
}
