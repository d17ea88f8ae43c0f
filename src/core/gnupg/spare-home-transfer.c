/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings keys into a home and out of it.
 *
 * Promise: what comes in is looked at first: its size, its number of signatures (a flooded certificate blocks gpg for
 * minutes), and whether a secret key hides in what should be public. A secret key that goes out is in secure memory
 * from GPGME's buffer on. */
#include "config.h"

#include "spare-home.h"

#include "spare-certificate-check-private.h"
#include "spare-error.h"
#include "spare-perform-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SECRET_MAX (256 * 1024)

typedef struct
{
  const guint8 *octets;
  gsize size;
  gsize position;
} Reading;

static gssize
read_cb (gpointer data, guint8 *buffer, gsize size, GError **error)
{
  Reading *reading = data;
  gsize n = MIN (size, reading->size - reading->position);

  memcpy (buffer, reading->octets + reading->position, n);
  reading->position += n;
  return (gssize) n;
}

/* --- In --- */

static gpgme_error_t
start_import (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  Reading *reading = data;
  gpgme_data_t input;

  reading->position = 0;
  input = spare_operation_add_input (operation, read_cb, reading, reading->size, error);
  return input ? gpgme_op_import_start (context->gpgme, input) : gpgme_error (GPG_ERR_GENERAL);
}

static SpareContext *
import (SpareHome *home,
        const guint8 *octets,
        gsize size,
        SpareImportKind kind,
        GCancellable *cancellable,
        GError **error)
{
  GByteArray *packets = NULL;
  Reading reading = { 0 };
  SpareContext *context;

  if (!spare_home_check_ours_private (home, error)
      || !spare_certificate_check (octets, size, kind, &packets, error))
    return NULL;
  reading.octets = packets->data;
  reading.size = packets->len;
  context = spare_home_perform_private (home, "import", start_import, &reading, cancellable,
                                        error);
  spare_certificate_free_packets (packets);
  return context;
}

/* Each fingerprint once; a key may be named for its public and for its secret part. */
static GPtrArray *
collect_imported (gpgme_import_result_t result, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);

  for (gpgme_import_status_t status = result ? result->imports : NULL; status != NULL;
       status = status->next)
    {
      g_autofree char *fingerprint = spare_fingerprint_normalize (status->fpr);

      if (status->result != 0)
        {
          spare_gpgme_set_error (error, status->result, "import");
          return NULL;
        }
      if (fingerprint != NULL
          && !g_ptr_array_find_with_equal_func (found, fingerprint, g_str_equal, NULL))
        g_ptr_array_add (found, g_steal_pointer (&fingerprint));
    }
  if (found->len > 0)
    return g_steal_pointer (&found);
  g_debug ("import: considered %d, without user id %d, not imported %d",
           result ? result->considered : -1, result ? result->no_user_id : -1,
           result ? result->not_imported : -1);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("There is no complete key in this. Nothing was imported. Get a fresh "
                          "copy of the key and try again."));
  return NULL;
}

/**
 * spare_home_import_sync:
 * @self: a home, not the person's own
 * @octets: certificates, armored or not; at most 1 MiB and 1000 signatures
 * @allow_secret: whether secret keys may be among them
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * What is here already is merged with what comes: a new expiry, a new subkey, a revocation.
 *
 * Fails with %SPARE_ERROR_TOO_LARGE, %SPARE_ERROR_DAMAGED (no key in it), %SPARE_ERROR_POLICY (a secret key where
 * none may be).
 *
 * Returns: (transfer full) (nullable) (element-type utf8): primary fingerprints of all that are here now
 */
GPtrArray *
spare_home_import_sync (SpareHome *self,
                        GBytes *octets,
                        gboolean allow_secret,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (SpareContext) context = NULL;

  context = import (self, g_bytes_get_data (octets, NULL), g_bytes_get_size (octets),
                    allow_secret ? SPARE_IMPORT_SECRET_TOO : SPARE_IMPORT_PUBLIC, cancellable,
                    error);
  return context ? collect_imported (gpgme_op_import_result (context->gpgme), error) : NULL;
}

gboolean
spare_home_import_revocation_private (SpareHome *self,
                                      GBytes *revocation,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autoptr (SpareContext) context = import (self, g_bytes_get_data (revocation, NULL),
                                             g_bytes_get_size (revocation),
                                             SPARE_IMPORT_SIGNATURE, cancellable, error);

  return context != NULL;
}

/**
 * spare_home_import_secret_sync:
 * @self: a home, not the person's own
 * @armored: one transferable secret key
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * The key keeps the passphrase that it comes with. None is asked for.
 *
 * Returns: whether a secret key is here now
 */
gboolean
spare_home_import_secret_sync (SpareHome *self,
                               SpareSecret *armored,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (SpareContext) context = NULL;
  g_autoptr (GPtrArray) found = NULL;
  gpgme_import_result_t result;

  context = import (self, spare_secret_get_data (armored), spare_secret_get_size (armored),
                    SPARE_IMPORT_SECRET_TOO, cancellable, error);
  if (context == NULL)
    return FALSE;
  result = gpgme_op_import_result (context->gpgme);
  found = collect_imported (result, error);
  if (found == NULL)
    return FALSE;
  if (result->secret_imported + result->secret_unchanged > 0)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                       _ ("There is no secret key in this, only the public part of one."));
  return FALSE;
}

