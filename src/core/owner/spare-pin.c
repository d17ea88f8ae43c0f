/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The backup authority as this owner trusts it.
 *
 * Promise: which key is the authority is decided by its full fingerprint, compared by the person or written
 * by the administrator, and by nothing else. The subkey that files are encrypted to is the one that was
 * shown when trust was given; a new one is never adopted in silence. A revocation is believed at once,
 * wherever it came from. What is wrong with the authority's key is always said.
 *
 * authority.ini holds the fingerprint, the confirmed escrow subkey, and the SHA-256 of the certificate file
 * that was examined, so that a start need not examine it again. The application's home is only a cache of
 * the certificate: lost, it is filled again from the file.
 *
 * Threads: loading, examining and trusting block, one at a time. The state may be asked anywhere; strings
 * and keys handed out stay valid as long as the pin, for they are kept until then.

 */
#include "config.h"

#include "spare-pin.h"

#include "spare-error.h"
#include "spare-pin-facts-private.h"
#include "spare-pin-private.h"
#include "spare-small-file.h"

#include <glib/gi18n-lib.h>

#define WARN_DAYS 90

G_DEFINE_FINAL_TYPE (SparePin, spare_pin, G_TYPE_OBJECT)

static void
spare_pin_finalize (GObject *object)
{
  SparePin *self = SPARE_PIN (object);

  g_ptr_array_unref (self->past);
  g_clear_object (&self->home);
  g_free (self->policy_authority);
  g_free (self->policy_key_path);
  g_free (self->certificate_path);
  g_free (self->ini_path);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->operation);

  G_OBJECT_CLASS (spare_pin_parent_class)->finalize (object);
}

static void
spare_pin_class_init (SparePinClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_pin_finalize;
}

static void
spare_pin_init (SparePin *self)
{
  g_mutex_init (&self->operation);
  g_mutex_init (&self->lock);
  self->past = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_pin_facts_free);
  self->facts = g_new0 (SparePinFacts, 1);
  g_ptr_array_add (self->past, self->facts);
}

/**
 * spare_pin_new:
 * @directory: the data folder, with authority.ini and authority.asc
 * @home: the application's own home, prepared before the pin is loaded
 *
 * Returns: (transfer full): a pin that knows of no authority until it is loaded
 */
SparePin *
spare_pin_new (const char *directory, SpareHome *home)
{
  SparePin *self;

  g_return_val_if_fail (directory != NULL && SPARE_IS_HOME (home), NULL);

  self = g_object_new (SPARE_TYPE_PIN, NULL);
  self->home = g_object_ref (home);
  self->ini_path = g_build_filename (directory, "authority.ini", NULL);
  self->certificate_path = g_build_filename (directory, "authority.asc", NULL);
  return self;
}

/* What the home has merged into the pinned certificate is in force before it is written: a full disk must not
 * keep a revoked key in use. With the operation lock. */
static gboolean
follow_home (SparePin *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SparePinFacts) facts = spare_pin_facts_copy (spare_pin_get_facts_private (self));

  g_clear_object (&facts->key);
  if (!spare_pin_find_key_private (self, facts->fingerprint, &facts->key, cancellable, error))
    return FALSE;

  spare_pin_put_facts_private (self, spare_pin_facts_copy (facts));
  if (self->policy_key_path != NULL || facts->escrow_subkey == NULL)
    return TRUE;
  return spare_pin_save_certificate_private (self, facts, cancellable, error)
         && spare_pin_facts_write (facts, self->ini_path, PIN_GROUP, error);
}

static gboolean
absorb (SparePin *self, GBytes *certificate, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray)
      imported = spare_home_import_sync (self->home, certificate, FALSE, cancellable, error);

  /* Looked at even so: an import that fails late has changed the key. */
  return follow_home (self, cancellable, imported != NULL ? error : NULL) && imported != NULL;
}

/* A bare revocation of the pinned key, no certificate: believed, and said as what it is. */
static gboolean
is_revocation (SparePin *self, GBytes *octets, GCancellable *cancellable)
{
  const char *pinned = spare_pin_get_facts_private (self)->fingerprint;
  g_autoptr (GError) local = NULL;

  if (pinned == NULL || g_bytes_get_size (octets) == 0
      || g_bytes_get_size (octets) > SPARE_PIN_CERTIFICATE_MAX
      || !spare_home_revoke_sync (self->home, pinned, octets, cancellable, NULL))
    return FALSE;
  if (!follow_home (self, cancellable, &local))
    g_debug ("the pinned certificate was not updated: %s", local->message);
  return TRUE;
}

gboolean
spare_pin_absorb_private (SparePin *self,
                          GBytes *certificate,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GMutexLocker) operation = g_mutex_locker_new (&self->operation);

  return spare_pin_get_facts_private (self)->fingerprint == NULL
         || absorb (self, certificate, cancellable, error);
}

