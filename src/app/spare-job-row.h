/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job-queue.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_JOB_ROW (spare_job_row_get_type ())
G_DECLARE_FINAL_TYPE (SpareJobRow, spare_job_row, SPARE, JOB_ROW, GtkBox)

GtkWidget *spare_job_row_new (SpareJobQueue *queue);
void spare_job_row_set_job (SpareJobRow *self, SpareJob *job); /* NULL: none */

G_END_DECLS
