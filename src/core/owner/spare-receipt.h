/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* What a receipt changed. The four add up to its records. */
typedef struct
{
  guint n_moved;   /* acknowledged now */
  guint n_known;   /* acknowledged before, or withdrawn here since */
  guint n_unknown; /* nothing that was deposited from here: left alone */
  guint n_held;    /* of @n_moved and @n_known: held, but without a valid proof */
} SpareReceiptResult;

gboolean spare_receipt_apply_sync (SpareOwner *owner,
                                   const char *path,
                                   SpareReceiptResult *result,
                                   SpareProgressMeter *meter,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_receipt_apply_async (SpareOwner *owner,
                                const char *path,
                                SpareProgressMeter *meter,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean spare_receipt_apply_finish (SpareOwner *owner,
                                     GAsyncResult *result,
                                     SpareReceiptResult *outcome,
                                     GError **error);

G_END_DECLS
