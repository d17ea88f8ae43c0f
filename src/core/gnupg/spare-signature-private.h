/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-operation-private.h"
#include "spare-signature.h"

G_BEGIN_DECLS

GPtrArray *spare_signatures_collect_private (gpgme_ctx_t gpgme, const SpareEngineFacts *facts);
gboolean spare_signatures_have_bad_private (GPtrArray *signatures);

/* Says whether @signature is what it has to be, whatever it covers. */
gboolean spare_signature_check_private (const SpareSignature *signature,
                                        const char *fingerprint,
                                        const char *notation_name,
                                        const char *notation_value,
                                        gboolean allow_expired_key,
                                        GError **error);

/* Puts one notation under the signature that the context is going to make; NULL: none. */
gboolean spare_signature_add_notation_private (SpareContext *context,
                                               const char *name,
                                               const char *value,
                                               GError **error);

G_END_DECLS
