/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The answer to "who will be able to open this", worked out before any file is touched: the owner's newest encryption
 * subkey, the authority's escrow subkey as policy and mode demand, other people's, and what the owner's key adds by
 * itself (ADSK).
 *
 * Promises: the authority is never left out in silence. It is left out only when the mode is "none" and policy lets
 * it be, or when no authority is trusted and policy requires none; an authority that can't be used is refused or
 * becomes "pending", as policy says. Every key was looked at now, by its full fingerprint, and is addressed by one
 * subkey's fingerprint. */

#include "config.h"

#include "spare-encryption-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "spare-engine.h"
#include "spare-error.h"

struct _SpareEncryptionPlan
{
  gatomicrefcount refs;
  SpareEscrowMode mode;
  gboolean pending;
  SpareKey *owner_key;
  const SpareSubkey *owner_subkey;
  SpareKey *authority;              /* NULL: not a recipient */
  const SpareSubkey *escrow_subkey; /* NULL: not a recipient */
  GArray *recipients;               /* SpareRecipient */
  GArray *extra_key_ids;            /* guint64 */
  SpareHome *key_home;
  SpareHome *signing_home;
  GMutex lock;
  GQueue openers;
};

static void
recipient_clear (gpointer data)
{
  g_clear_object (&((SpareRecipient *) data)->key);
}

static gboolean
has_recipient (SpareEncryptionPlan *self, const SpareSubkey *subkey)
{
  for (guint i = 0; i < self->recipients->len; i++)
    if (strcmp (g_array_index (self->recipients, SpareRecipient, i).subkey->fingerprint,
                subkey->fingerprint)
        == 0)
      return TRUE;
  return FALSE;
}

static void
add_recipient (SpareEncryptionPlan *self, SpareKey *key, const SpareSubkey *subkey)
{
  SpareRecipient recipient = { g_object_ref (key), subkey };

  if (has_recipient (self, subkey))
    recipient_clear (&recipient);
  else
    g_array_append_val (self->recipients, recipient);
}

/* What gpg encrypts to beside @subkey when it is addressed: the key's additional decryption subkeys. */
static void
add_adsks (SpareEncryptionPlan *self, SpareKey *key, gint64 now)
{
  g_autoptr (GPtrArray) adsks = NULL;

  if (!spare_engine_is_at_least (2, 4, 1))
    return;
  adsks = spare_key_pick_adsks (key, now);
  for (guint i = 0; adsks != NULL && i < adsks->len; i++)
    {
      const SpareSubkey *adsk = g_ptr_array_index (adsks, i);

      g_array_append_val (self->extra_key_ids, adsk->key_id);
    }
}

static gboolean
plan_owner (SpareEncryptionPlan *self,
            SpareOwner *owner,
            gboolean sign,
            gint64 now,
            GError **error)
{
  SpareKeyState state;

  self->owner_key = spare_owner_dup_key (owner);
  if (self->owner_key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("There is no key of yours yet. Make or import one first; nothing "
                              "was "
                              "changed."));
      return FALSE;
    }
  self->key_home = spare_owner_dup_key_home (owner);
  state = spare_key_get_encryption_state (self->owner_key, now);
  if (state != SPARE_KEY_USABLE)
    {
      g_autofree char *reason = spare_key_state_describe (state, self->owner_key);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   _ ("Nothing can be encrypted to your own key: %s Nothing was changed."),
                   reason);
      return FALSE;
    }
  self->owner_subkey = spare_key_pick_newest_encryption_subkey (self->owner_key, now);
  add_recipient (self, self->owner_key, self->owner_subkey);
  add_adsks (self, self->owner_key, now);
  if (!sign)
    return TRUE;

  state = spare_key_get_signing_state (self->owner_key, now);
  if (state != SPARE_KEY_USABLE)
    {
      g_autofree char *reason = spare_key_state_describe (state, self->owner_key);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   _ ("Your key can’t sign: %s Nothing was changed."), reason);
      return FALSE;
    }
  self->signing_home = g_object_ref (self->key_home);
  return TRUE;
}

static gboolean
plan_others (SpareEncryptionPlan *self,
             SpareOwner *owner,
             const char *const *fingerprints,
             gint64 now,
             GCancellable *cancellable,
             GError **error)
{
  for (; fingerprints != NULL && *fingerprints != NULL; fingerprints++)
    {
      g_autofree char *fingerprint = spare_fingerprint_normalize (*fingerprints);
      g_autoptr (SpareKey) key = NULL;
      SpareKeyState state;

      if (fingerprint == NULL)
        {
          g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("“%s” is not a fingerprint: 40 characters, 0 to 9 and A to F. "
                          "Nothing was "
                          "changed."),
                       *fingerprints);
          return FALSE;
        }
      key = spare_home_get_key_sync (spare_owner_get_home (owner), fingerprint, FALSE,
                                     cancellable, error);
      if (key == NULL)
        return FALSE;
      state = spare_key_get_encryption_state (key, now);
      if (state != SPARE_KEY_USABLE)
        {
          g_autofree char *reason = spare_key_state_describe (state, key);

          g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       /* Translators: a fingerprint, then a whole sentence */
                       _ ("The key %s can’t be used: %s Nothing was changed."), fingerprint,
                       reason);
          return FALSE;
        }
      add_recipient (self, key, spare_key_pick_newest_encryption_subkey (key, now));
      add_adsks (self, key, now);
    }
  return TRUE;
}

