/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for damaged octets: one sentence a kind of damage for the person, the engineer's detail for the
 * debug log.
 *
 * Promise: the sentence says what happened, what is unharmed and what to do; the detail never holds octets
 * of the input, so no log line can be forged by a file.
 */
#include "config.h"

#include "spare-damage-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>

static const struct
{
  SpareErrorCode code;
  const char *message;
} damages[] = {
  [SPARE_DAMAGE_BROKEN] = { SPARE_ERROR_DAMAGED, N_ ("The encrypted data is damaged. Nothing "
                                                     "was changed. Try another copy.") },
  [SPARE_DAMAGE_CUT] = { SPARE_ERROR_DAMAGED,
                         N_ ("The encrypted data is cut short: its end is missing. Nothing was "
                             "changed. Try another copy.") },
  [SPARE_DAMAGE_TRAILING] = { SPARE_ERROR_DAMAGED,
                              N_ ("There is something after the end of the encrypted data that "
                                  "does not belong "
                                  "there. Nothing was changed. Try another copy.") },
  [SPARE_DAMAGE_EXCESSIVE] = { SPARE_ERROR_DAMAGED,
                               N_ ("The encrypted data begins with far more than any program "
                                   "writes: it is damaged, or "
                                   "made to do harm. Nothing was changed. Try another copy.") },
  [SPARE_DAMAGE_UNSUPPORTED] = { SPARE_ERROR_UNSUPPORTED,
                                 N_ ("The data is encrypted in a way that this version does "
                                     "not understand. Nothing was "
                                     "changed. A newer version, or the program that made it, "
                                     "may open it.") },
  [SPARE_DAMAGE_PLAIN] = { SPARE_ERROR_NOT_ENCRYPTED,
                           N_ ("This is not an encrypted message. Nothing was changed.") },
  [SPARE_DAMAGE_CERTIFICATE] = { SPARE_ERROR_DAMAGED,
                                 N_ ("The certificate is damaged, or is not one. Nothing was "
                                     "changed. Get it "
                                     "again from its owner.") },
  [SPARE_DAMAGE_KEY_KIND] = { SPARE_ERROR_UNSUPPORTED,
                              N_ ("Files can’t be handed over to this kind of key. The files "
                                  "are unharmed. To "
                                  "let this key open them, encrypt them anew.") },
  [SPARE_DAMAGE_KEY_WEAK] = { SPARE_ERROR_UNSUPPORTED,
                              N_ ("This key is too weak for files to be handed over to it. "
                                  "The files are unharmed. Use "
                                  "a newer key.") },
  [SPARE_DAMAGE_OTHER_KEY] = { SPARE_ERROR_NO_KEY,
                               N_ ("This is encrypted to another key than the one at hand. "
                                   "Nothing was changed.") },
};

/*< private >
 * spare_damage_set:
 * @error: (out) (optional): return location for the error
 * @damage: what is wrong
 * @detail: for the debug log; numbers, never octets of the input
 *
 * Sets @error to the sentence for @damage.
 *
 * Returns: %FALSE, always, so that a check can end with it
 */
gboolean
spare_damage_set (GError **error, SpareDamage damage, const char *detail, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, detail);
  text = g_strdup_vprintf (detail, arguments);
  va_end (arguments);
  g_debug ("Octets refused: %s", text);
  g_set_error_literal (error, SPARE_ERROR, (int) damages[damage].code,
                       _ (damages[damage].message));
  return FALSE;
}
