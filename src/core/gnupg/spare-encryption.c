/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encryption of a stream to exactly the subkeys that were asked for.
 *
 * gpg's word is not enough: gpg killed half-way can look like success, a full 40-digit recipient can be
 * redirected by a configuration file, a disabled key is encrypted to. So each recipient is checked before, gpg
 * runs under the guard, and what comes out is walked as it passes and its head compared with what was asked for.
 *
 * Promise: when spare_encrypt_sync() succeeds, the octets that left are one well-formed message, to the recipients' subkeys
 * and nobody else's, integrity-protected, of all the input. When it fails, what left is worth nothing and is for
 * the caller to throw away.
 */
#include "config.h"

#include "spare-encryption.h"

#include "spare-error.h"
#include "spare-operation-private.h"
#include "spare-recipient-files-private.h"
#include "spare-signature-private.h"
#include "spare-guard-status.h"
#include "spare-splitter.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  const SpareStream *stream;
  guint64 n_read;
  SpareSplitter *splitter;
  gboolean target_failed; /* the stream would not take what passed */
} Passage;

static void
set_engine_error (GError **error, const char *detail)
{
  g_debug ("encryption not believed: %s", detail);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
               _ ("GnuPG did not encrypt correctly, and the result was not kept. Your file is "
                  "unchanged. Please try again."));
}

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Passage *passage = user_data;
  gssize n = passage->stream->read (passage->stream->input, buffer, size, error);

  if (n > 0)
    passage->n_read += (guint64) n;
  return n;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Passage *passage = user_data;
  g_autoptr (GError) failure = NULL;

  if (spare_splitter_feed (passage->splitter, octets, size, &failure))
    return TRUE;
  /* What gpg made is no message: that is no damage of the person's file. */
  if (passage->target_failed)
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    set_engine_error (error, failure->message);
  return FALSE;
}

static gboolean
forward_cb (const guint8 *octets, gsize size, gpointer user_data, GError **error)
{
  Passage *passage = user_data;

  if (passage->stream->write (passage->stream->output, octets, size, error))
    return TRUE;
  passage->target_failed = TRUE;
  return FALSE;
}

/* --- Before --- */

static gboolean
check_subkey (const SpareRecipient *recipient, gint64 now, GError **error)
{
  const SpareSubkey *subkey = recipient->subkey;
  SpareKeyState state = spare_key_get_encryption_state (recipient->key, now);
  g_autofree char *text = NULL;

  if (state == SPARE_KEY_USABLE)
    {
      if (subkey->revoked)
        state = SPARE_KEY_REVOKED;
      else if (subkey->expired || (subkey->expires != 0 && subkey->expires <= now))
        state = SPARE_KEY_EXPIRED;
      else if (subkey->disabled)
        state = SPARE_KEY_DISABLED;
      else if (subkey->invalid)
        state = SPARE_KEY_INVALID;
      else if (subkey->created > now)
        state = SPARE_KEY_NOT_YET_VALID;
      else if (!subkey->can_encrypt)
        state = SPARE_KEY_CANNOT_ENCRYPT;
    }
  if (state == SPARE_KEY_USABLE)
    return TRUE;

  text = spare_key_state_describe (state, recipient->key);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED, _ ("Nothing was encrypted. %s"), text);
  return FALSE;
}

