/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate offered for trust, and the judgement on an authority's key.
 *
 * Promise: a certificate is looked at in a scratch home that is gone afterwards, so nothing that it carries
 * reaches any other home before the person compared the fingerprint. One that is not exactly one public
 * primary key, brings a secret key, or is longer than 64 KiB is not looked at any further.
 *
 * Two encryption subkeys (protocol.md 1.1): the oldest usable one is for files (escrow), the newest for
 * messages (transport), so that stock gpg picks that one by itself.
 */
#include "config.h"

#include "spare-pin-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>

/**
 * spare_pin_offer_free:
 * @self: (nullable): an offer
 */
void
spare_pin_offer_free (SparePinOffer *self)
{
  if (self == NULL)
    return;

  g_clear_object (&self->key);
  g_clear_pointer (&self->octets, g_bytes_unref);
  g_free (self->warning);
  g_free (self);
}

static void
fail_certificate (GError **error, const char *why)
{
  g_debug ("authority's certificate: %s", why);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("This is not the certificate of a backup authority: it must hold one "
                          "public key and nothing else. Nothing was changed. Ask the authority "
                          "for its certificate file."));
}

/*
 * spare_pin_read_certificate_private:
 *
 * Reads @octets, armored or binary, in a scratch home.
 *
 * Returns: (transfer full): the one key in it; %NULL with `DAMAGED` if it isn't that, `ENGINE` if gpg does
 *   not answer
 */
SpareKey *
spare_pin_read_certificate_private (GBytes *octets, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareHome) scratch = NULL;
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) local = NULL;

  if (g_bytes_get_size (octets) == 0 || g_bytes_get_size (octets) > SPARE_PIN_CERTIFICATE_MAX)
    {
      fail_certificate (error, "empty or too long");
      return NULL;
    }

  scratch = spare_home_new_scratch (error);
  if (scratch == NULL || !spare_home_prepare_sync (scratch, cancellable, error))
    return NULL;

  imported = spare_home_import_sync (scratch, octets, FALSE, cancellable, &local);
  if (imported == NULL)
    {
      /* The engine's own trouble is not the certificate's fault. */
      if (local->domain != SPARE_ERROR || local->code == SPARE_ERROR_ENGINE)
        g_propagate_error (error, g_steal_pointer (&local));
      else
        fail_certificate (error, local->message);
      return NULL;
    }

  keys = spare_home_list_keys_sync (scratch, FALSE, cancellable, error);
  if (keys == NULL)
    return NULL;
  if (keys->len != 1)
    {
      fail_certificate (error, keys->len == 0 ? "no key" : "several keys");
      return NULL;
    }
  return g_object_ref (g_ptr_array_index (keys, 0));
}

static SparePinReason
judge_subkey (const SpareSubkey *subkey, gint64 now)
{
  if (subkey->revoked)
    return SPARE_PIN_REASON_REVOKED;
  if (subkey->expired || (subkey->expires != 0 && subkey->expires <= now))
    return SPARE_PIN_REASON_EXPIRED;
  if (subkey->created > now)
    return SPARE_PIN_REASON_CLOCK;
  if (subkey->disabled)
    return SPARE_PIN_REASON_DISABLED;
  if (subkey->invalid)
    return SPARE_PIN_REASON_INVALID;

  return subkey->can_encrypt ? SPARE_PIN_REASON_OK : SPARE_PIN_REASON_SIGN_ONLY;
}

/* "Can't encrypt" may be a subkey that once could: say what became of it. */
static SparePinReason
judge_without_subkey (SpareKey *key, gint64 now)
{
  SparePinReason reason = SPARE_PIN_REASON_SIGN_ONLY;

  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (key, i);

      if (subkey->can_encrypt && !subkey->is_adsk)
        reason = judge_subkey (subkey, now);
    }
  return reason == SPARE_PIN_REASON_OK ? SPARE_PIN_REASON_SIGN_ONLY : reason;
}

/*
 * spare_pin_judge_private:
 * @escrow_subkey: (nullable): the subkey that the person confirmed; %NULL: any will do
 * @now: Unix seconds
 *
 * Returns: whether files can be encrypted to the authority, or why not
 */
SparePinReason
spare_pin_judge_private (SpareKey *key, const char *escrow_subkey, gint64 now)
{
  const SpareSubkey *subkey;

  switch (spare_key_get_encryption_state (key, now))
    {
    case SPARE_KEY_EXPIRED:
      return SPARE_PIN_REASON_EXPIRED;
    case SPARE_KEY_REVOKED:
      return SPARE_PIN_REASON_REVOKED;
    case SPARE_KEY_DISABLED:
      return SPARE_PIN_REASON_DISABLED;
    case SPARE_KEY_NOT_YET_VALID:
      return SPARE_PIN_REASON_CLOCK;
    case SPARE_KEY_CANNOT_ENCRYPT:
      return judge_without_subkey (key, now);
    case SPARE_KEY_USABLE:
      break;
    case SPARE_KEY_INVALID:
    case SPARE_KEY_CANNOT_SIGN:
    default:
      return SPARE_PIN_REASON_INVALID;
    }

  if (escrow_subkey == NULL)
    return SPARE_PIN_REASON_OK;
  subkey = spare_key_find_subkey (key, escrow_subkey);
  return subkey != NULL ? judge_subkey (subkey, now) : SPARE_PIN_REASON_NOT_CONFIRMED;
}

