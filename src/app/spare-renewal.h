/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job-queue.h"

G_BEGIN_DECLS

/* @paths: (element-type filename): encrypted files. Each is decrypted, encrypted anew, and takes its own place. */
void spare_renewal_start (SpareJobQueue *queue, GPtrArray *paths);

G_END_DECLS
