/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-walker.h"

G_BEGIN_DECLS

/* Octets written down for people. Words between blanks: hex ("c10e"), a hex octet many times ("aa*300"), or text
 * ('PGP'); words are joined. */
GBytes *spare_test_octets (const char *words);

/* How octets are offered: all at once (0), in pieces of one size, or at random (a seed, negative). Each piece lies
 * in memory of its own, so that a sanitizer sees every octet read too many. */
typedef int SpareTestCut;

/* What a head parser, a walker and a splitter say of octets, as words:
 *
 *   "plain", "literal", "compressed", "signature", "public", "secret"
 *   "encrypted seipd1 2" (format, ESKs), "password ocb 1"
 *   "damaged", "unsupported", "not-encrypted": errors
 *
 * and for walker and splitter just "ok" or an error. */
char *spare_test_head_verdict (GBytes *octets, SpareTestCut cut);
char *spare_test_walk_verdict (GBytes *octets, SpareWalkerFlags flags, SpareTestCut cut);
char *spare_test_split_verdict (GBytes *octets,
                                SpareTestCut cut,
                                SpareEskPredicate drop,
                                gpointer drop_data,
                                GByteArray *output,
                                SpareHead **head);

const char *spare_test_error_word (const GError *error);

/* A primary key's packet that no gpg would take, for what looks at framing alone. */
#define SPARE_TEST_PRIMARY "c60d 04 5f000000 01 0010 8001 0001 01 "

/* The packet of @tag with the body. */
GBytes *spare_test_packet (guint tag, GBytes *body);

/* A certificate: packets as words, then the subkey's body as a packet, then packets as words; and what gpg computes of
 * a key's body, in upper-case hex. */
GBytes *spare_test_certificate (GBytes *subkey, const char *before, const char *behind);
char *spare_test_fingerprint (GBytes *body);

/* A piece of @octets as bytes of its own. */
GBytes *spare_test_cut (GBytes *octets, gsize length);
GBytes *spare_test_file (const char *name);

G_END_DECLS
