/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SPARE_SIGNATURE_KEY_REVOCATION 0x20

gboolean spare_signature_find_issuer (const guint8 *body,
                                      gsize length,
                                      guint *type,
                                      guint64 *key_id);

G_END_DECLS
