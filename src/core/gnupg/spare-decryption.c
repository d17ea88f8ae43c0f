/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decryption of a stream: intact or nothing, and who signed it.
 *
 * gpg 2.2.40 reports success for damaged and truncated OCB messages and only its exit status tells. But that status is
 * also bad when a signature can't be checked, on intact data. So there may be two passes: the first one decrypts and
 * verifies, and exit 0 is believed; another exit, with a signature looked at and nothing else wrong, is decrypted
 * again with signatures skipped, and only that output and that exit status count. The same goes for messages that
 * hide a recipient: gpg tries one secret key after the other and counts each that doesn't fit as an error, so for the
 * second pass the session key is found first (spare-session-key.c) and given to it. Anything else is final.
 *
 * The input is walked as it is fed: one message, one container, ending where the input ends.
 *
 * Promise: when spare_decrypt_sync() succeeds, what was written since the last rewind is all of the plaintext of an
 * intact, integrity-protected message. When it fails, what was written is to be thrown away.
 *
 * A signature that is wrong although the message is intact counts as damage: somebody's signed words were changed
 * before they were encrypted, and nothing is released. A signature that merely can't be checked (unknown, expired or
 * revoked key) is reported.
 *
 * Not promised: that a message without signature comes from anybody in particular.
 */
#include "config.h"

#include "spare-decryption.h"

#include "spare-decryption-private.h"
#include "spare-error.h"
#include "spare-operation-private.h"
#include "spare-session-key-private.h"
#include "spare-signature-private.h"
#include "spare-walker.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define READ_SIZE 65536

typedef struct
{
  SpareHome *home;
  const SpareStream *stream;
  guint64 output_cap, n_written;
  GCancellable *cancellable;
  const SpareSessionKey *session_key; /* that was given; NULL: none */

  SpareWalker *walker;
  GByteArray *pending; /* read while looking for the head, not yet fed */
  gsize n_fed;         /* of pending */
  gboolean at_end;
} Passage;

typedef enum
{
  VERDICT_FAILED,
  VERDICT_INTACT,
  VERDICT_UNCLEAR, /* the exit status may mean only a signature or a key tried in vain */
  VERDICT_AGAIN,   /* the agent was gone: once more from the start */
} Verdict;

/**
 * spare_decryption_free:
 * @self: (transfer full): a decryption's result
 */
void
spare_decryption_free (SpareDecryption *self)
{
  g_clear_pointer (&self->head, spare_head_unref);
  g_clear_pointer (&self->signatures, g_ptr_array_unref);
  g_free (self);
}

static void
passage_clear (Passage *self)
{
  g_clear_pointer (&self->walker, spare_walker_free);
  g_clear_pointer (&self->pending, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Passage, passage_clear)

/* --- Input: walked, then fed --- */

static gssize
read_and_walk (Passage *self, guint8 *buffer, gsize size, GError **error)
{
  gssize n;

  if (self->at_end)
    return 0;
  n = self->stream->read (self->stream->input, buffer, size, error);
  if (n < 0)
    return -1;
  if (n > 0)
    return spare_walker_feed (self->walker, buffer, (gsize) n, error) ? n : -1;

  self->at_end = TRUE;
  return spare_walker_finish (self->walker, error) ? 0 : -1;
}

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Passage *self = user_data;
  gsize held = self->pending->len - self->n_fed;

  if (held == 0)
    return read_and_walk (self, buffer, size, error);

  size = MIN (size, held);
  memcpy (buffer, self->pending->data + self->n_fed, size);
  self->n_fed += size;
  return (gssize) size;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Passage *self = user_data;

  if (size > self->output_cap - self->n_written)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                   _ ("The decrypted content is larger than allowed. Nothing was kept of it; "
                      "the encrypted file is unchanged."));
      return FALSE;
    }
  self->n_written += size;
  return self->stream->write (self->stream->output, octets, size, error);
}

/* Reads on until the head is known: what can't be decrypted is refused before any process runs. */
static gboolean
find_head (Passage *self, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);

  while (spare_walker_get_head (self->walker) == NULL && !self->at_end)
    {
      gssize n;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      n = read_and_walk (self, buffer, READ_SIZE, error);
      if (n < 0)
        return FALSE;
      g_byte_array_append (self->pending, buffer, (guint) n);
    }
  return TRUE;
}

/* The rest that gpg did not want: where it ends decides whether the message was whole. */
static gboolean
drain (Passage *self, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);

  while (!self->at_end)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
          || read_and_walk (self, buffer, READ_SIZE, error) < 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
begin (Passage *self, gboolean again, GError **error)
{
  if (again
      && (!self->stream->rewind_input (self->stream->input, error)
          || !self->stream->rewind_output (self->stream->output, error)))
    return FALSE;

  passage_clear (self);
  self->walker = spare_walker_new (SPARE_WALKER_READ);
  self->pending = g_byte_array_new ();
  self->n_fed = 0;
  self->at_end = FALSE;
  self->n_written = 0;
  return find_head (self, error);
}

