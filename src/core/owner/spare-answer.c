/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle that somebody dropped, chose or brought on a stick: what it is, and for whom.
 *
 * Promise: what it is, is told by its signed header after it was verified whole, never by its name; a receipt and a
 * refusal are taken, a grant is only read. What is for somebody else is not opened, and it is said for whom it is. Finding
 * answers in a folder reads the first octets of files there and opens nothing: whom a head names can be forged, so it
 * decides only about what is offered.
 */
#include "config.h"

#include "spare-answer.h"

#include "spare-bundle-for-me-private.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-inspection.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SUFFIX ".sparekey"
/* Bundles that are looked at in one folder, and names that are read on the way. */
#define FIND_MAX    100
#define ENTRIES_MAX 20000

#define ANSWERS                                                                        \
  (SPARE_BUNDLE_MASK (SPARE_BUNDLE_RECEIPT) | SPARE_BUNDLE_MASK (SPARE_BUNDLE_REFUSAL) \
   | SPARE_BUNDLE_MASK (SPARE_BUNDLE_GRANT))

void
spare_answer_free (SpareAnswer *self)
{
  g_clear_pointer (&self->request, spare_request_free);
  g_clear_pointer (&self->grant, spare_grant_free);
  g_free (self);
}

/* Whom the head names; the authority before anybody else. NULL: nobody who is known here. */
static const SpareInspectedRecipient *
find_recipient (const SpareInspection *inspection, gboolean *for_me)
{
  const SpareInspectedRecipient *found = NULL;

  *for_me = FALSE;
  for (guint i = 0; i < inspection->recipients->len; i++)
    {
      const SpareInspectedRecipient *recipient = g_ptr_array_index (inspection->recipients, i);

      *for_me = *for_me || recipient->role == SPARE_ROLE_OWNER;
      if (recipient->user_id != NULL
          && (found == NULL || recipient->role == SPARE_ROLE_AUTHORITY))
        found = recipient;
    }
  return found;
}

/* TRUE: for one of the owner's keys, as far as the head says. */
static gboolean
check_receiver (SpareOwner *owner, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareInspection) inspection = spare_inspect_sync (owner, path, cancellable, error);
  g_autofree char *shown = spare_display_basename (path);
  g_autofree char *name = NULL;
  const SpareInspectedRecipient *recipient;
  gboolean for_me;

  if (inspection == NULL)
    return FALSE;
  recipient = find_recipient (inspection, &for_me);
  if (for_me)
    return TRUE;
  if (recipient != NULL)
    name = spare_display_text (recipient->user_id, -1, 100);
  if (recipient != NULL && recipient->role == SPARE_ROLE_AUTHORITY)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 /* Translators: the name of a file, then the name of the authority */
                 _ ("“%s” is for your backup authority, %s, and only it can open it. Hand it "
                    "over there. Nothing was changed here."),
                 shown, name);
  else if (name != NULL)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 /* Translators: the name of a file, then the name of a person */
                 _ ("“%s” is for %s, and only they can open it. Nothing was changed here."),
                 shown, name);
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                 _ ("“%s” is for somebody who is not known here, and not for any of your keys. "
                    "Nothing was changed here."),
                 shown);
  return FALSE;
}

/**
 * spare_answer_open_sync:
 * @owner: the owner's side, opened
 * @path: any bundle
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Opens what the authority sent. A receipt and a refusal are taken; a grant waits for spare_grant_apply_sync().
 *
 * Returns: (transfer full): what it was; %NULL with [error@SpareError] `NO_KEY` (for somebody else, who is named), `DAMAGED`
 *   (forged, damaged, not of the pinned authority, of another kind), or what taking it said; nothing was changed
 */
