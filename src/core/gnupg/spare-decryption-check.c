/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a message's head says about opening it, and the words for what can't be opened.
 *
 * Promise: what would be decrypted without proof that it is whole is refused here, before the engine sees it.
 *
 * And what an opened message has to be to count as the signed word of one key: see
 * spare_decryption_is_signed_only_by().
 */
#include "config.h"

#include "spare-decryption-private.h"

#include "spare-error.h"
#include "spare-signature-private.h"

#include <glib/gi18n-lib.h>

static gboolean
has_public_key_esk (const SpareHead *head)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (spare_esk_is_public_key (spare_head_get_esk (head, i)))
      return TRUE;
  return FALSE;
}

gboolean
spare_decryption_check_head_private (const SpareHead *head,
                                     gboolean has_session_key,
                                     GError **error)
{
  if (head == NULL || !spare_head_is_encrypted (head))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                   _ ("This is not an encrypted OpenPGP file. Nothing was changed."));
      return FALSE;
    }
  if (spare_head_get_kind (head) == SPARE_HEAD_KIND_PASSWORD)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                   _ ("This file is encrypted with a password, not to a key. Spare Key opens "
                      "only "
                      "files that are encrypted to a key."));
      return FALSE;
    }
  if (spare_head_get_container_tag (head) == SPARE_PACKET_TAG_SED)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                   _ ("This file is encrypted in an old way that does not show damage or "
                      "forgery. "
                      "It was not opened."));
      return FALSE;
    }
  if (!has_session_key && !has_public_key_esk (head))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                   _ ("This file does not say which key opens it: its session keys were taken "
                      "out. Nothing was changed."));
      return FALSE;
    }
  return TRUE;
}

/* --- Errors --- */

void
spare_decryption_set_damaged_private (GError **error, const char *detail)
{
  g_debug ("decryption not believed: %s", detail);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
               _ ("The file is damaged or was changed. Nothing of it was released; the "
                  "encrypted "
                  "file is as it was."));
}

void
spare_decryption_set_no_key_private (GError **error, const SpareHead *head)
{
  g_autoptr (GString) ids = g_string_new (NULL);
  gboolean hidden = FALSE;

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      const SpareEsk *esk = spare_head_get_esk (head, i);

      if (!spare_esk_is_public_key (esk))
        continue;
      if (spare_esk_is_hidden (esk))
        {
          hidden = TRUE;
          continue;
        }
      if (ids->len > 0)
        g_string_append (ids, ", ");
      g_string_append_printf (ids, "%016" G_GINT64_MODIFIER "X", spare_esk_get_key_id (esk));
    }

  if (ids->len == 0)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 _ ("None of your keys opens this file, and it hides whose key would. Nothing "
                    "was "
                    "changed."));
  else if (hidden)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 _ ("None of your keys opens this file. It was encrypted to %s, and to others "
                    "that "
                    "it hides. Nothing was changed."),
                 ids->str);
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 _ ("None of your keys opens this file. It was encrypted to %s. Nothing was "
                    "changed."),
                 ids->str);
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED, message);
  return FALSE;
}

/**
 * spare_decryption_is_signed_only_by:
 * @self: a message that was opened
 * @fingerprint: the primary fingerprint of who must have signed it
 * @notation_name: the notation that must stand under the signature, once
 * @notation_value: its value
 * @error: return location for an error
 *
 * Whether all that was opened is the word of that one key, given for that one purpose: one signature, good, by a key
 * that was neither expired nor revoked when it was checked; over the octets as they are; with a hash that is no MD5,
 * SHA-1 or RIPEMD-160; and inside of the message one literal packet, so that nothing unsigned stands beside what was
 * signed. gpg delivers unsigned data before signed data, and prints VALIDSIG for an expired signer: neither is
 * enough.
 *
 * Errors: %SPARE_ERROR_DAMAGED, with a sentence that says why
 *
 * Returns: whether it is
 */
gboolean
spare_decryption_is_signed_only_by (const SpareDecryption *self,
                                    const char *fingerprint,
                                    const char *notation_name,
                                    const char *notation_value,
                                    GError **error)
{
  g_return_val_if_fail (self != NULL && fingerprint != NULL, FALSE);
  g_return_val_if_fail (notation_name != NULL && notation_value != NULL, FALSE);

  if (self->n_signatures == 0 && (self->signatures == NULL || self->signatures->len == 0))
    return refuse (error,
                   _ ("This is not signed, so nobody knows whom it comes from. It was not "
                      "accepted, and nothing was changed."));
  if (self->n_signatures != 1 || self->signatures->len != 1)
    return refuse (error, _ ("This is signed more than once, which the sender’s program never "
                             "does. It was not accepted, and nothing was changed."));
  if (self->n_plaintexts != 1)
    return refuse (error,
                   _ ("There is unsigned data beside the signed data in this. It was not "
                      "accepted, and nothing was changed."));
  if (!spare_signature_check_private (g_ptr_array_index (self->signatures, 0), fingerprint,
                                      notation_name, notation_value, FALSE, error))
    return FALSE;
  /* Whoever is good needs one pass alone. */
  return !self->two_passes
         || refuse (error,
                    _ ("The signature on this could not be checked in one go. It was not "
                       "accepted, and nothing was changed."));
}
