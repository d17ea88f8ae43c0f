/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Certificates as they come in (CVE-2019-13050: a flooded one blocks gpg for minutes). */
#define SPARE_IMPORT_SIGNATURES_MAX 1000

typedef enum
{
  SPARE_IMPORT_PUBLIC,
  SPARE_IMPORT_SECRET_TOO, /* secret keys may be among them */
  SPARE_IMPORT_SIGNATURE,  /* a revocation: one bare signature packet */
} SpareImportKind;

/* Reads @octets, armored or not, and appends the packets to @packets, which has to be wiped by the caller. What was
 * looked at is what should be imported: the engine's own reading of armor may differ. */
gboolean spare_certificate_check (const guint8 *octets,
                                  gsize size,
                                  SpareImportKind kind,
                                  GByteArray **packets,
                                  GError **error);
void spare_certificate_free_packets (GByteArray *packets);

G_END_DECLS
