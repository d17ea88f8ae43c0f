/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void spare_errno_set_error (GError **error, int errsv, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