/* "No secret key" is also what gpg says when its agent died, or nothing but that it failed. */
static gboolean
agent_may_have_died (Passage *self, const SpareHead *head)
{
  gboolean restarted = FALSE;

  if (!spare_home_ensure_agent_private (self->home, &restarted, NULL) || restarted)
    return TRUE;
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      const SpareEsk *esk = spare_head_get_esk (head, i);
      g_autoptr (SpareKey) key = NULL;

      if (!spare_esk_is_public_key (esk) || spare_esk_is_hidden (esk))
        continue;
      key = spare_home_find_key_by_id_sync (self->home, spare_esk_get_key_id (esk), TRUE,
                                            self->cancellable, NULL);
      if (key != NULL)
        return TRUE;
    }
  return FALSE;
}

/* No session key was found, and the agent isn't there any more: it ended while it was asked. */
static gboolean
agent_has_died (Passage *self, const SpareEngineFacts *facts)
{
  gboolean restarted = FALSE;

  return facts->decryption_okay == 0 && facts->decryption_info == 0 && facts->exit_status <= 2
         && (!spare_home_ensure_agent_private (self->home, &restarted, NULL) || restarted);
}

/* --- The verdict on one pass --- */

static gboolean
is_content_intact (const SpareEngineFacts *facts)
{
  return facts->decryption_okay == 1 && facts->end_decryption == 1
         && facts->decryption_failed == 0 && facts->bad_mdc == 0 && facts->no_data == 0
         && facts->unexpected == 0 && facts->errors == 0 && facts->failures == 0;
}

/* GPGME ends the operation by itself at some of these words: then there is no exit status. "Bad data" is more than one
 * literal packet. */
static gboolean
tells_damage (const SpareEngineFacts *facts, gpgme_error_t result)
{
  return gpgme_err_code (result) == GPG_ERR_BAD_DATA || facts->no_data > 0
         || facts->unexpected > 0 || facts->bad_mdc > 0 || facts->decryption_failed > 0;
}

static Verdict
explain_failure (Passage *self,
                 const SpareHead *head,
                 const SpareEngineFacts *facts,
                 gpgme_error_t result,
                 gboolean may_retry,
                 GError **error)
{
  gboolean no_session_key = facts->decryption_okay == 0 && facts->decryption_info == 0;

  g_debug ("decryption: okay %u, failed %u, end %u, mdc %u, nodata %u, unexpected %u, errors "
           "%u, "
           "failures %u, no key %u, exit %d, result %u",
           facts->decryption_okay, facts->decryption_failed, facts->end_decryption,
           facts->bad_mdc, facts->no_data, facts->unexpected, facts->errors, facts->failures,
           facts->missing_secret_keys, facts->exit_status, gpgme_err_code (result));

  if (facts->decryption_okay == 0
      && (facts->bad_passphrases > 0 || gpgme_err_code (result) == GPG_ERR_BAD_PASSPHRASE))
    {
      spare_gpgme_set_error (error, gpgme_error (GPG_ERR_BAD_PASSPHRASE), "decrypt");
    }
  /* The other recipients' keys, the authority's first of all, are missing in every decryption: that means something only while
   * no session key was found. DECRYPTION_INFO comes when there is one. */
  else if (no_session_key && facts->decryption_failed > 0 && may_retry
           && agent_may_have_died (self, head))
    {
      return VERDICT_AGAIN;
    }
  else if (no_session_key && facts->missing_secret_keys > 0)
    {
      spare_decryption_set_no_key_private (error, head);
    }
  else if (may_retry && agent_has_died (self, facts))
    {
      return VERDICT_AGAIN;
    }
  else if (gpgme_err_code (result) == GPG_ERR_NO_AGENT
           || gpgme_err_code (result) == GPG_ERR_NO_PIN_ENTRY
           || gpgme_err_code (result) == GPG_ERR_CANCELED
           || gpgme_err_code (result) == GPG_ERR_FULLY_CANCELED)
    {
      spare_gpgme_set_error (error, result, "decrypt");
    }
  else if (facts->exit_status > 2
           || ((facts->exit_status < 0 || facts->begin_decryption == 0)
               && !tells_damage (facts, result)))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                   _ ("GnuPG ended before it was through. Nothing was released; the encrypted "
                      "file is as it was. Please try again."));
    }
  else
    {
      spare_decryption_set_damaged_private (error, "status lines");
    }
  return VERDICT_FAILED;
}

/* --- One pass --- */

