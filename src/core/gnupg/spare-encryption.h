/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-home.h"
#include "spare-stream.h"

G_BEGIN_DECLS

typedef struct
{
  SpareKey *key;             /* as listed in the home that encrypts */
  const SpareSubkey *subkey; /* one of @key's, addressed alone (FPR!) */
} SpareRecipient;

typedef struct
{
  const SpareRecipient *recipients;
  guint n_recipients;
  SpareHome *signing_home; /* NULL: not signed */
  const char *signer;      /* primary fingerprint */
  /* Goes under the signature, not critical; NULL: none. Printable ASCII without '%'. */
  const char *notation_name;
  const char *notation_value;
  gboolean compress;
  guint64 size; /* octets that the input must turn out to have; G_MAXUINT64: not known before */
  /* Which PKESKs leave the stream (detached mode); NULL: none. */
  gboolean (*drop) (const SpareEsk *esk, gpointer user_data);
  gpointer drop_data;
  /* Additional decryption subkeys that gpg adds by itself and that are expected beside @recipients. */
  const guint64 *extra_key_ids;
  guint n_extra_key_ids;
} SpareEncryptionRequest;

SpareHead *spare_encrypt_sync (SpareHome *home,
                               const SpareEncryptionRequest *request,
                               const SpareStream *stream,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
