/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds encrypted files: by their heads, never by their names. A few KiB of each are read.
 *
 * Promise: what could not be looked at is named, with the reason, and the search goes on. In a folder, files that are not
 * encrypted are passed over in silence, because that is what most files are; one that a person named, or whose name
 * promises encryption, is not. Links are not followed in folders. The same file twice counts once. Messages between owner
 * and authority are no files of the owner's.
 */
#include "config.h"

#include "spare-request-scan-private.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-folder-walk.h"
#include "spare-inspection.h"
#include "spare-target.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* Errors in a row after which a folder is given up: a disk that is gone fails for each entry. */
#define ERRORS_MAX 1000

void
spare_found_file_free (SpareFoundFile *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_clear_pointer (&self->head, spare_head_unref);
  g_free (self);
}

typedef struct
{
  GPtrArray *found;
  GPtrArray *left_out;
  GHashTable *seen; /* paths */
  SpareProgressMeter *meter;
  GCancellable *cancellable;
  guint n_looked_at;
} Scan;

static void
leave_out (Scan *self, const char *path, GError *error /* transfer full */)
{
  g_ptr_array_add (self->left_out, spare_left_out_new (path, error));
}

static GError *
make_not_encrypted (const char *path)
{
  g_autofree char *shown = spare_display_basename (path);

  return g_error_new (SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                      _ ("“%s” is not an encrypted file."), shown);
}

static gboolean
is_bundle_name (const char *path)
{
  return g_str_has_suffix (path, ".sparekey");
}

/* A failure that may just mean: a file of some other kind. */
static gboolean
is_no_openpgp (const GError *reason)
{
  return g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_DAMAGED)
         || g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED)
         || g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_TOO_LARGE);
}

static void
look_at (Scan *self, const char *path, guint64 size, gboolean named)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean expected = named || spare_target_names_encrypted (path);
  SpareFoundFile *file;

  if (g_hash_table_contains (self->seen, path))
    return;
  g_hash_table_add (self->seen, g_strdup (path));
  if (self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_PREPARING, ++self->n_looked_at, 0);
  if (is_bundle_name (path))
    {
      if (named)
        leave_out (self, path, make_not_encrypted (path));
      return;
    }
  if (size == 0 && !expected)
    return;

  if (!spare_head_read_sync (path, &head, &reason))
    {
      if (expected || !is_no_openpgp (reason))
        leave_out (self, path, g_steal_pointer (&reason));
      return;
    }
  if (!spare_head_is_encrypted (head) || spare_head_get_file_id (head) == NULL)
    {
      /* Keys and signatures are called so too. */
      if (named || (expected && spare_head_get_kind (head) == SPARE_HEAD_KIND_NOT_OPENPGP))
        leave_out (self, path, make_not_encrypted (path));
      return;
    }
  file = g_new0 (SpareFoundFile, 1);
  file->path = g_strdup (path);
  file->size = size;
  file->head = g_steal_pointer (&head);
  file->named = named;
  g_ptr_array_add (self->found, file);
}

static gboolean
walk_folder (Scan *self, const char *folder, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (SpareFolderWalk) walk = spare_folder_walk_new (folder, &reason);
  g_autofree char *last = g_strdup (folder);
  guint n_errors = 0;

  if (walk == NULL)
    {
      leave_out (self, folder, g_steal_pointer (&reason));
      return TRUE;
    }
  for (;;)
    {
      const SpareFolderEntry *entry;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (!spare_folder_walk_next (walk, &entry, &reason))
        {
          leave_out (self, last, g_steal_pointer (&reason));
          if (++n_errors >= ERRORS_MAX)
            return TRUE;
          continue;
        }
      if (entry == NULL)
        return TRUE;
      n_errors = 0;
      g_free (last);
      last = g_build_filename (folder, entry->path, NULL);
      if (entry->kind == SPARE_FOLDER_ENTRY_FILE)
        look_at (self, last, (guint64) entry->stat->st_size, FALSE);
    }
}

static gboolean
look_at_path (Scan *self, const char *given, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (given, NULL);
  struct stat status;

  if (stat (path, &status) != 0)
    {
      int saved = errno;
      g_autofree char *shown = spare_display_basename (path);

      leave_out (self, given,
                 g_error_new (G_IO_ERROR, g_io_error_from_errno (saved),
                              _ ("“%s” can’t be read: %s."), shown, g_strerror (saved)));
      return TRUE;
    }
  if (S_ISDIR (status.st_mode))
    return walk_folder (self, path, error);
  look_at (self, path, (guint64) MAX (status.st_size, 0), TRUE);
  return TRUE;
}

/*
 * spare_request_scan_sync:
 *
 * Returns: (transfer full) (element-type SpareFoundFile): what was found, in the order of @paths; NULL with an error if it
 *   was cancelled
 */
GPtrArray *
spare_request_scan_sync (const char *const *paths,
                         GPtrArray *left_out,
                         SpareProgressMeter *meter,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GPtrArray)
      found = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_found_file_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Scan scan = {
    .found = found,
    .left_out = left_out,
    .seen = seen,
    .meter = meter,
    .cancellable = cancellable,
  };

  for (guint i = 0; paths[i] != NULL; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !look_at_path (&scan, paths[i], error))
      return NULL;
  return g_steal_pointer (&found);
}