/* --- Out --- */

typedef struct
{
  const char *fingerprint;
  SpareSecret *passphrase; /* NULL: the home finds it */
  gboolean secret;
  gboolean armor;
  gpgme_export_mode_t mode;
  GByteArray *octets;    /* for a public key */
  SpareSecret *memory;   /* for a secret one */
  guint8 *memory_octets; /* of @memory */
  gsize size;
} Exporting;

static gboolean
write_cb (gpointer data, const guint8 *octets, gsize size, GError **error)
{
  Exporting *exporting = data;

  if (size > SECRET_MAX || exporting->size + size > SECRET_MAX * (exporting->secret ? 1 : 16))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                           _ ("The key is too large to be exported."));
      return FALSE;
    }
  if (exporting->secret)
    memcpy (exporting->memory_octets + exporting->size, octets, size);
  else
    g_byte_array_append (exporting->octets, octets, (guint) size);
  exporting->size += size;
  return TRUE;
}

static gpgme_error_t
start_export (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  Exporting *exporting = data;
  g_auto (gpgme_key_t)
      key = spare_context_get_key (context, exporting->fingerprint, exporting->secret, error);
  gpgme_key_t keys[] = { key, NULL };
  const char *patterns[] = { exporting->fingerprint, NULL };
  gpgme_data_t output;

  if (key == NULL)
    return gpgme_error (GPG_ERR_NO_PUBKEY);
  if (exporting->passphrase != NULL)
    {
      context->passphrase = spare_secret_ref (exporting->passphrase);
      spare_context_use_loopback (context);
    }
  exporting->size = 0;
  if (exporting->octets != NULL)
    g_byte_array_set_size (exporting->octets, 0);
  context->fingerprint = g_strdup (exporting->fingerprint);
  gpgme_set_armor (context->gpgme, exporting->armor);
  output = spare_operation_add_output (operation, write_cb, exporting, error);
  if (output == NULL)
    return gpgme_error (GPG_ERR_GENERAL);
  /* GPGME 1.18 exports subkeys alone by pattern only. */
  if (exporting->mode == GPGME_EXPORT_MODE_SECRET_SUBKEY)
    return gpgme_op_export_ext_start (context->gpgme, patterns, exporting->mode, output);
  return gpgme_op_export_keys_start (context->gpgme, keys, exporting->mode, output);
}

static gboolean
run_export (SpareHome *home, Exporting *exporting, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareContext) context = spare_home_perform_private (home, "export", start_export,
                                                                 exporting, cancellable, error);

  if (context == NULL)
    return FALSE;
  if (exporting->size > 0)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                       _ ("The key could not be exported: GnuPG gave nothing out."));
  return FALSE;
}

/**
 * spare_home_export_sync:
 * @self: a home
 * @fingerprint: of the primary key
 * @flags: %SPARE_EXPORT_ARMOR: as text; %SPARE_EXPORT_MINIMAL: without the signatures of others
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the certificate; never a secret part
 */
GBytes *
spare_home_export_sync (SpareHome *self,
                        const char *fingerprint,
                        SpareExportFlags flags,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  Exporting exporting = {
    .fingerprint = fingerprint,
    .armor = (flags & SPARE_EXPORT_ARMOR) != 0,
    .mode = flags & SPARE_EXPORT_MINIMAL ? GPGME_EXPORT_MODE_MINIMAL : 0,
    .octets = octets,
  };

  if (!run_export (self, &exporting, cancellable, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

static SpareSecret *
export_secret (SpareHome *self, Exporting *exporting, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareSecret) memory = NULL;

  if (!spare_home_check_ours_private (self, error))
    return NULL;
  exporting->secret = exporting->armor = TRUE;
  memory = exporting->memory = spare_secret_new_sized (SECRET_MAX, &exporting->memory_octets,
                                                       error);
  if (memory == NULL || !run_export (self, exporting, cancellable, error))
    return NULL;
  return spare_secret_new_copy (exporting->memory_octets, exporting->size, error);
}

SpareSecret *
spare_home_export_secret_subkeys_private (SpareHome *self,
                                          const char *fingerprint,
                                          SpareSecret *passphrase,
                                          GCancellable *cancellable,
                                          GError **error)
{
  Exporting exporting = { .fingerprint = fingerprint,
                          .passphrase = passphrase,
                          .mode = GPGME_EXPORT_MODE_SECRET_SUBKEY };

  return export_secret (self, &exporting, cancellable, error);
}

/**
 * spare_home_export_secret_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * The passphrase function is asked. What comes out is protected by the same passphrase.
 *
 * Returns: (transfer full) (nullable): the transferable secret key, armored
 */
SpareSecret *
spare_home_export_secret_sync (SpareHome *self,
                               const char *fingerprint,
                               GCancellable *cancellable,
                               GError **error)
{
  Exporting exporting = { .fingerprint = fingerprint, .mode = GPGME_EXPORT_MODE_SECRET };

  return export_secret (self, &exporting, cancellable, error);
}
