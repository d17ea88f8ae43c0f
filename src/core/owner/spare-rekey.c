/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One's own files from an old key to a new one, by re-wrap. Each file is a step of its own: stopped at any point, some
 * are handed over and the others are as they were, and doing it again goes on with these. */

#include "config.h"

#include "spare-rekey.h"

#include <glib/gi18n-lib.h>

#include "spare-error.h"
#include "spare-file-visit.h"
#include "spare-rewrap.h"

typedef struct
{
  SpareRewrap *rewrap;
  SpareProgressMeter *meter;
  GCancellable *cancellable;
  GPtrArray *results; /* of SpareHeadResult */
} Rekeying;

static gboolean
visit_cb (const char *path,
          const SpareHead *head,
          const GError *reason,
          gpointer user_data,
          GError **error)
{
  Rekeying *self = user_data;
  g_autoptr (SpareHeadResult) result = spare_head_result_new (path);
  g_autoptr (GError) failure = NULL;
  SpareHeadStatus status = SPARE_HEAD_FAILED;

  if (head == NULL)
    spare_head_result_take_error (result, SPARE_HEAD_FAILED, g_error_copy (reason));
  else if (!spare_head_is_encrypted (head) || spare_head_get_file_id (head) == NULL)
    spare_head_result_take_error (result, SPARE_HEAD_SKIPPED,
                                  g_error_new_literal (SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                                                       _ ("This is not a file encrypted to a "
                                                          "key. It is unchanged.")));
  else if (!spare_rewrap_to_key_sync (self->rewrap, path, head, result, self->cancellable,
                                      &failure))
    {
      if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      if (g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_NO_KEY))
        status = SPARE_HEAD_SKIPPED;
      spare_head_result_take_error (result, status, g_steal_pointer (&failure));
    }
  g_ptr_array_add (self->results, g_steal_pointer (&result));
  if (self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_FINISHING, self->results->len, 0);
  return TRUE;
}

/**
 * spare_rekey_sync:
 * @owner: the owner's side, opened
 * @to: the primary fingerprint of one of the person's own keys
 * @paths: (array zero-terminated=1): files and folders
 * @meter: (nullable): told how many files are done; the total is not known
 * @cancellable: (nullable): looked at between files
 * @error: return location for an error
 *
 * Hands files over to a key. Files that none of the person's keys opens are skipped.
 *
 * Returns: (transfer full) (element-type SpareHeadResult): what became of each; %NULL with [enum@SpareErrorCode].NO_KEY
 *   when @to is no usable key of one's own, or %G_IO_ERROR_CANCELLED
 */
GPtrArray *
spare_rekey_sync (SpareOwner *owner,
                  const char *to,
                  const char *const *paths,
                  SpareProgressMeter *meter,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (SpareRewrap) rewrap = spare_rewrap_new_sync (owner, to, cancellable, error);
  g_autoptr (GPtrArray)
      results = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_head_result_free);
  Rekeying self = {
    .rewrap = rewrap, .meter = meter, .cancellable = cancellable, .results = results
  };

  if (rewrap == NULL || !spare_file_visit_sync (paths, visit_cb, &self, cancellable, error))
    return NULL;
  spare_rewrap_finish_sync (rewrap, cancellable);
  return g_steal_pointer (&results);
}
