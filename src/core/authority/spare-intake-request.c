/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request on its way to become a case.
 *
 * Promise: every request that is well-formed and whose new key can be answered becomes exactly one case, whose id comes from
 * its octets. Nothing is granted or judged here. The same file twice counts once.
 */
#include "config.h"

#include "spare-intake-private.h"

#include "spare-case-row-private.h"
#include "spare-claim-private.h"
#include "spare-error.h"
#include "spare-request-facts-private.h"

#include <glib/gi18n-lib.h>

static gboolean
add_case (SpareIntake *self, const SpareRequestFacts *facts, const char *id, GError **error)
{
  const SpareBundleHeader *header = spare_bundle_get_header (self->bundle);
  const SpareCaseRow row = {
    .id = (char *) id,
    .request = (char *) spare_bundle_get_sha256 (self->bundle),
    .request_id = header->id,
    .requester = facts->requester,
    .people = facts->people,
    .old = facts->old,
    .key = header->from,
    .subkey = facts->subkey,
    .reason = facts->reason,
    .lost = facts->lost,
    .since = facts->since,
    .opened = self->now,
    .sequence = self->sequence,
  };

  return spare_case_row_insert (spare_authority_get_registry (self->authority), &row, error);
}

static gboolean
add_files (SpareIntake *self, const char *id, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint64 n = 0;; n++)
    {
      g_autoptr (JsonObject) object = NULL;
      g_autoptr (SpareRequestRecord) record = NULL;
      g_autofree char *source = NULL;

      if (!spare_intake_step (self, n, error)
          || !spare_bundle_next_sync (self->bundle, &object, error))
        return FALSE;
      if (object == NULL)
        return TRUE;
      /* Unlike a deposit, a request is one whole: with one bad line it is not what its owner meant. */
      record = spare_request_record_from_json (object, error);
      if (record == NULL)
        return FALSE;
      source = spare_claim_name (record);
      if (!g_hash_table_add (seen, g_steal_pointer (&source)))
        {
          self->result->n_known++;
          continue;
        }
      if (!spare_case_row_add_file (registry, id, n, record, error))
        return FALSE;
      self->result->n_new++;
    }
}

gboolean
spare_intake_request_sync (SpareIntake *self, JsonObject *detail, GError **error)
{
  g_autoptr (SpareRequestFacts)
      facts = spare_request_facts_new (self->bundle,
                                       spare_authority_get_fingerprint (self->authority),
                                       self->now, error);
  g_autofree char *id = spare_case_id_from_request (spare_bundle_get_sha256 (self->bundle));

  if (facts == NULL || !add_case (self, facts, id, error) || !add_files (self, id, error))
    return FALSE;
  if (self->result->n_new == 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("The request names no file. Nothing was changed."));
      return FALSE;
    }
  json_object_set_string_member (detail, "case", id);
  json_object_set_string_member (detail, "old", facts->old);
  json_object_set_string_member (detail, "subkey", facts->subkey);
  json_object_set_int_member (detail, "files", (gint64) self->result->n_new);
  self->result->case_id = g_steal_pointer (&id);
  return TRUE;
}
