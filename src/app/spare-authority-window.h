/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "spare-authority-session.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_WINDOW (spare_authority_window_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityWindow,
                      spare_authority_window,
                      SPARE,
                      AUTHORITY_WINDOW,
                      AdwApplicationWindow)

/* @start_error: (nullable): why the engine or the process could not be made ready. */
SpareAuthorityWindow *spare_authority_window_new (GtkApplication *application,
                                                  const GError *start_error);
SpareAuthoritySession *spare_authority_window_get_session (SpareAuthorityWindow *self);
/* @text: not markup. */
void spare_authority_window_tell (SpareAuthorityWindow *self, const char *text);

/* The same, with a button that opens the case. */
void spare_authority_window_offer_case (SpareAuthorityWindow *self,
                                        const char *text,
                                        const char *case_id);
void spare_authority_window_open_case (SpareAuthorityWindow *self, const char *case_id);

/* For a window without a class of its own. */
void spare_authority_window_close_by_escape (GtkWidget *window);

G_END_DECLS
