/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_KEYS_PAGE (spare_keys_page_get_type ())
G_DECLARE_FINAL_TYPE (SpareKeysPage, spare_keys_page, SPARE, KEYS_PAGE, AdwPreferencesPage)

void spare_keys_page_set_up (SpareKeysPage *self, SpareOwner *owner);

G_END_DECLS
