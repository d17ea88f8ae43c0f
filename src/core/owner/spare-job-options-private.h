/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-encryption-plan.h"
#include "spare-job.h"

G_BEGIN_DECLS

SpareEncryptionPlan *spare_job_options_ref_plan_sync (SpareJobOptions *self,
                                                      SpareOwner *owner,
                                                      GCancellable *cancellable,
                                                      GError **error);

G_END_DECLS
