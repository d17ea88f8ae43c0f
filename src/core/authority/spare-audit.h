/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-home.h"
#include "spare-registry.h"
#include "spare-stream.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The authority's clock: Unix seconds. */
typedef gint64 (*SpareClockFunc) (void);

#define SPARE_CHECKPOINT_NOTATION "checkpoint@sparekey.org"
#define SPARE_AUDIT_ACTOR_PROGRAM "program"
/* The event by which an officer confirms the clock after a row of a later time. */
#define SPARE_AUDIT_CLOCK "clock.confirm"

/* One row of the log. */
typedef struct
{
  gint64 sequence; /* 1, 2, 3 … */
  gint64 time;     /* Unix seconds */
  char *actor;     /* a fingerprint, or "program" */
  char *event;     /* "bundle.import", "case.approve" … */
  JsonObject *detail;
  char *text; /* the canonical octets: one JSON line */
  char *hash; /* SHA-256 of @text */
} SpareAuditRow;

void spare_audit_row_free (SpareAuditRow *self);

typedef struct
{
  guint64 rows;
  gboolean valid;      /* rows, checkpoints and the anchor, all of them */
  gint64 first_bad;    /* the first row that does not fit; 0 for none */
  guint64 unprotected; /* rows after the last good checkpoint */
  gboolean anchor_ok;  /* TRUE too when there is none */
  guint64 anchors;     /* checkpoints of others that the authority did sign */
  char *
      clock_rows; /* (nullable) rows in which the clock was set back and confirmed: "17, 203" */
  char *why;      /* (nullable) a sentence; NULL when valid */
} SpareAuditVerification;

void spare_audit_verification_free (SpareAuditVerification *self);

#define SPARE_TYPE_AUDIT (spare_audit_get_type ())
G_DECLARE_FINAL_TYPE (SpareAudit, spare_audit, SPARE, AUDIT, GObject)

SpareAudit *spare_audit_new (SpareRegistry *registry,
                             SpareHome *home,
                             const char *authority,
                             SpareClockFunc clock);

gboolean spare_audit_append (SpareAudit *self,
                             const char *event,
                             const char *actor,
                             JsonObject *detail,
                             gint64 *sequence,
                             GError **error);
gboolean spare_audit_check_clock (SpareAudit *self, GError **error);
gboolean spare_audit_look_at_clock (SpareAudit *self,
                                    char **newest,
                                    gint64 *sequence,
                                    GError **error);
gboolean spare_audit_confirm_clock_sync (SpareAudit *self,
                                         const char *by,
                                         GCancellable *cancellable,
                                         GError **error);

gboolean spare_audit_checkpoint_sync (SpareAudit *self,
                                      GCancellable *cancellable,
                                      GError **error);
gboolean spare_audit_checkpoint_if_due_sync (SpareAudit *self,
                                             GCancellable *cancellable,
                                             GError **error);
gboolean spare_audit_get_n_unprotected (SpareAudit *self, guint64 *n, GError **error);
JsonObject *spare_audit_dup_checkpoint_json (SpareAudit *self, GError **error);

SpareAuditVerification *spare_audit_verify_sync (SpareAudit *self,
                                                 JsonObject *anchor,
                                                 GCancellable *cancellable,
                                                 GError **error);
SpareAuditVerification *spare_audit_verify_against_sync (SpareAudit *self,
                                                         GPtrArray *anchors,
                                                         GCancellable *cancellable,
                                                         GError **error);
gboolean spare_audit_export_sync (SpareAudit *self,
                                  SpareWriteFunc write,
                                  gpointer write_data,
                                  guint64 *rows,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean spare_audit_get_head (SpareAudit *self, gint64 *sequence, char **hash, GError **error);
SpareAuditRow *spare_audit_get_row (SpareAudit *self, gint64 sequence, GError **error);
GPtrArray *spare_audit_list (SpareAudit *self,
                             const char *text,
                             gint64 before,
                             guint limit,
                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareAuditRow, spare_audit_row_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareAuditVerification, spare_audit_verification_free)

G_END_DECLS