static Verdict
judge (Passage *self,
       SpareOperation *operation,
       gboolean verifying,
       gboolean may_retry,
       GError **error)
{
  const SpareEngineFacts *facts = spare_operation_get_facts (operation);
  gpgme_error_t result = spare_operation_get_result (operation);
  const SpareHead *head = spare_walker_get_head (self->walker);

  if (is_content_intact (facts) && facts->exit_status == 0 && result == 0)
    return drain (self, error) ? VERDICT_INTACT : VERDICT_FAILED;
  if (verifying && is_content_intact (facts)
      && (facts->signatures > 0 || spare_head_has_hidden (head))
      && (facts->exit_status == 1 || facts->exit_status == 2))
    return VERDICT_UNCLEAR;
  return explain_failure (self, head, facts, result, may_retry, error);
}

/* The session key as GPGME takes it, from the first PKESK that any secret key here opens. */
static SpareSecret *
find_session_key (Passage *self, const SpareHead *head, GError **error)
{
  g_autoptr (GPtrArray)
      keys = spare_home_list_keys_sync (self->home, TRUE, self->cancellable, error);

  if (keys == NULL)
    return NULL;
  for (guint i = 0; i < keys->len; i++)
    {
      g_autoptr (SpareSessionKeyOpener)
          opener = spare_session_key_opener_new (self->home, g_ptr_array_index (keys, i));

      for (guint j = 0; j < spare_head_get_n_esks (head); j++)
        {
          g_autoptr (GError) failure = NULL;
          g_autoptr (SpareSessionKey)
              key = spare_session_key_opener_open_sync (opener, spare_head_get_esk (head, j),
                                                        head, self->cancellable, &failure);

          if (key != NULL)
            return spare_session_key_to_text_private (key, error);
          g_debug ("not with this key: %s", failure->message);
          if (failure->domain == G_IO_ERROR)
            {
              g_propagate_error (error, g_steal_pointer (&failure));
              return NULL;
            }
        }
    }
  spare_decryption_set_no_key_private (error, head);
  return NULL;
}

/* A key that the caller gave; or, of a hidden recipient's message, the one that gpg need not look for any more. */
static gboolean
give_session_key (Passage *self, SpareContext *context, gboolean verifying, GError **error)
{
  const SpareHead *head = spare_walker_get_head (self->walker);
  g_autoptr (SpareSecret) text = NULL;
  gpgme_error_t failure;

  if (self->session_key != NULL)
    text = spare_session_key_to_text_private (self->session_key, error);
  else if (!verifying && spare_head_has_hidden (head))
    text = find_session_key (self, head, error);
  else
    return TRUE;
  if (text == NULL)
    return FALSE;
  failure = gpgme_set_ctx_flag (context->gpgme, "override-session-key",
                                spare_secret_get_text (text));
  if (failure != 0)
    spare_gpgme_set_error (error, failure, "give session key");
  return failure == 0;
}

static void
take_signatures (SpareDecryption *decryption, gpgme_ctx_t gpgme, const SpareEngineFacts *facts)
{
  decryption->signatures = spare_signatures_collect_private (gpgme, facts);
  decryption->n_plaintexts = facts->plaintexts;
  decryption->n_signatures = MAX (facts->signatures, facts->signers->len);
}

static Verdict
run_pass (Passage *self,
          gboolean verifying,
          gboolean may_retry,
          SpareDecryption *decryption,
          GError **error)
{
  SpareContextFlags flags = verifying ? SPARE_CONTEXT_DEFAULT : SPARE_CONTEXT_SKIP_VERIFY;
  g_autoptr (SpareContext)
      context = spare_home_new_context_private (self->home, flags, self->cancellable, error);
  g_autoptr (SpareOperation) operation = NULL;
  gpgme_data_t input, output;
  gpgme_error_t failure;
  Verdict verdict;

  if (context == NULL || !give_session_key (self, context, verifying, error))
    return VERDICT_FAILED;
  operation = spare_operation_new (context, self->stream->patience);
  input = spare_operation_add_input (operation, read_cb, self, G_MAXUINT64, error);
  if (input == NULL)
    return VERDICT_FAILED;
  output = spare_operation_add_output (operation, write_cb, self, error);
  if (output == NULL)
    return VERDICT_FAILED;

  if (verifying)
    failure = gpgme_op_decrypt_verify_start (context->gpgme, input, output);
  else
    failure = gpgme_op_decrypt_start (context->gpgme, input, output);
  if (!spare_operation_run (operation, failure, error))
    {
      /* Asked for a password: gpg found no PKESK that fits, whatever the passphrase function made of it. */
      if (spare_operation_get_facts (operation)->password_questions > 0)
        {
          g_clear_error (error);
          spare_decryption_set_no_key_private (error, spare_walker_get_head (self->walker));
        }
      return VERDICT_FAILED;
    }

  verdict = judge (self, operation, verifying, may_retry, error);
  if (verifying && (verdict == VERDICT_INTACT || verdict == VERDICT_UNCLEAR))
    take_signatures (decryption, context->gpgme, spare_operation_get_facts (operation));
  return verdict;
}

