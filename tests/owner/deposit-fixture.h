/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "owner-fixture.h"
#include "spare-bundle-reader.h"
#include "spare-bundle-writer.h"
#include "spare-deposit-record.h"
#include "spare-deposit.h"

G_BEGIN_DECLS

/* An owner with a key in the keyring, and an authority that stock gpg made in the other home, trusted by the owner. What
 * passes between them lies in a folder, as on a stick. */
typedef struct
{
  OwnerFixture o;
  char *owner_key;     /* primary fingerprint */
  char *authority;     /* primary fingerprint */
  char *escrow_subkey; /* the authority's key for files */
  SpareHome *office;   /* the authority's home */
  SpareKey *office_key;
  char *stick; /* folder for bundles */
  char *files; /* folder for files */
} DepositFixture;

void deposit_fixture_set_up (DepositFixture *f, gconstpointer data);
void deposit_fixture_tear_down (DepositFixture *f, gconstpointer data);

/* An authority of its own, made in the other home and trusted from then on; @escrow_subkey may be NULL. */
char *deposit_fixture_trust_new_authority (DepositFixture *f, char **escrow_subkey);

/* A plain file in the folder for files. Returns its path. */
char *deposit_fixture_write (DepositFixture *f, const char *name, const char *text);
/* Encrypts through the queue, as the window and the tool do; waits for the deposit too. */
void deposit_fixture_encrypt (DepositFixture *f,
                              SpareEscrowMode mode,
                              ...) G_GNUC_NULL_TERMINATED;
/* Encrypts without a queue: nothing is signed. Returns the path of the result. */
char *deposit_fixture_encrypt_alone (DepositFixture *f, const char *name);

/* Exports and expects success. */
GPtrArray *deposit_fixture_export (DepositFixture *f, GPtrArray **left_out);
/* The entries of the outbox, oldest first. */
GPtrArray *deposit_fixture_list (DepositFixture *f);
void deposit_fixture_assert_states (DepositFixture *f,
                                    guint pending,
                                    guint exported,
                                    guint acknowledged);
/* Runs SQL on the closed file beside the outbox; returns the first column of the first row as a number. */
gint64 deposit_fixture_sql (DepositFixture *f, const char *sql);

/* The authority opens a bundle, as it must be done. */
SpareBundle *deposit_fixture_open (DepositFixture *f, const char *path);
/* Its deposit records; each proof that is there is verified, @n_proven counts them. */
GPtrArray *deposit_fixture_read_records (DepositFixture *f,
                                         const char *path,
                                         const char *from,
                                         guint *n_proven);
/* A bundle that the authority's home makes, of @lines (JsonObject), on the stick. @from: whose secret key there signs. */
char *deposit_fixture_answer (DepositFixture *f,
                              SpareBundleHeader *header /* transfer full */,
                              const char *from,
                              const char *to,
                              GPtrArray *lines);
/* The names of all that lies on the stick, sorted. */
GPtrArray *deposit_fixture_list_stick (DepositFixture *f);

G_END_DECLS