/* The mode that holds, from wish and policy; and whether the wish is allowed at all. */
static gboolean
settle_mode (SpareEncryptionPlan *self,
             SparePolicy *policy,
             const SpareEncryptionWishes *wishes,
             GError **error)
{
  self->mode = wishes->mode_given ? wishes->mode : spare_policy_get_mode (policy);
  if (!wishes->mode_given)
    return TRUE;
  if (wishes->mode == SPARE_ESCROW_NONE && spare_policy_get_required (policy))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           spare_policy_is_required_managed (policy)
                               ? _ ("Your organisation requires that the backup authority can "
                                    "open what is "
                                    "encrypted. Nothing was changed.")
                               : _ ("The preferences require a backup authority. Turn that off "
                                    "first if you want to "
                                    "do without. Nothing was changed."));
      return FALSE;
    }
  if (wishes->mode != SPARE_ESCROW_NONE && spare_policy_is_mode_managed (policy)
      && wishes->mode != spare_policy_get_mode (policy))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                   _ ("Your organisation has set the escrow mode to “%s”. Nothing was "
                      "changed."),
                   spare_escrow_mode_to_string (spare_policy_get_mode (policy)));
      return FALSE;
    }
  if (wishes->mode == SPARE_ESCROW_NONE && self->extra_key_ids->len > 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                           _ ("The backup authority is bound to a key that is encrypted to, so "
                              "it "
                              "could open this all the same. Nothing was changed."));
      return FALSE;
    }
  return TRUE;
}

static gboolean
plan_authority (SpareEncryptionPlan *self,
                SparePin *pin,
                SparePolicy *policy,
                const SpareEncryptionWishes *wishes,
                GError **error)
{
  SparePinState state = spare_pin_get_state (pin);

  if (self->mode == SPARE_ESCROW_NONE)
    return TRUE;
  if (state == SPARE_PIN_NONE)
    {
      if (!spare_policy_get_required (policy) && !wishes->mode_given)
        {
          self->mode = SPARE_ESCROW_NONE;
          return TRUE;
        }
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("No backup authority is trusted yet. Set one up first, or turn "
                              "off "
                              "that one is required. Nothing was changed."));
      return FALSE;
    }
  if (state == SPARE_PIN_UNUSABLE)
    {
      g_autofree char *reason = spare_pin_describe (pin);

      if (spare_policy_get_when_unusable (policy) == SPARE_UNUSABLE_PENDING)
        {
          self->pending = TRUE;
          return TRUE;
        }
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE,
                   _ ("%s Nothing was changed."), reason);
      return FALSE;
    }
  self->authority = g_object_ref (spare_pin_get_key (pin));
  self->escrow_subkey = spare_pin_get_escrow_subkey (pin);
  add_recipient (self, self->authority, self->escrow_subkey);
  return TRUE;
}

/* The engine encrypts once to a subkey that is both a recipient and somebody's ADSK. */
static void
forget_repeated_key_ids (SpareEncryptionPlan *self)
{
  for (guint i = self->extra_key_ids->len; i > 0; i--)
    {
      guint64 key_id = g_array_index (self->extra_key_ids, guint64, i - 1);
      gboolean repeated = FALSE;

      for (guint j = 0; j < self->recipients->len && !repeated; j++)
        repeated = g_array_index (self->recipients, SpareRecipient, j).subkey->key_id == key_id;
      for (guint j = 0; j + 1 < i && !repeated; j++)
        repeated = g_array_index (self->extra_key_ids, guint64, j) == key_id;
      if (repeated)
        g_array_remove_index (self->extra_key_ids, i - 1);
    }
}

/**
 * spare_encryption_plan_new_sync:
 * @owner: the owner's side, opened
 * @wishes: what was asked for beyond the policy
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Works out who is encrypted to. Touches no file.
 *
 * Returns: (transfer full): the plan, or %NULL with [enum@SpareErrorCode].NOT_SET_UP, .POLICY,
 *   .AUTHORITY_UNUSABLE, .FAILED for a key that can't be used, or what the engine says
 */
