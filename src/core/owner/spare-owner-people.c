/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other people's certificates, and the backup authority's.
 *
 * Promise: a certificate is looked at in a scratch home first; neither the owner's key nor the authority's
 * comes in by this door, so nobody becomes the authority by being a recipient. What says that the authority's
 * key was revoked is believed even here.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-engine.h"
#include "spare-error.h"
#include "spare-pin-private.h"

#include <glib/gi18n-lib.h>

/* Whether it is one of the owner's keys: nobody's recipient. */
static gboolean
is_own (SpareOwner *self, GPtrArray *secret, const char *fingerprint)
{
  g_autoptr (SpareKey) present = spare_owner_dup_key (self);

  for (guint i = 0; i < secret->len; i++)
    if (strcmp (spare_key_get_fingerprint (g_ptr_array_index (secret, i)), fingerprint) == 0)
      return TRUE;

  return (present != NULL && strcmp (spare_key_get_fingerprint (present), fingerprint) == 0)
         || spare_owner_was_used_private (self, fingerprint);
}

static gboolean
is_authority (SpareOwner *self, const char *fingerprint)
{
  return g_strcmp0 (spare_pin_get_fingerprint (self->pin), fingerprint) == 0;
}

static gboolean
is_recipient (SpareOwner *self, GPtrArray *secret, const char *fingerprint)
{
  return !is_own (self, secret, fingerprint) && !is_authority (self, fingerprint);
}

/**
 * spare_owner_list_recipients_sync:
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Returns: (transfer full) (element-type SpareKey): other people's certificates, usable or not
 */
GPtrArray *
spare_owner_list_recipients_sync (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GPtrArray) secret = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GPtrArray) found = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  operation = g_mutex_locker_new (&self->operation);
  if (!spare_owner_check_prepared_private (self, cancellable, error))
    return NULL;

  found = g_ptr_array_new_with_free_func (g_object_unref);
  files = spare_owner_list_certificates_private (self);
  if (files->len == 0)
    return g_steal_pointer (&found);
  secret = spare_home_list_keys_sync (self->home, TRUE, cancellable, error);
  keys = secret != NULL ? spare_home_list_keys_sync (self->home, FALSE, cancellable, error)
                        : NULL;
  if (keys == NULL)
    return NULL;

  for (guint i = 0; i < keys->len; i++)
    {
      SpareKey *key = g_ptr_array_index (keys, i);
      const char *fingerprint = spare_key_get_fingerprint (key);

      if (g_ptr_array_find_with_equal_func (files, fingerprint, g_str_equal, NULL)
          && is_recipient (self, secret, fingerprint))
        g_ptr_array_add (found, g_object_ref (key));
    }
  return g_steal_pointer (&found);
}

/* One certificate out of the scratch home, alone. */
static gboolean
import_one (SpareOwner *self,
            SpareHome *scratch,
            const char *fingerprint,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (GBytes) octets = spare_home_export_sync (scratch, fingerprint,
                                                      SPARE_EXPORT_MINIMAL, cancellable, error);

  if (octets == NULL)
    return FALSE;
  if (is_authority (self, fingerprint))
    return spare_pin_absorb_private (self->pin, octets, cancellable, error);

  imported = spare_home_import_sync (self->home, octets, FALSE, cancellable, error);
  return imported != NULL
         && spare_owner_save_certificate_private (self, fingerprint, cancellable, error);
}

static void
fail_no_recipient (GPtrArray *keys, gboolean authority, GError **error)
{
  g_set_error_literal (
      error, SPARE_ERROR, keys->len == 0 ? SPARE_ERROR_DAMAGED : SPARE_ERROR_FAILED,
      keys->len == 0 ? _ ("There is no certificate in this file. Nothing was changed.")
      : authority ? _ ("This is the certificate of your backup authority, which every file is "
                       "encrypted to anyway. It was not added to the recipients.")
                  : _ ("This is the certificate of your own key, which every file is encrypted "
                       "to anyway. It was not added to the recipients."));
}

static GPtrArray *
import_recipients (SpareOwner *self, GBytes *octets, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (GPtrArray) secret = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (SpareHome) scratch = NULL;
  gboolean authority = FALSE;

  if (!spare_owner_check_prepared_private (self, cancellable, error))
    return NULL;
  scratch = spare_home_new_scratch (error);
  if (scratch == NULL)
    return NULL;
  imported = spare_home_import_sync (scratch, octets, FALSE, cancellable, error);
  keys = imported != NULL ? spare_home_list_keys_sync (scratch, FALSE, cancellable, error)
                          : NULL;
  secret = keys != NULL ? spare_home_list_keys_sync (self->home, TRUE, cancellable, error)
                        : NULL;
  if (secret == NULL)
    return NULL;

  for (guint i = 0; i < keys->len; i++)
    {
      const char *fingerprint = spare_key_get_fingerprint (g_ptr_array_index (keys, i));

      if (is_own (self, secret, fingerprint))
        continue;
      if (!import_one (self, scratch, fingerprint, cancellable, error))
        return NULL;
      if (is_authority (self, fingerprint))
        authority = TRUE;
      else
        g_ptr_array_add (added, g_strdup (fingerprint));
    }
  spare_owner_update_state_private (self);
  if (added->len > 0)
    return g_steal_pointer (&added);

  fail_no_recipient (keys, authority, error);
  return NULL;
}

