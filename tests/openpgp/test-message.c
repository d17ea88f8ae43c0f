/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages made by hand, each with the reason why it is right or wrong, through the head parser, the walker and
 * the splitter: as they are, cut off at every octet, and offered in pieces of every size. */
#include "config.h"

#include "spare-test-octets.h"

#include <string.h>

#define KEY_ID    "1112131415161718 "
#define P3_BODY   "03 " KEY_ID "01 0010 8001 "
#define P3        "c10e " P3_BODY
#define P3_HIDDEN "c10e 03 00*8 01 0010 8001 "
#define P6        "c11c 06 15 04 22*20 19 33*4 "
#define S4        "c304 04090008 "
/* The data packets, as short as they may be. */
#define SEIPD1      "d221 01 a0*32 "
#define OCB         "d434 01090210 b0*15 c0*33 "
#define EAX         "d435 01090110 b0*16 c0*33 "
#define SEIPD2      "d245 02090206 b0*32 c0*33 "
#define SED         "c920 a0*32 "
#define PLAIN       "plain", "not-encrypted", "not-encrypted"
#define DAMAGED     "damaged", "damaged", "damaged"
#define UNSUPPORTED "unsupported", "unsupported", "unsupported"

typedef struct
{
  const char *reason;
  const char *octets;
  const char *head;
  const char *read;   /* walked as what comes from elsewhere */
  const char *strict; /* walked, and split, as what was written here */
} Row;

static const Row headers[] = {
  { "new format, one octet", P3 SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "new format, one octet at its most", P3 "d2bf 01 a0*190", "encrypted seipd1 1", "ok",
    "ok" },
  { "new format, two octets at their least", P3 "d2c000 01 a0*191", "encrypted seipd1 1", "ok",
    "ok" },
  { "new format, two octets at their most", P3 "d2dfff 01 a0*8382", "encrypted seipd1 1", "ok",
    "ok" },
  { "new format, five octets", P3 "d2ff000020c0 01 a0*8383", "encrypted seipd1 1", "ok", "ok" },
  { "five octets where one would do are legal", "c1ff0000000e " P3_BODY "d2ff00000021 01 a0*32",
    "encrypted seipd1 1", "ok", "ok" },
  { "old format, one octet, as gpg writes PKESKs", "840e " P3_BODY SEIPD1, "encrypted seipd1 1",
    "ok", "ok" },
  { "old format, two octets", "85000e " P3_BODY SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "old format, four octets", "860000000e " P3_BODY SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "old format, indeterminate, on a PKESK", "87 " P3_BODY SEIPD1, PLAIN },
  { "the same once it is surely OpenPGP", P3 "87 " P3_BODY SEIPD1, DAMAGED },
  { "old format unprotected data", P3 "a420 a0*32", "encrypted sed 1", "ok", "unsupported" },
  { "old format, indeterminate, unprotected data: to the end", P3 "a7 a0*32", "encrypted sed 1",
    "ok", "unsupported" },
  { "nothing at all", "", PLAIN },
  { "bit 7 clear", "41", PLAIN },
  { "bit 7 clear behind a PKESK", P3 "41", DAMAGED },
  { "tag 0, new format", "c000", PLAIN },
  { "tag 0, old format", "8000", PLAIN },
  { "tag 0 behind a PKESK", P3 "c000", DAMAGED },
  { "only a tag octet", "c1", PLAIN },
  { "a tag octet and no length behind a PKESK", P3 "d2", DAMAGED },
  { "half a two-octet length", P3 "d2c0", DAMAGED },
  { "half a five-octet length", P3 "d2ff00", DAMAGED },
  { "an empty PKESK", "c100 " SEIPD1, PLAIN },
  { "an empty PKESK behind a good one", P3 "c100 " SEIPD1, DAMAGED },
  { "a length of 4 GiB with 300 octets there", P3 "d2ffffffffff 01 a0*300",
    "encrypted seipd1 1", "damaged", "damaged" },
  { "a PKESK of 4 GiB", P3 "c1ffffffffff " P3_BODY, DAMAGED },
  { "the end is one octet early", P3 "d222 01 a0*32", "encrypted seipd1 1", "damaged",
    "damaged" },
  { "the end is one octet late", P3 SEIPD1 "00", "encrypted seipd1 1", "damaged", "damaged" },
};

