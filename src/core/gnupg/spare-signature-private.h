/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-decryption.h"
#include "spare-operation-private.h"

G_BEGIN_DECLS

GPtrArray *spare_signatures_collect_private (gpgme_ctx_t gpgme, const SpareEngineFacts *facts);
gboolean spare_signatures_have_bad_private (GPtrArray *signatures);

G_END_DECLS
