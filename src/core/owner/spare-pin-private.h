/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-pin.h"

G_BEGIN_DECLS

/* Octets; protocol.md 3.4. */
#define SPARE_PIN_CERTIFICATE_MAX (64 * 1024)

SpareKey *spare_pin_read_certificate_private (GBytes *octets,
                                              GCancellable *cancellable,
                                              GError **error);
SparePinOffer *spare_pin_offer_new_private (GBytes *octets,
                                            SpareKey *key,
                                            const char *pinned,
                                            const char *escrow_subkey,
                                            GError **error);

/* Why an authority's key can't be used; the first is "it can". */
typedef enum
{
  SPARE_PIN_REASON_OK,
  SPARE_PIN_REASON_PIN_DAMAGED,
  SPARE_PIN_REASON_MISSING,
  SPARE_PIN_REASON_DAMAGED,
  SPARE_PIN_REASON_OTHER_KEY,
  SPARE_PIN_REASON_EXPIRED,
  SPARE_PIN_REASON_REVOKED,
  SPARE_PIN_REASON_DISABLED,
  SPARE_PIN_REASON_INVALID,
  SPARE_PIN_REASON_CLOCK,
  SPARE_PIN_REASON_SIGN_ONLY,
  SPARE_PIN_REASON_NOT_CONFIRMED,
} SparePinReason;

SparePinReason spare_pin_judge_private (SpareKey *key, const char *escrow_subkey, gint64 now);
const char *spare_pin_reason_describe_private (SparePinReason reason);
gint64 spare_pin_get_expiry_private (SpareKey *key, const char *escrow_subkey);

/* A certificate of the pinned authority from any source: what it says of expiry and revocation is believed at once. The
 * escrow subkey stays the confirmed one. */
gboolean spare_pin_absorb_private (SparePin *self,
                                   GBytes *certificate,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
