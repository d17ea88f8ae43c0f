/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the owner's side: what is there, what must be put back, what is missing.
 *
 * Promise: see spare-owner.c. The order: clean up, gpg's health, the home, certificates, authority, key.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-engine.h"
#include "spare-error.h"
#include "spare-output.h"
#include "spare-paths.h"

#include <glib/gi18n-lib.h>

SparePolicy *
spare_owner_load_policy_private (SpareOwner *self, GError **error)
{
  g_autofree char *path = self->policy_path != NULL ? g_strdup (self->policy_path)
                                                    : spare_paths_find_policy ();

  return spare_policy_load (path, self->settings, error);
}

/* What of the policy the pin depends on. */
static char *
describe_pinning (SparePolicy *policy)
{
  const char *authority = policy != NULL ? spare_policy_get_authority (policy) : NULL;
  const char *key = policy != NULL ? spare_policy_get_authority_key (policy) : NULL;

  return g_strdup_printf ("%s %s", authority != NULL ? authority : "-",
                          key != NULL ? key : "-");
}

static gboolean
load_pin (SpareOwner *self, SparePolicy *policy, GCancellable *cancellable, GError **error)
{
  if (!spare_pin_load_sync (self->pin, policy, cancellable, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  g_free (self->pinned_by);
  self->pinned_by = describe_pinning (policy);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* What is set up, from what is known. An opening that failed before it knew stays closed. */
static SpareOwnerState
judge_state (SpareOwner *self, SpareKey *key)
{
  g_autoptr (SparePolicy) policy = NULL;

  if (key == NULL)
    return SPARE_OWNER_NEEDS_KEY;

  /* A policy that can't be read stops encryption with its own words: not by a set-up that would not help. */
  policy = spare_owner_load_policy_private (self, NULL);
  if (policy != NULL && spare_policy_get_required (policy)
      && spare_pin_get_state (self->pin) == SPARE_PIN_NONE)
    return SPARE_OWNER_NEEDS_AUTHORITY;
  return SPARE_OWNER_READY;
}

void
spare_owner_update_state_private (SpareOwner *self)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (self);
  SpareOwnerState state = judge_state (self, key);

  g_mutex_lock (&self->lock);
  if (self->state != SPARE_OWNER_CLOSED || key != NULL)
    self->state = state;
  g_mutex_unlock (&self->lock);
  spare_owner_announce_private (self);
}

/* Everything but the key. */
static gboolean
prepare (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (SparePolicy) policy = NULL;

  if (!spare_paths_ensure_dir (self->data_directory, error)
      || !spare_engine_init_with_guard (self->guard_path, error)
      || !spare_engine_check_health (self->guard_path, error)
      || !spare_home_prepare_sync (self->home, cancellable, error))
    return FALSE;

  if (!spare_outbox_open_sync (self->outbox, cancellable, &local))
    {
      g_debug ("outbox: %s", local->message);
      g_clear_error (&local);
    }
  policy = spare_owner_load_policy_private (self, &local);
  if (policy == NULL)
    g_debug ("policy: %s", local->message);

  return spare_owner_restore_certificates_private (self, cancellable, error)
         && load_pin (self, policy, cancellable, error);
}

gboolean
spare_owner_check_prepared_private (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  gboolean prepared;

  g_mutex_lock (&self->lock);
  prepared = self->pinned_by != NULL;
  g_mutex_unlock (&self->lock);
  return prepared || prepare (self, cancellable, error);
}

static gboolean
find_own_key (SpareOwner *self,
              const char *fingerprint,
              gboolean secret,
              SpareKey **key,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GError) local = NULL;

  *key = spare_home_get_key_sync (self->home, fingerprint, secret, cancellable, &local);
  if (*key != NULL || g_error_matches (local, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* The other keys of a lost home: old files need them. The keyring is open by now; what fails is left. */
static void
restore_others (SpareOwner *self, const char *fingerprint, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) stored = spare_stored_key_list (self->keyring, cancellable, NULL);

  for (guint i = 0; stored != NULL && i < stored->len; i++)
    {
      const char *other = g_ptr_array_index (stored, i);
      g_autoptr (GError) local = NULL;
      g_autoptr (SpareKey) key = NULL;

      if (strcmp (other, fingerprint) == 0)
        continue;
      key = spare_owner_restore_key_private (self, other, SPARE_KEYRING_NO_PROMPT, cancellable,
                                             &local);
      if (key == NULL)
        g_debug ("the key %s was not restored: %s", other, local->message);
    }
}

static gboolean
open_chosen (SpareOwner *self,
             const char *fingerprint,
             SpareKeySource source,
             GCancellable *cancellable,
             GError **error)
{
  const gboolean stored = source == SPARE_KEY_SOURCE_KEYRING;
  g_autoptr (SpareKey) key = NULL;

  if (!find_own_key (self, fingerprint, stored, &key, cancellable, error))
    return FALSE;
  if (key == NULL && stored)
    {
      key = spare_owner_restore_key_private (self, fingerprint, SPARE_KEYRING_PROMPT,
                                             cancellable, error);
      if (key == NULL)
        return FALSE;
      restore_others (self, fingerprint, cancellable);
    }
  if (key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("The certificate of your key is missing. Your files are "
                              "unharmed. "
                              "Choose your key again."));
      return FALSE;
    }

  spare_owner_set_key_private (self, key, source);
  return TRUE;
}

/* Nobody chose a key here. One that the keyring holds is adopted: the data folder was lost, or a crash came
 * before the choice was written. Several: the person chooses. Nothing found is only then nothing there when
 * the keyring is open: some services show nothing of a locked one. */
static gboolean
open_unchosen (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GPtrArray) stored = spare_stored_key_list (self->keyring, cancellable, &local);
  const char *fingerprint;

  if (stored == NULL && !g_error_matches (local, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (stored == NULL || stored->len == 0)
    {
      if (!spare_owner_ensure_keyring_private (self, cancellable, error))
        return FALSE;
      g_clear_pointer (&stored, g_ptr_array_unref);
      stored = spare_stored_key_list (self->keyring, cancellable, error);
      if (stored == NULL)
        return FALSE;
    }
  if (stored->len != 1)
    return TRUE;

  fingerprint = g_ptr_array_index (stored, 0);
  return open_chosen (self, fingerprint, SPARE_KEY_SOURCE_KEYRING, cancellable, error)
         && spare_owner_save_certificate_private (self, fingerprint, cancellable, error)
         && spare_owner_write_choice_private (self, fingerprint, SPARE_KEY_SOURCE_KEYRING,
                                              error);
}

static gboolean
open_key (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) damaged = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (SpareKey) key = NULL;
  SpareKeySource source = SPARE_KEY_SOURCE_KEYRING;

  if (spare_owner_read_choice_private (self, &fingerprint, &source, &damaged)
      && fingerprint != NULL)
    return open_chosen (self, fingerprint, source, cancellable, error);

  if (!open_unchosen (self, cancellable, error))
    return FALSE;
  key = spare_owner_dup_key (self);
  if (key == NULL && damaged != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&damaged));
      return FALSE;
    }
  return TRUE;
}

