/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs operations on keys, which are short and may be repeated.
 *
 * Promise: an agent that died on the way is started again and the operation repeated, once. Only then "no secret key"
 * is believed: a dead agent looks the same. */
#include "config.h"

#include "spare-perform-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>

static SpareContext *
perform_once (SpareHome *home,
              const char *what,
              SpareStartFunc start,
              gpointer data,
              GCancellable *cancellable,
              gboolean *may_repeat,
              GError **error)
{
  g_autoptr (SpareContext)
      context = spare_home_new_context_private (home, SPARE_CONTEXT_DEFAULT, cancellable,
                                                error);
  g_autoptr (SpareOperation) operation = NULL;
  GError *failure = NULL;
  gpgme_error_t started;
  const SpareEngineFacts *facts;

  *may_repeat = FALSE;
  if (context == NULL)
    return NULL;
  operation = spare_operation_new (context, 0);
  started = start (context, operation, data, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return NULL;
    }
  if (!spare_operation_run (operation, started, error))
    return NULL;
  *may_repeat = TRUE;
  if (!spare_context_check (context, spare_operation_get_reason (operation), what, error))
    return NULL;
  facts = spare_operation_get_facts (operation);
  if (facts->exit_status == 0)
    return g_steal_pointer (&context);
  g_debug ("%s: engine exited with %d", what, facts->exit_status);
  /* GPGME has no word for this of an export. */
  if (facts->bad_passphrase)
    {
      spare_gpgme_set_error (error, gpgme_error (GPG_ERR_BAD_PASSPHRASE), what);
      return NULL;
    }
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("GnuPG could not finish this. Please try again; if it happens again, "
                          "check the key."));
  return NULL;
}

SpareContext *
spare_home_perform_private (SpareHome *self,
                            const char *what,
                            SpareStartFunc start,
                            gpointer data,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean may_repeat, restarted;
  SpareContext *context = perform_once (self, what, start, data, cancellable, &may_repeat,
                                        &failure);

  if (context != NULL)
    return context;
  if (may_repeat && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && spare_home_ensure_agent_private (self, &restarted, NULL) && restarted)
    {
      g_debug ("%s: the agent had died; once more", what);
      return perform_once (self, what, start, data, cancellable, &may_repeat, error);
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

gboolean
spare_home_check_ours_private (SpareHome *self, GError **error)
{
  if (spare_home_get_kind (self) != SPARE_HOME_PERSONAL)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                       _ ("Spare Key never changes the keys of your own GnuPG. Use the program "
                          "that you manage them with."));
  return FALSE;
}
