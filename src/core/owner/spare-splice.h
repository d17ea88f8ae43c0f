/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* A last word before the new file takes the old one's place. @head: of the new file; @fd: the new file, whole.
 * Returns FALSE with @error: the file stays as it was. */
typedef gboolean (*SpareSpliceCheck) (const SpareHead *head,
                                      int fd,
                                      GCancellable *cancellable,
                                      gpointer user_data,
                                      GError **error);

/* What is to be done to the head of a file. */
typedef struct
{
  guint tag; /* of the data packet that is expected; 0: any */
  GBytes *
      data_head; /* octets that are expected behind the session keys, compared whole; NULL: any */
  SpareEsk *const
      *prepend; /* put first, in this order; one that is there already is not doubled */
  guint n_prepend;
  SpareEskPredicate remove; /* which leave; NULL: none */
  gpointer remove_data;
  SpareSpliceCheck check; /* NULL: none */
  gpointer check_data;
} SpareSplice;

gboolean spare_splice_file_sync (const char *path,
                                 const SpareSplice *splice,
                                 gboolean *changed,
                                 SpareProgressMeter *meter,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
