/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job.h"

G_BEGIN_DECLS

/* The list of jobs, newest last: a GListModel of SpareJob, run four at a time, large ones two at a time. Main thread. Signals: "batch-finished" (when the
 * last running job ended), "changed" (counts), "deposited" (guint: packets handed over; what a batch made was signed, and
 * handed over if a place is set, or that failed: see spare_job_queue_get_deposit_error()). */

#define SPARE_TYPE_JOB_QUEUE (spare_job_queue_get_type ())
G_DECLARE_FINAL_TYPE (SpareJobQueue, spare_job_queue, SPARE, JOB_QUEUE, GObject)

typedef struct
{
  guint waiting, running, done, failed, skipped, cancelled;
  guint64 done_octets, total_octets;
} SpareJobCounts;

SpareJobQueue *spare_job_queue_new (SpareOwner *owner);
/* The same file twice among the unfinished jobs is one job. Folders with options->each become a job a file. */
void spare_job_queue_add (SpareJobQueue *self,
                          const char *const *paths,
                          SpareJobKind kind,
                          SpareJobOptions *options);
void spare_job_queue_retry (SpareJobQueue *self, SpareJob *job);
void spare_job_queue_remove (SpareJobQueue *self, SpareJob *job); /* cancels it first */
void spare_job_queue_clear_finished (SpareJobQueue *self);
void spare_job_queue_cancel_all (SpareJobQueue *self);
void spare_job_queue_get_counts (SpareJobQueue *self, SpareJobCounts *counts);
gboolean spare_job_queue_is_busy (SpareJobQueue *self);
/* Runs the main context until nothing is waiting or running, and the deposit is made: for the command line. */
void spare_job_queue_drain (SpareJobQueue *self);
/* Why what the last batch made waits in the outbox; NULL: it doesn't. */
const GError *spare_job_queue_get_deposit_error (SpareJobQueue *self);

G_END_DECLS
