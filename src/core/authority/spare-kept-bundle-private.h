/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle-reader.h"

G_BEGIN_DECLS

/**
 * SpareKeptBundle:
 *
 * A bundle that was verified and taken in before, opened again from its kept octets.
 */
typedef struct _SpareKeptBundle SpareKeptBundle;

SpareKeptBundle *spare_kept_bundle_open_sync (SpareAuthority *authority,
                                              const char *sha256,
                                              GCancellable *cancellable,
                                              GError **error);
void spare_kept_bundle_free (SpareKeptBundle *self);

SpareBundleType spare_kept_bundle_get_type (SpareKeptBundle *self);
const char *spare_kept_bundle_get_sender (SpareKeptBundle *self);
gint64 spare_kept_bundle_get_time (SpareKeptBundle *self);
gint64 spare_kept_bundle_get_sequence (SpareKeptBundle *self);
gboolean spare_kept_bundle_next (SpareKeptBundle *self, JsonObject **record, GError **error);

/* What is attested of a bundle's intake. */
typedef struct
{
  SpareBundleType type;
  char *sender; /* primary fingerprint */
  gint64 time;
  gint64 sequence;
} SpareIntakeFact;

/* %NULL without an error: nothing is attested. */
SpareIntakeFact *spare_intake_fact_find_sync (SpareAuthority *authority,
                                              const char *sha256,
                                              GCancellable *cancellable,
                                              GError **error);
void spare_intake_fact_free (SpareIntakeFact *self);
gboolean spare_intake_fact_make_sync (SpareAuthority *authority,
                                      SpareBundle *bundle,
                                      gint64 time,
                                      gint64 sequence,
                                      GCancellable *cancellable,
                                      GError **error);

/* Keeps the octets of a bundle that came in, durable before it returns. */
gboolean spare_kept_bundle_keep_sync (SpareAuthority *authority,
                                      SpareBundle *bundle,
                                      GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareKeptBundle, spare_kept_bundle_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareIntakeFact, spare_intake_fact_free)

G_END_DECLS
