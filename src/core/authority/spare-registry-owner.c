/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners and bundles of the registry, as values. Promise: they own all that they point to. */
#include "config.h"

#include "spare-registry-owner.h"

static const char *const kinds[] = { "none", "lost", "stolen", "revoked" };

/**
 * spare_loss_kind_to_string:
 *
 * Returns: "none", "lost", "stolen" or "revoked"
 */
const char *
spare_loss_kind_to_string (SpareLossKind kind)
{
  g_return_val_if_fail (kind < G_N_ELEMENTS (kinds), "none");

  return kinds[kind];
}

/**
 * spare_loss_kind_from_string:
 * @kind: (out): untouched when it is none of the words
 *
 * Returns: whether @text is one of the words
 */
gboolean
spare_loss_kind_from_string (const char *text, SpareLossKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (text, kinds[i]) == 0)
      {
        *kind = (SpareLossKind) i;
        return TRUE;
      }
  return FALSE;
}

/**
 * spare_registry_owner_free:
 * @self: (nullable): an owner
 */
void
spare_registry_owner_free (SpareRegistryOwner *self)
{
  if (self == NULL)
    return;

  g_free (self->fingerprint);
  g_free (self->user_id);
  g_clear_pointer (&self->certificate, g_bytes_unref);
  g_free (self->contact);
  g_free (self->evidence);
  g_free (self);
}

/**
 * spare_registry_bundle_new:
 *
 * Returns: (transfer full): an empty one, to be filled in
 */
SpareRegistryBundle *
spare_registry_bundle_new (void)
{
  return g_new0 (SpareRegistryBundle, 1);
}

/**
 * spare_registry_bundle_free:
 * @self: (nullable): a bundle
 */
void
spare_registry_bundle_free (SpareRegistryBundle *self)
{
  if (self == NULL)
    return;

  g_free (self->sha256);
  g_free (self->id);
  g_free (self->type);
  g_free (self->sender);
  g_free (self->receiver);
  g_free (self);
}
