/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-home.h"
#include "spare-manifest.h"

G_BEGIN_DECLS

/* The remote officer's side: no registry, no authority's key, only his own. */

/**
 * SpareApprovalQuestion:
 * @authority: primary fingerprint of who asks
 * @authority_name: user id text of its certificate: unproven, for display
 * @officer: primary fingerprint of the key that will sign
 * @case_id: the case
 * @requester: user id text of who asks for recovery
 * @person: who was identified
 * @reason: what the requester wrote
 * @manifest: the whole manifest, parsed
 * @manifest_sha256: what the approval will sign
 *
 * What a case bundle asks of its reader.
 */
typedef struct
{
  const char *authority;
  const char *authority_name;
  const char *officer;
  const char *case_id;
  const char *requester;
  const char *person;
  const char *reason;
  const SpareManifest *manifest;
  const char *manifest_sha256;
} SpareApprovalQuestion;

/* Shows the question; called in the operation's thread. Returns whether to sign. */
typedef gboolean (*SpareApprovalFunc) (const SpareApprovalQuestion *question,
                                       gpointer user_data);

/* @homes: (element-type SpareHome): where the officer's secret key may be
 * @authority: (nullable): the only authority whose question is answered; NULL: any, the callback decides */
SpareWrittenBundle *spare_approval_answer_sync (GPtrArray *homes,
                                                const char *case_bundle,
                                                const char *authority,
                                                const char *folder,
                                                SpareApprovalFunc func,
                                                gpointer user_data,
                                                GCancellable *cancellable,
                                                GError **error);

G_END_DECLS
