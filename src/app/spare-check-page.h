/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_CHECK_PAGE (spare_check_page_get_type ())
G_DECLARE_FINAL_TYPE (SpareCheckPage, spare_check_page, SPARE, CHECK_PAGE, GtkBox)

void spare_check_page_set_up (SpareCheckPage *self, SpareOwner *owner);

G_END_DECLS
