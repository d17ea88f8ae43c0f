/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SPARE_SIGNATURE_GOOD,
  SPARE_SIGNATURE_EXPIRED_KEY,
  SPARE_SIGNATURE_REVOKED_KEY,
  SPARE_SIGNATURE_EXPIRED,
  SPARE_SIGNATURE_UNKNOWN_KEY,
  SPARE_SIGNATURE_BAD,
  SPARE_SIGNATURE_ERROR,
} SpareSignatureStatus;

/* A name and a value under a signature (RFC 9580 section 5.2.3.24). Data from outside. */
typedef struct
{
  char *name;
  char *value; /* NULL: not text */
  gboolean critical;
} SpareNotation;

void spare_notation_free (SpareNotation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareNotation, spare_notation_free)

typedef struct
{
  SpareSignatureStatus status;
  char
      *fingerprint; /* primary fingerprint if known, else what the signature names, else NULL */
  char *subkey_fingerprint; /* of what made it: a subkey or the primary key; NULL if unknown */
  char *user_id;            /* raw, for display only; NULL if unknown */
  gint64 created;
  guint8 hash_algorithm; /* OpenPGP number (RFC 9580 section 9.5); 0: not told */
  int type; /* RFC 9580 section 5.2.1; 0: over the octets as they are; -1: not told */
  GPtrArray *notations; /* of SpareNotation, those under the signature alone; empty: none */
} SpareSignature;

void spare_signature_free (SpareSignature *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareSignature, spare_signature_free)

G_END_DECLS