static gboolean
check_policy (SparePin *self, const char *fingerprint, GError **error)
{
  if (self->policy_authority == NULL || strcmp (self->policy_authority, fingerprint) == 0)
    return TRUE;

  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       _ ("Your organisation has chosen another backup authority than this "
                          "one. "
                          "Nothing was changed. Ask your administrator."));
  return FALSE;
}

/**
 * spare_pin_examine_sync:
 * @certificate: armored or binary
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Looks at a certificate before anything is trusted. If it is one of the authority that is trusted already
 * and says that the key must not be used any more, that is believed at once.
 *
 * Returns: (transfer full): what it holds; %NULL with [error@SpareError] `DAMAGED` (not one public key),
 *   `AUTHORITY_UNUSABLE` (expired, revoked, sign-only…), `POLICY` (the administrator chose another)
 */
SparePinOffer *
spare_pin_examine_sync (SparePin *self,
                        GBytes *certificate,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GError) local = NULL;
  const SparePinFacts *facts;
  SparePinOffer *offer;

  g_return_val_if_fail (SPARE_IS_PIN (self) && certificate != NULL, NULL);

  operation = g_mutex_locker_new (&self->operation);
  key = spare_pin_read_certificate_private (certificate, cancellable, &local);
  if (key == NULL)
    {
      if (g_error_matches (local, SPARE_ERROR, SPARE_ERROR_DAMAGED)
          && is_revocation (self, certificate, cancellable))
        g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
                             spare_pin_reason_describe_private (SPARE_PIN_REASON_REVOKED));
      else
        g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (!check_policy (self, spare_key_get_fingerprint (key), error))
    return NULL;

  facts = spare_pin_get_facts_private (self);
  offer = spare_pin_offer_new_private (certificate, key, facts->fingerprint,
                                       facts->escrow_subkey, error);
  /* What the pinned key says of itself holds without being confirmed, a revocation above all. A new escrow subkey in it
   * is not used before it is confirmed. */
  if ((offer == NULL || offer->new_escrow_subkey)
      && g_strcmp0 (facts->fingerprint, spare_key_get_fingerprint (key)) == 0)
    {
      if (!absorb (self, certificate, cancellable, &local))
        g_debug ("the pinned certificate was not updated: %s", local->message);
    }
  return offer;
}

static gboolean
check_compared (const SparePinOffer *offer, const char *typed, GError **error)
{
  g_autofree char *normal = spare_fingerprint_normalize (typed);

  if (normal == NULL || !spare_fingerprint_is_valid (normal))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("That is not a whole fingerprint: it has 40 digits and letters "
                              "from "
                              "A to F. Nothing was changed."));
      return FALSE;
    }
  if (strcmp (normal, spare_key_get_fingerprint (offer->key)) != 0)
    {
      g_set_error_literal (
          error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
          _ ("This certificate has another fingerprint, so it is not the one that "
             "you were told of. Nothing was changed. Ask the authority again."));
      return FALSE;
    }
  return TRUE;
}

/* What the home knows of this key may be newer than the offer: a revocation that came another way. */
static gboolean
check_merged (SpareKey *key, const SparePinOffer *offer, GError **error)
{
  SparePinReason reason = key != NULL
                              ? spare_pin_judge_private (key, offer->escrow->fingerprint,
                                                         g_get_real_time () / G_USEC_PER_SEC)
                              : SPARE_PIN_REASON_MISSING;

  if (reason == SPARE_PIN_REASON_OK)
    return TRUE;

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
               _ ("%s Nothing new is trusted."), spare_pin_reason_describe_private (reason));
  return FALSE;
}

/* The certificate first, then the pin: a pin never points at a certificate that isn't there. */
static gboolean
store_offer (SparePin *self,
             SparePinFacts *facts,
             const SparePinOffer *offer,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (GPtrArray)
      imported = spare_home_import_sync (self->home, offer->octets, FALSE, cancellable, error);

  return imported != NULL
         && spare_pin_find_key_private (self, facts->fingerprint, &facts->key, cancellable,
                                        error)
         && check_merged (facts->key, offer, error)
         && spare_pin_save_certificate_private (self, facts, cancellable, error)
         && spare_pin_facts_write (facts, self->ini_path, PIN_GROUP, error);
}

/**
 * spare_pin_trust_sync:
 * @offer: what was examined and shown
 * @fingerprint: what the person compared it with; spaces, colons and lower case are fine
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Trusts the offered key from now on. For the fingerprint that is trusted already this updates the
 * certificate; its escrow subkey is from now on the offer's.
 *
 * Returns: %FALSE with [error@SpareError] `FAILED` (not a whole fingerprint), `DAMAGED` (another one),
 *   `POLICY`, `AUTHORITY_UNUSABLE`, or a GIO error if it can't be written; what was trusted before still is
 */
