/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The coverage of files and folders: which could be opened again if one's key were lost today.
 *
 * Told from heads, the outbox and the keys at hand; no file is read beyond its head and none is decrypted. What a head
 * claims is believed here: a packet that names the authority's key is counted, whether the authority could open it is
 * for its receipt (proven or held) to say.
 *
 * A packet for the authority's transport key does not cover: recovery never touches that key (protocol.md 1.1).
 *
 * With repair, files that are one's own and not covered get the authority by re-wrap: its packet first into the outbox,
 * then, in embedded mode, into the file. */

#include "config.h"

#include "spare-check.h"

#include "spare-error.h"
#include "spare-file-visit.h"
#include "spare-inspection.h"
#include "spare-rewrap.h"

typedef struct
{
  SpareOwner *owner;
  SpareRewrap *rewrap;
  gboolean repair;
  SpareProgressMeter *meter;
  GCancellable *cancellable;
  GPtrArray *files; /* of SpareCheckedFile */
} Checking;

/**
 * spare_coverage_to_string:
 * @state: a state
 *
 * Returns: its word in JSON
 */
const char *
spare_coverage_to_string (SpareCoverage state)
{
  static const char *const words[] = { "covered", "uncovered", "old-authority",
                                       "pending", "hidden",    "password",
                                       "foreign", "damaged",   "not-openpgp" };

  return words[state];
}

/**
 * spare_checked_file_free:
 * @self: (transfer full): a file
 */
void
spare_checked_file_free (SpareCheckedFile *self)
{
  g_free (self->path);
  g_free (self->serial);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * spare_check_is_well:
 * @file: a file
 *
 * Returns: whether nothing is to be done about it: it is covered, or no encrypted file at all
 */
gboolean
spare_check_is_well (const SpareCheckedFile *file)
{
  return file->error == NULL
         && (file->state == SPARE_COVERAGE_COVERED
             || file->state == SPARE_COVERAGE_NOT_OPENPGP);
}

/**
 * spare_check_count:
 * @files: (element-type SpareCheckedFile): what spare_check_sync() returned
 * @counts: (out): how many there are of each state
 */
void
spare_check_count (GPtrArray *files, guint counts[SPARE_N_COVERAGES])
{
  for (guint i = 0; i < SPARE_N_COVERAGES; i++)
    counts[i] = 0;
  for (guint i = 0; i < files->len; i++)
    counts[((SpareCheckedFile *) g_ptr_array_index (files, i))->state]++;
}

static gboolean
names (const SpareHead *head, guint64 key_id)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (spare_esk_is_public_key (esk) && !spare_esk_is_hidden (esk)
          && spare_esk_get_key_id (esk) == key_id)
        return TRUE;
    }
  return FALSE;
}

/* A subkey of the authority trusted now that was for escrow once: all that can't be encrypted to any more. */
static gboolean
names_retired (const SpareHead *head, SpareKey *authority, const SpareSubkey *escrow)
{
  for (guint i = 0; authority != NULL && i < spare_key_get_n_subkeys (authority); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (authority, i);

      if (subkey != escrow && (subkey->revoked || subkey->expired)
          && names (head, subkey->key_id))
        return TRUE;
    }
  return FALSE;
}

