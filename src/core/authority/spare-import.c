/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes in what others bring: deposits, requests, approvals, transfers, and certificates of officers and authorities.
 *
 * Promise: a bundle is verified from its first to its last octet before the first record is used, and then it is taken in
 * whole, in one transaction with its audit row, or not at all. What is refused changes nothing but the audit log. The
 * same bundle again changes nothing. The octets are kept, durably, before any row names them, and the authority signs a
 * statement that they came in then.
 */
#include "config.h"

#include "spare-intake-private.h"

#include "spare-case-row-private.h"
#include "spare-error.h"
#include "spare-head.h"
#include "spare-kept-bundle-private.h"
#include "spare-json-line.h"
#include "spare-source.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The first octets of a file tell a certificate from a bundle. */
#define PEEK_SIZE            4096
#define CERTIFICATE_FILE_MAX (1024 * 1024)

#define ACCEPTED                                                                       \
  (SPARE_BUNDLE_MASK (SPARE_BUNDLE_DEPOSIT) | SPARE_BUNDLE_MASK (SPARE_BUNDLE_REQUEST) \
   | SPARE_BUNDLE_MASK (SPARE_BUNDLE_APPROVAL) | SPARE_BUNDLE_MASK (SPARE_BUNDLE_TRANSFER))

/**
 * spare_import_result_free:
 * @self: (transfer full): a result
 */
void
spare_import_result_free (SpareImportResult *self)
{
  g_free (self->path);
  g_free (self->type);
  g_free (self->id);
  g_free (self->sender);
  g_free (self->case_id);
  g_clear_error (&self->error);
  g_free (self);
}

gboolean
spare_intake_step (SpareIntake *self, guint64 done, GError **error)
{
  if (done % SPARE_INTAKE_BATCH != 0)
    return TRUE;
  spare_progress_meter_report (self->progress, SPARE_STAGE_CHECKING, (goffset) done,
                               (goffset) spare_bundle_get_n_records (self->bundle));
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* --- One transaction --- */

static gboolean
add_bundle (SpareIntake *self, GError **error)
{
  const SpareBundleHeader *header = spare_bundle_get_header (self->bundle);
  const SpareRegistryBundle row = {
    .sha256 = (char *) spare_bundle_get_sha256 (self->bundle),
    .id = header->id,
    .type = (char *) spare_bundle_type_to_string (header->type),
    .sender = header->from,
    .receiver = header->to,
    .received = self->now,
    .sequence = self->sequence,
    .size = spare_bundle_get_size (self->bundle),
  };

  return spare_registry_add_bundle (spare_authority_get_registry (self->authority), &row,
                                    error);
}

static gboolean
take_records (SpareIntake *self, JsonObject *detail, GError **error)
{
  switch (spare_bundle_get_header (self->bundle)->type)
    {
    case SPARE_BUNDLE_DEPOSIT:
      return spare_intake_deposit_sync (self, detail, error);
    case SPARE_BUNDLE_TRANSFER:
      return spare_intake_transfer_sync (self, detail, error);
    case SPARE_BUNDLE_REQUEST:
      return spare_intake_request_sync (self, detail, error);
    default:
      return spare_intake_approval_sync (self, detail, error);
    }
}

static void
describe_bundle (SpareIntake *self, JsonObject *detail)
{
  const SpareBundleHeader *header = spare_bundle_get_header (self->bundle);

  json_object_set_string_member (detail, "type", spare_bundle_type_to_string (header->type));
  json_object_set_string_member (detail, "id", header->id);
  json_object_set_string_member (detail, "sha256", spare_bundle_get_sha256 (self->bundle));
}

static gboolean
append_row (SpareIntake *self, JsonObject *detail, GError **error)
{
  gint64 sequence = 0;

  if (!spare_audit_append (spare_authority_get_audit (self->authority), "bundle.import",
                           spare_bundle_get_header (self->bundle)->from, detail, &sequence,
                           error))
    return FALSE;
  /* Nobody else writes while the transaction is open, so this is the next one. */
  g_return_val_if_fail (sequence == self->sequence, FALSE);
  return TRUE;
}

static gboolean
take_in_locked (SpareIntake *self, GError **error)
{
  SpareAudit *audit = spare_authority_get_audit (self->authority);
  g_autoptr (JsonObject) detail = json_object_new ();
  g_autofree char *hash = NULL;
  gint64 last = 0;

  if (!spare_audit_get_head (audit, &last, &hash, error))
    return FALSE;
  self->sequence = last + 1;
  describe_bundle (self, detail);
  return add_bundle (self, error) && take_records (self, detail, error)
         && append_row (self, detail, error)
         && spare_intake_fact_make_sync (self->authority, self->bundle, self->now,
                                         self->sequence, self->cancellable, error);
}

static gboolean
take_in (SpareIntake *self, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);

  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!take_in_locked (self, error)
      || g_cancellable_set_error_if_cancelled (self->cancellable, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error);
}

