/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"

G_BEGIN_DECLS

/* Names of members that no record has. */
#define SPARE_BUNDLE_LINE_HEADER "sparekey"
#define SPARE_BUNDLE_LINE_END    "records"

/* What was found in a bundle's text, as it streamed by. Begins as zeros. */
typedef struct
{
  GByteArray *pending; /* the line that has not ended yet */
  guint64 n_octets;    /* of lines that have */
  guint64 n_records;
  guint64 records_at, end_at; /* where the records begin, and where the last line does */
  SpareBundleHeader *header;
  gboolean ended;
} SpareBundleLines;

void spare_bundle_lines_clear (SpareBundleLines *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpareBundleLines, spare_bundle_lines_clear)

gboolean spare_bundle_lines_feed (SpareBundleLines *self,
                                  const guint8 *octets,
                                  gsize size,
                                  GError **error);
gboolean spare_bundle_lines_finish (SpareBundleLines *self, GError **error);

void spare_bundle_set_damaged_private (GError **error, const char *detail);

G_END_DECLS