static const Row partials[] = {
  { "as gpg streams: 512 and a rest", P3 "d2e9 01 a0*511 05 a0*5", "encrypted seipd1 1", "ok",
    "ok" },
  { "several chunks, each length form", P3 "d2e9 01 a0*511 e0 a0 c000 a0*192 ff00000002 a0*2",
    "encrypted seipd1 1", "damaged", "damaged" },
  { "several chunks, the last in two octets", P3 "d2e9 01 a0*511 e0 a0 e1 a0a0 c000 a0*192",
    "encrypted seipd1 1", "ok", "ok" },
  { "the last chunk in five octets", P3 "d2e9 01 a0*511 ff00000002 a0*2", "encrypted seipd1 1",
    "ok", "ok" },
  { "the last chunk is empty", P3 "d2e9 01 a0*511 00", "encrypted seipd1 1", "ok", "ok" },
  { "the last chunk is missing", P3 "d2e9 01 a0*511", "encrypted seipd1 1", "damaged",
    "damaged" },
  { "the last length is half there", P3 "d2e9 01 a0*511 ff0000", "encrypted seipd1 1",
    "damaged", "damaged" },
  { "the last is again partial", P3 "d2e9 01 a0*511 e1 a0a0", "encrypted seipd1 1", "damaged",
    "damaged" },
  { "a first chunk of one octet: read, never written", P3 "d2e0 01 e4 a0*16 10 a0*16",
    "encrypted seipd1 1", "ok", "damaged" },
  { "the data head lies across many chunks",
    P3 "d2e0 01 e0 a0 e1 a1a2 e0 a3 e2 a4*4 e3 a5*8 e0 a6 0f a0*15", "encrypted seipd1 1", "ok",
    "damaged" },
  { "the data head of OCB lies across chunks",
    P3 "d4e1 0109 e1 0210 e2 b0*4 e3 b0*8 24 b0*3 c0*33", "encrypted ocb 1", "ok", "damaged" },
  { "a chunk of 2^30 with 64 octets there", P3 "d2fe 01 a0*63", "encrypted seipd1 1", "damaged",
    "damaged" },
  { "partial on a PKESK", P3 "c1e3 03 11*7 06 18 01 00108001 " SEIPD1, DAMAGED },
  { "partial on a marker", P3 "cae0 50 02 4750 " SEIPD1, DAMAGED },
  { "octets behind the last chunk", P3 "d2e9 01 a0*511 05 a0*5 00", "encrypted seipd1 1",
    "damaged", "damaged" },
};

