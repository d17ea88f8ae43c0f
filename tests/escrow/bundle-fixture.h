/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle-reader.h"
#include "spare-bundle-writer.h"
#include "spare-test-gpg.h"

G_BEGIN_DECLS

/* An owner and an authority, each in a home of its own that stock gpg made, who know each other; and somebody who means
 * ill and knows both. Made once for all tests of a program. */
typedef struct
{
  char *folder; /* for temporary files of the code under test */
  char *spool;
  SpareTestHome *owner_home, *authority_home, *attacker_home;
  char *owner_key, *authority_key, *attacker_key;
  SpareHome *owner, *authority;
  SpareKey *receiver; /* the authority, as the owner's home lists it */
  SpareKey *me;       /* the authority, as its own home lists it */
} BundleFixture;

/* Before anything asks for the temporary folder. */
void bundle_fixture_begin (void);
void bundle_fixture_set_up (BundleFixture *self);
void bundle_fixture_tear_down (BundleFixture *self);

SpareBundleParties bundle_fixture_get_parties (BundleFixture *self);
/* Any sender, any type. */
SpareBundleExpectation bundle_fixture_get_expectation (BundleFixture *self);
/* From the owner to the authority, with the owner's certificate. */
SpareBundleHeader *bundle_fixture_new_header (BundleFixture *self, SpareBundleType type);
char *bundle_fixture_dup_certificate (SpareTestHome *home, const char *fingerprint);

/* No file in the spool, no scratch home, no process that uses one. */
void bundle_fixture_assert_nothing_left (BundleFixture *self);

G_END_DECLS