/**
 * spare_owner_import_recipients_sync:
 * @certificates: one or several certificates, armored or binary
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Adds people that files can be encrypted to, or brings their certificates up to date.
 *
 * Returns: (transfer full) (element-type utf8): primary fingerprints of those added; %NULL with
 *   [error@SpareError] `DAMAGED`, `POLICY` (a secret key), `FAILED` (nobody but the owner or the authority),
 *   `TOO_LARGE`, `ENGINE`
 */
GPtrArray *
spare_owner_import_recipients_sync (SpareOwner *self,
                                    GBytes *certificates,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && certificates != NULL, NULL);

  operation = g_mutex_locker_new (&self->operation);
  return import_recipients (self, certificates, cancellable, error);
}

/**
 * spare_owner_remove_recipient_sync:
 * @fingerprint: of a recipient
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Forgets a certificate. Files encrypted to it before are not changed.
 *
 * Returns: %FALSE with [error@SpareError] `NO_KEY` if there is no such recipient
 */
gboolean
spare_owner_remove_recipient_sync (SpareOwner *self,
                                   const char *fingerprint,
                                   GCancellable *cancellable,
                                   GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GPtrArray) secret = NULL;
  g_autofree char *normal = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  if (!spare_owner_check_prepared_private (self, cancellable, error))
    return FALSE;
  secret = spare_home_list_keys_sync (self->home, TRUE, cancellable, error);
  if (secret == NULL)
    return FALSE;

  normal = spare_fingerprint_normalize (fingerprint);
  files = spare_owner_list_certificates_private (self);
  if (normal == NULL || !g_ptr_array_find_with_equal_func (files, normal, g_str_equal, NULL)
      || !is_recipient (self, secret, normal))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("There is no recipient with this fingerprint. Nothing was "
                              "changed."));
      return FALSE;
    }

  if (!spare_owner_remove_certificate_private (self, normal, error)
      || !spare_home_delete_key_sync (self->home, normal, FALSE, cancellable, error))
    return FALSE;
  spare_owner_announce_private (self);
  return TRUE;
}

/* What the pin was loaded with may be old. */
static gboolean
follow_policy (SpareOwner *self, GError **error)
{
  g_autoptr (SparePolicy) policy = spare_owner_dup_policy (self, error);

  return policy != NULL;
}

/**
 * spare_owner_examine_authority_sync:
 * @certificate: armored or binary
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Looks at what is offered as the backup authority's certificate; see spare_pin_examine_sync().
 *
 * Returns: (transfer full): the offer, to be shown and compared
 */
SparePinOffer *
spare_owner_examine_authority_sync (SpareOwner *self,
                                    GBytes *certificate,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  SparePinOffer *offer;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && certificate != NULL, NULL);

  operation = g_mutex_locker_new (&self->operation);
  if (!spare_owner_check_prepared_private (self, cancellable, error)
      || !follow_policy (self, error))
    return NULL;
  offer = spare_pin_examine_sync (self->pin, certificate, cancellable, error);
  spare_owner_update_state_private (
      self); /* a revocation is believed even when it is refused */
  return offer;
}

static gboolean
check_not_own (SpareOwner *self,
               const SparePinOffer *offer,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GPtrArray)
      secret = spare_home_list_keys_sync (self->home, TRUE, cancellable, error);

  if (secret == NULL)
    return FALSE;
  if (!is_own (self, secret, spare_key_get_fingerprint (offer->key)))
    return TRUE;

  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("This is your own key. A spare key has to be somebody else’s: with "
                          "yours lost, it would be lost too. Nothing was changed."));
  return FALSE;
}

/**
 * spare_owner_trust_authority_sync:
 * @offer: what was examined
 * @fingerprint: what the person compared it with
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Trusts the backup authority from now on; see spare_pin_trust_sync(). The owner's own key can't be it.
 *
 * Returns: whether it is trusted now
 */
gboolean
spare_owner_trust_authority_sync (SpareOwner *self,
                                  const SparePinOffer *offer,
                                  const char *fingerprint,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self) && offer != NULL && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  if (!spare_owner_check_prepared_private (self, cancellable, error)
      || !follow_policy (self, error) || !check_not_own (self, offer, cancellable, error)
      || !spare_pin_trust_sync (self->pin, offer, fingerprint, cancellable, error))
    return FALSE;

  spare_owner_update_state_private (self);
  return TRUE;
}

