/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job-queue.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_WINDOW (spare_window_get_type ())
G_DECLARE_FINAL_TYPE (SpareWindow, spare_window, SPARE, WINDOW, AdwApplicationWindow)

SpareWindow *spare_window_new (GtkApplication *application,
                               SpareOwner *owner,
                               SpareJobQueue *queue,
                               const GError *start_error);
/* @files: of GFile. Before the set-up is done they wait for it. */
void spare_window_take_files (SpareWindow *self, GPtrArray *files, SpareJobKind kind);
void spare_window_keep_size (SpareWindow *self);
void spare_window_show_page (SpareWindow *self, const char *name);
void spare_window_tell (SpareWindow *self, const char *text);

G_END_DECLS
