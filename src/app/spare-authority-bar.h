/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-progress.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_BAR (spare_authority_bar_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityBar, spare_authority_bar, SPARE, AUTHORITY_BAR, GtkBox)

/* Shows @text, the progress that the meter is told, and Cancel. One piece of work at a time. */
SpareProgressMeter *spare_authority_bar_begin (SpareAuthorityBar *self,
                                               const char *text,
                                               GCancellable *cancellable);
gboolean spare_authority_bar_is_busy (SpareAuthorityBar *self);
void spare_authority_bar_end (SpareAuthorityBar *self);
void spare_authority_bar_cancel (SpareAuthorityBar *self);

G_END_DECLS
