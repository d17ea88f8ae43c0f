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

#define PIN_GROUP     "Authority" /* trusted by the person */
#define MANAGED_GROUP "Managed"   /* what was last seen behind AuthorityKey of policy.ini */

struct _SparePin
{
  GObject parent_instance;

  char *ini_path;
  char *certificate_path;
  SpareHome *home;

  GMutex operation; /* one load, examination or trust at a time */
  char *policy_authority;
  char *policy_key_path;

  GMutex lock;          /* guards the two below */
  SparePinFacts *facts; /* the last of @past */
  GPtrArray *past;      /* every SparePinFacts that was ever in force */
};

const SparePinFacts *spare_pin_get_facts_private (SparePin *self);
void spare_pin_put_facts_private (SparePin *self, SparePinFacts *facts /* transfer full */);
/* The key from the application's home; *@key stays NULL if it isn't there. */
gboolean spare_pin_find_key_private (SparePin *self,
                                     const char *fingerprint,
                                     SpareKey **key,
                                     GCancellable *cancellable,
                                     GError **error);
gboolean spare_pin_save_certificate_private (SparePin *self,
                                             SparePinFacts *facts,
                                             GCancellable *cancellable,
                                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePinFacts, spare_pin_facts_free)

G_END_DECLS
