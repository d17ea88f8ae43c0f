/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"

G_BEGIN_DECLS

/**
 * SpareOctetsFunc:
 * @data: octets that go out
 * @length: how many, at least 1
 * @user_data: what was given along
 * @error: to set when they can't be taken
 *
 * Returns: whether they were taken; %FALSE ends the stream
 */
typedef gboolean (*SpareOctetsFunc) (const guint8 *data,
                                     gsize length,
                                     gpointer user_data,
                                     GError **error);

typedef struct _SpareSplitter SpareSplitter;

SpareSplitter *spare_splitter_new (SpareEskPredicate drop,
                                   gpointer drop_data,
                                   SpareOctetsFunc output,
                                   gpointer output_data);
void spare_splitter_free (SpareSplitter *splitter);
gboolean spare_splitter_feed (SpareSplitter *splitter,
                              const guint8 *data,
                              gsize length,
                              GError **error);
gboolean spare_splitter_finish (SpareSplitter *splitter, GError **error);
SpareHead *spare_splitter_get_head (const SpareSplitter *splitter);
guint spare_splitter_get_n_dropped (const SpareSplitter *splitter);
guint64 spare_splitter_get_length (const SpareSplitter *splitter);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareSplitter, spare_splitter_free)

G_END_DECLS
