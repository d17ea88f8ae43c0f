/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One escrow packet made here, as it is stored, and the words for its states.
 *
 * Promise: an entry holds copies of everything; it can cross threads and outlive the outbox.
 */
#include "config.h"

#include "spare-outbox.h"

static const char *const state_names[] = {
  [SPARE_OUTBOX_PENDING] = "pending",
  [SPARE_OUTBOX_EXPORTED] = "exported",
  [SPARE_OUTBOX_ACKNOWLEDGED] = "acknowledged",
};

/**
 * spare_outbox_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): its word on the command line and in JSON
 */
const char *
spare_outbox_state_to_string (SpareOutboxState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (state_names), "pending");

  return state_names[state];
}

/**
 * spare_outbox_state_from_string:
 * @text: a word
 * @state: (out): the state; untouched if there is none of that name
 *
 * Returns: whether @text names a state
 */
gboolean
spare_outbox_state_from_string (const char *text, SpareOutboxState *state)
{
  g_return_val_if_fail (text != NULL && state != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (state_names); i++)
    if (strcmp (text, state_names[i]) == 0)
      {
        *state = (SpareOutboxState) i;
        return TRUE;
      }

  return FALSE;
}

/**
 * spare_outbox_entry_copy:
 * @self: an entry
 *
 * Returns: (transfer full): a copy; the packet's octets are shared
 */
SpareOutboxEntry *
spare_outbox_entry_copy (const SpareOutboxEntry *self)
{
  SpareOutboxEntry *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  copy->serial = g_strdup (self->serial);
  copy->file_id = g_strdup (self->file_id);
  copy->name = g_strdup (self->name);
  copy->description = g_strdup (self->description);
  copy->owner = g_strdup (self->owner);
  copy->authority = g_strdup (self->authority);
  copy->subkey = g_strdup (self->subkey);
  copy->algorithm = g_strdup (self->algorithm);
  copy->cipher = g_strdup (self->cipher);
  copy->place = g_strdup (self->place);
  if (self->packet != NULL)
    g_bytes_ref (self->packet);
  if (self->own_esk != NULL)
    g_bytes_ref (self->own_esk);
  return copy;
}

/**
 * spare_outbox_entry_free:
 * @self: (nullable): an entry
 */
void
spare_outbox_entry_free (SpareOutboxEntry *self)
{
  if (self == NULL)
    return;

  g_free (self->serial);
  g_free (self->file_id);
  g_free (self->name);
  g_free (self->description);
  g_free (self->owner);
  g_free (self->authority);
  g_free (self->subkey);
  g_free (self->algorithm);
  g_free (self->cipher);
  g_free (self->place);
  g_clear_pointer (&self->packet, g_bytes_unref);
  g_clear_pointer (&self->own_esk, g_bytes_unref);
  g_free (self);
}
