/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-secret.h"

G_BEGIN_DECLS

/* Octets of a proof: HMAC-SHA256. */
#define SPARE_PROOF_LENGTH 32

gboolean spare_proof_compute (SpareSecret *session_key,
                              const char *owner,
                              const char *authority,
                              const char *serial,
                              const SpareHead *head,
                              guint8 proof[SPARE_PROOF_LENGTH],
                              GError **error);
gboolean spare_proof_verify (SpareSecret *session_key,
                             const char *owner,
                             const char *authority,
                             const char *serial,
                             const SpareHead *head,
                             const guint8 proof[SPARE_PROOF_LENGTH]);

G_END_DECLS
