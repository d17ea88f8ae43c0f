/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Rows of facts in preference groups: a caption and a text that can be copied. Never markup. */
GtkWidget *spare_fact_list_add (AdwPreferencesGroup *group,
                                const char *caption,
                                const char *text,
                                gboolean monospace,
                                gboolean copyable);

G_END_DECLS