static const Row orders[] = {
  { "two recipients", P3 P3 SEIPD1, "encrypted seipd1 2", "ok", "ok" },
  { "a recipient and a password", P3 S4 SEIPD1, "encrypted seipd1 2", "ok", "unsupported" },
  { "a password and a recipient", S4 P3 SEIPD1, "encrypted seipd1 2", "ok", "unsupported" },
  { "a password alone", S4 SEIPD1, "password seipd1 1", "ok", "unsupported" },
  { "passwords alone", S4 S4 OCB, "password ocb 2", "ok", "unsupported" },
  { "no session key at all", SEIPD1, "encrypted seipd1 0", "ok", "ok" },
  { "two data packets", P3 SEIPD1 SEIPD1, "encrypted seipd1 1", "damaged", "damaged" },
  { "a PKESK behind the data", P3 SEIPD1 P3, "encrypted seipd1 1", "damaged", "damaged" },
  { "a second message behind", P3 SEIPD1 P3 SEIPD1, "encrypted seipd1 1", "damaged",
    "damaged" },
  { "literal data before the encrypted", P3 "cb07 62 00 00*4 78 " SEIPD1, DAMAGED },
  { "a signature before the encrypted", P3 "c201 04 " SEIPD1, DAMAGED },
  { "a marker first", "ca03 'PGP' " P3 SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "a marker between", P3 "ca03 'PGP' " P3 SEIPD1, "encrypted seipd1 2", "ok", "ok" },
  { "a marker behind", P3 SEIPD1 "ca03 'PGP'", "encrypted seipd1 1", "damaged", "damaged" },
  { "a marker with something else in it", P3 "ca03 'GPG' " SEIPD1, DAMAGED },
  { "a marker too long", P3 "ca04 'PGPX' " SEIPD1, DAMAGED },
  { "a marker and nothing", "ca03 'PGP'", DAMAGED },
  { "64 packets that are skipped", P3 "ca03504750*64 " SEIPD1, "encrypted seipd1 1", "ok",
    "ok" },
  { "65 of them", P3 "ca03504750*65 " SEIPD1, DAMAGED },
  { "padding first", "d505 0102030405 " P3 SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "padding between", P3 "d500 " SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "padding of 64 KiB", P3 "d5ff00010000 a5*65536 " SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "padding of an octet more", P3 "d5ff00010001 a5*65537 " SEIPD1, DAMAGED },
  { "an unknown critical packet", P3 "d603 010203 " SEIPD1, UNSUPPORTED },
  { "the last critical tag", P3 "e703 010203 " SEIPD1, UNSUPPORTED },
  { "the first non-critical tag", P3 "e803 010203 " SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "the last non-critical tag", P3 "fb03 010203 " SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "a private packet", P3 "ff03 010203 " SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "an unknown critical packet first", "d603 010203 " P3 SEIPD1, PLAIN },
  { "trust in a message", P3 "cc01 00 " SEIPD1, DAMAGED },
  { "a reserved tag", P3 "cf01 00 " SEIPD1, DAMAGED },
  { "1000 PKESKs", "c10e0311121314151617180100108001*1000 " SEIPD1, "encrypted seipd1 1000",
    "ok", "ok" },
  { "1001 PKESKs", "c10e0311121314151617180100108001*1001 " SEIPD1, DAMAGED },
  { "a PKESK and nothing", P3, DAMAGED },
  { "trailing NULs", P3 SEIPD1 "00*512", "encrypted seipd1 1", "damaged", "damaged" },
  { "a trailing newline", P3 SEIPD1 "0a", "encrypted seipd1 1", "damaged", "damaged" },
  { "trailing garbage", P3 SEIPD1 "'trash'", "encrypted seipd1 1", "damaged", "damaged" },
};

