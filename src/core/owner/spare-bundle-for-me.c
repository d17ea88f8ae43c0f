/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the authority answers: receipt, grant, refusal.
 *
 * Promise: only the pinned authority is believed, by the certificate that is pinned here and not by one that comes along,
 * and only what is encrypted to a key of the owner that is at hand; any of them, since a receipt may come after the owner
 * took a new key. All else that a bundle must be, SpareBundle checks (protocol.md 3).
 */
#include "config.h"

#include "spare-bundle-for-me-private.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-inspection.h"

#include <glib/gi18n-lib.h>

/* The key that the bundle is for. */
static SpareKey *
find_receiver (SpareOwnKeys *keys, const char *path, GError **error)
{
  g_autoptr (SpareHead) head = NULL;
  g_autofree char *shown = spare_display_basename (path);

  if (!spare_head_read_sync (path, &head, error))
    return NULL;
  for (guint i = 0; spare_head_is_encrypted (head) && i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);
      SpareKey *key = spare_esk_is_hidden (esk) ? NULL
                                                : spare_own_keys_find_for_esk (keys, esk);

      if (key != NULL)
        return key;
    }
  if (spare_head_is_encrypted (head))
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 _ ("“%s” is not for any of your keys. Nothing was changed."), shown);
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                 _ ("“%s” is not a message of the backup authority. Nothing was changed."),
                 shown);
  return NULL;
}

SpareBundle *
spare_bundle_for_me_open_sync (SpareOwner *owner,
                               const char *path,
                               guint types,
                               SpareProgressMeter *meter,
                               GCancellable *cancellable,
                               GError **error)
{
  SparePin *pin = spare_owner_get_pin (owner);
  SpareKey *authority = spare_pin_get_key (pin);
  g_autoptr (SpareOwnKeys) keys = NULL;
  g_autoptr (GBytes) certificate = NULL;
  SpareBundleExpectation expectation = { .types = types };

  if (authority == NULL)
    {
      g_autofree char *why = spare_pin_describe (pin);

      g_set_error (error, SPARE_ERROR,
                   spare_pin_get_state (pin) == SPARE_PIN_NONE ? SPARE_ERROR_NOT_SET_UP
                                                               : SPARE_ERROR_AUTHORITY_UNUSABLE,
                   _ ("%s So nothing that comes from it can be checked. Nothing was changed."),
                   why);
      return NULL;
    }
  certificate = spare_home_export_sync (spare_owner_get_home (owner),
                                        spare_key_get_fingerprint (authority),
                                        SPARE_EXPORT_MINIMAL, cancellable, error);
  if (certificate == NULL)
    return NULL;
  keys = spare_own_keys_new_sync (owner, FALSE, cancellable, error);
  if (keys == NULL)
    return NULL;
  expectation.me = find_receiver (keys, path, error);
  if (expectation.me == NULL)
    return NULL;
  expectation.home = spare_own_keys_get_home (keys, expectation.me);
  expectation.sender = spare_key_get_fingerprint (authority);
  expectation.sender_certificate = certificate;
  return spare_bundle_open_sync (path, &expectation, meter, cancellable, error);
}
