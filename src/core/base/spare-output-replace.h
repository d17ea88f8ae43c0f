/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-output.h"
#include "spare-progress.h"
#include "spare-source.h"

G_BEGIN_DECLS

SpareOutput *spare_output_open_replacement (SpareSource *source,
                                            goffset size_hint,
                                            GError **error);
gboolean spare_output_append_range (SpareOutput *self,
                                    int fd,
                                    goffset offset,
                                    goffset length,
                                    SpareProgressMeter *meter,
                                    GCancellable *cancellable,
                                    GError **error);
gboolean spare_output_keep_attributes (SpareOutput *self, int fd, GError **error);

G_END_DECLS
