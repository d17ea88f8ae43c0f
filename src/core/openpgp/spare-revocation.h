/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A revocation certificate is one signature packet. */
#define SPARE_REVOCATION_MAX (16 * 1024)

gboolean spare_revocation_find_issuer (GBytes *octets, guint64 *key_id);
GBytes *spare_revocation_attach (GBytes *revocation, GBytes *certificate);

G_END_DECLS
