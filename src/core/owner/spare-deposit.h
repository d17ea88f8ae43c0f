/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-left-out.h"
#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* Days after which an export without a receipt is worth a word. */
#define SPARE_DEPOSIT_OVERDUE_DAYS 14

/**
 * SpareDepositFlags:
 * @SPARE_DEPOSIT_NONE: what was not handed over yet
 * @SPARE_DEPOSIT_AGAIN: also what was exported and never acknowledged: the stick was lost, no receipt came
 *
 * Which packets are exported when no files are named.
 */
typedef enum
{
  SPARE_DEPOSIT_NONE = 0,
  SPARE_DEPOSIT_AGAIN = 1 << 0,
} SpareDepositFlags;

/* What is to be said of packets that were handed over without an answer. */
typedef struct
{
  guint
      n_packets; /* exported at least SPARE_DEPOSIT_OVERDUE_DAYS ago, and not acknowledged; 0: all is well */
  gint64 since;   /* Unix seconds of the oldest of these exports */
  char *sentence; /* translated; NULL when there is nothing to say */
} SpareOverdue;

void spare_overdue_free (SpareOverdue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOverdue, spare_overdue_free)

/* Signs what is not in a deposit yet, without asking anybody anything. TRUE also when that has to wait. */
gboolean spare_deposit_sign_sync (SpareOwner *owner, GCancellable *cancellable, GError **error);

/* What the end of a batch of files does: spare_deposit_sign_sync(), and the export to DepositTo if there is one. */
gboolean spare_deposit_after_batch_sync (SpareOwner *owner,
                                         guint *n_exported,
                                         GCancellable *cancellable,
                                         GError **error);
void spare_deposit_after_batch_async (SpareOwner *owner,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean spare_deposit_after_batch_finish (SpareOwner *owner,
                                           GAsyncResult *result,
                                           guint *n_exported,
                                           GError **error);

/* @to: a folder's path, or the URI of any GIO location. @files: NULL for all. Returns SpareWrittenBundle (escrow/). */
GPtrArray *spare_deposit_export_sync (SpareOwner *owner,
                                      const char *to,
                                      const char *const *files,
                                      SpareDepositFlags flags,
                                      GPtrArray **left_out,
                                      SpareProgressMeter *meter,
                                      GCancellable *cancellable,
                                      GError **error);
void spare_deposit_export_async (SpareOwner *owner,
                                 const char *to,
                                 const char *const *files,
                                 SpareDepositFlags flags,
                                 SpareProgressMeter *meter,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
GPtrArray *spare_deposit_export_finish (SpareOwner *owner,
                                        GAsyncResult *result,
                                        GPtrArray **left_out,
                                        GError **error);

SpareOverdue *spare_deposit_find_overdue_sync (SpareOwner *owner, GError **error);
void spare_deposit_find_overdue_async (SpareOwner *owner,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
SpareOverdue *spare_deposit_find_overdue_finish (SpareOwner *owner,
                                                 GAsyncResult *result,
                                                 GError **error);

G_END_DECLS
