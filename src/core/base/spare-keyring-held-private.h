/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-keyring.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The secret that was read last, for as long as the keyring would hand it out again. Any thread. */
typedef struct _SpareKeyringHeld SpareKeyringHeld;

SpareKeyringHeld *spare_keyring_held_new (void);
void spare_keyring_held_free (SpareKeyringHeld *self);

void spare_keyring_held_put (SpareKeyringHeld *self,
                             GDBusConnection *bus,
                             const char *owner,
                             const char *path,
                             const char *fingerprint,
                             SpareKeyringKind kind,
                             SpareSecret *secret);
SpareSecret *spare_keyring_held_get (SpareKeyringHeld *self,
                                     const char *fingerprint,
                                     SpareKeyringKind kind,
                                     guint answer_limit,
                                     GCancellable *cancellable);
gboolean spare_keyring_held_forget (SpareKeyringHeld *self);

G_END_DECLS
