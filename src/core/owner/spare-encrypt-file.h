/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-encryption-plan.h"
#include "spare-file-result.h"
#include "spare-output.h"
#include "spare-progress.h"
#include "spare-trash.h"

G_BEGIN_DECLS

typedef struct
{
  const char *input;            /* a file or a folder */
  const char *output;           /* exact result; NULL */
  const char *output_directory; /* NULL: beside the input */
  SpareConflict conflict;
  gboolean trash_original;
} SpareEncryptFile;

SpareFileResult *spare_encrypt_file_sync (SpareOwner *owner,
                                          SpareEncryptionPlan *plan,
                                          const SpareEncryptFile *what,
                                          SpareProgressMeter *meter,
                                          GCancellable *cancellable,
                                          SpareTrashed **trashed,
                                          GError **error);

G_END_DECLS
