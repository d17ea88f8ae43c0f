/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle-writer.h"
#include "spare-dossier-private.h"

G_BEGIN_DECLS

/**
 * SpareReply:
 * @parties: from the authority to the new key of a case
 * @header: the answer's, with what ties it to its request
 *
 * A grant or refusal on its way to who asked.
 */
typedef struct
{
  const SpareDossier *dossier; /* borrowed */
  SpareHome *scratch;          /* has the new key's certificate, as it came with the request */
  SpareKey *receiver;
  SpareBundleParties parties;
  SpareBundleHeader *header;
} SpareReply;

SpareReply *spare_reply_new_sync (const SpareDossier *dossier,
                                  SpareBundle *request,
                                  SpareBundleType type,
                                  GCancellable *cancellable,
                                  GError **error);
void spare_reply_free (SpareReply *self);
gboolean spare_reply_add_checkpoint (SpareReply *self, GError **error);

/* What the table of cases and the audit row say of it. */
typedef struct
{
  const char *kind;
  const char *reason; /* NULL: none */
  const char *event;
  guint64 n_records;
  JsonObject *detail; /* NULL: nothing beside case, id and SHA-256 */
} SpareAnswerWords;

gboolean spare_reply_close_sync (SpareReply *self,
                                 const char *path,
                                 const char *sha256,
                                 const SpareAnswerWords *words,
                                 GCancellable *cancellable,
                                 GError **error);
char *spare_reply_deliver_sync (SpareAuthority *authority,
                                const char *sha256,
                                const char *name,
                                const char *folder,
                                GCancellable *cancellable,
                                GError **error);

/* Keeps the octets of a file that was written in the spool folder, and removes it there. */
gboolean spare_reply_keep_file_sync (SpareAuthority *authority,
                                     const char *path,
                                     const char *sha256,
                                     GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareReply, spare_reply_free)

G_END_DECLS