static const Row esks[] = {
  { "hidden recipient", P3_HIDDEN SEIPD1, "encrypted seipd1 1", "ok", "ok" },
  { "65 hidden recipients", "c10e0300000000000000000100108001*65 " SEIPD1,
    "encrypted seipd1 65", "ok", "ok" },
  { "the same key id twice", P3 P3 SEIPD1, "encrypted seipd1 2", "ok", "ok" },
  { "an unknown algorithm", "c10e 03 " KEY_ID "63 00108001 " SEIPD1, "encrypted seipd1 1", "ok",
    "ok" },
  { "no octet behind the algorithm", "c10a 03 " KEY_ID "01 " SEIPD1, "encrypted seipd1 1", "ok",
    "ok" },
  { "too short for an algorithm", P3 "c109 03 " KEY_ID SEIPD1, DAMAGED },
  { "version 2 behind version 3", P3 "c10e 02 " KEY_ID "01 00108001 " SEIPD1,
    "encrypted seipd1 2", "ok", "damaged" },
  { "version 255 is carried", P3 "c102 ff00 " SEIPD1, "encrypted seipd1 2", "ok", "damaged" },
  { "version 255 alone", "c102 ff00 " SEIPD1, "encrypted seipd1 1", "ok", "damaged" },
  { "version 6, v4 fingerprint", P6 SEIPD2, "encrypted seipd2 1", "ok", "ok" },
  { "version 6, v6 fingerprint", "c126 06 21 06 22*32 19 33*2 " SEIPD2, "encrypted seipd2 1",
    "ok", "ok" },
  { "version 6, anonymous", "c105 06 00 19 3333 " SEIPD2, "encrypted seipd2 1", "ok", "ok" },
  { "version 6, v4 fingerprint of a wrong length", P6 "c11b 06 14 04 22*19 19 33*4 " SEIPD2,
    DAMAGED },
  { "version 6, v5 fingerprint", P6 "c126 06 21 05 22*32 19 33*2 " SEIPD2, DAMAGED },
  { "version 6, fingerprint past the end", P6 "c104 06 15 0422 " SEIPD2, DAMAGED },
  { "version 6, no octet of length", P6 "c101 06 " SEIPD2, DAMAGED },
  { "version 6, no algorithm", P6 "c102 0600 " SEIPD2, DAMAGED },
  { "version 3 before version 2 data", P3 SEIPD2, "encrypted seipd2 1", "ok", "damaged" },
  { "version 6 before version 1 data", P6 SEIPD1, "encrypted seipd1 1", "ok", "damaged" },
  { "a body of 8 KiB", "c1ff00002000 03 " KEY_ID "01 aa*8182 " SEIPD1, "encrypted seipd1 1",
    "ok", "ok" },
  { "a body of an octet more", P3 "c1ff00002001 03 " KEY_ID "01 aa*8183 " SEIPD1, DAMAGED },
  { "SKESK v4, salted", "c30c 04 09 01 08 55*8 " SEIPD1, "password seipd1 1", "ok",
    "unsupported" },
  { "SKESK v4, iterated", "c30d 04 09 03 08 55*8 ff " SEIPD1, "password seipd1 1", "ok",
    "unsupported" },
  { "SKESK v4, iterated, with a session key", "c32e 04 09 03 08 55*8 ff 66*33 " SEIPD1,
    "password seipd1 1", "ok", "unsupported" },
  { "SKESK v4, Argon2 with impossible cost is nothing to try",
    "c316 04 09 04 55*16 00ffff " SEIPD1, "password seipd1 1", "ok", "unsupported" },
  { "SKESK v4, a dummy S2K is carried", "c306 04 09 65 474e55 " SEIPD1, "password seipd1 1",
    "ok", "unsupported" },
  { "SKESK v4, salt cut short", P3 "c30b 04 09 03 08 55*7 " SEIPD1, DAMAGED },
  { "SKESK v4, no S2K", P3 "c302 0409 " SEIPD1, DAMAGED },
  { "SKESK v5", "c30f 05 09 02 03 08 55*8 ff 66 " OCB, "password ocb 1", "ok", "unsupported" },
  { "SKESK v6", "c311 06 0e 09 02 0b 03 08 55*8 ff 66 " SEIPD2, "password seipd2 1", "ok",
    "unsupported" },
  { "SKESK v6, S2K of another length than said",
    P3 "c311 06 0e 09 02 0a 03 08 55*8 ff 66 " SEIPD2, DAMAGED },
  { "SKESK v6, count past the end", P3 "c311 06 20 09 02 0b 03 08 55*8 ff 66 " SEIPD2,
    DAMAGED },
  { "SKESK of version 9 is carried", P3 "c302 0900 " SEIPD1, "encrypted seipd1 2", "ok",
    "unsupported" },
};

