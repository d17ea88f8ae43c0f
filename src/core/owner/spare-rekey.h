/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head-result.h"
#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

GPtrArray *spare_rekey_sync (SpareOwner *owner,
                             const char *to,
                             const char *const *paths,
                             SpareProgressMeter *meter,
                             GCancellable *cancellable,
                             GError **error);

G_END_DECLS
