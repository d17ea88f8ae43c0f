/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files back from a grant: found by what they begin with, wherever they are now, and each given the new session key
 * packet by spare-rewrap.c, which opens it first and compares.
 *
 * Promise: only a file whose whole data head is the one granted is changed; the old key's packets are taken out and the
 * authority's stays; stopped at any point, the request stays open and the grant can be applied again, which leaves the
 * files that are done alone. Only when all of its files are done is the request closed, and then the grant is used up.
 *
 * Two files that begin alike are not told apart by their beginning. Those named by the person are all taken; when a search
 * finds two in different places, both are left alone and named. */

#include "config.h"

#include "spare-grant-private.h"

#include <glib/gi18n-lib.h>
#include <sys/stat.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-file-visit.h"
#include "spare-inspection.h"
#include "spare-rewrap.h"

typedef struct
{
  SpareGrant *grant;
  SpareRewrap *rewrap;
  SpareProgressMeter *meter;
  GCancellable *cancellable;
  GHashTable *wanted; /* file id → SpareGrantRecord, of those that were not found yet */
  GHashTable *found;  /* file id → GPtrArray of paths */
  GPtrArray *results; /* of SpareHeadResult */
} Applying;

static gboolean
fits (const SpareGrantRecord *record, const SpareHead *head)
{
  return spare_head_get_container_tag (head) == record->tag
         && spare_head_get_data_head (head) != NULL
         && g_bytes_equal (spare_head_get_data_head (head), record->data_head);
}

static gboolean
find_cb (const char *path,
         const SpareHead *head,
         const GError *reason,
         gpointer user_data,
         GError **error)
{
  Applying *self = user_data;
  SpareGrantRecord *record;
  GPtrArray *paths;

  if (head == NULL || !spare_head_is_encrypted (head) || spare_head_get_file_id (head) == NULL)
    return TRUE;
  record = g_hash_table_lookup (self->wanted, spare_head_get_file_id (head));
  if (record == NULL || !fits (record, head))
    return TRUE;
  paths = g_hash_table_lookup (self->found, record->file_id);
  if (paths == NULL)
    {
      paths = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (self->found, record->file_id, paths);
    }
  if (!g_ptr_array_find_with_equal_func (paths, path, g_str_equal, NULL))
    g_ptr_array_add (paths, g_strdup (path));
  return TRUE;
}

/* Where each file was when the request was made; of some there were copies. */
static void
find_where_they_were (Applying *self)
{
  for (guint i = 0; i < self->grant->asked->len; i++)
    {
      const SpareRequestFile *file = g_ptr_array_index (self->grant->asked, i);
      g_autoptr (SpareHead) head = NULL;

      if (g_hash_table_contains (self->wanted, file->file_id) && file->path != NULL
          && spare_head_read_sync (file->path, &head, NULL))
        find_cb (file->path, head, NULL, self, NULL);
    }
}

static gboolean
all_found (Applying *self)
{
  return g_hash_table_size (self->found) == g_hash_table_size (self->wanted);
}

