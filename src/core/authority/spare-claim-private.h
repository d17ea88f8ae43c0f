/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-manifest.h"
#include "spare-request-record.h"

G_BEGIN_DECLS

/* A deposited packet with the file id of a claim. */
typedef struct
{
  char *owner; /* primary fingerprint of who deposited it */
  char *serial;
  char *sha256; /* of the packet */
  guint tag;
  GBytes *data_head;
  guint64 size; /* of the plain file, as its owner said */
  gboolean proven;
  gboolean conflict; /* its serial stands on another packet too */
  gint64
      time; /* of intake, by the authority's clock; of a transfer, by the sending authority's */
  gint64 sequence; /* of the audit log, at intake here */
  char *bundle;    /* SHA-256 of the bundle that brought it */
} SpareCandidate;

SpareCandidate *spare_candidate_new (void);
void spare_candidate_free (SpareCandidate *self);

/* What is the same for all claims of a case. */
typedef struct
{
  const char *old;     /* the old key claimed; empty: none */
  gboolean enrolled;   /* its owner is */
  gboolean must_enrol; /* policy wants that */
  gint64 opened;       /* audit sequence at which the case opened */
  gint64
      lost_sequence; /* of the first report that the key was lost, stolen or revoked; 0: none */
  gint64 lost_time;  /* since when it was, by the report or by the request; 0: not said */
} SpareClaimContext;

/* One file that a request asks for. */
typedef struct
{
  SpareRequestRecord *record;
  SpareVerdict verdict;
  char *serial; /* of the packet that matched; empty: none */
  char *
      sha256; /* of the source packet: the deposit's if it matched, else the request's; never NULL */
  char *bundle; /* that brought the packet that matched; NULL: none */
  char *why;    /* a translated sentence */
} SpareClaim;

/* What tells a claim from every other one of its request: file id and packet. */
char *spare_claim_name (const SpareRequestRecord *record);
SpareClaim *spare_claim_new (SpareRequestRecord *record);
void spare_claim_free (SpareClaim *self);
void spare_claim_judge (SpareClaim *self,
                        const SpareClaimContext *context,
                        GPtrArray *candidates);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareCandidate, spare_candidate_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareClaim, spare_claim_free)

G_END_DECLS
