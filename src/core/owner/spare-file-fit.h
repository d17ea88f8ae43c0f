/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

gboolean spare_file_fit_sync (const char *path,
                              const SpareHead *head,
                              const SpareSessionKey *key,
                              GError **error);

G_END_DECLS
