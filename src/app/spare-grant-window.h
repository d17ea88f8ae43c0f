/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-grant.h"
#include "spare-job-queue.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_GRANT_WINDOW (spare_grant_window_get_type ())
G_DECLARE_FINAL_TYPE (SpareGrantWindow, spare_grant_window, SPARE, GRANT_WINDOW, AdwWindow)

SpareGrantWindow *spare_grant_window_new (GtkWindow *parent,
                                          SpareOwner *owner,
                                          SpareJobQueue *queue,
                                          SpareGrant *grant /* transfer full */);

G_END_DECLS
