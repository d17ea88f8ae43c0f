/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-home.h"

G_BEGIN_DECLS

/* The sender of a bundle, in a scratch home that holds his certificate and nothing else. */
typedef struct
{
  SpareHome *home; /* the scratch home */
  SpareKey *key;
  GBytes *certificate; /* minimal, binary */
} SpareBundleSender;

void spare_bundle_sender_clear (SpareBundleSender *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpareBundleSender, spare_bundle_sender_clear)

gboolean spare_bundle_sender_load (SpareBundleSender *self,
                                   GBytes *certificate,
                                   gsize max,
                                   const char *fingerprint,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
