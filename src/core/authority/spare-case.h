/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-manifest.h"

G_BEGIN_DECLS

/**
 * SpareCaseState:
 * @SPARE_CASE_IDENTITY: identity checks are missing
 * @SPARE_CASE_APPROVAL: all checks are done, approvals are missing
 * @SPARE_CASE_WAITING: enough approvals, the policy's waiting hours are not over
 * @SPARE_CASE_READY: can be recovered
 * @SPARE_CASE_GRANTED: a grant was made
 * @SPARE_CASE_REFUSED: refused by an officer
 * @SPARE_CASE_EXPIRED: too old by policy
 * @SPARE_CASE_WITHDRAWN: taken back by who asked
 *
 * Where a case stands, computed from its evidence each time.
 */
typedef enum
{
  SPARE_CASE_IDENTITY,
  SPARE_CASE_APPROVAL,
  SPARE_CASE_WAITING,
  SPARE_CASE_READY,
  SPARE_CASE_GRANTED,
  SPARE_CASE_REFUSED,
  SPARE_CASE_EXPIRED,
  SPARE_CASE_WITHDRAWN,
} SpareCaseState;

/* "identity", "approval", … as in the tool's JSON. */
const char *spare_case_state_to_string (SpareCaseState state);

/* One file that is asked for. */
typedef struct
{
  char *file_id;
  char *name; /* the file system's own octets; for display only */
  guint64 size;
  SpareVerdict verdict;
  char *serial; /* of the deposit that matched; empty if none did */
  char *sha256; /* of the source packet; empty if there is none */
  char *why;    /* a translated sentence */
} SpareCaseFile;

/* One identity check of the policy. */
typedef struct
{
  char *check;
  gboolean done;
  char *evidence; /* as the officer entered it; NULL when not done */
  gint64 time;    /* 0 when not done */
} SpareCaseCheck;

/* One approval that came in. */
typedef struct
{
  char *officer; /* the person, as the policy names him; the fingerprint if it names none */
  char *fingerprint;
  gint64 time; /* when it was taken in, by the authority's clock */
  gboolean counts;
  char *why; /* a translated sentence when it doesn't count, else NULL */
} SpareCaseApproval;

/**
 * SpareCase:
 * @id: the case's id, a lower-case UUID made from the request's SHA-256
 * @state: where it stands
 * @request_id: id of the request bundle
 * @request_sha256: of the request's octets
 * @requester: user id text of the new key's certificate: unproven, for display
 * @old: the old key's fingerprint, as claimed; empty if none was
 * @key: the new key's primary fingerprint
 * @subkey: the encryption subkey that the session keys will be wrapped for
 * @person: who has to be identified: the enrolled owner's user id text, else that of @requester
 * @contact: (nullable): how to reach the enrolled owner; never from the request
 * @owner_enrolled: whether the old key's owner is enrolled
 * @reason: what the requester wrote
 * @lost: "lost" or "stolen"
 * @opened: when the request was taken in
 * @expires: when it can no longer be granted
 * @waiting_until: when the waiting hours end, 0 while approvals are missing
 * @files: (element-type SpareCaseFile): what is asked for
 * @n_matched: files of @files that are matched
 * @n_unmatched: the others, unsure ones too
 * @unmatched_allowed: whether policy lets unmatched claims be granted
 * @identity: (element-type SpareCaseCheck): the policy's checks, and new-key
 * @approvals: (element-type SpareCaseApproval): approvals of this case, whether they count or not
 * @n_approved: persons whose approval counts
 * @n_needed: persons needed
 * @manifest: (nullable): SHA-256 of what approvals sign; %NULL before all checks are done
 * @answer: (nullable): file name of the grant or refusal that ended it
 * @answer_path: (nullable): where its octets are kept
 * @answer_reason: (nullable): why it was refused
 *
 * A case as it was when asked for. Immutable, so it crosses threads freely.
 */
typedef struct _SpareCase SpareCase;
struct _SpareCase
{
  char *id;
  SpareCaseState state;
  char *request_id;
  char *request_sha256;
  char *requester;
  char *old;
  char *key;
  char *subkey;
  char *person;
  char *contact;
  gboolean owner_enrolled;
  char *reason;
  char *lost;
  gint64 opened;
  gint64 expires;
  gint64 waiting_until;
  GPtrArray *files;
  guint n_matched;
  guint n_unmatched;
  gboolean unmatched_allowed;
  GPtrArray *identity;
  GPtrArray *approvals;
  guint n_approved;
  guint n_needed;
  char *manifest;
  char *answer;
  char *answer_path;
  char *answer_reason;

  /*< private >*/
  gint ref_count;
};

#define SPARE_TYPE_CASE (spare_case_get_type ())
GType spare_case_get_type (void) G_GNUC_CONST;
SpareCase *spare_case_ref (SpareCase *self);
void spare_case_unref (SpareCase *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareCase, spare_case_unref)

G_END_DECLS
