/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A remote officer's answer to a case that he was sent.
 *
 * Promise: what is signed is the SHA-256 of the very manifest that was shown. The question is believed only if it is a case
 * bundle of the authority that it names, whole and signed by it, and the manifest in it has the SHA-256 that its
 * header names. The answer is encrypted to that authority and says nothing but the case and that SHA-256. No secret key of
 * the authority and no registry is needed.
 */
#include "config.h"

#include "spare-approval.h"

#include "spare-bundle-reader.h"
#include "spare-bundle-writer.h"
#include "spare-error.h"
#include "spare-json-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NAME_MAX_OCTETS   1024
#define REASON_MAX_OCTETS 4096

typedef struct
{
  SpareHome *home; /* borrowed */
  SpareKey *key;
  SpareBundle *bundle;
} Opened;

static void
opened_clear (Opened *self)
{
  g_clear_object (&self->key);
  g_clear_pointer (&self->bundle, spare_bundle_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Opened, opened_clear)

static gboolean
open_with_keys_of (SpareHome *home,
                   const char *path,
                   const char *authority,
                   Opened *opened,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, TRUE, cancellable, error);
  const SpareBundleExpectation wanted = {
    .home = home,
    .sender = authority,
    .types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_CASE),
  };

  if (keys == NULL)
    return FALSE;
  for (guint i = 0; i < keys->len; i++)
    {
      SpareBundleExpectation expectation = wanted;
      g_autoptr (GError) failure = NULL;

      expectation.me = g_ptr_array_index (keys, i);
      opened->bundle = spare_bundle_open_sync (path, &expectation, NULL, cancellable, &failure);
      if (opened->bundle != NULL)
        {
          opened->home = home;
          opened->key = g_object_ref (expectation.me);
          return TRUE;
        }
      if (!g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_NO_KEY))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
open_case (GPtrArray *homes,
           const char *path,
           const char *authority,
           Opened *opened,
           GCancellable *cancellable,
           GError **error)
{
  for (guint i = 0; i < homes->len && opened->bundle == NULL; i++)
    if (!open_with_keys_of (g_ptr_array_index (homes, i), path, authority, opened, cancellable,
                            error))
      return FALSE;
  if (opened->bundle != NULL)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                       _ ("This question is for another officer: none of your keys opens it. "
                          "Nothing was signed."));
  return FALSE;
}

/* The manifest, octet by octet as the authority made it. */
static GBytes *
read_manifest (SpareBundle *bundle, GError **error)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();

  for (;;)
    {
      g_autoptr (JsonObject) record = NULL;
      const char *line;

      if (!spare_bundle_next_sync (bundle, &record, error))
        return NULL;
      if (record == NULL)
        return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
      if (!spare_json_get_string (record, "line", SPARE_JSON_LINE_MAX, &line, error))
        return NULL;
      g_byte_array_append (octets, (const guint8 *) line, (guint) strlen (line));
      g_byte_array_append (octets, (const guint8 *) "\n", 1);
      if (octets->len > SPARE_MANIFEST_SIZE_MAX)
        {
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                               _ ("The question is too large. Nothing was signed."));
          return NULL;
        }
    }
}

static gboolean
fail_question (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The question does not agree with itself, so it is damaged or "
                          "forged. "
                          "Nothing was signed."));
  return FALSE;
}

/* What the header says in passing must be what the manifest says, since only the manifest is signed. */
static gboolean
check_question (SpareApprovalQuestion *question,
                JsonObject *fields,
                GBytes *octets,
                GError **error)
{
  g_autofree char *sha256 = spare_manifest_hash (octets);

  return (spare_json_get_string (fields, "case", 64, &question->case_id, error)
          && spare_json_get_hex (fields, "manifest", SPARE_JSON_SHA256_DIGITS,
                                 &question->manifest_sha256, error)
          && spare_json_get_string (fields, "requester", NAME_MAX_OCTETS, &question->requester,
                                    error)
          && spare_json_get_string (fields, "person", NAME_MAX_OCTETS, &question->person, error)
          && spare_json_get_string (fields, "reason", REASON_MAX_OCTETS, &question->reason,
                                    error))
         && ((g_str_equal (sha256, question->manifest_sha256)
              && g_str_equal (question->manifest->case_id, question->case_id)
              && g_str_equal (question->manifest->person, question->person))
             || fail_question (error));
}

static SpareWrittenBundle *
write_answer (const Opened *opened,
              const SpareApprovalQuestion *question,
              const char *folder,
              GCancellable *cancellable,
              GError **error)
{
  GBytes *certificate = spare_bundle_get_sender_certificate (opened->bundle);
  g_autoptr (SpareHome) scratch = spare_home_new_scratch (error);
  g_autoptr (SpareKey) receiver = NULL;
  g_autoptr (SpareBundleHeader) header = NULL;
  g_autofree char *path = NULL;
  SpareBundleParties parties;

  if (scratch == NULL)
    return NULL;
  receiver = spare_home_import_certificate_sync (scratch, certificate, question->authority,
                                                 cancellable, error);
  if (receiver == NULL)
    return NULL;
  header = spare_bundle_header_new (SPARE_BUNDLE_APPROVAL, question->officer,
                                    question->authority);
  json_object_set_string_member (header->fields, "case", question->case_id);
  json_object_set_string_member (header->fields, "manifest", question->manifest_sha256);
  parties = (SpareBundleParties){
    .home = scratch,
    .signing_home = opened->home,
    .signer = question->officer,
    .receiver = receiver,
  };
  path = spare_bundle_write_file_sync (&parties, header, NULL, NULL, folder, NULL, NULL,
                                       cancellable, error);
  return path != NULL ? spare_written_bundle_new (path, header, 0) : NULL;
}

/**
 * spare_approval_answer_sync:
 * @homes: (element-type SpareHome): where the officer's secret key may be
 * @case_bundle: path of the question
 * @authority: (nullable): primary fingerprint of the only authority that is answered; %NULL: any, @func decides
 * @folder: where to put the approval
 * @func: (scope call): shows the question, and says whether to sign
 * @user_data: for @func
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Errors: %SPARE_ERROR_NO_KEY if it is for somebody else; %SPARE_ERROR_DAMAGED if it is damaged or forged;
 * %G_IO_ERROR_CANCELLED if @func declined.
 *
 * Returns: (transfer full) (nullable): what was written
 */
SpareWrittenBundle *
spare_approval_answer_sync (GPtrArray *homes,
                            const char *case_bundle,
                            const char *authority,
                            const char *folder,
                            SpareApprovalFunc func,
                            gpointer user_data,
                            GCancellable *cancellable,
                            GError **error)
{
  g_auto (Opened) opened = { NULL };
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SpareManifest) manifest = NULL;
  SpareApprovalQuestion question = { NULL };

  if (!open_case (homes, case_bundle, authority, &opened, cancellable, error))
    return NULL;
  octets = read_manifest (opened.bundle, error);
  manifest = octets != NULL ? spare_manifest_parse (octets, error) : NULL;
  if (manifest == NULL)
    return NULL;

  question.authority = spare_bundle_get_header (opened.bundle)->from;
  question.authority_name = spare_key_get_user_id (spare_bundle_get_sender (opened.bundle));
  question.officer = spare_key_get_fingerprint (opened.key);
  question.manifest = manifest;
  if (!check_question (&question, spare_bundle_get_header (opened.bundle)->fields, octets,
                       error))
    return NULL;
  if (!func (&question, user_data))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                           _ ("You declined. Nothing was signed."));
      return NULL;
    }
  return write_answer (&opened, &question, folder, cancellable, error);
}
