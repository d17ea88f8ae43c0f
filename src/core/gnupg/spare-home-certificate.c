/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings in one certificate that somebody handed over.
 *
 * Promise: nothing of it reaches the home before gpg has read it in a home of its own and found that it is one key, the
 * one that was asked for, without secret parts; and then only what encrypting to it and checking its signatures takes. */
#include "config.h"

#include "spare-home.h"

#include "spare-certificate.h"
#include "spare-error.h"
#include "spare-perform-private.h"

#include <glib/gi18n-lib.h>

/* What is left of a certificate without the signatures of others. */
#define MINIMAL_MAX (64 * 1024)

static GBytes *
read_in_scratch (GBytes *certificate,
                 const char *fingerprint,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (SpareHome) scratch = spare_home_new_scratch (error);
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) minimal = NULL;

  if (scratch == NULL)
    return NULL;
  found = spare_home_import_sync (scratch, certificate, FALSE, cancellable, error);
  if (found == NULL)
    return NULL;
  if (found->len != 1 || g_strcmp0 (g_ptr_array_index (found, 0), fingerprint) != 0)
    {
      g_debug ("certificate: %u keys, the first %s", found->len,
               (const char *) g_ptr_array_index (found, 0));
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("This holds another key than the expected one, or more than one. "
                              "Nothing was imported. Get a fresh copy of the key and try "
                              "again."));
      return NULL;
    }
  /* What gpg calls minimal leaves out subkeys that have expired: then a key that is here already would never learn of it. */
  whole = spare_home_export_sync (scratch, fingerprint, 0, cancellable, error);
  minimal = whole != NULL ? spare_certificate_dup_own (whole, error) : NULL;
  if (minimal == NULL || g_bytes_get_size (minimal) <= MINIMAL_MAX)
    return g_steal_pointer (&minimal);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                       _ ("This key is too large: its own parts take more than 64 KiB. Nothing "
                          "was imported. Ask its owner for one without pictures."));
  return NULL;
}

/**
 * spare_home_import_certificate_sync:
 * @self: a home, not the person's own
 * @certificate: one certificate, armored or not
 * @fingerprint: the primary fingerprint that it must have
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Reads @certificate in a scratch home, and imports it here without what others signed. A key that is here already is
 * refreshed: a later expiry, a new subkey, a revocation.
 *
 * Fails with %SPARE_ERROR_DAMAGED (no key in it, another key, more than one), %SPARE_ERROR_POLICY (a secret key in it),
 * %SPARE_ERROR_TOO_LARGE (past 1 MiB, 1000 signatures, or 64 KiB of what is its own).
 *
 * Returns: (transfer full) (nullable): the key as it is here now
 */
SpareKey *
spare_home_import_certificate_sync (SpareHome *self,
                                    GBytes *certificate,
                                    const char *fingerprint,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (GBytes) minimal = NULL;
  g_autoptr (GPtrArray) found = NULL;

  g_return_val_if_fail (SPARE_IS_HOME (self) && certificate != NULL, NULL);

  if (!spare_home_check_ours_private (self, error))
    return NULL;
  minimal = read_in_scratch (certificate, fingerprint, cancellable, error);
  if (minimal == NULL)
    return NULL;
  found = spare_home_import_sync (self, minimal, FALSE, cancellable, error);
  if (found == NULL)
    return NULL;
  return spare_home_get_key_sync (self, fingerprint, FALSE, cancellable, error);
}
