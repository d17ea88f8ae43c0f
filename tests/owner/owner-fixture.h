/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"
#include "spare-test-bus.h"
#include "spare-test-gpg.h"

G_BEGIN_DECLS

/* One owner's side in a short folder of its own, with the person's own GnuPG beside it. The keyring is a real one on
 * the program's private bus. */
typedef struct
{
  char *folder;
  char *data;               /* the data folder */
  char *policy;             /* path of a policy.ini that isn't there yet */
  SpareTestHome *personal;  /* the person's ~/.gnupg */
  SpareTestHome *elsewhere; /* another computer: stock gpg */
  SpareOwner *owner;
} OwnerFixture;

extern SpareTestBus *owner_fixture_bus;

void owner_fixture_set_up (OwnerFixture *f, gconstpointer data);
void owner_fixture_tear_down (OwnerFixture *f, gconstpointer data);

/* A new process, as it were: the object is dropped and made anew; not opened. */
void owner_fixture_restart (OwnerFixture *f);
void owner_fixture_open (OwnerFixture *f);
char *owner_fixture_create (OwnerFixture *f);

/* Stock gpg encrypts to the key; the owner's side must give the text back. */
void owner_fixture_assert_opens (OwnerFixture *f, const char *fingerprint);
/* As above; returns the error of a decryption that must fail. */
GError *owner_fixture_try_open (OwnerFixture *f, GBytes *message);
GBytes *owner_fixture_encrypt (OwnerFixture *f, GBytes *certificate, const char *fingerprint);

guint owner_fixture_count_items (OwnerFixture *f);
char *owner_fixture_path (OwnerFixture *f, const char *name);
gboolean owner_fixture_exists (OwnerFixture *f, const char *name);
void owner_fixture_start_fake_keyring (const char *mode);

G_END_DECLS
