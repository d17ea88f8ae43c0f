/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-engine-facts-private.h"
#include "spare-gpgme-private.h"
#include "spare-stream.h"

G_BEGIN_DECLS

/* Seconds of silence after which an engine counts as hung. */
#define SPARE_OPERATION_PATIENCE 120

typedef struct _SpareOperation SpareOperation;

SpareOperation *spare_operation_new (SpareContext *context, guint patience);
void spare_operation_free (SpareOperation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOperation, spare_operation_free)

gpgme_data_t spare_operation_add_input (SpareOperation *self,
                                        SpareReadFunc read,
                                        gpointer user_data,
                                        guint64 size_hint,
                                        GError **error);
gpgme_data_t spare_operation_add_output (SpareOperation *self,
                                         SpareWriteFunc write,
                                         gpointer user_data,
                                         GError **error);

gboolean spare_operation_run (SpareOperation *self, gpgme_error_t start_error, GError **error);

gpgme_error_t spare_operation_get_result (SpareOperation *self);
gpgme_error_t spare_operation_get_reason (SpareOperation *self);
const SpareEngineFacts *spare_operation_get_facts (SpareOperation *self);

G_END_DECLS
