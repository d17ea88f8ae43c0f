/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle.h"
#include "spare-case.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* What officers do with cases. @id: a case's id or an unambiguous beginning of one. */

GPtrArray *spare_case_list_sync (SpareAuthority *authority,
                                 GCancellable *cancellable,
                                 GError **error);
SpareCase *spare_case_get_sync (SpareAuthority *authority,
                                const char *id,
                                GCancellable *cancellable,
                                GError **error);
SpareCase *spare_case_identify_sync (SpareAuthority *authority,
                                     const char *id,
                                     const char *check,
                                     const char *evidence,
                                     GCancellable *cancellable,
                                     GError **error);
SpareCase *spare_case_approve_sync (SpareAuthority *authority,
                                    const char *id,
                                    SpareHome *officer_home,
                                    const char *officer,
                                    GCancellable *cancellable,
                                    GError **error);

/**
 * SpareRefusalKind:
 * @SPARE_REFUSAL_REFUSED: an officer refused it
 * @SPARE_REFUSAL_EXPIRED: it is too old by policy
 * @SPARE_REFUSAL_WITHDRAWN: who asked took it back
 */
typedef enum
{
  SPARE_REFUSAL_REFUSED,
  SPARE_REFUSAL_EXPIRED,
  SPARE_REFUSAL_WITHDRAWN,
} SpareRefusalKind;

SpareWrittenBundle *spare_case_refuse_sync (SpareAuthority *authority,
                                            const char *id,
                                            SpareRefusalKind kind,
                                            const char *reason,
                                            const char *folder,
                                            GCancellable *cancellable,
                                            GError **error);
GPtrArray *spare_case_ask_sync (SpareAuthority *authority,
                                const char *id,
                                const char *folder,
                                GPtrArray *homes,
                                GCancellable *cancellable,
                                GError **error);

/* A file that a grant leaves out. */
typedef struct
{
  char *file_id;
  char *name;
  char *why; /* a translated sentence */
} SpareGrantLeftOut;

/**
 * SpareGrantResult:
 * @case_id: the case
 * @path: (nullable): where the grant was written for its owner; %NULL if no folder was given
 * @id: the grant's id
 * @to: primary fingerprint of the new key
 * @n_records: files granted
 * @again: whether this is the grant that was made before, written once more
 * @left_out: (element-type SpareGrantLeftOut): files not granted; empty when @again
 */
typedef struct
{
  char *case_id;
  char *path;
  char *id;
  char *to;
  guint64 n_records;
  gboolean again;
  GPtrArray *left_out;
} SpareGrantResult;

SpareGrantResult *spare_case_recover_sync (SpareAuthority *authority,
                                           const char *id,
                                           const char *folder,
                                           SpareProgressMeter *progress,
                                           GCancellable *cancellable,
                                           GError **error);
void spare_grant_result_free (SpareGrantResult *self);
void spare_grant_left_out_free (SpareGrantLeftOut *self);

void spare_case_list_async (SpareAuthority *authority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
GPtrArray *spare_case_list_finish (SpareAuthority *authority,
                                   GAsyncResult *result,
                                   GError **error);
/* Finishes spare_case_get_async(), spare_case_identify_async() and spare_case_approve_async(). */
SpareCase *spare_case_finish (SpareAuthority *authority, GAsyncResult *result, GError **error);
void spare_case_get_async (SpareAuthority *authority,
                           const char *id,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
void spare_case_identify_async (SpareAuthority *authority,
                                const char *id,
                                const char *check,
                                const char *evidence,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
void spare_case_approve_async (SpareAuthority *authority,
                               const char *id,
                               SpareHome *officer_home,
                               const char *officer,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
void spare_case_refuse_async (SpareAuthority *authority,
                              const char *id,
                              SpareRefusalKind kind,
                              const char *reason,
                              const char *folder,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
SpareWrittenBundle *spare_case_refuse_finish (SpareAuthority *authority,
                                              GAsyncResult *result,
                                              GError **error);
void spare_case_ask_async (SpareAuthority *authority,
                           const char *id,
                           const char *folder,
                           GPtrArray *homes,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
GPtrArray *spare_case_ask_finish (SpareAuthority *authority,
                                  GAsyncResult *result,
                                  GError **error);
void spare_case_recover_async (SpareAuthority *authority,
                               const char *id,
                               const char *folder,
                               SpareProgressMeter *progress,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
SpareGrantResult *spare_case_recover_finish (SpareAuthority *authority,
                                             GAsyncResult *result,
                                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareGrantResult, spare_grant_result_free)

G_END_DECLS
