/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What became of one file, and how that is said in one line. */

#include "config.h"

#include "spare-file-result.h"

#include <glib/gi18n-lib.h>

#include "spare-decryption.h"
#include "spare-display.h"

void
spare_file_result_free (SpareFileResult *self)
{
  g_free (self->output);
  g_free (self->file_id);
  g_free (self->serial);
  g_free (self->note);
  g_clear_pointer (&self->signatures, g_ptr_array_unref);
  g_free (self);
}

static void
describe_signature (GString *text, const SpareSignature *signature)
{
  g_autofree char *who = signature->user_id != NULL
                             ? spare_display_text (signature->user_id, -1, 60)
                             : NULL;
  g_autofree char *key = signature->fingerprint != NULL
                             ? spare_display_fingerprint (signature->fingerprint)
                             : NULL;
  /* Translators: stands in place of a name, as in “signed by somebody” */
  const char *name = who != NULL ? who : key != NULL ? key : _ ("somebody");

  g_string_append (text, " · ");
  switch (signature->status)
    {
    case SPARE_SIGNATURE_GOOD:
      /* Translators: %s is a person's name from a key that is known here. */
      g_string_append_printf (text, _ ("signed by %s"), name);
      break;
    case SPARE_SIGNATURE_EXPIRED_KEY:
      g_string_append_printf (text, _ ("signed by %s, whose key has expired since"), name);
      break;
    case SPARE_SIGNATURE_REVOKED_KEY:
      g_string_append_printf (text, _ ("signed by a revoked key of %s: don’t rely on it"),
                              name);
      break;
    case SPARE_SIGNATURE_EXPIRED:
      g_string_append_printf (text, _ ("signature of %s, expired since"), name);
      break;
    case SPARE_SIGNATURE_UNKNOWN_KEY:
      g_string_append (text, _ ("signed by an unknown key"));
      break;
    case SPARE_SIGNATURE_BAD:
    case SPARE_SIGNATURE_ERROR:
    default:
      g_string_append (text, _ ("its signature could not be checked"));
      break;
    }
}

static void
describe_decryption (GString *text, const SpareFileResult *self)
{
  g_autofree char *name = spare_display_basename (self->output);

  /* Translators: %s is the name of a decrypted file or folder. */
  g_string_append_printf (text, self->is_folder ? _ ("Unpacked as %s") : _ ("Opened as %s"),
                          name);
  for (guint i = 0; self->signatures != NULL && i < self->signatures->len; i++)
    describe_signature (text, g_ptr_array_index (self->signatures, i));
}

static void
describe_encryption (GString *text, const SpareFileResult *self)
{
  g_string_append (text, C_ ("file", "Encrypted"));
  if (self->serial != NULL)
    /* Translators: the number of an escrow packet. */
    g_string_append_printf (text, _ (" · serial %s"), self->serial);
  if (self->pending)
    g_string_append (text, _ (" · the backup authority will be added later"));
  else if (self->serial == NULL)
    g_string_append (text, _ (" · without a backup authority"));
  else if (self->mode == SPARE_ESCROW_DETACHED)
    g_string_append (text, _ (" · packet waits in the outbox"));
  if (self->trashed)
    g_string_append (text, _ (" · original in the trash"));
}

/**
 * spare_file_result_describe:
 * @self: a result
 *
 * Returns: (transfer full): what became of the file, in words fit for a line under its name; plain text
 */
char *
spare_file_result_describe (const SpareFileResult *self)
{
  GString *text = g_string_new (NULL);

  if (self->decrypted)
    describe_decryption (text, self);
  else
    describe_encryption (text, self);
  if (self->n_left_out > 0)
    {
      g_string_append (text, " · ");
      g_string_append_printf (text,
                              ngettext ("%u pipe, device or socket left out",
                                        "%u pipes, devices or sockets left out",
                                        self->n_left_out),
                              self->n_left_out);
    }
  if (self->note != NULL)
    g_string_append_printf (text, " · %s", self->note);
  return g_string_free (text, FALSE);
}
