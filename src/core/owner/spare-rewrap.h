/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head-result.h"
#include "spare-owner.h"
#include "spare-splice.h"

G_BEGIN_DECLS

/* Re-wrap on the owner's side, a batch at a time: session keys are put into the heads of files for one of the person's
 * own keys or for the authority, and what the authority is to have goes through the outbox first. One thread. */
typedef struct _SpareRewrap SpareRewrap;

SpareRewrap *spare_rewrap_new_sync (SpareOwner *owner,
                                    const char *to,
                                    GCancellable *cancellable,
                                    GError **error);
void spare_rewrap_free (SpareRewrap *self);

SpareEsk *spare_rewrap_find_own (SpareRewrap *self, const SpareHead *head);
SpareKey *spare_rewrap_get_key (SpareRewrap *self);
gboolean spare_rewrap_has_authority (SpareRewrap *self);
/* Whether a file is decrypted whole, to nowhere, before spare_rewrap_put_sync() changes it. */
void spare_rewrap_set_whole (SpareRewrap *self, gboolean whole);

/* A new session key packet for the own key into the file, the proof made before anything is changed. */
gboolean spare_rewrap_put_sync (SpareRewrap *self,
                                const char *path,
                                const SpareHead *head,
                                SpareEsk *esk,
                                SpareEskPredicate remove,
                                gpointer remove_data,
                                SpareHeadResult *result,
                                GCancellable *cancellable,
                                GError **error);
gboolean spare_rewrap_to_key_sync (SpareRewrap *self,
                                   const char *path,
                                   const SpareHead *head,
                                   SpareHeadResult *result,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean spare_rewrap_to_authority_sync (SpareRewrap *self,
                                         const char *path,
                                         const SpareHead *head,
                                         SpareHeadResult *result,
                                         GCancellable *cancellable,
                                         GError **error);

/* The end of a batch: what went into the outbox is signed, and handed over if there is a place for it. */
void spare_rewrap_finish_sync (SpareRewrap *self, GCancellable *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRewrap, spare_rewrap_free)

G_END_DECLS
