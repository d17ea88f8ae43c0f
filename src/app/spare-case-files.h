/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-case.h"

G_BEGIN_DECLS

/* All files of a case, as many as there are. */
GtkWidget *spare_case_files_new (GtkWindow *parent, const SpareCase *one);

G_END_DECLS
