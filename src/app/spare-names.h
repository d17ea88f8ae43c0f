/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-key.h"

G_BEGIN_DECLS

/* Names of keys as they are shown: sanitized, without markup. */
char *spare_names_dup_for_key (SpareKey *key); /* "Ada Owner" */
char *spare_names_dup_for_user_id (const char *user_id);
char *spare_names_dup_email (SpareKey *key); /* "ada@example.org"; NULL */
char *spare_names_dup_whole (SpareKey *key); /* "Ada Owner <ada@example.org>" */
char *spare_names_dup_tip (SpareKey *key);   /* whole, and the fingerprint in groups */
char *spare_names_dup_two_lines (const char *fingerprint); /* two lines of five groups */

G_END_DECLS
