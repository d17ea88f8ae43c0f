/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a case: a grant or a refusal, kept, logged, and carried to who asked.
 *
 * Promise: the answer's octets are kept durably before the one transaction in which the case is closed and the log says
 * so; only then it leaves for the folder that the officer chose. So a medium that fails costs nothing: the same octets
 * are written again. A kill leaves the case open, or closed with its answer kept.
 *
 * It is encrypted to the certificate that came, signed, with the request, in a home of its own.
 */
#include "config.h"

#include "spare-reply-private.h"

#include "spare-delivery.h"
#include "spare-error.h"
#include "spare-source.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#define COPY_SIZE 65536

void
spare_reply_free (SpareReply *self)
{
  g_clear_pointer (&self->header, spare_bundle_header_free);
  g_clear_object (&self->receiver);
  g_clear_object (&self->scratch);
  g_free (self);
}

static void
fill_header (SpareReply *self)
{
  const SpareCaseRow *row = self->dossier->row;
  JsonObject *fields = self->header->fields;

  json_object_set_string_member (fields, "case", row->id);
  json_object_set_string_member (fields, "request", row->request_id);
  json_object_set_string_member (fields, "request-sha256", row->request);
}

/**
 * spare_reply_new_sync:
 * @dossier: the case; must outlive the answer
 * @request: its request, verified
 * @type: grant or refusal
 *
 * Returns: (transfer full) (nullable): an answer to fill in
 */
SpareReply *
spare_reply_new_sync (const SpareDossier *dossier,
                      SpareBundle *request,
                      SpareBundleType type,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (SpareReply) self = g_new0 (SpareReply, 1);
  const char *authority = spare_authority_get_fingerprint (dossier->authority);

  self->dossier = dossier;
  self->scratch = spare_home_new_scratch (error);
  if (self->scratch == NULL)
    return NULL;
  self->receiver = spare_home_import_certificate_sync (self->scratch,
                                                       spare_bundle_get_sender_certificate (
                                                           request),
                                                       dossier->row->key, cancellable, error);
  if (self->receiver == NULL)
    return NULL;
  self->parties = (SpareBundleParties){
    .home = self->scratch,
    .signing_home = spare_authority_get_home (dossier->authority),
    .signer = authority,
    .receiver = self->receiver,
  };
  self->header = spare_bundle_header_new (type, authority, dossier->row->key);
  fill_header (self);
  return g_steal_pointer (&self);
}

/**
 * spare_reply_add_checkpoint:
 *
 * Gives the owner the newest checkpoint of the audit log, so that he is a witness of it.
 */
