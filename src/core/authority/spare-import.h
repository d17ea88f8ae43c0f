/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-authority.h"
#include "spare-progress.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_IMPORT_DONE,
  SPARE_IMPORT_REFUSED,
} SpareImportStatus;

/**
 * SpareImportResult:
 * @path: the file that was imported
 * @type: "deposit", "request", "approval", "transfer" or "certificate"; %NULL if that was not told
 * @id: the bundle's id, of a certificate its fingerprint; %NULL if that was not told
 * @sender: primary fingerprint of who signed it; %NULL if that was not told
 * @status: whether it was taken in
 * @n_new: records that were not there before
 * @n_known: records that were there
 * @n_refused: records that could not be read
 * @n_held: of @n_new, those whose proof was not verified
 * @case_id: (nullable): the case that a request opened, or that an approval belongs to
 * @error: (nullable): why it was refused
 *
 * What became of one file. A refused one changed nothing but the audit log.
 */
typedef struct
{
  char *path;
  char *type;
  char *id;
  char *sender;
  SpareImportStatus status;
  guint64 n_new;
  guint64 n_known;
  guint64 n_refused;
  guint64 n_held;
  char *case_id;
  GError *error;
} SpareImportResult;

SpareImportResult *spare_authority_import_sync (SpareAuthority *self,
                                                const char *path,
                                                SpareProgressMeter *progress,
                                                GCancellable *cancellable,
                                                GError **error);
void spare_authority_import_async (SpareAuthority *self,
                                   const char *path,
                                   SpareProgressMeter *progress,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
SpareImportResult *spare_authority_import_finish (SpareAuthority *self,
                                                  GAsyncResult *result,
                                                  GError **error);
void spare_import_result_free (SpareImportResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareImportResult, spare_import_result_free)

G_END_DECLS
