/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-registry.h"
#include "spare-request-record.h"

G_BEGIN_DECLS

/* A case as the registry's tables have it: an index and what is shown, never evidence. */
typedef struct
{
  char *id;
  char *request; /* SHA-256 of the request's octets */
  char *request_id;
  char *requester; /* the new key's first user id */
  char *people;    /* all its user ids, a line each */
  char *old;       /* empty: none claimed */
  char *key;
  char *subkey;
  char *reason;
  char *lost;   /* "lost" or "stolen" */
  gint64 since; /* 0: not said */
  gint64 opened;
  gint64 sequence;
  /* NULL and 0 while it is open. */
  char *answer;      /* SHA-256 of the kept grant or refusal */
  char *answer_kind; /* "grant", "refused", "expired", "withdrawn" */
  char *answer_id;
  char *answer_name; /* its file name */
  char *answer_reason;
  gint64 answered;
  guint64 answer_records;
} SpareCaseRow;

void spare_case_row_free (SpareCaseRow *self);
gboolean spare_case_row_insert (SpareRegistry *registry,
                                const SpareCaseRow *row,
                                GError **error);
gboolean spare_case_row_close (SpareRegistry *registry,
                               const SpareCaseRow *row,
                               GError **error);
SpareCaseRow *spare_case_row_find (SpareRegistry *registry, const char *prefix, GError **error);
GPtrArray *spare_case_row_list (SpareRegistry *registry, GError **error);

gboolean spare_case_row_add_file (SpareRegistry *registry,
                                  const char *case_id,
                                  guint64 position,
                                  const SpareRequestRecord *record,
                                  GError **error);
GPtrArray *spare_case_row_list_files (SpareRegistry *registry,
                                      const char *case_id,
                                      GError **error);

typedef struct
{
  char *bundle;      /* SHA-256 of the approval's octets */
  char *fingerprint; /* of who signed it */
} SpareApprovalRow;

void spare_approval_row_free (SpareApprovalRow *self);
gboolean spare_case_row_add_approval (SpareRegistry *registry,
                                      const char *case_id,
                                      const char *bundle,
                                      const char *fingerprint,
                                      GError **error);
GPtrArray *spare_case_row_list_approvals (SpareRegistry *registry,
                                          const char *case_id,
                                          GError **error);

char *spare_case_id_from_request (const char *sha256);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareCaseRow, spare_case_row_free)

G_END_DECLS