static const Row containers[] = {
  { "version 1 without a body", P3 "d200", DAMAGED },
  { "version 1 with its version alone", P3 "d201 01", DAMAGED },
  { "version 1 one short of a data head", P3 "d212 01 a0*17", DAMAGED },
  { "version 1 with a data head alone", P3 "d213 01 a0*18", "encrypted seipd1 1", "damaged",
    "damaged" },
  { "version 1 one short of anything in it", P3 "d220 01 a0*31", "encrypted seipd1 1",
    "damaged", "damaged" },
  { "version 2", P6 SEIPD2, "encrypted seipd2 1", "ok", "ok" },
  { "version 2, EAX", P6 "d245 02090106 b0*32 c0*33", "encrypted seipd2 1", "ok", "ok" },
  { "version 2, GCM", P6 "d245 02090306 b0*32 c0*33", "encrypted seipd2 1", "ok", "ok" },
  { "version 2, AEAD 0", P6 "d245 02090006 b0*32 c0*33", "encrypted  1", "unsupported",
    "unsupported" },
  { "version 2, AEAD 255", P6 "d245 0209ff06 b0*32 c0*33", "encrypted  1", "unsupported",
    "unsupported" },
  { "version 2, cipher 0", P6 "d245 02000206 b0*32 c0*33", DAMAGED },
  { "version 2, an unknown cipher is for the engine", P6 "d245 02630206 b0*32 c0*33",
    "encrypted seipd2 1", "ok", "ok" },
  { "version 2, the greatest chunks", P6 "d245 02090210 b0*32 c0*33", "encrypted seipd2 1",
    "ok", "ok" },
  { "version 2, greater chunks", P6 "d245 02090211 b0*32 c0*33", DAMAGED },
  { "version 2, salt cut short", P6 "d223 02090206 b0*31", DAMAGED },
  { "version 2, nothing in it", P6 "d234 02090206 b0*32 c0*16", "encrypted seipd2 1", "damaged",
    "damaged" },
  { "version 9: recipients can be told", P3 "d203 090000", "encrypted  1", "unsupported",
    "unsupported" },
  { "version 9 and no recipient", "d203 090000", PLAIN },
  { "OCB", P3 OCB, "encrypted ocb 1", "ok", "ok" },
  { "OCB, the smallest chunks", P3 "d434 01090200 b0*15 c0*33", "encrypted ocb 1", "ok", "ok" },
  { "OCB, the greatest chunks", P3 "d434 01090238 b0*15 c0*33", "encrypted ocb 1", "ok", "ok" },
  { "OCB, greater chunks", P3 "d434 01090239 b0*15 c0*33", DAMAGED },
  { "OCB, chunk octet 255", P3 "d434 010902ff b0*15 c0*33", DAMAGED },
  { "OCB, cipher 0", P3 "d434 01000210 b0*15 c0*33", DAMAGED },
  { "OCB, IV cut short", P3 "d412 01090210 b0*14", DAMAGED },
  { "OCB, no chunk", P3 "d423 01090210 b0*15 c0*16", "encrypted ocb 1", "damaged", "damaged" },
  { "OCB, an empty chunk", P3 "d433 01090210 b0*15 c0*32", "encrypted ocb 1", "damaged",
    "damaged" },
  { "EAX", P3 EAX, "encrypted eax 1", "ok", "ok" },
  { "tag 20, AEAD 3", P3 "d434 01090310 b0*15 c0*33", "encrypted  1", "unsupported",
    "unsupported" },
  { "tag 20, version 2", P3 "d434 02090210 b0*15 c0*33", "encrypted  1", "unsupported",
    "unsupported" },
  { "tag 20, two octets", P3 "d402 0109", DAMAGED },
  { "unprotected data", P3 SED, "encrypted sed 1", "ok", "unsupported" },
  { "unprotected data, too short", P3 "c911 a0*17", DAMAGED },
  { "unprotected data without a recipient is likelier text", SED, PLAIN },
};

static const Row others[] = {
  { "literal data", "cb07 62 00 00*4 78", "literal", "not-encrypted", "not-encrypted" },
  { "literal data behind a marker", "ca03 'PGP' cb07 62 00 00*4 78", "literal", "not-encrypted",
    "not-encrypted" },
  { "literal data of no kind", "cb07 00 00 00*4 78", PLAIN },
  { "empty literal packet", "cb00", PLAIN },
  { "compressed data, old format, to the end", "a3 01 789c", "compressed", "not-encrypted",
    "not-encrypted" },
  { "compressed data, partial", "c8e9 02 00*511 00", "compressed", "not-encrypted",
    "not-encrypted" },
  { "compressed in no known way", "a3 09", PLAIN },
  { "a one-pass signature", "c40d 03 00 08 01 " KEY_ID "01", "signature", "not-encrypted",
    "not-encrypted" },
  { "a detached signature", "8801 04", "signature", "not-encrypted", "not-encrypted" },
  { "a certificate", "9801 04", "public", "not-encrypted", "not-encrypted" },
  { "a subkey first", "b801 04", "public", "not-encrypted", "not-encrypted" },
  { "a secret key", "9401 04", "secret", "not-encrypted", "not-encrypted" },
  { "a secret subkey", "9c01 04", "secret", "not-encrypted", "not-encrypted" },
  { "a user id first", "b401 41", PLAIN },
  { "PNG begins like a signature", "89504e470d0a1a0a 0000000d49484452", PLAIN },
  { "JPEG begins like a private packet", "ffd8ffe000104a46494600010100*400", PLAIN },
  { "PDF", "'%PDF-1.7' 0a", PLAIN },
  { "ZIP", "'PK' 0304", PLAIN },
  { "gzip", "1f8b0800", PLAIN },
  { "text", "'Dear all, we meet at nine.' 0a", PLAIN },
  { "text of one blank", "20", PLAIN },
  { "text in Latin-1 that begins like an SKESK",
    "c39c 'ber allen Gipfeln ist Ruh, in allen Wipfeln'", PLAIN },
  { "text that begins like protected data",
    "d290 'edit this text, which is longer than its first length'", PLAIN },
  { "text that begins like unprotected data", "c990 'edit this'", PLAIN },
  { "text in Armenian", "d4b1 d4b2 d4b3 d4b4", PLAIN },
  { "a byte order mark and text", "efbbbf 'Dear all'", PLAIN },
  { "half a byte order mark", "efbb", PLAIN },
  { "tag 47 begins like a byte order mark", "ef03 010203 " P3 SEIPD1, "encrypted seipd1 1",
    "ok", "ok" },
  { "UTF-16", "fffe 2d002d002d002d002d00", PLAIN },
  { "an endless loop in old gpg", "a3015bff", "compressed", "not-encrypted", "not-encrypted" },
};

