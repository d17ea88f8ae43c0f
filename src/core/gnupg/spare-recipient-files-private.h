/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-encryption.h"

G_BEGIN_DECLS

typedef struct _SpareRecipientFiles SpareRecipientFiles;

SpareRecipientFiles *spare_recipient_files_new (SpareHome *home,
                                                const SpareEncryptionRequest *request,
                                                GCancellable *cancellable,
                                                GError **error);
void spare_recipient_files_free (SpareRecipientFiles *self);
char *spare_recipient_files_dup_lines (SpareRecipientFiles *self);

GBytes *spare_certificate_keep_subkey (GBytes *certificate, const char *subkey, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRecipientFiles, spare_recipient_files_free)

G_END_DECLS
