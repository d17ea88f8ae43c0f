/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-home.h"
#include "spare-progress.h"
#include "spare-stream.h"

G_BEGIN_DECLS

/**
 * SpareBundle:
 *
 * A bundle that was verified from its first to its last octet. Not for two threads at once.
 */
typedef struct _SpareBundle SpareBundle;

/* Which bundle is accepted. */
typedef struct
{
  SpareHome *home; /* has my secret key */
  SpareKey *me;    /* as listed there */
  const char
      *sender; /* primary fingerprint of the only accepted sender; NULL: the caller decides */
  GBytes *sender_certificate; /* armored or not; NULL: the one in the bundle's header counts */
  guint types;                /* SPARE_BUNDLE_MASK (type) of each accepted one */
  const char *spool; /* folder for temporary files without names; NULL: the state folder */
  /* (nullable): gets the key that the header names as the sender, if its own certificate says that it is revoked. Set even
   * though, and just because, such a bundle is refused: a revocation is believed from any source. Whoever brought it need not
   * be that key's owner. */
  SpareKey **revoked;
} SpareBundleExpectation;

SpareBundle *spare_bundle_open_sync (const char *path,
                                     const SpareBundleExpectation *expectation,
                                     SpareProgressMeter *meter,
                                     GCancellable *cancellable,
                                     GError **error);
SpareBundle *spare_bundle_open_bytes_sync (GBytes *octets,
                                           const SpareBundleExpectation *expectation,
                                           SpareProgressMeter *meter,
                                           GCancellable *cancellable,
                                           GError **error);
void spare_bundle_free (SpareBundle *self);

const SpareBundleHeader *spare_bundle_get_header (SpareBundle *self);
const char *spare_bundle_get_sha256 (SpareBundle *self);
guint64 spare_bundle_get_n_records (SpareBundle *self);
SpareKey *spare_bundle_get_sender (SpareBundle *self);
GBytes *spare_bundle_get_sender_certificate (SpareBundle *self);
guint64 spare_bundle_get_size (SpareBundle *self);

gboolean spare_bundle_next_sync (SpareBundle *self, JsonObject **record, GError **error);
gboolean spare_bundle_rewind (SpareBundle *self, GError **error);
gboolean spare_bundle_copy_octets_sync (SpareBundle *self,
                                        SpareWriteFunc write,
                                        gpointer write_data,
                                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareBundle, spare_bundle_free)

G_END_DECLS
