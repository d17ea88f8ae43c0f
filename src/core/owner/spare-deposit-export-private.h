/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-deposit-private.h"

G_BEGIN_DECLS

/* One export under way. */
typedef struct
{
  SpareDepositor depositor;
  const char *to;
  GPtrArray *written; /* of SpareWrittenBundle */
  guint n_exported;   /* packets in them */
  GPtrArray *orphans; /* of SpareOutboxEntry: their owner's key is gone */
  gboolean signed_now;
} SpareExport;

gboolean spare_export_run (SpareExport *self, GPtrArray *entries, GError **error);
gboolean spare_export_may_go_on (const SpareExport *self, const GError *reason);

G_END_DECLS