static gboolean
judge_encrypted (Checking *self, const SpareHead *head, SpareCoverage *state, GError **error)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SpareKey *authority = spare_pin_get_key (pin);
  const SpareSubkey *escrow = authority != NULL ? spare_pin_get_escrow_subkey (pin) : NULL;
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (GError) reason = NULL;

  if (escrow != NULL && names (head, escrow->key_id))
    {
      *state = SPARE_COVERAGE_COVERED;
      return TRUE;
    }
  entry = spare_outbox_find_sync (spare_owner_get_outbox (self->owner),
                                  spare_head_get_file_id (head), &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (entry != NULL && entry->packet == NULL)
    *state = SPARE_COVERAGE_PENDING;
  else if (entry != NULL && g_strcmp0 (entry->authority, spare_pin_get_fingerprint (pin)) == 0
           && (escrow == NULL || g_strcmp0 (entry->subkey, escrow->fingerprint) == 0))
    *state = entry->state == SPARE_OUTBOX_PENDING ? SPARE_COVERAGE_PENDING
                                                  : SPARE_COVERAGE_COVERED;
  else if (entry != NULL || names_retired (head, authority, escrow))
    *state = SPARE_COVERAGE_OLD_AUTHORITY;
  else if (spare_rewrap_find_own (self->rewrap, head) != NULL)
    *state = SPARE_COVERAGE_UNCOVERED;
  else
    *state = spare_head_has_hidden (head) ? SPARE_COVERAGE_HIDDEN : SPARE_COVERAGE_FOREIGN;
  return TRUE;
}

static gboolean
judge (Checking *self, const SpareHead *head, SpareCoverage *state, GError **error)
{
  switch (spare_head_get_kind (head))
    {
    case SPARE_HEAD_KIND_PASSWORD:
      *state = SPARE_COVERAGE_PASSWORD;
      return TRUE;
    case SPARE_HEAD_KIND_ENCRYPTED:
      /* The format without integrity protection has no file id, and nothing is added to it. */
      if (spare_head_get_file_id (head) == NULL)
        {
          *state = SPARE_COVERAGE_DAMAGED;
          return TRUE;
        }
      return judge_encrypted (self, head, state, error);
    case SPARE_HEAD_KIND_NOT_OPENPGP:
    case SPARE_HEAD_KIND_LITERAL:
    case SPARE_HEAD_KIND_COMPRESSED:
    case SPARE_HEAD_KIND_SIGNATURE:
    case SPARE_HEAD_KIND_PUBLIC_KEY:
    case SPARE_HEAD_KIND_SECRET_KEY:
    default:
      *state = SPARE_COVERAGE_NOT_OPENPGP;
      return TRUE;
    }
}

static gboolean
can_repair (Checking *self, const SpareHead *head, SpareCoverage state)
{
  return (state == SPARE_COVERAGE_UNCOVERED || state == SPARE_COVERAGE_OLD_AUTHORITY
          || state == SPARE_COVERAGE_PENDING)
         && spare_rewrap_find_own (self->rewrap, head) != NULL;
}

/* A packet that waits in the outbox to be handed over needs no second one. */
static gboolean
waits_in_outbox (Checking *self, const SpareHead *head)
{
  g_autoptr (SpareOutboxEntry)
      entry = spare_outbox_find_sync (spare_owner_get_outbox (self->owner),
                                      spare_head_get_file_id (head), NULL);

  return entry != NULL && entry->packet != NULL
         && g_strcmp0 (entry->authority,
                       spare_pin_get_fingerprint (spare_owner_get_pin (self->owner)))
                == 0;
}

static void
repair (Checking *self, const SpareHead *head, SpareCheckedFile *file)
{
  g_autoptr (SpareHeadResult) result = spare_head_result_new (file->path);
  g_autoptr (SpareHead) after = NULL;

  if (file->state == SPARE_COVERAGE_PENDING && waits_in_outbox (self, head))
    return;
  if (!spare_rewrap_to_authority_sync (self->rewrap, file->path, head, result,
                                       self->cancellable, &file->error))
    return;
  file->repaired = TRUE;
  file->serial = g_steal_pointer (&result->serial);
  /* What it is now, told in the same way as before. */
  if (spare_head_read_sync (file->path, &after, &file->error))
    judge (self, after, &file->state, &file->error);
}

