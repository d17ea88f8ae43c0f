/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Authority mode for one run of the command line.
 *
 * Promises: the owner's side is neither needed nor touched. The passphrase is read once, stays in secure memory, and is
 * given for the authority's key only; a wrong one is not tried twice. */

#include "config.h"

#include "spare-tool-authority.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "spare-error.h"

static SpareSecret *
answer_cb (const char *fingerprint,
           gboolean was_wrong,
           GCancellable *cancellable,
           gpointer user_data,
           GError **error)
{
  SpareTool *tool = user_data;

  if (!was_wrong)
    return spare_secret_ref (tool->passphrase);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                       _ ("The passphrase of the backup authority’s key is wrong. Nothing was "
                          "done."));
  return NULL;
}

gboolean
spare_tool_open_authority (SpareTool *self, GError **error)
{
  self->authority = spare_authority_new ();
  if (self->passphrase_fd >= 0)
    {
      self->passphrase = spare_tool_read_passphrase (self, error);
      if (self->passphrase == NULL)
        return FALSE;
      spare_authority_set_passphrase_func (self->authority, answer_cb, self, NULL);
    }
  return spare_authority_open_sync (self->authority, self->cancellable, error);
}

void
spare_tool_close_authority (SpareTool *self)
{
  g_autoptr (GError) error = NULL;

  /* What the command did is done; the next checkpoint covers it too. */
  if (self->authority != NULL
      && !spare_authority_close_sync (self->authority, self->cancellable, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_autofree char *text = g_strdup_printf (_ ("The audit log could not be signed: %s What "
                                                  "was done is done; the log is signed "
                                                  "the next time."),
                                               error->message);

      fprintf (stderr, "sparekey-tool: %s\n", text);
    }
  g_clear_object (&self->authority);
  g_clear_pointer (&self->passphrase, spare_secret_unref);
}
