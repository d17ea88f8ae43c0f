/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-pin-private.h"

G_BEGIN_DECLS

/* What is known of the authority, frozen. */
typedef struct
{
  gboolean managed;
  char *fingerprint; /* NULL: none is trusted */
  char *escrow_subkey;
  char *sha256;
  SpareKey *key;
  SparePinReason trouble; /* what is wrong with the files; OK: ask the key */
} SparePinFacts;

void spare_pin_facts_free (SparePinFacts *facts);
SparePinFacts *spare_pin_facts_copy (const SparePinFacts *facts);
/* FALSE: it is there, but not to be believed. @file may be NULL. */
gboolean spare_pin_facts_read (SparePinFacts *facts, GKeyFile *file, const char *group);
gboolean spare_pin_facts_write (const SparePinFacts *facts,
                                const char *path,
                                const char *group,
                                GError **error);
SparePinReason spare_pin_facts_judge (const SparePinFacts *facts);
/* Whole days; -1: never. */
int spare_pin_facts_get_days_left (const SparePinFacts *facts);
char *spare_pin_facts_describe_expiry (const SparePinFacts *facts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePinFacts, spare_pin_facts_free)

G_END_DECLS
