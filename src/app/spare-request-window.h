/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_REQUEST_WINDOW (spare_request_window_get_type ())
G_DECLARE_FINAL_TYPE (SpareRequestWindow,
                      spare_request_window,
                      SPARE,
                      REQUEST_WINDOW,
                      AdwWindow)

/* "I lost my key". */
SpareRequestWindow *spare_request_window_new (GtkWindow *parent, SpareOwner *owner);
/* @files: of GFile, to begin with. */
void spare_request_window_add_files (SpareRequestWindow *self, GPtrArray *files);

G_END_DECLS