gboolean
spare_owner_reload_private (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SparePolicy) policy = spare_owner_load_policy_private (self, NULL);
  g_autofree char *fingerprint = NULL;
  SpareKeySource source = SPARE_KEY_SOURCE_KEYRING;

  return load_pin (self, policy, cancellable, error)
         && spare_owner_read_choice_private (self, &fingerprint, &source, error)
         && (fingerprint == NULL
             || open_chosen (self, fingerprint, source, cancellable, error));
}

/**
 * spare_owner_open_sync:
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Cleans up what a crash left, gets gpg and its home ready, and finds the key and the authority in use. May
 * unlock the keyring, with a question to the person, if the home must be filled again. May be called again
 * after a failure.
 *
 * Returns: %FALSE with [error@SpareError] `ENGINE`, `KEYRING_…` or `NO_KEY` (the chosen key is nowhere any
 *   more), or a GIO error of the data folder. The state is then "closed"
 */
gboolean
spare_owner_open_sync (SpareOwner *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *stamp = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (self), FALSE);

  operation = g_mutex_locker_new (&self->operation);
  stamp = spare_owner_dup_stamp_private (self);
  if (!spare_output_clean_up (NULL, &local))
    g_debug ("clean-up: %s", local->message);
  if (!prepare (self, cancellable, error) || !open_key (self, cancellable, error))
    return FALSE;

  spare_owner_set_stamp_private (self, g_steal_pointer (&stamp));
  g_mutex_lock (&self->lock);
  self->state = SPARE_OWNER_NEEDS_KEY;
  g_mutex_unlock (&self->lock);
  spare_owner_update_state_private (self);
  return TRUE;
}

/**
 * spare_owner_dup_policy:
 * @error: where to put an error
 *
 * What holds now, read anew. If the administrator has chosen another authority meanwhile, that is loaded too,
 * which runs the engine.
 *
 * Returns: (transfer full): the policy; %NULL with [error@SpareError] `POLICY`: nothing may be encrypted
 */
SparePolicy *
spare_owner_dup_policy (SpareOwner *self, GError **error)
{
  g_autoptr (SparePolicy) policy = NULL;
  g_autofree char *pinning = NULL;
  gboolean same;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  policy = spare_owner_load_policy_private (self, error);
  if (policy == NULL)
    return NULL;

  pinning = describe_pinning (policy);
  g_mutex_lock (&self->lock);
  same = self->pinned_by == NULL || strcmp (self->pinned_by, pinning) == 0;
  g_mutex_unlock (&self->lock);
  if (!same)
    {
      if (!load_pin (self, policy, NULL, error))
        return NULL;
      spare_owner_update_state_private (self);
    }
  return g_steal_pointer (&policy);
}
