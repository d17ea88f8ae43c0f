/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-deposit-record.h"

G_BEGIN_DECLS

#define SAMPLE_SUBKEY  "0123456789ABCDEF01234567DEADBEEF00C0FFEE"
#define SAMPLE_KEY_ID  "DEADBEEF00C0FFEE"
#define SAMPLE_OWNER   "8AD58320C0FFEE00112233445566778899AABBCC"
#define SAMPLE_SERIAL  "8AD58320-7F3A-42"
#define SAMPLE_SHA256  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define SAMPLE_DEPOSIT "6a1f1b6e-33b6-4d28-9c10-6c1a0b1f9d11"

/* A PKESK for SAMPLE_KEY_ID and the data head of SEIPD v1 or OCB. */
SpareEsk *sample_esk (void);
GBytes *sample_data_head (guint tag);
SpareHead *sample_head (guint tag);
GBytes *sample_packet (guint tag);
SpareDepositRecord *sample_deposit (const char *name, gboolean has_proof);

/* The line with the first @find in it replaced: what a forger would try. */
char *sample_forge (JsonObject *object, const char *find, const char *replacement);
/* What the line is to a reader of JSON lines, which must take it. */
JsonObject *sample_parse (const char *line);

G_END_DECLS
