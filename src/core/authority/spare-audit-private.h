/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-audit.h"
#include "spare-registry-private.h"

G_BEGIN_DECLS

/* What stands where there is nothing before. */
#define SPARE_AUDIT_NOTHING "0000000000000000000000000000000000000000000000000000000000000000"
/* A checkpoint at the latest after so many rows. */
#define SPARE_AUDIT_CHECKPOINT_ROWS 64

/* One row of the table checkpoints, taken apart. */
typedef struct
{
  gint64 sequence;
  char *text;      /* what is signed */
  char *signature; /* armored */
} SpareAuditCheckpoint;

void spare_audit_checkpoint_free (SpareAuditCheckpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareAuditCheckpoint, spare_audit_checkpoint_free)

SpareRegistry *spare_audit_get_registry (SpareAudit *self);
SpareHome *spare_audit_get_home (SpareAudit *self);
const char *spare_audit_get_authority (SpareAudit *self);
gint64 spare_audit_get_now (SpareAudit *self);

char *spare_audit_format_time (gint64 time);
char *spare_audit_checkpoint_make_text (const char *authority,
                                        gint64 sequence,
                                        const char *hash,
                                        const char *previous,
                                        const char *time);
/* What the next checkpoint names as the one before. */
char *spare_audit_checkpoint_hash (const char *text, const char *signature);
/* The signature as a JSON string holds it. */
char *spare_audit_checkpoint_escape (const char *signature);
gboolean spare_audit_checkpoint_verify_sync (SpareAudit *self,
                                             const char *text,
                                             const char *signature,
                                             gboolean *good,
                                             GCancellable *cancellable,
                                             GError **error);
/* The newest, or NULL without an error. */
gboolean spare_audit_read_last_checkpoint (SpareAudit *self,
                                           SpareAuditCheckpoint **checkpoint,
                                           GError **error);
SpareAuditRow *spare_audit_row_parse (const char *text, const char *hash, GError **error);

G_END_DECLS
