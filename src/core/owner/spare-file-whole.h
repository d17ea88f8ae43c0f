/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

gboolean spare_file_whole_sync (SpareOwner *owner,
                                const char *path,
                                const SpareSessionKey *key,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
