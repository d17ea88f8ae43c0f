/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet of the registry, as a value. Promise: it owns all that it points to. */
#include "config.h"

#include "spare-registry-packet.h"

static GBytes *
ref_octets (GBytes *octets)
{
  return octets != NULL ? g_bytes_ref (octets) : NULL;
}

/**
 * spare_registry_packet_new:
 *
 * Returns: (transfer full): an empty one, to be filled in
 */
SpareRegistryPacket *
spare_registry_packet_new (void)
{
  return g_new0 (SpareRegistryPacket, 1);
}

/**
 * spare_registry_packet_copy:
 *
 * Returns: (transfer full): another one with the same content
 */
SpareRegistryPacket *
spare_registry_packet_copy (const SpareRegistryPacket *self)
{
  SpareRegistryPacket *copy = spare_registry_packet_new ();

  *copy = *self;
  copy->owner = g_strdup (self->owner);
  copy->owner_name = g_strdup (self->owner_name);
  copy->sha256 = g_strdup (self->sha256);
  copy->serial = g_strdup (self->serial);
  copy->file_id = g_strdup (self->file_id);
  copy->data_head = ref_octets (self->data_head);
  copy->packet = ref_octets (self->packet);
  copy->description = g_strdup (self->description);
  copy->name = g_strdup (self->name);
  copy->subkey = g_strdup (self->subkey);
  copy->algorithm = g_strdup (self->algorithm);
  copy->cipher = g_strdup (self->cipher);
  copy->bundle = g_strdup (self->bundle);
  copy->deposit = g_strdup (self->deposit);
  copy->transfer_from = g_strdup (self->transfer_from);
  copy->source_sha256 = g_strdup (self->source_sha256);
  copy->rewrapped = ref_octets (self->rewrapped);
  copy->rewrapped_subkey = g_strdup (self->rewrapped_subkey);
  return copy;
}

/**
 * spare_registry_packet_free:
 * @self: (nullable): a packet
 */
void
spare_registry_packet_free (SpareRegistryPacket *self)
{
  if (self == NULL)
    return;

  g_free (self->owner);
  g_free (self->owner_name);
  g_free (self->sha256);
  g_free (self->serial);
  g_free (self->file_id);
  g_clear_pointer (&self->data_head, g_bytes_unref);
  g_clear_pointer (&self->packet, g_bytes_unref);
  g_free (self->description);
  g_free (self->name);
  g_free (self->subkey);
  g_free (self->algorithm);
  g_free (self->cipher);
  g_free (self->bundle);
  g_free (self->deposit);
  g_free (self->transfer_from);
  g_free (self->source_sha256);
  g_clear_pointer (&self->rewrapped, g_bytes_unref);
  g_free (self->rewrapped_subkey);
  g_free (self);
}

/**
 * spare_registry_answer_free:
 * @self: (nullable): an answer
 */
void
spare_registry_answer_free (SpareRegistryAnswer *self)
{
  if (self == NULL)
    return;

  g_free (self->owner);
  g_free (self->serial);
  g_free (self->sha256);
  g_free (self->deposit);
  g_free (self);
}
