/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A temporary file without a name, gone with its object or with the process. */
typedef struct _SpareBundleSpool SpareBundleSpool;

SpareBundleSpool *spare_bundle_spool_new (const char *folder, GError **error);
void spare_bundle_spool_free (SpareBundleSpool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareBundleSpool, spare_bundle_spool_free)

gboolean spare_bundle_spool_append (SpareBundleSpool *self,
                                    const guint8 *octets,
                                    gsize size,
                                    GError **error);
gssize spare_bundle_spool_read (SpareBundleSpool *self,
                                guint64 offset,
                                guint8 *buffer,
                                gsize size,
                                GError **error);
gboolean spare_bundle_spool_clear (SpareBundleSpool *self, GError **error);
guint64 spare_bundle_spool_get_size (SpareBundleSpool *self);

G_END_DECLS