static gboolean
fail_adsk (SpareErrorCode code, const char *message, GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, (int) code, message);
  return FALSE;
}

static gboolean
check_adsk (SpareOwner *self, SpareKey *key, gboolean bound, GError **error)
{
  SparePinState state = spare_pin_get_state (self->pin);

  if (!spare_engine_is_at_least (2, 4, 1))
    return fail_adsk (SPARE_ERROR_UNSUPPORTED,
                      _ ("The installed GnuPG is too old for this: 2.4.1 is needed. Nothing "
                         "was "
                         "changed."),
                      error);
  if (!bound)
    return fail_adsk (SPARE_ERROR_UNSUPPORTED,
                      _ ("The backup authority’s part in your key can’t be taken out again "
                         "yet. Nothing was changed. Make a new key instead."),
                      error);
  if (key == NULL)
    return fail_adsk (SPARE_ERROR_NOT_SET_UP,
                      _ ("There is no key of yours yet. Make or import one first."), error);
  if (state != SPARE_PIN_USABLE && state != SPARE_PIN_EXPIRING)
    {
      g_autofree char *why = spare_pin_describe (self->pin);

      return fail_adsk (state == SPARE_PIN_NONE ? SPARE_ERROR_NOT_SET_UP
                                                : SPARE_ERROR_AUTHORITY_UNUSABLE,
                        why, error);
    }
  return TRUE;
}

/* Which of the authority's subkeys are bound to the key already. */
static gboolean
has_adsk (SpareKey *key, const char *subkey)
{
  g_autoptr (GPtrArray) bound = spare_key_pick_adsks (key, g_get_real_time () / G_USEC_PER_SEC);

  for (guint i = 0; i < bound->len; i++)
    {
      const SpareSubkey *adsk = g_ptr_array_index (bound, i);

      if (strcmp (adsk->fingerprint, subkey) == 0)
        return TRUE;
    }
  return FALSE;
}

/**
 * spare_owner_set_adsk_sync:
 * @bound: whether other people's gpg shall encrypt to the backup authority too
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Binds the authority's escrow subkey to the owner's key as an additional decryption subkey. From then on it
 * reads everything that anybody encrypts to the key with an engine that knows of such subkeys.
 *
 * Returns: %FALSE with [error@SpareError] `UNSUPPORTED` (an engine before 2.4.1, a key of the person's own
 *   GnuPG, or unbinding), `NOT_SET_UP`, `AUTHORITY_UNUSABLE`, `KEYRING_…`, `ENGINE`
 */
gboolean
spare_owner_set_adsk_sync (SpareOwner *self,
                           gboolean bound,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (SpareHome) home = NULL;
  const char *fingerprint, *subkey;

  g_return_val_if_fail (SPARE_IS_OWNER (self), FALSE);

  operation = g_mutex_locker_new (&self->operation);
  key = spare_owner_dup_key (self);
  home = spare_owner_dup_key_home (self);
  if (!check_adsk (self, key, bound, error))
    return FALSE;
  if (home != self->home)
    return fail_adsk (SPARE_ERROR_UNSUPPORTED,
                      _ ("This key is kept by your own GnuPG, which Spare Key never changes. "
                         "Nothing was changed."),
                      error);

  fingerprint = spare_key_get_fingerprint (key);
  subkey = spare_pin_get_escrow_subkey (self->pin)->fingerprint;
  if (has_adsk (key, subkey))
    return TRUE;
  return spare_owner_ensure_keyring_private (self, cancellable, error)
         && spare_home_add_adsk_sync (self->home, fingerprint, subkey, cancellable, error)
         && spare_owner_save_key_private (self, fingerprint, cancellable, error)
         && spare_owner_refresh_key_private (self, cancellable, error);
}

/**
 * spare_owner_find_key_by_id_sync:
 * @key_id: of a primary key or a subkey, as a file's head names it
 * @cancellable: (nullable): a cancellable
 *
 * A name for a key id, for display: key ids can be forged, so nothing is decided by it.
 *
 * Returns: (transfer full) (nullable): the key, or %NULL if it is not known here
 */
SpareKey *
spare_owner_find_key_by_id_sync (SpareOwner *self, guint64 key_id, GCancellable *cancellable)
{
  SpareKey *key;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  key = spare_home_find_key_by_id_sync (self->home, key_id, FALSE, cancellable, NULL);
  if (key == NULL && spare_home_exists (self->personal))
    key = spare_home_find_key_by_id_sync (self->personal, key_id, FALSE, cancellable, NULL);
  return key;
}
