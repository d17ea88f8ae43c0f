/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-source.h"

G_BEGIN_DECLS

/* What is to be delivered: octets in memory or a file, read any number of times. */
typedef struct
{
  GBytes *octets;
  SpareSource *source;
  gsize at;
  guint64 size;
  char *sha256;
} SpareDeliveryLoad;

gboolean spare_delivery_load_open (SpareDeliveryLoad *self,
                                   GBytes *octets,
                                   const char *path,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_delivery_load_clear (SpareDeliveryLoad *self);
gboolean spare_delivery_load_rewind (SpareDeliveryLoad *self, GError **error);
gssize spare_delivery_load_read (SpareDeliveryLoad *self,
                                 gpointer buffer,
                                 gsize size,
                                 GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpareDeliveryLoad, spare_delivery_load_clear)

/* Octets at a time. */
#define SPARE_DELIVERY_PIECE (256 * 1024)

gboolean spare_delivery_put_local (const char *folder,
                                   const char *name,
                                   SpareDeliveryLoad *load,
                                   char **final,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean spare_delivery_put_remote (GFile *folder,
                                    const char *name,
                                    SpareDeliveryLoad *load,
                                    char **final,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
