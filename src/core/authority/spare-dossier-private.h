/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle-reader.h"
#include "spare-case-private.h"
#include "spare-case-row-private.h"
#include "spare-claim-private.h"
#include "spare-packet-opener-private.h"
#include "spare-progress.h"
#include "spare-request-facts-private.h"

G_BEGIN_DECLS

/**
 * SpareDossierDepth:
 * @SPARE_DOSSIER_INDEXED: from the registry's tables: quick, for showing and for what officers sign
 * @SPARE_DOSSIER_VERIFIED: from kept octets alone: the request and the deposits are opened again, each packet proven
 *   again, the audit log verified
 *
 * Where a dossier takes its facts from. If nobody touched the tables, both come to the same manifest.
 */
typedef enum
{
  SPARE_DOSSIER_INDEXED,
  SPARE_DOSSIER_VERIFIED,
} SpareDossierDepth;

/* All that is known of a case at one moment. */
typedef struct
{
  SpareAuthority *authority;
  SpareDossierDepth depth;
  SpareCaseRow *row;
  SpareAuthorityPolicy *policy;
  SpareRegistryOwner *owner; /* of the old key; NULL: never seen */
  SparePacketOpener *opener;
  /* When verified only. */
  SpareBundle *request;
  SpareRequestFacts *facts;
  GHashTable *records; /* owner and SHA-256 of a packet → SpareDepositRecord, as it was kept */
  gboolean was_refused;
  gboolean was_granted;
  gint64 logged_loss;  /* sequence of the first report of the old key's loss; 0: none */
  gint64 logged_since; /* the earliest time that such reports name; 0: none */

  gint64 now;
  gint64 opened;
  gint64 sequence;
  gint64 expires;
  char *person;
  GPtrArray *claims; /* of SpareClaim */
  GPtrArray *checks; /* of SpareCaseCheck */
  GPtrArray *hashes; /* of SHA-256, as @checks; NULL where not done */
  GBytes *manifest;  /* NULL: checks are missing */
  char *manifest_sha256;
  GPtrArray *approvals; /* of SpareCaseApproval */
  guint n_approved;
  guint n_needed;
  gint64 waiting_until;
  SpareCaseState state;
} SpareDossier;

SpareDossier *spare_dossier_load_sync (SpareAuthority *authority,
                                       const char *id,
                                       SpareDossierDepth depth,
                                       SpareProgressMeter *progress,
                                       GCancellable *cancellable,
                                       GError **error);
SpareDossier *spare_dossier_load_row_sync (SpareAuthority *authority,
                                           SpareCaseRow *row,
                                           SpareDossierDepth depth,
                                           SpareProgressMeter *progress,
                                           GCancellable *cancellable,
                                           GError **error);
void spare_dossier_free (SpareDossier *self);
SpareCase *spare_dossier_to_case (const SpareDossier *self);
gboolean spare_dossier_is_closed (const SpareDossier *self);
gboolean spare_dossier_require_open (const SpareDossier *self, GError **error);

/* Why a claim that is not matched can't be granted; NULL: it can. */
const char *spare_dossier_find_bar (const SpareDossier *self, const SpareClaim *claim);

/* Parts of loading. */
SpareBundle *spare_dossier_open_request_sync (SpareAuthority *authority,
                                              const SpareCaseRow *row,
                                              GCancellable *cancellable,
                                              GError **error);
gboolean spare_dossier_load_owner_sync (SpareDossier *self,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean spare_dossier_judge_claims_sync (SpareDossier *self,
                                          SpareProgressMeter *progress,
                                          GCancellable *cancellable,
                                          GError **error);
gboolean spare_dossier_verify_log_sync (SpareDossier *self,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean spare_dossier_load_checks_sync (SpareDossier *self,
                                         GCancellable *cancellable,
                                         GError **error);
gboolean spare_dossier_count_approvals_sync (SpareDossier *self,
                                             GCancellable *cancellable,
                                             GError **error);

gboolean spare_dossier_find_certificate_sync (SpareAuthority *authority,
                                              const char *fingerprint,
                                              GBytes **certificate,
                                              GCancellable *cancellable,
                                              GError **error);

/* Whether @fingerprint may approve at all, and has not yet. */
gboolean spare_dossier_check_approver (const SpareDossier *self,
                                       const char *fingerprint,
                                       const char *const *user_ids,
                                       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareDossier, spare_dossier_free)

G_END_DECLS
