/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detached signatures over a few octets, for one purpose each.
 *
 * Promise: a signature that is given out was checked again by the rules that its readers follow. One that is accepted was
 * made by the one key that was expected, for the purpose that its notation names, over exactly these octets: see
 * spare-signature.c. Only that the key has expired since can be forgiven, where a caller asks: what was signed in time
 * stays signed, and says so.
 */
#include "config.h"

#include "spare-detached-signature.h"

#include "spare-certificate-check-private.h"
#include "spare-error.h"
#include "spare-perform-private.h"
#include "spare-signature-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Longer ones are no signatures of ours. */
#define SIGNATURE_MAX (64 * 1024)

typedef struct
{
  const char *signer;
  const char *notation_name, *notation_value;
  GBytes *octets;
  GByteArray *signature; /* armored, when it is made; packets, when it is checked */
  gsize position;        /* in @octets */
} Signing;

static gssize
read_cb (gpointer data, guint8 *buffer, gsize size, GError **error)
{
  Signing *self = data;
  gsize length;
  const guint8 *octets = g_bytes_get_data (self->octets, &length);
  gsize n = MIN (size, length - self->position);

  if (n > 0)
    memcpy (buffer, octets + self->position, n);
  self->position += n;
  return (gssize) n;
}

static gboolean
write_cb (gpointer data, const guint8 *octets, gsize size, GError **error)
{
  Signing *self = data;

  if (self->signature->len + size <= SIGNATURE_MAX)
    {
      g_byte_array_append (self->signature, octets, (guint) size);
      return TRUE;
    }
  g_debug ("signature: over %d octets", SIGNATURE_MAX);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("GnuPG gave an answer that makes no sense. Nothing was changed."));
  return FALSE;
}

/* --- Making one --- */

static gpgme_error_t
start_signing (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  Signing *self = data;
  g_auto (gpgme_key_t) key = spare_context_get_key (context, self->signer, TRUE, error);
  gpgme_data_t input, output;
  gpgme_error_t failure;

  if (key == NULL
      || !spare_signature_add_notation_private (context, self->notation_name,
                                                self->notation_value, error))
    return gpgme_error (GPG_ERR_GENERAL);
  self->position = 0;
  g_byte_array_set_size (self->signature, 0);
  context->fingerprint = g_strdup (self->signer);
  gpgme_set_armor (context->gpgme, 1);
  failure = gpgme_signers_add (context->gpgme, key);
  if (failure != 0)
    return failure;
  input = spare_operation_add_input (operation, read_cb, self, g_bytes_get_size (self->octets),
                                     error);
  output = input ? spare_operation_add_output (operation, write_cb, self, error) : NULL;
  return output ? gpgme_op_sign_start (context->gpgme, input, output, GPGME_SIG_MODE_DETACH)
                : gpgme_error (GPG_ERR_GENERAL);
}

/**
 * spare_sign_detached_sync:
 * @home: the home of the signer's secret key
 * @signer: its primary fingerprint
 * @octets: what is signed
 * @notation_name: `word@domain`: what for
 * @notation_value: printable ASCII without `%`: what for, exactly
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Fails with what the home's passphrase function set; %SPARE_ERROR_NO_KEY; %SPARE_ERROR_BAD_PASSPHRASE;
 * %SPARE_ERROR_ENGINE if GnuPG failed, lied or hung; %SPARE_ERROR_FAILED if the key can't sign.
 *
 * Returns: (transfer full) (nullable): the signature, armored
 */
GBytes *
spare_sign_detached_sync (SpareHome *home,
                          const char *signer,
                          GBytes *octets,
                          const char *notation_name,
                          const char *notation_value,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GByteArray) made = g_byte_array_new ();
  g_autoptr (SpareContext) context = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (GError) doubt = NULL;
  Signing signing = {
    .signer = signer,
    .notation_name = notation_name,
    .notation_value = notation_value,
    .octets = octets,
    .signature = made,
  };

  g_return_val_if_fail (octets != NULL && notation_name != NULL && notation_value != NULL,
                        NULL);

  context = spare_home_perform_private (home, "sign", start_signing, &signing, cancellable,
                                        error);
  if (context == NULL)
    return NULL;
  signature = g_byte_array_free_to_bytes (g_steal_pointer (&made));
  if (spare_verify_detached_sync (home, octets, signature, signer, notation_name,
                                  notation_value, NULL, NULL, cancellable, &doubt))
    return g_steal_pointer (&signature);
  if (!g_error_matches (doubt, SPARE_ERROR, SPARE_ERROR_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&doubt));
      return NULL;
    }
  g_debug ("own signature not believed: %s", doubt->message);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("GnuPG did not sign correctly, and the signature was not kept. "
                          "Please try again."));
  return NULL;
}

/* --- Checking one --- */

static gboolean
refuse (GError **error, const char *detail)
{
  g_debug ("detached signature refused: %s", detail);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The signature on this is wrong: it is damaged or was forged. It was "
                          "not accepted, and nothing was changed."));
  return FALSE;
}

/* One signature packet and nothing else, so that nothing in it can pass for the data. */
static GByteArray *
read_packets (GBytes *signature, GError **error)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (signature, &size);
  g_autoptr (GError) failure = NULL;
  GByteArray *packets = NULL;

  if (size <= SIGNATURE_MAX
      && spare_certificate_check (octets, size, SPARE_IMPORT_SIGNATURE, &packets, &failure))
    return packets;
  refuse (error, failure != NULL ? failure->message : "too large");
  return NULL;
}