static gboolean
visit_cb (const char *path,
          const SpareHead *head,
          const GError *reason,
          gpointer user_data,
          GError **error)
{
  Checking *self = user_data;
  g_autoptr (SpareCheckedFile) file = g_new0 (SpareCheckedFile, 1);

  file->path = g_strdup (path);
  if (head == NULL)
    {
      file->state = SPARE_COVERAGE_DAMAGED;
      file->error = g_error_copy (reason);
    }
  else if (!judge (self, head, &file->state, error))
    return FALSE;
  else if (self->repair && can_repair (self, head, file->state))
    repair (self, head, file);
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  g_ptr_array_add (self->files, g_steal_pointer (&file));
  if (self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_CHECKING, self->files->len, 0);
  return TRUE;
}

/**
 * spare_check_sync:
 * @owner: the owner's side, opened
 * @paths: (array zero-terminated=1): files and folders
 * @repair: whether the authority is added where it is missing
 * @meter: (nullable): told how many files are done, under %SPARE_STAGE_CHECKING; the total is not known
 * @cancellable: (nullable): looked at between files; what was repaired stays repaired
 * @error: return location for an error
 *
 * Judges the coverage of each file. What can't be read is damaged, with its reason.
 *
 * Returns: (transfer full) (element-type SpareCheckedFile): the files in the order met; %NULL with
 *   [enum@SpareErrorCode].DATABASE, AUTHORITY_UNUSABLE when there is nobody to repair with, POLICY, ENGINE, or
 *   %G_IO_ERROR_CANCELLED
 */
GPtrArray *
spare_check_sync (SpareOwner *owner,
                  const char *const *paths,
                  gboolean repair,
                  SpareProgressMeter *meter,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (SpareRewrap) rewrap = spare_rewrap_new_sync (owner, NULL, cancellable, error);
  g_autoptr (GPtrArray)
      files = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_checked_file_free);
  Checking self = { .owner = owner,
                    .rewrap = rewrap,
                    .repair = repair,
                    .meter = meter,
                    .cancellable = cancellable,
                    .files = files };

  if (rewrap == NULL)
    return NULL;
  if (repair && !spare_rewrap_has_authority (rewrap))
    {
      g_autofree char *why = spare_pin_describe (spare_owner_get_pin (owner));

      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE, why);
      return NULL;
    }
  if (!spare_file_visit_sync (paths, visit_cb, &self, cancellable, error))
    return NULL;
  if (repair)
    spare_rewrap_finish_sync (rewrap, cancellable);
  return g_steal_pointer (&files);
}

typedef struct
{
  char **paths;
  gboolean repair;
  SpareProgressMeter *meter;
} Wishes;

static void
wishes_free (gpointer data)
{
  Wishes *wishes = data;

  g_strfreev (wishes->paths);
  g_clear_pointer (&wishes->meter, spare_progress_meter_unref);
  g_free (wishes);
}

static void
check_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Wishes *wishes = task_data;
  GError *error = NULL;
  GPtrArray *files = spare_check_sync (source, (const char *const *) wishes->paths,
                                       wishes->repair, wishes->meter, cancellable, &error);

  if (files == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, files, (GDestroyNotify) g_ptr_array_unref);
}

/**
 * spare_check_async:
 * @owner: the owner's side, opened
 * @paths: (array zero-terminated=1): files and folders
 * @repair: whether the authority is added where it is missing
 * @meter: (nullable): as with spare_check_sync()
 * @cancellable: (nullable): a cancellable
 * @callback: called when all are judged
 * @user_data: for @callback
 *
 * As spare_check_sync(), without holding up the caller.
 */
void
spare_check_async (SpareOwner *owner,
                   const char *const *paths,
                   gboolean repair,
                   SpareProgressMeter *meter,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Wishes *wishes = g_new0 (Wishes, 1);

  wishes->paths = g_strdupv ((char **) paths);
  wishes->repair = repair;
  wishes->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, spare_check_async);
  g_task_set_task_data (task, wishes, wishes_free);
  g_task_run_in_thread (task, check_thread);
}

GPtrArray *
spare_check_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
