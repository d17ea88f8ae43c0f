/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SpareArmorWriter SpareArmorWriter;

SpareArmorWriter *spare_armor_writer_new (GByteArray *output);
void spare_armor_writer_free (SpareArmorWriter *writer);
void spare_armor_writer_feed (SpareArmorWriter *writer,
                              const guint8 *data,
                              gsize length,
                              GByteArray *output);
void spare_armor_writer_finish (SpareArmorWriter *writer, GByteArray *output);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareArmorWriter, spare_armor_writer_free)

G_END_DECLS
