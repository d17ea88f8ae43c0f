/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_HELP_BUTTON (spare_help_button_get_type ())
G_DECLARE_FINAL_TYPE (SpareHelpButton, spare_help_button, SPARE, HELP_BUTTON, AdwBin)

G_END_DECLS
