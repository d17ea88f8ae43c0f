/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-reason-item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_REASON_LIST (spare_reason_list_get_type ())
G_DECLARE_FINAL_TYPE (SpareReasonList, spare_reason_list, SPARE, REASON_LIST, GtkBox)

/* Files with what became of them: as many as come. A row that is activated shows its file in the file manager. */
/* @label: the list's name for screen readers. */
void spare_reason_list_set_label (SpareReasonList *self, const char *label);
/* @items: of SpareReasonItem; NULL: none. */
void spare_reason_list_set_items (SpareReasonList *self, GPtrArray *items);
/* @left_out: of SpareLeftOut (owner/); NULL: none. */
void spare_reason_list_set_left_out (SpareReasonList *self, GPtrArray *left_out);
guint spare_reason_list_get_n_items (SpareReasonList *self);

G_END_DECLS
