/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_REQUEST_FILES (spare_request_files_get_type ())
G_DECLARE_FINAL_TYPE (SpareRequestFiles, spare_request_files, SPARE, REQUEST_FILES, GtkBox)

/* Signal "changed". Takes drops of files. */
/* @files: of GFile. */
void spare_request_files_add (SpareRequestFiles *self, GPtrArray *files);
guint spare_request_files_get_n (SpareRequestFiles *self);
char **spare_request_files_dup_paths (SpareRequestFiles *self);
void spare_request_files_focus_start (SpareRequestFiles *self);

G_END_DECLS
