/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job-queue.h"

G_BEGIN_DECLS

#define SPARE_TYPE_INTAKE (spare_intake_get_type ())
G_DECLARE_FINAL_TYPE (SpareIntake, spare_intake, SPARE, INTAKE, GObject)

/* Signal "refused" (guint n, const char *first name): files that are not on this computer. */
SpareIntake *spare_intake_new (SpareJobQueue *queue);
void spare_intake_add (SpareIntake *self,
                       GPtrArray *files,
                       SpareJobKind kind,
                       SpareJobOptions *options);

G_END_DECLS
