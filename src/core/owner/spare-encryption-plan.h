/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-encryption.h"
#include "spare-owner.h"
#include "spare-session-key.h"

G_BEGIN_DECLS

typedef struct
{
  const char *const
      *recipients;     /* primary fingerprints beside the owner and the authority; NULL: none */
  gboolean mode_given; /* else the policy's mode */
  SpareEscrowMode mode;
  gboolean sign;
} SpareEncryptionWishes;

/* Who will be able to open what is encrypted now: settled once for a batch, then the same for each of its files. Immutable;
 * counted by reference; shared by threads. */
typedef struct _SpareEncryptionPlan SpareEncryptionPlan;

SpareEncryptionPlan *spare_encryption_plan_new_sync (SpareOwner *owner,
                                                     const SpareEncryptionWishes *wishes,
                                                     GCancellable *cancellable,
                                                     GError **error);
SpareEncryptionPlan *spare_encryption_plan_ref (SpareEncryptionPlan *self);
void spare_encryption_plan_unref (SpareEncryptionPlan *self);

SpareEscrowMode spare_encryption_plan_get_mode (SpareEncryptionPlan *self);
gboolean spare_encryption_plan_is_pending (SpareEncryptionPlan *self);
SpareKey *spare_encryption_plan_get_owner_key (SpareEncryptionPlan *self);
const SpareSubkey *spare_encryption_plan_get_owner_subkey (SpareEncryptionPlan *self);
SpareKey *spare_encryption_plan_get_authority (SpareEncryptionPlan *self);
const SpareSubkey *spare_encryption_plan_get_escrow_subkey (SpareEncryptionPlan *self);
void spare_encryption_plan_fill_request (SpareEncryptionPlan *self,
                                         SpareEncryptionRequest *request);

/* An opener of the owner's own PKESKs for the calling thread alone, until it is given back. */
SpareSessionKeyOpener *spare_encryption_plan_take_opener (SpareEncryptionPlan *self);
void spare_encryption_plan_give_opener (SpareEncryptionPlan *self,
                                        SpareSessionKeyOpener *opener);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareEncryptionPlan, spare_encryption_plan_unref)

G_END_DECLS
