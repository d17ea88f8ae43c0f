/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-home.h"
#include "spare-policy.h"

G_BEGIN_DECLS

/* The backup authority as this owner trusts it: pinned by fingerprint in authority.ini, its certificate in authority.asc,
 * or both set by policy.ini. */

typedef enum
{
  SPARE_PIN_NONE, /* no authority trusted */
  SPARE_PIN_USABLE,
  SPARE_PIN_EXPIRING, /* usable, expires within 90 days */
  SPARE_PIN_UNUSABLE, /* expired, revoked, disabled, cannot encrypt, certificate missing or not the pinned one */
} SparePinState;

/* A certificate offered for trust, examined in a scratch home; nothing is changed yet. */
typedef struct
{
  SpareKey *key;
  const SpareSubkey *escrow; /* the oldest usable encryption subkey */
  const SpareSubkey *
      transport; /* the newest; the same as @escrow when there is just one: then @warning says so */
  gboolean is_update; /* the fingerprint that is pinned already */
  gboolean
      new_escrow_subkey; /* an update that would change the escrow subkey: to be confirmed by the person */
  char *warning; /* translated sentence, or NULL */
  GBytes *octets;
} SparePinOffer;

void spare_pin_offer_free (SparePinOffer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SparePinOffer, spare_pin_offer_free)

#define SPARE_TYPE_PIN (spare_pin_get_type ())
G_DECLARE_FINAL_TYPE (SparePin, spare_pin, SPARE, PIN, GObject)

SparePin *spare_pin_new (const char *directory, SpareHome *home);
gboolean spare_pin_load_sync (SparePin *self,
                              SparePolicy *policy,
                              GCancellable *cancellable,
                              GError **error);
SparePinOffer *spare_pin_examine_sync (SparePin *self,
                                       GBytes *certificate,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean spare_pin_trust_sync (SparePin *self,
                               const SparePinOffer *offer,
                               const char *fingerprint,
                               GCancellable *cancellable,
                               GError **error);

SparePinState spare_pin_get_state (SparePin *self);
gboolean spare_pin_is_managed (SparePin *self);
const char *spare_pin_get_fingerprint (SparePin *self); /* NULL when none */
SpareKey *spare_pin_get_key (SparePin *self); /* NULL when none or its certificate is missing */
const SpareSubkey *spare_pin_get_escrow_subkey (SparePin *self);
int spare_pin_get_days_left (SparePin *self); /* until the escrow subkey expires; -1: never */
char *spare_pin_describe (
    SparePin *self); /* translated sentence on the state: expiry warning, why unusable */

G_END_DECLS
