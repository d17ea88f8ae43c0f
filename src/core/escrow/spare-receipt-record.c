/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's word that it holds one escrow packet.
 *
 * Promise: three values that must all match (serial, SHA-256, deposit) and one of two verdicts; a packet that could
 * not be opened is just "held", whatever the reason.
 */
#include "config.h"

#include "spare-receipt-record.h"

#include "spare-deposit-record.h"
#include "spare-record-private.h"

/**
 * spare_receipt_record_new:
 * @serial: the packet's serial
 * @sha256: of the packet
 * @deposit: id of the deposit that brought it
 * @proven: whether its proof was verified
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED if one of its parts is not as it must be
 */
SpareReceiptRecord *
spare_receipt_record_new (const char *serial,
                          const char *sha256,
                          const char *deposit,
                          gboolean proven,
                          GError **error)
{
  SpareReceiptRecord *self;

  if (!spare_record_check_serial (serial, error)
      || !spare_record_check_sha256 (sha256, "sha256", error)
      || !spare_record_check_uuid (deposit, "deposit", error))
    return NULL;
  self = g_new0 (SpareReceiptRecord, 1);
  self->serial = g_strdup (serial);
  self->sha256 = g_strdup (sha256);
  self->deposit = g_strdup (deposit);
  self->proven = proven;
  return self;
}

/**
 * spare_receipt_record_from_json:
 * @object: a line of a receipt
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED
 */
SpareReceiptRecord *
spare_receipt_record_from_json (JsonObject *object, GError **error)
{
  const char *serial, *sha256, *deposit;
  gboolean proven;

  if (!spare_json_get_string (object, "serial", SPARE_RECORD_SERIAL_MAX, &serial, error)
      || !spare_json_get_hex (object, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, error)
      || !spare_json_get_uuid (object, "deposit", &deposit, error)
      || !spare_record_get_verdict (object, "proven", "held", &proven, error))
    return NULL;
  return spare_receipt_record_new (serial, sha256, deposit, proven, error);
}

/**
 * spare_receipt_record_to_json:
 * @self: a record
 *
 * Returns: (transfer full): the line
 */
JsonObject *
spare_receipt_record_to_json (const SpareReceiptRecord *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "serial", self->serial);
  json_object_set_string_member (object, "sha256", self->sha256);
  json_object_set_string_member (object, "deposit", self->deposit);
  json_object_set_string_member (object, "verdict", self->proven ? "proven" : "held");
  return object;
}

/**
 * spare_receipt_record_free:
 * @self: (nullable): a record
 */
void
spare_receipt_record_free (SpareReceiptRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->serial);
  g_free (self->sha256);
  g_free (self->deposit);
  g_free (self);
}