SpareEncryptionPlan *
spare_encryption_plan_new_sync (SpareOwner *owner,
                                const SpareEncryptionWishes *wishes,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (SpareEncryptionPlan) self = g_new0 (SpareEncryptionPlan, 1);
  g_autoptr (SparePolicy) policy = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_queue_init (&self->openers);
  self->recipients = g_array_new (FALSE, FALSE, sizeof (SpareRecipient));
  g_array_set_clear_func (self->recipients, recipient_clear);
  self->extra_key_ids = g_array_new (FALSE, FALSE, sizeof (guint64));

  policy = spare_owner_dup_policy (owner, error);
  if (policy == NULL || !plan_owner (self, owner, wishes->sign, now, error)
      || !plan_others (self, owner, wishes->recipients, now, cancellable, error)
      || !settle_mode (self, policy, wishes, error)
      || !plan_authority (self, spare_owner_get_pin (owner), policy, wishes, error))
    return NULL;
  forget_repeated_key_ids (self);
  return g_steal_pointer (&self);
}

SpareEncryptionPlan *
spare_encryption_plan_ref (SpareEncryptionPlan *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
spare_encryption_plan_unref (SpareEncryptionPlan *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->openers, g_object_unref);
  g_clear_object (&self->owner_key);
  g_clear_object (&self->authority);
  g_clear_object (&self->key_home);
  g_clear_object (&self->signing_home);
  g_array_unref (self->recipients);
  g_array_unref (self->extra_key_ids);
  g_mutex_clear (&self->lock);
  g_free (self);
}

SpareEscrowMode
spare_encryption_plan_get_mode (SpareEncryptionPlan *self)
{
  return self->mode;
}

gboolean
spare_encryption_plan_is_pending (SpareEncryptionPlan *self)
{
  return self->pending;
}

SpareKey *
spare_encryption_plan_get_owner_key (SpareEncryptionPlan *self)
{
  return self->owner_key;
}

const SpareSubkey *
spare_encryption_plan_get_owner_subkey (SpareEncryptionPlan *self)
{
  return self->owner_subkey;
}

/**
 * spare_encryption_plan_get_authority:
 * @self: the plan
 *
 * Returns: (transfer none) (nullable): the authority's key, if it is one of the recipients
 */
SpareKey *
spare_encryption_plan_get_authority (SpareEncryptionPlan *self)
{
  return self->authority;
}

const SpareSubkey *
spare_encryption_plan_get_escrow_subkey (SpareEncryptionPlan *self)
{
  return self->escrow_subkey;
}

static gboolean
is_escrow_esk (const SpareEsk *esk, gpointer user_data)
{
  SpareEncryptionPlan *self = user_data;

  return spare_esk_is_public_key (esk)
         && (spare_esk_get_key_id (esk) == self->escrow_subkey->key_id
             || spare_esk_matches_fingerprint (esk, self->escrow_subkey->fingerprint));
}

/**
 * spare_encryption_plan_fill_request:
 * @self: the plan; must outlive @request
 * @request: (out caller-allocates): who and how; @request's size and compression are the file's and left alone
 *
 * Writes the plan down as the engine takes it. In detached mode the authority's PKESK is to leave the stream.
 */
void
spare_encryption_plan_fill_request (SpareEncryptionPlan *self, SpareEncryptionRequest *request)
{
  request->recipients = (const SpareRecipient *) self->recipients->data;
  request->n_recipients = self->recipients->len;
  request->extra_key_ids = (const guint64 *) self->extra_key_ids->data;
  request->n_extra_key_ids = self->extra_key_ids->len;
  request->signing_home = self->signing_home;
  request->signer = self->signing_home != NULL ? spare_key_get_fingerprint (self->owner_key)
                                               : NULL;
  if (self->mode == SPARE_ESCROW_DETACHED && self->escrow_subkey != NULL)
    {
      request->drop = is_escrow_esk;
      request->drop_data = self;
    }
}

/**
 * spare_encryption_plan_take_opener:
 * @self: the plan
 *
 * Returns: (transfer full): an opener for the owner's own PKESKs
 */
SpareSessionKeyOpener *
spare_encryption_plan_take_opener (SpareEncryptionPlan *self)
{
  SpareSessionKeyOpener *opener;

  g_mutex_lock (&self->lock);
  opener = g_queue_pop_head (&self->openers);
  g_mutex_unlock (&self->lock);
  return opener != NULL ? opener
                        : spare_session_key_opener_new (self->key_home, self->owner_key);
}

/**
 * spare_encryption_plan_give_opener:
 * @self: the plan
 * @opener: (transfer full): an opener that was taken here
 *
 * Gives an opener back, so that the next file uses the connection that it keeps.
 */
void
spare_encryption_plan_give_opener (SpareEncryptionPlan *self, SpareSessionKeyOpener *opener)
{
  g_mutex_lock (&self->lock);
  g_queue_push_head (&self->openers, opener);
  g_mutex_unlock (&self->lock);
}