gboolean
spare_pin_trust_sync (SparePin *self,
                      const SparePinOffer *offer,
                      const char *fingerprint,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (SparePinFacts) facts = NULL;
  g_autoptr (SpareKey) before = NULL;

  g_return_val_if_fail (SPARE_IS_PIN (self) && offer != NULL && fingerprint != NULL, FALSE);

  operation = g_mutex_locker_new (&self->operation);
  if (!check_compared (offer, fingerprint, error)
      || !check_policy (self, spare_key_get_fingerprint (offer->key), error))
    return FALSE;

  facts = g_new0 (SparePinFacts, 1);
  facts->managed = self->policy_authority != NULL;
  facts->fingerprint = g_strdup (spare_key_get_fingerprint (offer->key));
  facts->escrow_subkey = g_strdup (offer->escrow->fingerprint);
  if (!spare_pin_find_key_private (self, facts->fingerprint, &before, cancellable, error))
    return FALSE;
  if (!store_offer (self, facts, offer, cancellable, error))
    {
      if (before == NULL)
        spare_home_delete_key_sync (self->home, facts->fingerprint, FALSE, NULL, NULL);
      return FALSE;
    }

  spare_pin_put_facts_private (self, g_steal_pointer (&facts));
  return TRUE;
}

/**
 * spare_pin_get_state:
 *
 * Judged anew at every call: a key expires while the window is open.
 *
 * Returns: whether files can be encrypted to the authority now
 */
SparePinState
spare_pin_get_state (SparePin *self)
{
  const SparePinFacts *facts;
  int days;

  g_return_val_if_fail (SPARE_IS_PIN (self), SPARE_PIN_UNUSABLE);

  facts = spare_pin_get_facts_private (self);
  if (facts->fingerprint == NULL && facts->trouble == SPARE_PIN_REASON_OK)
    return SPARE_PIN_NONE;
  if (spare_pin_facts_judge (facts) != SPARE_PIN_REASON_OK)
    return SPARE_PIN_UNUSABLE;

  days = spare_pin_facts_get_days_left (facts);
  return days >= 0 && days <= WARN_DAYS ? SPARE_PIN_EXPIRING : SPARE_PIN_USABLE;
}

/**
 * spare_pin_is_managed:
 *
 * Returns: whether the administrator chose the authority
 */
gboolean
spare_pin_is_managed (SparePin *self)
{
  g_return_val_if_fail (SPARE_IS_PIN (self), TRUE);

  return spare_pin_get_facts_private (self)->managed;
}

/**
 * spare_pin_get_fingerprint:
 *
 * Returns: (nullable) (transfer none): the trusted primary fingerprint
 */
const char *
spare_pin_get_fingerprint (SparePin *self)
{
  g_return_val_if_fail (SPARE_IS_PIN (self), NULL);

  return spare_pin_get_facts_private (self)->fingerprint;
}

/**
 * spare_pin_get_key:
 *
 * Returns: (nullable) (transfer none): the authority's certificate, usable or not
 */
SpareKey *
spare_pin_get_key (SparePin *self)
{
  const SparePinFacts *facts;

  g_return_val_if_fail (SPARE_IS_PIN (self), NULL);

  facts = spare_pin_get_facts_private (self);
  return facts->trouble == SPARE_PIN_REASON_OK ? facts->key : NULL;
}

/**
 * spare_pin_get_escrow_subkey:
 *
 * Returns: (nullable) (transfer none): the confirmed subkey that files are encrypted to, usable or not
 */
const SpareSubkey *
spare_pin_get_escrow_subkey (SparePin *self)
{
  const SparePinFacts *facts;

  g_return_val_if_fail (SPARE_IS_PIN (self), NULL);

  facts = spare_pin_get_facts_private (self);
  if (facts->trouble != SPARE_PIN_REASON_OK || facts->key == NULL
      || facts->escrow_subkey == NULL)
    return NULL;
  return spare_key_find_subkey (facts->key, facts->escrow_subkey);
}

/**
 * spare_pin_get_days_left:
 *
 * Returns: whole days until nothing can be encrypted to the authority; 0 if that is today or past; -1: never
 */
int
spare_pin_get_days_left (SparePin *self)
{
  g_return_val_if_fail (SPARE_IS_PIN (self), -1);

  return spare_pin_facts_get_days_left (spare_pin_get_facts_private (self));
}

/**
 * spare_pin_describe:
 *
 * Returns: (transfer full): the state as a translated sentence: when the key expires, or why it can't be used
 */
char *
spare_pin_describe (SparePin *self)
{
  const SparePinFacts *facts;

  g_return_val_if_fail (SPARE_IS_PIN (self), NULL);

  facts = spare_pin_get_facts_private (self);
  switch (spare_pin_get_state (self))
    {
    case SPARE_PIN_NONE:
      return g_strdup (_ ("No backup authority is trusted yet."));
    case SPARE_PIN_EXPIRING:
      return spare_pin_facts_describe_expiry (facts);
    case SPARE_PIN_USABLE:
    case SPARE_PIN_UNUSABLE:
    default:
      return g_strdup (spare_pin_reason_describe_private (spare_pin_facts_judge (facts)));
    }
}
