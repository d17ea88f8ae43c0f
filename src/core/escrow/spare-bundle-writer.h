/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-home.h"
#include "spare-stream.h"

G_BEGIN_DECLS

/* The most that is written to memory. */
#define SPARE_BUNDLE_BYTES_MAX (64 * 1024 * 1024)

/* Between whom. The bundle is encrypted to the newest usable encryption subkey of the receiver and to nothing else. */
typedef struct
{
  SpareHome *home;         /* has the receiver's certificate */
  SpareHome *signing_home; /* has the signer's secret key; may be the same */
  const char *signer;      /* primary fingerprint: the header's `from` */
  SpareKey *receiver;      /* as listed in @home; its fingerprint is the header's `to` */
} SpareBundleParties;

/* Returns: (transfer full) (nullable): the next record; %NULL without an error: that was the last. Runs in the thread that
 * writes. */
typedef JsonObject *(*SpareBundleNextFunc) (gpointer user_data, GError **error);

gboolean spare_bundle_write_sync (const SpareBundleParties *parties,
                                  SpareBundleHeader *header,
                                  SpareBundleNextFunc next,
                                  gpointer next_data,
                                  SpareWriteFunc write,
                                  gpointer write_data,
                                  guint *n_records,
                                  GCancellable *cancellable,
                                  GError **error);
GBytes *spare_bundle_write_bytes_sync (const SpareBundleParties *parties,
                                       SpareBundleHeader *header,
                                       SpareBundleNextFunc next,
                                       gpointer next_data,
                                       guint *n_records,
                                       GCancellable *cancellable,
                                       GError **error);
char *spare_bundle_write_file_sync (const SpareBundleParties *parties,
                                    SpareBundleHeader *header,
                                    SpareBundleNextFunc next,
                                    gpointer next_data,
                                    const char *folder,
                                    guint *n_records,
                                    char **sha256,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
