/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the pin and the certificate that belongs to it.
 *
 * Promise: a certificate file is believed only for the fingerprint that is fixed already, and imported only
 * then. What the administrator points at is the only source for what the administrator pinned; a file of the
 * person's own that was lost is made anew from the home, which has the key with that very fingerprint.
 */
#include "config.h"

#include "spare-error.h"
#include "spare-pin-facts-private.h"
#include "spare-small-file.h"

const SparePinFacts *
spare_pin_get_facts_private (SparePin *self)
{
  const SparePinFacts *facts;

  g_mutex_lock (&self->lock);
  facts = self->facts;
  g_mutex_unlock (&self->lock);
  return facts;
}

void
spare_pin_put_facts_private (SparePin *self, SparePinFacts *facts /* transfer full */)
{
  g_mutex_lock (&self->lock);
  self->facts = facts;
  g_ptr_array_add (self->past, facts);
  g_mutex_unlock (&self->lock);
}

static char *
hash_octets (GBytes *octets)
{
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);
}

/* The key from the application's home; *@key stays %NULL if it isn't there. */
gboolean
spare_pin_find_key_private (SparePin *self,
                            const char *fingerprint,
                            SpareKey **key,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (GError) local = NULL;

  *key = spare_home_get_key_sync (self->home, fingerprint, FALSE, cancellable, &local);
  if (*key != NULL || g_error_matches (local, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Writes the certificate as the home knows it: everything that was ever merged into it. */
gboolean
spare_pin_save_certificate_private (SparePin *self,
                                    SparePinFacts *facts,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (GBytes) octets = spare_home_export_sync (self->home, facts->fingerprint,
                                                      SPARE_EXPORT_ARMOR | SPARE_EXPORT_MINIMAL,
                                                      cancellable, error);

  if (octets == NULL
      || !spare_small_file_write (self->certificate_path, g_bytes_get_data (octets, NULL),
                                  g_bytes_get_size (octets), error))
    return FALSE;

  g_free (facts->sha256);
  facts->sha256 = hash_octets (octets);
  return TRUE;
}

/* Reads a certificate file for a fingerprint that is fixed already, and imports it if it is the right one.
 * What is wrong with the file goes to @trouble; FALSE is for the engine's trouble only. */
static gboolean
take_file (SparePin *self,
           const char *path,
           SparePinFacts *facts,
           SpareKey **examined,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (GBytes) octets = spare_small_file_read (path, SPARE_PIN_CERTIFICATE_MAX, &local);
  g_autofree char *sha256 = NULL;

  if (octets == NULL)
    {
      g_debug ("certificate: %s", local->message);
      facts->trouble = g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
                           ? SPARE_PIN_REASON_MISSING
                           : SPARE_PIN_REASON_DAMAGED;
      return TRUE;
    }

  sha256 = hash_octets (octets);
  if (facts->key != NULL && g_strcmp0 (sha256, facts->sha256) == 0)
    return TRUE; /* examined before, and imported */

  *examined = spare_pin_read_certificate_private (octets, cancellable, &local);
  if (*examined == NULL)
    {
      if (!g_error_matches (local, SPARE_ERROR, SPARE_ERROR_DAMAGED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      facts->trouble = SPARE_PIN_REASON_DAMAGED;
      return TRUE;
    }
  if (strcmp (spare_key_get_fingerprint (*examined), facts->fingerprint) != 0)
    {
      facts->trouble = SPARE_PIN_REASON_OTHER_KEY;
      return TRUE;
    }

  imported = spare_home_import_sync (self->home, octets, FALSE, cancellable, error);
  if (imported == NULL)
    return FALSE;
  g_clear_object (&facts->key);
  g_free (facts->sha256);
  facts->sha256 = g_steal_pointer (&sha256);
  return spare_pin_find_key_private (self, facts->fingerprint, &facts->key, cancellable, error);
}

/* The administrator's file is the only source: without it, or with another key in it, nothing is usable. */
static gboolean
load_managed (SparePin *self, SparePinFacts *facts, GCancellable *cancellable, GError **error)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (SpareKey) examined = NULL;
  const SpareSubkey *escrow;

  if (!spare_pin_find_key_private (self, facts->fingerprint, &facts->key, cancellable, error)
      || !take_file (self, self->policy_key_path, facts, &examined, cancellable, error))
    return FALSE;
  if (facts->trouble != SPARE_PIN_REASON_OK || examined == NULL)
    return TRUE;

  /* A new file: the administrator confirmed its escrow subkey by putting it there. */
  escrow = spare_key_pick_oldest_encryption_subkey (examined, now);
  g_clear_pointer (&facts->escrow_subkey, g_free);
  if (escrow == NULL)
    return TRUE; /* expired, revoked…: the key itself will say so */
  facts->escrow_subkey = g_strdup (escrow->fingerprint);
  return spare_pin_facts_write (facts, self->ini_path, MANAGED_GROUP, error);
}

static gboolean
load_own (SparePin *self, SparePinFacts *facts, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareKey) examined = NULL;

  if (!spare_pin_find_key_private (self, facts->fingerprint, &facts->key, cancellable, error)
      || !take_file (self, self->certificate_path, facts, &examined, cancellable, error))
    return FALSE;
  if (facts->trouble == SPARE_PIN_REASON_OK || facts->key == NULL)
    return TRUE;

  /* The home still has the key with the very fingerprint that is trusted: the file is made anew from it. */
  facts->trouble = SPARE_PIN_REASON_OK;
  return spare_pin_save_certificate_private (self, facts, cancellable, error)
         && spare_pin_facts_write (facts, self->ini_path, PIN_GROUP, error);
}

static SparePinFacts *
make_facts (SparePin *self, GKeyFile *file, gboolean damaged)
{
  SparePinFacts *facts = g_new0 (SparePinFacts, 1);
  gboolean from_file = self->policy_key_path != NULL;

  facts->managed = self->policy_authority != NULL;
  if (!spare_pin_facts_read (facts, file, from_file ? MANAGED_GROUP : PIN_GROUP))
    damaged = TRUE;
  if (!facts->managed)
    {
      if (damaged)
        facts->trouble = SPARE_PIN_REASON_PIN_DAMAGED;
      return facts;
    }

  /* What was noted for another fingerprint says nothing about this one. */
  if (g_strcmp0 (facts->fingerprint, self->policy_authority) != 0)
    {
      g_clear_pointer (&facts->escrow_subkey, g_free);
      g_clear_pointer (&facts->sha256, g_free);
      if (!from_file)
        facts->trouble = SPARE_PIN_REASON_MISSING; /* the person opens its certificate first */
      g_free (facts->fingerprint);
      facts->fingerprint = g_strdup (self->policy_authority);
    }
  return facts;
}

/**
 * spare_pin_load_sync:
 * @policy: (nullable): what the administrator says; %NULL: that is not known, so what the person trusted holds
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Reads the pin and its certificate, and puts the certificate into the application's home. An authority that
 * can't be used is no error here: spare_pin_get_state() says so.
 *
 * Returns: %FALSE if the engine does not answer or a file can't be written; the pin is then as it was
 */
gboolean
spare_pin_load_sync (SparePin *self,
                     SparePolicy *policy,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GMutexLocker) operation = NULL;
  g_autoptr (GKeyFile) file = NULL;
  g_autoptr (SparePinFacts) facts = NULL;
  g_autoptr (GError) local = NULL;
  gboolean damaged;

  g_return_val_if_fail (SPARE_IS_PIN (self), FALSE);

  operation = g_mutex_locker_new (&self->operation);
  g_free (self->policy_authority);
  g_free (self->policy_key_path);
  self->policy_authority = policy != NULL ? g_strdup (spare_policy_get_authority (policy))
                                          : NULL;
  self->policy_key_path = policy != NULL ? g_strdup (spare_policy_get_authority_key (policy))
                                         : NULL;

  file = spare_small_file_read_ini (self->ini_path, &local);
  damaged = file == NULL && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  facts = make_facts (self, file, damaged);

  if (facts->fingerprint != NULL && facts->trouble == SPARE_PIN_REASON_OK)
    {
      if (self->policy_key_path != NULL ? !load_managed (self, facts, cancellable, error)
                                        : !load_own (self, facts, cancellable, error))
        return FALSE;
    }
  spare_pin_put_facts_private (self, g_steal_pointer (&facts));
  return TRUE;
}
