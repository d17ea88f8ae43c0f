/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How far the authority's audit log had come, as it signed and sent it. */
typedef struct
{
  char *authority;        /* primary fingerprint */
  gint64 sequence;        /* the row */
  char *kind;             /* "receipt", "grant" or "refusal": what it came with */
  char *bundle;           /* that one's id */
  gint64 kept;            /* since when, Unix seconds */
  JsonObject *checkpoint; /* as it came */
} SpareWitness;

void spare_witness_free (SpareWitness *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareWitness, spare_witness_free)

GPtrArray *spare_outbox_list_witnesses_sync (SpareOutbox *self,
                                             const char *authority,
                                             GError **error);
char *spare_witness_write_all (GPtrArray *witnesses);

G_END_DECLS