SpareAnswer *
spare_answer_open_sync (SpareOwner *owner,
                        const char *path,
                        SpareProgressMeter *meter,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (SpareAnswer) self = g_new0 (SpareAnswer, 1);
  g_autoptr (SpareBundle) bundle = NULL;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && path != NULL, NULL);

  if (!check_receiver (owner, path, cancellable, error))
    return NULL;
  bundle = spare_bundle_for_me_open_sync (owner, path, ANSWERS, meter, cancellable, error);
  if (bundle == NULL)
    return NULL;
  /* Whoever takes it verifies it again: the file may be another one by then. */
  self->type = spare_bundle_get_header (bundle)->type;
  g_clear_pointer (&bundle, spare_bundle_free);
  switch (self->type)
    {
    case SPARE_BUNDLE_RECEIPT:
      if (!spare_receipt_apply_sync (owner, path, &self->receipt, meter, cancellable, error))
        return NULL;
      break;
    case SPARE_BUNDLE_REFUSAL:
      if (!spare_refusal_apply_sync (owner, path, &self->request, meter, cancellable, error))
        return NULL;
      break;
    case SPARE_BUNDLE_GRANT:
    case SPARE_BUNDLE_DEPOSIT:
    case SPARE_BUNDLE_REQUEST:
    case SPARE_BUNDLE_CASE:
    case SPARE_BUNDLE_APPROVAL:
    case SPARE_BUNDLE_TRANSFER:
    default:
      self->grant = spare_grant_open_sync (owner, path, meter, cancellable, error);
      if (self->grant == NULL)
        return NULL;
      break;
    }
  return g_steal_pointer (&self);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * spare_answer_find_sync:
 * @owner: the owner's side, opened
 * @folder: a folder, such as that of a stick
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Looks for bundles that are for the owner: plain files by their suffix, and then by their heads. None is opened. What
 * can't be read is passed over.
 *
 * Returns: (transfer full) (element-type filename): their paths, sorted, at most 100; %NULL with an error of I/O
 */
GPtrArray *
spare_answer_find_sync (SpareOwner *owner,
                        const char *folder,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GFile) file = g_file_new_for_path (folder);
  g_autoptr (GFileEnumerator) entries = NULL;
  guint seen = 0;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && folder != NULL, NULL);

  entries = g_file_enumerate_children (file,
                                       G_FILE_ATTRIBUTE_STANDARD_NAME
                                       "," G_FILE_ATTRIBUTE_STANDARD_TYPE,
                                       G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, cancellable, error);
  if (entries == NULL)
    return NULL;
  while (found->len < FIND_MAX && seen++ < ENTRIES_MAX)
    {
      g_autoptr (GError) reason = NULL;
      g_autoptr (SpareInspection) inspection = NULL;
      g_autofree char *path = NULL;
      GFileInfo *info;
      gboolean for_me;

      if (!g_file_enumerator_iterate (entries, &info, NULL, cancellable, error))
        return NULL;
      if (info == NULL)
        break;
      if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR
          || !g_str_has_suffix (g_file_info_get_name (info), SUFFIX))
        continue;
      path = g_build_filename (folder, g_file_info_get_name (info), NULL);
      inspection = spare_inspect_sync (owner, path, cancellable, &reason);
      if (inspection == NULL)
        {
          g_debug ("a bundle cannot be looked at: %s", reason->message);
          continue;
        }
      find_recipient (inspection, &for_me);
      if (for_me)
        g_ptr_array_add (found, g_steal_pointer (&path));
    }
  g_ptr_array_sort (found, compare_paths);
  return g_steal_pointer (&found);
}

typedef struct
{
  char *path;
  SpareProgressMeter *meter;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->path);
  g_clear_pointer (&call->meter, spare_progress_meter_unref);
  g_free (call);
}

static void
run (SpareOwner *owner,
     const char *path,
     SpareProgressMeter *meter,
     GCancellable *cancellable,
     GAsyncReadyCallback callback,
     gpointer user_data,
     GTaskThreadFunc thread)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->path = g_strdup (path);
  call->meter = meter != NULL ? spare_progress_meter_ref (meter) : NULL;
  g_task_set_source_tag (task, run);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, call_free);
  g_task_run_in_thread (task, thread);
}

static void
open_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Call *call = data;
  GError *error = NULL;
  SpareAnswer *answer = spare_answer_open_sync (source, call->path, call->meter, cancellable,
                                                &error);

  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) spare_answer_free);
  else
    g_task_return_error (task, error);
}

static void
find_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Call *call = data;
  GError *error = NULL;
  GPtrArray *found = spare_answer_find_sync (source, call->path, cancellable, &error);

  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * spare_answer_open_async:
 * @owner: the owner's side, opened
 * @path: any bundle
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_answer_open_sync(), in a thread.
 */
void
spare_answer_open_async (SpareOwner *owner,
                         const char *path,
                         SpareProgressMeter *meter,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  run (owner, path, meter, cancellable, callback, user_data, open_thread);
}

SpareAnswer *
spare_answer_open_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, owner), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * spare_answer_find_async:
 * @owner: the owner's side, opened
 * @folder: a folder
 * @cancellable: (nullable): a cancellable
 * @callback: called when it ended
 * @user_data: for @callback
 *
 * As spare_answer_find_sync(), in a thread.
 */
void
spare_answer_find_async (SpareOwner *owner,
                         const char *folder,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  run (owner, folder, NULL, cancellable, callback, user_data, find_thread);
}

GPtrArray *
spare_answer_find_finish (SpareOwner *owner, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, owner), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
