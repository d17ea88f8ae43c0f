/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority-window.h"

G_BEGIN_DECLS

/* Takes bundles and certificates in, one after the other, and says what became of each. @files: of GFile. */
void spare_authority_import_files (SpareAuthorityWindow *window, GPtrArray *files);

G_END_DECLS
