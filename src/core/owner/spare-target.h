/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-output.h"

G_BEGIN_DECLS

/* Where results go. Paths are in the file system's octets; but for the check nothing here touches the file system. */

char *spare_target_for_encryption (const char *input,
                                   gboolean is_folder,
                                   const char *output,
                                   const char *output_directory);
char *spare_target_for_decryption (const char *input,
                                   gboolean unpack,
                                   const char *output,
                                   const char *output_directory);
gboolean spare_target_names_archive (const char *input);
gboolean spare_target_names_encrypted (const char *input);
gboolean spare_target_check_other (const char *target,
                                   SpareConflict conflict,
                                   int input,
                                   GError **error);

G_END_DECLS