static Verdict
run_passes (Passage *self, SpareDecryption *decryption, GError **error)
{
  /* With the session key at hand nobody asks the agent, so its death is no excuse. */
  Verdict verdict = run_pass (self, TRUE, self->session_key == NULL, decryption, error);

  if (verdict == VERDICT_AGAIN)
    {
      if (!begin (self, TRUE, error))
        return VERDICT_FAILED;
      verdict = run_pass (self, TRUE, FALSE, decryption, error);
    }
  if (verdict == VERDICT_UNCLEAR)
    {
      decryption->two_passes = TRUE;
      if (!begin (self, TRUE, error))
        return VERDICT_FAILED;
      verdict = run_pass (self, FALSE, FALSE, NULL, error);
    }
  return verdict;
}

static SpareDecryption *
decrypt (Passage *passage, GError **error)
{
  g_autoptr (SpareDecryption) decryption = g_new0 (SpareDecryption, 1);

  if (!begin (passage, FALSE, error)
      || !spare_decryption_check_head_private (spare_walker_get_head (passage->walker),
                                               passage->session_key != NULL, error)
      || run_passes (passage, decryption, error) != VERDICT_INTACT)
    return NULL;

  if (spare_signatures_have_bad_private (decryption->signatures))
    {
      spare_decryption_set_damaged_private (error, "bad signature");
      return NULL;
    }
  decryption->head = spare_head_ref (spare_walker_get_head (passage->walker));
  return g_steal_pointer (&decryption);
}

/**
 * spare_decrypt_sync:
 * @home: the home of the secret key
 * @stream: where the message comes from and plaintext goes to, both with rewind functions
 * @output_cap: the most octets of plaintext that are let out; %G_MAXUINT64 for any number
 * @cancellable: (nullable): ends the operation, at once
 * @error: return location for an error
 *
 * Decrypts a message, armored or not. Plaintext goes out as it is made: it must not be seen by anybody before this
 * function has returned.
 *
 * An error that the stream's write function sets ends the operation and comes back as it is: who wants the beginning of
 * a message alone sets one of his own, and knows it again by its domain and code. What was written by then is proven by nothing.
 *
 * Errors: any that the stream's functions or the home's passphrase function set; %G_IO_ERROR_CANCELLED;
 * %SPARE_ERROR_NOT_ENCRYPTED; %SPARE_ERROR_UNSUPPORTED for passwords and for data without integrity protection;
 * %SPARE_ERROR_NO_KEY, whose message names the key ids; %SPARE_ERROR_BAD_PASSPHRASE; %SPARE_ERROR_TOO_LARGE past
 * @output_cap; %SPARE_ERROR_DAMAGED for anything that is not one whole, intact message, a bad signature
 * included; %SPARE_ERROR_ENGINE if GnuPG failed or hung.
 *
 * Returns: (transfer full) (nullable): the message's head and its signatures
 */
SpareDecryption *
spare_decrypt_sync (SpareHome *home,
                    const SpareStream *stream,
                    guint64 output_cap,
                    GCancellable *cancellable,
                    GError **error)
{
  g_auto (Passage) passage = {
    .home = home,
    .stream = stream,
    .output_cap = output_cap,
    .cancellable = cancellable,
  };

  g_return_val_if_fail (stream->rewind_input != NULL && stream->rewind_output != NULL, NULL);

  return decrypt (&passage, error);
}

/**
 * spare_decrypt_with_session_key_sync:
 * @home: any home; its certificates are those that signatures are checked with
 * @key: the session key of the message
 * @stream: as for spare_decrypt_sync()
 * @output_cap: likewise
 * @cancellable: (nullable): ends the operation, at once
 * @error: return location for an error
 *
 * Decrypts a message whose session key is known already, without any secret key; in a scratch home that holds one
 * certificate only, so that no other signer can be believed. It goes to gpg through a pipe, and GPGME's own copy is
 * wiped. (A second copy, in the buffer that feeds the pipe, GPGME frees without wiping.)
 *
 * What counts as success, and the errors, are those of spare_decrypt_sync(); a wrong key makes %SPARE_ERROR_DAMAGED.
 *
 * Returns: (transfer full) (nullable): the message's head and its signatures
 */
SpareDecryption *
spare_decrypt_with_session_key_sync (SpareHome *home,
                                     const SpareSessionKey *key,
                                     const SpareStream *stream,
                                     guint64 output_cap,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_auto (Passage) passage = {
    .home = home,
    .stream = stream,
    .output_cap = output_cap,
    .cancellable = cancellable,
    .session_key = key,
  };

  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (stream->rewind_input != NULL && stream->rewind_output != NULL, NULL);

  return decrypt (&passage, error);
}