static GPtrArray *
run_verification (SpareContext *context,
                  Signing *signing,
                  gboolean *is_satisfied,
                  GError **error)
{
  g_autoptr (SpareOperation) operation = spare_operation_new (context, 0);
  const SpareEngineFacts *facts = spare_operation_get_facts (operation);
  g_auto (gpgme_data_t) signature = NULL;
  gpgme_data_t input;
  gpgme_error_t failure;

  failure = gpgme_data_new_from_mem (&signature, (const char *) signing->signature->data,
                                     signing->signature->len, 0);
  if (failure != 0)
    {
      spare_gpgme_set_error (error, failure, "data");
      return NULL;
    }
  input = spare_operation_add_input (operation, read_cb, signing,
                                     g_bytes_get_size (signing->octets), error);
  if (input == NULL
      || !spare_operation_run (operation,
                               gpgme_op_verify_start (context->gpgme, signature, input, NULL),
                               error))
    return NULL;
  if (facts->exit_status < 0 || facts->exit_status > 2)
    {
      spare_gpgme_set_error (error, gpgme_error (GPG_ERR_INTERNAL), "verify");
      return NULL;
    }
  g_debug ("verify: exit %d, new %u, seen %u, plaintexts %u, errors %u, failures %u, result %u",
           facts->exit_status, facts->signers->len, facts->signatures, facts->plaintexts,
           facts->errors, facts->failures,
           gpgme_err_code (spare_operation_get_result (operation)));
  if (facts->signers->len != 1 || facts->signatures != 1 || facts->plaintexts != 0
      || facts->no_data != 0 || facts->unexpected != 0 || facts->failures != 0)
    {
      refuse (error, "not one signature alone");
      return NULL;
    }
  *is_satisfied = facts->exit_status == 0 && facts->errors == 0
                  && spare_operation_get_result (operation) == 0;
  return spare_signatures_collect_private (context->gpgme, facts);
}

/* A key that is out of date now: it must have been good when it signed. The time in the signature is the signer's own
 * word: who holds an expired key can date back. */
static gboolean
was_in_time (SpareHome *home,
             const SpareSignature *signature,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (home, signature->fingerprint, FALSE, cancellable, error);
  const SpareSubkey *parts[2] = { 0 };

  if (key == NULL)
    return FALSE;
  parts[0] = spare_key_get_subkey (key, 0);
  parts[1] = spare_key_find_subkey (key, signature->subkey_fingerprint);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i] == NULL || parts[i]->revoked || parts[i]->created > signature->created
        || (parts[i]->expires != 0 && parts[i]->expires <= signature->created))
      {
        g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                             _ ("The key that signed this had expired by then. It was not "
                                "accepted, and nothing was changed."));
        return FALSE;
      }
  return TRUE;
}

/**
 * spare_verify_detached_sync:
 * @home: a home that has the signer's certificate
 * @octets: what was signed
 * @signature: over @octets, armored or not
 * @signer: the primary fingerprint of who must have made it
 * @notation_name: the notation that must stand under it, once
 * @notation_value: its value
 * @created: (out) (optional): when it was made, by the signer's word, in Unix seconds
 * @expired_since: (out) (optional): whether the key has expired since; %NULL: then it is refused. For a log that
 *   outlives its keys: who holds an expired key could date back, so something else has to show that this was there
 *   in time
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Checks by the rules of spare_decryption_is_signed_only_by().
 *
 * Errors: %SPARE_ERROR_DAMAGED, with a sentence that says why; %SPARE_ERROR_ENGINE.
 *
 * Returns: whether it is the signature that is wanted
 */
gboolean
spare_verify_detached_sync (SpareHome *home,
                            GBytes *octets,
                            GBytes *signature,
                            const char *signer,
                            const char *notation_name,
                            const char *notation_value,
                            gint64 *created,
                            gboolean *expired_since,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (SpareContext) context = NULL;
  g_autoptr (GByteArray) packets = NULL;
  g_autoptr (GPtrArray) found = NULL;
  const SpareSignature *only;
  gboolean is_satisfied = FALSE;
  Signing signing = { .octets = octets };

  g_return_val_if_fail (octets != NULL && signature != NULL && signer != NULL, FALSE);
  g_return_val_if_fail (notation_name != NULL && notation_value != NULL, FALSE);

  packets = signing.signature = read_packets (signature, error);
  if (packets == NULL)
    return FALSE;
  context = spare_home_new_context_private (home, SPARE_CONTEXT_DEFAULT, cancellable, error);
  found = context ? run_verification (context, &signing, &is_satisfied, error) : NULL;
  if (found == NULL)
    return FALSE;
  if (found->len != 1)
    return refuse (error, "not one verdict");
  only = g_ptr_array_index (found, 0);
  if (!spare_signature_check_private (only, signer, notation_name, notation_value,
                                      expired_since != NULL, error))
    return FALSE;
  if (!is_satisfied)
    return refuse (error, "the engine was not satisfied");
  if (only->status != SPARE_SIGNATURE_GOOD && !was_in_time (home, only, cancellable, error))
    return FALSE;

  if (created != NULL)
    *created = only->created;
  if (expired_since != NULL)
    *expired_since = only->status != SPARE_SIGNATURE_GOOD;
  return TRUE;
}