/* That it was brought again is in the log, too: who brings much of it is seen. */
static gboolean
log_known (SpareIntake *self, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);
  g_autoptr (JsonObject) detail = json_object_new ();

  describe_bundle (self, detail);
  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (spare_audit_append (spare_authority_get_audit (self->authority), "bundle.known",
                          spare_bundle_get_header (self->bundle)->from, detail, NULL, error))
    return spare_registry_commit (registry, error);
  spare_registry_rollback (registry);
  return FALSE;
}

/* The same octets were taken in before. Their file is put back if it is gone. */
static gboolean
note_known (SpareIntake *self, GError **error)
{
  const SpareBundleHeader *header = spare_bundle_get_header (self->bundle);

  self->result->n_known = spare_bundle_get_n_records (self->bundle);
  if (header->type == SPARE_BUNDLE_APPROVAL)
    {
      const char *case_id = NULL;

      if (spare_json_get_string (header->fields, "case", 64, &case_id, NULL))
        self->result->case_id = g_strdup (case_id);
    }
  if (header->type == SPARE_BUNDLE_REQUEST)
    self->result->case_id = spare_case_id_from_request (spare_bundle_get_sha256 (self->bundle));
  return spare_kept_bundle_keep_sync (self->authority, self->bundle, error)
         && log_known (self, error)
         && spare_audit_checkpoint_if_due_sync (spare_authority_get_audit (self->authority),
                                                self->cancellable, error);
}

gboolean
spare_intake_run_sync (SpareIntake *self, GError **error)
{
  g_autoptr (SpareIntakeFact) fact = NULL;
  g_autoptr (GError) failure = NULL;

  fact = spare_intake_fact_find_sync (self->authority, spare_bundle_get_sha256 (self->bundle),
                                      self->cancellable, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (fact != NULL)
    return note_known (self, error);
  if (spare_bundle_get_header (self->bundle)->type == SPARE_BUNDLE_APPROVAL
      && !spare_intake_judge_approval_sync (self, error))
    return FALSE;
  return spare_kept_bundle_keep_sync (self->authority, self->bundle, error)
         && take_in (self, error)
         && spare_audit_checkpoint_if_due_sync (spare_authority_get_audit (self->authority),
                                                self->cancellable, error);
}

/* --- What kind of file --- */

/* Trouble of this machine or a person's wish, as against a bundle that is not as it must be. */
static gboolean
is_ours (const GError *error)
{
  static const SpareErrorCode codes[] = {
    SPARE_ERROR_DATABASE,        SPARE_ERROR_ENGINE,         SPARE_ERROR_BAD_PASSPHRASE,
    SPARE_ERROR_KEYRING_MISSING, SPARE_ERROR_KEYRING_LOCKED, SPARE_ERROR_KEYRING_DISMISSED,
    SPARE_ERROR_KEYRING_GONE,    SPARE_ERROR_NOT_SET_UP,
  };

  if (error->domain != SPARE_ERROR)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (error->code == (int) codes[i])
      return TRUE;
  return FALSE;
}

/* A bundle that is not taken in: said in the log, and told. */
static gboolean
refuse (SpareAuthority *self, SpareImportResult *result, GError *failure, GError **error)
{
  if (is_ours (failure))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  result->status = SPARE_IMPORT_REFUSED;
  result->n_new = result->n_known = result->n_refused = result->n_held = 0;
  spare_authority_log_denied_sync (self, "bundle.import",
                                   result->sender != NULL ? result->sender
                                                          : SPARE_AUDIT_ACTOR_PROGRAM,
                                   failure->message);
  result->error = failure;
  return TRUE;
}

static gboolean
check_sender (SpareAuthority *self, const SpareBundleHeader *header, GError **error)
{
  if (!g_str_equal (header->from, spare_authority_get_fingerprint (self))
      || header->type == SPARE_BUNDLE_APPROVAL)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                       _ ("The authority can’t deposit with itself or ask itself for recovery. "
                          "Nothing was changed."));
  return FALSE;
}

