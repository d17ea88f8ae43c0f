/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head-result.h"
#include "spare-progress.h"
#include "spare-request.h"

G_BEGIN_DECLS

/* The authority's answer to a request, verified and ready to be applied. Nothing is changed by opening it. */
typedef struct _SpareGrant SpareGrant;

SpareGrant *spare_grant_open_sync (SpareOwner *owner,
                                   const char *path,
                                   SpareProgressMeter *meter,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_grant_free (SpareGrant *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareGrant, spare_grant_free)

const char *spare_grant_get_id (SpareGrant *self);
const char *spare_grant_get_case (SpareGrant *self);
const SpareRequest *spare_grant_get_request (SpareGrant *self);
guint spare_grant_get_n_files (SpareGrant *self);

void spare_grant_set_whole (SpareGrant *self, gboolean whole);
GPtrArray *spare_grant_apply_sync (SpareGrant *self,
                                   const char *const *search,
                                   SpareProgressMeter *meter,
                                   GCancellable *cancellable,
                                   GError **error);

void spare_grant_open_async (SpareOwner *owner,
                             const char *path,
                             SpareProgressMeter *meter,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
SpareGrant *spare_grant_open_finish (SpareOwner *owner, GAsyncResult *result, GError **error);
void spare_grant_apply_async (SpareOwner *owner,
                              SpareGrant *self,
                              const char *const *search,
                              SpareProgressMeter *meter,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
GPtrArray *spare_grant_apply_finish (SpareOwner *owner, GAsyncResult *result, GError **error);

G_END_DECLS
