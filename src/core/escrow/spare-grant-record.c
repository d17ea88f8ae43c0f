/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file's session key, wrapped for its owner's new key.
 *
 * Promise: the file id is computed from the data head, and a record that states another is refused. The whole data head
 * is there to be compared with the file's; the PKESK goes with the data's version, so that it can be put before it.
 */
#include "config.h"

#include "spare-grant-record.h"

#include "spare-data-head.h"
#include "spare-deposit-record.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-record-private.h"

static gboolean
check (SpareGrantRecord *self, GError **error)
{
  g_autoptr (GBytes) packet = NULL;

  /* Only what came with the request has no serial, and that is never matched. */
  if (self->serial[0] == '\0' && self->matched)
    return spare_record_refuse (error, "serial");
  if ((self->serial[0] != '\0' && !spare_record_check_serial (self->serial, error))
      || !spare_record_check_sha256 (self->sha256, "sha256", error)
      || !spare_record_check_esk (self->esk, "pkesk", error))
    return FALSE;
  /* Sees that the PKESK's version goes with the data's. */
  packet = spare_escrow_packet_build (self->esk, self->head, NULL);
  return packet != NULL || spare_record_refuse (error, "pkesk");
}

/**
 * spare_grant_record_new:
 * @tag: of the data packet: 18 or 20
 * @data_head: the file's data head
 * @serial: (nullable): of the packet that the session key was taken from; %NULL or empty if it came with the request
 * @sha256: of that packet
 * @matched: whether the claim was matched
 * @esk: the new PKESK
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED if one of its parts is not as it must be, or
 *   SPARE_ERROR_UNSUPPORTED for a format that escrow does not know
 */
SpareGrantRecord *
spare_grant_record_new (guint tag,
                        GBytes *data_head,
                        const char *serial,
                        const char *sha256,
                        gboolean matched,
                        SpareEsk *esk,
                        GError **error)
{
  g_autoptr (SpareGrantRecord) self = g_new0 (SpareGrantRecord, 1);
  g_autoptr (GError) reason = NULL;

  self->tag = tag;
  self->data_head = g_bytes_ref (data_head);
  self->serial = g_strdup (serial != NULL ? serial : "");
  self->sha256 = g_strdup (sha256);
  self->matched = matched;
  self->esk = spare_esk_ref (esk);
  self->head = spare_head_new_from_data_head (tag, data_head, &reason);
  if (self->head == NULL)
    {
      if (g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
        g_propagate_error (error, g_steal_pointer (&reason));
      else
        spare_record_refuse (error, "head");
      return NULL;
    }
  if (!check (self, error))
    return NULL;
  self->file_id = g_strdup (spare_head_get_file_id (self->head));
  return g_steal_pointer (&self);
}

/**
 * spare_grant_record_from_json:
 * @object: a line of a grant
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED for a format that
 *   escrow does not know
 */
SpareGrantRecord *
spare_grant_record_from_json (JsonObject *object, GError **error)
{
  g_autoptr (SpareGrantRecord) self = NULL;
  g_autoptr (GBytes) data_head = NULL;
  g_autoptr (SpareEsk) esk = NULL;
  const char *id, *serial, *sha256;
  gboolean matched;
  JsonObject *file;
  guint tag;

  if (!spare_json_get_object (object, "file", &file, error)
      || !spare_json_get_hex (file, "id", 32, &id, error)
      || !spare_record_get_data_head (object, &tag, &data_head, error)
      || !spare_json_get_string (object, "serial", SPARE_RECORD_SERIAL_MAX, &serial, error)
      || !spare_json_get_hex (object, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, error)
      || !spare_record_get_verdict (object, "matched", "unmatched", &matched, error)
      || !spare_record_get_esk (object, "pkesk", FALSE, &esk, error))
    return NULL;
  self = spare_grant_record_new (tag, data_head, serial, sha256, matched, esk, error);
  if (self != NULL && !g_str_equal (id, self->file_id))
    {
      spare_record_refuse (error, "id");
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * spare_grant_record_to_json:
 * @self: a record
 *
 * Returns: (transfer full): the line
 */
JsonObject *
spare_grant_record_to_json (const SpareGrantRecord *self)
{
  JsonObject *object = json_object_new ();
  JsonObject *file = json_object_new ();

  json_object_set_string_member (file, "id", self->file_id);
  json_object_set_object_member (object, "file", file);
  spare_json_set_uint64 (object, "tag", self->tag);
  spare_json_set_base64 (object, "head", self->data_head);
  json_object_set_string_member (object, "serial", self->serial);
  json_object_set_string_member (object, "sha256", self->sha256);
  json_object_set_string_member (object, "verdict", self->matched ? "matched" : "unmatched");
  spare_json_set_base64 (object, "pkesk", spare_esk_get_packet (self->esk));
  return object;
}

/**
 * spare_grant_record_free:
 * @self: (nullable): a record
 */
void
spare_grant_record_free (SpareGrantRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->file_id);
  g_clear_pointer (&self->data_head, g_bytes_unref);
  g_free (self->serial);
  g_free (self->sha256);
  g_clear_pointer (&self->esk, spare_esk_unref);
  g_clear_pointer (&self->head, spare_head_unref);
  g_free (self);
}