/* gpg's own reasons for a refusal are all alike, and a disabled key it takes without a word. */
static gboolean
check_recipients (const SpareEncryptionRequest *request, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (request->n_recipients == 0)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   _ ("Nothing was encrypted: nobody is named who could open the result."));
      return FALSE;
    }
  for (guint i = 0; i < request->n_recipients; i++)
    {
      const SpareRecipient *recipient = &request->recipients[i];

      g_return_val_if_fail (recipient->key != NULL && recipient->subkey != NULL, FALSE);
      g_return_val_if_fail (spare_fingerprint_is_valid (recipient->subkey->fingerprint), FALSE);
      g_return_val_if_fail (spare_key_find_subkey (recipient->key,
                                                   recipient->subkey->fingerprint)
                                != NULL,
                            FALSE);
      if (!check_subkey (recipient, now, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_signer (SpareContext *context, const SpareEncryptionRequest *request, GError **error)
{
  g_auto (gpgme_key_t) key = NULL;
  gpgme_error_t failure;

  if (request->signing_home == NULL)
    return TRUE;

  key = spare_context_get_key (context, request->signer, TRUE, error);
  if (key == NULL)
    return FALSE;
  g_free (context->fingerprint);
  context->fingerprint = g_strdup (request->signer);

  failure = gpgme_signers_add (context->gpgme, key);
  if (failure != 0)
    spare_gpgme_set_error (error, failure, "add signer");
  return failure == 0
         && spare_signature_add_notation_private (context, request->notation_name,
                                                  request->notation_value, error);
}

static gboolean
is_same_home (SpareHome *a, SpareHome *b)
{
  return a == b || g_strcmp0 (spare_home_get_path (a), spare_home_get_path (b)) == 0;
}

/* How GPGME takes recipients as they are: one a line, "!" for this very subkey. */
static char *
build_recipient_lines (const SpareEncryptionRequest *request)
{
  g_autoptr (GString) lines = g_string_new ("--\n");

  for (guint i = 0; i < request->n_recipients; i++)
    g_string_append_printf (lines, "%s!\n", request->recipients[i].subkey->fingerprint);
  return g_string_free (g_steal_pointer (&lines), FALSE);
}

/* --- After --- */

static gboolean
check_facts (const SpareEngineFacts *facts, gpgme_error_t result, GError **error)
{
  if (facts->begin_encryption == 1 && facts->end_encryption == 1 && facts->exit_status == 0
      && result == 0 && facts->invalid_recipients == 0 && facts->failures == 0
      && facts->errors == 0)
    return TRUE;

  g_debug ("encryption: begin %u, end %u, exit %d, result %u, recipients %u, failures %u, "
           "errors %u",
           facts->begin_encryption, facts->end_encryption, facts->exit_status,
           gpgme_err_code (result), facts->invalid_recipients, facts->failures, facts->errors);
  if (facts->invalid_recipients > 0)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                 _ ("Nothing was encrypted: GnuPG refuses one of the recipients’ keys."));
  else if (result != 0 && facts->end_encryption == 0 && facts->exit_status > 0
           && facts->exit_status <= 2)
    spare_gpgme_set_error (error, result, "encrypt");
  else
    set_engine_error (error, "status lines");
  return FALSE;
}

/* Takes one PKESK off the list of those expected. */
static gboolean
strike_out (const SpareEncryptionRequest *request, gboolean *struck, const SpareEsk *esk)
{
  for (guint i = 0; i < request->n_recipients; i++)
    {
      const SpareSubkey *subkey = request->recipients[i].subkey;

      if (!struck[i] && !spare_esk_is_hidden (esk)
          && spare_esk_matches_fingerprint (esk, subkey->fingerprint))
        {
          /* The same subkey named twice is encrypted to once. */
          for (guint j = i; j < request->n_recipients; j++)
            if (g_str_equal (request->recipients[j].subkey->fingerprint, subkey->fingerprint))
              struck[j] = TRUE;
          return TRUE;
        }
    }
  for (guint i = 0; i < request->n_extra_key_ids; i++)
    {
      gboolean *mark = &struck[request->n_recipients + i];

      if (!*mark && !spare_esk_is_hidden (esk)
          && spare_esk_get_key_id (esk) == request->extra_key_ids[i])
        {
          *mark = TRUE;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
check_head (const SpareHead *head, const SpareEncryptionRequest *request, GError **error)
{
  guint n_expected = request->n_recipients + request->n_extra_key_ids;
  g_autofree gboolean *struck = g_new0 (gboolean, n_expected);
  const char *format = spare_head_get_format (head);

  if (g_strcmp0 (format, "seipd1") != 0 && g_strcmp0 (format, "ocb") != 0)
    {
      set_engine_error (error, "container");
      return FALSE;
    }
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      const SpareEsk *esk = spare_head_get_esk (head, i);

      if (!spare_esk_is_public_key (esk) || !strike_out (request, struck, esk))
        {
          set_engine_error (error, "a recipient that nobody asked for");
          return FALSE;
        }
    }
  for (guint i = 0; i < n_expected; i++)
    if (!struck[i])
      {
        set_engine_error (error, "a recipient is missing");
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_all (SpareOperation *operation,
           const SpareEncryptionRequest *request,
           Passage *passage,
           GError **error)
{
  const SpareHead *head;
  g_autoptr (GError) malformed = NULL;

  if (!check_facts (spare_operation_get_facts (operation),
                    spare_operation_get_reason (operation), error))
    return FALSE;
  if (!spare_splitter_finish (passage->splitter, &malformed))
    {
      set_engine_error (error, malformed->message);
      return FALSE;
    }
  head = spare_splitter_get_head (passage->splitter);
  if (head == NULL)
    {
      set_engine_error (error, "no head");
      return FALSE;
    }
  if (!check_head (head, request, error))
    return FALSE;
  if (request->size != G_MAXUINT64 && passage->n_read != request->size)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_CHANGED,
                   _ ("The file changed while it was being encrypted. Nothing was kept of the "
                      "result. Please try again once nothing writes to it."));
      return FALSE;
    }
  return TRUE;
}

/* --- The operation --- */

/* Between two tries. */
#define MOMENT_MSEC 200

/* What may be over in a moment: the system had no process to spare, here or in the guard, or another gpg was just putting
 * a new keyring in the place of the old. A key that can't be used is refused the second time too. */
static gboolean
is_passing (const SpareEngineFacts *facts, gpgme_error_t start_error)
{
  return start_error != 0 || facts->exit_status == SPARE_GUARD_EXIT_NOT_STARTED
         || facts->invalid_recipients > 0;
}

/* FALSE: cancelled meanwhile. */
static gboolean
wait_a_moment (GCancellable *cancellable)
{
  GPollFD cancel;

  if (!g_cancellable_make_pollfd (cancellable, &cancel))
    {
      g_usleep (MOMENT_MSEC * 1000);
      return TRUE;
    }
  g_poll (&cancel, 1, MOMENT_MSEC);
  g_cancellable_release_fd (cancellable);
  return !g_cancellable_is_cancelled (cancellable);
}

static gboolean
run (SpareContext *context,
     const SpareEncryptionRequest *request,
     const char *recipients,
     Passage *passage,
     gboolean *passing,
     GError **error)
{
  gpgme_encrypt_flags_t flags = GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO;
  g_autoptr (SpareOperation)
      operation = spare_operation_new (context, passage->stream->patience);
  gpgme_data_t input, output;
  gpgme_error_t failure;

  if (!request->compress)
    flags |= GPGME_ENCRYPT_NO_COMPRESS;
  input = spare_operation_add_input (operation, read_cb, passage, request->size, error);
  if (input == NULL)
    return FALSE;
  output = spare_operation_add_output (operation, write_cb, passage, error);
  if (output == NULL)
    return FALSE;

  if (request->signing_home != NULL)
    failure = gpgme_op_encrypt_sign_ext_start (context->gpgme, NULL, recipients, flags, input,
                                               output);
  else
    failure = gpgme_op_encrypt_ext_start (context->gpgme, NULL, recipients, flags, input,
                                          output);

  if (spare_operation_run (operation, failure, error)
      && check_all (operation, request, passage, error))
    return TRUE;
  *passing = is_passing (spare_operation_get_facts (operation), failure);
  return FALSE;
}

static SpareHead *
encrypt_once (SpareHome *work_home,
              const SpareEncryptionRequest *request,
              const char *recipients,
              const SpareStream *stream,
              gboolean *passing,
              GCancellable *cancellable,
              GError **error)
{
  Passage passage = { .stream = stream };
  g_autoptr (SpareSplitter) splitter = NULL;
  g_autoptr (SpareContext) context = NULL;

  *passing = FALSE;
  context = spare_home_new_context_private (work_home,
                                            request->signing_home == NULL
                                                ? SPARE_CONTEXT_NO_AGENT
                                                : SPARE_CONTEXT_DEFAULT,
                                            cancellable, error);
  if (context == NULL || !add_signer (context, request, error))
    return NULL;

  splitter = spare_splitter_new (request->drop, request->drop_data, forward_cb, &passage);
  passage.splitter = splitter;
  if (!run (context, request, recipients, &passage, passing, error))
    return NULL;
  return spare_head_ref (spare_splitter_get_head (splitter));
}

/**
 * spare_encrypt_sync:
 * @home: the home that knows the recipients' certificates
 * @request: to whom, signed by whom, and what is expected
 * @stream: where plaintext comes from and the message goes to. With rewind functions for both, what may be over in a moment
 *   (no process to spare) is tried a second time
 * @cancellable: (nullable): ends the operation, at once
 * @error: return location for an error
 *
 * Encrypts the stream. When the signer's key is in another home than @home, gpg runs in that one and gets the
 * recipients' certificates as files, so that nothing is written there.
 *
 * The message goes out as it is made, without the PKESKs that the request drops. On any error what went out is to be
 * thrown away.
 *
 * Errors: any that the stream's functions or the home's passphrase function set; %G_IO_ERROR_CANCELLED;
 * %SPARE_ERROR_CHANGED if the input is not of the promised size; %SPARE_ERROR_NO_KEY if the signer's key is not there;
 * %SPARE_ERROR_ENGINE if GnuPG failed, lied or hung; %SPARE_ERROR_FAILED if a recipient's key can't be used.
 *
 * Returns: (transfer full) (nullable): the head as gpg made it, dropped PKESKs included
 */
SpareHead *
spare_encrypt_sync (SpareHome *home,
                    const SpareEncryptionRequest *request,
                    const SpareStream *stream,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (SpareRecipientFiles) files = NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *recipients = NULL;
  SpareHome *work_home = request->signing_home != NULL ? request->signing_home : home;
  SpareHead *head;
  gboolean passing;

  g_return_val_if_fail (request->signing_home == NULL || request->signer != NULL, NULL);
  g_return_val_if_fail (request->notation_name == NULL || request->signing_home != NULL, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !check_recipients (request, error))
    return NULL;

  if (is_same_home (home, work_home))
    {
      recipients = build_recipient_lines (request);
    }
  else
    {
      files = spare_recipient_files_new (home, request, cancellable, error);
      if (files == NULL)
        return NULL;
      recipients = spare_recipient_files_dup_lines (files);
    }

  head = encrypt_once (work_home, request, recipients, stream, &passing, cancellable, &failure);
  if (head != NULL)
    return head;
  if (passing && stream->rewind_input != NULL && stream->rewind_output != NULL
      && wait_a_moment (cancellable))
    {
      g_debug ("encryption: once more after: %s", failure->message);
      if (!stream->rewind_input (stream->input, error)
          || !stream->rewind_output (stream->output, error))
        return NULL;
      return encrypt_once (work_home, request, recipients, stream, &passing, cancellable,
                           error);
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
