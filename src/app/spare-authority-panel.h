/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_PANEL (spare_authority_panel_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityPanel,
                      spare_authority_panel,
                      SPARE,
                      AUTHORITY_PANEL,
                      GtkBox)

/* Signals: "finished" (an authority is trusted, or the person goes on without one), "moved". */
void spare_authority_panel_start (SpareAuthorityPanel *self,
                                  SpareOwner *owner,
                                  gboolean may_skip);
gboolean spare_authority_panel_can_go_back (SpareAuthorityPanel *self);
void spare_authority_panel_go_back (SpareAuthorityPanel *self);

G_END_DECLS
