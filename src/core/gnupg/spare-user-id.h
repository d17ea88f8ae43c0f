/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Octets of a user id, at most (quality: UID ≤ 2 KiB). */
#define SPARE_USER_ID_MAX 2048

char *spare_user_id_build (const char *name, const char *email, GError **error);
gboolean spare_user_id_check (const char *user_id, GError **error);

G_END_DECLS
