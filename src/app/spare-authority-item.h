/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_ITEM (spare_authority_item_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityItem, spare_authority_item, SPARE, AUTHORITY_ITEM, GObject)

/* @record, freed with @free_record. Texts come sanitized, never as markup. */
SpareAuthorityItem *spare_authority_item_new (gint64 position,
                                              gpointer record,
                                              GDestroyNotify free_record);
void spare_authority_item_set_text (SpareAuthorityItem *self,
                                    const char *icon,
                                    const char *title,
                                    const char *subtitle);
void spare_authority_item_set_chip (SpareAuthorityItem *self,
                                    const char *icon,
                                    const char *text,
                                    const char *style);

gint64 spare_authority_item_get_position (SpareAuthorityItem *self);
gpointer spare_authority_item_get_record (SpareAuthorityItem *self);
const char *spare_authority_item_get_icon (SpareAuthorityItem *self);
const char *spare_authority_item_get_title (SpareAuthorityItem *self);
const char *spare_authority_item_get_subtitle (SpareAuthorityItem *self);
const char *spare_authority_item_get_chip_icon (SpareAuthorityItem *self);
const char *spare_authority_item_get_chip_text (SpareAuthorityItem *self);
const char *spare_authority_item_get_chip_style (SpareAuthorityItem *self);

G_END_DECLS
