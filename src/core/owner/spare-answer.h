/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-deposit.h"
#include "spare-grant.h"
#include "spare-receipt.h"

G_BEGIN_DECLS

/* What the authority sent, told by what it is. */
typedef struct
{
  SpareBundleType type;       /* RECEIPT, REFUSAL or GRANT */
  SpareReceiptResult receipt; /* RECEIPT: what it changed */
  SpareRequest *request;      /* REFUSAL: the request as it is now */
  SpareGrant *grant;          /* GRANT: to be shown and applied; nothing is changed yet */
} SpareAnswer;

void spare_answer_free (SpareAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareAnswer, spare_answer_free)

SpareAnswer *spare_answer_open_sync (SpareOwner *owner,
                                     const char *path,
                                     SpareProgressMeter *meter,
                                     GCancellable *cancellable,
                                     GError **error);
void spare_answer_open_async (SpareOwner *owner,
                              const char *path,
                              SpareProgressMeter *meter,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
SpareAnswer *spare_answer_open_finish (SpareOwner *owner, GAsyncResult *result, GError **error);

/* Bundles in a folder, not below it, that are for the owner, by their heads: nothing is opened. Returns paths. */
GPtrArray *spare_answer_find_sync (SpareOwner *owner,
                                   const char *folder,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_answer_find_async (SpareOwner *owner,
                              const char *folder,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
GPtrArray *spare_answer_find_finish (SpareOwner *owner, GAsyncResult *result, GError **error);

G_END_DECLS
