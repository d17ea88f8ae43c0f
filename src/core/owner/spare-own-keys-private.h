/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-esk.h"
#include "spare-head.h"
#include "spare-owner.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

/* Which keys of the owner are at hand now: listed once, for an operation that may need several. Not for two threads. */
typedef struct _SpareOwnKeys SpareOwnKeys;

/* @quiet: only the key in use, and only what asks nobody anything. */
SpareOwnKeys *spare_own_keys_new_sync (SpareOwner *owner,
                                       gboolean quiet,
                                       GCancellable *cancellable,
                                       GError **error);
void spare_own_keys_free (SpareOwnKeys *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOwnKeys, spare_own_keys_free)

/* NULL: its secret part is not at hand. */
SpareKey *spare_own_keys_find (SpareOwnKeys *self, const char *fingerprint);
SpareKey *spare_own_keys_find_for_esk (SpareOwnKeys *self, const SpareEsk *esk);
/* The secret part is nowhere, as far as can be known for sure: a locked keyring may still have it. */
gboolean spare_own_keys_is_gone (SpareOwnKeys *self, const char *fingerprint);
SpareHome *spare_own_keys_get_home (SpareOwnKeys *self, SpareKey *key);
/* The session key that one of @head's own PKESKs holds for a key at hand. */
SpareSessionKey *spare_own_keys_open_sync (SpareOwnKeys *self,
                                           const SpareEsk *esk,
                                           const SpareHead *head,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
