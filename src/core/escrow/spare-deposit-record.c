/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One escrow packet with what its owner says about it, as it crosses from owner to authority.
 *
 * Promise: the packet is one, in its one form; file id and SHA-256 are computed from its octets, and a record that
 * states others is refused; the subkey named is the one that the packet names. The rest is what the owner says.
 */
#include "config.h"

#include "spare-deposit-record.h"

#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-record-private.h"

#include <string.h>

static gboolean
check_words (const SpareDepositRecord *self, GError **error)
{
  return spare_record_check_serial (self->serial, error)
         && spare_record_check_time (self->created, "created", error)
         && spare_record_check_text (self->description, SPARE_RECORD_DESCRIPTION_MAX,
                                     "description", error)
         && spare_record_check_name (self->name, error)
         && (self->size <= G_MAXINT64 || spare_record_refuse (error, "size"))
         && spare_record_check_fingerprint (self->subkey, "subkey", error)
         && spare_record_check_word (self->algorithm, "algorithm", error)
         && spare_record_check_word (self->cipher, "cipher", error);
}

static gboolean
read_packet (SpareDepositRecord *self, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (!spare_escrow_packet_parse (self->packet, &self->esk, &self->head, &reason))
    {
      if (!g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
        return spare_record_refuse (error, "packet");
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (!spare_record_check_esk (self->esk, "packet", error))
    return FALSE;
  if (!spare_esk_matches_fingerprint (self->esk, self->subkey))
    return spare_record_refuse (error, "subkey");
  self->file_id = g_strdup (spare_head_get_file_id (self->head));
  self->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, self->packet);
  return TRUE;
}

/**
 * spare_deposit_record_new:
 * @serial: the packet's serial
 * @created: Unix seconds
 * @description: (nullable): UTF-8 of at most 4 KiB
 * @name: (type filename): the file's base name
 * @size: octets of the plain file
 * @subkey: fingerprint of the authority's escrow subkey
 * @algorithm: (nullable): of that subkey
 * @cipher: (nullable): of the session key
 * @packet: the escrow packet
 * @proof: (nullable) (array fixed-size=32): the proof, if there is one
 * @error: return location for an error
 *
 * Puts together a record (protocol.md section 2). The proof is taken as it is: spare_proof_verify() needs the session
 * key.
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED if one of its parts is not as it must be, or
 *   SPARE_ERROR_UNSUPPORTED for a packet that only a newer version understands
 */
SpareDepositRecord *
spare_deposit_record_new (const char *serial,
                          gint64 created,
                          const char *description,
                          const char *name,
                          guint64 size,
                          const char *subkey,
                          const char *algorithm,
                          const char *cipher,
                          GBytes *packet,
                          const guint8 *proof,
                          GError **error)
{
  g_autoptr (SpareDepositRecord) self = g_new0 (SpareDepositRecord, 1);

  self->serial = g_strdup (serial);
  self->created = created;
  self->description = g_strdup (description != NULL ? description : "");
  self->name = g_strdup (name);
  self->size = size;
  self->subkey = g_strdup (subkey);
  self->algorithm = g_strdup (algorithm != NULL ? algorithm : "");
  self->cipher = g_strdup (cipher != NULL ? cipher : "");
  self->packet = g_bytes_ref (packet);
  if (proof != NULL)
    {
      self->has_proof = TRUE;
      memcpy (self->proof, proof, sizeof self->proof);
    }
  if (!check_words (self, error) || !read_packet (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
get_proof (JsonObject *object, guint8 proof[SPARE_PROOF_LENGTH], GError **error)
{
  const char *digits;

  if (!spare_json_get_hex (object, "proof", 2 * SPARE_PROOF_LENGTH, &digits, error))
    return FALSE;
  for (guint i = 0; i < SPARE_PROOF_LENGTH; i++)
    proof[i] = (guint8) (g_ascii_xdigit_value (digits[2 * i]) << 4
                         | g_ascii_xdigit_value (digits[2 * i + 1]));
  return TRUE;
}

/**
 * spare_deposit_record_from_json:
 * @object: a line of a deposit
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED for a packet that only
 *   a newer version understands
 */
SpareDepositRecord *
spare_deposit_record_from_json (JsonObject *object, GError **error)
{
  g_autoptr (SpareDepositRecord) self = NULL;
  g_autoptr (GBytes) packet = NULL;
  g_autofree char *name = NULL;
  guint8 proof[SPARE_PROOF_LENGTH];
  gboolean has_proof = spare_json_has (object, "proof");
  const char *serial, *description, *id, *subkey, *algorithm, *cipher, *sha256;
  JsonObject *file, *key;
  gint64 created;
  guint64 size;

  if (!spare_json_get_string (object, "serial", SPARE_RECORD_SERIAL_MAX, &serial, error)
      || !spare_json_get_time (object, "created", &created, error)
      || !spare_json_get_string (object, "description", SPARE_RECORD_DESCRIPTION_MAX,
                                 &description, error)
      || !spare_json_get_object (object, "file", &file, error)
      || !spare_record_get_name (file, &name, error)
      || !spare_json_get_uint64 (file, "size", G_MAXINT64, &size, error)
      || !spare_json_get_hex (file, "id", 32, &id, error)
      || !spare_json_get_object (object, "key", &key, error)
      || !spare_json_get_fingerprint (key, "subkey", &subkey, error)
      || !spare_json_get_string (key, "algorithm", SPARE_RECORD_WORD_MAX, &algorithm, error)
      || !spare_json_get_string (key, "cipher", SPARE_RECORD_WORD_MAX, &cipher, error)
      || !spare_json_get_base64 (object, "packet", SPARE_ESCROW_PACKET_MAX, &packet, error)
      || !spare_json_get_hex (object, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, error)
      || (has_proof && !get_proof (object, proof, error)))
    return NULL;
  self = spare_deposit_record_new (serial, created, description, name, size, subkey, algorithm,
                                   cipher, packet, has_proof ? proof : NULL, error);
  if (self == NULL)
    return NULL;
  if (!g_str_equal (id, self->file_id))
    {
      spare_record_refuse (error, "id");
      return NULL;
    }
  if (!g_str_equal (sha256, self->sha256))
    {
      spare_record_refuse (error, "sha256");
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * spare_deposit_record_to_json:
 * @self: a record
 *
 * Returns: (transfer full): the line, its members in the order of design.md section 6
 */
JsonObject *
spare_deposit_record_to_json (const SpareDepositRecord *self)
{
  JsonObject *object = json_object_new ();
  JsonObject *file = json_object_new ();
  JsonObject *key = json_object_new ();

  json_object_set_string_member (object, "serial", self->serial);
  spare_json_set_time (object, "created", self->created);
  json_object_set_string_member (object, "description", self->description);
  spare_record_set_name (file, self->name);
  spare_json_set_uint64 (file, "size", self->size);
  json_object_set_string_member (file, "id", self->file_id);
  json_object_set_object_member (object, "file", file);
  json_object_set_string_member (key, "subkey", self->subkey);
  json_object_set_string_member (key, "algorithm", self->algorithm);
  json_object_set_string_member (key, "cipher", self->cipher);
  json_object_set_object_member (object, "key", key);
  spare_json_set_base64 (object, "packet", self->packet);
  json_object_set_string_member (object, "sha256", self->sha256);
  if (self->has_proof)
    {
      GString *digits = g_string_sized_new (2 * SPARE_PROOF_LENGTH);

      for (guint i = 0; i < SPARE_PROOF_LENGTH; i++)
        g_string_append_printf (digits, "%02x", (guint) self->proof[i]);
      json_object_set_string_member (object, "proof", digits->str);
      g_string_free (digits, TRUE);
    }
  return object;
}

/**
 * spare_deposit_record_free:
 * @self: (nullable): a record
 */
void
spare_deposit_record_free (SpareDepositRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->serial);
  g_free (self->description);
  g_free (self->name);
  g_free (self->file_id);
  g_free (self->subkey);
  g_free (self->algorithm);
  g_free (self->cipher);
  g_clear_pointer (&self->packet, g_bytes_unref);
  g_free (self->sha256);
  g_clear_pointer (&self->esk, spare_esk_unref);
  g_clear_pointer (&self->head, spare_head_unref);
  g_free (self);
}
