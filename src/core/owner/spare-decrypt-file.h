/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-file-result.h"
#include "spare-output.h"
#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

typedef struct
{
  const char *input;
  const char *output;           /* exact result; NULL */
  const char *output_directory; /* NULL: beside the input */
  SpareConflict conflict;
  gboolean no_unpack; /* an archive stays one file */
} SpareDecryptFile;

SpareFileResult *spare_decrypt_file_sync (SpareOwner *owner,
                                          const SpareDecryptFile *what,
                                          SpareProgressMeter *meter,
                                          GCancellable *cancellable,
                                          GError **error);

G_END_DECLS
