/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

/* The session keys of files, through whichever of the person's own keys opens them. One a batch; not for two threads at
 * once. */
typedef struct _SpareFileKeys SpareFileKeys;

SpareFileKeys *spare_file_keys_new_sync (SpareOwner *owner,
                                         GCancellable *cancellable,
                                         GError **error);
void spare_file_keys_free (SpareFileKeys *self);

SpareKey *spare_file_keys_lookup (SpareFileKeys *self, const char *fingerprint);
SpareKey *spare_file_keys_find (SpareFileKeys *self, const SpareHead *head, SpareEsk **esk);
gboolean spare_file_keys_is_own (SpareFileKeys *self, const SpareEsk *esk);
SpareSessionKey *spare_file_keys_open_sync (SpareFileKeys *self,
                                            const SpareHead *head,
                                            SpareKey **key,
                                            GCancellable *cancellable,
                                            GError **error);

SpareSessionKey *spare_file_keys_open_esk_sync (SpareFileKeys *self,
                                                SpareKey *key,
                                                const SpareEsk *esk,
                                                const SpareHead *head,
                                                GCancellable *cancellable,
                                                GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareFileKeys, spare_file_keys_free)

G_END_DECLS
