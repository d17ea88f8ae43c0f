/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *spare_display_text (const char *bytes, gssize len, guint max_chars);
char *spare_display_basename (const char *path);
char *spare_display_fingerprint (const char *fingerprint);

G_END_DECLS
