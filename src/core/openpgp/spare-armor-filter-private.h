/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-armor-reader.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_ARMOR_FILTER_UNDECIDED,
  SPARE_ARMOR_FILTER_BINARY,
  SPARE_ARMOR_FILTER_ARMOR,
  SPARE_ARMOR_FILTER_TEXT, /* neither: nothing comes out */
} SpareArmorFilterState;

typedef struct
{
  SpareArmorFilterState state;
  SpareArmorDetector detector;
  guint8 held[20]; /* a byte order mark and the beginning of a first line */
  guint n_held;
  SpareArmorReader *reader;
  GByteArray *decoded;
} SpareArmorFilter;

void spare_armor_filter_init (SpareArmorFilter *filter);
void spare_armor_filter_clear (SpareArmorFilter *filter);
gboolean spare_armor_filter_next (SpareArmorFilter *filter,
                                  const guint8 *data,
                                  gsize length,
                                  gsize *consumed,
                                  const guint8 **output,
                                  gsize *output_length,
                                  GError **error);
gboolean spare_armor_filter_finish (SpareArmorFilter *filter, GError **error);
gboolean spare_armor_filter_is_cleartext (const SpareArmorFilter *filter);

G_END_DECLS
