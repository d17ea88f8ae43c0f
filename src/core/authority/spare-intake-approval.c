/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An approval on its way to its case.
 *
 * Promise: only one that could count now is taken in: from a key of an officer who is neither the requester nor has
 * approved before, for a case that is open, and for the manifest as it is now. A replayed, an outdated and a misplaced
 * one are refused and logged. What is taken in is judged again each time that approvals are counted.
 */
#include "config.h"

#include "spare-intake-private.h"

#include "spare-case-row-private.h"
#include "spare-dossier-private.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>

/* Octets of an approval: a header and a certificate. */
#define APPROVAL_MAX (1024 * 1024)

static gboolean
judge (SpareIntake *self, const SpareDossier *dossier, const char *manifest, GError **error)
{
  const char *sender = spare_bundle_get_header (self->bundle)->from;
  SpareKey *key = spare_bundle_get_sender (self->bundle);

  if (!spare_dossier_require_open (dossier, error)
      || !spare_dossier_check_approver (dossier, sender, spare_key_get_user_ids (key), error))
    return FALSE;
  if (g_strcmp0 (dossier->manifest_sha256, manifest) == 0)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       _ ("This approval is for the case as it was before. Something has "
                          "changed "
                          "since, so it does not count. Nothing was changed."));
  return FALSE;
}

static gboolean
append_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  GByteArray *array = user_data;

  if (array->len + size > APPROVAL_MAX)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                           _ ("This approval is too large to be one. Nothing was changed."));
      return FALSE;
    }
  g_byte_array_append (array, octets, (guint) size);
  return TRUE;
}

/* The bundle was verified by the certificate that it brought; what is stored of the officer may know better. */
static gboolean
verify_by_stored (SpareIntake *self, GError **error)
{
  const char *sender = spare_bundle_get_header (self->bundle)->from;
  g_autoptr (SpareKey) key = spare_authority_dup_key (self->authority);
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  g_autoptr (GBytes) certificate = NULL;
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (SpareBundle) again = NULL;
  SpareBundleExpectation expectation;

  if (!spare_dossier_find_certificate_sync (self->authority, sender, &certificate,
                                            self->cancellable, error))
    return FALSE;
  if (certificate == NULL)
    return TRUE;
  if (!spare_bundle_copy_octets_sync (self->bundle, append_cb, octets, error))
    return FALSE;
  expectation = (SpareBundleExpectation){
    .home = spare_authority_get_home (self->authority),
    .me = key,
    .sender = sender,
    .sender_certificate = certificate,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_APPROVAL),
    .spool = spare_authority_get_spool (self->authority),
  };
  whole = g_byte_array_free_to_bytes (g_steal_pointer (&octets));
  again = spare_bundle_open_bytes_sync (whole, &expectation, NULL, self->cancellable, error);
  return again != NULL;
}

gboolean
spare_intake_judge_approval_sync (SpareIntake *self, GError **error)
{
  JsonObject *fields = spare_bundle_get_header (self->bundle)->fields;
  const char *case_id;
  const char *manifest;
  g_autoptr (SpareDossier) dossier = NULL;

  if (!spare_json_get_uuid (fields, "case", &case_id, error)
      || !spare_json_get_hex (fields, "manifest", SPARE_JSON_SHA256_DIGITS, &manifest, error))
    return FALSE;
  dossier = spare_dossier_load_sync (self->authority, case_id, SPARE_DOSSIER_INDEXED, NULL,
                                     self->cancellable, error);
  if (dossier == NULL || !judge (self, dossier, manifest, error)
      || !verify_by_stored (self, error))
    return FALSE;
  self->result->case_id = g_strdup (case_id);
  return TRUE;
}

gboolean
spare_intake_approval_sync (SpareIntake *self, JsonObject *detail, GError **error)
{
  const SpareBundleHeader *header = spare_bundle_get_header (self->bundle);
  const char *manifest;

  if (!spare_json_get_hex (header->fields, "manifest", SPARE_JSON_SHA256_DIGITS, &manifest,
                           error))
    return FALSE;
  json_object_set_string_member (detail, "case", self->result->case_id);
  json_object_set_string_member (detail, "manifest", manifest);
  self->result->n_new = 1;
  return spare_case_row_add_approval (spare_authority_get_registry (self->authority),
                                      self->result->case_id,
                                      spare_bundle_get_sha256 (self->bundle), header->from,
                                      error);
}