/*
 * spare_pin_reason_describe_private:
 *
 * Returns: (transfer none): a translated sentence; what follows from it is the caller's to say
 */
const char *
spare_pin_reason_describe_private (SparePinReason reason)
{
  switch (reason)
    {
    case SPARE_PIN_REASON_OK:
      return _ ("The backup authority’s key can be used.");
    case SPARE_PIN_REASON_PIN_DAMAGED:
      return _ (
          "The note of which backup authority you trust is damaged. Trust the authority’s "
          "certificate again.");
    case SPARE_PIN_REASON_MISSING:
      return _ (
          "The backup authority’s certificate is missing. Open its certificate file again.");
    case SPARE_PIN_REASON_DAMAGED:
      return _ (
          "The backup authority’s certificate is damaged. Get the certificate file from the "
          "authority again.");
    case SPARE_PIN_REASON_OTHER_KEY:
      return _ (
          "The backup authority’s certificate has another fingerprint than the one that is "
          "trusted. Ask the authority which one is right.");
    case SPARE_PIN_REASON_EXPIRED:
      return _ ("The backup authority’s key has expired. Get a new certificate file from the "
                "authority.");
    case SPARE_PIN_REASON_REVOKED:
      return _ ("The backup authority’s key was revoked: it must not be used any more. Ask the "
                "authority for its new key.");
    case SPARE_PIN_REASON_DISABLED:
      return _ ("The backup authority’s key is switched off.");
    case SPARE_PIN_REASON_CLOCK:
      return _ ("The backup authority’s key was made in the future. The clock of this computer "
                "seems to be wrong.");
    case SPARE_PIN_REASON_SIGN_ONLY:
      return _ (
          "The backup authority’s key can only sign, nothing can be encrypted to it. Ask the "
          "authority for its right certificate.");
    case SPARE_PIN_REASON_NOT_CONFIRMED:
      return _ ("The backup authority has a new key for files that you have not confirmed yet. "
                "Open its certificate file to confirm it.");
    case SPARE_PIN_REASON_INVALID:
    default:
      return _ (
          "The backup authority’s key is not valid. Ask the authority for a new certificate "
          "file.");
    }
}

/*
 * spare_pin_get_expiry_private:
 *
 * Returns: when the first of primary key and escrow subkey expires, Unix seconds; 0 for never
 */
gint64
spare_pin_get_expiry_private (SpareKey *key, const char *escrow_subkey)
{
  const SpareSubkey *primary = spare_key_get_subkey (key, 0);
  const SpareSubkey *subkey = escrow_subkey != NULL ? spare_key_find_subkey (key, escrow_subkey)
                                                    : NULL;
  gint64 expiry = primary != NULL ? primary->expires : 0;

  if (subkey != NULL && subkey->expires != 0 && (expiry == 0 || subkey->expires < expiry))
    expiry = subkey->expires;
  return expiry;
}

/*
 * spare_pin_offer_new_private:
 * @pinned: (nullable): the fingerprint that is trusted already
 * @escrow_subkey: (nullable): the confirmed escrow subkey of it
 *
 * Returns: (transfer full): the offer, or %NULL with `AUTHORITY_UNUSABLE`
 */
SparePinOffer *
spare_pin_offer_new_private (GBytes *octets,
                             SpareKey *key,
                             const char *pinned,
                             const char *escrow_subkey,
                             GError **error)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const SpareSubkey *escrow = spare_key_pick_oldest_encryption_subkey (key, now);
  SparePinReason reason = spare_pin_judge_private (key, NULL, now);
  SparePinOffer *offer;

  if (reason == SPARE_PIN_REASON_OK && escrow == NULL)
    reason = SPARE_PIN_REASON_SIGN_ONLY;
  if (reason != SPARE_PIN_REASON_OK)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
                   _ ("%s Nothing new is trusted."),
                   spare_pin_reason_describe_private (reason));
      return NULL;
    }

  offer = g_new0 (SparePinOffer, 1);
  offer->key = g_object_ref (key);
  offer->octets = g_bytes_ref (octets);
  offer->escrow = escrow;
  offer->transport = spare_key_pick_newest_encryption_subkey (key, now);
  offer->is_update = g_strcmp0 (pinned, spare_key_get_fingerprint (key)) == 0;
  offer->new_escrow_subkey = offer->is_update
                             && g_strcmp0 (escrow_subkey, escrow->fingerprint) != 0;
  if (offer->escrow == offer->transport)
    offer->warning = g_strdup (
        _ ("This authority has one key for files and messages alike. Files can be recovered, "
           "but only those whose spare key you handed over with proof."));
  return offer;
}
