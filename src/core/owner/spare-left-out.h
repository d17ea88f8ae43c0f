/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What an operation on many things could not take along, and why; the rest was done. */
typedef struct
{
  char *path;    /* a file, in the file system's octets; NULL: @error is about no single file */
  GError *error; /* a translated sentence, and a code for the exit status */
} SpareLeftOut;

SpareLeftOut *spare_left_out_new (const char *path, GError *error /* transfer full */);
void spare_left_out_free (SpareLeftOut *self);
GPtrArray *spare_left_out_array_new (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareLeftOut, spare_left_out_free)

G_END_DECLS
