/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-home.h"
#include "spare-stream.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_SIGNATURE_GOOD,
  SPARE_SIGNATURE_EXPIRED_KEY,
  SPARE_SIGNATURE_REVOKED_KEY,
  SPARE_SIGNATURE_EXPIRED,
  SPARE_SIGNATURE_UNKNOWN_KEY,
  SPARE_SIGNATURE_BAD,
  SPARE_SIGNATURE_ERROR,
} SpareSignatureStatus;

typedef struct
{
  SpareSignatureStatus status;
  char
      *fingerprint; /* primary fingerprint if known, else what the signature names, else NULL */
  char *user_id;    /* raw, for display only; NULL if unknown */
  gint64 created;
} SpareSignature;

void spare_signature_free (SpareSignature *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareSignature, spare_signature_free)

typedef struct
{
  SpareHead *head;
  GPtrArray *signatures; /* of SpareSignature; empty: not signed */
  gboolean two_passes;
} SpareDecryption;

void spare_decryption_free (SpareDecryption *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareDecryption, spare_decryption_free)

SpareDecryption *spare_decrypt_sync (SpareHome *home,
                                     const SpareStream *stream,
                                     guint64 output_cap,
                                     GCancellable *cancellable,
                                     GError **error);

G_END_DECLS
