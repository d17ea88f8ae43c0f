/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "authority-fixture.h"
#include "spare-bundle-writer.h"
#include "spare-case-work.h"
#include "spare-deposit-record.h"
#include "spare-import.h"
#include "spare-request-record.h"
#include "spare-test-gpg.h"

G_BEGIN_DECLS

/* Somebody with a key and a home of his own, who has the authority's certificate. Made by stock gpg. */
typedef struct
{
  SpareTestHome *dir;
  SpareHome *home;
  char *fingerprint;
  GStrv fingerprints; /* the primary's first */
} Person;

typedef struct
{
  AuthorityFixture authority;
  char *stick;         /* the folder in which bundles are carried */
  GBytes *certificate; /* the authority's */
  char *escrow;        /* fingerprint of the authority's escrow subkey */
  char *transport;
  Person *alice; /* the old key */
  Person *alice_new;
  Person *mallory;
} CaseFixture;

void case_fixture_set_up (CaseFixture *f, gconstpointer data);
void case_fixture_tear_down (CaseFixture *f, gconstpointer data);

Person *case_fixture_add_person (CaseFixture *f, SpareTestKeyKind kind, const char *user_id);
void person_free (Person *self);

/* A file encrypted by stock gpg to @owner and to @subkey of the authority; its whole octets. */
GBytes *case_fixture_encrypt (CaseFixture *f,
                              Person *owner,
                              const char *subkey,
                              const char *text);
/* What @prover would deposit of @file; without a proof if he is NULL. @owner: the fingerprint that the proof is for. */
SpareDepositRecord *case_fixture_make_record (CaseFixture *f,
                                              Person *prover,
                                              const char *owner,
                                              GBytes *file,
                                              const char *serial);
/* Paths of bundles on the stick. Ends of the lists: NULL. */
char *case_fixture_write_deposit (CaseFixture *f, Person *owner, GPtrArray *records);
char *case_fixture_deposit_file (CaseFixture *f,
                                 Person *owner,
                                 GBytes *file,
                                 const char *serial);
SpareRequestRecord *case_fixture_ask_for (CaseFixture *f, GBytes *file, const char *name);
char *case_fixture_write_request (CaseFixture *f,
                                  Person *owner,
                                  const char *old,
                                  GPtrArray *records);
char *case_fixture_request_file (CaseFixture *f, Person *owner, const char *old, GBytes *file);
SpareBundleHeader *case_fixture_request_header (CaseFixture *f, Person *owner, const char *old);
char *case_fixture_write (CaseFixture *f,
                          Person *from,
                          SpareBundleHeader *header,
                          GPtrArray *lines);

SpareImportResult *case_fixture_import (CaseFixture *f, const char *path);
/* Must be taken in; returns the case that it opened. */
char *case_fixture_import_case (CaseFixture *f, const char *path);
void case_fixture_import_done (CaseFixture *f, const char *path, guint64 n_new);
/* Must be refused, with a row in the log, and nothing else changed. */
void case_fixture_import_refused (CaseFixture *f, const char *path);

void case_fixture_enroll (CaseFixture *f, Person *owner);
void case_fixture_identify (CaseFixture *f, const char *id, Person *new_key);
void case_fixture_approve (CaseFixture *f, const char *id);
SpareCase *case_fixture_get (CaseFixture *f, const char *id);
SpareGrantResult *case_fixture_recover (CaseFixture *f, const char *id);
/* Must fail with @code, and write nothing onto the stick. */
void case_fixture_recover_fails (CaseFixture *f, const char *id, int code);
/* The rows of the log with that event. */
guint case_fixture_count_events (CaseFixture *f, const char *event);

/* Whether its first PKESK opens the file at all. */
gboolean case_fixture_grant_opens (CaseFixture *f,
                                   Person *owner,
                                   const char *grant,
                                   GBytes *file);
/* Opens a grant as its owner and puts its first PKESK before the file's data; the plain text by stock gpg. */
char *case_fixture_open_with_grant (CaseFixture *f,
                                    Person *owner,
                                    const char *grant,
                                    GBytes *file);

G_END_DECLS
