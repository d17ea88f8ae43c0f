/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  SPARE_HEAD_DONE,
  SPARE_HEAD_SKIPPED, /* nothing to do, or not for us: @error says why, or is NULL */
  SPARE_HEAD_FAILED,
} SpareHeadStatus;

/* What became of one file whose head was to be changed: an element of "results" in JSON. */
typedef struct
{
  char *path; /* in the file system's octets */
  SpareHeadStatus status;
  char *file_id; /* NULL: not an encrypted file */
  char *serial;  /* of a packet that was made for it; NULL */
  GError *error; /* NULL when done */
} SpareHeadResult;

SpareHeadResult *spare_head_result_new (const char *path);
void spare_head_result_free (SpareHeadResult *self);
void spare_head_result_take_error (SpareHeadResult *self,
                                   SpareHeadStatus status,
                                   GError *error);
const char *spare_head_status_to_string (SpareHeadStatus status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareHeadResult, spare_head_result_free)

G_END_DECLS
