/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-job-queue.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_FILES_PAGE (spare_files_page_get_type ())
G_DECLARE_FINAL_TYPE (SpareFilesPage, spare_files_page, SPARE, FILES_PAGE, GtkBox)

void spare_files_page_set_up (SpareFilesPage *self, SpareOwner *owner, SpareJobQueue *queue);
/* Who was added, as options of the next jobs. */
SpareJobOptions *spare_files_page_make_options (SpareFilesPage *self);
void spare_files_page_add_recipient (SpareFilesPage *self, SpareKey *key);
void spare_files_page_refresh_access (SpareFilesPage *self);
void spare_files_page_focus_start (SpareFilesPage *self);

G_END_DECLS
