/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* One receipt for each owner with packets that no receipt named yet. Returns SpareWrittenBundle. */
GPtrArray *spare_authority_write_receipts_sync (SpareAuthority *self,
                                                const char *folder,
                                                SpareProgressMeter *progress,
                                                GCancellable *cancellable,
                                                GError **error);
void spare_authority_write_receipts_async (SpareAuthority *self,
                                           const char *folder,
                                           SpareProgressMeter *progress,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
GPtrArray *spare_authority_write_receipts_finish (SpareAuthority *self,
                                                  GAsyncResult *result,
                                                  GError **error);

G_END_DECLS
