/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For whom packets are wrapped anew: an escrow subkey of this authority, or that of another one.
 *
 * Promise: the key is one whose certificate an officer has brought into the authority's home, it is usable now, and a
 * session key can be wrapped for it. Of another authority it is always the escrow subkey, the oldest usable one.
 */
#include "config.h"

#include "spare-packet-target-private.h"

#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-pkesk-build.h"

#include <glib/gi18n-lib.h>

void
spare_packet_target_free (SparePacketTarget *self)
{
  g_clear_object (&self->key);
  g_clear_pointer (&self->wrap_key, spare_wrap_key_unref);
  g_free (self);
}

static gboolean
fail_target (GError **error)
{
  g_set_error_literal (
      error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
      _ ("There is no usable escrow key with this fingerprint. Import the other "
         "authority’s certificate first, or add an encryption key to this one. "
         "Nothing was changed."));
  return FALSE;
}

static gboolean
is_usable (const SpareSubkey *subkey)
{
  return subkey->can_encrypt && !subkey->revoked && !subkey->expired && !subkey->disabled
         && !subkey->invalid && !subkey->is_adsk;
}

static gboolean
pick (SparePacketTarget *self,
      SpareAuthority *authority,
      const char *fingerprint,
      gboolean allow_own,
      GCancellable *cancellable,
      GError **error)
{
  g_autoptr (SpareKey) own = spare_authority_dup_key (authority);
  const SpareSubkey *subkey = spare_key_find_subkey (own, fingerprint);

  if (subkey != NULL || g_str_equal (fingerprint, spare_key_get_fingerprint (own)))
    {
      if (!allow_own || subkey == NULL || !is_usable (subkey))
        return fail_target (error);
      self->key = g_steal_pointer (&own);
      self->subkey = subkey;
      return TRUE;
    }
  self->key = spare_home_get_key_sync (spare_authority_get_home (authority), fingerprint, FALSE,
                                       cancellable, NULL);
  if (self->key == NULL)
    return fail_target (error);
  self->subkey = spare_key_pick_oldest_encryption_subkey (self->key,
                                                          spare_authority_get_now (authority));
  return self->subkey != NULL || fail_target (error);
}

/**
 * spare_packet_target_new_sync:
 * @fingerprint: primary, of another authority; or of one of this authority's encryption subkeys if @allow_own
 *
 * Returns: (transfer full) (nullable): the target; %NULL with %SPARE_ERROR_AUTHORITY_UNUSABLE if there is none
 */
SparePacketTarget *
spare_packet_target_new_sync (SpareAuthority *authority,
                              const char *fingerprint,
                              gboolean allow_own,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (SparePacketTarget) self = g_new0 (SparePacketTarget, 1);
  g_autofree char *wanted = spare_fingerprint_normalize (fingerprint);
  g_autoptr (GBytes) certificate = NULL;

  if (wanted == NULL)
    {
      fail_target (error);
      return NULL;
    }
  if (!pick (self, authority, wanted, allow_own, cancellable, error))
    return NULL;
  certificate = spare_home_export_sync (spare_authority_get_home (authority),
                                        spare_key_get_fingerprint (self->key),
                                        SPARE_EXPORT_MINIMAL, cancellable, error);
  if (certificate == NULL)
    return NULL;
  self->wrap_key = spare_wrap_key_new (certificate, self->subkey->fingerprint, error);
  return self->wrap_key != NULL ? g_steal_pointer (&self) : NULL;
}

/**
 * spare_packet_target_wrap:
 * @key: the session key of one file
 * @head: the head of that file
 *
 * Returns: (transfer full) (nullable): an escrow packet for the target
 */
GBytes *
spare_packet_target_wrap (const SparePacketTarget *self,
                          const SpareSessionKey *key,
                          const SpareHead *head,
                          GError **error)
{
  g_autoptr (SpareEsk)
      esk = spare_pkesk_build (self->wrap_key, key->cipher, key->secret, error);

  return esk != NULL ? spare_escrow_packet_build (esk, head, error) : NULL;
}

gboolean
spare_packet_target_log (SpareAuthority *authority,
                         const char *event,
                         JsonObject *detail,
                         GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);

  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!spare_audit_append (spare_authority_get_audit (authority), event,
                           spare_authority_get_fingerprint (authority), detail, NULL, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error);
}
