/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-tool.h"

G_BEGIN_DECLS

/* Opens authority mode for this run. Its passphrase comes from --passphrase-fd, or pinentry asks for it. */
gboolean spare_tool_open_authority (SpareTool *self, GError **error);
/* Protects the rows of the log that were added. */
void spare_tool_close_authority (SpareTool *self);

G_END_DECLS
