/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A certificate as the engine listed it, frozen at that moment. Immutable, so it crosses threads freely. */

typedef struct
{
  char *fingerprint;    /* 40 (v4) or 64 upper-case hex digits */
  guint64 key_id;       /* low 64 bits of a v4 fingerprint */
  guint8 algorithm;     /* OpenPGP public-key algorithm number (RFC 4880 9.1, RFC 9580 9.1) */
  char *algorithm_nick; /* "rsa3072", "cv25519", "nistp256": gpg's own words */
  char *keygrip;        /* 40 hex digits, what gpg-agent calls the key; NULL if not known */
  gint64 created;       /* Unix seconds */
  gint64 expires;       /* Unix seconds, 0 for never */
  gboolean can_encrypt, can_sign, can_certify;
  gboolean revoked, expired, disabled, invalid;
  gboolean is_adsk;    /* an additional decryption subkey of somebody else (gpg 2.4.1) */
  gboolean has_secret; /* listed with its secret part (or a card stub) in the home asked */
  gboolean is_card;
} SpareSubkey;

typedef enum
{
  SPARE_KEY_USABLE,
  SPARE_KEY_EXPIRED,
  SPARE_KEY_REVOKED,
  SPARE_KEY_DISABLED,
  SPARE_KEY_INVALID,
  SPARE_KEY_NOT_YET_VALID,  /* created in the future: the clock looks wrong */
  SPARE_KEY_CANNOT_ENCRYPT, /* signing only, or every encryption subkey is gone */
  SPARE_KEY_CANNOT_SIGN,
} SpareKeyState;

#define SPARE_TYPE_KEY (spare_key_get_type ())
G_DECLARE_FINAL_TYPE (SpareKey, spare_key, SPARE, KEY, GObject)

const char *spare_key_get_fingerprint (SpareKey *self);
const char *const *spare_key_get_user_ids (SpareKey *self);
const char *spare_key_get_user_id (SpareKey *self);
guint spare_key_get_n_subkeys (SpareKey *self);
const SpareSubkey *spare_key_get_subkey (SpareKey *self, guint position);
const SpareSubkey *spare_key_find_subkey (SpareKey *self, const char *fingerprint);
const SpareSubkey *spare_key_find_key_id (SpareKey *self, guint64 key_id);
gboolean spare_key_has_secret (SpareKey *self);
gint64 spare_key_get_expiry (SpareKey *self);

SpareKeyState spare_key_get_encryption_state (SpareKey *self, gint64 now);
SpareKeyState spare_key_get_signing_state (SpareKey *self, gint64 now);
char *spare_key_state_describe (SpareKeyState state, SpareKey *key);

const SpareSubkey *spare_key_pick_newest_encryption_subkey (SpareKey *self, gint64 now);
const SpareSubkey *spare_key_pick_oldest_encryption_subkey (SpareKey *self, gint64 now);
GPtrArray *spare_key_list_escrow_subkeys (SpareKey *self);
gboolean spare_key_stays_escrow (SpareKey *self, const SpareSubkey *subkey, gint64 end);
GPtrArray *spare_key_pick_adsks (SpareKey *self, gint64 now);

gboolean spare_fingerprint_is_valid (const char *text);
char *spare_fingerprint_normalize (const char *text);

G_END_DECLS
