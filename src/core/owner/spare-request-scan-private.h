/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-left-out.h"
#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* An encrypted file that was found. */
typedef struct
{
  char *path; /* absolute */
  guint64 size;
  SpareHead *head;
  gboolean named; /* by the person, not found in a folder */
} SpareFoundFile;

void spare_found_file_free (SpareFoundFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareFoundFile, spare_found_file_free)

/* The encrypted files among @paths and in the folders among them. Returns SpareFoundFile. */
GPtrArray *spare_request_scan_sync (const char *const *paths,
                                    GPtrArray *left_out,
                                    SpareProgressMeter *meter,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
