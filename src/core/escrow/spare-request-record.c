/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file that the owner of a new key asks to be recovered.
 *
 * Promise: it carries the data head, the key ids and at most the authority's PKESK, never another's, and nothing of
 * the file's content. The file id is computed from the data head, and a record that states another is refused.
 */
#include "config.h"

#include "spare-request-record.h"

#include "spare-data-head.h"
#include "spare-deposit-record.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-record-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
is_key_id (const char *text)
{
  return strlen (text) == 16 && strspn (text, "0123456789ABCDEF") == 16;
}

/* Takes @key_ids. */
static SpareRequestRecord *
make (const char *name,
      guint64 size,
      guint tag,
      GBytes *data_head,
      char **key_ids,
      SpareEsk *esk,
      GError **error)
{
  g_autoptr (SpareRequestRecord) self = g_new0 (SpareRequestRecord, 1);
  g_autoptr (GError) reason = NULL;

  self->name = g_strdup (name);
  self->size = size;
  self->tag = tag;
  self->data_head = g_bytes_ref (data_head);
  self->key_ids = key_ids;
  self->esk = esk != NULL ? spare_esk_ref (esk) : NULL;
  if (!spare_record_check_name (name, error)
      || (size > G_MAXINT64 && !spare_record_refuse (error, "size")))
    return NULL;
  self->head = spare_head_new_from_data_head (tag, data_head, &reason);
  if (self->head == NULL && !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
    {
      spare_record_refuse (error, "head");
      return NULL;
    }
  if (self->head == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (esk != NULL)
    {
      /* Also sees that the packet's version goes with the data's. */
      g_autoptr (GBytes) packet = spare_escrow_packet_build (esk, self->head, NULL);

      if (!spare_record_check_esk (esk, "packet", error)
          || (packet == NULL && !spare_record_refuse (error, "packet")))
        return NULL;
    }
  self->file_id = g_strdup (spare_head_get_file_id (self->head));
  return g_steal_pointer (&self);
}

/**
 * spare_request_record_new:
 * @name: (type filename): the file's base name
 * @size: octets of the encrypted file
 * @head: the file's head
 * @authority: (nullable): the authority's PKESK in it, if it has one
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_NOT_ENCRYPTED if @head is no encrypted file's,
 *   SPARE_ERROR_UNSUPPORTED for a format that escrow does not know, SPARE_ERROR_DAMAGED if another part is not as it
 *   must be
 */
SpareRequestRecord *
spare_request_record_new (const char *name,
                          guint64 size,
                          const SpareHead *head,
                          SpareEsk *authority,
                          GError **error)
{
  GBytes *data_head = spare_head_get_data_head (head);
  g_autoptr (GStrvBuilder) key_ids = g_strv_builder_new ();

  if (!spare_head_is_encrypted (head))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                           _ ("This is not an encrypted message. Nothing was changed."));
      return NULL;
    }
  if (data_head == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                           _ ("The file is encrypted in a way that recovery does not know. It "
                              "is unchanged."));
      return NULL;
    }
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);
      g_autofree char *key_id = NULL;

      if (!spare_esk_is_public_key (esk) || !spare_esk_is_known (esk))
        continue;
      key_id = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", spare_esk_get_key_id (esk));
      g_strv_builder_add (key_ids, key_id);
    }
  return make (name, size, spare_head_get_container_tag (head), data_head,
               g_strv_builder_end (key_ids), authority, error);
}

static char **
get_key_ids (JsonObject *object, GError **error)
{
  g_autoptr (GStrvBuilder) key_ids = g_strv_builder_new ();
  JsonArray *array;

  if (!spare_json_get_array (object, "keys", SPARE_HEAD_ESKS_MAX, &array, error))
    return NULL;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      const char *key_id = NULL;

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        key_id = json_node_get_string (node);
      if (key_id == NULL || !is_key_id (key_id))
        {
          spare_record_refuse (error, "keys");
          return NULL;
        }
      g_strv_builder_add (key_ids, key_id);
    }
  return g_strv_builder_end (key_ids);
}

/**
 * spare_request_record_from_json:
 * @object: a line of a request
 * @error: return location for an error
 *
 * Returns: (transfer full): the record; %NULL with SPARE_ERROR_DAMAGED, or SPARE_ERROR_UNSUPPORTED for a format that
 *   escrow does not know
 */
SpareRequestRecord *
spare_request_record_from_json (JsonObject *object, GError **error)
{
  g_autoptr (SpareRequestRecord) self = NULL;
  g_autoptr (GBytes) data_head = NULL;
  g_autoptr (SpareEsk) esk = NULL;
  g_autofree char *name = NULL;
  char **key_ids;
  const char *id;
  JsonObject *file;
  guint64 size;
  guint tag;

  if (!spare_json_get_object (object, "file", &file, error)
      || !spare_json_get_hex (file, "id", 32, &id, error)
      || !spare_record_get_name (file, &name, error)
      || !spare_json_get_uint64 (file, "size", G_MAXINT64, &size, error)
      || !spare_record_get_data_head (object, &tag, &data_head, error)
      || !spare_record_get_esk (object, "packet", TRUE, &esk, error))
    return NULL;
  key_ids = get_key_ids (object, error);
  if (key_ids == NULL)
    return NULL;
  self = make (name, size, tag, data_head, key_ids, esk, error);
  if (self != NULL && !g_str_equal (id, self->file_id))
    {
      spare_record_refuse (error, "id");
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * spare_request_record_to_json:
 * @self: a record
 *
 * Returns: (transfer full): the line
 */
JsonObject *
spare_request_record_to_json (const SpareRequestRecord *self)
{
  JsonObject *object = json_object_new ();
  JsonObject *file = json_object_new ();
  JsonArray *keys = json_array_new ();

  json_object_set_string_member (file, "id", self->file_id);
  spare_record_set_name (file, self->name);
  spare_json_set_uint64 (file, "size", self->size);
  json_object_set_object_member (object, "file", file);
  spare_json_set_uint64 (object, "tag", self->tag);
  spare_json_set_base64 (object, "head", self->data_head);
  for (char **key_id = self->key_ids; *key_id != NULL; key_id++)
    json_array_add_string_element (keys, *key_id);
  json_object_set_array_member (object, "keys", keys);
  if (self->esk != NULL)
    spare_json_set_base64 (object, "packet", spare_esk_get_packet (self->esk));
  return object;
}

/**
 * spare_request_record_dup_packet:
 * @self: a record
 *
 * The escrow packet of the PKESK that came along, the source of a claim that no deposit matches.
 *
 * Returns: (transfer full) (nullable): its octets; %NULL when there is no PKESK
 */
GBytes *
spare_request_record_dup_packet (const SpareRequestRecord *self)
{
  return self->esk != NULL ? spare_escrow_packet_build (self->esk, self->head, NULL) : NULL;
}

/**
 * spare_request_record_free:
 * @self: (nullable): a record
 */
void
spare_request_record_free (SpareRequestRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->file_id);
  g_free (self->name);
  g_clear_pointer (&self->data_head, g_bytes_unref);
  g_strfreev (self->key_ids);
  g_clear_pointer (&self->esk, spare_esk_unref);
  g_clear_pointer (&self->head, spare_head_unref);
  g_free (self);
}
