/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-window.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_APPLICATION (spare_application_get_type ())
G_DECLARE_FINAL_TYPE (SpareApplication, spare_application, SPARE, APPLICATION, AdwApplication)

SpareApplication *spare_application_new (const GError *start_error);
SpareWindow *spare_application_present (SpareApplication *self);

G_END_DECLS
