/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The longest key of any cipher, in octets. */
#define SPARE_CIPHER_KEY_MAX 32

guint32 spare_cipher_get_key_length (guint32 cipher);
const char *spare_cipher_get_name (guint cipher);

G_END_DECLS
