/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-home.h"
#include "spare-secret.h"

G_BEGIN_DECLS

/* The session key of one file, taken out of a PKESK through the secret key in @home: by gpg-agent for ECDH (no process),
 * else by gpg on an escrow packet. Never printed, never outside secure memory but for the engine's own copy, which is
 * wiped as soon as it is taken. */

typedef struct
{
  guint8 cipher;       /* OpenPGP symmetric algorithm number */
  SpareSecret *secret; /* the key's octets */
} SpareSessionKey;

void spare_session_key_free (SpareSessionKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareSessionKey, spare_session_key_free)

#define SPARE_TYPE_SESSION_KEY_OPENER (spare_session_key_opener_get_type ())
G_DECLARE_FINAL_TYPE (SpareSessionKeyOpener,
                      spare_session_key_opener,
                      SPARE,
                      SESSION_KEY_OPENER,
                      GObject)

/* One opener a batch: it keeps the agent connection and what it learned of the key. Not for two threads at once. */
SpareSessionKeyOpener *spare_session_key_opener_new (SpareHome *home, SpareKey *key);
void spare_session_key_opener_set_by_gpg (SpareSessionKeyOpener *self, gboolean by_gpg);
SpareSessionKey *spare_session_key_opener_open_sync (SpareSessionKeyOpener *self,
                                                     const SpareEsk *esk,
                                                     const SpareHead *head,
                                                     GCancellable *cancellable,
                                                     GError **error);

G_END_DECLS
