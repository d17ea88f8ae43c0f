/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_PREFERENCES (spare_preferences_get_type ())
G_DECLARE_FINAL_TYPE (SparePreferences,
                      spare_preferences,
                      SPARE,
                      PREFERENCES,
                      AdwPreferencesWindow)

SparePreferences *spare_preferences_new (GtkWindow *parent, SpareOwner *owner);
void spare_preferences_tell (SparePreferences *self, const char *text);

G_END_DECLS
