/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One escrow packet on its way from one authority to another.
 *
 * Promise: it can't pass for a deposit: it states whose it is, when it was taken in and what it was, and carries no
 * proof, because the owner's was made for another authority. What it states is the sending authority's word alone.
 */
#include "config.h"

#include "spare-transfer-record.h"

#include "spare-record-private.h"

/**
 * spare_transfer_record_new:
 * @owner: the owner's primary fingerprint
 * @intake: when the sending authority took it in, Unix seconds
 * @proven: whether its proof was verified there
 * @source: SHA-256 of the packet as it was deposited
 * @certificate: (nullable): the owner's, armored
 * @deposit: (transfer full): the rest; a proof in it is left out
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED if one of its parts is not as it must be
 */
SpareTransferRecord *
spare_transfer_record_new (const char *owner,
                           gint64 intake,
                           gboolean proven,
                           const char *source,
                           const char *certificate,
                           SpareDepositRecord *deposit,
                           GError **error)
{
  g_autoptr (SpareTransferRecord) self = g_new0 (SpareTransferRecord, 1);

  self->deposit = deposit;
  self->deposit->has_proof = FALSE;
  spare_secret_wipe (self->deposit->proof, sizeof self->deposit->proof);
  self->owner = g_strdup (owner);
  self->intake = intake;
  self->proven = proven;
  self->source = g_strdup (source);
  self->certificate = g_strdup (certificate);
  if (!spare_record_check_fingerprint (owner, "owner", error)
      || !spare_record_check_time (intake, "intake", error)
      || !spare_record_check_sha256 (source, "source", error)
      || (certificate != NULL
          && !spare_record_check_text (certificate, SPARE_RECORD_CERTIFICATE_MAX, "certificate",
                                       error)))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * spare_transfer_record_from_json:
 * @object: a line of a transfer
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED for a packet that only
 *   a newer version understands
 */
SpareTransferRecord *
spare_transfer_record_from_json (JsonObject *object, GError **error)
{
  SpareDepositRecord *deposit;
  const char *owner, *source, *certificate;
  gboolean proven;
  gint64 intake;

  if (!spare_json_get_fingerprint (object, "owner", &owner, error)
      || !spare_json_get_time (object, "intake", &intake, error)
      || !spare_json_get_boolean (object, "proven", &proven, error)
      || !spare_json_get_hex (object, "source", SPARE_JSON_SHA256_DIGITS, &source, error)
      || !spare_json_get_optional_string (object, "certificate", SPARE_RECORD_CERTIFICATE_MAX,
                                          &certificate, error))
    return NULL;
  deposit = spare_deposit_record_from_json (object, error);
  if (deposit == NULL)
    return NULL;
  return spare_transfer_record_new (owner, intake, proven, source, certificate, deposit, error);
}

/**
 * spare_transfer_record_to_json:
 * @self: a record
 *
 * Returns: (transfer full): the line
 */
JsonObject *
spare_transfer_record_to_json (const SpareTransferRecord *self)
{
  JsonObject *object = spare_deposit_record_to_json (self->deposit);

  json_object_set_string_member (object, "owner", self->owner);
  spare_json_set_time (object, "intake", self->intake);
  json_object_set_boolean_member (object, "proven", self->proven);
  json_object_set_string_member (object, "source", self->source);
  if (self->certificate != NULL)
    json_object_set_string_member (object, "certificate", self->certificate);
  return object;
}

/**
 * spare_transfer_record_free:
 * @self: (nullable): a record
 */
void
spare_transfer_record_free (SpareTransferRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->owner);
  g_free (self->source);
  g_free (self->certificate);
  spare_deposit_record_free (self->deposit);
  g_free (self);
}
