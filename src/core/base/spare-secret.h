/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SpareSecret:
 *
 * Octets that must not be seen: a passphrase, a secret key, a session key. Immutable and counted by
 * reference; in locked memory that no core dump holds and no child inherits; overwritten at the last unref.
 * The octets are followed by one NUL that does not count, so text can be used as a C string in place.
 */
typedef struct _SpareSecret SpareSecret;

#define SPARE_TYPE_SECRET (spare_secret_get_type ())

GType spare_secret_get_type (void) G_GNUC_CONST;

gboolean spare_secret_init (GError **error);
gboolean spare_secret_memory_is_locked (void);

SpareSecret *spare_secret_new_copy (gconstpointer data, gsize size, GError **error);
SpareSecret *spare_secret_new_sized (gsize size, guint8 **data, GError **error);
SpareSecret *spare_secret_new_random_text (guint bits, GError **error);
SpareSecret *spare_secret_ref (SpareSecret *self);
void spare_secret_unref (SpareSecret *self);

const guint8 *spare_secret_get_data (SpareSecret *self);
const char *spare_secret_get_text (SpareSecret *self);
gsize spare_secret_get_size (SpareSecret *self);
gboolean spare_secret_equal (SpareSecret *a, SpareSecret *b);

void spare_secret_wipe (gpointer data, gsize size);
void spare_secret_wipe_string (char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareSecret, spare_secret_unref)

G_END_DECLS
