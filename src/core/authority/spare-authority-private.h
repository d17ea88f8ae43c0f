/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"

G_BEGIN_DECLS

/* What lies in the folder. "creating" is there while an authority is made; authority.ini is written last. */
#define SPARE_AUTHORITY_MARKER      "authority.ini"
#define SPARE_AUTHORITY_CREATING    "creating"
#define SPARE_AUTHORITY_LOCK        "lock"
#define SPARE_AUTHORITY_HOME        "gnupg"
#define SPARE_AUTHORITY_REGISTRY    "registry.db"
#define SPARE_AUTHORITY_POLICY_FILE "policy.ini"
#define SPARE_AUTHORITY_REVOCATION  "revocation.asc"
#define SPARE_AUTHORITY_OFFICERS    "officers"
#define SPARE_AUTHORITY_BUNDLES     "bundles"
#define SPARE_AUTHORITY_SPOOL       "spool"

char *spare_authority_build_path (SpareAuthority *self, const char *name);
SpareHome *spare_authority_make_home (SpareAuthority *self);
SpareClockFunc spare_authority_get_clock (SpareAuthority *self);
/* An exclusive lock, or -1 with @error. close() gives it back. */
int spare_authority_take_lock (SpareAuthority *self, GError **error);
char *spare_authority_read_marker (SpareAuthority *self, GError **error);

/* A loss and its row, within a transaction. @source: how it became known; NULL: an officer reports it. */
gboolean spare_authority_store_loss (SpareAuthority *self,
                                     const char *fingerprint,
                                     SpareLossKind kind,
                                     gint64 since,
                                     const char *source,
                                     GError **error);
/* The key as it was listed just now. */
void spare_authority_take_key (SpareAuthority *self, SpareKey *key);
/* A checkpoint after something that was committed: an error says that it was. */
gboolean spare_authority_sign_log_sync (SpareAuthority *self,
                                        GCancellable *cancellable,
                                        GError **error);
/* The audit row of a policy, and its text in the registry; within a transaction. */
gboolean spare_authority_log_policy (SpareRegistry *registry,
                                     SpareAudit *audit,
                                     SpareAuthorityPolicy *policy,
                                     GError **error);
gboolean spare_authority_write_policy (SpareAuthority *self,
                                       SpareAuthorityPolicy *policy,
                                       GError **error);
/* Validates, imports into @home, writes officers/FPR.asc. */
SpareKey *spare_authority_install_certificate (SpareAuthority *self,
                                               SpareHome *home,
                                               GBytes *octets,
                                               GCancellable *cancellable,
                                               GError **error);

G_END_DECLS
