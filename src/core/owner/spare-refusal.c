/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A refusal: the authority says no to a request, and why (protocol.md 5.7).
 *
 * Promise: it is believed only as the pinned authority's, to the very key that asked, and only for an open request whose
 * octets it names. It changes nothing but the request's state: the files are as they were. The checkpoint of the authority's audit log that comes along is kept.
 */
#include "config.h"

#include "spare-request.h"

#include "spare-bundle-for-me-private.h"
#include "spare-error.h"
#include "spare-outbox-witness-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define REASON_MAX 16384

/* An answer to a request that was made here, by the key that the answer is for, to the authority that signed it. */
static gboolean
fits (const SpareRequest *request, const SpareBundleHeader *header, const char *sha256)
{
  return strcmp (request->sha256, sha256) == 0 && strcmp (request->key, header->to) == 0
         && strcmp (request->authority, header->from) == 0;
}

/**
 * spare_refusal_apply_sync:
 * @owner: the owner's side, opened
 * @path: a refusal
 * @request: (out) (transfer full) (optional): the request as it is now, with the authority's reason; untouched on failure
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Takes a refusal: the request that it answers is closed.
 *
 * Returns: %FALSE with [error@SpareError] `DAMAGED` (forged, damaged, for another request), `NO_KEY` (not for me),
 *   `FAILED` (answered already), `UNSUPPORTED`, `DATABASE`; nothing was changed
 */
gboolean
spare_refusal_apply_sync (SpareOwner *owner,
                          const char *path,
                          SpareRequest **request,
                          SpareProgressMeter *meter,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (SpareBundle) bundle = NULL;
  g_autoptr (SpareRequest) found = NULL;
  g_autoptr (GError) reason = NULL;
  const SpareBundleHeader *header;
  const char *id, *sha256, *why;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && path != NULL, FALSE);

  bundle = spare_bundle_for_me_open_sync (owner, path, SPARE_BUNDLE_MASK (SPARE_BUNDLE_REFUSAL),
                                          meter, cancellable, error);
  if (bundle == NULL)
    return FALSE;
  header = spare_bundle_get_header (bundle);
  if (!spare_json_get_uuid (header->fields, "request", &id, error)
      || !spare_json_get_hex (header->fields, "request-sha256", SPARE_JSON_SHA256_DIGITS,
                              &sha256, error)
      || !spare_json_get_string (header->fields, "reason", REASON_MAX, &why, error))
    return FALSE;

  found = spare_request_find_sync (owner, id, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (found == NULL || !fits (found, header, sha256))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("This answers no request that was made here. Nothing was "
                              "changed."));
      return FALSE;
    }
  if (!spare_outbox_keep_checkpoint_private (spare_owner_get_outbox (owner), header, error)
      || !spare_request_close_sync (owner, id, SPARE_REQUEST_REFUSED, header->id, why, error))
    return FALSE;
  if (request != NULL)
    {
      *request = spare_request_find_sync (owner, id, error);
      return *request != NULL;
    }
  return TRUE;
}
