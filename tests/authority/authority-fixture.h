/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"

G_BEGIN_DECLS

#define AUTHORITY_PASSPHRASE "correct horse"
/* Of the test clock at the start of each test: 2031-01-01. gpg's own clock is the computer's. */
#define AUTHORITY_EPOCH ((gint64) 1924992000)

/* One authority in a short folder of its own. The key is made once a program and copied, so that this takes no time. */
typedef struct
{
  char *folder;    /* short, gone with the fixture */
  char *directory; /* the authority's */
  char *fingerprint;
  guint asked;               /* how often the passphrase was asked for */
  gboolean deny;             /* the person dismisses the question */
  SpareAuthority *authority; /* open */
} AuthorityFixture;

/* The authority's clock in all tests of this program; set it to what a test needs. 0: the computer's clock. */
extern gint64 authority_fixture_now;

void authority_fixture_set_up (AuthorityFixture *f, gconstpointer data);
void authority_fixture_tear_down (AuthorityFixture *f, gconstpointer data);

/* As another process would find it: closed without a checkpoint; not opened again. */
void authority_fixture_drop (AuthorityFixture *f);
/* A new object for the same folder, opened. */
void authority_fixture_open (AuthorityFixture *f);
SpareAuthority *authority_fixture_new_object (AuthorityFixture *f);

/* A path below the authority's folder. */
char *authority_fixture_path (AuthorityFixture *f, const char *name);
/* Runs SQL on the registry's file behind the authority's back. */
void authority_fixture_sql (AuthorityFixture *f, const char *sql);
/* One row with this event, committed. Returns its number. */
gint64 authority_fixture_append (AuthorityFixture *f, const char *event);
void authority_fixture_checkpoint (AuthorityFixture *f);

/* A packet that never was, told apart by @number; owner and bundle must be there (authority_fixture_add_owner). */
SpareRegistryPacket *authority_fixture_make_packet (const char *owner, guint number);
/* Notes the owner and a bundle for his packets, committed. */
void authority_fixture_add_owner (AuthorityFixture *f, const char *owner, const char *user_id);

G_END_DECLS