static gboolean
import_bundle (SpareAuthority *self,
               const char *path,
               SpareImportResult *result,
               SpareProgressMeter *progress,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SpareKey) key = spare_authority_dup_key (self);
  g_autoptr (SpareKey) revoked = NULL;
  const SpareBundleExpectation expectation = {
    .home = spare_authority_get_home (self),
    .me = key,
    .types = ACCEPTED,
    .spool = spare_authority_get_spool (self),
    .revoked = &revoked,
  };
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareBundle)
      bundle = spare_bundle_open_sync (path, &expectation, progress, cancellable, &failure);
  const SpareBundleHeader *header;
  SpareIntake intake;

  /* What is refused for being signed by a revoked key still tells that the key is. */
  if (revoked != NULL
      && !spare_intake_note_revoked_sync (self, revoked, "bundle", cancellable, error))
    return FALSE;
  if (bundle == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  header = spare_bundle_get_header (bundle);
  result->type = g_strdup (spare_bundle_type_to_string (header->type));
  result->id = g_strdup (header->id);
  result->sender = g_strdup (header->from);
  intake = (SpareIntake){
    .authority = self,
    .bundle = bundle,
    .result = result,
    .progress = progress,
    .cancellable = cancellable,
    .now = spare_authority_get_now (self),
  };
  return check_sender (self, header, error) && spare_intake_run_sync (&intake, error);
}

static gboolean
import_certificate (SpareAuthority *self,
                    GBytes *octets,
                    SpareImportResult *result,
                    GCancellable *cancellable,
                    GError **error)
{
  result->type = g_strdup ("certificate");
  result->id = spare_authority_add_certificate_sync (self, octets, cancellable, error);
  if (result->id == NULL)
    return FALSE;
  result->n_new = 1;
  return spare_intake_note_certificate_sync (self, result->id, cancellable, error);
}

static gboolean
import_revocation (SpareAuthority *self,
                   GBytes *octets,
                   SpareImportResult *result,
                   GCancellable *cancellable,
                   GError **error)
{
  gboolean is_new = FALSE;

  result->type = g_strdup ("revocation");
  result->id = spare_intake_revocation_sync (self, octets, &is_new, cancellable, error);
  if (result->id == NULL)
    return FALSE;
  result->n_new = is_new;
  result->n_known = !is_new;
  return TRUE;
}

static GBytes *
read_up_to (SpareSource *source, gsize limit, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (limit);
  gsize length = 0;

  while (length < limit)
    {
      gssize n = spare_source_read (source, buffer + length, limit - length, error);

      if (n < 0)
        return NULL;
      if (n == 0)
        break;
      length += (gsize) n;
    }
  return g_bytes_new (buffer, length);
}

/* @certificate: (out): NULL if the file is something else, to be read as a bundle. @revocation: (out): whether it is a
 * revocation alone. */
