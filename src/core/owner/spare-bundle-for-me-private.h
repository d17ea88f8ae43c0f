/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle-reader.h"
#include "spare-own-keys-private.h"

G_BEGIN_DECLS

/* A bundle of the pinned authority to one of the owner's keys, verified whole. */
SpareBundle *spare_bundle_for_me_open_sync (SpareOwner *owner,
                                            const char *path,
                                            guint types,
                                            SpareProgressMeter *meter,
                                            GCancellable *cancellable,
                                            GError **error);

G_END_DECLS