gboolean
spare_reply_add_checkpoint (SpareReply *self, GError **error)
{
  g_autoptr (GError) failure = NULL;
  JsonObject *checkpoint = spare_audit_dup_checkpoint_json (spare_authority_get_audit (
                                                                self->dossier->authority),
                                                            &failure);

  if (checkpoint != NULL)
    json_object_set_object_member (self->header->fields, "checkpoint", checkpoint);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
copy_cb (SpareWriteFunc write, gpointer write_data, gpointer user_data, GError **error)
{
  g_autoptr (SpareSource) source = spare_source_open (user_data, SPARE_SOURCE_NONE, error);
  g_autofree guint8 *buffer = g_malloc (COPY_SIZE);

  if (source == NULL)
    return FALSE;
  for (;;)
    {
      gssize n = spare_source_read (source, buffer, COPY_SIZE, error);

      if (n <= 0)
        return n == 0;
      if (!write (write_data, buffer, (gsize) n, error))
        return FALSE;
    }
}

gboolean
spare_reply_keep_file_sync (SpareAuthority *authority,
                            const char *path,
                            const char *sha256,
                            GError **error)
{
  gboolean done = spare_authority_keep_bundle_sync (authority, sha256, copy_cb, (gpointer) path,
                                                    error);

  g_unlink (path);
  return done;
}

static gboolean
add_bundle (SpareReply *self, const char *sha256, guint64 size, gint64 sequence, GError **error)
{
  const SpareRegistryBundle row = {
    .sha256 = (char *) sha256,
    .id = self->header->id,
    .type = (char *) spare_bundle_type_to_string (self->header->type),
    .sender = self->header->from,
    .receiver = self->header->to,
    .received = self->dossier->now,
    .sequence = sequence,
    .size = size,
  };

  return spare_registry_add_bundle (spare_authority_get_registry (self->dossier->authority),
                                    &row, error);
}

static gboolean
append_row (SpareReply *self,
            const char *sha256,
            const SpareAnswerWords *words,
            gint64 *sequence,
            GError **error)
{
  SpareAuthority *authority = self->dossier->authority;
  g_autoptr (JsonObject) detail = words->detail != NULL ? json_object_ref (words->detail)
                                                        : json_object_new ();

  json_object_set_string_member (detail, "case", self->dossier->row->id);
  json_object_set_string_member (detail, "id", self->header->id);
  json_object_set_string_member (detail, "sha256", sha256);
  if (words->reason != NULL)
    json_object_set_string_member (detail, "reason", words->reason);
  return spare_audit_append (spare_authority_get_audit (authority), words->event,
                             spare_authority_get_fingerprint (authority), detail, sequence,
                             error);
}

static gboolean
close_row (SpareReply *self, const char *sha256, const SpareAnswerWords *words, GError **error)
{
  g_autofree char *name = spare_bundle_header_dup_file_name (self->header);
  const SpareCaseRow row = {
    .id = self->dossier->row->id,
    .answer = (char *) sha256,
    .answer_kind = (char *) words->kind,
    .answer_id = self->header->id,
    .answer_name = name,
    .answer_reason = (char *) words->reason,
    .answered = self->dossier->now,
    .answer_records = words->n_records,
  };

  return spare_case_row_close (spare_authority_get_registry (self->dossier->authority), &row,
                               error);
}

static gboolean
close_locked (SpareReply *self,
              const char *sha256,
              guint64 size,
              const SpareAnswerWords *words,
              GError **error)
{
  gint64 sequence = 0;

  return append_row (self, sha256, words, &sequence, error)
         && add_bundle (self, sha256, size, sequence, error)
         && close_row (self, sha256, words, error);
}

/**
 * spare_reply_close_sync:
 * @path: the answer, written in the spool folder; gone afterwards
 * @sha256: of its octets
 * @words: what to write down
 *
 * Returns: whether the case is closed with this answer
 */
gboolean
spare_reply_close_sync (SpareReply *self,
                        const char *path,
                        const char *sha256,
                        const SpareAnswerWords *words,
                        GCancellable *cancellable,
                        GError **error)
{
  SpareAuthority *authority = self->dossier->authority;
  SpareRegistry *registry = spare_authority_get_registry (authority);
  GStatBuf status = { 0 };

  g_stat (path, &status);
  if (!spare_reply_keep_file_sync (authority, path, sha256, error)
      || !spare_registry_begin (registry, error))
    return FALSE;
  if (!close_locked (self, sha256, (guint64) status.st_size, words, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error)
         && spare_audit_checkpoint_sync (spare_authority_get_audit (authority), cancellable,
                                         error);
}

/**
 * spare_reply_deliver_sync:
 * @sha256: of a kept answer
 * @name: its file name
 * @folder: where to put it
 *
 * Returns: (transfer full) (nullable): where it is now
 */
char *
spare_reply_deliver_sync (SpareAuthority *authority,
                          const char *sha256,
                          const char *name,
                          const char *folder,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autofree char *kept = spare_authority_find_bundle_sync (authority, sha256, error);
  char *final = NULL;

  if (kept == NULL
      || !spare_delivery_put_file_sync (folder, name, kept, &final, cancellable, error))
    return NULL;
  return final;
}
