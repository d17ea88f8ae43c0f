/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-settings.h"

G_BEGIN_DECLS

/* What became of one file: enough for a line in a window and for an element of "results" in JSON. */
typedef struct
{
  char *output;       /* path in the file system's octets; NULL: none */
  gboolean is_folder; /* @output is a folder (an archive was unpacked) */
  char *file_id;      /* NULL: no encrypted message was involved */
  char *serial;       /* NULL: no escrow packet was made */
  gboolean decrypted; /* else encrypted */
  gboolean pending;   /* escrow pending: the authority is added later */
  SpareEscrowMode mode;
  gboolean unsure;  /* done, but may not survive a power cut */
  gboolean trashed; /* the original is in the trash */
  guint n_left_out; /* pipes, devices and sockets of a folder that were not taken along */
  guint64 octets;   /* of the plain file, or of all files of the folder */
  char *note;       /* translated sentence that the person should see beside success; NULL */
  GPtrArray *signatures; /* of SpareSignature (gnupg/); NULL or empty: not signed */
} SpareFileResult;

void spare_file_result_free (SpareFileResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareFileResult, spare_file_result_free)

/* One sentence fragment in the person's language: "Encrypted · serial 8AD58320-7F3A-42". */
char *spare_file_result_describe (const SpareFileResult *self);

G_END_DECLS
