/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-file-result.h"
#include "spare-output.h"
#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_JOB_AUTO, /* what the file is decides: encrypted ones are decrypted, all else is encrypted */
  SPARE_JOB_ENCRYPT,
  SPARE_JOB_DECRYPT,
} SpareJobKind;

typedef enum
{
  SPARE_JOB_WAITING,
  SPARE_JOB_RUNNING,
  SPARE_JOB_DONE,
  SPARE_JOB_FAILED,
  SPARE_JOB_SKIPPED,
  SPARE_JOB_CANCELLED,
  SPARE_JOB_UNDONE,
} SpareJobState;

/* What was asked for; refcounted, shared by the jobs of a batch, not changed after the first job has it. */
typedef struct
{
  gatomicrefcount refs;
  char **recipients;   /* primary fingerprints beside the owner and the authority; NULL: none */
  gboolean mode_given; /* else the policy's mode */
  SpareEscrowMode mode;
  gboolean sign;
  gboolean each; /* a folder's files one by one */
  gboolean no_unpack;
  gboolean trash_original;
  char *output;           /* exact output path; NULL */
  char *output_directory; /* must exist; NULL: beside the input */
  SpareConflict conflict;

  /* Who is encrypted to, worked out by the first job and kept for the batch; private. */
  GMutex lock;
  struct _SpareEncryptionPlan *plan;
  gint64 plan_made; /* monotonic microseconds */
} SpareJobOptions;

SpareJobOptions *spare_job_options_new (void);
SpareJobOptions *spare_job_options_ref (SpareJobOptions *self);
void spare_job_options_unref (SpareJobOptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareJobOptions, spare_job_options_unref)

/* One dropped thing on its way. Properties (notify in the main context): "state", "kind" (resolved when known), "done",
 * "total" (octets; total 0 = unknown), "seconds-left" (int, -1 unknown), "result" (pointer), "error". */

#define SPARE_TYPE_JOB (spare_job_get_type ())
G_DECLARE_FINAL_TYPE (SpareJob, spare_job, SPARE, JOB, GObject)

SpareJob *spare_job_new (SpareOwner *owner,
                         const char *path,
                         SpareJobKind kind,
                         SpareJobOptions *options);

void spare_job_run_async (SpareJob *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean spare_job_run_finish (SpareJob *self, GAsyncResult *result, GError **error);
void spare_job_cancel (SpareJob *self);
void spare_job_reset (SpareJob *self); /* failed or cancelled → waiting, for Try Again */
/* Takes the result back: the output into the trash, the original out of it. */
void spare_job_undo_async (SpareJob *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean spare_job_undo_finish (SpareJob *self, GAsyncResult *result, GError **error);

const char *spare_job_get_path (SpareJob *self);         /* file system octets */
const char *spare_job_get_display_name (SpareJob *self); /* sanitized */
gboolean spare_job_is_folder (SpareJob *self);
SpareJobOptions *spare_job_get_options (SpareJob *self);
/* A file found in a folder whose files go one by one: what is encrypted already is skipped. */
void spare_job_set_found (SpareJob *self, gboolean found);
SpareJobKind spare_job_get_kind (SpareJob *self);
SpareJobState spare_job_get_state (SpareJob *self);
SpareStage spare_job_get_stage (SpareJob *self);
guint64 spare_job_get_done (SpareJob *self);
guint64 spare_job_get_total (SpareJob *self);
int spare_job_get_seconds_left (SpareJob *self);
const SpareFileResult *spare_job_get_result (SpareJob *self);
const GError *spare_job_get_error (SpareJob *self);
gboolean spare_job_can_undo (SpareJob *self);
char *spare_job_describe (SpareJob *self); /* the second line of its row */

G_END_DECLS