static const struct
{
  const char *name;
  const Row *rows;
  guint n_rows;
} tables[] = {
  { "headers", headers, G_N_ELEMENTS (headers) },
  { "partial lengths", partials, G_N_ELEMENTS (partials) },
  { "orders", orders, G_N_ELEMENTS (orders) },
  { "session key packets", esks, G_N_ELEMENTS (esks) },
  { "data packets", containers, G_N_ELEMENTS (containers) },
  { "other files", others, G_N_ELEMENTS (others) },
};

static const SpareTestCut cuts[] = { 0, 1, 2, 7, -1, -2, -3 };

static void
expect (const Row *row,
        const char *what,
        SpareTestCut cut,
        const char *verdict,
        const char *expected)
{
  if (g_str_equal (verdict, expected))
    return;
  g_test_message ("%s: %s, cut %d: '%s', expected '%s'", row->reason, what, cut, verdict,
                  expected);
  g_test_fail ();
}

static char *
split (GBytes *octets, SpareTestCut cut)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();

  return spare_test_split_verdict (octets, cut, NULL, NULL, output, NULL);
}

static void
check_verdicts (const Row *row, GBytes *octets, SpareTestCut cut)
{
  g_autofree char *head = spare_test_head_verdict (octets, cut);
  g_autofree char *read = spare_test_walk_verdict (octets, SPARE_WALKER_READ, cut);
  g_autofree char *strict = spare_test_walk_verdict (octets, SPARE_WALKER_STRICT, cut);
  g_autofree char *splitted = split (octets, cut);

  expect (row, "head", cut, head, row->head);
  expect (row, "read", cut, read, row->read);
  expect (row, "strict", cut, strict, row->strict);
  expect (row, "split", cut, splitted, row->strict);
}

static void
for_each_row (const char *name, void (*check) (const Row *row, GBytes *octets))
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (guint j = 0; name == NULL ? j < tables[i].n_rows
                                   : g_str_equal (name, tables[i].name) && j < tables[i].n_rows;
         j++)
      {
        g_autoptr (GBytes) octets = spare_test_octets (tables[i].rows[j].octets);

        check (&tables[i].rows[j], octets);
      }
}

static void
check_every_cut (const Row *row, GBytes *octets)
{
  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    check_verdicts (row, octets, cuts[i]);
}

static void
test_table (gconstpointer data)
{
  for_each_row (data, check_every_cut);
}

/* Cut off at every octet (long rows: at some of them), the verdict must not depend on the pieces, and a message without
 * its end must never pass. */
static void
check_truncations (const Row *row, GBytes *octets)
{
  gsize length = g_bytes_get_size (octets);
  gsize step = length > 1200 ? length / 40 : 1;

  for (gsize n = 0; n < length; n += step)
    {
      g_autoptr (GBytes) cut = spare_test_cut (octets, n);
      g_autofree char *head = spare_test_head_verdict (cut, 0);
      g_autofree char *read = spare_test_walk_verdict (cut, SPARE_WALKER_READ, 0);
      g_autofree char *strict = spare_test_walk_verdict (cut, SPARE_WALKER_STRICT, 0);
      Row truncated = { row->reason, NULL, head, read, strict };

      if (g_str_equal (row->strict, "ok"))
        g_assert_cmpstr (strict, !=, "ok");
      if (g_str_equal (row->read, "ok") && strstr (row->octets, "a7 ") == NULL)
        g_assert_cmpstr (read, !=, "ok");
      check_verdicts (&truncated, cut, n > 1200 ? 97 : 1);
      check_verdicts (&truncated, cut, -(int) n - 1);
    }
}

