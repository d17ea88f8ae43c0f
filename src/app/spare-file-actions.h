/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-application.h"

G_BEGIN_DECLS

/* Adds the actions "encrypt", "decrypt", "inspect" and "recover", each with addresses of files ("as"). @owner is borrowed:
 * it lives as long as the application's actions are called. */
void spare_file_actions_add (SpareApplication *application, SpareOwner *owner);
/* The same by name, for --help. */
void spare_file_actions_add_options (GApplication *application);
/* Whether the command line was "--ACTION [--] FILE…" and is done with. */
gboolean spare_file_actions_run (GApplication *application, char **arguments, int *status);

G_END_DECLS
