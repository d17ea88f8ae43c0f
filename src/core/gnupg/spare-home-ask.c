/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A passphrase that a person types into pinentry: for a key file that comes in or goes out at the command line. What is
 * typed goes from the agent into secure memory; no terminal of ours ever holds it. And whether one that was typed elsewhere is the
 * right one, before an operation fails with it. */

#include "config.h"

#include "spare-agent-session-private.h"

#include <glib/gi18n-lib.h>

#include "spare-error.h"

/* Milliseconds: hashing takes seconds on a busy machine. */
#define CHECK_PATIENCE 60000

static SpareSecret *
ask (SpareHome *self,
     const char *description,
     gboolean is_new,
     GCancellable *cancellable,
     GError **error)
{
  g_autofree char *socket_path = NULL;
  g_autoptr (SpareAgentSession) session = NULL;
  SpareSecret *secret;
  gpgme_error_t refusal = 0;

  if (!spare_home_ensure_agent_private (self, NULL, error))
    return NULL;
  socket_path = spare_home_dup_agent_socket_private (self, error);
  if (socket_path == NULL)
    return NULL;
  session = spare_agent_session_connect (socket_path, FALSE, SPARE_AGENT_SESSION_PATIENCE,
                                         cancellable, error);
  if (session == NULL)
    return NULL;
  secret = spare_agent_session_ask (session, _ ("Passphrase"), description, is_new, cancellable,
                                    &refusal, error);
  if (secret != NULL || refusal == 0)
    return secret;
  if (gpgme_err_code (refusal) == GPG_ERR_CANCELED
      || gpgme_err_code (refusal) == GPG_ERR_FULLY_CANCELED)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                         _ ("Cancelled. Nothing was changed."));
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                 _ ("No passphrase can be asked for here: give it with --passphrase-fd. "
                    "Nothing was "
                    "changed."));
  return NULL;
}

/**
 * spare_home_ask_passphrase_sync:
 * @self: a home whose agent asks
 * @description: what the passphrase is for, a sentence
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Lets pinentry ask for a passphrase.
 *
 * Errors: %G_IO_ERROR_CANCELLED if the person does not want to; %SPARE_ERROR_ENGINE if there is no pinentry that can ask here.
 *
 * Returns: (transfer full) (nullable): what was typed
 */
SpareSecret *
spare_home_ask_passphrase_sync (SpareHome *self,
                                const char *description,
                                GCancellable *cancellable,
                                GError **error)
{
  return ask (self, description, FALSE, cancellable, error);
}

SpareSecret *
spare_home_ask_new_passphrase_private (SpareHome *self,
                                       const char *description,
                                       GCancellable *cancellable,
                                       GError **error)
{
  return ask (self, description, TRUE, cancellable, error);
}

/**
 * spare_home_check_passphrase_sync:
 * @self: a home with loopback: not the person's own
 * @key: a key in it
 * @passphrase: what may be the passphrase of its primary key
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks the agent, which hashes it once for that and does not keep it.
 *
 * Errors: %SPARE_ERROR_BAD_PASSPHRASE if it is another one; %SPARE_ERROR_ENGINE or what the agent said if that could not be found
 * out: the primary key may be on a card, or elsewhere; %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether it is the passphrase
 */
gboolean
spare_home_check_passphrase_sync (SpareHome *self,
                                  SpareKey *key,
                                  SpareSecret *passphrase,
                                  GCancellable *cancellable,
                                  GError **error)
{
  const char *keygrip = spare_key_get_subkey (key, 0)->keygrip;
  g_autofree char *socket_path = NULL;
  g_autoptr (SpareAgentSession) session = NULL;
  gpgme_error_t refusal = 0;

  if (keygrip == NULL)
    {
      spare_gpgme_set_error (error, gpgme_error (GPG_ERR_NO_SECKEY), "no keygrip");
      return FALSE;
    }
  if (!spare_home_ensure_agent_private (self, NULL, error))
    return FALSE;
  socket_path = spare_home_dup_agent_socket_private (self, error);
  if (socket_path == NULL)
    return FALSE;
  session = spare_agent_session_connect (socket_path, TRUE, CHECK_PATIENCE, cancellable, error);
  if (session == NULL)
    return FALSE;
  if (spare_agent_session_change_passphrase (session, keygrip, passphrase, NULL, cancellable,
                                             &refusal, error))
    return TRUE;
  if (refusal != 0)
    spare_gpgme_set_error (error, refusal, "PASSWD --verify");
  return FALSE;
}

static SpareSecret *
answer_cb (const char *fingerprint,
           gboolean was_wrong,
           GCancellable *cancellable,
           gpointer user_data,
           GError **error)
{
  if (!was_wrong)
    return spare_secret_ref (user_data);

  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                       _ ("The passphrase is wrong. Please try again."));
  return NULL;
}

/**
 * spare_home_set_passphrase:
 * @self: a home
 * @passphrase: of the keys in it
 *
 * Answers with this passphrase whatever key is meant, and once: if it is wrong, nobody is asked again. As
 * spare_home_set_passphrase_func() otherwise.
 */
void
spare_home_set_passphrase (SpareHome *self, SpareSecret *passphrase)
{
  spare_home_set_passphrase_func (self, answer_cb, spare_secret_ref (passphrase),
                                  (GDestroyNotify) spare_secret_unref);
}