/* Not where they were: in the folders where they were, then in all of the person's own. */
static gboolean
search_on (Applying *self, GError **error)
{
  g_autoptr (GHashTable)
      folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer id;

  for (guint i = 0; i < self->grant->asked->len; i++)
    {
      const SpareRequestFile *file = g_ptr_array_index (self->grant->asked, i);

      if (g_hash_table_contains (self->wanted, file->file_id)
          && !g_hash_table_contains (self->found, file->file_id) && file->path != NULL)
        g_hash_table_add (folders, g_path_get_dirname (file->path));
    }
  g_hash_table_add (folders, g_strdup (g_get_home_dir ()));
  g_hash_table_iter_init (&iter, folders);
  while (!all_found (self) && g_hash_table_iter_next (&iter, &id, NULL))
    {
      const char *const paths[] = { id, NULL };

      if (g_file_test (id, G_FILE_TEST_IS_DIR)
          && !spare_file_visit_sync (paths, find_cb, self, self->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
find_files (Applying *self, const char *const *search, GError **error)
{
  if (search != NULL && *search != NULL)
    return spare_file_visit_sync (search, find_cb, self, self->cancellable, error);
  find_where_they_were (self);
  return all_found (self) || search_on (self, error);
}

/* The old key's packets: by the subkeys that the authority named, or by its certificate if it is known here. */
static gboolean
is_old_cb (const SpareEsk *esk, gpointer user_data)
{
  Applying *self = user_data;
  SpareKey *authority = spare_pin_get_key (spare_owner_get_pin (self->grant->owner));
  SpareKey *key = spare_rewrap_get_key (self->rewrap);
  g_autoptr (SpareKey) known = NULL;
  guint64 key_id;

  if (!spare_esk_is_public_key (esk) || spare_esk_is_hidden (esk))
    return FALSE;
  key_id = spare_esk_get_key_id (esk);
  if ((authority != NULL && spare_key_find_key_id (authority, key_id) != NULL)
      || spare_key_find_key_id (key, key_id) != NULL)
    return FALSE;
  for (guint i = 0; i < self->grant->old_key_ids->len; i++)
    if (g_array_index (self->grant->old_key_ids, guint64, i) == key_id)
      return TRUE;
  known = spare_owner_find_key_by_id_sync (self->grant->owner, key_id, self->cancellable);
  return known != NULL
         && g_strcmp0 (spare_key_get_fingerprint (known), self->grant->request->old) == 0;
}

/* Done before, by a run that was stopped. Another packet for the key may be anybody's: it says nothing. */
static gboolean
has_packet (const SpareGrantRecord *record, const SpareHead *head)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (g_bytes_equal (spare_esk_get_packet (spare_head_get_esk (head, i)),
                       spare_esk_get_packet (record->esk)))
      return TRUE;
  return FALSE;
}

static gboolean
apply_to (Applying *self, SpareGrantRecord *record, const char *path, GError **error)
{
  g_autoptr (SpareHeadResult) result = spare_head_result_new (path);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GError) reason = NULL;

  if (!spare_head_read_sync (path, &head, &reason))
    ;
  /* It may be another one since it was found. */
  else if (!fits (record, head))
    g_set_error_literal (&reason, SPARE_ERROR, SPARE_ERROR_CHANGED,
                         _ ("The file changed meanwhile. It was left as it is."));
  else if (has_packet (record, head))
    result->file_id = g_strdup (record->file_id);
  else
    spare_rewrap_put_sync (self->rewrap, path, head, record->esk, is_old_cb, self, result,
                           self->cancellable, &reason);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (reason != NULL)
    spare_head_result_take_error (result, SPARE_HEAD_FAILED, g_steal_pointer (&reason));
  g_ptr_array_add (self->results, g_steal_pointer (&result));
  if (self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_FINISHING, self->results->len,
                                 self->grant->records->len);
  return TRUE;
}

static void
add_problem (Applying *self, const char *path, SpareGrantRecord *record, GError *reason)
{
  SpareHeadResult *result = spare_head_result_new (path);

  result->file_id = g_strdup (record->file_id);
  spare_head_result_take_error (result, SPARE_HEAD_FAILED, reason);
  g_ptr_array_add (self->results, result);
}

static gboolean
apply_record (Applying *self, SpareGrantRecord *record, gboolean named, GError **error)
{
  const SpareRequestFile *file = g_hash_table_lookup (self->grant->files, record->file_id);
  GPtrArray *paths = g_hash_table_lookup (self->found, record->file_id);

  if (paths == NULL)
    {
      add_problem (self, file->path, record,
                   g_error_new_literal (
                       G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                       _ ("This file was not found. The grant stays good: open it again and "
                          "name the folder or medium where the file is now.")));
      return TRUE;
    }
  if (paths->len > 1 && !named)
    {
      for (guint i = 0; i < paths->len; i++)
        add_problem (self, g_ptr_array_index (paths, i), record,
                     g_error_new_literal (SPARE_ERROR, SPARE_ERROR_FAILED,
                                          _ ("Several files begin like the one that was "
                                             "granted. None of them "
                                             "was changed: open the grant again and name those "
                                             "that are meant.")));
      return TRUE;
    }
  for (guint i = 0; i < paths->len; i++)
    if (!apply_to (self, record, g_ptr_array_index (paths, i), error))
      return FALSE;
  return TRUE;
}

/* Each file that was granted is done, and so is each copy of it. */
static gboolean
all_done (Applying *self)
{
  g_autoptr (GHashTable) done = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->results->len; i++)
    {
      SpareHeadResult *result = g_ptr_array_index (self->results, i);

      if (result->status == SPARE_HEAD_FAILED)
        return FALSE;
      if (result->file_id != NULL)
        g_hash_table_add (done, result->file_id);
    }
  return g_hash_table_size (done) == g_hash_table_size (self->wanted);
}

/**
 * spare_grant_apply_sync:
 * @self: a grant
 * @search: (nullable) (array zero-terminated=1): files and folders to look in; %NULL for where the files were, then the
 *   person's home folder
 * @meter: (nullable): told how many files are done
 * @cancellable: (nullable): looked at between files; what is done stays done
 * @error: return location for an error
 *
 * Gives the files back: afterwards they open with the new key. A file that fails is as it was.
 *
 * Returns: (transfer full) (element-type SpareHeadResult): what became of each file; %NULL with
 *   [enum@SpareErrorCode].NO_KEY when the new key is not at hand, DATABASE, or %G_IO_ERROR_CANCELLED
 */
GPtrArray *
spare_grant_apply_sync (SpareGrant *self,
                        const char *const *search,
                        SpareProgressMeter *meter,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (SpareRewrap)
      rewrap = spare_rewrap_new_sync (self->owner, self->request->key, cancellable, error);
  g_autoptr (GHashTable) wanted = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                                        (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GPtrArray)
      results = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_head_result_free);
  Applying applying = { .grant = self,
                        .rewrap = rewrap,
                        .meter = meter,
                        .cancellable = cancellable,
                        .wanted = wanted,
                        .found = found,
                        .results = results };

  if (rewrap == NULL)
    return NULL;
  spare_rewrap_set_whole (rewrap, self->whole);
  for (guint i = 0; i < self->records->len; i++)
    {
      SpareGrantRecord *record = g_ptr_array_index (self->records, i);

      g_hash_table_insert (wanted, record->file_id, record);
    }
  if (!find_files (&applying, search, error))
    return NULL;
  for (guint i = 0; i < self->records->len; i++)
    if (!apply_record (&applying, g_ptr_array_index (self->records, i),
                       search != NULL && *search != NULL, error))
      return NULL;
  if (all_done (&applying)
      && !spare_request_close_sync (self->owner, self->request->id, SPARE_REQUEST_GRANTED,
                                    self->id, NULL, error))
    return NULL;
  spare_rewrap_finish_sync (rewrap, cancellable);
  return g_steal_pointer (&results);
}
