/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle-reader.h"
#include "spare-import.h"

G_BEGIN_DECLS

/* Records between two looks at the progress. */
#define SPARE_INTAKE_BATCH 50

/* One verified bundle on its way into the registry. */
typedef struct
{
  SpareAuthority *authority;
  SpareBundle *bundle;
  SpareImportResult *result;
  SpareProgressMeter *progress; /* NULL: nobody looks */
  GCancellable *cancellable;
  gint64 now;      /* the authority's clock */
  gint64 sequence; /* of the audit row that this intake will have */
} SpareIntake;

/* Inside of the one transaction of an intake; each fills in the numbers of the result and adds to the audit row. */
gboolean spare_intake_deposit_sync (SpareIntake *self, JsonObject *detail, GError **error);
gboolean spare_intake_transfer_sync (SpareIntake *self, JsonObject *detail, GError **error);
gboolean spare_intake_request_sync (SpareIntake *self, JsonObject *detail, GError **error);

/* An approval is judged before the transaction. */
gboolean spare_intake_judge_approval_sync (SpareIntake *self, GError **error);
gboolean spare_intake_approval_sync (SpareIntake *self, JsonObject *detail, GError **error);

/* All of it: keeps the octets, and in one transaction records, the statement that they came in, and the audit row. For a
 * bundle that was verified. */
gboolean spare_intake_run_sync (SpareIntake *self, GError **error);

/* The key of an owner that its own certificate says is revoked. @how: "bundle" or "certificate". Nothing, if it is not. */
gboolean spare_intake_note_revoked_sync (SpareAuthority *authority,
                                         SpareKey *key,
                                         const char *how,
                                         GCancellable *cancellable,
                                         GError **error);
/* As above, for a certificate that was just imported, if it is an owner's. */
gboolean spare_intake_note_certificate_sync (SpareAuthority *authority,
                                             const char *fingerprint,
                                             GCancellable *cancellable,
                                             GError **error);
/* A revocation alone, of an owner's key. Returns the fingerprint. @is_new: (out): whether it was not known before. */
char *spare_intake_revocation_sync (SpareAuthority *authority,
                                    GBytes *octets,
                                    gboolean *is_new,
                                    GCancellable *cancellable,
                                    GError **error);

gboolean spare_intake_step (SpareIntake *self, guint64 done, GError **error);

G_END_DECLS
