/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-database.h"
#include "spare-outbox-witness.h"

G_BEGIN_DECLS

/* Within a transaction. */
gboolean spare_outbox_insert_checkpoint_private (SpareDatabase *database,
                                                 const char *authority,
                                                 const char *kind,
                                                 const char *bundle,
                                                 JsonObject *checkpoint,
                                                 GError **error);
/* The checkpoint in the header of a bundle that was verified, if there is one. */
gboolean spare_outbox_keep_checkpoint_private (SpareOutbox *self,
                                               const SpareBundleHeader *header,
                                               GError **error);

G_END_DECLS
