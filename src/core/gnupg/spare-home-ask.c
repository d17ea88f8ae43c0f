/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A passphrase that a person types into pinentry: for a key file that comes in or goes out at the command line. What is
 * typed goes from the agent into secure memory; no terminal of ours ever holds it. */

#include "config.h"

#include "spare-agent-session-private.h"

#include <glib/gi18n-lib.h>

#include "spare-error.h"

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