static gboolean
find_certificate (const char *path, GBytes **certificate, gboolean *revocation, GError **error)
{
  g_autoptr (SpareSource) source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  g_autoptr (GBytes) start = NULL;
  g_autoptr (SpareHead) head = NULL;

  *certificate = NULL;
  *revocation = FALSE;
  if (source == NULL)
    return FALSE;
  start = read_up_to (source, PEEK_SIZE, error);
  if (start == NULL)
    return FALSE;
  head = spare_head_new_from_bytes (start, NULL);
  *revocation = head != NULL && spare_head_get_kind (head) == SPARE_HEAD_KIND_SIGNATURE;
  if (head == NULL
      || (spare_head_get_kind (head) != SPARE_HEAD_KIND_PUBLIC_KEY
          && spare_head_get_kind (head) != SPARE_HEAD_KIND_SECRET_KEY && !*revocation))
    return TRUE;
  if (!spare_source_rewind (source, error))
    return FALSE;
  *certificate = read_up_to (source, CERTIFICATE_FILE_MAX, error);
  return *certificate != NULL;
}

/**
 * spare_authority_import_sync:
 * @self: an open authority
 * @path: the file
 * @progress: (nullable): told of the records that are done
 * @cancellable: (nullable): ends it; nothing was then taken in
 * @error: return location for an error
 *
 * Takes in one bundle (deposit, request, approval, transfer), one certificate of an officer or of another authority, or
 * the revocation of an owner's key: alone, in that key's certificate, or in a bundle that is signed by it.
 *
 * A file that is not as it must be is a result whose status is %SPARE_IMPORT_REFUSED, and a row in the audit log. An error
 * is trouble with this machine, or a cancel.
 *
 * Returns: (transfer full) (nullable): what became of it
 */
SpareImportResult *
spare_authority_import_sync (SpareAuthority *self,
                             const char *path,
                             SpareProgressMeter *progress,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (SpareImportResult) result = g_new0 (SpareImportResult, 1);
  g_autoptr (GBytes) certificate = NULL;
  GError *failure = NULL;
  gboolean revocation = FALSE;
  gboolean done;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && path != NULL, NULL);

  if (!spare_audit_check_clock (spare_authority_get_audit (self), error))
    return NULL;
  result->path = g_strdup (path);
  done = find_certificate (path, &certificate, &revocation, &failure);
  if (done && revocation)
    done = import_revocation (self, certificate, result, cancellable, &failure);
  else if (done && certificate != NULL)
    done = import_certificate (self, certificate, result, cancellable, &failure);
  else if (done)
    done = import_bundle (self, path, result, progress, cancellable, &failure);
  if (!done && !refuse (self, result, failure, error))
    return NULL;
  return g_steal_pointer (&result);
}

/* --- Async --- */

typedef struct
{
  char *path;
  SpareProgressMeter *progress;
} ImportWork;

static void
import_work_free (gpointer data)
{
  ImportWork *work = data;

  g_free (work->path);
  g_clear_pointer (&work->progress, spare_progress_meter_unref);
  g_free (work);
}

static void
import_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  ImportWork *work = data;
  GError *error = NULL;
  SpareImportResult *result = spare_authority_import_sync (source, work->path, work->progress,
                                                           cancellable, &error);

  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify) spare_import_result_free);
  else
    g_task_return_error (task, error);
}

/**
 * spare_authority_import_async:
 *
 * See spare_authority_import_sync().
 */
void
spare_authority_import_async (SpareAuthority *self,
                              const char *path,
                              SpareProgressMeter *progress,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ImportWork *work = g_new0 (ImportWork, 1);

  work->path = g_strdup (path);
  work->progress = progress != NULL ? spare_progress_meter_ref (progress) : NULL;
  g_task_set_source_tag (task, spare_authority_import_async);
  g_task_set_task_data (task, work, import_work_free);
  g_task_run_in_thread (task, import_thread);
}

/**
 * spare_authority_import_finish:
 *
 * Returns: (transfer full) (nullable): see spare_authority_import_sync()
 */
SpareImportResult *
spare_authority_import_finish (SpareAuthority *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
