/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "spare-authority-window.h"

G_BEGIN_DECLS

#define SPARE_TYPE_CASE_WINDOW (spare_case_window_get_type ())
G_DECLARE_FINAL_TYPE (SpareCaseWindow, spare_case_window, SPARE, CASE_WINDOW, AdwWindow)

SpareCaseWindow *spare_case_window_new (SpareAuthorityWindow *parent, const char *case_id);

G_END_DECLS
