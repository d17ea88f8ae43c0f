/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SPARE_TYPE_REASON_ITEM (spare_reason_item_get_type ())
G_DECLARE_FINAL_TYPE (SpareReasonItem, spare_reason_item, SPARE, REASON_ITEM, GObject)

/* @path: a file, in the file system's octets; NULL: about no single file. @icon: an icon's name. */
SpareReasonItem *spare_reason_item_new (const char *path, const char *text, const char *icon);
const char *spare_reason_item_get_path (SpareReasonItem *self);
const char *spare_reason_item_get_text (SpareReasonItem *self);
const char *spare_reason_item_get_icon (SpareReasonItem *self);

G_END_DECLS