static void
test_truncations (void)
{
  for_each_row (NULL, check_truncations);
}

static gboolean
drop_nth_cb (const SpareEsk *esk, gpointer user_data)
{
  int *n = user_data;

  return (*n)-- == 0;
}

/* What is taken out, put back in front, gives what was there; what stays is octet for octet as it was. */
static void
check_joins (const Row *row, GBytes *octets)
{
  g_autoptr (SpareHead) head = NULL;
  guint n;

  if (!g_str_equal (row->strict, "ok"))
    return;
  head = spare_head_new_from_bytes (octets, NULL);
  n = spare_head_get_n_esks (head);
  for (guint i = 0; n > 1 && i < MIN (n, 3); i++)
    {
      g_autoptr (GByteArray) output = g_byte_array_new ();
      g_autoptr (SpareHead) original = NULL;
      g_autoptr (SpareHead) rest = NULL;
      g_autoptr (GBytes) left = NULL;
      g_autoptr (GBytes) joined = NULL;
      g_autofree char *verdict = NULL;
      SpareEsk *dropped;
      gsize packet_length;
      int countdown = (int) i;

      verdict = spare_test_split_verdict (octets, i == 0 ? 1 : -5, drop_nth_cb, &countdown,
                                          output, &original);
      g_assert_cmpstr (verdict, ==, "ok");
      g_assert_cmpuint (spare_head_get_n_esks (original), ==, n);
      g_assert_true (
          g_bytes_equal (spare_head_get_octets (original), spare_head_get_octets (head)));
      dropped = spare_head_get_esk (original, i);
      packet_length = g_bytes_get_size (spare_esk_get_packet (dropped));
      g_assert_cmpuint (output->len + packet_length, ==, g_bytes_get_size (octets));

      left = g_bytes_new (output->data, output->len);
      rest = spare_head_new_from_bytes (left, NULL);
      g_assert_cmpuint (spare_head_get_n_esks (rest), ==, n - 1);
      g_assert_cmpstr (spare_head_get_file_id (rest), ==, spare_head_get_file_id (head));
      joined = spare_head_splice (rest, &dropped, 1, NULL, NULL, NULL);
      g_assert_cmpuint (g_bytes_get_size (joined), ==, spare_head_get_data_offset (head));
      if (i == 0 && spare_head_get_n_esks (rest) == 1)
        g_assert_cmpmem (g_bytes_get_data (joined, NULL), g_bytes_get_size (joined),
                         g_bytes_get_data (octets, NULL), g_bytes_get_size (joined));
    }
}

static void
test_joins (void)
{
  for_each_row (NULL, check_joins);
}

/* With nothing dropped, what goes in comes out. */
static void
check_passes (const Row *row, GBytes *octets)
{
  if (!g_str_equal (row->strict, "ok"))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autoptr (GByteArray) output = g_byte_array_new ();
      g_autofree char *verdict = spare_test_split_verdict (octets, cuts[i], NULL, NULL, output,
                                                           NULL);

      g_assert_cmpstr (verdict, ==, "ok");
      g_assert_cmpmem (output->data, output->len, g_bytes_get_data (octets, NULL),
                       g_bytes_get_size (octets));
    }
}

static void
test_passes (void)
{
  for_each_row (NULL, check_passes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/message/every row is judged alike in pieces of any size/%s",
                           tables[i].name);

      g_test_add_data_func (path, tables[i].name, test_table);
    }
  g_test_add_func ("/message/a message cut off anywhere never passes", test_truncations);
  g_test_add_func ("/message/what is split off and put back gives the same octets", test_joins);
  g_test_add_func ("/message/what is not dropped passes octet for octet", test_passes);

  return g_test_run ();
}
