/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-home.h"
#include "spare-session-key.h"
#include "spare-signature.h"
#include "spare-stream.h"

G_BEGIN_DECLS

typedef struct
{
  SpareHead *head;
  GPtrArray *signatures; /* of SpareSignature; empty: not signed */
  gboolean two_passes;
  guint n_plaintexts; /* literal packets inside */
  guint n_signatures; /* that the engine looked at */
} SpareDecryption;

void spare_decryption_free (SpareDecryption *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareDecryption, spare_decryption_free)

SpareDecryption *spare_decrypt_sync (SpareHome *home,
                                     const SpareStream *stream,
                                     guint64 output_cap,
                                     GCancellable *cancellable,
                                     GError **error);
SpareDecryption *spare_decrypt_with_session_key_sync (SpareHome *home,
                                                      const SpareSessionKey *key,
                                                      const SpareStream *stream,
                                                      guint64 output_cap,
                                                      GCancellable *cancellable,
                                                      GError **error);
gboolean spare_decryption_is_signed_only_by (const SpareDecryption *self,
                                             const char *fingerprint,
                                             const char *notation_name,
                                             const char *notation_value,
                                             GError **error);

G_END_DECLS
